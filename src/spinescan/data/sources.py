"""Published data sets, in the layouts they are handed around in."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS
from spinescan.core.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class AasceFilm:
    """A frontal film of the AASCE 2019 challenge (SpineWeb Dataset 16).

    `corners_px` is float64 (17, 4, 2): levels T1..L5, corners in the order of `FRONTAL_CORNERS`,
    (x, y) in pixels of the film. `angles_deg` are the challenge's own three angles. `group` is
    shared by films of one case and by exact duplicates. `suspect` marks landmarks known to be
    wrong.
    """

    file: str
    path: Path
    group: str
    corners_px: NDArray[np.float64]
    angles_deg: NDArray[np.float64]
    suspect: bool
    size: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class BoxedFilm:
    """A film with weak vertebra boxes.

    Each annotation is float64 (n, 4): x and y of the centre, width and height, in pixels.
    """

    file: str
    path: Path
    annotations: tuple[NDArray[np.float64], ...]
    view: Literal["frontal", "lateral"]


def read_aasce(folder: Path) -> tuple[AasceFilm, ...]:
    """Films and landmarks from `index.csv`, `landmarks.csv` and `images/`.

    Raises
    ------
    DataError
        If a file is missing or a row cannot be understood.
    """
    landmarks = {row["file"]: row for row in _rows(folder / "landmarks.csv")}
    index = list(_rows(folder / "index.csv"))
    group = _groups(index)
    films = []
    for row in index:
        file = row["file"]
        try:
            size = (int(row["height"]), int(row["width"]))
            points = landmarks[file]
            xy = np.array(
                [[float(points[f"x{k}"]), float(points[f"y{k}"])] for k in range(4 * len(LEVELS))]
            )
            angles = np.array([float(row[f"cobb_{k}"]) for k in (1, 2, 3)])
        except (KeyError, ValueError) as error:
            raise DataError(f"{folder}: {file}: row not understood ({error})") from error
        films.append(
            AasceFilm(
                file=file,
                path=folder / "images" / file,
                group=group[row["case"]],
                corners_px=(xy * [size[1], size[0]]).reshape(len(LEVELS), 4, 2),
                angles_deg=angles,
                suspect=row["suspect_landmarks"] == "1",
                size=size,
            )
        )
    return tuple(films)


def read_boxes(folder: Path) -> tuple[BoxedFilm, ...]:
    """Films and weak boxes from `boxes.csv` and `images/`, views from `labels.csv` if there is one.

    Films without boxes are returned with no annotation.
    """
    from PIL import Image

    images = folder / "images"
    if not images.is_dir():
        raise DataError(f"{folder}: no images/ folder here")
    boxes: dict[str, dict[str, list[list[float]]]] = {}
    for row in _rows(folder / "boxes.csv"):
        values = [float(row[key]) for key in ("xc", "yc", "w", "h")]
        boxes.setdefault(row["file"], {}).setdefault(row["annotation"], []).append(values)
    labels = folder / "labels.csv"
    views = {row["file"]: row["view"] for row in _rows(labels)} if labels.is_file() else {}
    films = []
    for path in sorted(p for p in images.rglob("*") if p.is_file()):
        file = path.relative_to(images).as_posix()
        with Image.open(path) as picture:
            width, height = picture.size
        scale = np.array([width, height, width, height])
        films.append(
            BoxedFilm(
                file=file,
                path=path,
                annotations=tuple(
                    np.array(b) * scale for _, b in sorted(boxes.get(file, {}).items())
                ),
                view="lateral" if views.get(file) == "lateral" else "frontal",
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


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            yield from csv.DictReader(stream)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
