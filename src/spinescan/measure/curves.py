"""Lateral curves of a frontal film: end vertebrae, apex, region, Cobb angle.

A curve's Cobb angle is the angle between the superior endplate of its upper and the inferior
endplate of its lower end vertebra, the end vertebrae being the most tilted ones (J Bone Joint Surg
Am 1990;72:320). Of all ways to divide a spine into curves convex to alternate sides, the one with
the largest sum of (Cobb angle - 10 degrees) is taken. So a curve of less than 10 degrees never
counts, and a wiggle of less than 10 degrees never breaks up a larger curve. Neighbouring curves may
share an end vertebra; a straight stretch between them belongs to neither. Only differences of tilt
enter: turning the film changes nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS, Landmarks
from spinescan.core.errors import EditError
from spinescan.core.report import Curve, Region, Side
from spinescan.measure.frontal import FrontalSpine

MIN_COBB_DEG = 10.0
"""Scoliosis begins at 10 degrees (SRS). Also the depth that a wiggle needs to divide a curve."""

MIN_VERTEBRAE = 4
"""A bend over fewer vertebrae is mostly one whose endplates were marked badly.

A curve may end up with one less where its larger neighbour takes their common end (`_settled`).
"""

REGIONS: tuple[tuple[Region, str], ...] = (
    ("proximal_thoracic", "T5/T6"),
    ("main_thoracic", "T11/T12"),
    ("thoracolumbar", "L1"),
    ("lumbar", "L5"),
)
"""Each region and its lowest apex (Lenke/SRS), from the head down.

The published table runs from T2 to L4. An apex beyond it takes the nearest region: above T2 it is
proximal thoracic, below L4 lumbar.
"""

PLACES: tuple[str, ...] = tuple(
    place
    for upper, lower in zip(LEVELS, (*LEVELS[1:], None), strict=True)
    for place in ((upper, f"{upper}/{lower}") if lower else (upper,))
)
"""Every vertebra and disc where an apex can be, from the head down."""


class _Span(NamedTuple):
    """A curve by the rows of its end vertebrae; sense is +1 when convex to the picture's right."""

    upper: int
    lower: int
    sense: int
    cobb_deg: float


def find_curves(landmarks: Landmarks) -> tuple[Curve, ...]:
    """The curves of 10 degrees and more, largest first.

    Sides are those of the picture for a film with the head up. Levels that lack a corner are left
    out; a spine without a curve, or with fewer than four visible vertebrae, gives ().
    """
    spine = FrontalSpine.from_landmarks(landmarks)
    tilts = spine.relative_tilts_deg
    curves = [_curve(spine, span) for span in _settled(_divide(tilts), tilts)]
    return tuple(sorted(curves, key=lambda c: -c.cobb_deg))


def curve_between(landmarks: Landmarks, upper: str, lower: str) -> Curve:
    """The curve between two end vertebrae that a reader has chosen, however small its angle.

    Its convex side is the one that these two bend it to; the apex is found as ever.

    Raises
    ------
    EditError
        If an end vertebra lacks a corner, or no vertebra is visible between the two.
    """
    spine = FrontalSpine.from_landmarks(landmarks)
    for level in (upper, lower):
        if level not in spine:
            raise EditError(f"{level} is not on the film with all its corners")
    rows = spine.index(upper), spine.index(lower)
    if rows[1] - rows[0] < 2:
        raise EditError(f"no vertebra is visible between {upper} and {lower}")
    (superior, _), (_, inferior) = spine.relative_tilts_deg[list(rows)].tolist()
    sense = 1 if inferior >= superior else -1
    span = _Span(*rows, sense, abs(inferior - superior))
    return replace(_curve(spine, span), ends_by="reader")


def curves_between(landmarks: Landmarks, ends: Sequence[tuple[str, str]]) -> tuple[Curve, ...]:
    """`curve_between` for each pair of end vertebrae (upper, lower), largest first."""
    curves = [curve_between(landmarks, upper, lower) for upper, lower in ends]
    return tuple(sorted(curves, key=lambda c: -c.cobb_deg))


def head_down(curves: tuple[Curve, ...]) -> tuple[Curve, ...]:
    """The same curves from the head down."""
    return tuple(sorted(curves, key=lambda c: LEVELS.index(c.upper)))


def region_of(apex: str) -> Region:
    """The region that an apex ("T8", "T11/T12") gives its curve."""
    place = PLACES.index(apex)
    return next(region for region, last in REGIONS if place <= PLACES.index(last))


