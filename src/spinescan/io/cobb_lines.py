"""The classical construction of a Cobb angle, as lines to draw."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinescan.core.report import Side

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CobbLines:
    """The construction of one angle: endplate lines, their perpendiculars, where these meet."""

    endplates: tuple[Points, Points]
    perpendiculars: tuple[Points, ...]
    arc: Points | None
    anchor: Points

    def all_lines(self) -> tuple[Points, ...]:
        """Every line, each (n, 2)."""
        return (*self.endplates, *self.perpendiculars, *(() if self.arc is None else (self.arc,)))

    @classmethod
    def construct(cls, upper: Points, lower: Points, convex_side: Side) -> "CobbLines":
        """From the two ends (left, right) of the upper and of the lower endplate."""
        side = 1 if convex_side == "right" else -1
        feet, lines, down = [], [], []
        for plate in (upper, lower):
            inner, outer = plate if side > 0 else plate[::-1]
            along = outer - inner
            lines.append(np.array([inner - 0.15 * along, outer + 0.9 * along]))
            feet.append(outer + 0.6 * along)
            x, y = (plate[1] - plate[0]) / max(float(np.hypot(*along)), 1e-9)
            down.append(np.array([-y, x]))
        width = float(np.hypot(*(upper[1] - upper[0])))
        meeting = _meeting(feet[0], down[0], feet[1], -down[1])
        if meeting is None:
            middle = (feet[0] + feet[1]) / 2
            return cls((lines[0], lines[1]), (), None, middle)
        beyond = meeting + 0.9 * width * down[0]
        turn = np.linspace(np.arctan2(*down[0][::-1]), np.arctan2(*down[1][::-1]), 24)
        arc = meeting + 0.65 * width * np.column_stack([np.cos(turn), np.sin(turn)])
        legs = np.array([feet[0], beyond]), np.array([feet[1], meeting])
        return cls((lines[0], lines[1]), legs, arc, meeting)


def _meeting(p: Points, u: Points, q: Points, v: Points) -> Points | None:
    """Where the rays p + a u and q + b v meet, unless that is behind or far away."""
    cross = u[0] * v[1] - u[1] * v[0]
    if abs(cross) < 0.05:
        return None
    gap = q - p
    a = (gap[0] * v[1] - gap[1] * v[0]) / cross
    b = (gap[0] * u[1] - gap[1] * u[0]) / cross
    reach = 1.5 * float(np.hypot(*gap))
    return np.asarray(p + a * u) if 0 < a < reach and 0 < b < reach else None
