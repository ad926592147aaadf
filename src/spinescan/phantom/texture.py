"""Unevenness of tissue: smooth random fields that stay with the body, whatever film sees them."""

from dataclasses import dataclass

import numpy as np

from spinescan.phantom.render import Grid
from spinescan.phantom.spans import Window
from spinescan.phantom.vertebrae import Vector

_WIDTH_MM, _HEIGHT_MM = 640.0, 1120.0
_BOTTOM_MM = -420.0


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A random field over the frontal or lateral plane, with mean 0 and spread about 1.

    `values` (n, m) lie on a lattice of `spacing_mm` in height and to the side.
    """

    values: Vector
    spacing_mm: float

    @classmethod
    def drawn(cls, rng: np.random.Generator, spacing_mm: float) -> "Field":
        """A field whose grains are about twice the spacing wide."""
        size = (int(_HEIGHT_MM / spacing_mm) + 4, int(_WIDTH_MM / spacing_mm) + 4)
        return cls(rng.standard_normal(size) * 2.25, spacing_mm)

    def on(self, window: Window, depth: float) -> Grid:
        """Its values (rows, columns) where the window's rays pass that depth."""
        height, place = window.places(depth)
        rows = _weights((height - _BOTTOM_MM) / self.spacing_mm, self.values.shape[0])
        columns = _weights((place + _WIDTH_MM / 2) / self.spacing_mm, self.values.shape[1])
        field: Grid = rows @ self.values.astype(np.float32) @ columns.T
        return field


def _weights(at: Vector, n: int) -> Grid:
    """Quadratic B-spline weights (len(at), n) of n knots; what lies outside repeats the field."""
    distance = np.abs((at[:, None] - np.arange(n)[None] + n / 2) % n - n / 2)
    near = 0.75 - distance**2
    far = 0.5 * np.clip(1.5 - distance, 0, None) ** 2
    return np.where(distance < 0.5, near, far).astype(np.float32)
