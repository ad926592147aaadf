"""Bones as small pieces of matter: hollow tubes along a path and carved forms.

Their walls are laid on the film at the film's own fineness, so that both edges of a rib show as
lines; their spongy inside, which has no sharp edge of its own, on a coarser one.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spinescan.phantom.body.clay import Carving
from spinescan.phantom.render import Film
from spinescan.phantom.vertebrae import Vector

COMPACT = 0.035
SPONGY = 0.010
"""Attenuation per mm of compact and spongy bone, less that of the soft tissue it displaces, at the
beam's effective energy."""

_STEP = 0.7  # distance between pieces of a wall, in pixels
_COARSE_MM = 2.8
_GOLDEN = 0.618034


class Bones:
    """Gathers the bones of one film; `done` adds them to it.

    Parameters
    ----------
    film
        What they are drawn on.
    density
        Share of a healthy adult's bone density.
    """

    def __init__(self, film: Film, density: float = 1.0) -> None:
        self._film, self._density = film, density
        self._step = _STEP * film.beam.pixel_mm
        self._walls: list[tuple[Vector, Vector]] = []
        self._cores: list[tuple[Vector, Vector]] = []

    def tube(
        self,
        path: Vector,
        flat: Vector,
        radii: Vector,
        wall_mm: Vector | float,
        *,
        spongy: Vector | float = 1.0,
    ) -> None:
        """A hollow tube of oval section.

        Parameters
        ----------
        path
            (n, 3) middle line in mm.
        flat
            (3,) or (n, 3): where the first radius points, made perpendicular to the path.
        radii
            (n, 2) half height (along `flat`) and half thickness in mm; 0 at an end closes it.
        wall_mm
            Thickness of the wall, one for all or (n,).
        spongy
            Share of usual spongy bone inside, one for all or (n,).
        """
        walls = np.broadcast_to(np.asarray(wall_mm, dtype=np.float64), len(path))
        flats = np.broadcast_to(flat, path.shape)
        fill = np.broadcast_to(np.asarray(spongy, dtype=np.float64), len(path))
        whole = np.column_stack([path, flats, radii, walls, fill])
        self._wall_of_tube(_evenly(whole, 1.25 * self._step))
        self._core_of_tube(_evenly(whole, 2.5))

    def carving(
        self, form: Carving, points: Vector, inside: Vector, *, spongy: float = 1.0
    ) -> None:
        """A carved form whose `points` and `inside` have been bent to the person's own."""
        corners = points[form.faces]
        seen = self._seen(corners[:, 0])
        corners, wall = corners[seen], form.wall_mm[seen]
        across = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
        area = np.linalg.norm(np.cross(*across), axis=1) / 2
        n = max(1, round(float(np.sqrt(np.mean(area))) / self._step + 0.2)) if len(area) else 1
        share = (np.arange(n) + 0.5) / n
        s, t = (a.ravel()[:, None, None] for a in np.meshgrid(share, share))
        a, b, c, d = (corners[:, i] for i in range(4))
        pieces = (1 - s) * ((1 - t) * a + t * b) + s * ((1 - t) * d + t * c)
        matter = np.tile(area * wall / n**2, n * n)
        self._walls.append((pieces.reshape(-1, 3), matter * COMPACT))
        # A bent form has grown; what it holds grows with it.
        growth = np.sqrt(np.linalg.det(np.cov(points.T)) / np.linalg.det(np.cov(form.points.T)))
        self._cores.append((inside, form.volume * (growth * SPONGY * spongy)))

    def done(self) -> None:
        """Add all to the film."""
        points, matter = _joined(self._walls)
        self._film.add_samples(points, matter * self._density)
        points, matter = _joined(self._cores)
        _add_coarsely(self._film, points, matter * self._density)

    def _seen(self, points: Vector) -> NDArray[np.bool_]:
        beam = self._film.beam
        margin = 6 / beam.pixel_mm
        x, y = beam.project(points).T
        seen = (x > -margin) & (x < beam.columns + margin)
        return np.asarray(seen & (y > -margin) & (y < beam.rows + margin))

    def _wall_of_tube(self, whole: Vector) -> None:
        up, side = _section(whole)
        spacing = np.linalg.norm(np.gradient(whole[:, :3], axis=0), axis=1)
        slope = np.gradient(whole[:, 6:8].mean(axis=1))
        seen = self._seen(whole[:, :3])
        if not seen.any():
            return
        high, thick, wall = whole[seen, 6:9].T[:, :, None]
        if not (high.any() or thick.any()):  # its closed end alone is on the film
            return
        # Ramanujan's first approximation of an ellipse's edge.
        edge = np.pi * (3 * (high + thick) - np.sqrt((3 * high + thick) * (high + 3 * thick)))
        n = max(8, int(np.ceil(edge.max() / self._step)))
        share = (np.arange(n) + (_GOLDEN * np.arange(len(high)))[:, None] % 1) / n
        turn, pace = _around(float(high.mean()), float(thick.mean()), share)
        cos, sin = np.cos(turn), np.sin(turn)
        points = (
            whole[seen, None, :3]
            + (high * cos)[..., None] * up[seen, None]
            + (thick * sin)[..., None] * side[seen, None]
        )
        length = np.hypot(high * sin, thick * cos) * pace / n
        matter = length * np.hypot(spacing, slope)[seen, None] * wall
        self._walls.append((points.reshape(-1, 3), matter.ravel() * COMPACT))

    def _core_of_tube(self, whole: Vector) -> None:
        up, side = _section(whole)
        spacing = np.linalg.norm(np.gradient(whole[:, :3], axis=0), axis=1)
        # As seeds stand in a sunflower, one to some 7 mm^2, each section turned against the last.
        n = max(12, int(np.pi * np.mean(whole[:, 6] * whole[:, 7]) / 7))
        seed = np.arange(n)
        turn = 2 * np.pi * _GOLDEN * (seed + 0.5 * np.arange(len(whole))[:, None])
        far = np.sqrt((seed + 0.5) / n)
        cos, sin = far * np.cos(turn), far * np.sin(turn)
        high, thick = whole[:, 6:8].T[:, :, None]
        points = (
            whole[:, None, :3]
            + (high * cos)[..., None] * up[:, None]
            + (thick * sin)[..., None] * side[:, None]
        )
        volume = np.pi * high * thick * (spacing * whole[:, 9])[:, None] / n
        matter = np.broadcast_to(volume, points.shape[:2]).ravel() * SPONGY
        self._cores.append((points.reshape(-1, 3), matter))


