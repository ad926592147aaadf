"""Answers on paper, typed into a table: one row a film of the reader's sheets.

The columns are `columns(tasks)`; `set`, `reader` and `film` are filled in already. Angles may have
a decimal comma; `readable` and `no_curve` are yes, no or empty.
"""

import csv
import io
from pathlib import Path
from typing import Any, Final

from spinescan.core.errors import DataError
from spinescan.data.table import read_rows
from spinescan.study.readers.questions import (
    SAGITTAL_ANGLES,
    asks_curves,
    asks_sagittal,
)

PAPER_CURVES: Final = 3
_FIRST: Final = ("set", "reader", "film")
_CURVE: Final = ("upper", "apex", "lower", "convex_side", "cobb_deg")
_CURVES: Final = tuple(f"curve{i}_{name}" for i in range(1, PAPER_CURVES + 1) for name in _CURVE)
_YES: Final[dict[str, bool | None]] = {
    "yes": True, "y": True, "1": True, "true": True,
    "no": False, "n": False, "0": False, "false": False, "": None,
}  # fmt: skip


def columns(tasks: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of the table for these tasks."""
    return (
        *_FIRST,
        "view",
        "readable",
        "reason",
        *tasks,
        *(("no_curve", *_CURVES) if asks_curves(tasks) else ()),
        *(SAGITTAL_ANGLES if asks_sagittal(tasks) else ()),
        "confidence",
        "remark",
    )


def empty_table(set_id: str, reader: str, films: int, tasks: tuple[str, ...]) -> str:
    """The table to type into, as CSV."""
    out = io.StringIO()
    names = columns(tasks)
    table = csv.writer(out, lineterminator="\n")
    table.writerow(names)
    for number in range(1, films + 1):
        table.writerow((set_id, reader, number, *[""] * (len(names) - len(_FIRST))))
    return out.getvalue()


def typed_answers(path: Path) -> dict[str, Any]:
    """A filled table in the form of an exported answers file, unchecked.

    Raises
    ------
    DataError
        It cannot be read, is of several readers or sets, or a cell is no number where one belongs.
    """
    rows = read_rows(path, _FIRST)
    if not rows:
        raise DataError(f"{path}: no row in it")
    whose = {(row["set"].strip(), row["reader"].strip()) for row in rows}
    if len(whose) != 1:
        raise DataError(f"{path}: one set and one reader a file, got {len(whose)}")
    ((set_id, reader),) = whose
    answers = []
    for number, row in enumerate(rows, start=2):
        cells = {name: value.strip() for name, value in row.items()}
        try:
            answers.append(_answer(cells))
        except ValueError as error:
            raise DataError(f"{path}: row {number}: {error}") from error
    return {"set": set_id, "reader": reader, "answers": answers}


def _answer(cells: dict[str, str]) -> dict[str, Any]:
    known = {*_FIRST, "view", "readable", "reason", "no_curve", "confidence", "remark"}
    known |= {*SAGITTAL_ANGLES, *_CURVES}
    tasks = [name for name in cells if name not in known]  # the check tells one that is none
    curves = [
        {name: cells.get(f"curve{i}_{name}", "") for name in _CURVE}
        for i in range(1, PAPER_CURVES + 1)
    ]
    return {
        "film": _whole(cells["film"]),
        "view": cells.get("view", "").lower(),
        "readable": _yes_no("readable", cells),
        "reason": cells.get("reason", ""),
        "labels": {task: cells[task] for task in tasks if cells[task]},
        "no_curve": _yes_no("no_curve", cells) or False,
        "curves": [_curve(curve) for curve in curves],
        **{name: _number(name, cells.get(name, "")) for name in SAGITTAL_ANGLES},
        "confidence": cells.get("confidence", "").lower(),
        "remark": cells.get("remark", ""),
    }


def _curve(cells: dict[str, str]) -> dict[str, Any]:
    return {
        **{name: cells[name].upper() for name in ("upper", "apex", "lower")},
        "convex_side": cells["convex_side"].lower(),
        "cobb_deg": _number("cobb_deg", cells["cobb_deg"]),
    }


def _whole(cell: str) -> int:
    try:
        return int(cell)
    except ValueError:
        raise ValueError(f"film must be a whole number, got {cell!r}") from None


def _number(name: str, cell: str) -> float | None:
    try:
        return float(cell.replace(",", ".")) if cell else None
    except ValueError:
        raise ValueError(f"{name} must be a number of degrees, got {cell!r}") from None


def _yes_no(name: str, cells: dict[str, str]) -> bool | None:
    cell = cells.get(name, "").lower()
    if cell not in _YES:
        raise ValueError(f"{name} must be yes, no or empty, got {cell!r}")
    return _YES[cell]
