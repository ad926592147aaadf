"""`spinescan tune`: search a classifier's recipe (extra `train`)."""

from dataclasses import replace
from pathlib import Path

import click

from spinescan.app.commands.classifier_options import (
    ACCELERATOR,
    BACKBONE,
    DATA,
    RECIPE,
    TASK,
    WEIGHTS,
    WORKERS,
    keyword_or_file,
)


@click.command()
@RECIPE
@BACKBONE
@DATA
@TASK
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the search.")
@click.option(
    "--space",
    type=click.Choice(["default", "seed"]),
    default="default",
    show_default=True,
    help="What is searched. default: rates, decay, dropout, balancing, how long the backbone stays,"
    " how far films are changed; seed: Spine Scan's head (units, dropout) and optimiser.",
)
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="Recipes to try, those of earlier calls and other processes included.",
)
@click.option(
    "--folds",
    type=click.IntRange(min=2),
    default=3,
    show_default=True,
    help="Each recipe is judged on every fold. Films of the split 'test' are in none.",
)
@WEIGHTS
@click.option("--epochs", type=click.IntRange(min=1), help="The most a network gets; the recipe's.")
@click.option(
    "--storage",
    metavar="URL",
    help="Database of the search, such as postgresql://...  [default: tune.db in --out]",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes that try."
)
@WORKERS
@ACCELERATOR
def tune(
    recipe: Path | None,
    backbone: str | None,
    data: Path,
    task_name: str,
    out: Path,
    space: str,
    trials: int,
    folds: int,
    weights: str | None,
    epochs: int | None,
    storage: str | None,
    jobs: int,
    workers: int,
    accelerator: str,
) -> None:
    """Search a better recipe for a classifier, from RECIPE or a --backbone's.

    Poor trials are ended early (Hyperband). There is one study for each task, backbone and space; a
    search that was cut off goes on when the same command is given again, and the command may run
    several times at once. Prints the best recipe's file: what it is worth, only films can tell that
    the search has not seen.

    Research use only.
    """
    from spinescan.core.errors import MissingExtraError, SpineScanError

    if (recipe is None) == (backbone is None):
        raise click.UsageError("Give a RECIPE or a --backbone, one of the two.")
    try:
        try:
            from spinescan.train.classify_recipe import ClassifyRecipe
            from spinescan.train.tune import Search
            from spinescan.train.tune import tune as search_best
        except ImportError as error:
            raise MissingExtraError(
                f"a search needs the extra 'train' ({error.name} is not installed): "
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
        if epochs is not None:
            plan = replace(plan, epochs=epochs, frozen_epochs=min(plan.frozen_epochs, epochs))
        manifest = read_manifest(data)
        search = Search(
            manifest,
            task_of(manifest, task_name),
            plan,
            out,
            space=space,  # type: ignore[arg-type]  # one of the choices
            trials=trials,
            folds=folds,
            weights=start,
            storage=storage,
            workers=workers,
            accelerator=accelerator,
        )
        made = search_best(search, jobs=jobs)
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
    click.echo(made)
