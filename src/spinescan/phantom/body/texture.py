"""Unevenness of tissue: smooth random fields that stay with the body, whatever film sees them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinescan.phantom.body.spans import Window
from spinescan.phantom.render import Grid
from spinescan.phantom.vertebrae import Vector

_WIDTH_MM, _HEIGHT_MM = 640.0, 1120.0
_BOTTOM_MM = -420.0


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A random field over the frontal or lateral plane, with mean 0 and spread about 1.

    `values` (n, m) lie on a lattice of `spacing_mm` in height and to the side.
    """

    values: Grid
    spacing_mm: float

    @classmethod
    def drawn(cls, rng: np.random.Generator, spacing_mm: float) -> "Field":
        """A field whose grains are about twice the spacing wide."""
        size = (int(_HEIGHT_MM / spacing_mm) + 4, int(_WIDTH_MM / spacing_mm) + 4)
        return cls(2.25 * rng.standard_normal(size, dtype=np.float32), spacing_mm)

    def on(self, window: Window, depth: float) -> Grid:
        """Its values (rows, columns) where the window's rays pass that depth."""
        height, place = window.places(depth)
        field = np.zeros((len(height), self.values.shape[1]), np.float32)
        for knot, weight in _taps((height - _BOTTOM_MM) / self.spacing_mm, self.values.shape[0]):
            field += weight[:, None] * self.values[knot]
        columns: Grid = np.zeros((len(height), len(place)), np.float32)
        for knot, weight in _taps((place + _WIDTH_MM / 2) / self.spacing_mm, field.shape[1]):
            columns += field[:, knot] * weight
        return columns


def _taps(at: Vector, n: int) -> Iterator[tuple[NDArray[np.int64], Grid]]:
    """The three knots of n nearest to each place, with their quadratic B-spline weights.

    What lies outside repeats the field.
    """
    nearest = np.round(at)
    off = at - nearest
    for step, weight in (
        (-1, 0.5 * (0.5 - off) ** 2),
        (0, 0.75 - off**2),
        (1, 0.5 * (0.5 + off) ** 2),
    ):
        yield (nearest.astype(np.int64) + step) % n, weight.astype(np.float32)
