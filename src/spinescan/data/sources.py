"""Published data sets, in the layouts they are handed around in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import (
    FRONTAL_CORNERS,
    FRONTAL_NAMES,
    FRONTAL_POINTS,
    LATERAL_NAMES,
    LEVELS,
    lateral_name,
)
from spinescan.core.errors import DataError
from spinescan.data.table import read_rows

PHANTOM_TRUTH = "truth.jsonl"

_INDEX = ("file", "case", "height", "width", "suspect_landmarks", "exact_duplicate_of")
_ANGLES = ("cobb_1", "cobb_2", "cobb_3")
_CORNERS = 4 * len(LEVELS)
_POINTS = (*(f"x{k}" for k in range(_CORNERS)), *(f"y{k}" for k in range(_CORNERS)))
_BOX = ("xc", "yc", "w", "h")
_KIND = ("field_of_view", "source_style")
_NOWHERE = (np.nan, np.nan)
_Place = Sequence[float] | NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CornerFilm:
    """A film with what is known of it, by the sides of the picture.

    `corners_px` is float64 (17, 4, 2): levels T1..L5, corners in the order of `FRONTAL_CORNERS`,
    (x, y) in pixels of the film, NaN for a level that it does not show. `group` is shared by films
    of one person and by exact duplicates. `suspect` marks landmarks known to be wrong;
    `source` names the set.

    A film of another `view` than a model's teaches it what its own view is not. With
    `corners_told` false nothing is known of the corners (all NaN). `unclear` names points of
    which nobody can say where they are, or whether the film shows them. `cropped`: to the spine.
    `faces_left` tells of a lateral film that the patient looks to the picture's left.

    What follows is None where the set does not tell it: `points_px` (7, 2), the points of
    `FRONTAL_POINTS`, NaN for one that is not on the film; `letters_px` (2, 2), likewise the letters
    L and R that mark the patient's side; `ribs` (17,), 1 for a level that bears ribs, else 0;
    whether the film shows spinal `hardware` (rods, screws) or a `brace`. The patient's right lies
    on the picture's left.
    """

    file: str
    path: Path
    group: str
    corners_px: NDArray[np.float64]
    suspect: bool
    source: str
    view: Literal["frontal", "lateral"] = "frontal"
    corners_told: bool = True
    cropped: bool = False
    points_px: NDArray[np.float64] | None = None
    unclear: frozenset[str] = frozenset()
    letters_px: NDArray[np.float64] | None = None
    ribs: NDArray[np.float64] | None = None
    hardware: bool | None = None
    brace: bool | None = None
    faces_left: bool | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AasceFilm(CornerFilm):
    """A film of the AASCE 2019 challenge (SpineWeb Dataset 16), `size` (rows, columns) large.

    `angles_deg` are the challenge's own three angles.
    """

    angles_deg: NDArray[np.float64]
    size: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class BoxedFilm:
    """A film with weak vertebra boxes.

    Each annotation is float64 (n, 4): x and y of the centre, width and height, in pixels. `kind` is
    the field of view and how the picture was made, as the set's labels tell them, or empty.
    """

    file: str
    path: Path
    annotations: tuple[NDArray[np.float64], ...]
    view: Literal["frontal", "lateral"]
    kind: str = ""


def read_aasce(folder: Path) -> tuple[AasceFilm, ...]:
    """Films and landmarks from `index.csv`, `landmarks.csv` and `images/`.

    Raises
    ------
    DataError
        If a file is missing or a row cannot be understood.
    """
    points = {row["file"]: row for row in read_rows(folder / "landmarks.csv", ("file", *_POINTS))}
    index = read_rows(folder / "index.csv", (*_INDEX, *_ANGLES))
    group = _groups(index)
    films = []
    for row in index:
        file = row["file"]
        if file not in points:
            raise DataError(f"{folder}: {file} has no row in landmarks.csv")
        rows, columns = _numbers(row, ("height", "width"), folder)
        xy = _numbers(points[file], _POINTS, folder).reshape(2, _CORNERS).T
        films.append(
            AasceFilm(
                file=file,
                path=folder / "images" / file,
                group=group[row["case"]],
                corners_px=(xy * [columns, rows]).reshape(len(LEVELS), 4, 2),
                angles_deg=_numbers(row, _ANGLES, folder),
                suspect=row["suspect_landmarks"] == "1",
                source="aasce",
                cropped=True,
                ribs=np.array([level[0] == "T" for level in LEVELS], dtype=np.float64),
                size=(int(rows), int(columns)),
            )
        )
    return tuple(films)


def read_phantoms(folder: Path, *, laterals: bool = False) -> tuple[CornerFilm, ...]:
    """Films of a set that `spinescan phantom` has drawn, from `truth.jsonl`.

    Lateral ones are left out unless `laterals` asks for them.

    Raises
    ------
    DataError
        If the file is missing or a line cannot be understood.
    """
    path = folder / PHANTOM_TRUTH
    films = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        for record in map(json.loads, lines):
            if laterals or record["view"] == "frontal":
                films.append(_phantom(record, folder))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: film {len(films) + 1} not understood ({error})") from error
    return tuple(films)


def _phantom(record: Mapping[str, Any], folder: Path) -> CornerFilm:
    marks, told, file = record["landmarks"], record["phantom"], record["file"]
    places = dict(zip(marks["names"], marks["points_xy"], strict=True))
    faces_left = None
    if record["view"] == "lateral":
        places, faces_left = by_side(places)
    corners = np.array([places.get(name, _NOWHERE) for name in FRONTAL_NAMES])
    corners = corners.reshape(len(LEVELS), len(FRONTAL_CORNERS), 2)
    corners[~np.isfinite(corners).all(axis=(1, 2))] = np.nan
    letters = None
    if "letter" in told:  # records of older sets do not tell it
        letters = np.full((2, 2), np.nan)
        if told["letter"]:
            place = "LR".index(told["letter"]["letter"])
            letters[place] = told["letter"]["x"], told["letter"]["y"]
    metal = told.get("metal")
    points = np.array([places.get(name, _NOWHERE) for name in FRONTAL_POINTS])
    return CornerFilm(
        file=file,
        path=folder / file,
        group=f"phantom {told['seed']}",
        corners_px=corners,
        suspect=False,
        source="phantoms",
        view=record["view"],
        points_px=points,
        letters_px=letters,
        ribs=(np.arange(len(LEVELS)) < told["plan"]["rib_pairs"]).astype(np.float64),
        hardware=None if metal is None else metal == "rods",
        brace=None if metal is None else metal == "brace",
        faces_left=faces_left,
    )


def by_side(places: Mapping[str, _Place]) -> tuple[dict[str, _Place], bool | None]:
    """Points of a lateral film by the sides of the picture, and whether the patient faces left.

    That is None, and the front taken for the right, where no vertebra tells it.
    """
    faces_left = _faces_left(places)
    names = {
        name: lateral_name(name, faces_left=bool(faces_left))
        for name in (*FRONTAL_NAMES, *FRONTAL_POINTS)
    }
    return {name: places[of] for name, of in names.items() if of in places}, faces_left


def _faces_left(places: Mapping[str, _Place]) -> bool | None:
    """Whether the front of most vertebrae lies to the picture's left; None without any."""
    ends = [
        (places[name][0], places[other][0])
        for name, other in zip(LATERAL_NAMES[::2], LATERAL_NAMES[1::2], strict=True)
        if name in places and other in places
    ]
    return sum(front < back for front, back in ends) > len(ends) / 2 if ends else None


