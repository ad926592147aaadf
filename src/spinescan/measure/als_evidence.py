"""What an ALS verdict is decided from, measured on one film."""

import math
from dataclasses import dataclass, replace

from spinescan.core.anatomy import LEVELS, Landmarks
from spinescan.core.report import Curve
from spinescan.measure.balance import (
    LOWEST_APEX,
    central_sacral_line,
    point_between,
    thoracic_and_next,
)
from spinescan.measure.curves import PLACES
from spinescan.measure.frontal import FrontalSpine
from spinescan.measure.pelvis import hip_prominence, pelvic_line

NEEDED_LEVELS = LEVELS[LEVELS.index("T5") :]
"""The levels that a film must show before its curves are given a type."""

_LUMBAR_APEXES = PLACES[PLACES.index("L1/L2") : PLACES.index(LOWEST_APEX) + 1]


@dataclass(frozen=True, slots=True)
class AlsEvidence:
    """The facts of one film; what does not apply is None.

    Proximal thoracic curves take no part. Offsets are in vertebral widths from the CSL.
    """

    thoracic: Curve | None = None
    """The largest main thoracic curve."""
    lower: Curve | None = None
    """The next curve below it; without a thoracic curve the largest one."""
    tp: float | None = None
    """Transitional point, + to the thoracic convex side."""
    lumbar_apex: float | None = None
    """Apex of the lower curve, + away from the thoracic convex side. With a single thoracic curve:
    the lumbar vertebra or disc that goes farthest there."""
    hip: float | None = None
    """Prominence of the hip against the trunk, + to the thoracic convex side. Only where iliac
    crests or femoral heads are visible: S1 alone says nothing of the hips."""
    thoracic_apex: float | None = None
    """Apex of the thoracic curve, + to its convex side."""
    counter_tilt_deg: float | None = None
    """Tilt of L5 against L4, + where it counters the lower curve."""
    l4_into_deg: float | None = None
    """Tilt of L4, + into the lower curve (as the curve's own lower end vertebra tilts)."""
    cobb_ratio: float | None = None
    """Cobb angle of the lower curve over that of the thoracic one."""
    length_ratio: float | None = None
    """Length of the lower curve (between its end vertebrae's centres) over the thoracic one."""


def als_evidence(landmarks: Landmarks, curves: tuple[Curve, ...]) -> AlsEvidence | None:
    """Measure the evidence; None if a needed level is not visible."""
    spine, csl = FrontalSpine.from_landmarks(landmarks), central_sacral_line(landmarks)
    width = spine.lumbar_width()
    if csl is None or width is None or any(level not in spine for level in NEEDED_LEVELS):
        return None

    def offset(x: float) -> float:
        return float((x - csl.x) / width)

    def offset_of(place: str) -> float:
        return offset(float(spine.point_xy(place)[0]))

    thoracic, lower = _main_curves(curves)
    evidence = AlsEvidence(thoracic=thoracic, lower=lower)
    if lower is not None:
        sense = _sense(lower)
        evidence = replace(
            evidence,
            counter_tilt_deg=sense * (spine.tilt_deg("L4") - spine.tilt_deg("L5")),
            l4_into_deg=sense * spine.tilt_deg("L4"),
        )
    if thoracic is None:
        return evidence
    sense = _sense(thoracic)
    evidence = replace(
        evidence,
        hip=_hip(landmarks, spine, sense),
        thoracic_apex=sense * offset_of(thoracic.apex),
    )
    if lower is None:
        lumbar = max(-sense * offset_of(place) for place in _LUMBAR_APEXES)
        return replace(evidence, lumbar_apex=lumbar)
    return replace(
        evidence,
        tp=sense * offset(float(point_between(spine, thoracic, lower)[0])),
        lumbar_apex=-sense * offset_of(lower.apex),
        cobb_ratio=lower.cobb_deg / thoracic.cobb_deg,
        length_ratio=_length(spine, lower) / _length(spine, thoracic),
    )


def _main_curves(curves: tuple[Curve, ...]) -> tuple[Curve | None, Curve | None]:
    """The thoracic and the lower curve that the type is about, either of which may be absent."""
    lowest = PLACES.index(LOWEST_APEX)
    used = tuple(
        c for c in curves if c.region != "proximal_thoracic" and PLACES.index(c.apex) <= lowest
    )
    pair = thoracic_and_next(used)
    if pair is not None:
        return pair
    largest = max(used, key=lambda c: c.cobb_deg, default=None)
    thoracic = [c for c in used if c.region == "main_thoracic"]
    return (max(thoracic, key=lambda c: c.cobb_deg), None) if thoracic else (None, largest)


def _hip(landmarks: Landmarks, spine: FrontalSpine, sense: int) -> float | None:
    line = pelvic_line(landmarks)
    if line is None or line.source == "S1":
        return None
    prominence = hip_prominence(spine, line)
    return None if prominence is None else sense * prominence


def _sense(curve: Curve) -> int:
    """+1 if convex to the picture's right; tilts then grow from the head down."""
    return 1 if curve.convex_side == "right" else -1


def _length(spine: FrontalSpine, curve: Curve) -> float:
    x, y = spine.point_xy(curve.lower) - spine.point_xy(curve.upper)
    return math.hypot(x, y)
