"""`spinescan train classify`: image classifiers on one's own films (extra `train`)."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from spinescan.core.task import Task
    from spinescan.train.classify_recipe import ClassifyRecipe

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_KEYWORDS = ("pretrained", "none")


@click.command()
@click.argument("recipe", type=_FILE, required=False)
@click.option(
    "--backbone",
    "backbones",
    metavar="NAME",
    multiple=True,
    help="Instead of RECIPE: a sensible one for inception_v3, xception, resnet50, resnet101,"
    " small_cnn or any backbone that timm knows, with a linear head. Can be given again, to compare"
    " them on the same parts: each has a folder of its name in --out.",
)
@click.option(
    "--data", required=True, metavar="MANIFEST", type=_FILE, help="Films and their labels."
)
@click.option(
    "--task",
    "task_name",
    required=True,
    help="The column of labels: als7, fraiwan3, sagittal3, view, or one of your own.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the run.")
@click.option(
    "--weights",
    metavar="pretrained|none|PATH",
    help="Start from timm's ImageNet weights (downloaded), from scratch, from a safetensors file"
    " with timm's names, from an earlier run or from a bundle.  [default: as the recipe says]",
)
@click.option(
    "--folds",
    type=click.IntRange(min=2),
    help="Cross-validate: every film is tested once, by a network that saw nobody of its group."
    " Films of the manifest's split 'test' take no part.  [default: the manifest's splits]",
)
@click.option(
    "--repeats",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Cross-validations with other folds.",
)
@click.option(
    "--final",
    is_flag=True,
    help="Train a network on all films but the test ones, too: the one to export. Without --folds"
    " it is the only one.",
)
@click.option("--name", help="Who answered, in predictions.jsonl.  [default: the recipe's name]")
@click.option(
    "--fit",
    type=click.Choice(["letterbox", "squash"]),
    help="How a film comes to the input's size.  [default: as the recipe says, else letterbox]",
)
@click.option("--epochs", type=click.IntRange(min=1), help="Instead of the recipe's.")
@click.option("--batch", type=click.IntRange(min=1), help="Films in a step; the recipe's.")
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the recipe's.")
@click.option(
    "--precision",
    type=click.Choice(["auto", "32-true", "bf16-mixed", "16-mixed"]),
    help="Of the arithmetic; auto: bf16-mixed on a GPU that can, else 32-true.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    default=2,
    show_default=True,
    help="Processes that prepare films; they change no figure.",
)
@click.option(
    "--accelerator",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="What computes.",
)
@click.option(
    "--devices",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many of them; each takes a share of every batch.",
)
def classify(
    recipe: Path | None,
    backbones: tuple[str, ...],
    data: Path,
    task_name: str,
    out: Path,
    weights: str | None,
    folds: int | None,
    repeats: int,
    final: bool,
    workers: int,
    accelerator: str,
    devices: int,
    **changes: Any,
) -> None:
    """Train an image classifier of RECIPE, or of --backbone, on labelled films.

    Classes are balanced, films changed at random, in the training part alone; the epoch is chosen
    on validation films; test films are looked at once, at the end. A run that was cut off goes on
    where it stopped when the same command is given again. Prints the file of predictions, which
    `spinescan evaluate` reads; `spinescan export` makes a bundle of the run.

    Research use only.
    """
    from spinescan.core.errors import MissingExtraError, SpineScanError

    if (recipe is None) == (not backbones):
        raise click.UsageError("Give a RECIPE or a --backbone, one of the two.")
    if len(backbones) > 1 and changes["name"] is not None:
        raise click.UsageError("--name goes with one --backbone.")
    if len(set(backbones)) < len(backbones):
        raise click.UsageError(f"--backbone is given twice: {', '.join(backbones)}.")
    if repeats > 1 and folds is None:
        raise click.UsageError("--repeats goes with --folds.")
    try:
        try:
            from spinescan.train.classify import train_classifiers
            from spinescan.train.classify_recipe import ClassifyRecipe
        except ImportError as error:
            raise MissingExtraError(
                f"training needs the extra 'train' ({error.name} is not installed): "
                "pip install 'spinescan[train]'"
            ) from error
        from spinescan.data.checks import task_of
        from spinescan.data.manifest import read_manifest

        if recipe is not None:
            plans = {out: ClassifyRecipe.read(recipe)}
        else:
            plans = {
                out / name if len(backbones) > 1 else out: ClassifyRecipe.of_backbone(name)
                for name in backbones
            }
        given = {name: value for name, value in changes.items() if value is not None}
        if weights in _KEYWORDS:
            given["weights"] = weights
        plans = {run: _changed(plan, given) for run, plan in plans.items()}
        manifest = read_manifest(data)
        task = task_of(manifest, task_name)
        told = [warning for plan in plans.values() for warning in _warnings(plan, task)]
        for warning in dict.fromkeys(told):
            click.echo(f"warning: {warning}", err=True)
        for run, plan in plans.items():
            predictions = train_classifiers(
                manifest,
                task,
                plan,
                run,
                weights=None if weights is None or weights in _KEYWORDS else Path(weights),
                folds=folds,
                repeats=repeats,
                final=final,
                workers=workers,
                accelerator=accelerator,
                devices=devices,
            )
            click.echo(predictions)
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error


def _changed(recipe: "ClassifyRecipe", given: dict[str, Any]) -> "ClassifyRecipe":
    if "epochs" in given:  # as many of them frozen as there are
        given = {**given, "frozen_epochs": min(recipe.frozen_epochs, given["epochs"])}
    return replace(recipe, **given)


def _warnings(recipe: "ClassifyRecipe", task: "Task") -> tuple[str, ...]:
    """What a user should know of a recipe before it runs."""
    told = []
    if recipe.fit == "squash":
        told.append(
            "films are squashed to the input's size: their angles change, and with them what a "
            "curve looks like; letterbox keeps them"
        )
    if recipe.augment.mirror and task.mirror == "changes":
        told.append(
            f"films are not mirrored: task {task.name!r} is not known to keep its labels when left "
            "and right change places"
        )
    return tuple(told)
