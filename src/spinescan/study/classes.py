"""Figures of classifiers from weighted films: shares, confusion, and ranking by scores.

A film that failed or was abstained from counts as an error, unless a figure says that it is of the
accepted ones. Averages over labels are over those that films have. A label that was never answered
has no precision; in averages that counts as 0, as scikit-learn's `zero_division=0` has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from spinescan.core.task import Task
from spinescan.study.judged import NO_ANSWER, Judged
from spinescan.study.ranking import areas, ranked, roc_auc

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def confusion(truth: Ints, answer: Ints, labels: int, weights: Floats) -> Floats:
    """Weight of films by truth (row) and answer (column), (b, k, k + 1).

    The last column is that of films without an answer (-1).
    """
    columns = np.where(answer == NO_ANSWER, labels, answer)
    cells = np.zeros((len(truth), labels * (labels + 1)))
    cells[np.arange(len(truth)), truth * (labels + 1) + columns] = 1
    return (weights @ cells).reshape(-1, labels, labels + 1)


def confusion_figures(counts: Floats, present: NDArray[np.bool_]) -> dict[str, Floats]:
    """Accuracy, balanced accuracy, and precision, recall and F1: by label (b, k) and averaged (b,).

    Parameters
    ----------
    counts
        (b, k, k + 1) or (b, k, k): of `confusion`, with or without the films that have no answer.
    present
        (k,) which labels the films have: macro averages are over these, and NaN in a draw that
        misses one.
    """
    labels = counts.shape[1]
    hits = np.diagonal(counts, axis1=1, axis2=2)
    films, answers = counts.sum(axis=2), counts[:, :, :labels].sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, precision = hits / films, hits / answers
        f1 = 2 * hits / (films + answers)
        accuracy = hits.sum(axis=1) / films.sum(axis=1)
    by_label = {"precision": precision, "recall": recall, "f1": f1}
    macro = {f"macro_{name}": _macro(v, films, present) for name, v in by_label.items()}
    weighted = {f"weighted_{name}": _weighted(v, films) for name, v in by_label.items()}
    return {
        "accuracy": accuracy,
        "balanced_accuracy": macro["macro_recall"],
        **macro,
        **weighted,
        **by_label,
    }


def answer_figures(films: Judged, weights: Floats) -> dict[str, Floats]:
    """Of what was decided: `confusion_figures` of all films, and those of the accepted ones.

    Also `accepted_share`, and `accuracy_if_always_answered`: that of the highest score, had the
    model abstained from no film.
    """
    labels = films.probabilities.shape[1]
    counts = confusion(films.truth, films.answer, labels, weights)
    answered = films.answer != NO_ANSWER
    forced = (films.best == films.truth).astype(np.float64)
    total = weights.sum(axis=1)
    accepted = counts[:, :, :labels]
    of_accepted = confusion_figures(accepted, _present(films.truth[answered], labels))
    return {
        **confusion_figures(counts, _present(films.truth, labels)),
        "confusion": counts,
        "accepted_share": accepted.sum(axis=(1, 2)) / total,
        "accuracy_of_accepted": of_accepted["accuracy"],
        "balanced_accuracy_of_accepted": of_accepted["balanced_accuracy"],
        "accuracy_if_always_answered": weights @ forced / total,
    }


def score_figures(films: Judged, weights: Floats) -> dict[str, Floats]:
    """Of the scores, whatever was decided: ROC-AUC and average precision, by label and macro.

    One label against all others. A film that failed is ranked last among its own label's films, and
    is not among the others of another label. NaN for a label that no film has, and in the macro
    figures of a draw that misses a label.
    """
    labels = range(films.probabilities.shape[1])
    present = _present(films.truth, len(labels))
    ranks = [ranked(films.probabilities, films.truth, k) for k in labels]
    both = [areas(scores, own, weights[:, some]) for some, scores, own in ranks]
    auc, precision = (np.stack(of_labels, axis=1) for of_labels in zip(*both, strict=True))
    return {
        "macro_roc_auc": auc[:, present].mean(axis=1),
        "macro_average_precision": precision[:, present].mean(axis=1),
        "roc_auc": auc,
        "average_precision": precision,
    }


def pair_figures(films: Judged, weights: Floats) -> dict[str, Floats]:
    """ROC-AUC of every two labels among the films of these alone, `pair_roc_auc` (b, pairs).

    Films are ordered by p / (p + q) of the two scores; one that failed is on the wrong side of all
    others. The order of pairs is that of `itertools.combinations`.
    """
    areas_of_pairs = []
    for one, other in combinations(range(films.probabilities.shape[1]), 2):
        some = np.isin(films.truth, (one, other))
        own = films.truth[some] == one
        with np.errstate(invalid="ignore"):
            score = films.probabilities[some, one] / films.probabilities[some][:, [one, other]].sum(
                axis=1
            )
        # Neither of the two was thought possible: nothing is known of their order.
        score = np.where(films.scored[some], np.nan_to_num(score, nan=0.5), np.nan)
        score = np.where(np.isfinite(score), score, np.where(own, -np.inf, np.inf))
        areas_of_pairs.append(
            roc_auc(score, own, weights[:, some]) if some.any() else np.full(len(weights), np.nan)
        )
    return {"pair_roc_auc": np.stack(areas_of_pairs, axis=1)}


@dataclass(frozen=True, slots=True)
class Cost:
    """What an answer costs, in units of an error inside the family; a right one costs nothing.

    That an error across families costs three times as much is a convention, not a measurement: it
    reverses what the treatment does to the pelvis. No answer costs as much as an error inside: the
    film must be read again.
    """

    inside: float = 1.0
    across: float = 3.0
    no_answer: float = 1.0


def family_figures(task: Task, cost: Cost, films: Judged, weights: Floats) -> dict[str, Floats]:
    """Of the coarser labels: their confusion (b, f, f + 1), accuracy, recall, and the mean cost.

    `across_share` is the share of films that were answered with another family's label; a film
    without an answer is not among these, but counts as an error in `family_accuracy`.
    """
    names, of_label = families(task)
    answer = np.where(films.answer == NO_ANSWER, NO_ANSWER, of_label[films.answer])
    counts = confusion(of_label[films.truth], answer, len(names), weights)
    figures = confusion_figures(counts, _present(of_label[films.truth], len(names)))
    paid = np.where(films.answer == films.truth, 0.0, cost.inside)
    paid = np.where(answer != of_label[films.truth], cost.across, paid)
    paid = np.where(films.answer == NO_ANSWER, cost.no_answer, paid)
    across = (answer != NO_ANSWER) & (answer != of_label[films.truth])
    total = weights.sum(axis=1)
    return {
        "family_accuracy": figures["accuracy"],
        "family_balanced_accuracy": figures["balanced_accuracy"],
        "family_recall": figures["recall"],
        "across_share": weights @ across / total,
        "mean_cost": weights @ paid / total,
        "family_confusion": counts,
    }


def families(task: Task) -> tuple[tuple[str, ...], Ints]:
    """The names of a task's families, in order of its labels, and the family of each label."""
    names = tuple(dict.fromkeys(task.families[code] for code in task.codes))
    return names, np.array([names.index(task.families[code]) for code in task.codes])


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """How many groups figures rest on: all, those of accepted films, and by label."""

    all: int
    accepted: int
    by_truth: tuple[int, ...]
    by_answer: tuple[int, ...]


