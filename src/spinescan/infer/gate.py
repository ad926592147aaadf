"""Whether a reading may be believed. The limits belong to the bundle, beside the weights.

The networks answer on any picture. That the answer is a spine is judged by the networks' own doubt
(heat, presence, how far two looks differ) and by its shape: enough levels, growing smoothly.
"""

from dataclasses import dataclass

import numpy as np

from spinescan.core.radiograph import Radiograph, View
from spinescan.infer.bundle import Bundle
from spinescan.infer.decode import vertebra_poses
from spinescan.infer.frontal import Reading

NOT_FRONTAL = frozenset({"no_spine", "declared_lateral", "not_like_vertebrae", "not_like_a_spine"})
"""Reasons for which a film is not taken for a frontal spine at all."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gate looks at; shares and ratios only, so that the film's size does not matter.

    heat
        Mean heat of the finder over the chain.
    presence
        Mean probability of the refiner that a vertebra is there; `presence_low` is its lowest
        decile.
    unrest
        Difference of the two looks, share of a level's height.
    levels
        Number of levels in the chain.
    seen
        Share of them that the finder saw itself.
    roughness
        Standard deviation of the log ratio of neighbouring levels' pitch and width: a spine grows
        smoothly.
    slenderness
        Median width of a vertebra over its pitch.
    """

    heat: float
    presence: float
    presence_low: float
    unrest: float
    levels: int
    seen: float
    roughness: float
    slenderness: float


def weigh(reading: Reading) -> Evidence:
    """Measure a reading's own plausibility."""
    corners = reading.corners
    pitch = np.array([pose.pitch for pose in vertebra_poses(corners)]).clip(1e-6)
    width = np.linalg.norm(corners[:, 1::2] - corners[:, ::2], axis=2).mean(axis=1).clip(1e-6)
    growth = np.concatenate([np.diff(np.log(pitch)), np.diff(np.log(width))])
    return Evidence(
        heat=float(reading.spine.heat.mean()),
        presence=float(reading.presence.mean()),
        presence_low=float(np.quantile(reading.presence, 0.1)),
        unrest=reading.unrest,
        levels=len(pitch),
        seen=float((reading.spine.heat > 0).mean()),
        roughness=float(growth.std()),
        slenderness=float(np.median(width / pitch)),
    )


def reasons_against(film: Radiograph, reading: Reading | None, bundle: Bundle) -> tuple[str, ...]:
    """Codes of all that speaks against accepting the reading; empty when it is accepted."""
    reasons = []
    if film.declared_view is View.LATERAL:
        reasons.append("declared_lateral")
    if reading is None:
        return (*reasons, "no_spine")
    evidence, limit = weigh(reading), bundle.settings
    if evidence.heat < limit["least_heat"]:
        reasons.append("not_like_a_spine")
    if evidence.presence < limit["least_presence"]:
        reasons.append("not_like_vertebrae")
    if evidence.levels < limit["least_levels"]:
        reasons.append("too_few_levels")
    if evidence.unrest > limit["most_unrest"]:
        reasons.append("unsteady")
    if evidence.roughness > limit["most_roughness"]:
        reasons.append("uneven_row")
    return tuple(reasons)
