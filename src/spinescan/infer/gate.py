"""Whether a reading may be believed. The limits belong to the bundle, beside the weights.

The networks answer on any picture. That the answer is a spine is judged by the networks' own doubt
(heat, presence, how far two looks differ) and by its shape: enough levels, growing smoothly.
"""

from dataclasses import dataclass

import numpy as np

from spinescan.core.anatomy import LEVELS
from spinescan.core.radiograph import Radiograph, View
from spinescan.infer.bundle import Bundle
from spinescan.infer.decode import vertebra_poses
from spinescan.infer.frontal import Reading

NOT_FRONTAL = frozenset({"no_spine", "declared_lateral", "not_frontal", "not_like_a_spine"})
"""Reasons for which a film is not taken for a frontal spine at all."""


_MUST_SHOW = (LEVELS.index("T6"), LEVELS.index("L4"))
"""Levels that a film of the whole spine shows at least. Chest and lumbar films end before."""

_LEAST_WIDENING = 1.1
"""Of an upright spine; anatomy, not weights, so it is not the bundle's."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gate looks at; shares and ratios only, so that the film's size does not matter.

    confidence
        Mean over the vertebrae of the finder's heat times the refiner's presence: both networks'
        opinion in one number, and the mean score of the report's corners.
    frontal
        Probability that the film shows the spine from the front or from behind.
    unrest
        Difference of the two looks, share of a level's height.
    roughness
        Standard deviation of the log ratio of neighbouring levels' pitch and width: a spine grows
        smoothly.
    widening
        Median width of the lower third of the vertebrae over that of the upper third.
    """

    confidence: float
    frontal: float
    unrest: float
    roughness: float
    widening: float


def weigh(reading: Reading) -> Evidence:
    """Measure a reading's own plausibility."""
    corners = reading.corners
    pitch = np.array([pose.pitch for pose in vertebra_poses(corners)]).clip(1e-6)
    width = np.linalg.norm(corners[:, 1::2] - corners[:, ::2], axis=2).mean(axis=1).clip(1e-6)
    growth = np.concatenate([np.diff(np.log(pitch)), np.diff(np.log(width))])
    third = max(len(width) // 3, 1)
    return Evidence(
        confidence=float(reading.score.mean()),
        frontal=reading.marks.facts["frontal"],
        unrest=reading.unrest,
        roughness=float(growth.std()),
        widening=float(np.median(width[-third:]) / np.median(width[:third])),
    )


def reasons_against(film: Radiograph, reading: Reading | None, bundle: Bundle) -> tuple[str, ...]:
    """Codes of all that speaks against accepting the reading; empty when it is accepted."""
    reasons = []
    if film.declared_view is View.LATERAL:
        reasons.append("declared_lateral")
    if reading is None:
        return (*reasons, "no_spine")
    evidence, limit = weigh(reading), bundle.settings
    if evidence.confidence < limit["least_confidence"]:
        reasons.append("not_like_a_spine")
    if evidence.frontal < limit["least_frontal"]:
        reasons.append("not_frontal")
    if reading.spine.levels[0] > _MUST_SHOW[0] or reading.spine.levels[-1] < _MUST_SHOW[1]:
        reasons.append("spine_incomplete")
    told = any(notice.code == "not_upright" for notice in film.notices)
    if told or evidence.widening < _LEAST_WIDENING:
        reasons.append("not_upright")
    if evidence.unrest > limit["most_unrest"]:
        reasons.append("unsteady")
    if evidence.roughness > limit["most_roughness"]:
        reasons.append("uneven_row")
    return tuple(reasons)
