"""Anatomical facts of a spine in space that the ALS types are described by.

Read from the vertebrae themselves, in the patient's frontal plane: no film, no landmark and nothing
of `spinescan.measure` takes part, so that the rules there can be held against these.
"""

from dataclasses import dataclass

import numpy as np

from spinescan.core.anatomy import LEVELS
from spinescan.phantom.shape import Bend, Spine
from spinescan.phantom.vertebrae import Vertebra

PLACE = {level: i for i, level in enumerate((*LEVELS, "L6"))}
"""T1 is 0, L1 is 12."""


@dataclass(frozen=True, slots=True)
class FrontalFacts:
    """Offsets in mean lumbar vertebral widths from the vertical through S1; None where undefined.

    Parameters
    ----------
    transition
        Of the middle between the two curves, + towards the thoracic convex side.
    crossing
        Of the lower curve's apex, + towards its own convex side. Without a lower curve that of L3,
        + away from the thoracic curve.
    shift
        Of T1, + towards the convex side of the main curve.
    counter_tilt_deg
        How far L5 is tilted back against L4: a lumbosacral counter-curve.
    ratio
        Cobb angle of the lower curve over that of the thoracic one.
    thoracic_apex, lower_apex
        Places on the scale of `PLACE`.
    """

    transition: float | None
    crossing: float | None
    shift: float
    counter_tilt_deg: float
    ratio: float | None
    thoracic_apex: float | None
    lower_apex: float | None


def frontal_facts(spine: Spine, thoracic: Bend | None, lower: Bend | None) -> FrontalFacts:
    """Facts of a spine with a thoracic curve, a lower one, or both."""
    main = thoracic or lower
    if main is None:
        raise ValueError("a straight spine has no facts of a curve")
    lumbar = [v for v in spine.vertebrae if v.level[0] == "L"]
    width = 2 * sum(v.half_width for v in lumbar) / len(lumbar)

    def offset(level: str, sense: int) -> float:
        return float(spine[level].centre[0]) * sense / width

    def offset_at(place: float, sense: int) -> float:
        levels = [v for v in spine.vertebrae if v.level in PLACE]
        x = np.interp(place, [PLACE[v.level] for v in levels], [v.centre[0] for v in levels])
        return float(x) * sense / width

    transition = crossing = ratio = thoracic_apex = lower_apex = None
    if thoracic is not None:
        thoracic_apex = apex_place(spine, thoracic)
    if thoracic is not None and lower is not None:
        ends = offset(thoracic.lower, thoracic.sense) + offset(lower.upper, thoracic.sense)
        transition = ends / 2
        ratio = lower.cobb_deg / thoracic.cobb_deg
    if lower is not None:
        lower_apex = apex_place(spine, lower)
        crossing = offset_at(lower_apex, lower.sense)
    elif thoracic is not None:
        crossing = -offset("L3", thoracic.sense)
    low = (lower or main).sense
    last, before = lumbar[-1], lumbar[-2]
    return FrontalFacts(
        transition=transition,
        crossing=crossing,
        shift=offset("T1", main.sense),
        counter_tilt_deg=low * (_tilt_deg(before) - _tilt_deg(last)),
        ratio=ratio,
        thoracic_apex=thoracic_apex,
        lower_apex=lower_apex,
    )


def apex_place(spine: Spine, bend: Bend) -> float:
    """Where a curve lies farthest off the line between its end vertebrae, on the scale of `PLACE`.

    A vertebra's place is a whole number, that of the disc below it half a level more.
    """
    levels = [v.level for v in spine.vertebrae]
    first = levels.index(bend.upper)
    inside = spine.vertebrae[first : levels.index(bend.lower) + 1]
    places = np.array([[v.centre[0], v.centre[2]] for v in inside])
    along = places[-1] - places[0]
    off = np.abs((places - places[0]) @ np.array([along[1], -along[0]]))
    k = int(np.argmax(off[1:-1])) + 1
    # The top of the parabola through the farthest vertebra and its neighbours.
    before, here, after = off[k - 1 : k + 2]
    return PLACE[inside[k].level] + float((before - after) / (2 * (before - 2 * here + after)))


def apex_name(spine: Spine, bend: Bend) -> str:
    """The vertebra ("T8") or disc ("T11/T12") next to the apex."""
    halves = round(2 * apex_place(spine, bend))
    names = {place: level for level, place in PLACE.items() if level in spine}
    upper = names[halves // 2]
    return upper if halves % 2 == 0 else f"{upper}/{names[halves // 2 + 1]}"


def _tilt_deg(vertebra: Vertebra) -> float:
    """Frontal tilt, + if the patient's left side lies lower."""
    across = vertebra.superior.across + vertebra.inferior.across
    return float(np.degrees(np.arctan2(-across[2], across[0])))
