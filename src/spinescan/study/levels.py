"""Whether the levels are named right, vertebra by vertebra."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.study.metrics import share_with_interval, share_within_groups

Floats = NDArray[np.float64]
Answer = tuple[list[int], Floats]
"""Levels (indices into LEVELS) and their corners (m, 4, 2), of an accepted film."""


@dataclass(frozen=True, slots=True, eq=False)
class Naming:
    """How the levels of one film were named.

    `shift` (m,) is, for each vertebra that was marked, the true level nearest to it minus the level
    it was given. `right` and `near` count the film's own `n` levels that were marked and have a
    shift of 0, or of one at most. `invented` counts marked levels that the film does not show.
    """

    n: int
    shift: NDArray[np.intp]
    right: int
    near: int
    invented: int


def naming(true_corners: Floats, answer: Answer | None) -> Naming:
    """Compare an answer with the true corners (17, 4, 2), NaN for a level not on the film."""
    centres = true_corners.mean(axis=1)
    shown = np.flatnonzero(np.isfinite(centres).all(axis=1))
    if answer is None or len(shown) == 0:
        return Naming(len(shown), np.empty(0, dtype=np.intp), 0, 0, 0)
    levels, corners = np.array(answer[0], dtype=np.intp), answer[1]
    way = corners.mean(axis=1)[:, None] - centres[shown][None]
    shift = shown[np.linalg.norm(way, axis=2).argmin(axis=1)] - levels
    real = np.isin(levels, shown)
    return Naming(
        n=len(shown),
        shift=shift,
        right=int((real & (shift == 0)).sum()),
        near=int((real & (np.abs(shift) <= 1)).sum()),
        invented=int((~real).sum()),
    )


def level_figures(namings: Sequence[Naming], groups: Sequence[Hashable]) -> dict[str, Any]:
    """Shares of levels and of answered films that are named right, or one off at most.

    Of the levels every one of every film counts; without an answer they are wrong. An answered film
    counts by the median of its vertebrae's shifts (is the row named right?) and by the largest (is
    every level?).
    """
    answered = [n.shift for n in namings if len(n.shift)]
    median = [abs(float(np.median(shift))) for shift in answered]
    largest = [int(np.abs(shift).max()) for shift in answered]
    count = len(answered)
    total = [n.n for n in namings]
    return {
        "n": count,
        "row_exact": share_with_interval(sum(s < 1 for s in median), count),
        "row_within_one": share_with_interval(sum(s < 2 for s in median), count),
        "every_level_exact": share_with_interval(sum(s < 1 for s in largest), count),
        "every_level_within_one": share_with_interval(sum(s < 2 for s in largest), count),
        "n_levels_of_all_films": sum(total),
        "levels_exact": share_within_groups([n.right for n in namings], total, groups),
        "levels_within_one": share_within_groups([n.near for n in namings], total, groups),
    }