def group_counts(repeats: Sequence[Judged], labels: int) -> GroupCounts:
    """The groups of these films, each counted once whatever the number of repeats."""
    seen = [
        film
        for films in repeats
        for film in zip(films.groups, films.truth, films.answer, strict=True)
    ]
    return GroupCounts(
        len({group for group, _, _ in seen}),
        len({group for group, _, answer in seen if answer != NO_ANSWER}),
        tuple(len({g for g, truth, _ in seen if truth == k}) for k in range(labels)),
        tuple(len({g for g, _, answer in seen if answer == k}) for k in range(labels)),
    )


def _present(truth: Ints, labels: int) -> NDArray[np.bool_]:
    return np.bincount(truth, minlength=labels) > 0


def _macro(values: Floats, films: Floats, present: NDArray[np.bool_]) -> Floats:
    """Mean over the labels that films have, (b,); a label never answered counts as 0."""
    known = np.where(films > 0, np.nan_to_num(values), np.nan)[:, present]
    return known.mean(axis=1) if present.any() else np.full(len(values), np.nan)


def _weighted(values: Floats, films: Floats) -> Floats:
    """Mean over labels by their films, (b,); a label never answered counts as 0."""
    with np.errstate(invalid="ignore"):
        return np.asarray((np.nan_to_num(values) * films).sum(axis=1) / films.sum(axis=1))
