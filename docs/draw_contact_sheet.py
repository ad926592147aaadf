"""Draw a sheet of phantoms: `python docs/draw_contact_sheet.py docs/images/phantoms.jpg`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from spinescan.io.marks import font
from spinescan.phantom.clinic.recipe import ClinicRecipe
from spinescan.phantom.film import Order, Phantom, draw_phantom

COLUMNS, CELL = 6, (250, 440)
"""Films in a row; width and height of a film's place."""

TITLE = "Synthetic films, drawn by SpineScan: no patient. Research use only."
_TITLE_HEIGHT, _LABEL_HEIGHT, _GAP = 52, 50, 10
_GROUND, _INK, _FAINT = (17, 18, 22), (238, 240, 244), (168, 173, 182)
_ROWS = 640

# Nothing drawn on the film that its truth gives away.
_QUIET = ClinicRecipe(photo_weight=0.0, teaching_weight=0.0, lines_chance=0.0, invert_chance=0.0)
_PHOTO = ClinicRecipe(export_weight=0.0, long_weight=0.0, teaching_weight=0.0, lines_chance=0.0)
_TEACHING = ClinicRecipe(export_weight=0.0, long_weight=0.0, photo_weight=0.0, lines_chance=1.0)
_LONG = ClinicRecipe(export_weight=0.0, photo_weight=0.0, teaching_weight=0.0, ruler_chance=1.0)


_USUAL = {"extent": "whole", "rows": _ROWS, "clinic": _QUIET, "metal": "none"}


class Cell(NamedTuple):
    """A film to draw, and what its label says of the picture."""

    order: Order
    seed: int
    kind: str = ""


def _frontal(seed: int, kind: str = "", **wishes: object) -> Cell:
    settings = {**_USUAL, "least_margin": 0.3, **wishes}
    return Cell(Order(**settings), seed, kind)  # type: ignore[arg-type]


def _lateral(seed: int, kind: str = "", **wishes: object) -> Cell:
    settings = {**_USUAL, **wishes}
    return Cell(Order(view="lateral", **settings), seed, kind)  # type: ignore[arg-type]


CELLS = (
    _frontal(11, als="healthy"),
    _frontal(12, als="3CH", cobb_deg=38),
    _frontal(13, als="3CTL", cobb_deg=32),
    _frontal(14, als="3CN", cobb_deg=42),
    _frontal(15, als="3CL", cobb_deg=52),
    _frontal(16, als="4C", cobb_deg=45),
    _frontal(17, als="4CL", cobb_deg=40),
    _frontal(18, als="4CTL", cobb_deg=44),
    _frontal(19, "rods", als="4C", cobb_deg=60, extent="trunk", metal="rods"),
    _frontal(20, "T1 to L5", als="3CH", cobb_deg=25, extent="spine"),
    _frontal(25, "T1 to L5", als="3CL", cobb_deg=65, extent="spine"),
    _frontal(23, "brace", als="4CL", cobb_deg=28, extent="trunk", metal="brace"),
    _lateral(31, sagittal="healthy"),
    _lateral(32, sagittal="hyperkyphosis"),
    _lateral(33, sagittal="hypokyphosis"),
    _lateral(34, sagittal="hyperlordosis"),
    _lateral(35, sagittal="hypolordosis"),
    _lateral(36, sagittal="both"),
    _lateral(37, "trunk", sagittal="healthy", extent="trunk"),
    _lateral(38, "lumbar", sagittal="healthy", extent="lumbar"),
    _frontal(39, "long film", als="3CN", cobb_deg=35, clinic=_LONG),
    _frontal(40, "photograph", als="4CTL", cobb_deg=35, clinic=_PHOTO),
    _frontal(41, "teaching file", als="3CTL", cobb_deg=45, extent="trunk", clinic=_TEACHING),
    _frontal(42, "plain", als="4C", cobb_deg=50, extent="trunk", plain=True),
)


def label(cell: Cell, phantom: Phantom) -> tuple[str, str]:
    """Two lines: the class, and the true angles."""
    kind = f", {cell.kind}" if cell.kind else ""
    if phantom.view == "lateral":
        told = phantom.angles_deg
        name = "hyperkyphosis, -lordosis" if phantom.subject.sagittal == "both" else None
        return (
            f"{name or phantom.subject.sagittal}{kind}",
            f"TK {told['TK_T4_T12']:.0f}\N{DEGREE SIGN}, LL {told['LL_L1_S1']:.0f}\N{DEGREE SIGN}",
        )
    angles = [f"{c.upper}-{c.lower} {c.cobb_deg:.0f}\N{DEGREE SIGN}" for c in phantom.curves[:2]]
    name = phantom.subject.als or "no scoliosis"
    return f"{name}{kind}", ", ".join(angles) or "no curve of 10\N{DEGREE SIGN}"


def draw_sheet(cells: tuple[Cell, ...] = CELLS) -> Image.Image:
    """All films, labelled, under a title that says synthetic."""
    lines = -(-len(cells) // COLUMNS)
    width, height = CELL
    step = (width + _GAP, height + _LABEL_HEIGHT + _GAP)
    sheet = Image.new("RGB", (COLUMNS * step[0] + _GAP, _TITLE_HEIGHT + lines * step[1]), _GROUND)
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP, _TITLE_HEIGHT / 2), TITLE, fill=_INK, font=font(24), anchor="lm")
    for (left, top), cell in zip(_places(len(cells), step), cells, strict=True):
        phantom = draw_phantom(cell.order, cell.seed)
        picture = Image.fromarray(np.rint(phantom.pixels * 255).astype(np.uint8))
        picture.thumbnail(CELL, Image.Resampling.LANCZOS)
        sheet.paste(picture, (left + (width - picture.width) // 2, top + height - picture.height))
        first, second = label(cell, phantom)
        draw.text((left, top + height + 6), first, fill=_INK, font=font(18))
        draw.text((left, top + height + 28), second, fill=_FAINT, font=font(16))
    return sheet


def _places(count: int, step: tuple[int, int]) -> Iterator[tuple[int, int]]:
    for number in range(count):
        row, column = divmod(number, COLUMNS)
        yield _GAP + column * step[0], _TITLE_HEIGHT + row * step[1]


def main(target: Path) -> None:
    """Write the sheet."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draw_sheet().save(target, quality=84, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
