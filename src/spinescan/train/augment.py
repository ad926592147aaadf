"""Turns a labelled film into another that a clinic might have taken.

Works on a `Shot`; every draw comes from the generator that is passed in.
"""

import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Pixels = NDArray[np.float32]
Points = NDArray[np.float64]
Random = np.random.Generator


class Shot(NamedTuple):
    """A film and its points, in film pixels; NaN for what is not on it.

    pixels
        float32 (rows, columns) in [0, 1].
    corners
        float64 (levels, 4, 2), in the order of `FRONTAL_CORNERS`.
    points
        float64 (9, 2): `FRONTAL_POINTS` and the side letters L and R; or none (0, 2).
    """

    pixels: Pixels
    corners: Points
    points: Points = np.empty((0, 2))


MIRRORED_POINTS = [1, 0, 3, 2, 5, 4, 6, 7, 8]
"""Left and right change places; C7 and the letters, which name the patient's side, do not."""


def augment(shot: Shot, rng: Random, *, surroundings: float = 0.6) -> Shot:
    """Pose, surroundings (as often as told), then grey values and clutter. Never mirrored."""
    if rng.random() < 0.15:
        shot = cut(shot, rng)
    if rng.random() < surroundings:
        shot = surround(shot, rng)
    shot = turn(shot, rng)
    return shot._replace(pixels=spoil(shot.pixels, rng))


def mirror(shot: Shot) -> Shot:
    """The film seen from the other side; what is left and right of the picture changes places."""
    columns = shot.pixels.shape[1]
    corners = shot.corners[:, [1, 0, 3, 2]].copy()
    points = shot.points[MIRRORED_POINTS[: len(shot.points)]].copy()
    corners[..., 0] = columns - corners[..., 0]
    points[:, 0] = columns - points[:, 0]
    return Shot(np.ascontiguousarray(shot.pixels[:, ::-1]), corners, points)


def cut(shot: Shot, rng: Random) -> Shot:
    """Collimate the top or the bottom away; what loses its centre leaves the film."""
    rows = shot.pixels.shape[0]
    top, bottom = 0, rows
    if rng.random() < 0.5:
        top = int(rng.uniform(0.05, 0.45) * rows)
    else:
        bottom = int(rng.uniform(0.6, 0.95) * rows)
    corners, points = shot.corners - [0, top], shot.points - [0, top]
    for places, y in ((corners, corners[..., 1].mean(axis=1)), (points, points[:, 1])):
        places[(y < 0) | (y > bottom - top)] = np.nan
    return Shot(np.ascontiguousarray(shot.pixels[top:bottom]), corners, points)


def surround(shot: Shot, rng: Random) -> Shot:
    """Lay the film into a larger one: skull above, pelvis below, arms or a light-box beside it."""
    pixels = shot.pixels
    rows, columns = pixels.shape
    above = int(rows * rng.uniform(0, 0.45)) if rng.random() < 0.7 else 0
    below = int(rows * rng.uniform(0, 0.5)) if rng.random() < 0.7 else 0
    left, right = (int(columns * rng.uniform(0, 0.7)) for _ in range(2))
    shape = (rows + above + below, columns + left + right)
    if rng.random() < 0.2:  # a photograph of a light-box, or a film on a black or white ground
        canvas = np.full(shape, rng.choice([0.0, 1.0, rng.random()]), np.float32)
        canvas[above : above + rows, left : left + columns] = pixels
    else:
        # The edges run on outwards and blur, so that the seam tells nothing.
        canvas = np.pad(pixels, ((above, below), (left, right)), mode="edge")
        outside = _body_parts(shape, (above, above + rows), (left, left + columns), rng)
        canvas = np.clip(canvas * rng.uniform(0.6, 1.0) + outside, 0, 1)
        blurred = _filtered(canvas, ImageFilter.GaussianBlur(rng.uniform(2, 8)))
        feather = np.zeros(shape, np.float32)
        feather[above : above + rows, left : left + columns] = 1.0
        feather = _filtered(feather, ImageFilter.GaussianBlur(0.02 * rows))
        feather = np.clip(2 * feather - 1, 0, 1)
        inner = np.pad(pixels, ((above, below), (left, right)), mode="edge")
        canvas = feather * inner + (1 - feather) * (0.5 * blurred + 0.5 * canvas)
    shift = [left, above]
    return Shot(canvas.astype(np.float32), shot.corners + shift, shot.points + shift)


