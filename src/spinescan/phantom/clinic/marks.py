"""Marks on a film: lead side letters, rulers, centimetre scales, burned-in text.

pixels: float32 (rows, columns) in [0, 1], bright is dense; every function returns a new picture and
moves no point. All names, numbers and dates are made up, and plainly so.
"""

from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from spinescan.phantom.clinic.tone import Pixels, blur, clipped

Side = Literal["left", "right"]
MarkerStyle = Literal["plain", "ring", "plate", "digital"]
Corner = Literal["top left", "top right", "bottom left", "bottom right"]
CORNERS: tuple[Corner, ...] = ("top left", "top right", "bottom left", "bottom right")

_TITLES = ("PHANTOM", "SYNTHETIC", "PHANTOM^NOBODY", "NOT A PATIENT", "SPINE PHANTOM", "DRAWN FILM")
_PROJECTIONS = ("Standing PA", "AP", "PA", "ERECT", "WHOLE SPINE", "STANDING", "TEST EXPOSURE")


class SideMark(NamedTuple):
    """Which letter was put where: on the `side` of the picture, its centre at (x, y) in pixels."""

    letter: Literal["L", "R"]
    side: Side
    x: float
    y: float


def side_marker(
    pixels: Pixels,
    rng: np.random.Generator,
    *,
    letter: Literal["L", "R"],
    side: Side,
    height: float | None = None,
    style: MarkerStyle = "ring",
    mirrored: bool = False,
    initials: bool = False,
) -> tuple[Pixels, SideMark]:
    """Put a side letter on a side of the picture.

    Parameters
    ----------
    letter
        The patient's side that the letter names; the caller sees to it that this is true.
    side
        Side of the picture.
    height
        Place from the top (0) to the bottom (1) of the film; drawn if None.
    style
        Lead letter ("plain"), in a lead circle ("ring"), cut out of a bright plate ("plate"), or
        a workstation's letter ("digital", upright and sharp).
    mirrored
        As when a lead marker lies face down. A workstation's letter is never mirrored.
    initials
        Add a technician's made-up initials below a lead letter.
    """
    rows, columns = pixels.shape
    height = rng.uniform(0.04, 0.6) if height is None else height
    size = max(10.0, rows * rng.uniform(0.02, 0.04))
    inward = rng.uniform(0.04, 0.14) * columns + size * 0.6
    x = inward if side == "left" else columns - inward
    y = float(np.clip(height * rows, size, rows - size))
    words = "".join(rng.choice(list("ABDEHKMNST"), 2)) if initials else ""
    tile = _letter_tile(letter, "" if style == "digital" else words, style, size)
    if style != "digital":
        turned = tile.rotate(rng.normal(0, 5), Image.Resampling.BICUBIC)
        tile = turned.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else turned
    mask = np.asarray(tile.reduce(4), np.float32) / np.float32(255)
    softness = 0.25 if style == "digital" else rng.uniform(0.5, 1.0) * rows / 768
    ink = 1.0 if style == "digital" else rng.uniform(0.82, 1.0)
    mask = blur(mask, softness) * np.float32(ink)
    # Lead adds to what lies in the ray's path, so that it never darkens the film.
    return _stamped(pixels, mask, x, y), SideMark(letter, side, x, y)