def read_corner_films(folder: Path) -> tuple[CornerFilm, ...]:
    """Films in any layout known here: a set of phantoms, AASCE's, or films with weak boxes.

    The boxes are not taken for corners; such films can teach what a table tells of them
    (`spinescan.data.seen`). Their set is named after the folder.
    """
    if (folder / PHANTOM_TRUTH).is_file():
        return read_phantoms(folder, laterals=True)
    if (folder / "landmarks.csv").is_file():
        return read_aasce(folder)
    return tuple(
        CornerFilm(
            file=film.file,
            path=film.path,
            group=f"{folder.name} {film.file}",
            corners_px=np.full((len(LEVELS), 4, 2), np.nan),
            suspect=False,
            source=folder.name,
            corners_told=False,
        )
        for film in read_boxes(folder)
        if film.view == "frontal"
    )


def read_boxes(folder: Path) -> tuple[BoxedFilm, ...]:
    """Films and weak boxes from `boxes.csv` and `images/`, views from `labels.csv` if there is one.

    Films without boxes are returned with no annotation. Hidden files are passed over.

    Raises
    ------
    DataError
        If a file is missing, a row cannot be understood, or a file in `images/` is no picture.
    """
    from PIL import Image

    images = folder / "images"
    if not images.is_dir():
        raise DataError(f"{folder}: no images/ folder here")
    boxes: dict[str, dict[str, list[NDArray[np.float64]]]] = {}
    for row in read_rows(folder / "boxes.csv", ("file", "annotation", *_BOX)):
        of_film = boxes.setdefault(row["file"], {})
        of_film.setdefault(row["annotation"], []).append(_numbers(row, _BOX, folder))
    labels = folder / "labels.csv"
    rows = read_rows(labels, ("file", "view")) if labels.is_file() else []
    views = {row["file"]: row["view"] for row in rows}
    kinds = {row["file"]: ", ".join(row[k] for k in _KIND if row.get(k)) for row in rows}
    films = []
    for path in sorted(p for p in images.rglob("*") if p.is_file() and p.name[0] != "."):
        file = path.relative_to(images).as_posix()
        try:
            with Image.open(path) as picture:
                width, height = picture.size
        except OSError as error:
            raise DataError(f"{path}: not a picture ({error})") from error
        scale = np.array([width, height, width, height])
        films.append(
            BoxedFilm(
                file=file,
                path=path,
                annotations=tuple(
                    np.array(b) * scale for _, b in sorted(boxes.get(file, {}).items())
                ),
                view="lateral" if views.get(file) == "lateral" else "frontal",
                kind=kinds.get(file, ""),
            )
        )
    return tuple(films)


def _groups(index: list[dict[str, str]]) -> dict[str, str]:
    """The group of each case: cases that share an exact duplicate are one group."""
    case_of = {row["file"]: row["case"] for row in index}
    group = {case: case for case in case_of.values()}
    for row in index:
        twin = case_of.get(row["exact_duplicate_of"])
        if twin is not None:
            old, new = sorted((group[row["case"]], group[twin]), reverse=True)
            group = {case: new if name == old else name for case, name in group.items()}
    return group


def _numbers(row: dict[str, str], columns: Sequence[str], folder: Path) -> NDArray[np.float64]:
    try:
        values = np.array([float(row[name]) for name in columns])
    except ValueError as error:
        raise DataError(f"{folder}: {row['file']}: row not understood ({error})") from error
    if not np.isfinite(values).all():
        raise DataError(f"{folder}: {row['file']}: a number is not finite")
    return values
