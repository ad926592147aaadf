"""Where a frontal spine stands against the vertical through the sacrum; how its ends tilt.

Signs: offsets are positive towards the picture's right, tilts are positive when the end on the
picture's right lies lower. The film's vertical is taken for the plumb line. Offsets are given in
vertebral widths, that is as a share of the mean width of the visible lumbar vertebrae, since a film
seldom tells its millimetres.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import Landmarks
from spinescan.core.report import Curve, Measurement
from spinescan.measure.curves import PLACES, head_down
from spinescan.measure.frontal import FrontalSpine
from spinescan.measure.intervals import endplate_spread_deg, tilt_interval_deg
from spinescan.measure.pelvis import TRUNK, PelvicSource, hip_prominence, pelvic_line

WIDTHS = "vertebral widths"
"""Unit of an offset: 1 is the mean width of the visible lumbar vertebrae."""

_CSL_METHODS = {
    "S1": "CSL: vertical through the middle of S1",
    "L5": "CSL approximate: vertical through the middle of L5's inferior endplate, S1 not visible",
}

_PELVIC_METHODS: dict[PelvicSource, str] = {
    "iliac crests": "the line of the iliac crests' tops",
    "femoral heads": "the line of the femoral heads' centres (iliac crests not visible)",
    "S1": "S1's endplate (neither iliac crests nor femoral heads visible)",
}
_SHARE = "share of the mean lumbar width; + = picture's right"
_NECK = "C7_centre"

LOWEST_APEX = "L4"
"""A curve with a lower apex belongs to the lumbosacral counter-curve (SRS: lumbosacral)."""


@dataclass(frozen=True, slots=True)
class CentralSacralLine:
    """The vertical x = `x` (pixels from the film's left edge) and the level it was found from.

    From "L5" (the middle of its inferior endplate) it is an approximation.
    """

    x: float
    source: Literal["S1", "L5"]

    @property
    def approximate(self) -> bool:
        """Whether S1 was not visible."""
        return self.source != "S1"


def central_sacral_line(landmarks: Landmarks) -> CentralSacralLine | None:
    """The CSL from S1, else from L5; None if neither is visible."""
    for source, left, right in (
        ("S1", "S1_left", "S1_right"),
        ("L5", "L5_inferior_left", "L5_inferior_right"),
    ):
        if left in landmarks and right in landmarks:
            rows = [landmarks.names.index(left), landmarks.names.index(right)]
            x = float(landmarks.points_xy[rows, 0].mean())
            return CentralSacralLine(x, "S1" if source == "S1" else "L5")
    return None


def thoracic_and_next(curves: tuple[Curve, ...]) -> tuple[Curve, Curve] | None:
    """The largest main thoracic curve and the next one below it; None if there is no such pair.

    Curves with an apex below `LOWEST_APEX` are lumbosacral counter-curves and not the next one.
    """
    lowest = PLACES.index(LOWEST_APEX)
    down = tuple(c for c in head_down(curves) if PLACES.index(c.apex) <= lowest)
    thoracic = [c for c in down if c.region == "main_thoracic"]
    if not thoracic:
        return None
    largest = max(thoracic, key=lambda c: c.cobb_deg)
    below = down[down.index(largest) + 1 :]
    return (largest, below[0]) if below else None


def transitional_point(
    landmarks: Landmarks, curves: tuple[Curve, ...]
) -> NDArray[np.float64] | None:
    """The transitional point (2,) as x, y in isotropic units (`Landmarks.isotropic`).

    It is the middle between the centres of the main thoracic curve's lower end vertebra and of the
    next curve's upper end vertebra (doi 10.1186/s13013-017-0114-2); None without such a pair.
    """
    pair = thoracic_and_next(curves)
    if pair is None:
        return None
    return point_between(FrontalSpine.from_landmarks(landmarks), *pair)


def point_between(spine: FrontalSpine, upper: Curve, lower: Curve) -> NDArray[np.float64]:
    """Middle (2,) between the end vertebrae of two curves that face each other."""
    facing = spine.point_xy(upper.lower) + spine.point_xy(lower.upper)
    return np.asarray(facing / 2, dtype=np.float64)


def frontal_measurements(
    landmarks: Landmarks, curves: tuple[Curve, ...], *, factor: float | None = None
) -> tuple[Measurement, ...]:
    """T1, L4 and L5 tilt; the pelvis; trunk shift and the offsets of apexes and transitional point.

    What needs a point that is not visible is left out, and a method says where one point stood in
    for another. An apical translation's level is the apex. With `factor` (as in
    `intervals.with_intervals`) the angles get an interval, where the spreads are known.
    """
    spine = FrontalSpine.from_landmarks(landmarks)
    return (
        *_tilts(landmarks, spine, factor),
        *_pelvis(landmarks, spine, factor),
        *_offsets(landmarks, spine, curves),
    )


def _tilts(
    landmarks: Landmarks, spine: FrontalSpine, factor: float | None
) -> Iterator[Measurement]:
    method = "mean tilt of both endplates to the picture's horizontal; + = picture's right lower"
    spread = endplate_spread_deg(landmarks).reshape(-1, 2)
    for level in ("T1", "L4", "L5"):
        if level in spine:
            tilt = spine.tilt_deg(level)
            interval = _interval(tilt, spread[spine.index(level)], factor)
            yield Measurement(f"{level}_tilt", tilt, "deg", method, (level,), interval)


def _pelvis(
    landmarks: Landmarks, spine: FrontalSpine, factor: float | None
) -> Iterator[Measurement]:
    line = pelvic_line(landmarks)
    if line is None:
        return
    levels = ("S1",) if line.source == "S1" else ()
    what = _PELVIC_METHODS[line.source]
    interval = _interval(line.tilt_deg, np.array([line.tilt_spread_deg]), factor)
    method = f"tilt of {what} to the picture's horizontal; + = picture's right lower"
    yield Measurement("pelvic_obliquity", line.tilt_deg, "deg", method, levels, interval)
    prominence = hip_prominence(spine, line)
    if prominence is not None:
        method = (
            f"middle of {what} to the vertical through the mean of the centres of"
            f" {TRUNK[0]}..{TRUNK[-1]} (own definition, provisional); {_SHARE}"
        )
        yield Measurement("hip_prominence", prominence, WIDTHS, method, (*TRUNK, *levels))


def _interval(
    tilt_deg: float, spread_deg: NDArray[np.float64], factor: float | None
) -> tuple[float, float] | None:
    return None if factor is None else tilt_interval_deg(tilt_deg, spread_deg, factor=factor)


def _offsets(
    landmarks: Landmarks, spine: FrontalSpine, curves: tuple[Curve, ...]
) -> Iterator[Measurement]:
    csl, width = central_sacral_line(landmarks), spine.lumbar_width()
    if csl is None or width is None:
        return
    where = f"; {_CSL_METHODS[csl.source]}; {_SHARE}"

    def offset(name: str, x: float, what: str, levels: tuple[str, ...]) -> Measurement:
        return Measurement(name, (x - csl.x) / width, WIDTHS, what + where, levels)

    if _NECK in landmarks:
        x = float(landmarks.points_xy[landmarks.names.index(_NECK), 0])
        yield offset("trunk_shift", x, "plumb line from the centre of C7 to CSL", ("C7",))
    elif "T1" in spine:
        x = float(spine.point_xy("T1")[0])
        what = "plumb line from the centre of T1 (C7 not visible) to CSL"
        yield offset("trunk_shift", x, what, ("T1",))
    for curve in curves:
        x = float(spine.point_xy(curve.apex)[0])
        what = "apical translation: centre of the apical vertebra or disc to CSL"
        yield offset("apical_translation", x, what, (curve.apex,))
    pair, point = thoracic_and_next(curves), transitional_point(landmarks, curves)
    if pair is not None and point is not None:
        what = "transitional point (doi 10.1186/s13013-017-0114-2) to CSL"
        yield offset("TP_to_CSL", float(point[0]), what, (pair[0].lower, pair[1].upper))
