"""Two models on the same films: which one is better, and how sure that is."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.errors import DataError
from spinescan.core.task import Task
from spinescan.study.classes import Cost, answer_figures, family_figures, score_figures
from spinescan.study.draws import GroupDraws, Sampled, rounded, sample
from spinescan.study.evaluate import SAMPLES, judged_part
from spinescan.study.judged import Judged
from spinescan.study.predictions import PredictionRecord

Floats = NDArray[np.float64]

_COMPARED = ("accuracy", "balanced_accuracy", "macro_f1", "macro_roc_auc")
_OF_FAMILIES = ("family_accuracy", "mean_cost")


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Two-sided p of the exact McNemar test, from the films that one model alone got right.

    Under the null hypothesis each such film is a fair coin (Q. McNemar, Psychometrika 1947;12:153).

    Raises
    ------
    ValueError
        A count is negative.
    """
    if min(only_first, only_second) < 0:
        raise ValueError(f"counts must not be negative, got {only_first} and {only_second}")
    n, few = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(n, i) for i in range(few + 1))
    p: float = 2 * tail / 2**n
    return min(1.0, p)


def compare_predictions(
    first: Sequence[PredictionRecord],
    second: Sequence[PredictionRecord],
    task: Task,
    *,
    cost: Cost | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """The differences, second minus first, of two models' figures on the same films.

    Both are drawn together: in each bootstrap draw of groups both models are judged on the same
    films, and the interval is that of the difference. McNemar's test counts films as independent,
    which those of one group are not, and is told only where each film was answered once.

    Returns
    -------
    Plain JSON types.

    Raises
    ------
    DataError
        The models answered other films, another part, or by another truth.
    """
    one, two = (_Side(records, task) for records in (first, second))
    _check_same(one, two)
    draws = GroupDraws.of(
        [group for films in one.repeats for group in films.groups], samples=samples, seed=seed
    )
    figures = [side.figures(task, cost or Cost(), draws) for side in (one, two)]
    names = [*_COMPARED, *(_OF_FAMILIES if task.families else ())]
    return {
        "first": one.model,
        "second": two.model,
        "part": one.part,
        "n_films": len(one.truth),
        "n_groups": len(draws.names),
        "differences": {
            name: {
                "first": rounded(float(figures[0][name].value)),
                "second": rounded(float(figures[1][name].value)),
                **(figures[1][name] - figures[0][name]).told(len(draws.names)),
            }
            for name in names
        },
        "mcnemar": _mcnemar(one.repeats, two.repeats),
    }


class _Side:
    """One of the two: its films by digest, and its figures."""

    def __init__(self, records: Sequence[PredictionRecord], task: Task) -> None:
        self.part, self.repeats = judged_part(records, task)
        self.model = ", ".join(sorted({record.model for record in records}))
        self.truth: Mapping[tuple[str, int], str | None] = {
            key: record.truth
            for films in self.repeats
            for key, record in zip(_keys(films), films.records, strict=True)
        }

    def figures(self, task: Task, cost: Cost, draws: GroupDraws) -> dict[str, Sampled]:
        grouped = [(films, films.groups) for films in self.repeats]
        found = {**sample(answer_figures, grouped, draws), **sample(score_figures, grouped, draws)}
        if task.families:
            found |= sample(partial(family_figures, task, cost), grouped, draws)
        return found


def _keys(films: Judged) -> list[tuple[str, int]]:
    """Films by digest, and by number where a file is listed more than once.

    Names are not compared: another tool may know the same film by another one.
    """
    times: dict[str, int] = {}
    keys = []
    for record in films.records:
        times[record.sha256] = times.get(record.sha256, -1) + 1
        keys.append((record.sha256, times[record.sha256]))
    return keys


def _check_same(one: _Side, two: _Side) -> None:
    names = f"{one.model} and {two.model}"
    if one.part != two.part:
        raise DataError(f"{names} must answer the same films, got {one.part} and {two.part} films")
    for films in (*one.repeats, *two.repeats):
        other = set(one.truth) ^ set(_keys(films))
        if other:
            example = next(
                (
                    record.image
                    for side in (one, two)
                    for some in side.repeats
                    for key, record in zip(_keys(some), some.records, strict=True)
                    if key in other
                ),
                min(other)[0],
            )
            raise DataError(
                f"{names} must answer the same films in every repeat; {len(other)} are answered by "
                f"one only, such as {example}"
            )
    wrong = [key for key, truth in one.truth.items() if two.truth[key] != truth]
    if wrong:
        raise DataError(
            f"{names} must be judged by the same truth; {len(wrong)} films have two, such as the "
            f"one of SHA-256 {min(wrong)[0][:12]}..."
        )
    groups = [
        {key[0]: record.group for films in side.repeats for key, record in _pairs(films)}
        for side in (one, two)
    ]
    if groups[0] != groups[1]:
        raise DataError(f"{names} must tell the same group of each film")


def _pairs(films: Judged) -> list[tuple[tuple[str, int], PredictionRecord]]:
    return list(zip(_keys(films), films.records, strict=True))


def _mcnemar(one: Sequence[Judged], two: Sequence[Judged]) -> dict[str, Any] | None:
    if len(one) > 1 or len(two) > 1:
        return None
    first, second = (films.answer == films.truth for films in (one[0], two[0]))
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    return {
        "only_first_right": only_first,
        "only_second_right": only_second,
        "both_right": int((first & second).sum()),
        "both_wrong": int((~first & ~second).sum()),
        "p": float(f"{mcnemar_exact(only_first, only_second):.3g}"),
    }