def _body_parts(
    shape: tuple[int, int], film_y: tuple[int, int], film_x: tuple[int, int], rng: Random
) -> Pixels:
    """Rough skull, neck, pelvis, hips and arms for the ground around a film."""
    rows, columns = shape
    middle = (film_x[0] + film_x[1]) / 2 + rng.normal(0, 0.03) * columns
    width = (film_x[1] - film_x[0]) * rng.uniform(0.8, 1.4)
    picture = Image.new("F", (columns, rows), 0.0)
    draw = ImageDraw.Draw(picture)

    def ellipse(x: float, y: float, rx: float, ry: float, value: float, line: int = 0) -> None:
        box = (x - rx, y - ry, x + rx, y + ry)
        if line:
            draw.ellipse(box, outline=value, width=line)
        else:
            draw.ellipse(box, fill=value)

    top, bottom = film_y
    if top > 0.05 * rows:
        skull_y, radius = top - width * rng.uniform(0.3, 0.6), width * rng.uniform(0.25, 0.4)
        ellipse(middle, skull_y, radius, radius * 1.3, rng.uniform(0.1, 0.4))
        ellipse(middle, skull_y, radius, radius * 1.3, rng.uniform(0.3, 0.7), 4)
        pitch = width * rng.uniform(0.08, 0.12)
        for k in range(rng.integers(2, 8)):  # cervical vertebrae: boxes that are nobody's level
            half = pitch * rng.uniform(0.6, 0.8)
            y = top - (k + 0.5) * pitch
            draw.rectangle((middle - half, y - 0.35 * pitch, middle + half, y + 0.35 * pitch), 0.3)
    if rows - bottom > 0.05 * rows:
        for side in (-1, 1):
            x = middle + side * width * rng.uniform(0.25, 0.45)
            y = bottom + width * rng.uniform(0.0, 0.3)
            ellipse(x, y, width * 0.25, width * rng.uniform(0.25, 0.4), rng.uniform(0.1, 0.3))
            ellipse(x, y, width * 0.25, width * 0.3, rng.uniform(0.2, 0.5), 5)
            ellipse(x + side * 20, y + width * 0.5, width * 0.1, width * 0.1, rng.uniform(0.2, 0.5))
        draw.polygon(
            [
                (middle - width * 0.15, bottom),
                (middle + width * 0.15, bottom),
                (middle, bottom + width * rng.uniform(0.3, 0.5)),
            ],
            fill=rng.uniform(0.1, 0.4),
        )
    if rng.random() < 0.6:  # arms
        for x in (film_x[0] - width * 0.2, film_x[1] + width * 0.2):
            wide = int(width * rng.uniform(0.03, 0.08))
            end = (x + rng.normal(0, 0.1) * width, rows * rng.uniform(0.5, 1.0))
            draw.line([(x, top), end], fill=rng.uniform(0.1, 0.4), width=max(wide, 1))
    return _filtered(np.asarray(picture), ImageFilter.GaussianBlur(rng.uniform(1, 5)))


def turn(shot: Shot, rng: Random) -> Shot:
    """Rotate, and stretch a little; the film grows so that nothing is lost."""
    pixels = shot.pixels
    angle = np.deg2rad(rng.normal(0, 6))
    stretch = np.exp(rng.normal(0, 0.05, 2))
    linear = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * stretch
    rows, columns = pixels.shape
    box = np.array([[0, 0], [columns, 0], [0, rows], [columns, rows]]) @ linear.T
    low, high = box.min(axis=0), box.max(axis=0)
    inverse = np.linalg.inv(linear)
    matrix = np.column_stack([inverse, inverse @ low])
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    ground = float(rng.choice([0.0, float(np.median(pixels[0])), 1.0], p=[0.7, 0.25, 0.05]))
    picture = Image.fromarray(pixels).transform(
        size,
        Image.Transform.AFFINE,
        tuple(matrix.ravel()),
        Image.Resampling.BILINEAR,
        fillcolor=ground,
    )
    corners, points = (places @ linear.T - low for places in (shot.corners, shot.points))
    return Shot(np.asarray(picture), corners, points)


def spoil(pixels: Pixels, rng: Random) -> Pixels:
    """Grey values, resolution and clutter as they come from other machines and other hands."""
    steps: list[tuple[float, Callable[[Pixels, Random], Pixels]]] = [
        (0.25, _local_contrast),
        (0.5, _shade),
        (0.15, _collimate),
        (0.3, _scribble),
        (0.3, _coarsen),
        (0.25, _blur),
        (0.4, _noise),
        (0.15, _jpeg),
    ]
    pixels = np.clip(pixels, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.35)))
    for chance, step in steps:
        if rng.random() < chance:
            pixels = np.clip(step(pixels, rng), 0, 1).astype(np.float32)
    if rng.random() < 0.12:
        pixels = 1 - pixels
    return np.ascontiguousarray(pixels, dtype=np.float32)


