"""Modelling of bones whose form no formula gives: a pelvis, a shoulder blade, a jaw.

A bone is put together from balls, many and small along lines and sheets, few and large in lumps.
Within a part they join sharply, between parts smoothly, on a grid of distances to the surface; the
surface is then read off as a net of small four-cornered faces. All that happens once for a form.
Each film bends the finished net to the person at hand.
"""

from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinescan.phantom.vertebrae import Vector

Field = NDArray[np.float32]
_FAR = 30.0
_PITCH = 2.0
_CORNERS = ((0, 0), (0, -1), (-1, -1), (-1, 0))


@dataclass(frozen=True, slots=True, eq=False)
class Carving:
    """A bone's surface and inside.

    Attributes
    ----------
    points
        (n, 3) in mm, corners of the surface's faces.
    faces
        (m, 4) indices of `points`, in turn around each face.
    wall_mm
        (m,) thickness of the compact bone at each face.
    inside
        (k, 3) places inside.
    volume
        (k,) how many mm^3 of spongy bone each of them stands for.
    """

    points: Vector
    faces: NDArray[np.int64]
    wall_mm: Vector
    inside: Vector
    volume: Vector

    def mirrored(self) -> "Carving":
        """The bone of the other side: x becomes -x."""
        flip = np.array([-1.0, 1.0, 1.0])
        return replace(self, points=self.points * flip, inside=self.inside * flip)

    def opened(self, axis: int, limit: float) -> "Carving":
        """Only what lies beyond `limit` along an axis, without a wall where it is cut."""
        keep = self.points[self.faces][..., axis].mean(axis=1) > limit
        half = np.clip(0.5 + (self.inside[:, axis] - limit) / _PITCH, 0, 1)
        return replace(
            self, faces=self.faces[keep], wall_mm=self.wall_mm[keep], volume=self.volume * half
        )


def along(points: ArrayLike, radii: ArrayLike, spacing: float = 2.0) -> tuple[Vector, Vector]:
    """Balls (n, 3), (n,) close together along a smooth line through `points` (k, 3)."""
    path = smooth(np.column_stack([np.asarray(points, dtype=np.float64), np.asarray(radii)]))
    length = np.linalg.norm(np.diff(path[:, :3], axis=0), axis=1).sum()
    place = np.linspace(0, len(path) - 1, int(length / spacing) + 2)
    even = np.stack([np.interp(place, np.arange(len(path)), c) for c in path.T], axis=1)
    return even[:, :3], even[:, 3]


def smooth(knots: Vector, parts: int = 12) -> Vector:
    """A smooth line (m, d) through `knots` (k, d), with `parts` steps between neighbours."""
    ends = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    t = np.linspace(0, 1, parts, endpoint=False)[:, None]
    a, b, c, d = (ends[i : len(ends) - 3 + i, None] for i in range(4))
    bent = (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - 3 * c + d - a) * t**3
    ) / 2
    return np.vstack([bent.reshape(-1, knots.shape[1]), knots[-1:]])


