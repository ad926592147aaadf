"""The set of Fraiwan, Audat and Manasreh (2022, Mendeley Data, doi 10.17632/xkt857dsxk.1).

Frontal films of normal and scoliotic spines, and lumbar ones. What the files' names say of the
curve stands in `curve_text`, such as "Rt TAIS": right thoracic adolescent idiopathic scoliosis.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from spinescan.core.errors import DataError
from spinescan.core.report import Side
from spinescan.data.table import read_rows

NamedRegion = Literal["thoracic", "thoracolumbar", "lumbar"]

_COLUMNS = ("file", "label", "group", "view", "source_style", "curve_text")
_CURVE = re.compile(r"\b(?:(Rt|R|Lt|L)\s+)?(TL|T|L)\b", re.IGNORECASE)
_SIDE = re.compile(r"\b(Rt|Lt)\b", re.IGNORECASE)
_DIAGNOSIS = re.compile(r"A?IS$", re.IGNORECASE)
_REGIONS: dict[str, NamedRegion] = {"T": "thoracic", "TL": "thoracolumbar", "L": "lumbar"}
_SIDES: dict[str, Side] = {"R": "right", "L": "left"}


@dataclass(frozen=True, slots=True)
class NamedCurve:
    """A curve as a text names it; `side` is the patient's, None where the text does not say."""

    region: NamedRegion | None
    side: Side | None


@dataclass(frozen=True, slots=True)
class FraiwanFilm:
    """A frontal film; `curves` are those that its name tells, in the name's order."""

    file: str
    path: Path
    group: str
    label: str
    source_style: str
    curves: tuple[NamedCurve, ...]


def named_curves(text: str) -> tuple[NamedCurve, ...]:
    """The curves that a `curve_text` names, in its order; () for an empty one.

    "Rt T and Lt L AIS" names a right thoracic and a left lumbar curve. The diagnosis (AIS, IS) may
    be written apart or at the region's end ("TAIS", "LIS"). Text without a region ("Rt AIS") names
    one curve of unknown region.

    Raises
    ------
    DataError
        If the text is not empty and names neither a region nor a side.
    """
    if not text.strip():
        return ()
    plain = _DIAGNOSIS.sub("", text.strip())
    found = tuple(
        NamedCurve(_REGIONS[region.upper()], _SIDES[side[0].upper()] if side else None)
        for side, region in _CURVE.findall(plain)
    )
    if found:
        return found
    side = _SIDE.search(plain)
    if side is None:
        raise DataError(f"curve text not understood: {text!r}")
    return (NamedCurve(None, _SIDES[side[0][0].upper()]),)


def read_fraiwan(folder: Path) -> tuple[FraiwanFilm, ...]:
    """The frontal films from `labels.csv` and `images/`.

    Raises
    ------
    DataError
        If the table is missing or a row cannot be understood.
    """
    return tuple(
        FraiwanFilm(
            file=row["file"],
            path=folder / "images" / row["file"],
            group=row["group"],
            label=row["label"],
            source_style=row["source_style"],
            curves=named_curves(row["curve_text"]),
        )
        for row in read_rows(folder / "labels.csv", _COLUMNS)
        if row["view"] == "frontal"
    )