def _filtered(pixels: Pixels, kernel: ImageFilter.GaussianBlur) -> Pixels:
    # Pillow filters bytes; large blurs do not need more.
    picture = Image.fromarray((np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    return np.asarray(picture.filter(kernel), np.float32) / np.float32(255)


def _local_contrast(pixels: Pixels, rng: Random) -> Pixels:
    """What a radiology workstation's local equalisation does."""
    ground = _filtered(pixels, ImageFilter.GaussianBlur(pixels.shape[0] * rng.uniform(0.01, 0.05)))
    share, gain = np.float32(rng.uniform(0.5, 1.0)), np.float32(rng.uniform(1.5, 3.5))
    return (pixels - share * ground) * gain + np.float32(0.4)


def _shade(pixels: Pixels, rng: Random) -> Pixels:
    rows, columns = pixels.shape
    y, x = np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, columns)[None]
    field = rng.normal(0, 0.15) * x + rng.normal(0, 0.25) * y + rng.normal(0, 0.15) * (x**2 + y**2)
    if rng.random() < 0.5:
        return pixels * np.exp(field).astype(np.float32)
    return pixels + 0.5 * field.astype(np.float32)


def _collimate(pixels: Pixels, rng: Random) -> Pixels:
    rows, columns = pixels.shape
    pixels = pixels.copy()
    value = rng.choice([0.0, 1.0])
    pixels[: int(rows * rng.uniform(0, 0.04))] = value
    pixels[rows - int(rows * rng.uniform(0, 0.04)) :] = value
    pixels[:, : int(columns * rng.uniform(0, 0.1))] = value
    pixels[:, columns - int(columns * rng.uniform(0, 0.1)) :] = value
    return pixels


def _scribble(pixels: Pixels, rng: Random) -> Pixels:
    """Burned-in text, drawn angle lines, markers, rulers."""
    rows, columns = pixels.shape
    picture = Image.fromarray(pixels.copy())
    draw = ImageDraw.Draw(picture)
    ink = float(rng.choice([0.0, 0.9, 1.0]))
    for _ in range(rng.integers(0, 4)):
        x, y = rng.uniform(0, columns), rng.uniform(0, rows)
        length, angle = rng.uniform(0.2, 0.9) * columns, rng.normal(0, 0.5)
        end = (x + length * np.cos(angle), y + length * np.sin(angle))
        draw.line([(x, y), end], fill=ink, width=int(rng.integers(1, 4)))
    font = ImageFont.load_default(size=float(rng.uniform(0.015, 0.05) * rows))
    for _ in range(rng.integers(0, 4)):
        place = (rng.uniform(0, columns), rng.uniform(0, rows))
        words = "".join(rng.choice(list("AP0123456789. °TH"), rng.integers(1, 9)))
        draw.text(place, words, fill=ink, font=font)
    return np.asarray(picture)


def _coarsen(pixels: Pixels, rng: Random) -> Pixels:
    """Lose resolution, as a small export or a poor photograph does."""
    rows, columns = pixels.shape
    keep = rng.uniform(0.3, 0.8)
    small = Image.fromarray(pixels).resize(
        (max(8, int(columns * keep)), max(8, int(rows * keep))), Image.Resampling.BILINEAR
    )
    return np.asarray(small.resize((columns, rows), Image.Resampling.BILINEAR))


def _blur(pixels: Pixels, rng: Random) -> Pixels:
    return _filtered(pixels, ImageFilter.GaussianBlur(rng.uniform(0.4, 1.6)))


def _noise(pixels: Pixels, rng: Random) -> Pixels:
    noise = rng.standard_normal(pixels.shape, dtype=np.float32)
    return pixels + np.float32(rng.uniform(0.01, 0.05)) * noise


def _jpeg(pixels: Pixels, rng: Random) -> Pixels:
    stream = io.BytesIO()
    picture = Image.fromarray((pixels * 255).astype(np.uint8))
    picture.save(stream, "JPEG", quality=int(rng.integers(20, 70)))
    return np.asarray(Image.open(stream), np.float32) / np.float32(255)
