"""`spinescan train classify`: image classifiers on one's own films (extra `train`)."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spinescan.app.commands.classifier_options import (
    ACCELERATOR,
    DATA,
    FIT,
    RECIPE,
    REPEATS,
    SEED,
    TASK,
    WEIGHTS,
    WORKERS,
    keyword_or_file,
)

if TYPE_CHECKING:
    from spinescan.core.task import Task
    from spinescan.train.classify_recipe import ClassifyRecipe


@click.command()
@RECIPE
@click.option(
    "--backbone",
    "backbones",
    metavar="NAME",
    multiple=True,
    help="Instead of RECIPE: a sensible one for inception_v3, xception, resnet50, resnet101,"
    " small_cnn or any backbone that timm knows, with a linear head. Can be given again, to compare"
    " them on the same parts: each has a folder of its name in --out.",
)
@DATA
@TASK
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the run.")
@WEIGHTS
@click.option(
    "--folds",
    type=click.IntRange(min=2),
    help="Cross-validate: every film is tested once, by a network that saw nobody of its group."
    " Films of the manifest's split 'test' take no part.  [default: the manifest's splits]",
)
@REPEATS
@click.option(
    "--final",
    is_flag=True,
    help="Train a network on all films but the test ones, too: the one to export. Without --folds"
    " it is the only one.",
)
@click.option("--name", help="Who answered, in predictions.jsonl.  [default: the recipe's name]")
@FIT
@click.option("--epochs", type=click.IntRange(min=1), help="Instead of the recipe's.")
@click.option("--batch", type=click.IntRange(min=1), help="Films in a step; the recipe's.")
@SEED
@click.option(
    "--precision",
    type=click.Choice(["auto", "32-true", "bf16-mixed", "16-mixed"]),
    help="Of the arithmetic; auto: bf16-mixed on a GPU that can, else 32-true.",
)
@WORKERS
@ACCELERATOR
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
        keyword, start = keyword_or_file(weights)
        if keyword is not None:
            given["weights"] = keyword
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
                weights=start,
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
