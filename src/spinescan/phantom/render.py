"""Line integrals of attenuation through solids: what the beam loses on its way to each pixel.

Two kinds of solid are added here. `add_quadric` is exact: the length that a ray runs inside an
ellipsoid, cylinder or waisted cylinder cut by planes. `add_samples` spreads small pieces of matter
over the film, for what is thin and curved (ribs, iliac wings). Trunk and organs are cut out of one
another along the rays (`body.spans`). Attenuations add up, and a negative one takes matter away.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinescan.phantom.beam import Beam
from spinescan.phantom.vertebrae import Vector

Grid = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Quadric:
    """All points with (x / rx)^2 + (y / ry)^2 <= g0 + g1 z + g2 z^2, cut by planes.

    x, y, z are the coordinates along the rows of `frame` (3, 3), from `centre` (3,), in mm. `cuts`
    are (point, outward normal) pairs: what lies outward is cut off. `reach` (3,) bounds the solid
    along the frame's axes; it only tells which pixels to look at.
    """

    centre: Vector
    frame: Vector
    radii: tuple[float, float]
    g: tuple[float, float, float]
    reach: tuple[float, float, float]
    cuts: tuple[tuple[Vector, Vector], ...] = ()


def ellipsoid(centre: Vector, frame: Vector, radii: Sequence[float] | Vector) -> Quadric:
    """The ellipsoid with half axes `radii` (3,) along the rows of `frame` (3, 3)."""
    rx, ry, rz = (float(r) for r in radii)
    return Quadric(centre, frame, (rx, ry), (1.0, 0.0, -1.0 / rz**2), (rx, ry, rz))


class Film:
    """Attenuation (rows, columns) gathered so far, without unit (mm times 1/mm)."""

    def __init__(self, beam: Beam) -> None:
        self.beam = beam
        self.attenuation: Grid = np.zeros((beam.rows, beam.columns), dtype=np.float32)

    def add_quadric(self, solid: Quadric, per_mm: float) -> None:
        """Add `per_mm` for each millimetre that a ray runs inside the solid."""
        corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
        box = self._box(solid.centre + (corners * solid.reach) @ solid.frame)
        if box is None:
            return
        ray = self.beam.pixel_centres(box) - self.beam.source
        length = np.linalg.norm(ray, axis=-1)
        enter, leave = _inside(solid, self.beam.source, ray)
        x0, y0, x1, y1 = box
        self.attenuation[y0:y1, x0:x1] += (np.maximum(leave - enter, 0) * length * per_mm).astype(
            np.float32
        )

    def add_shell(self, solid: Quadric, wall_mm: float, wall: float, core: float) -> None:
        """A closed bone: a wall of `wall_mm` with attenuation `wall` per mm, filled with `core`."""
        self.add_quadric(solid, wall)
        inner = shrunk(solid, wall_mm)
        if inner is not None:
            self.add_quadric(inner, core - wall)

    def add_samples(self, points: Vector, matter: Vector) -> None:
        """Add small pieces of matter: points (n, 3), attenuation times volume (n,) in mm^2."""
        beam = self.beam
        axes = np.stack([beam.right, beam.down, beam.normal], axis=1)
        across, down, away = ((points - beam.source) @ axes).T
        # Pixels to a millimetre at the place of each piece.
        scale = beam.distance_mm / beam.pixel_mm / away
        left, top = ((beam.corner - beam.source) @ axes)[:2] / beam.pixel_mm
        x, y = across * scale - left + 0.5, down * scale - top + 0.5
        # A margin of one pixel on each side takes what falls half off the film.
        wide = beam.columns + 2
        on = (x >= 0) & (x < beam.columns + 1) & (y >= 0) & (y < beam.rows + 1)
        if not on.all():
            x, y, scale, matter = x[on], y[on], scale[on], matter[on]
        column, row = x.astype(np.int64), y.astype(np.int64)
        dx, dy = x - column, y - row
        first = row * wide + column
        low = matter * scale**2
        high, low = low * dy, low * (1 - dy)
        total = np.zeros((beam.rows + 2) * wide)
        for step, value in ((0, low), (wide, high)):
            right = value * dx
            total += np.bincount(first + step, value - right, minlength=total.size)
            total += np.bincount(first + (step + 1), right, minlength=total.size)
        self.attenuation += total.reshape(-1, wide)[1:-1, 1:-1].astype(np.float32)

    def _box(self, points: Vector) -> tuple[int, int, int, int] | None:
        """The pixels (x0, y0, x1, y1) that hold the points' images; None if off the film."""
        xy = self.beam.project(points)
        x0, y0 = np.floor(xy.min(axis=0)).astype(int)
        x1, y1 = np.ceil(xy.max(axis=0)).astype(int)
        x0, y0 = max(int(x0), 0), max(int(y0), 0)
        x1, y1 = min(int(x1), self.beam.columns), min(int(y1), self.beam.rows)
        return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def shrunk(solid: Quadric, wall_mm: float) -> Quadric | None:
    """The solid without a wall of that thickness; None if nothing is left."""
    if min(*solid.radii, *solid.reach) <= wall_mm * 1.2:
        return None
    a, b = solid.radii
    share = 1 - wall_mm * (1 / a + 1 / b) / 2
    g0, g1, g2 = solid.g
    if g2 < 0 and not solid.cuts:  # an ellipsoid: all three half axes lose a wall
        reach = tuple(r - wall_mm for r in solid.reach)
        return Quadric(
            solid.centre,
            solid.frame,
            (a - wall_mm, b - wall_mm),
            (1, 0, -1 / reach[2] ** 2),
            (reach[0], reach[1], reach[2]),
        )
    cuts = tuple((point - wall_mm * normal, normal) for point, normal in solid.cuts)
    g = (g0 * share**2, g1 * share**2, g2 * share**2)
    return Quadric(solid.centre, solid.frame, solid.radii, g, solid.reach, cuts)


def _inside(solid: Quadric, source: Vector, ray: Vector) -> tuple[Vector, Vector]:
    """Where rays source + t ray (..., 3) enter and leave the solid; enter >= leave if they miss."""
    o = solid.frame @ (source - solid.centre)
    d = ray @ solid.frame.T
    rx, ry = solid.radii
    g0, g1, g2 = solid.g
    a = (d[..., 0] / rx) ** 2 + (d[..., 1] / ry) ** 2 - g2 * d[..., 2] ** 2
    b = o[0] * d[..., 0] / rx**2 + o[1] * d[..., 1] / ry**2 - d[..., 2] * (g2 * o[2] + g1 / 2)
    c = (o[0] / rx) ** 2 + (o[1] / ry) ** 2 - (g0 + o[2] * (g1 + g2 * o[2]))
    root = b * b - a * c
    # Rays along a cylinder's axis (a = 0) run inside it for ever; rays along that of a waisted one
    # (a < 0) do not occur, for beams are nearly level.
    hit = root > 0
    half = np.sqrt(np.where(hit, root, 0.0))
    a = np.maximum(a, 1e-6)
    enter = np.where(hit, (-b - half) / a, 1.0)
    leave = np.where(hit, (-b + half) / a, 0.0)
    for point, normal in solid.cuts:
        along = ray @ normal
        t = ((point - source) @ normal) / np.where(np.abs(along) < 1e-9, 1e-9, along)
        enter = np.where(along < 0, np.maximum(enter, t), enter)
        leave = np.where(along > 0, np.minimum(leave, t), leave)
    return enter, leave
