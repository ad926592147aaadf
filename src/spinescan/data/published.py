"""Published sets of films, as they are downloaded and as they are kept here, as labelled films.

Fraiwan, Audat and Manasreh (2022), Mendeley Data, doi 10.17632/xkt857dsxk.1: a folder a class
(`NormalFinal`, `ScolFinal`, `SpondFinal`, or other names that begin so) in `ImagesOriginalSize`,
and names such as `N93, Rt TL AIS, F, 14 Yrs.jpg`: number, curve, sex, age. The last three may be
missing.

AASCE 2019 (SpineWeb Dataset 16): `data/training` and `data/test` with the films, `labels/training`
and `labels/test` with `filenames.csv`, `landmarks.csv` (68 x, then 68 y, as shares of width and
height), `angles.csv`, none of which has a header, and a MATLAB file for each film
(`NAME.jpg.mat`) whose `p2` (68, 2) are the same corners in pixels. A name such as
`sunhl-1th-02-Jan-2017-162 A AP.jpg` tells the case, 162.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS
from spinescan.core.errors import DataError, MissingExtraError
from spinescan.core.task import FRAIWAN3
from spinescan.data.labelled import FoundFilm
from spinescan.data.manifest import KnownView
from spinescan.data.sources import read_aasce, read_boxes
from spinescan.data.table import read_rows
from spinescan.io.walk import films_in

FRAIWAN, AASCE = "fraiwan", "aasce"
FRAIWAN_LICENCE = "CC BY 4.0"
AASCE_LICENCE = "unclear"

_FRAIWAN_FOLDERS = {"normal": "normal", "scol": "scoliosis", "spond": "spondylolisthesis"}
_FRAIWAN_TABLE = ("file", "label", "group", "view")
_FRAIWAN_KEPT = ("field_of_view", "source_style", "curve_text", "sex", "age")
_SEX = {"m": "M", "male": "M", "f": "F", "female": "F"}
_AGE = re.compile(r"(\d{1,3})\s*(?:y|yrs?|years?)?\.?(?:\s*old)?", re.IGNORECASE)
_MONTHS = re.compile(r"(\d{1,3})\s*(?:m|mos?|months?)\.?", re.IGNORECASE)
_CASE = re.compile(r"-(\d+)\s+\w+\s+AP$", re.IGNORECASE)
_CORNERS = 4 * len(LEVELS)
_ANGLES = 3


def find_fraiwan(folder: Path) -> tuple[FoundFilm, ...]:
    """Fraiwan's films with label, group, sex, age and curve text, where they are told.

    A folder with `labels.csv` tells the view, the field of view and the groups as well. As
    published nobody says which films are of one person: each is a person of its own, until an
    audit finds more.

    Raises
    ------
    DataError
        If it has neither layout, or a row or a name cannot be understood.
    """
    if (folder / "labels.csv").is_file():
        return tuple(_fraiwan_row(row, folder) for row in _fraiwan_rows(folder))
    places = _fraiwan_folders(folder)
    return tuple(
        FoundFilm(
            path,
            {FRAIWAN3.name: label, **fraiwan_name(path.stem)},
            source=FRAIWAN,
            licence=FRAIWAN_LICENCE,
        )
        for label, place in places.items()
        for path in map(Path, films_in(str(place)))
    )


def fraiwan_name(stem: str) -> dict[str, str]:
    """What a published file's name tells: `curve_text`, `sex` (M, F) and `age` in years.

    "N93, Rt TL AIS, F, 14 Yrs" is a right thoracolumbar curve of a girl of 14. What is not told is
    left out; an age in months is given in full years.
    """
    told: dict[str, str] = {}
    texts = []
    for part in (p.strip() for p in stem.split(",")[1:]):
        age, months = _AGE.fullmatch(part), _MONTHS.fullmatch(part)
        if part.lower() in _SEX:
            told["sex"] = _SEX[part.lower()]
        elif age:
            told["age"] = str(int(age[1]))
        elif months:
            told["age"] = str(int(months[1]) // 12)
        elif part:
            texts.append(" ".join(part.split()))
    if texts:
        told["curve_text"] = ", ".join(texts)
    return told


def _fraiwan_rows(folder: Path) -> list[dict[str, str]]:
    return read_rows(folder / "labels.csv", _FRAIWAN_TABLE)


def _fraiwan_row(row: Mapping[str, str], folder: Path) -> FoundFilm:
    view: KnownView = "lateral" if row["view"] == "lateral" else "frontal"
    kept = {name: row[name] for name in _FRAIWAN_KEPT if row.get(name)}
    return FoundFilm(
        folder / "images" / row["file"],
        {FRAIWAN3.name: row["label"], **kept},
        row["group"],
        view=view,
        source=FRAIWAN,
        licence=FRAIWAN_LICENCE,
    )


def _fraiwan_folders(folder: Path) -> dict[str, Path]:
    """The folder of each class, wherever the archive was unpacked to."""
    found: dict[str, list[Path]] = {label: [] for label in _FRAIWAN_FOLDERS.values()}
    for place in sorted(p for p in folder.rglob("*") if p.is_dir()):
        for begin, label in _FRAIWAN_FOLDERS.items():
            if place.name.lower().startswith(begin):
                found[label].append(place)
    missing = [label for label, places in found.items() if not places]
    if missing:
        raise DataError(
            f"{folder}: expected folders whose names begin with Normal, Scol and Spond, or a "
            f"labels.csv; found none for {', '.join(missing)}"
        )
    for label, places in found.items():
        if len(places) > 1:
            raise DataError(
                f"{folder}: {len(places)} folders for {label} ({places[0].name} in "
                f"{places[0].parent.name}, {places[1].name} in {places[1].parent.name}); give one "
                "folder of films"
            )
    return {label: places[0] for label, places in found.items()}


def find_aasce(folder: Path) -> tuple[FoundFilm, ...]:
    """AASCE's films with corners and the challenge's three angles (`cobb_1` to `cobb_3`).

    As published, `part` tells the release's own part (training or test); it is no split, because
    some cases lie in both. Films with landmarks known to be wrong, which only the layout with
    `index.csv` tells, come without corners. Labels of a classifier are not in this set.

    Raises
    ------
    DataError
        If it has neither layout, or a file cannot be understood.
    MissingExtraError
        If there are only MATLAB files, and scipy is not installed.
    """
    if (folder / "index.csv").is_file():
        return tuple(
            FoundFilm(
                film.path,
                {**_angles(film.angles_deg), "suspect_landmarks": str(int(film.suspect))},
                film.group,
                view="frontal",
                source=AASCE,
                licence=AASCE_LICENCE,
                corners_px=None if film.suspect else film.corners_px,
            )
            for film in read_aasce(folder)
        )
    parts = [p for p in sorted((folder / "labels").glob("*")) if p.is_dir()]
    if not parts:
        raise DataError(f"{folder}: expected index.csv, or labels/training and labels/test")
    return tuple(film for part in parts for film in _aasce_part(folder, part))


def aasce_case(stem: str) -> str:
    """The case that a published file's name tells, such as 162; empty where it tells none."""
    match = _CASE.search(stem)
    return match[1] if match else ""


