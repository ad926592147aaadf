"""Small data sets in the layouts that SpineScan reads."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spinescan.core.anatomy import LEVELS
from spinescan.measure.aasce import aasce_angles

CORNERS = 4 * len(LEVELS)


@dataclass(frozen=True, eq=False)
class Sheet:
    """One film to write: pixels in [0, 1], corners (17, 4, 2) in its pixels, and its case."""

    pixels: NDArray[np.float32]
    corners: NDArray[np.float64]
    case: str
    suspect: bool = False
    duplicate_of: str = ""


def write_table(path: Path, rows: Sequence[dict[str, Any]], columns: Sequence[str] = ()) -> None:
    with path.open("w", newline="") as stream:
        table = csv.DictWriter(stream, list(columns or rows[0]))
        table.writeheader()
        table.writerows(rows)


def write_picture(path: Path, pixels: NDArray[np.floating]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((pixels * 255 + 0.5).astype(np.uint8)).save(path)


def write_aasce(folder: Path, sheets: Sequence[Sheet]) -> Path:
    """Write `film_00.png`, `film_01.png` and so on with their tables; returns the folder."""
    index, landmarks = [], []
    for k, sheet in enumerate(sheets):
        file = f"film_{k:02}.png"
        write_picture(folder / "images" / file, sheet.pixels)
        rows, columns = sheet.pixels.shape
        x, y = (sheet.corners.reshape(CORNERS, 2) / [columns, rows]).T
        landmarks.append(
            {
                "file": file,
                **{f"x{i}": round(v, 6) for i, v in enumerate(x.tolist())},
                **{f"y{i}": round(v, 6) for i, v in enumerate(y.tolist())},
            }
        )
        angles = aasce_angles(sheet.corners, rows)
        index.append(
            {
                "file": file,
                "case": sheet.case,
                "height": rows,
                "width": columns,
                **{f"cobb_{i}": round(float(v), 3) for i, v in enumerate(angles, start=1)},
                "suspect_landmarks": int(sheet.suspect),
                "exact_duplicate_of": sheet.duplicate_of,
            }
        )
    write_table(folder / "index.csv", index)
    write_table(folder / "landmarks.csv", landmarks)
    return folder
