"""All figures of one model's predictions, as plain JSON types."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.errors import DataError
from spinescan.core.task import Task
from spinescan.study.calibrated import calibration_figures, held_out_calibration
from spinescan.study.classes import (
    Cost,
    answer_figures,
    families,
    family_figures,
    group_counts,
    score_figures,
)
from spinescan.study.draws import GroupDraws, Sampled, sample
from spinescan.study.judged import Judged, repeats_of
from spinescan.study.predictions import Part, PredictionRecord
from spinescan.study.risk import risk_under_weights
from spinescan.study.score_curves import curve_points
from spinescan.study.subgroups import Facts, pair_auc, subgroup_figures

Floats = NDArray[np.float64]

SAMPLES = 2000
_COVERAGES = np.round(np.arange(0.05, 1.001, 0.05), 2)
_SHARES = ("accuracy", "balanced_accuracy", "weighted_recall", "macro_recall")
_PLAIN = (
    "accuracy",
    "balanced_accuracy",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "weighted_precision",
    "weighted_recall",
    "weighted_f1",
)


def evaluate_predictions(
    records: Sequence[PredictionRecord],
    task: Task,
    *,
    facts: Facts | None = None,
    cost: Cost | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """How well one model answers: every film counted, each figure with an interval by group.

    The test films are judged where there are any, else the validation films. A film that failed
    or was abstained from is an error; figures of the accepted ones stand under `accepted`. Where a
    cross-validation is repeated, figures are means over the repeats. Intervals are 95 % percentile
    intervals of a bootstrap that draws groups, the same ones in every repeat; None where groups are
    too few or the bootstrap is blind (`study.draws`).

    Parameters
    ----------
    facts
        What is known of the films, by digest: a mapping of columns such as sex, age, source.
        Figures are told for each of these columns by subgroup.
    cost
        What errors cost, for a task with families; by default `Cost()`.

    Raises
    ------
    DataError
        There is no film with a truth, a film is answered twice, or a record is not of this task.
    """
    part, repeats = judged_part(records, task)
    draws = GroupDraws.of(
        [group for films in repeats for group in films.groups], samples=samples, seed=seed
    )
    grouped = [(films, films.groups) for films in repeats]
    found = {**sample(answer_figures, grouped, draws), **sample(score_figures, grouped, draws)}
    counts = group_counts(repeats, len(task.codes))
    return {
        "model": ", ".join(sorted({record.model for record in records})),
        "task": task.name,
        "part": part,
        "set": _set(records, repeats, task),
        "figures": {
            **{name: found[name].told(counts.all, share=name in _SHARES) for name in _PLAIN},
            "macro_roc_auc": found["macro_roc_auc"].told(counts.all),
            "macro_average_precision": found["macro_average_precision"].told(counts.all),
        },
        "commonest_label": _commonest(repeats, task),
        "accepted": {
            "share": found["accepted_share"].told(counts.all, share=True),
            "accuracy": found["accuracy_of_accepted"].told(counts.accepted, share=True),
            "balanced_accuracy": found["balanced_accuracy_of_accepted"].told(
                counts.accepted, share=True
            ),
            "accuracy_if_always_answered": found["accuracy_if_always_answered"].told(
                counts.all, share=True
            ),
        },
        "labels": {
            code: {
                "n_films": _mean_count(repeats, k),
                "n_groups": counts.by_truth[k],
                "precision": found["precision"].at(k).told(counts.by_answer[k], share=True),
                "recall": found["recall"].at(k).told(counts.by_truth[k], share=True),
                "f1": found["f1"].at(k).told(counts.by_truth[k]),
                "roc_auc": found["roc_auc"].at(k).told(counts.by_truth[k]),
                "average_precision": found["average_precision"].at(k).told(counts.by_truth[k]),
            }
            for k, code in enumerate(task.codes)
        },
        "pairs": pair_auc(repeats, task, draws),
        "confusion": _matrix(found["confusion"], task.codes),
        "families": _families(repeats, task, cost or Cost(), draws),
        "calibration": calibration_figures(repeats, draws),
        "held_out_calibration": (
            held_out_calibration(repeats, repeats_of(records, task, "validation"), task, draws)
            if part == "test"
            else None
        ),
        "risk": _risk(repeats, draws),
        "curves": curve_points(repeats, task),
        "subgroups": subgroup_figures(repeats, task, facts or {}, samples=samples, seed=seed),
        "worst": worst_films(repeats, task),
    }


def judged_part(records: Sequence[PredictionRecord], task: Task) -> tuple[Part, tuple[Judged, ...]]:
    """The part that is judged, test before validation, and its films repeat by repeat.

    Raises
    ------
    DataError
        As `evaluate_predictions`.
    """
    parts: tuple[Part, ...] = ("test", "validation")
    for part in parts:
        repeats = repeats_of(records, task, part)
        if repeats:
            return part, repeats
    raise DataError(f"no prediction of a film whose {task.name} is known")


def worst_films(repeats: Sequence[Judged], task: Task, most: int = 24) -> list[dict[str, Any]]:
    """Films with a wrong answer that was accepted, the least probable truth first.

    Scores are means over the repeats in which the film has some: a film that is wrong in each of
    them is worse than one that is wrong once.
    """
    seen: dict[tuple[str, str], list[tuple[PredictionRecord, float, float]]] = {}
    for films in repeats:
        best = films.probabilities.max(axis=1)
        own = films.probabilities[np.arange(len(films)), films.truth]
        for i in np.flatnonzero(films.scored):
            record = films.records[i]
            told = (record, float(own[i]), float(best[i]))
            seen.setdefault((record.sha256, record.image), []).append(told)
    wrong = {
        key: told
        for key, told in seen.items()
        if any(record.label not in (None, record.truth) for record, _, _ in told)
    }
    listed = sorted(wrong.items(), key=lambda item: (np.mean([t[1] for t in item[1]]), item[0]))
    return [
        {
            "image": film.image,
            "sha256": film.sha256,
            "group": film.group,
            "truth": film.truth,
            "answers": dict(Counter(label for label in answers if label != film.truth)),
            "score_of_truth": round(float(np.mean([own for _, own, _ in told])), 4),
            "highest_score": round(float(np.mean([best for _, _, best in told])), 4),
            "wrong": sum(label != film.truth for label in answers),
            "judged": len(told),
        }
        for _, told in listed[:most]
        for film, answers in (
            (told[0][0], [record.label for record, _, _ in told if record.label is not None]),
        )
    ]


def _set(
    records: Sequence[PredictionRecord], repeats: Sequence[Judged], task: Task
) -> dict[str, Any]:
    """What was judged: distinct films and groups, and answers, which repeats make more."""
    judged = [record for films in repeats for record in films.records]
    decisions = Counter(record.decision for record in judged)
    part = judged[0].part
    unknown = {r.sha256 for r in records if r.part == part and r.truth is None}
    return {
        "n_films": len({(record.sha256, record.image) for record in judged}),
        "n_groups": len({record.group for record in judged}),
        "n_repeats": len(repeats),
        "n_folds": len({record.fold for record in judged if record.scores is not None}),
        "n_answers": len(judged),
        **{f"n_{name}": decisions[name] for name in ("accepted", "abstained", "failed")},
        "reasons": dict(Counter(reason for record in judged for reason in record.reasons)),
        "n_without_truth": len(unknown),
        "n_validation": len(
            {(r.sha256, r.image) for r in records if r.part == "validation" and r.truth is not None}
        ),
        "labels_without_films": [
            code for k, code in enumerate(task.codes) if not any(k in f.truth for f in repeats)
        ],
    }


def _mean_count(repeats: Sequence[Judged], label: int) -> float | int:
    """Films of a label; the mean over the repeats where these differ."""
    mean = float(np.mean([(films.truth == label).sum() for films in repeats]))
    return round(mean) if mean.is_integer() else round(mean, 1)


def _commonest(repeats: Sequence[Judged], task: Task) -> dict[str, Any]:
    """What a predictor reaches that always answers the commonest label of these films."""
    counts = np.mean(
        [np.bincount(films.truth, minlength=len(task.codes)) for films in repeats], axis=0
    )
    return {
        "label": task.codes[int(counts.argmax())],
        "accuracy": round(float(counts.max() / counts.sum()), 4),
        "balanced_accuracy": round(1 / int((counts > 0).sum()), 4),
    }


def _matrix(counts: Sampled, names: Sequence[str]) -> dict[str, Any]:
    return {
        "rows_truth": list(names),
        "columns_answer": [*names, None],
        "films": [[round(float(cell), 2) for cell in row] for row in counts.value],
    }


def _families(
    repeats: Sequence[Judged], task: Task, cost: Cost, draws: GroupDraws
) -> dict[str, Any] | None:
    if not task.families:
        return None
    statistic = partial(family_figures, task, cost)
    found = sample(statistic, [(films, films.groups) for films in repeats], draws)
    names, of_label = families(task)
    groups = [
        len(
            {
                group
                for films in repeats
                for group, truth in zip(films.groups, films.truth, strict=True)
                if of_label[truth] == k
            }
        )
        for k in range(len(names))
    ]
    every = len(draws.names)
    return {
        "accuracy": found["family_accuracy"].told(every, share=True),
        "balanced_accuracy": found["family_balanced_accuracy"].told(every, share=True),
        "recall": {
            name: found["family_recall"].at(k).told(groups[k], share=True)
            for k, name in enumerate(names)
        },
        "across_share": found["across_share"].told(every, share=True),
        "confusion": _matrix(found["family_confusion"], names),
        "cost": {
            "mean": found["mean_cost"].told(every),
            "inside": cost.inside,
            "across": cost.across,
            "no_answer": cost.no_answer,
            "origin": "a convention, not measured",
        },
    }


def _risk(repeats: Sequence[Judged], draws: GroupDraws) -> dict[str, Any]:
    """Error against coverage when films are answered in order of their highest score."""

    def statistic(films: Judged, weights: Floats) -> Mapping[str, Floats]:
        errors = (films.best != films.truth).astype(np.float64)
        area, risk = risk_under_weights(errors, films.confidence, weights, _COVERAGES)
        perfect, _ = risk_under_weights(errors, -errors, weights, _COVERAGES)
        return {"area": area, "perfect": perfect, "risk": risk}

    found = sample(statistic, [(films, films.groups) for films in repeats], draws)
    groups = len(draws.names)
    return {
        "order": "highest score; a film that failed is wrong and comes last",
        "area": found["area"].told(groups),
        "area_of_a_perfect_order": found["perfect"].told(groups),
        "error_at_coverage": [
            {"coverage": float(share), **found["risk"].at(i).told(groups)}
            for i, share in enumerate(_COVERAGES)
        ],
    }
