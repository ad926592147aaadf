"""Drawing for synthetic films: layers of X-ray density that add up, each with its own blur."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Grid = NDArray[np.float32]
Points = NDArray[np.float64]

HEIGHT, WIDTH = 1280.0, 540.0
"""A film in design units: everything is placed on a sheet of this size and drawn at any other."""
MIDDLE = WIDTH / 2

_FINE = 3  # drawn this many times finer, then averaged: smooth edges from Pillow's hard ones


class Canvas:
    """Shapes in design units drawn at any size.

    Densities add, as they do on a radiograph: a rib over the heart is brighter than either.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self.scale = rows / HEIGHT
        self._shape = (rows, columns)
        self._layers: dict[float, Grid] = {}

    def fill(self, points: Points, value: float, blur: float = 1.0) -> None:
        """Add `value` inside a polygon (n, 2); `blur` is a standard deviation."""
        self._add(points, value, blur, None)

    def stroke(self, points: Points, value: float, width: float, blur: float = 0.8) -> None:
        """Add `value` along a line (n, 2)."""
        self._add(points, value, blur, width)

    def density(self) -> Grid:
        """The sum of all layers, float32 (rows, columns)."""
        total = np.zeros(self._shape, dtype=np.float32)
        for sigma, layer in self._layers.items():
            total += blurred(layer, sigma * self.scale)
        return total

    def _add(self, points: Points, value: float, blur: float, width: float | None) -> None:
        rows, columns = self._shape
        layer = self._layers.setdefault(blur, np.zeros(self._shape, dtype=np.float32))
        xy = np.asarray(points) * self.scale
        margin = 1 + (width or 0) * self.scale
        x0, y0 = np.clip(np.floor(xy.min(axis=0) - margin), 0, [columns, rows]).astype(int)
        x1, y1 = np.clip(np.ceil(xy.max(axis=0) + margin), 0, [columns, rows]).astype(int)
        if x1 <= x0 or y1 <= y0:
            return
        mask = Image.new("L", ((x1 - x0) * _FINE, (y1 - y0) * _FINE))
        draw = ImageDraw.Draw(mask)
        path = [(float(x), float(y)) for x, y in (xy - [x0, y0]) * _FINE]
        if width is None:
            draw.polygon(path, fill=255)
        else:
            draw.line(
                path, fill=255, width=max(1, round(width * self.scale * _FINE)), joint="curve"
            )
        share = np.asarray(mask.reduce(_FINE), dtype=np.float32) / 255
        layer[y0:y1, x0:x1] += np.float32(value) * share


def smooth(points: Sequence[Sequence[float]], *, closed: bool = False, steps: int = 10) -> Points:
    """A smooth line through a few points (Catmull-Rom), float64 (n, 2)."""
    p = np.asarray(points, dtype=np.float64)
    p = (
        np.vstack([p[-1], p, p[:2]])
        if closed
        else np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    )
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    a, b, c, d = p[:-3, None], p[1:-2, None], p[2:-1, None], p[3:, None]
    line = b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    line = line.reshape(-1, 2)
    return line if closed else np.vstack([line, p[-2]])


def on_side(points: Sequence[Sequence[float]], side: int) -> list[list[float]]:
    """Points given as (distance from the middle, y), on the picture's left (-1) or right (1)."""
    return [[MIDDLE + side * x, y] for x, y in points]


def mirrored(points: Sequence[Sequence[float]]) -> Points:
    """The symmetric outline whose right half runs through (distance from the middle, y)."""
    right = smooth(points)
    both = np.vstack([right, (right * [-1, 1])[::-1]])
    both[:, 0] += MIDDLE
    return both


def blurred(image: Grid, sigma: float) -> Grid:
    """Gaussian blur by way of Fourier; edges are continued outward, not wrapped."""
    if sigma <= 0.2:
        return image
    pad = int(np.ceil(3 * sigma))
    padded = np.pad(image, pad, mode="edge")
    fy = np.fft.fftfreq(padded.shape[0])[:, None]
    fx = np.fft.rfftfreq(padded.shape[1])[None]
    pass_low = np.exp(-2 * (np.pi * sigma) ** 2 * (fx**2 + fy**2))
    out = np.fft.irfft2(np.fft.rfft2(padded) * pass_low, s=padded.shape)
    inner: Grid = out[pad:-pad, pad:-pad].astype(np.float32)
    return inner


def cloud(rng: np.random.Generator, shape: tuple[int, int], power: float) -> Grid:
    """Noise of unit variance whose amplitude falls with frequency to the `power`."""
    fy = np.fft.fftfreq(shape[0])[:, None]
    fx = np.fft.rfftfreq(shape[1])[None]
    frequency = np.maximum(np.hypot(fx, fy), 4 / max(shape))
    spectrum = np.fft.rfft2(rng.standard_normal(shape)) * frequency**-power
    out = np.fft.irfft2(spectrum, s=shape)
    noise: Grid = ((out - out.mean()) / out.std()).astype(np.float32)
    return noise
