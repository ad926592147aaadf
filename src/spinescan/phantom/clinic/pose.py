"""Where the film lies: turned, cropped, bordered, shuttered, stitched from several exposures.

pixels: float32 (rows, columns) in [0, 1]. points_xy: float64 (n, 2) in pixels, (0, 0) the top-left
corner of the film; they may lie outside the picture or be NaN. Points follow the pixels exactly.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spinescan.phantom.clinic.tone import Pixels, clipped, window

Points = NDArray[np.float64]
Box = tuple[int, int, int, int]
"""left, top, right, bottom in pixels; right and bottom are the first left out."""


def crop(pixels: Pixels, points_xy: Points, box: Box) -> tuple[Pixels, Points]:
    """The part of the film inside `box`.

    Raises
    ------
    ValueError
        The box is empty or reaches beyond the film.
    """
    left, top, right, bottom = box
    rows, columns = pixels.shape
    if not (0 <= left < right <= columns and 0 <= top < bottom <= rows):
        raise ValueError(f"expected a box inside {columns} x {rows} pixels, got {box}")
    return pixels[top:bottom, left:right].copy(), points_xy - [left, top]


def border(
    pixels: Pixels, points_xy: Points, margins: Box, *, value: float = 0.0
) -> tuple[Pixels, Points]:
    """Flat bars around the film, as a letterboxed export has; margins as in `Box`, in pixels."""
    left, top, right, bottom = margins
    wide = np.pad(pixels, ((top, bottom), (left, right)), constant_values=np.float32(value))
    return wide, points_xy + [left, top]


def turn(
    pixels: Pixels, points_xy: Points, angle_deg: float, *, fill: float = 0.0
) -> tuple[Pixels, Points]:
    """Turn about the film's centre, clockwise as seen; the size stays, bare corners get `fill`."""
    rows, columns = pixels.shape
    centre = np.array([columns / 2, rows / 2])
    cosine, sine = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
    turned_from = np.array([[cosine, sine], [-sine, cosine]])  # picture back to film
    matrix = np.column_stack([turned_from, centre - turned_from @ centre])
    picture = Image.fromarray(pixels).transform(
        (columns, rows),
        Image.Transform.AFFINE,
        tuple(matrix.ravel()),
        Image.Resampling.BICUBIC,
        fillcolor=fill,
    )
    turned = (points_xy - centre) @ turned_from + centre  # rows: the transpose is the way forth
    return clipped(np.asarray(picture)), turned


def shutter(
    pixels: Pixels, box: Box, *, angle_deg: float = 0.0, soft_px: float = 3.0, value: float = 0.0
) -> Pixels:
    """Collimate: beyond `box`, turned about its own centre, the film fades to `value`.

    Moves no point. The edge lies on the box and is `soft_px` wide.
    """
    left, top, right, bottom = box
    cosine, sine = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
    y = np.arange(pixels.shape[0], dtype=np.float32)[:, None] + 0.5 - (top + bottom) / 2
    x = np.arange(pixels.shape[1], dtype=np.float32)[None] + 0.5 - (left + right) / 2
    inside_x = (right - left) / 2 - np.abs(cosine * x + sine * y)
    inside_y = (bottom - top) / 2 - np.abs(cosine * y - sine * x)
    depth = np.minimum(inside_x, inside_y).astype(np.float32)
    open_share = np.clip(depth / np.float32(max(soft_px, 1e-3)) + np.float32(0.5), 0, 1)
    return clipped(np.float32(value) + (pixels - np.float32(value)) * open_share)


def stitch(
    pixels: Pixels,
    points_xy: Points,
    rng: np.random.Generator,
    seams: Sequence[int],
    *,
    shift_px: int = 2,
    step: float = 0.06,
) -> tuple[Pixels, Points]:
    """A long film put together from exposures that meet at the rows `seams`.

    Each exposure after the first is off by up to `shift_px` whole pixels both ways, and its points
    with it; greys and gamma differ by about `step`; most seams show as a dark or bright line, a
    little aslant. A shift leaves a few rows out or repeats them, as overlapping exposures do.

    Raises
    ------
    ValueError
        The seams do not rise, or lie outside the film.
    """
    rows, columns = pixels.shape
    parts = list(pairwise([0, *seams, rows]))
    if any(top >= bottom for top, bottom in parts):
        raise ValueError(f"expected rising seams between rows 0 and {rows}, got {list(seams)}")
    shifts = rng.integers(-shift_px, shift_px + 1, (len(parts), 2))
    shifts[0] = 0
    picture = np.empty_like(pixels)
    for (top, bottom), (across, down) in zip(parts, shifts, strict=True):
        from_y = np.clip(np.arange(top, bottom) - down, 0, rows - 1)
        from_x = np.clip(np.arange(columns) - across, 0, columns - 1)
        low, high, bend = rng.normal(0, step, 3) * [0.4, 1, 1]
        picture[top:bottom] = window(
            pixels[np.ix_(from_y, from_x)], low=low, high=1 + high, gamma=float(np.exp(bend))
        )
    for seam in seams:
        _draw_seam(picture, rng, seam)
    part_of = np.searchsorted(seams, points_xy[:, 1], side="right")
    return clipped(picture), points_xy + shifts[part_of]


def _draw_seam(pixels: Pixels, rng: np.random.Generator, seam: int) -> None:
    rows, columns = pixels.shape
    if rng.random() < 0.2:
        return
    ink = np.float32(rng.choice([0.0, 1.0], p=[0.7, 0.3]))
    half = rng.uniform(0.3, 1.2) * rows / 768
    line_y = seam + np.linspace(-1, 1, columns) * rng.normal(0, 0.004) * columns
    reach = int(np.ceil(np.abs(line_y - seam).max() + 4 * half + 1))
    top, bottom = max(0, seam - reach), min(rows, seam + reach)
    away = np.arange(top, bottom)[:, None] + 0.5 - line_y[None]
    dark = (rng.uniform(0.25, 0.9) * np.exp(-0.5 * (away / half) ** 2)).astype(np.float32)
    pixels[top:bottom] += (ink - pixels[top:bottom]) * dark
