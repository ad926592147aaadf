"""`spinescan bench`: how good the answers are, on published data sets that you have."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from spinescan.infer.scanner import Scanner

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)

_REPORTS = click.option(
    "--reports",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="Score these answers of `spinescan scan --json` instead of scanning: a file, or the folder"
    " of a cross-validation, which holds one a fold. A film without a line counts as failed.",
)
_BUNDLE = click.option(
    "--bundle", type=FOLDER, help="Scan with this model bundle instead of the one that ships."
)
_JOBS = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Worker processes for scanning.",
)


@click.group()
def bench() -> None:
    """Score the answers on a data set; prints JSON.

    Films without an answer count as the worst case, and are also counted apart.
    """


def _source_options(command: Callable[..., None]) -> Callable[..., None]:
    """Where the answers come from; the same for each benchmark."""
    for option in (_JOBS, _BUNDLE, _REPORTS):
        command = option(command)
    return command


_leave_out = click.option(
    "--leave-out",
    "table",
    metavar="TABLE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Do not score the films that this CSV names in its column file, such as those that took"
    " part in a training.",
)


@bench.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@_source_options
@click.option(
    "--by",
    multiple=True,
    metavar="COLUMN",
    help="Tell the errors apart by this column of index.csv as well, such as original_height: by"
    " each value, of many numbers by thirds.",
)
@_leave_out
def aasce(
    folder: Path,
    reports: tuple[Path, ...],
    bundle: Path | None,
    jobs: int,
    by: tuple[str, ...],
    table: Path | None,
) -> None:
    """Angles, corners, level names and intervals on the films of the AASCE 2019 challenge.

    DIR holds index.csv, landmarks.csv and images/. SMAPE and the error of the largest angle follow
    the challenge's own definition, with 95 % bootstrap intervals over cases, beside a predictor
    that always answers the median. Angles are those of the placed points; `expected_angles` holds
    the figures of their medians over draws of the points by their spread. Intervals of curves are
    held against the same curve's angle on the true landmarks. `trained_on_these_films` tells
    whether the figures are those of a model on its own training films: true, false, or null where
    given reports do not tell.
    """
    from spinescan.data.sources import read_aasce
    from spinescan.data.table import read_rows
    from spinescan.study.aasce import score_aasce

    with _errors_in_one_line():
        films = read_aasce(folder)
        index = read_rows(folder / "index.csv", ("file", *by))
        told = {column: {row["file"]: row[column] for row in index} for column in by}
        records = _answers([film.path for film in films], reports, bundle, jobs)
        trained_on = _trained_on(reports, bundle)
        seen = None if trained_on is None else "aasce" in trained_on
        figures = score_aasce(films, records, told, _left_out(table))
        _print("aasce", records, {"trained_on_these_films": seen, **figures})


@bench.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@_source_options
@_leave_out
def boxes(
    folder: Path,
    reports: tuple[Path, ...],
    bundle: Path | None,
    jobs: int,
    table: Path | None,
) -> None:
    """Whether the spine is followed, on films with weak vertebra boxes.

    DIR holds boxes.csv and images/, and labels.csv where some films are lateral. A film is followed
    if at least 80 % of the boxes between the predicted T1 and L5 are hit by a vertebra of their
    own, and 80 % of the vertebrae lie in a box. `rows` is stricter: T2 to L4 are laid on
    consecutive boxes, and each must lie within a third of its box's height of the box's centre.
    Shares have 95 % intervals.
    """
    from spinescan.data.sources import read_boxes
    from spinescan.study.boxes import score_boxes

    with _errors_in_one_line():
        films = read_boxes(folder)
        records = _answers([film.path for film in films], reports, bundle, jobs)
        trained_on = _trained_on(reports, bundle)
        figures = score_boxes(films, records, _left_out(table))
        _print("boxes", records, {"trained_on": trained_on, **figures})


@bench.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@_source_options
def fraiwan(folder: Path, reports: tuple[Path, ...], bundle: Path | None, jobs: int) -> None:
    """Region and side of the major curve, on frontal films whose names tell them.

    DIR holds labels.csv and images/. Balanced accuracies have 95 % bootstrap intervals over groups
    and stand beside the constant answer "right thoracic"; films without an answer are wrong.
    Whether the patient's left is the picture's left is found on one half of the groups and applied
    to the other. How large the largest curve is on normal and other films is told for each way that
    the pictures were made: on this set it gives the label away.
    """
    from spinescan.data.fraiwan import read_fraiwan
    from spinescan.study.fraiwan import score_fraiwan

    with _errors_in_one_line():
        films = read_fraiwan(folder)
        records = _answers([film.path for film in films], reports, bundle, jobs)
        trained_on = _trained_on(reports, bundle)
        _print("fraiwan", records, {"trained_on": trained_on, **score_fraiwan(films, records)})


@bench.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@_source_options
@click.option(
    "--view",
    type=click.Choice(["frontal", "lateral"]),
    default="frontal",
    show_default=True,
    help="The films of the set that are scored.",
)
def phantoms(
    folder: Path, reports: tuple[Path, ...], bundle: Path | None, jobs: int, view: str
) -> None:
    """Level names, points, angles and ALS types on synthetic films, whose truth is exact.

    DIR is a set that `spinescan phantom` has drawn; its films of one view are scored. Points of
    pelvis and neck on frontal films are found if they lie within 2 % of the film's height. Of
    lateral films corners and points are told within 2 and 3 % of the spine's length, levels that
    are absent and were left out, and the errors of TK, LL, SS, PT and PI. Figures are told for each
    extent of the films.
    """
    from spinescan.study.lateral import score_laterals
    from spinescan.study.phantoms import read_truth, score_phantoms

    with _errors_in_one_line():
        truths = read_truth(folder, view)
        score = score_laterals if view == "lateral" else score_phantoms
        films = [folder / truth["file"] for truth in truths]
        records = _answers(films, reports, bundle, jobs)
        trained_on = _trained_on(reports, bundle)
        _print("phantoms", records, {"trained_on": trained_on, **score(truths, records)})


@bench.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@_source_options
def rejection(folder: Path, reports: tuple[Path, ...], bundle: Path | None, jobs: int) -> None:
    """Whether films that are no frontal spine are declined.

    DIR holds films none of which shows a whole spine from the front: photographs, chest films. The
    share that is accepted, which should be 0, has a Wilson 95 % interval.
    """
    from spinescan.io.read import iter_films
    from spinescan.study.rejection import score_rejection

    with _errors_in_one_line():
        films = [film for film in map(Path, iter_films([str(folder)])) if film.is_file()]
        records = _answers(films, reports, bundle, jobs)
        _print("rejection", records, score_rejection(records))


def _answers(
    films: Sequence[Path], reports: Sequence[Path], bundle: Path | None, jobs: int
) -> list[dict[str, Any]]:
    from spinescan.app.batch import Settings, scan_batch, shipped_scanner
    from spinescan.app.progress import answers_with_bar
    from spinescan.study.answers import read_records

    if reports and bundle is not None:
        raise click.UsageError("--reports are scored as they are; leave out --bundle.")
    if reports:
        return read_records(_report_files(reports))
    load = shipped_scanner if bundle is None else partial(_scanner_of, bundle)
    records = []
    with answers_with_bar(len(films)) as show:
        for record in scan_batch([str(film) for film in films], Settings(), jobs=jobs, load=load):
            records.append(record)
            show("")
    return records


def _left_out(table: Path | None) -> set[str]:
    """The films that a table names."""
    from spinescan.data.table import read_rows

    return set() if table is None else {row["file"] for row in read_rows(table, ("file",))}


def _report_files(reports: Sequence[Path]) -> list[Path]:
    """The files themselves; of a folder, the reports.jsonl of each fold in it."""
    files = []
    for path in reports:
        files += sorted(path.rglob("reports.jsonl")) if path.is_dir() else [path]
    return files


def _scanner_of(folder: Path, threads: int | None) -> "Scanner":
    from spinescan.infer.scanner import Scanner

    return Scanner.from_folder(folder, threads=threads)


def _trained_on(reports: Sequence[Path], bundle: Path | None) -> list[str] | None:
    """The data sets that the landmark model was trained on; None: given reports do not tell."""
    from spinescan.infer.bundle import Bundle, shipped_bundles

    if reports:
        return None
    folders = shipped_bundles() if bundle is None else (bundle,)
    bundles = [Bundle.load(folder) for folder in folders]
    told = [b.provenance.get("trained_on", ()) for b in bundles if b.classifier is None]
    return sorted({name for names in told for name in names})


def _print(benchmark: str, records: Sequence[dict[str, Any]], figures: dict[str, Any]) -> None:
    import spinescan

    bundles = {(b["name"], b["version"]) for record in records for b in record.get("bundles", ())}
    answer = {
        "benchmark": benchmark,
        "spinescan": spinescan.__version__,
        "bundles": [{"name": name, "version": version} for name, version in sorted(bundles)],
        **figures,
    }
    click.echo(json.dumps(answer, indent=2, allow_nan=False))


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    from spinescan.core.errors import SpineScanError

    try:
        yield
    except SpineScanError as error:
        raise click.ClickException(str(error)) from error
