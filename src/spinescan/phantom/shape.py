"""The shape of a synthetic spine: vertebral corners in a frontal plane from a list of bends."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS

Points = NDArray[np.float64]

CERVICAL = tuple(f"C{i}" for i in range(3, 8))
ALL_LEVELS = (*CERVICAL, *LEVELS, "S1")


@dataclass(frozen=True, slots=True)
class Bend:
    """One curve: `cobb_deg` between `upper`'s superior and `lower`'s inferior endplate.

    `convex` is the side of the picture that the curve bulges to.
    """

    upper: str
    lower: str
    cobb_deg: float
    convex: Literal["left", "right"]


@dataclass(frozen=True, slots=True, eq=False)
class Spine:
    """Corners float64 (23, 4, 2) of `ALL_LEVELS`, in units of the T1-L5 length, origin at mid S1.

    Corner order is that of `FRONTAL_CORNERS`; `twist` (23,) is how far each vertebra is turned
    about its long axis, as a share of the body's half width that the pedicles move by.
    """

    corners: Points
    twist: Points


def build_spine(bends: Sequence[Bend]) -> Spine:
    """A balanced spine (T1 above S1) with exactly these bends, listed from the head down.

    Raises
    ------
    ValueError
        If bends overlap or are not in order.
    """
    heights, gaps, widths = _sizes()
    # Endplates from the head down: superior and inferior of each level, and where they lie.
    steps = np.column_stack([heights, gaps]).ravel()[:-1]
    along = np.concatenate([[0.0], np.cumsum(steps)])
    tilt = _tilts(bends, along)
    # Shift all tilts by one angle until T1 stands above S1; a bend, a difference, keeps its size.
    # The sacrum stays level, so the shift fades out below L4.
    first, last = 2 * ALL_LEVELS.index("T1"), 2 * ALL_LEVELS.index("S1")
    fade = np.ones_like(tilt)
    fade[last - 1 :] = [0.5, 0.0, 0.0]
    for _ in range(20):
        middles = _integrate(steps, tilt)
        lean = (middles[last, 0] - middles[first, 0]) / (along[last] - along[first])
        tilt = tilt - lean * fade
    middles = _integrate(steps, tilt) - _integrate(steps, tilt)[last]
    half = np.repeat(widths, 2)[:, None] / 2 * np.column_stack([np.cos(tilt), -np.sin(tilt)])
    ends = np.stack([middles - half, middles + half], axis=1)
    # A vertebra turns in proportion to how far it stands from the line T1-S1.
    offset = middles.reshape(-1, 2, 2).mean(axis=1)[:, 0]
    return Spine(ends.reshape(-1, 4, 2), np.clip(4.0 * offset, -0.45, 0.45))


def _sizes() -> tuple[Points, Points, Points]:
    """Height, gap below and width of each level, as shares of the T1-L5 length."""
    i = np.arange(len(ALL_LEVELS), dtype=np.float64)  # C3 = 0, T1 = 5, L1 = 17, L5 = 21, S1 = 22
    heights = np.interp(i, [0, 4, 5, 8, 17, 20, 21, 22], [20, 24, 30, 38, 51, 55, 53, 46])
    gaps = np.interp(i, [0, 5, 11, 17, 21, 22], [11, 12, 13, 22, 23, 0])
    widths = np.interp(i, [0, 4, 5, 8, 17, 21, 22], [50, 64, 70, 62, 92, 110, 118])
    length = (heights + gaps)[5:21].sum() - heights[5] / 2 + heights[21] / 2
    return heights / length, gaps / length, widths / length


def _tilts(bends: Sequence[Bend], along: Points) -> Points:
    """Tilt of every endplate in radians; positive where the spine runs right as it goes down."""
    knots, values = [0.0], [0.0]
    place = 0.0
    for bend in bends:
        upper = float(along[2 * ALL_LEVELS.index(bend.upper)])
        lower = float(along[2 * ALL_LEVELS.index(bend.lower) + 1])
        if not place <= upper < lower:
            raise ValueError(f"bends must be in order and not overlap, got {list(bends)}")
        turn = np.radians(bend.cobb_deg) * (1 if bend.convex == "left" else -1)
        start = values[-1] if len(knots) > 1 else -turn / 2
        values[0] = values[0] or 0.4 * start  # the neck follows: no strong curve above the first
        knots += [upper, lower]
        values += [start, start + turn]
        place = lower
    knots.append(float(along[-2]))
    values.append(0.0)
    # Cosine steps between knots: nothing overshoots, so the extremes lie where the bends say.
    tilt = np.full_like(along, values[-1])
    for (a, b), (low, high) in zip(pairwise(knots), pairwise(values), strict=True):
        inside = (along >= a) & (along <= b)
        share = (along[inside] - a) / max(b - a, 1e-9)
        tilt[inside] = low + (high - low) * (1 - np.cos(np.pi * share)) / 2
    return tilt


def _integrate(steps: Points, tilt: Points) -> Points:
    """Middles of the endplates (n, 2), walking down from the first one."""
    mean = (tilt[1:] + tilt[:-1]) / 2
    walk = steps[:, None] * np.column_stack([np.sin(mean), np.cos(mean)])
    return np.vstack([np.zeros((1, 2)), np.cumsum(walk, axis=0)])