def _aasce_part(folder: Path, part: Path) -> list[FoundFilm]:
    films = folder / "data" / part.name
    names = [cells[0] for cells in _cells(part / "filenames.csv", 1)]
    angles = np.array(_numbers(part / "angles.csv", _ANGLES, len(names)))
    table = part / "landmarks.csv"
    shares = np.array(_numbers(table, 2 * _CORNERS, len(names))) if table.is_file() else None
    found = []
    for k, name in enumerate(names):
        path = films / name
        corners = (
            corners_of_mat(part / f"{name}.mat") if shares is None else _scaled(shares[k], path)
        )
        case = aasce_case(path.stem)
        found.append(
            FoundFilm(
                path,
                {**_angles(angles[k]), "part": part.name},
                case and f"case {case}",
                view="frontal",
                source=AASCE,
                licence=AASCE_LICENCE,
                corners_px=corners,
            )
        )
    return found


def corners_of_mat(path: Path) -> NDArray[np.float64]:
    """The corners (17, 4, 2), in pixels, of a MATLAB file's `p2` (68, 2).

    Raises
    ------
    DataError
        If the file cannot be read or has no such points.
    MissingExtraError
        If scipy is not installed.
    """
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise MissingExtraError(
            "MATLAB files need the extra 'study' (scipy is not installed): "
            "pip install 'spinescan[study]'"
        ) from error
    try:
        points = np.asarray(loadmat(path, variable_names=["p2"])["p2"], dtype=np.float64)
    except Exception as error:  # its reader raises what it likes on damaged files
        raise DataError(f"{path}: no points p2 in this MATLAB file ({error!r})") from error
    if points.shape != (_CORNERS, 2) or not np.isfinite(points).all():
        raise DataError(f"{path}: expected p2 of shape ({_CORNERS}, 2), got {points.shape}")
    return points.reshape(len(LEVELS), 4, 2)


def _scaled(shares: NDArray[np.float64], path: Path) -> NDArray[np.float64]:
    from PIL import Image

    try:
        with Image.open(path) as picture:
            size = picture.size
    except OSError as error:
        raise DataError(f"{path}: not a picture ({error})") from error
    return (shares.reshape(2, _CORNERS).T * size).reshape(len(LEVELS), 4, 2)


def _angles(angles_deg: NDArray[np.float64]) -> dict[str, str]:
    return {f"cobb_{k}": f"{angle:.4g}" for k, angle in enumerate(angles_deg.tolist(), start=1)}


def _cells(table: Path, columns: int) -> list[list[str]]:
    """A table without a header."""
    try:
        with table.open(newline="", encoding="utf-8-sig") as stream:
            rows = [row for row in csv.reader(stream) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table}: cannot be read ({error})") from error
    for number, row in enumerate(rows, start=1):
        if len(row) != columns:
            raise DataError(f"{table}: row {number}: expected {columns} cells, got {len(row)}")
    return rows


def _numbers(table: Path, columns: int, rows: int) -> Sequence[Sequence[float]]:
    cells = _cells(table, columns)
    if len(cells) != rows:
        raise DataError(f"{table}: expected a row for each of {rows} films, got {len(cells)}")
    try:
        numbers = [[float(cell) for cell in row] for row in cells]
    except ValueError as error:
        raise DataError(f"{table}: not a number ({error})") from error
    if not np.isfinite(numbers).all():
        raise DataError(f"{table}: a number is not finite")
    return numbers


def find_boxed(folder: Path) -> tuple[FoundFilm, ...]:
    """Films with weak boxes (`boxes.csv`, `images/`), with their view; the set has no labels.

    Raises
    ------
    DataError
        If a file is missing or a row cannot be understood.
    """
    return tuple(
        FoundFilm(film.path, view=film.view, source=folder.name) for film in read_boxes(folder)
    )


def find_others(folder: Path) -> tuple[FoundFilm, ...]:
    """Films that are no spine: all in a folder, of the view "other".

    Raises
    ------
    DataError
        If there is none.
    """
    films = [Path(name) for name in films_in(str(folder))] if folder.is_dir() else []
    if not films:
        raise DataError(f"{folder}: expected a folder of films")
    return tuple(FoundFilm(path, view="other", source=folder.name) for path in films)
