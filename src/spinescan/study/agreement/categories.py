"""Agreement on categories: percent, Cohen's and Fleiss' kappa, Krippendorff's alpha.

Ratings are whole numbers (n, raters): the place of the answer in a list of k, or -1 where a rater
gave none.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

MISSING = -1


def percent_agreement(ratings: Codes, weights: Floats | None = None) -> Floats:
    """The share of pairs of answers to one film that are the same, over films with two or more.

    With two raters, the share of films on which they agree. Each film counts alike.
    """
    counts = _counts(ratings, int(ratings.max(initial=0)) + 1)
    answers = counts.sum(axis=1)
    both = answers > 1
    same = _same_pairs(counts[both], answers[both])
    chosen = _weights(weights, len(ratings))[:, both]
    return _ratio(chosen @ same, chosen.sum(axis=1))


def cohen_kappa(first: Codes, second: Codes, labels: int, weights: Floats | None = None) -> Floats:
    """Cohen's kappa of two raters, unweighted, over the films that both answered.

    J. Cohen, Educ Psychol Meas 1960;20:37. NaN where both gave every film the same one answer.

    Parameters
    ----------
    first, second
        Answers (n,), each from 0 to labels - 1 or `MISSING`.
    labels
        How many answers there are to choose from.
    """
    both = (first != MISSING) & (second != MISSING)
    chosen = _weights(weights, len(first))[:, both]
    n = chosen.sum(axis=1)
    one, other = (np.eye(labels)[rater[both]] for rater in (first, second))
    observed = _ratio(chosen @ (first[both] == second[both]).astype(np.float64), n)
    by_chance = _ratio(((chosen @ one) * (chosen @ other)).sum(axis=1), n * n)
    return _beyond_chance(observed, by_chance)


def fleiss_kappa(counts: Floats, weights: Floats | None = None) -> Floats:
    """Fleiss' kappa of the same number of answers a film, by whomever they were given.

    J. L. Fleiss, Psychol Bull 1971;76:378.

    Parameters
    ----------
    counts
        How many raters gave each answer (n, k); every row has the same sum, two or more.

    Raises
    ------
    ValueError
        Rows have different sums: use `krippendorff_alpha`.
    """
    answers = counts.sum(axis=1)
    if len(counts) and (answers.min() < 2 or answers.min() != answers.max()):
        raise ValueError("Fleiss' kappa needs the same number of answers, two or more, a film")
    chosen = _weights(weights, len(counts))
    n = chosen.sum(axis=1)
    observed = _ratio(chosen @ _same_pairs(counts, answers), n)
    totals = chosen @ counts
    shares = totals / np.maximum(totals.sum(axis=1, keepdims=True), 1e-12)
    return _beyond_chance(observed, (shares**2).sum(axis=1))


def krippendorff_alpha(counts: Floats, weights: Floats | None = None) -> Floats:
    """Krippendorff's alpha of nominal answers, where some may be missing.

    K. Krippendorff, Content Analysis, 4th ed. 2019, chapter 12. Films with fewer than two answers
    cannot be paired and are left out.

    Parameters
    ----------
    counts
        How many raters gave each answer (n, k).
    """
    answers = counts.sum(axis=1)
    both = answers > 1
    counts, answers = counts[both], answers[both]
    chosen = _weights(weights, len(both))[:, both]
    values = chosen @ answers
    observed = _ratio(chosen @ (answers * (1 - _same_pairs(counts, answers))), values)
    totals = chosen @ counts
    expected = 1 - _ratio((totals * (totals - 1)).sum(axis=1), values * (values - 1))
    return 1 - _ratio(observed, expected)


def counted(ratings: Codes, labels: int) -> Floats:
    """How many raters gave each of `labels` answers to each film: (n, labels)."""
    return _counts(ratings, labels)


def of_one_label(counts: Floats, label: int) -> Floats:
    """The counts (n, 2) of "this label" and "another", for the agreement on one label."""
    one = counts[:, label]
    return np.column_stack([one, counts.sum(axis=1) - one])


def _counts(ratings: Codes, labels: int) -> Floats:
    counts: Floats = (ratings[:, :, None] == np.arange(labels)).sum(axis=1).astype(np.float64)
    return counts


def _same_pairs(counts: Floats, answers: Floats) -> Floats:
    """Of the pairs of answers to each film, the share that are the same."""
    same: Floats = (counts * (counts - 1)).sum(axis=1) / np.maximum(answers * (answers - 1), 1)
    return same


def _weights(weights: Floats | None, n: int) -> Floats:
    return np.ones((1, n)) if weights is None else weights


def _ratio(over: Floats, under: Floats) -> Floats:
    ratio: Floats = np.divide(over, under, out=np.full(under.shape, np.nan), where=under > 1e-12)
    return ratio


def _beyond_chance(observed: Floats, by_chance: Floats) -> Floats:
    return _ratio(observed - by_chance, 1 - by_chance)
