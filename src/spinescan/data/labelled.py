"""Labelled films in the ways that people keep them.

Whatever the way, a film becomes a `FoundFilm`, and all of them one manifest (`write_labelled`).
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import FRONTAL_NAMES, Landmarks
from spinescan.core.errors import DataError, ReadError
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import Report
from spinescan.core.task import TASKS, VIEW
from spinescan.data.checks import first_few
from spinescan.data.manifest import (
    COLUMNS,
    KnownView,
    Manifest,
    ManifestFilm,
    Split,
    write_manifest,
)
from spinescan.data.table import read_rows
from spinescan.io.read import read_radiograph
from spinescan.io.walk import films_in

IMAGE_COLUMNS = ("image", "file", "filename", "path")
GROUP_COLUMNS = ("group", "patient", "case")
LABEL_COLUMNS = ("label", "class")
_SPLITS: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True, slots=True, eq=False)
class FoundFilm:
    """A film and what its place, its name or a table tells of it.

    `labels` is by column; `group` is empty where nobody says whose film it is. `corners_px`
    (17, 4, 2) are the corners of T1..L5 as a person placed them, in pixels; `landmarks` is a file
    that holds them already. `sha256` is what a table lists, empty where it lists none.
    """

    path: Path
    labels: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    split: Split = ""
    view: KnownView = ""
    source: str = ""
    licence: str = ""
    corners_px: NDArray[np.float64] | None = None
    landmarks: Path | None = None
    sha256: str = ""


def find_in_folders(folder: Path, task: str) -> tuple[FoundFilm, ...]:
    """A folder for each class, named after it; folders below it are searched, too.

    Folders train, validation (val) and test may stand above those of the classes.

    Raises
    ------
    DataError
        If there is no film, or one lies in no class's folder.
    """
    found = []
    for path in _films(folder):
        parts = path.relative_to(folder).parts[:-1]
        split = _SPLITS.get(parts[0].lower(), "") if len(parts) > 1 else ""
        if not parts:
            raise DataError(f"{path}: expected a folder for each class, got a film beside them")
        found.append(FoundFilm(path, {task: _code(parts[1 if split else 0], task)}, split=split))
    return tuple(found)


def find_by_prefix(folder: Path, task: str) -> tuple[FoundFilm, ...]:
    """Films whose name begins with the class and an underscore, such as `3CH_image1.jpg`.

    Raises
    ------
    DataError
        If there is no film, or a name has no underscore.
    """
    found = []
    for path in _films(folder):
        prefix, underscore, _ = path.name.partition("_")
        if not underscore or not prefix:
            raise DataError(f"{path}: expected a name such as LABEL_rest{path.suffix}")
        found.append(FoundFilm(path, {task: _code(prefix, task)}))
    return tuple(found)


def find_in_table(table: Path, task: str) -> tuple[FoundFilm, ...]:
    """The films of a CSV, which may be a manifest: a row each, files relative to its folder.

    Columns: the film (`IMAGE_COLUMNS`), its label (a column of the task's name, or
    `LABEL_COLUMNS`), its person (`GROUP_COLUMNS`), and what a manifest has. Any other column is
    kept as a label of its own, such as age or sex.

    Raises
    ------
    DataError
        If the table cannot be read, or lacks the films or their labels.
    """
    rows = read_rows(table, ())
    names = list(rows[0]) if rows else []
    image = _column(names, IMAGE_COLUMNS, table)
    label = task if task in names else _column(names, LABEL_COLUMNS, table)
    group = next((name for name in GROUP_COLUMNS if name in names), None)
    others = [n for n in names if n not in {*COLUMNS, image, label, group}]
    found = []
    for number, row in enumerate(rows, start=2):
        cells = {name: value.strip() for name, value in row.items()}
        labels = {task: _code(cells[label], task)} if task != VIEW.name else {}
        labels |= {name: cells[name] for name in others}
        view = cells[label] if task == VIEW.name else cells.get("view", "")
        split = _SPLITS.get(cells.get("split", "").lower(), cells.get("split", ""))
        if not cells[image]:
            raise DataError(f"{table}: row {number}: no film in column {image!r}")
        found.append(
            FoundFilm(
                table.parent / cells[image],
                {name: value for name, value in labels.items() if value},
                cells[group] if group else "",
                split,  # type: ignore[arg-type]  # the manifest checks both
                view,  # type: ignore[arg-type]
                cells.get("source", ""),
                cells.get("licence", ""),
                landmarks=table.parent / cells["landmarks"] if cells.get("landmarks") else None,
                sha256=cells.get("sha256", ""),
            )
        )
    return tuple(found)


def with_groups(films: Iterable[FoundFilm], pattern: str, folder: Path) -> tuple[FoundFilm, ...]:
    """The films, grouped by what a regular expression finds in their path below `folder`.

    Its first bracket is the person; without one, all that it matches.

    Raises
    ------
    DataError
        If it is no regular expression, or finds nothing in a film's path.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise DataError(f"not a regular expression: {pattern!r} ({error})") from error
    grouped = []
    for film in films:
        name = Path(os.path.relpath(film.path, folder)).as_posix()
        match = expression.search(name)
        person = match and match.group(1 if expression.groups else 0)
        if not person:
            raise DataError(f"{name}: {pattern!r} finds no person in the name")
        grouped.append(replace(film, group=person))
    return tuple(grouped)