class Clay:
    """A block between two corners `low` and `high` (3,) in mm, empty at first."""

    def __init__(self, low: Vector, high: Vector, pitch: float = _PITCH) -> None:
        self._axes = [np.arange(a, b + pitch, pitch) for a, b in zip(low, high, strict=True)]
        self._low, self._pitch = np.asarray(low, dtype=np.float64), pitch
        self._field = np.full([len(axis) for axis in self._axes], _FAR, dtype=np.float32)
        self._wall = np.zeros_like(self._field)

    def add(
        self,
        balls: tuple[Vector, Vector],
        wall_mm: float,
        *,
        blend: float = 5.0,
        keep: tuple[Vector, Vector] | None = None,
    ) -> None:
        """Add balls: centres (n, 3), radii (n,); `keep` (point, normal) cuts them at a plane."""
        box, part = self._union(balls)
        if keep is not None:
            part = np.maximum(part, self._plane(*keep)[box])
        field = self._field[box]
        self._wall[box] = np.where(part < field, np.float32(wall_mm), self._wall[box])
        share = np.maximum(blend - np.abs(part - field), 0)
        self._field[box] = np.minimum(part, field) - share * share / (4 * blend)

    def cut(self, balls: tuple[Vector, Vector]) -> None:
        """Take the balls away."""
        box, part = self._union(balls)
        self._field[box] = np.maximum(self._field[box], -part)

    def cut_plane(self, point: Vector, normal: Vector) -> None:
        """Take away what lies beyond the plane."""
        self._field = np.maximum(self._field, self._plane(point, normal))

    def finish(self) -> Carving:
        """Read the surface off the grid."""
        field = _softened(self._field)
        field[[0, -1]] = field[:, [0, -1]] = field[:, :, [0, -1]] = _FAR
        points, faces, cells = _surface(field)
        full = np.clip(0.5 - field / self._pitch, 0, 1)
        inside = np.argwhere(full > 0)
        shape = np.array(self._wall.shape) - 1
        near = np.minimum(np.rint(cells).astype(np.int64), shape)
        return Carving(
            self._low + points * self._pitch,
            faces,
            self._wall[tuple(near[faces[:, 0]].T)].astype(np.float64),
            self._low + inside * self._pitch,
            full[tuple(inside.T)].astype(np.float64) * self._pitch**3,
        )

    def _union(self, balls: tuple[Vector, Vector]) -> tuple[tuple[slice, ...], Field]:
        """The part of the grid that the balls touch, and the distance to them there."""
        centres, radii = balls
        margin = radii[:, None] + 4 * self._pitch
        first = np.floor((centres - margin - self._low) / self._pitch).astype(int)
        last = np.ceil((centres + margin - self._low) / self._pitch).astype(int) + 1
        first = np.clip(first, 0, self._field.shape)
        last = np.clip(last, 0, self._field.shape)
        start, stop = first.min(axis=0), last.max(axis=0)
        part = np.full(stop - start, _FAR, dtype=np.float32)
        axes = [axis.astype(np.float32) for axis in self._axes]
        for centre, radius, low, high in zip(
            centres.astype(np.float32), radii.astype(np.float32), first, last, strict=True
        ):
            x, y, z = ((axes[i][low[i] : high[i]] - centre[i]) ** 2 for i in range(3))
            here = tuple(slice(a, b) for a, b in zip(low - start, high - start, strict=True))
            far = np.sqrt((x[:, None] + y)[..., None] + z) - radius
            np.minimum(part[here], far, out=part[here])
        return tuple(slice(a, b) for a, b in zip(start, stop, strict=True)), part

    def _plane(self, point: Vector, normal: Vector) -> Field:
        unit = np.asarray(normal, dtype=np.float64) / np.linalg.norm(normal)
        x, y, z = ((a - p) * u for a, p, u in zip(self._axes, point, unit, strict=True))
        return np.asarray(x[:, None, None] + y[:, None] + z, dtype=np.float32)


def _softened(field: Field) -> Field:
    """Each value with a share of its neighbours: the balls' ripple goes, thin plates stay."""
    for axis in range(3):
        moved = np.moveaxis(field, axis, 0)
        out = moved.copy()
        out[1:-1] = moved[1:-1] * 0.6 + (moved[:-2] + moved[2:]) * 0.2
        field = np.moveaxis(out, 0, axis)
    return field.copy()


def _surface(field: Field) -> tuple[Vector, NDArray[np.int64], Vector]:
    """Where the field is 0, as points (n, 3) in grid steps, faces (m, 4) and each point's cell.

    One point to each cell of the grid that the surface passes: the mean of its crossings with the
    cell's edges. One face to each crossed edge: the points of the four cells around it.
    """
    flat, places = [], []
    for axis in range(3):
        start = [slice(None)] * 3
        start[axis] = slice(0, -1)
        end = [slice(None)] * 3
        end[axis] = slice(1, None)
        a, b = field[tuple(start)], field[tuple(end)]
        edge = np.argwhere((a < 0) != (b < 0))
        at_a, at_b = a[tuple(edge.T)].astype(float), b[tuple(edge.T)].astype(float)
        place = edge.astype(np.float64)
        place[:, axis] += at_a / (at_a - at_b)
        others = [i for i in range(3) if i != axis]
        cells = np.repeat(edge[:, None], 4, axis=1)
        for k, corner in enumerate(_CORNERS):
            cells[:, k, others] += corner
        flat.append(np.ravel_multi_index(tuple(np.moveaxis(cells, -1, 0)), field.shape))
        places.append(place)
    cell_of = np.concatenate(flat)
    place = np.concatenate(places)
    unique, inverse = np.unique(cell_of, return_inverse=True)
    faces = np.asarray(inverse, dtype=np.int64).reshape(cell_of.shape)
    count = np.bincount(faces.ravel())
    mean = [np.bincount(faces.ravel(), np.repeat(c, 4)) / count for c in place.T]
    cell = np.stack(np.unravel_index(unique, field.shape), axis=1).astype(np.float64)
    return np.stack(mean, axis=1), faces, cell


def together(*parts: tuple[Vector, Vector]) -> tuple[Vector, Vector]:
    """All balls of several lines as one part."""
    return reduce(lambda p, q: (np.vstack([p[0], q[0]]), np.concatenate([p[1], q[1]])), parts)
