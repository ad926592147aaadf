"""The answers of a scan, read back from its JSON Lines and laid beside the films of a data set."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import FRONTAL_CORNERS, LEVELS
from spinescan.core.errors import DataError
from spinescan.core.report import Curve
from spinescan.study.metrics import share_with_interval

Record = dict[str, Any]


def read_records(files: Iterable[Path]) -> list[Record]:
    """All lines of several JSON Lines files, as `spinescan scan --json` prints them.

    Raises
    ------
    DataError
        A file cannot be read, or a line is not a report.
    """
    records = []
    for path in files:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: cannot be read ({error})") from error
        for number, line in enumerate(lines, start=1):
            try:
                record = json.loads(line)
            except ValueError as error:
                raise DataError(f"{path}: line {number} is not JSON") from error
            if not isinstance(record, dict) or "schema_version" not in record:
                raise DataError(f"{path}: line {number} is not a report of spinescan scan")
            records.append(record)
    return records


def match_records(files: Sequence[str], records: Iterable[Record]) -> list[Record | None]:
    """The record of each film, None where there is none.

    Parameters
    ----------
    files
        Names of films inside their data set, such as "scoliosis/s002.jpg".
    records
        Each must name its file; the name must end in one of `files`.

    Raises
    ------
    DataError
        A record names no film of the set, or a film has two records.
    """
    depth = max((len(PurePath(file).parts) for file in files), default=1)
    place = {PurePath(file).parts: i for i, file in enumerate(files)}
    found: list[Record | None] = [None] * len(files)
    for record in records:
        if "file" not in record:
            raise DataError("a record without its file's name (--anonymous) cannot be scored")
        parts = PurePath(record["file"]).parts
        index = next((place[parts[-k:]] for k in range(depth, 0, -1) if parts[-k:] in place), None)
        if index is None:
            raise DataError(f"{record['file']}: not a film of this data set")
        if found[index] is not None:
            raise DataError(f"{files[index]}: more than one record")
        found[index] = record
    return found


def corners_xy(record: Record) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The levels that a report marks in full, and their corners: float64 (m, 4, 2), in pixels."""
    landmarks = record["landmarks"]
    if landmarks is None:
        return (), np.empty((0, 4, 2))
    points = dict(zip(landmarks["names"], landmarks["points_xy"], strict=True))
    levels = tuple(v for v in LEVELS if all(f"{v}_{c}" in points for c in FRONTAL_CORNERS))
    corners = [[points[f"{v}_{c}"] for c in FRONTAL_CORNERS] for v in levels]
    return levels, np.array(corners, dtype=np.float64).reshape(-1, 4, 2)


def corner_spread_px(record: Record) -> NDArray[np.float64]:
    """The spreads (m, 4) of the corners that `corners_xy` gives, in pixels, NaN where unknown."""
    levels, _ = corners_xy(record)
    if not levels:
        return np.empty((0, 4))
    landmarks = record["landmarks"]
    told = landmarks.get("spread_px") or [None] * len(landmarks["names"])
    spread = dict(zip(landmarks["names"], told, strict=True))
    rows = [[spread[f"{v}_{c}"] for c in FRONTAL_CORNERS] for v in levels]
    return np.array(rows, dtype=np.float64)


def curves_of(record: Record | None) -> tuple[Curve, ...]:
    """The curves of an accepted film, largest first; of any other film none."""
    if record is None or outcome(record) != "accepted":
        return ()
    curves = []
    for told in record.get("curves", ()):
        interval = told.get("interval_deg")
        curves.append(
            Curve(**{**told, "interval_deg": None if interval is None else tuple(interval)})
        )
    return tuple(curves)


def outcome(record: Record | None) -> str:
    """One of "accepted", "abstained" and "failed"; a film without a record failed."""
    if record is None or "error" in record:
        return "failed"
    return str(record["decision"])


def acceptance(records: Sequence[Record | None]) -> dict[str, Any]:
    """How many films were accepted (with a Wilson 95 % interval), abstained from, and failed."""
    outcomes = [outcome(record) for record in records]
    return {
        "n": len(outcomes),
        "accepted": share_with_interval(outcomes.count("accepted"), len(outcomes)),
        "n_abstained": outcomes.count("abstained"),
        "n_failed": outcomes.count("failed"),
    }
