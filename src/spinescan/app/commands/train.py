"""`spinescan train`: models from one's own films (extra `train`)."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from spinescan.app.commands.train_classify import classify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinescan.data.sources import CornerFilm

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FILMS = click.Path(exists=True, path_type=Path)
_SHIPPED = Path("shipped")


@click.group()
def train() -> None:
    """Train a model. Needs the extra: pip install 'spinescan[train]'."""


train.add_command(classify)


@train.command()
@click.argument("recipe", type=_FILE)
@click.option(
    "--data",
    required=True,
    metavar="MANIFEST|DIR",
    type=_FILMS,
    multiple=True,
    help="Films and landmarks: a manifest with corrected reports, a set drawn by `spinescan"
    " phantom`, AASCE's layout, or films with weak boxes that --points places points on.",
)
@click.option(
    "--extra",
    metavar="MANIFEST|DIR",
    type=_FILMS,
    multiple=True,
    help="More such films: they teach, as often as the recipe says, and are never scored.",
)
@click.option(
    "--seen",
    metavar="TABLE",
    type=_FILE,
    help="Which films of --data show hardware or a brace: a CSV with the columns set, file, seen.",
)
@click.option(
    "--points",
    metavar="TABLE",
    type=_FILE,
    help="Points of sacrum, pelvis and neck on films of --data: a CSV with the columns set, file,"
    " point, state, x, y.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the run.")
@click.option(
    "--weights",
    metavar="shipped|PATH",
    type=click.Path(path_type=Path),
    help="Start from the model that ships (fine-tuning), from another bundle, from the folder of an"
    " earlier training, such as RUN/final, or from an encoder (safetensors, timm's names)."
    "  [default: from scratch]",
)
@click.option("--fold", type=click.IntRange(min=0), help="Only this fold of the cross-validation.")
@click.option("--final", is_flag=True, help="Train on all films instead: the model that ships.")
def landmarks(
    recipe: Path,
    data: tuple[Path, ...],
    extra: tuple[Path, ...],
    seen: Path | None,
    points: Path | None,
    out: Path,
    weights: Path | None,
    fold: int | None,
    final: bool,
) -> None:
    """Train the landmark model of RECIPE, by cross-validation or (--final) on all films.

    The recipe tells the view, frontal or lateral. Films of the other view are welcome: they teach
    the model what to decline.

    A run that was cut off goes on where it stopped when the same command is given again. Prints the
    files of Reports (`spinescan bench aasce DATA --reports FILE` scores those of AASCE's films), or
    the bundle.
    """
    from spinescan.core.errors import MissingExtraError, SpineScanError
    from spinescan.data.seen import with_metal, with_points

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
        plan, films = LandmarkRecipe.read(recipe), _films(data)
        films = films if seen is None else with_metal(films, seen)
        films = films if points is None else with_points(films, points)
        more = _films(extra)
        _check_persons(films, more)
        start = _start(weights, plan.kind.task)
        if fold is not None and fold >= plan.folds:
            raise click.UsageError(f"--fold must be below {plan.folds}.")
        if final:
            made = [trainer.train_bundle(films, plan, start, out / "final", extra=more)]
        else:
            made = trainer.cross_validate(films, plan, start, out, fold=fold, extra=more)
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
    for path in made:
        click.echo(path)


def _films(places: "Sequence[Path]") -> "tuple[CornerFilm, ...]":
    from spinescan.data.manifest_films import read_manifest_films
    from spinescan.data.sources import read_corner_films

    return tuple(
        film
        for place in places
        for film in (read_manifest_films(place) if place.is_file() else read_corner_films(place))
    )


def _check_persons(films: "Sequence[CornerFilm]", more: "Sequence[CornerFilm]") -> None:
    """Extra films teach in every fold: nobody in them may be scored in one."""
    from spinescan.core.errors import DataError

    both = {film.group for film in films} & {film.group for film in more}
    if both:
        raise DataError(
            f"--data and --extra must not share persons, got {len(both)} groups in both, such as "
            f"{min(both)!r}"
        )


def _start(weights: Path | None, task: str) -> Path | None:
    from spinescan.infer.bundle import shipped

    if weights == _SHIPPED:
        return shipped(task)
    if weights is not None and not weights.exists():
        raise click.UsageError(f"--weights: {weights} does not exist, and is not 'shipped'.")
    return weights