def ruler(
    pixels: Pixels, rng: np.random.Generator, *, side: Side, px_per_cm: float, place: float = 0.04
) -> Pixels:
    """A radio-opaque ruler along a side of the film, ticks each centimetre, numbers each ten.

    It stands off the picture's edge by `place` of the width, and runs most of the film's length.
    """
    rows, columns = pixels.shape
    picture, draw = _mask(pixels)
    top, bottom = rows * rng.uniform(0.0, 0.06), rows * rng.uniform(0.94, 1.0)
    tick = max(3.0, columns * 0.012)
    inward = 1 if side == "left" else -1
    edge_x = place * columns if side == "left" else columns * (1 - place)
    font = font_of(max(7.0, min(1.6 * px_per_cm, rows * 0.014)))
    first = int(rng.integers(0, 4)) * 5
    for count, y in enumerate(np.arange(top, bottom, px_per_cm)):
        five, ten = count % 5 == 0, count % 10 == 0
        reach = tick * (2.4 if ten else 1.7 if five else 1.0)
        draw.line([(edge_x, y), (edge_x + inward * reach, y)], fill=220, width=1)
        if ten:
            anchor = "lm" if side == "left" else "rm"
            at = (edge_x + inward * (reach + 2), y)
            draw.text(at, str(first + count), fill=255, font=font, anchor=anchor)
    draw.line([(edge_x, top), (edge_x, bottom)], fill=200, width=max(1, rows // 700))
    ink = np.float32(rng.uniform(0.6, 0.9))
    mask = blur(_floats(picture), rng.uniform(0.35, 0.6) * rows / 768) * ink
    body = np.zeros_like(mask)  # the ruler's own plastic, hardly to be seen
    low, high = sorted((edge_x, edge_x + inward * tick * 4.5))
    body[round(top) : round(bottom), max(0, round(low)) : max(0, round(high))] = 0.05
    return clipped(pixels + (1 - pixels) * np.maximum(mask, body))


def scale_bar(
    pixels: Pixels, rng: np.random.Generator, *, edge: Literal["right", "bottom"], px_per_cm: float
) -> Pixels:
    """A workstation's centimetre scale, 10 or 20 cm long, along the right or the bottom edge."""
    rows, columns = pixels.shape
    picture, draw = _mask(pixels)
    across = edge == "bottom"
    room = (columns if across else rows) * 0.8
    centimetres = next((n for n in (20, 10, 5) if n * px_per_cm <= room), 2)
    start = ((columns if across else rows) - centimetres * px_per_cm) / 2
    base = (rows if across else columns) - rng.uniform(0.012, 0.03) * (rows if across else columns)
    tick = max(2.0, 0.006 * rows)

    def line(along: float, along_end: float, off: float, off_end: float) -> None:
        ends = [(along, base - off), (along_end, base - off_end)]
        draw.line(ends if across else [(b, a) for a, b in ends], fill=255, width=1)

    end = start + centimetres * px_per_cm
    line(start, end, 0, 0)
    for k in range(centimetres + 1):
        at = start + k * px_per_cm
        line(at, at, 0, tick * (2 if k % 5 == 0 else 1))
    place = (end + 3, base) if across else (base, end + 3)
    words = "cm" if rng.random() < 0.5 else f"{centimetres} cm"
    size = max(7.0, 0.013 * rows)
    draw.text(place, words, fill=255, font=font_of(size), anchor="ls" if across else "rt")
    return inked(pixels, _floats(picture), rng.uniform(0.6, 1.0))


def burned_in_text(
    pixels: Pixels,
    rng: np.random.Generator,
    *,
    corners: tuple[Corner, ...] = ("top left", "bottom right"),
    lines: int = 4,
) -> Pixels:
    """Blocks of up to `lines` lines of a console's text in the corners of the picture."""
    rows, columns = pixels.shape
    picture, draw = _mask(pixels)
    size = max(7.0, rows * rng.uniform(0.009, 0.018))
    font = font_of(size)
    gap = 0.01 * rows
    for corner in corners:
        count = int(rng.integers(1, lines + 1))
        words = "\n".join(_line(rng, first=k == 0) for k in range(count))
        to_right, to_bottom = corner.endswith("right"), corner.startswith("bottom")
        at = (columns - gap if to_right else gap, rows - gap if to_bottom else gap)
        anchor = ("r" if to_right else "l") + ("d" if to_bottom else "a")
        align = "right" if to_right else "left"
        draw.multiline_text(at, words, fill=255, font=font, anchor=anchor, align=align, spacing=1)
    return inked(pixels, _floats(picture), rng.uniform(0.65, 1.0))


def _line(rng: np.random.Generator, *, first: bool) -> str:
    number = int(rng.integers(0, 10000))
    if first:
        return str(rng.choice(_TITLES))
    choices = (
        str(rng.choice(_PROJECTIONS)),
        f"ID: 0000-{number:04d}",
        f"{number % 9 + 31}/{number % 80 + 13}/9{number % 1000:03d}",  # no such day
        f"W: {number} C: {number // 2}",
        f"Zoom {0.5 + number / 10000:.2f}x",
        f"IM: {number % 6 + 1}",
        "kVp: ---  mAs: ---",
        f"S: {number}.{number % 100:02d}",
        "ROOM 0",
        "99:99:99",
    )
    return choices[rng.integers(len(choices))]


def _letter_tile(letter: str, words: str, style: MarkerStyle, size: float) -> Image.Image:
    """The marker on a square of four times its pixels, so that it can be turned and reduced."""
    fine = 4 * size
    side = 4 * round(2.4 * size)
    tile = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(tile)
    middle = side / 2
    stroke = max(1, round(0.035 * fine)) if style != "digital" else 0
    glyph = 0.8 if style == "ring" else 1.0
    if style == "plate":
        half = 0.62 * fine
        draw.rectangle((middle - half, middle - half, middle + half, middle + half), fill=255)
    if style == "ring":
        radius = 0.62 * fine
        box = (middle - radius, middle - radius, middle + radius, middle + radius)
        draw.ellipse(box, outline=255, width=round(0.09 * fine))
    fill = 0 if style == "plate" else 255
    font = font_of(glyph * fine)
    draw.text((middle, middle), letter, fill, font, anchor="mm", stroke_width=stroke)
    if words:
        place = (middle, middle + 0.64 * fine)
        draw.text(place, words, 255, font_of(0.4 * fine), anchor="ma", stroke_width=stroke)
    return tile


def _stamped(pixels: Pixels, mask: Pixels, x: float, y: float) -> Pixels:
    """Lighten by a small mask whose middle comes to (x, y); what lies outside is cut off."""
    height, width = mask.shape
    left, top = round(x - width / 2), round(y - height / 2)
    rows = slice(max(0, top), max(0, top, min(pixels.shape[0], top + height)))
    columns = slice(max(0, left), max(0, left, min(pixels.shape[1], left + width)))
    part = mask[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    picture = pixels.copy()
    picture[rows, columns] += (1 - picture[rows, columns]) * part
    return clipped(picture)


def inked(pixels: Pixels, mask: Pixels, ink: float) -> Pixels:
    """Lay a grey over the film where the mask (0 to 1) says so."""
    return clipped(pixels + (np.float32(ink) - pixels) * mask)


def _mask(pixels: Pixels) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("L", (pixels.shape[1], pixels.shape[0]), 0)
    return picture, ImageDraw.Draw(picture)


def _floats(mask: Image.Image) -> NDArray[np.float32]:
    return np.asarray(mask, np.float32) / np.float32(255)


def font_of(size: float) -> ImageFont.FreeTypeFont:
    """The plain letters that come with Pillow, about `size` pixels high."""
    return _font(round(size))


@lru_cache(maxsize=128)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("expected a Pillow with FreeType, which its wheels have")
    return font
