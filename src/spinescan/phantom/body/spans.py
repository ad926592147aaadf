"""Where rays run inside solids, as spans along the beam: what is needed to cut one out of another.

`Film` adds lengths; organs need more: lung is what the chest leaves beside heart and diaphragm, and
an arm that hides behind the trunk must not count the shoulder twice. A solid gives, for each
pixel, the place where the ray enters and leaves it, so that cuts and unions are exact. A beam is
taken to be level (its film upright), so that rows and columns part and most work is done in one
dimension.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from spinescan.phantom.beam import Beam
from spinescan.phantom.render import Film, Grid, Quadric
from spinescan.phantom.vertebrae import Vector


class Span(NamedTuple):
    """World coordinates (rows, columns) in mm along the beam's axis; empty if leave <= enter."""

    enter: Grid
    leave: Grid

    @property
    def length(self) -> Grid:
        """Millimetres (rows, columns) along the axis."""
        inside: Grid = np.maximum(self.leave - self.enter, 0)
        return inside


class Window:
    """A rectangle of a film and the rays that meet it.

    `box` is (x0, y0, x1, y1) in pixels; the whole film if none is given.
    """

    def __init__(self, film: Film, box: tuple[int, int, int, int] | None = None) -> None:
        beam = film.beam
        self.film = film
        self.box = box or (0, 0, beam.columns, beam.rows)
        self.side = 0 if abs(beam.right[0]) > 0.5 else 1
        self.along = 1 - self.side
        x0, y0, x1, y1 = self.box
        x = (np.arange(x0, x1) + 0.5) * beam.pixel_mm * beam.right[self.side]
        y = (np.arange(y0, y1) + 0.5) * beam.pixel_mm * beam.down[2]
        reach = beam.corner[self.along] - beam.source[self.along]
        self._across = (beam.corner[self.side] + x - beam.source[self.side]) / reach
        self._upward = (beam.corner[2] + y - beam.source[2]) / reach
        self._source = beam.source

    @classmethod
    def around(cls, film: Film, low: Vector, high: Vector) -> "Window | None":
        """The window that holds the image of the block from `low` (3,) to `high` (3,)."""
        ends = np.stack([low, high])
        corners = np.array(
            [[ends[i, 0], ends[j, 1], ends[k, 2]] for i, j, k in np.ndindex(2, 2, 2)]
        )
        box = _box(film.beam, corners)
        return None if box is None else cls(film, box)

    @property
    def slant(self) -> Grid:
        """Length (rows, columns) of a ray for each millimetre along the axis."""
        square = 1 + self._upward[:, None] ** 2 + self._across[None] ** 2
        slant: Grid = np.sqrt(square).astype(np.float32)
        return slant

    def places(self, depth: float) -> tuple[Vector, Vector]:
        """Heights (rows,) and places to the side (columns,) in mm of the rays at that depth."""
        run = depth - self._source[self.along]
        return self._source[2] + run * self._upward, self._source[self.side] + run * self._across

    def quadric(self, solid: Quadric) -> Span:
        """Span inside a quadric, exactly."""
        height, place = self.places(float(solid.centre[self.along]))
        frame = solid.frame
        metric = np.array([1 / solid.radii[0] ** 2, 1 / solid.radii[1] ** 2, -solid.g[2]])
        # A ray is p + w d: p where it passes the centre's depth, both sums of a row's part and a
        # column's, so that each coefficient is a product of two thin matrices.
        p_col = np.outer(place - solid.centre[self.side], frame[:, self.side])
        p_row = np.outer(height - solid.centre[2], frame[:, 2])
        d_col = frame[:, self.along] + np.outer(self._across, frame[:, self.side])
        d_row = np.outer(self._upward, frame[:, 2])
        linear = solid.g[1] / 2
        a = _form(d_row, d_col, d_row, d_col, metric)
        b = _form(p_row, p_col, d_row, d_col, metric) - _sum(d_row, d_col, linear)
        c = _form(p_row, p_col, p_row, p_col, metric) - 2 * _sum(p_row, p_col, linear)
        c -= np.float32(solid.g[0])
        root = b * b - a * c
        hit = (root > 0) & (a > 0)
        half = np.sqrt(np.where(hit, root, 0))
        a = np.where(hit, a, 1)
        middle = np.float32(solid.centre[self.along])
        enter = np.where(hit, (-b - half) / a, 0) + middle
        leave = np.where(hit, (-b + half) / a, 0) + middle
        for point, normal in solid.cuts:
            outward = normal[self.along] + _outer(
                self._upward * normal[2], self._across * normal[self.side]
            )
            outward = np.where(np.abs(outward) < 1e-6, np.float32(1e-6), outward)
            offset = _outer(
                (height - point[2]) * normal[2],
                (place - point[self.side]) * normal[self.side]
                + (middle - point[self.along]) * normal[self.along],
            )
            crossing = middle - offset / outward
            enter = np.where(outward < 0, np.maximum(enter, crossing), enter)
            leave = np.where(outward > 0, np.minimum(leave, crossing), leave)
        return Span(enter, leave)

    def stack(
        self, sections: Vector, roundness: float = 2.0, *, depth: float | None = None
    ) -> Span:
        """Span inside a body of horizontal cross-sections, such as a trunk or a lung.

        Rays are taken for level at `depth`, or else at the body's own; bodies that lie in one
        another must share it.

        Parameters
        ----------
        sections
            (n, 7), in any order: z, centre x, centre y, and how far the section reaches to the
            patient's right, left, front and back, all in mm. Between sections all is interpolated;
            above the highest and below the lowest there is nothing.
        roundness
            Exponent of the outline |x / a|^p + |y / b|^p = 1: 2 is an ellipse, more is boxier.
        """
        z, *rest = sections[np.argsort(sections[:, 0])].T
        height, place = self.places(float(np.mean(rest[self.along])) if depth is None else depth)
        inside = (height >= z[0]) & (height <= z[-1])
        row = [np.interp(height, z, column)[:, None] for column in rest]
        off = (place[None] - row[self.side]).astype(np.float32)
        low, high = row[2 + 2 * self.side], row[3 + 2 * self.side]
        share = np.where(
            off < 0, off / -np.maximum(low, 1e-6), off / np.maximum(high, 1e-6)
        ).astype(np.float32)
        within = (share < 1) & inside[:, None]
        bulge = np.zeros_like(share)
        power = np.float32(roundness)
        bulge[within] = (1 - share[within] ** power) ** (1 / power)
        middle, near, far = (
            row[k].astype(np.float32) for k in (self.along, 2 + 2 * self.along, 3 + 2 * self.along)
        )
        return Span(middle - near * bulge, middle + far * bulge)

    def add(self, length: Grid, per_mm: float) -> None:
        """Add attenuation for lengths (rows, columns) along the axis."""
        x0, y0, x1, y1 = self.box
        self.film.attenuation[y0:y1, x0:x1] += length * self.slant * np.float32(per_mm)

    def take(self, length: Grid, per_mm: float, *, leave: float = 0.12) -> None:
        """Take attenuation away, but always leave that share of what is there."""
        x0, y0, x1, y1 = self.box
        here = self.film.attenuation[y0:y1, x0:x1]
        lost = length * self.slant * np.float32(per_mm)
        np.maximum(here - lost, np.minimum(here, here * np.float32(leave)), out=here)


