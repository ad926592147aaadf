"""Small dense things, made of samples: wires, rods, plates and discs of any bearing in space."""

import numpy as np

from spinescan.phantom.render import Film
from spinescan.phantom.vertebrae import Vector

STEEL = 0.4
"""Attenuation per mm: a rod of 5.5 mm hides all behind it."""


class Metal:
    """Gathers samples and adds them to a film at once."""

    def __init__(self, film: Film) -> None:
        self._film = film
        self._points: list[Vector] = []
        self._matter: list[Vector] = []
        # Samples lie so dense that a pixel holds several.
        beam = film.beam
        near = beam.distance_mm / float(np.mean(beam.magnification(np.zeros((1, 3)))))
        self._step = float(np.clip(0.5 * beam.pixel_mm * near / beam.distance_mm, 0.25, 0.8))

    def rod(self, path: Vector, radius: float | Vector, per_mm: float = STEEL) -> None:
        """A round rod along points (n, 3); `radius` is one figure or one for each point."""
        places, along, share = _even(path, self._step)
        radii = np.interp(share, np.linspace(0, 1, len(path)), np.broadcast_to(radius, len(path)))
        across, over = _sides(along)
        ring = _disc(max(7, round(4 * float(np.max(radii) / self._step) ** 1.4)))
        spread = ring[:, 0, None, None] * across + ring[:, 1, None, None] * over
        points = places + spread * radii[:, None]
        step = float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum()) / len(places)
        matter = per_mm * np.pi * radii**2 * step / len(ring)
        self._keep(points.reshape(-1, 3), np.broadcast_to(matter, points.shape[:2]).ravel())

    def plate(
        self, centre: Vector, across: Vector, over: Vector, thick: float, per_mm: float = STEEL
    ) -> None:
        """A flat ellipse with half axes `across` and `over` (3,), so many mm thick."""
        self._flat(centre, across, over, _disc(self._count(across, over)), np.pi, thick * per_mm)

    def sheet(
        self, centre: Vector, across: Vector, over: Vector, thick: float, per_mm: float = STEEL
    ) -> None:
        """A flat rectangle with half sides `across` and `over` (3,)."""
        n, m = (
            max(3, round(2 * float(np.linalg.norm(side)) / self._step)) for side in (across, over)
        )
        u, v = (np.linspace(-1, 1, 2 * k + 1)[1::2] for k in (n, m))
        grid = np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2)
        self._flat(centre, across, over, grid, 4.0, thick * per_mm)

    def ring(
        self, centre: Vector, across: Vector, over: Vector, wire: float, per_mm: float = STEEL
    ) -> None:
        """A closed wire of radius `wire` around an ellipse."""
        turn = np.linspace(0, 2 * np.pi, 49)[:, None]
        self.rod(centre + np.cos(turn) * across + np.sin(turn) * over, wire, per_mm)

    def done(self) -> None:
        """Add all to the film."""
        if self._points:
            self._film.add_samples(np.vstack(self._points), np.concatenate(self._matter))

    def _flat(
        self, centre: Vector, across: Vector, over: Vector, grid: Vector, area: float, mass: float
    ) -> None:
        points = centre + grid[:, :1] * across + grid[:, 1:] * over
        size = area * float(np.linalg.norm(np.cross(across, over)))
        self._keep(points, np.full(len(points), mass * size / len(points)))

    def _count(self, across: Vector, over: Vector) -> int:
        size = float(np.linalg.norm(np.cross(across, over)))
        return max(12, round(3 * size / self._step**2))

    def _keep(self, points: Vector, matter: Vector) -> None:
        self._points.append(points)
        self._matter.append(matter)


def _even(path: Vector, step: float) -> tuple[Vector, Vector, Vector]:
    """Points (n, 3) about `step` apart, the unit directions there, and the share of the points."""
    pace = np.linalg.norm(np.diff(path, axis=0), axis=1)
    run = np.concatenate([[0.0], np.cumsum(pace)])
    n = max(2, round(float(run[-1]) / step))
    at = (np.arange(n) + 0.5) / n * run[-1]
    places = np.column_stack([np.interp(at, run, c) for c in path.T])
    piece = np.clip(np.searchsorted(run, at) - 1, 0, len(pace) - 1)
    along = np.diff(path, axis=0)[piece] / pace[piece, None]
    return places, along, np.interp(at, run, np.linspace(0, 1, len(path)))


def _sides(along: Vector) -> tuple[Vector, Vector]:
    """Two unit vectors (n, 3) across each direction."""
    helper = np.where(np.abs(along[:, 1:2]) < 0.8, [[0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])
    across = np.cross(along, helper)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    return across, np.cross(along, across)


def _disc(n: int) -> Vector:
    """Points (n, 2) spread evenly over the unit disc."""
    k = np.arange(n) + 0.5
    turn, radius = k * 2.399963, np.sqrt(k / n)
    return np.column_stack([radius * np.cos(turn), radius * np.sin(turn)])
