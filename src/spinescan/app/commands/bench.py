"""`spinescan bench`: how good the answers are, on published data sets that you have."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from spinescan.infer.scanner import Scanner

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def bench() -> None:
    """Score the answers on a data set; prints JSON.

    Films without an answer count as the worst case, and are also counted apart.
    """


def _source_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True,
                     help="Worker processes for scanning."),
        click.option("--bundle", type=FOLDER,
                     help="Scan with this model bundle instead of the one that ships."),
        click.option("--reports", type=FILE, multiple=True,
                     help="Score these answers of `spinescan scan --json` instead of scanning. May be "
                     "given several times (one file a fold); a film without a line counts as failed."),
    ):  # fmt: skip
        command = option(command)
    return command


@bench.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@_source_options
def aasce(folder: Path, reports: tuple[Path, ...], bundle: Path | None, jobs: int) -> None:
    """Angles and corners on the films of the AASCE 2019 challenge.

    DIR holds index.csv, landmarks.csv and images/. SMAPE and the error of the largest angle follow
    the challenge's own definition, with 95 % bootstrap intervals over cases, beside a predictor
    that always answers the median. `trained_on_these_films` tells whether the figures are those of
    a model on its own training films: true, false, or null where given reports do not tell.
    """
    from spinescan.data.sources import read_aasce
    from spinescan.study.aasce import score_aasce

    with _errors_in_one_line():
        films = read_aasce(folder)
        records = _answers([film.path for film in films], reports, bundle, jobs)
        _print("aasce", records, _trained_on("aasce", reports, bundle), score_aasce(films, records))


@bench.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@_source_options
def boxes(folder: Path, reports: tuple[Path, ...], bundle: Path | None, jobs: int) -> None:
    """Whether the spine is followed, on films with weak vertebra boxes.

    DIR holds boxes.csv and images/, and labels.csv where some films are lateral. A film is followed
    if at least 80 % of the boxes between the predicted T1 and L5 are hit by a vertebra of their
    own, and 80 % of the vertebrae lie in a box. Shares have Wilson 95 % intervals.
    """
    from spinescan.data.sources import read_boxes
    from spinescan.study.boxes import score_boxes

    with _errors_in_one_line():
        films = read_boxes(folder)
        records = _answers([film.path for film in films], reports, bundle, jobs)
        _print("boxes", records, None, score_boxes(films, records))