def around_sections(film: Film, sections: Vector) -> Window | None:
    """The window that holds a body of sections (n, 7)."""
    z, x, y, right, left, front, back = sections.T
    low = np.array([(x - right).min(), (y - front).min(), z.min()])
    high = np.array([(x + left).max(), (y + back).max(), z.max()])
    return Window.around(film, low, high)


def around_solid(film: Film, solid: Quadric) -> Window | None:
    """The window that holds a quadric."""
    half = np.abs(solid.frame.T) @ np.array(solid.reach)
    return Window.around(film, solid.centre - half, solid.centre + half)


def overlap(one: Span, other: Span) -> Grid:
    """Length (rows, columns) that two spans share."""
    both = np.minimum(one.leave, other.leave) - np.maximum(one.enter, other.enter)
    shared: Grid = np.maximum(both, 0)
    return shared


def left_of(whole: Span, parts: Sequence[Span]) -> Grid:
    """Length (rows, columns) of a span that no part covers.

    Gaps between spans lie between the i-th end and the next beginning, both in order of place.
    """
    size = (len(parts), *whole.enter.shape)
    enter, leave = np.empty(size, np.float32), np.empty(size, np.float32)
    for i, part in enumerate(parts):
        np.clip(part.enter, whole.enter, whole.leave, out=enter[i])
        np.clip(part.leave, whole.enter, whole.leave, out=leave[i])
        np.maximum(leave[i], enter[i], out=leave[i])
    enter.sort(axis=0)
    leave.sort(axis=0)
    free = enter[0] - whole.enter + whole.leave - leave[-1]
    for i in range(len(parts) - 1):
        free += np.maximum(enter[i + 1] - leave[i], 0)
    return np.where(whole.leave > whole.enter, np.maximum(free, 0), 0)


def _box(beam: Beam, points: Vector) -> tuple[int, int, int, int] | None:
    """The pixels that hold the points' images; None if they lie off the film."""
    along = 1 if abs(beam.right[0]) > 0.5 else 0
    ray = points - beam.source
    enlarged = (beam.corner[along] - beam.source[along]) / ray[:, along]
    hit = beam.source + ray * enlarged[:, None] - beam.corner
    xy = np.stack([hit @ beam.right, hit @ beam.down], axis=1) / beam.pixel_mm
    low = np.maximum(np.floor(xy.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(xy.max(axis=0)).astype(int), (beam.columns, beam.rows))
    if (low >= high).any():
        return None
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _outer(row: Vector, column: Vector) -> Grid:
    return np.add.outer(row, column).astype(np.float32)


def _sum(row: Vector, column: Vector, linear: float) -> Grid:
    return _outer(row[:, 2] * linear, column[:, 2] * linear)


def _form(p_row: Vector, p_col: Vector, q_row: Vector, q_col: Vector, metric: Vector) -> Grid:
    """The bilinear form of p and q, each a row's part (rows, 3) plus a column's (columns, 3)."""
    own = _outer(np.sum(p_row * q_row * metric, axis=1), np.sum(p_col * q_col * metric, axis=1))
    left = np.hstack([p_row * metric, q_row * metric]).astype(np.float32)
    right = np.hstack([q_col, p_col]).astype(np.float32)
    mixed: Grid = own + left @ right.T
    return mixed
