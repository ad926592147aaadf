"""How well scores order films: ROC and precision-recall, of one label against all others.

Every function takes weights (b, n), a row a draw, and works on all rows at once; a row of ones
gives the plain figure. Films of equal score are taken together, as scikit-learn does.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def ranked(
    probabilities: Floats, truth: NDArray[np.int64], label: int
) -> tuple[Bools, Floats, Bools]:
    """The films that a label's scores order: which of n, and their scores and whether it is theirs.

    A failed film (NaN) is last among those of its own label: it was missed. It is not among the
    others of another label, where it would be a success for which nothing was done.
    """
    own, scored = truth == label, np.isfinite(probabilities[:, label])
    some = scored | own
    scores = np.where(scored, probabilities[:, label], -np.inf)
    return some, scores[some], own[some]


def roc_auc(scores: Floats, positive: Bools, weights: Floats) -> Floats:
    """Area under the ROC curve, (b,): the chance that a film of the label scores above another.

    NaN where a row has no film of the label, or none other.
    """
    return areas(scores, positive, weights)[0]


def average_precision(scores: Floats, positive: Bools, weights: Floats) -> Floats:
    """Mean precision over the recalls that are reached, (b,), without interpolation."""
    return areas(scores, positive, weights)[1]


def areas(scores: Floats, positive: Bools, weights: Floats) -> tuple[Floats, Floats]:
    """Both, `roc_auc` and `average_precision`, from one sorting."""
    own, others = _counts_from_the_top(scores, positive, weights)
    gained = np.diff(own, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Films of equal score count half.
        below = others[:, -1:] - (others[:, 1:] + others[:, :-1]) / 2
        auc = (gained * below).sum(axis=1) / (own[:, -1] * others[:, -1])
        precision = np.nan_to_num(own[:, 1:] / (own[:, 1:] + others[:, 1:]))
        return np.asarray(auc), np.asarray((gained * precision).sum(axis=1) / own[:, -1])


def roc_points(scores: Floats, positive: Bools) -> tuple[Floats, Floats]:
    """False and true positive rates from (0, 0) to (1, 1), one for each different score."""
    above, others = _counts_from_the_top(scores, positive, np.ones((1, len(scores))))
    return others[0] / others[0, -1], above[0] / above[0, -1]


def precision_recall_points(scores: Floats, positive: Bools) -> tuple[Floats, Floats]:
    """Recall, rising from 0 to 1, and the precision at each; one for each different score."""
    hits, others = _counts_from_the_top(scores, positive, np.ones((1, len(scores))))
    precision = hits[0, 1:] / (hits[0, 1:] + others[0, 1:])
    return hits[0] / hits[0, -1], np.concatenate([precision[:1], precision])


def _counts_from_the_top(scores: Floats, positive: Bools, weights: Floats) -> tuple[Floats, Floats]:
    """Weight of the films of the label, and of the others, that score at least each score.

    (b, m + 1) for m different scores, from none of the films to all.
    """
    _, place = np.unique(-scores, return_inverse=True)
    order = np.argsort(place, kind="stable")
    last = np.flatnonzero(np.diff(place[order], append=place.max() + 1))
    hits = np.cumsum(weights[:, order] * positive[order], axis=1)[:, last]
    others = np.cumsum(weights[:, order] * ~positive[order], axis=1)[:, last]
    none = np.zeros((len(weights), 1))
    return np.hstack([none, hits]), np.hstack([none, others])
