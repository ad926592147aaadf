"""Cobb lines as a reader draws them on a film, with wax pencil or with a workstation's tool.

Nothing here moves a point. Points are (x, y) in pixels, (0, 0) the film's top-left corner.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from spinescan.phantom.clinic.marks import font_of, inked
from spinescan.phantom.clinic.tone import Pixels, blur, clouds

Hand = Literal["pencil", "digital"]
Points = NDArray[np.float64]


class _Sketch(NamedTuple):
    solid: list[Points]  # each (n, 2): a line through these points
    dashed: list[Points]
    words_xy: Points  # (2,): where the angle is written


def cobb_lines(
    pixels: Pixels,
    rng: np.random.Generator,
    upper: Points,
    lower: Points,
    *,
    hand: Hand = "pencil",
    ink: float = 1.0,
    words: bool = True,
) -> Pixels:
    """Draw the measuring of one curve.

    Both endplates are prolonged to the side where they converge; there stand either perpendiculars
    that cross, with an arc between them, or a dashed line that joins the ends; and the angle. A
    hand is a little off, by 3 % of the endplate's width, and writes the angle that it drew.

    Parameters
    ----------
    upper, lower
        (2, 2): ends of the endplate of the upper and of the lower end vertebra, in either order.
    hand
        "pencil": thick, waxy, uneven; "digital": thin and sharp, often with a rim.
    ink
        Grey of the line, 0 black to 1 white; coloured pencils lie between.
    words
        Write the angle.
    """
    ends = [_drawn(upper, rng), _drawn(lower, rng)]
    sketch = _sketch(ends, rng)
    degrees = abs(_tilt_deg(ends[0]) - _tilt_deg(ends[1]))
    value = f"{degrees:.1f}°" if hand == "digital" and rng.random() < 0.5 else f"{degrees:.0f}°"
    text = value if words else ""
    rows = pixels.shape[0]
    if hand == "pencil":
        wide = rows * rng.uniform(0.003, 0.006)
        mask = blur(_mask(pixels, sketch, wide, text, float(rng.normal(0, 8))), 0.6 * rows / 768)
        wax = 0.8 + 0.2 * clouds(rng, pixels.shape, rows // 6)
        return inked(pixels, mask * np.clip(wax, 0.3, 1), ink)
    wide = rows * rng.uniform(0.0015, 0.003)
    if rng.random() < 0.5:
        rim = _mask(pixels, sketch, wide + 2.0, "", 0)
        pixels = inked(pixels, rim, 0.0 if ink > 0.5 else 1.0)
    return inked(pixels, _mask(pixels, sketch, wide, text, 0), ink)


def _drawn(segment: Points, rng: np.random.Generator) -> Points:
    """The endplate as a hand draws it, from the picture's left to its right."""
    width = np.linalg.norm(segment[1] - segment[0])
    drawn = segment + rng.normal(0, 0.03 * width, (2, 2)) * [0.3, 1]
    ordered: Points = drawn[np.argsort(drawn[:, 0])]
    return ordered


def _tilt_deg(ends: Points) -> float:
    """Downward to the picture's right is positive."""
    across, down = ends[1] - ends[0]
    return float(np.rad2deg(np.arctan2(down, across)))


def _sketch(ends: list[Points], rng: np.random.Generator) -> _Sketch:
    side = 1.0 if _tilt_deg(ends[0]) > _tilt_deg(ends[1]) else -1.0
    width = float(np.linalg.norm(ends[0][1] - ends[0][0]))
    height = float(np.linalg.norm(ends[1].mean(axis=0) - ends[0].mean(axis=0)))
    along = [
        (pair[1] - pair[0]) / max(float(np.linalg.norm(pair[1] - pair[0])), 1e-6) for pair in ends
    ]
    reach, back = width * rng.uniform(1.2, 2.8), width * rng.uniform(0.55, 0.9)
    middles = [pair.mean(axis=0) for pair in ends]
    far = [m + side * reach * a for m, a in zip(middles, along, strict=True)]
    solid = [
        np.array([m - side * back * a, f]) for m, a, f in zip(middles, along, far, strict=True)
    ]
    feet = [f - side * 0.15 * width * a for f, a in zip(far, along, strict=True)]
    down = np.array([-along[0][1], along[0][0]])
    up = np.array([along[1][1], -along[1][0]])
    crossing = _meeting(feet[0], down, feet[1], up, longest=1.3 * height)
    if crossing is None or rng.random() < 0.3:
        beside = 0.5 * (far[0] + far[1]) + [side * 0.3 * width, 0]
        return _Sketch(solid, [np.array(far)], beside)
    beyond = 0.3 * height
    perpendiculars = [
        np.array([feet[0], crossing + beyond * down]),
        np.array([feet[1], crossing + beyond * up]),
    ]
    arc = _arc(crossing, down, -up, 0.2 * height)
    words_xy = crossing + [side * 0.55 * width, 0]
    if rng.random() < 0.4:
        return _Sketch([*solid, arc], perpendiculars, words_xy)
    return _Sketch([*solid, *perpendiculars, arc], [], words_xy)


def _meeting(
    a: Points, along_a: Points, b: Points, along_b: Points, longest: float
) -> Points | None:
    """Where two rays meet, if they do within `longest` pixels of both their starts."""
    rays = np.column_stack([along_a, -along_b])
    if abs(np.linalg.det(rays)) < 0.02:
        return None
    far = np.linalg.solve(rays, b - a)
    if far.min() <= 0 or far.max() > longest:
        return None
    met: Points = a + far[0] * along_a
    return met


def _arc(centre: Points, start: Points, end: Points, radius: float) -> Points:
    first, last = (np.arctan2(v[1], v[0]) for v in (start, end))
    sweep = (last - first + np.pi) % (2 * np.pi) - np.pi
    angles = first + sweep * np.linspace(0, 1, 24)
    arc: Points = centre + radius * np.column_stack([np.cos(angles), np.sin(angles)])
    return arc


def _dashes(line: Points, dash: float) -> Iterable[Points]:
    start, step = line[0], line[1] - line[0]
    count = max(1, int(np.linalg.norm(step) / (2 * dash)))
    for k in range(count):
        yield np.array([start + step * k / count, start + step * (k + 0.55) / count])


def _mask(pixels: Pixels, sketch: _Sketch, wide: float, text: str, slant_deg: float) -> Pixels:
    rows, columns = pixels.shape
    fine = Image.new("L", (2 * columns, 2 * rows), 0)
    draw = ImageDraw.Draw(fine)
    lines = [*sketch.solid, *(d for line in sketch.dashed for d in _dashes(line, rows * 0.006))]
    for line in lines:
        ends = [(2 * x, 2 * y) for x, y in line]
        draw.line(ends, fill=255, width=max(1, round(2 * wide)), joint="curve")
    mask = fine.reduce(2)
    if text:
        written = Image.new("L", (columns, rows), 0)
        size = max(9.0, 0.024 * rows)
        room = [len(text) * 0.4 * size, 0.7 * size]
        at = np.clip(sketch.words_xy, room, np.maximum(room, [columns, rows] - np.array(room)))
        place = (float(at[0]), float(at[1]))
        pen = ImageDraw.Draw(written)
        pen.text(place, text, fill=255, font=font_of(size), anchor="mm", stroke_width=wide / 4)
        mask.paste(255, mask=written.rotate(slant_deg, center=place) if slant_deg else written)
    return np.asarray(mask, np.float32) / np.float32(255)
