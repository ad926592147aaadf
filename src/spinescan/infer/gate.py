"""Whether a reading may be believed. The limits belong to the bundle, beside the weights.

The networks answer on any picture. That the answer is a spine is judged by the networks' own doubt
(heat, presence, how far two looks differ) and by its shape: enough levels, growing smoothly.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spinescan.core.anatomy import LEVELS
from spinescan.core.radiograph import Radiograph, View
from spinescan.infer.bundle import Bundle
from spinescan.infer.decode import vertebra_poses
from spinescan.infer.reading import Marks, Reading
from spinescan.infer.sacrum import most_overlap
from spinescan.infer.views import FRONTAL, ModelView, view_of

NOT_FRONTAL = FRONTAL.not_this

_LEAST_WIDENING = 1.1
"""Of an upright spine; anatomy, not weights, so it is not the bundle's."""
_MOST_OVERLAP = 0.1
"""From the side bodies that slip or lose their disc touch, but do not lie in each other."""
_LOW_FROM = LEVELS.index("T12")
"""Higher up, behind the shoulders, bodies are placed too roughly for that to tell."""
_SLOPE_TELLS_DEG = 10.0
"""A sacral endplate that slopes so much tells the front: its lower end. Anatomy, too."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gate looks at; shares and ratios only, so that the film's size does not matter.

    confidence
        Mean over the vertebrae of the finder's heat times the refiner's presence: both networks'
        opinion in one number, and the mean score of the report's corners.
    in_view
        Probability that the film shows the spine from where the model expects it.
    unrest
        Difference of the two looks, share of a level's height.
    roughness
        Standard deviation of the log ratio of neighbouring levels' pitch and width: a spine grows
        smoothly.
    widening
        Median width of the lower third of the vertebrae over that of the upper third.
    overlap
        How far a vertebra from T12 down reaches into the next one, as a share of its height; below
        0 in a spine.
    """

    confidence: float
    in_view: float
    unrest: float
    roughness: float
    widening: float
    overlap: float


def weigh(reading: Reading, kind: ModelView = FRONTAL) -> Evidence:
    """Measure a reading's own plausibility."""
    corners = reading.corners
    pitch = np.array([pose.pitch for pose in vertebra_poses(corners)]).clip(1e-6)
    width = np.linalg.norm(corners[:, 1::2] - corners[:, ::2], axis=2).mean(axis=1).clip(1e-6)
    growth = np.concatenate([np.diff(np.log(pitch)), np.diff(np.log(width))])
    third = max(len(width) // 3, 1)
    return Evidence(
        confidence=float(reading.score.mean()),
        in_view=reading.marks.facts[kind.view.value],
        unrest=reading.unrest,
        roughness=float(growth.std()),
        widening=float(np.median(width[-third:]) / np.median(width[:third])),
        overlap=most_overlap(corners[reading.spine.levels >= _LOW_FROM]),
    )


def reasons_against(film: Radiograph, reading: Reading | None, bundle: Bundle) -> tuple[str, ...]:
    """Codes of all that speaks against accepting the reading; empty when it is accepted."""
    kind, reasons = view_of(bundle.task), []
    declared = film.declared_view
    if declared in (View.FRONTAL, View.LATERAL) and declared is not kind.view:
        reasons.append(f"declared_{declared.value}")
    if reading is None:
        return (*reasons, "no_spine")
    evidence, limit, levels = weigh(reading, kind), bundle.settings, reading.spine.levels
    if evidence.confidence < limit["least_confidence"]:
        reasons.append("not_like_a_spine")
    if evidence.in_view < limit[kind.limit]:
        reasons.append(f"not_{kind.view.value}")
    if kind.must_show is not None:
        first, last = (LEVELS.index(level) for level in kind.must_show)
        if levels[0] > first or levels[-1] < last:
            reasons.append("spine_incomplete")
    if len(levels) < kind.least_levels:
        reasons.append("few_levels")
    told = any(notice.code == "not_upright" for notice in film.notices)
    narrows = len(levels) >= kind.widens_from and evidence.widening < _LEAST_WIDENING
    if told or narrows:
        reasons.append("not_upright")
    if kind.view is View.LATERAL and not _facing_clear(reading.marks, limit):
        reasons.append("facing_unclear")
    if evidence.unrest > limit["most_unrest"]:
        reasons.append("unsteady")
    overlaps = kind.view is View.LATERAL and evidence.overlap > _MOST_OVERLAP
    if evidence.roughness > limit["most_roughness"] or overlaps:
        reasons.append("uneven_row")
    return tuple(reasons)


def _facing_clear(marks: Marks, limit: Mapping[str, float]) -> bool:
    """Whether it is sure which way the patient looks, and the sacrum does not gainsay it."""
    left = marks.facts["faces_left"]
    ends = [marks.seen(f"S1_{side}", limit["least_point"]) for side in ("left", "right")]
    if ends[0] is not None and ends[1] is not None:
        across, down = ends[1] - ends[0]
        slope = np.degrees(np.arctan2(-down, across))  # above 0: the left end is the lower one
        if abs(slope) >= _SLOPE_TELLS_DEG and (slope > 0) != (left >= 0.5):
            return False
    return bool(max(left, 1 - left) >= limit["least_facing"])
