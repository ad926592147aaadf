"""What somebody has seen on films whose set does not tell it: tables of films by set and name."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from spinescan.core.anatomy import FRONTAL_POINTS
from spinescan.core.errors import DataError
from spinescan.data.sources import CornerFilm
from spinescan.data.table import read_rows


def with_metal(films: Iterable[CornerFilm], table: Path) -> tuple[CornerFilm, ...]:
    """The films with the hardware and braces that the table names.

    `table` is a CSV with the columns set, file and seen ("hardware" or "brace"); of each set in it
    (a film's `source`) it names every film that shows either. Films of other sets stay as they are.

    Raises
    ------
    DataError
        If the file is missing or has other columns.
    """
    rows = read_rows(table, ("set", "file", "seen"))
    sets = {row["set"] for row in rows}
    seen = {(row["set"], row["file"], row["seen"]) for row in rows}
    return tuple(
        replace(
            film,
            hardware=(film.source, film.file, "hardware") in seen,
            brace=(film.source, film.file, "brace") in seen,
        )
        if film.source in sets
        else film
        for film in films
    )


def with_points(films: Iterable[CornerFilm], table: Path) -> tuple[CornerFilm, ...]:
    """The films with the points of sacrum, pelvis and neck that the table places.

    `table` is a CSV with the columns set, file, point (of `FRONTAL_POINTS`), state and x, y (pixels
    of the film from its top-left corner). The state is "seen" (then x and y are filled in), "off"
    (not on the film) or "unclear"; a point without a row is unclear. Films that are not in it stay
    as they are.

    Raises
    ------
    DataError
        If the file is missing, has other columns, or a row cannot be understood.
    """
    rows: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
    for number, row in enumerate(read_rows(table, _POINT_COLUMNS), start=2):
        if row["point"] not in FRONTAL_POINTS or row["state"] not in ("seen", "off", "unclear"):
            raise DataError(f"{table}: row {number}: no such point or state")
        told = rows.setdefault((row["set"], row["file"]), {})
        if row["state"] == "off":
            told[row["point"]] = (np.nan, np.nan)
        elif row["state"] == "seen":
            try:
                place = (float(row["x"]), float(row["y"]))
            except ValueError:
                place = (np.nan, np.nan)
            if not np.isfinite(place).all():
                raise DataError(f"{table}: row {number}: x and y must be numbers")
            told[row["point"]] = place
    return tuple(
        _pointed(film, rows[film.source, film.file]) if (film.source, film.file) in rows else film
        for film in films
    )


_POINT_COLUMNS = ("set", "file", "point", "state", "x", "y")


def _pointed(film: CornerFilm, told: dict[str, tuple[float, float]]) -> CornerFilm:
    return replace(
        film,
        points_px=np.array([told.get(name, (np.nan, np.nan)) for name in FRONTAL_POINTS]),
        unclear=frozenset(FRONTAL_POINTS) - told.keys(),
    )
