"""`spinescan automl`: heads of scikit-learn and TPOT on frozen features (extra `train`)."""

from dataclasses import replace
from pathlib import Path

import click

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_KEYWORDS = ("pretrained", "none")
HEADS = ("logistic", "svm-linear", "svm-rbf", "forest", "neighbours")


@click.command()
@click.argument("recipe", type=_FILE, required=False)
@click.option(
    "--backbone", metavar="NAME", help="Instead of RECIPE, as for `spinescan train classify`."
)
@click.option(
    "--data", required=True, metavar="MANIFEST", type=_FILE, help="Films and their labels."
)
@click.option("--task", "task_name", required=True, help="The column of labels.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the run.")
@click.option(
    "--weights",
    metavar="pretrained|none|PATH",
    help="The backbone's, as for `spinescan train classify`.  [default: as the recipe says]",
)
@click.option(
    "--head",
    "heads",
    type=click.Choice(HEADS),
    multiple=True,
    help="Only this one; can be given again.  [default: all of them]",
)
@click.option(
    "--tpot",
    "tpot_minutes",
    metavar="MINUTES",
    type=click.FloatRange(min=0, min_open=True),
    help="Let TPOT search a pipeline, too, so long in each fold. Needs the extra 'automl'.",
)
@click.option(
    "--folds",
    type=click.IntRange(min=2),
    help="Cross-validate, on the folds that `spinescan train classify` has with this recipe's seed."
    "  [default: the manifest's splits]",
)
@click.option(
    "--repeats",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Cross-validations with other folds.",
)
@click.option(
    "--fit",
    type=click.Choice(["letterbox", "squash"]),
    help="How a film comes to the input's size.  [default: as the recipe says, else letterbox]",
)
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the recipe's.")
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    default=2,
    show_default=True,
    help="Threads that prepare films.",
)
@click.option(
    "--accelerator",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="What computes the features.",
)
def automl(
    recipe: Path | None,
    backbone: str | None,
    data: Path,
    task_name: str,
    out: Path,
    weights: str | None,
    heads: tuple[str, ...],
    tpot_minutes: float | None,
    folds: int | None,
    repeats: int,
    fit: str | None,
    seed: int | None,
    workers: int,
    accelerator: str,
) -> None:
    """Teach heads of scikit-learn on what the frozen backbone of RECIPE makes of films.

    A quick comparison for trained networks: the same films teach and are tested. Features are
    computed once. A head's settings are chosen on folds of the training films alone; test films are
    looked at once, at the end. What is done already is passed over when the command is given again.

    Prints a file of predictions for each head, which `spinescan evaluate` reads beside those of
    networks. Beside it, each part's pipeline.py holds the pipeline that was chosen, as Python; no
    model is kept.

    Research use only.
    """
    from spinescan.core.errors import MissingExtraError, SpineScanError

    if (recipe is None) == (backbone is None):
        raise click.UsageError("Give a RECIPE or a --backbone, one of the two.")
    if repeats > 1 and folds is None:
        raise click.UsageError("--repeats goes with --folds.")
    try:
        try:
            from spinescan.train.classify_recipe import ClassifyRecipe
            from spinescan.train.frozen_heads import train_heads
        except ImportError as error:
            raise MissingExtraError(
                f"heads on frozen features need the extra 'train' ({error.name} is not installed): "
                "pip install 'spinescan[train]'"
            ) from error
        from spinescan.data.checks import task_of
        from spinescan.data.manifest import read_manifest

        if recipe is not None:
            plan = ClassifyRecipe.read(recipe)
        else:
            plan = ClassifyRecipe.of_backbone(str(backbone))
        if weights in _KEYWORDS:
            plan = replace(plan, weights=str(weights))
        if fit is not None:
            plan = replace(plan, fit=fit)  # type: ignore[arg-type]  # one of the choices
        if seed is not None:
            plan = replace(plan, seed=seed)
        manifest = read_manifest(data)
        made = train_heads(
            manifest,
            task_of(manifest, task_name),
            plan,
            out,
            heads=tuple(dict.fromkeys(heads)) or HEADS,
            tpot_minutes=tpot_minutes,
            weights=None if weights is None or weights in _KEYWORDS else Path(weights),
            folds=folds,
            repeats=repeats,
            workers=workers,
            accelerator=accelerator,
        )
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
    for path in made:
        click.echo(path)