def _evenly(whole: Vector, step: float) -> Vector:
    """Rows at even distances along the surface: the path and the radii's change count."""
    length = np.linalg.norm(np.diff(whole[:, [0, 1, 2, 6, 7]], axis=0), axis=1)
    place = np.concatenate([[0.0], np.cumsum(length)])
    even = np.linspace(0, place[-1], max(4, int(np.ceil(place[-1] / step)) + 1))
    return np.stack([np.interp(even, place, column) for column in whole.T], axis=1)


def _section(whole: Vector) -> tuple[Vector, Vector]:
    """Unit vectors (n, 3) across the path: along the wanted direction, and perpendicular to it."""
    path = np.gradient(whole[:, :3], axis=0)
    side = np.cross(path, whole[:, 3:6])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, path)
    return up / np.linalg.norm(up, axis=1, keepdims=True), side


def _around(high: float, thick: float, share: Vector) -> tuple[Vector, Vector]:
    """Angles at shares of the way round an oval, and how fast they grow with that share."""
    turn = np.linspace(0, 2 * np.pi, 129)
    middle = (turn[1:] + turn[:-1]) / 2
    way = np.concatenate(
        [[0.0], np.cumsum(np.hypot(high * np.sin(middle), thick * np.cos(middle)))]
    )
    way /= way[-1]
    angle = np.interp(share % 1, way, turn)
    pace = np.interp(share % 1, (way[1:] + way[:-1]) / 2, np.diff(turn) / np.diff(way))
    return angle, pace


def _joined(parts: list[tuple[Vector, Vector]]) -> tuple[Vector, Vector]:
    if not parts:
        return np.zeros((0, 3)), np.zeros(0)
    return np.concatenate([p for p, _ in parts]), np.concatenate([m for _, m in parts])


def _add_coarsely(film: Film, points: Vector, matter: Vector) -> None:
    """Lay samples on large pixels and blow these up smoothly."""
    beam = film.beam
    times = max(1, round(_COARSE_MM / beam.pixel_mm))
    margin = 2 * times * beam.pixel_mm
    wide = replace(
        beam,
        corner=beam.corner - margin * (beam.right + beam.down),
        pixel_mm=beam.pixel_mm * times,
        rows=beam.rows // times + 5,
        columns=beam.columns // times + 5,
    )
    coarse = Film(wide)
    coarse.add_samples(points, matter)
    grown = _blown_up(coarse.attenuation, beam.rows, times)
    film.attenuation += _blown_up(grown.T, beam.columns, times).T


def _blown_up(coarse: NDArray[np.float32], rows: int, times: int) -> NDArray[np.float32]:
    place = (np.arange(rows) + 0.5) / times + 1.5  # 2 rows of margin, less half a row
    first = place.astype(np.int64)
    share = (place - first).astype(np.float32)[:, None]
    return coarse[first] * (1 - share) + coarse[first + 1] * share