def write_labelled(
    films: Sequence[FoundFilm], out: Path, *, on_film: Callable[[], None] = lambda: None
) -> Manifest:
    """Read every film, and write the manifest `out`; landmarks go into a file beside it.

    A film without a group is a person of its own; the same file twice is one person. `on_film` is
    called after each film.

    Raises
    ------
    DataError
        If films cannot be read (all are tried, and the first ones named), a table's digest is
        another, or the manifest contradicts itself.
    OSError
        If it cannot be written.
    """
    rows: list[ManifestFilm] = []
    records: list[str] = []
    failed: list[str] = []
    for film in films:
        try:
            picture = read_radiograph(film.path)
        except ReadError as error:
            failed.append(str(error))
        else:
            if film.sha256 and film.sha256 != picture.sha256:
                raise DataError(f"{film.path}: not the file that was listed (another SHA-256)")
            row = _row(film, picture, out)
            rows.append(row)
            if film.corners_px is not None:
                records.append(_record(film.corners_px, picture, row.image))
        on_film()
    if failed:
        raise DataError(f"{len(failed)} of {len(films)} films cannot be read: {first_few(failed)}")
    manifest = _manifest(out.parent, _same_person(rows))
    out.parent.mkdir(parents=True, exist_ok=True)
    if records:
        _landmark_file(out).write_text("".join(records), encoding="utf-8")
    write_manifest(manifest, out)
    return manifest


def _row(film: FoundFilm, picture: Radiograph, out: Path) -> ManifestFilm:
    image = _relative(film.path, out)
    declared = picture.declared_view
    landmarks = "" if film.landmarks is None else _relative(film.landmarks, out)
    if film.corners_px is not None:
        landmarks = _landmark_file(out).name
    try:
        return ManifestFilm(
            image=image,
            sha256=picture.sha256,
            group=film.group or image,
            split=film.split,
            view=film.view or (declared.value if declared else ""),
            source=film.source,
            licence=film.licence,
            landmarks=landmarks,
            labels=film.labels,
        )
    except ValueError as error:
        raise DataError(f"{film.path}: {error}") from error


def _relative(path: Path, out: Path) -> str:
    return Path(os.path.relpath(path.absolute(), out.parent.absolute())).as_posix()


def _landmark_file(out: Path) -> Path:
    return out.with_name(f"{out.stem}-landmarks.jsonl")


def _record(corners: NDArray[np.float64], picture: Radiograph, image: str) -> str:
    """The published corners as a Report, the way a manifest keeps landmarks."""
    report = Report(
        sha256=picture.sha256,
        size=picture.size,
        pixel_aspect=picture.pixel_aspect,
        spacing_mm=picture.spacing_mm,
        spacing_origin=picture.spacing_origin.value,
        view="frontal",
        decision="accepted",
        reasons=(),
        landmarks=Landmarks.from_points(FRONTAL_NAMES, corners.reshape(-1, 2), origin="edited"),
    )
    return report.to_json(image) + "\n"


def _same_person(rows: Sequence[ManifestFilm]) -> tuple[ManifestFilm, ...]:
    """The rows, where groups that share a file are one."""
    first: dict[str, str] = {}
    pairs = [(first.setdefault(row.sha256, row.group), row.group) for row in rows]
    return joined(rows, pairs)


def with_joined_groups(manifest: Manifest, pairs: Iterable[tuple[str, str]]) -> Manifest:
    """The manifest, where the groups of each pair of films (SHA-256) are one.

    Pairs with a film that is not in the manifest are passed over.

    Raises
    ------
    DataError
        If a group would lie in two splits.
    """
    group = {film.sha256: film.group for film in manifest.films}
    groups = [(group[a], group[b]) for a, b in pairs if a in group and b in group]
    return _manifest(manifest.folder, joined(manifest.films, groups))


def joined(
    rows: Sequence[ManifestFilm], pairs: Iterable[tuple[str, str]]
) -> tuple[ManifestFilm, ...]:
    """The rows, where each pair of groups, and what hangs together by such pairs, is one group."""
    home: dict[str, str] = {row.group: row.group for row in rows}
    for a, b in pairs:
        one, other = sorted((home[a], home[b]))
        if one != other:
            home = {group: one if name == other else name for group, name in home.items()}
    return tuple(replace(row, group=home[row.group]) for row in rows)


def _manifest(folder: Path, rows: tuple[ManifestFilm, ...]) -> Manifest:
    try:
        return Manifest(folder, rows)
    except ValueError as error:
        raise DataError(str(error)) from error


def _films(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder}: expected a folder of films")
    films = [Path(name) for name in films_in(str(folder))]
    if not films:
        raise DataError(f"{folder}: no film in it")
    return films


def _code(text: str, task: str) -> str:
    """The label as the task writes it; one of an unknown task, or unknown to it, as it stands."""
    known = TASKS[task].codes if task in TASKS else ()
    return next((code for code in known if code.lower() == text.lower()), text)


def _column(names: Sequence[str], wanted: Sequence[str], table: Path) -> str:
    for name in wanted:
        if name in names:
            return name
    raise DataError(f"{table}: expected a column {' or '.join(wanted)}, got {', '.join(names)}")