def _divide(tilts_deg: NDArray[np.float64]) -> tuple[_Span, ...]:
    """The best division into curves of alternate sense, from the head down."""
    superior, inferior = tilts_deg.T.tolist()
    nothing: tuple[float, tuple[_Span, ...]] = (0.0, ())
    # above[sense][row]: the best division whose last curve has that sense and ends by that row.
    above = {sense: [nothing] * len(superior) for sense in (1, -1)}
    for lower in range(len(superior)):
        for sense in (1, -1):
            best = above[sense][lower - 1] if lower else nothing
            for upper in range(lower - MIN_VERTEBRAE + 1, -1, -1):
                cobb = sense * (inferior[lower] - superior[upper])
                if cobb >= MIN_COBB_DEG:
                    total, spans = above[-sense][upper]
                    total = total + cobb - MIN_COBB_DEG
                    if total > best[0]:  # of equal ones the first wins: the shorter curve
                        best = total, (*spans, _Span(upper, lower, sense, cobb))
            above[sense][lower] = best
    return max((above[1][-1], above[-1][-1]), key=lambda c: c[0])[1] if above[1] else ()


def _settled(spans: tuple[_Span, ...], tilts_deg: NDArray[np.float64]) -> tuple[_Span, ...]:
    """Give a large curve back the end vertebra that a short one at the spine's end has taken.

    The division keeps curves `MIN_VERTEBRAE` long. At the ends of the spine that can cost a large
    curve its most tilted vertebra for the sake of a short one beyond it, such as a lumbosacral
    counter-curve. The short one is kept only if 10 degrees and `MIN_VERTEBRAE` - 1 vertebrae are
    left to it.
    """
    superior, inferior = tilts_deg.T
    kept = list(spans)
    if len(kept) > 1 and kept[-1].cobb_deg < kept[-2].cobb_deg:
        large, short = kept[-2:]
        rows = range(large.lower, short.lower + 1)
        lower = max(rows, key=lambda k: (large.sense * inferior[k], -k))
        if lower > short.upper:
            kept[-2:] = [
                _cut(large, large.upper, lower, tilts_deg),
                _cut(short, lower, short.lower, tilts_deg),
            ]
    if len(kept) > 1 and kept[0].cobb_deg < kept[1].cobb_deg:
        short, large = kept[:2]
        rows = range(short.upper, large.upper + 1)
        upper = min(rows, key=lambda k: (large.sense * superior[k], -k))
        if upper < short.lower:
            kept[:2] = [
                _cut(short, short.upper, upper, tilts_deg),
                _cut(large, upper, large.lower, tilts_deg),
            ]
    return tuple(s for s in kept if s.cobb_deg >= MIN_COBB_DEG)


def _cut(span: _Span, upper: int, lower: int, tilts_deg: NDArray[np.float64]) -> _Span:
    """The best of a curve between two rows; 0 degrees if too few vertebrae are left."""
    superior, inferior = tilts_deg.T
    least = max(MIN_VERTEBRAE - 1, min(MIN_VERTEBRAE, lower - upper + 1))
    candidates = [
        _Span(a, b, span.sense, float(span.sense * (inferior[b] - superior[a])))
        for a in range(upper, lower + 1)
        for b in range(a + least - 1, lower + 1)
    ]
    nothing = _Span(upper, lower, span.sense, 0.0)
    return max(candidates, key=lambda s: s.cobb_deg, default=nothing)


def _curve(spine: FrontalSpine, span: _Span) -> Curve:
    apex = _apex(spine, span)
    side: Side = "right" if span.sense > 0 else "left"
    return Curve(
        region=region_of(apex),
        convex_side=side,
        upper=spine.levels[span.upper],
        apex=apex,
        lower=spine.levels[span.lower],
        cobb_deg=span.cobb_deg,
    )


def _apex(spine: FrontalSpine, span: _Span) -> str:
    """The vertebra or disc that lies farthest off the chord, on the convex side."""
    upper, lower = span.upper, span.lower
    (x0, y0), (x1, y1) = spine.centres_xy[[upper, lower]].tolist()
    along_x, along_y = x1 - x0, y1 - y0

    def off_chord(place: str) -> float:
        x, y = spine.point_xy(place)
        return float(span.sense * (along_y * (x - x0) - along_x * (y - y0)))

    discs = (f"{a}/{b}" for a, b in pairwise(spine.levels[upper : lower + 1]))
    whole = (disc for disc in discs if disc in PLACES)  # no level between is missing
    return max((*spine.levels[upper + 1 : lower], *whole), key=off_chord)
