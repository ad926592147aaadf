"""ROC and precision-recall curves of each label, as few enough points to draw."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.task import Task
from spinescan.study.judged import Judged
from spinescan.study.ranking import precision_recall_points, ranked, roc_points

Floats = NDArray[np.float64]

GRID = np.linspace(0, 1, 101)


def curve_points(repeats: Sequence[Judged], task: Task) -> dict[str, Any]:
    """For each label its curves on an even grid, averaged over the repeats; plain JSON types.

    `roc` holds the true positive rate at each false positive rate, `precision_recall` the precision
    at each recall. None for a label that no film has, or all. Areas are not computed from these.
    """
    roc: dict[str, list[float] | None] = {}
    precision: dict[str, list[float] | None] = {}
    for k, code in enumerate(task.codes):
        usable = [f for f in repeats if (f.truth == k).sum() > 0 and (f.truth[f.scored] != k).any()]
        roc[code] = _rounded([_roc(films, k) for films in usable])
        precision[code] = _rounded([_precision(films, k) for films in usable])
    grid = [round(float(x), 2) for x in GRID]
    return {
        "roc": {"false_positive_rate": grid, "true_positive_rate": roc},
        "precision_recall": {"recall": grid, "precision": precision},
    }


def _roc(films: Judged, label: int) -> Floats:
    _, scores, positive = ranked(films.probabilities, films.truth, label)
    others, own = roc_points(scores, positive)
    # The curve rises steeply: of several points at one rate the highest is meant.
    last = np.flatnonzero(np.diff(others, append=2))
    heights = np.interp(GRID, others[last], own[last])
    heights[0] = own[last[0]]
    return np.asarray(heights)


def _precision(films: Judged, label: int) -> Floats:
    _, scores, positive = ranked(films.probabilities, films.truth, label)
    recall, precision = precision_recall_points(scores, positive)
    # The highest threshold that reaches the recall; no interpolation between two of them.
    return precision[np.searchsorted(recall, GRID - 1e-9)]


def _rounded(curves: Sequence[Floats]) -> list[float] | None:
    return [round(float(y), 4) for y in np.mean(curves, axis=0)] if len(curves) else None
