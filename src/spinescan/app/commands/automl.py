"""`spinescan automl`: heads of scikit-learn and TPOT on frozen features (extra `train`)."""

from dataclasses import replace
from pathlib import Path

import click

from spinescan.app.commands.classifier_options import (
    ACCELERATOR,
    BACKBONE,
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

HEADS = ("logistic", "svm-linear", "svm-rbf", "forest", "neighbours")


@click.command()
@RECIPE
@BACKBONE
@DATA
@TASK
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the run.")
@WEIGHTS
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
@REPEATS
@FIT
@SEED
@WORKERS
@ACCELERATOR
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
        keyword, start = keyword_or_file(weights)
        if keyword is not None:
            plan = replace(plan, weights=keyword)
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
            weights=start,
            folds=folds,
            repeats=repeats,
            workers=workers,
            accelerator=accelerator,
        )
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
    for path in made:
        click.echo(path)
