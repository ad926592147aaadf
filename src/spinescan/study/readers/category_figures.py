"""Agreement of raters on a closed question, as plain JSON types with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from spinescan.study.agreement.categories import (
    MISSING,
    Codes,
    Floats,
    cohen_kappa,
    counted,
    fleiss_kappa,
    krippendorff_alpha,
    of_one_label,
    percent_agreement,
)
from spinescan.study.draws import GroupDraws, Sampled, sample
from spinescan.study.readers.questions import CANNOT_TELL


@dataclass(frozen=True, slots=True, eq=False)
class Rated:
    """Answers of raters to one question, each from `labels`.

    `codes` (n, raters) are places in `labels` or `MISSING`; `groups` names the person of each film;
    `draws` are those of all films, so that figures can be compared draw by draw.
    """

    labels: tuple[str, ...]
    raters: tuple[str, ...]
    codes: Codes
    groups: tuple[str, ...]
    draws: GroupDraws

    @classmethod
    def of(
        cls,
        labels: tuple[str, ...],
        answers: Mapping[str, Sequence[str | None]],
        groups: Sequence[str],
        draws: GroupDraws,
    ) -> "Rated":
        """Of each rater's answers, one a film."""
        place = {label: i for i, label in enumerate(labels)}
        rows = [[MISSING if a is None else place[a] for a in said] for said in answers.values()]
        codes = np.array(rows, dtype=np.int64).reshape(len(rows), len(groups)).T
        return cls(labels, tuple(answers), codes, tuple(groups), draws)

    def among(self, raters: Sequence[str]) -> "Rated":
        """The answers of some raters."""
        chosen = [self.raters.index(name) for name in raters]
        return Rated(self.labels, tuple(raters), self.codes[:, chosen], self.groups, self.draws)


def between_all(rated: Rated) -> dict[str, Any]:
    """Agreement of all raters at once, and on each label against all others."""
    answered = rated.codes != MISSING
    paired = answered.sum(axis=1) > 1
    complete = answered.all(axis=1)
    counts = counted(rated.codes, len(rated.labels))
    return {
        "n_films": int(paired.sum()),
        "n_films_all_answered": int(complete.sum()),
        "n_groups": _n_groups(rated.groups, paired),
        "n_readers": len(rated.raters),
        "n_missing": int((~answered).sum()),
        "percent_agreement": _told(
            rated, paired, lambda at, w: percent_agreement(rated.codes[at], w), share=True
        ),
        "fleiss_kappa": _told(rated, complete, lambda at, w: fleiss_kappa(counts[at], w)),
        "krippendorff_alpha": _told(rated, paired, lambda at, w: krippendorff_alpha(counts[at], w)),
        "labels": [
            {
                "label": label,
                "n_answers": int(counts[complete, i].sum()),
                "fleiss_kappa": _told(
                    rated, complete, lambda at, w, i=i: fleiss_kappa(of_one_label(counts[at], i), w)
                ),
            }
            for i, label in enumerate(rated.labels)
            if counts[:, i].any()
        ],
    }


def pairs(rated: Rated) -> list[dict[str, Any]]:
    """Agreement of each pair of raters."""
    return [pair(rated, one, other) for one, other in combinations(rated.raters, 2)]


def pair(rated: Rated, first: str, second: str) -> dict[str, Any]:
    """Percent agreement and Cohen's kappa of two raters; again where neither could not tell."""
    two = rated.among((first, second))
    both = (two.codes != MISSING).all(axis=1)
    told = both
    if CANNOT_TELL in two.labels:
        told = both & (two.codes != two.labels.index(CANNOT_TELL)).all(axis=1)
    return {
        "first": first,
        "second": second,
        **_pair_figures(two, both),
        "where_both_told": _pair_figures(two, told) if (told != both).any() else None,
    }


def confusion(rated: Rated, first: str, second: str) -> dict[str, Any]:
    """How many films got which answers from two raters; labels that neither used are left out."""
    codes = rated.among((first, second)).codes
    codes = codes[(codes != MISSING).all(axis=1)]
    used = [i for i in range(len(rated.labels)) if (codes == i).any()]
    films = [[int(((codes[:, 0] == i) & (codes[:, 1] == j)).sum()) for j in used] for i in used]
    return {"first": first, "second": second, "labels": [rated.labels[i] for i in used],
            "films": films}  # fmt: skip


def mean_kappas(
    rated: Rated, sets: Mapping[str, Sequence[tuple[str, str]]]
) -> dict[str, Sampled] | None:
    """The mean of Cohen's kappa over each set of pairs, on the films that all raters answered.

    None without such a film, or where a set is empty.
    """
    complete = (rated.codes != MISSING).all(axis=1)
    if not complete.any() or not all(sets.values()):
        return None
    codes, labels = rated.codes[complete], len(rated.labels)
    column = {rater: codes[:, i] for i, rater in enumerate(rated.raters)}

    def statistic(_: object, w: Floats) -> dict[str, Floats]:
        return {
            name: np.mean([cohen_kappa(column[a], column[b], labels, w) for a, b in pairs], axis=0)
            for name, pairs in sets.items()
        }

    groups = [g for g, keep in zip(rated.groups, complete, strict=True) if keep]
    return sample(statistic, [(None, groups)], rated.draws)


def _pair_figures(two: Rated, chosen: np.ndarray[Any, Any]) -> dict[str, Any]:
    k = len(two.labels)
    return {
        "n_films": int(chosen.sum()),
        "n_groups": _n_groups(two.groups, chosen),
        "n_readers": 2,
        "percent_agreement": _told(
            two, chosen, lambda at, w: percent_agreement(two.codes[at], w), share=True
        ),
        "cohen_kappa": _told(
            two, chosen, lambda at, w: cohen_kappa(two.codes[at, 0], two.codes[at, 1], k, w)
        ),
    }


def _told(
    rated: Rated, chosen: np.ndarray[Any, Any], figure: Any, *, share: bool = False
) -> dict[str, Any]:
    """A figure of the chosen films with its interval, or null with the reason."""
    at = np.flatnonzero(chosen)
    if len(rated.raters) < 2:
        return {"value": None, "interval_95": None, "reason": "one reader only"}
    if not len(at):
        return {"value": None, "interval_95": None, "reason": "no film was answered by all of them"}
    groups = [rated.groups[i] for i in at]
    drawn = sample(lambda _, w: {"it": figure(at, w)}, [(None, groups)], rated.draws)["it"]
    told = drawn.told(len(set(groups)), share=share)
    return told | {"reason": why_not(told, len(at), "every answer is the same")}


def why_not(told: Mapping[str, Any], films: int, undefined: str) -> str | None:
    """Why a figure, or its interval, is not there; None where both are."""
    if told["value"] is None:
        return "one film only" if films == 1 else undefined
    if told["interval_95"] is None:
        return "no interval: too few films or groups, or all of them alike"
    return None


def _n_groups(groups: Sequence[str], chosen: np.ndarray[Any, Any]) -> int:
    return len({group for group, keep in zip(groups, chosen, strict=True) if keep})
