"""`spinescan train`: models from one's own films (extra `train`)."""

from pathlib import Path

import click

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def train() -> None:
    """Train a model. Needs the extra: pip install 'spinescan[train]'."""


@train.command()
@click.argument("recipe", type=_FILE)
@click.option(
    "--data",
    required=True,
    type=_FOLDER,
    help="Films and landmarks: AASCE's layout, or a set drawn by `spinescan phantom`.",
)
@click.option("--extra", type=_FOLDER, help="More such films: they teach, and are never scored.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the run.")
@click.option(
    "--weights",
    type=click.Path(exists=True, path_type=Path),
    help="Start from an encoder (safetensors, timm's names), or from the folder of an earlier"
    " training, such as RUN/final.",
)
@click.option("--fold", type=click.IntRange(min=0), help="Only this fold of the cross-validation.")
@click.option("--final", is_flag=True, help="Train on all films instead: the model that ships.")
def landmarks(
    recipe: Path,
    data: Path,
    extra: Path | None,
    out: Path,
    weights: Path | None,
    fold: int | None,
    final: bool,
) -> None:
    """Train the frontal landmark model of RECIPE, by cross-validation or (--final) on all films.

    A run that was cut off goes on where it stopped when the same command is given again. Prints the
    files of Reports (`spinescan bench aasce DATA --reports FILE` scores those of AASCE's films), or
    the bundle.
    """
    from spinescan.core.errors import MissingExtraError, SpineScanError
    from spinescan.data.sources import read_corner_films

    if final and fold is not None:
        raise click.UsageError("--final and --fold exclude each other.")
    try:
        try:
            from spinescan.train import landmarks as trainer
            from spinescan.train.recipe import LandmarkRecipe
        except ImportError as error:
            raise MissingExtraError(
                f"training needs the extra 'train' ({error.name} is not installed): "
                "pip install 'spinescan[train]'"
            ) from error
        plan, films = LandmarkRecipe.read(recipe), read_corner_films(data)
        more = () if extra is None else read_corner_films(extra)
        if fold is not None and fold >= plan.folds:
            raise click.UsageError(f"--fold must be below {plan.folds}.")
        if final:
            made = [trainer.train_bundle((*films, *more), plan, weights, out / "final")]
        else:
            made = trainer.cross_validate(films, plan, weights, out, fold=fold, extra=more)
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
    for path in made:
        click.echo(path)
