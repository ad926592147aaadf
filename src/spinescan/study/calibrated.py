"""Calibration of a model's test films, fitted on the validation films of the same model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.task import Task
from spinescan.study.calibration import (
    TEMPERATURES,
    conformal_thresholds,
    equal_mass_edges,
    error_if_calibrated,
    fit_temperature,
    log_probabilities,
    prediction_sets,
    proper_scores,
    reliability_figures,
    with_temperature,
)
from spinescan.study.draws import GroupDraws, Sampled, sample
from spinescan.study.judged import Judged

Floats = NDArray[np.float64]

COVERAGE = 0.9
"""Of what share of the films of each label the prediction sets shall hold the truth."""


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """Films with scores: what is judged here, with calibrated probabilities or not."""

    truth: NDArray[np.int64]
    probabilities: Floats
    groups: tuple[str, ...]

    @property
    def confidence(self) -> Floats:
        return np.asarray(self.probabilities.max(axis=1))

    @property
    def right(self) -> NDArray[np.bool_]:
        return np.asarray(self.probabilities.argmax(axis=1) == self.truth)


def calibration_figures(repeats: Sequence[Judged], draws: GroupDraws) -> dict[str, Any] | None:
    """ECE, Brier score and log loss of the films with scores, and the table of reliability.

    Plain JSON types; None where no film has scores. Bins hold about equally many films.
    """
    scored = [_scored(films) for films in repeats if films.scored.any()]
    if not scored:
        return None
    edges, found = _fit_of(scored, draws)
    return {
        "n_films": len(scored[0].truth),
        "binning": f"{len(edges) - 1} bins of the highest score, with about equally many films in"
        " each",
        **_told(scored, edges, found),
        "reliability": [
            {
                "from": round(float(edges[i]), 4),
                "to": round(float(edges[i + 1]), 4),
                "n_films": round(float(found["bin_films"].value[i]), 1),
                "confidence": round(float(found["bin_confidence"].value[i]), 4),
                "accuracy": found["bin_accuracy"]
                .at(i)
                .told(_groups_between(scored, edges, i), share=True),
            }
            for i in range(len(edges) - 1)
            if np.isfinite(found["bin_accuracy"].value[i])
        ],
    }


def held_out_calibration(
    test: Sequence[Judged], validation: Sequence[Judged], task: Task, draws: GroupDraws
) -> dict[str, Any] | None:
    """What temperature and prediction sets that validation films fitted do on the test films.

    Each fold of each repeat has its own model, and so its own temperature and thresholds. None
    where a fold with test films has no validation film with scores: nothing may be fitted then.
    """
    models = {
        (repeat.records[0].repeat, int(fold)): _scored(repeat.rows(repeat.fold == fold))
        for repeat in validation
        for fold in np.unique(repeat.fold)
    }
    fitted, calibrated, sets = [], [], []
    for repeat in test:
        parts, held = [], []
        for fold in np.unique(repeat.fold[repeat.scored]):
            known = models.get((repeat.records[0].repeat, int(fold)))
            if known is None or not len(known.truth):
                return None
            films = _scored(repeat.rows(repeat.fold == fold))
            temperature = fit_temperature(log_probabilities(known.probabilities), known.truth)
            limits = conformal_thresholds(
                with_temperature(known.probabilities, temperature), known.truth, COVERAGE
            )
            probabilities = with_temperature(films.probabilities, temperature)
            parts.append(_Scored(films.truth, probabilities, films.groups))
            held.append(prediction_sets(probabilities, limits))
            fitted.append((repeat.records[0].repeat, int(fold), temperature, limits, known))
        if not parts:
            return None
        calibrated.append(_joined(parts))
        sets.append(np.concatenate(held))
    return {
        "fitted_on": "validation",
        "models": [
            {
                "repeat": number,
                "fold": fold,
                "temperature": round(temperature, 4),
                "thresholds": {
                    code: None if limit is None else round(limit, 6)
                    for code, limit in zip(task.codes, limits, strict=True)
                },
                "n_validation": {
                    code: int((known.truth == k).sum()) for k, code in enumerate(task.codes)
                },
            }
            for number, fold, temperature, limits, known in fitted
        ],
        "temperature_bounds": list(TEMPERATURES),
        "after": _told(calibrated, *_fit_of(calibrated, draws)),
        "prediction_sets": _set_figures(calibrated, sets, task, draws),
    }


def _fit_of(scored: Sequence[_Scored], draws: GroupDraws) -> tuple[Floats, dict[str, Sampled]]:
    """How well probabilities fit: the edges of the bins of all repeats, and the figures."""
    edges = equal_mass_edges(np.concatenate([films.confidence for films in scored]))

    def statistic(films: _Scored, weights: Floats) -> dict[str, Floats]:
        total = weights.sum(axis=1)
        brier, log_loss = (
            weights @ score / total for score in proper_scores(films.probabilities, films.truth)
        )
        bins = reliability_figures(films.confidence, films.right, edges, weights)
        return {"brier": brier, "log_loss": log_loss, **bins}

    return edges, sample(statistic, [(films, films.groups) for films in scored], draws)


def _told(scored: Sequence[_Scored], edges: Floats, found: Mapping[str, Sampled]) -> dict[str, Any]:
    groups = len({group for films in scored for group in films.groups})
    error = found["ece"].centred().told(groups)
    if error["interval_95"]:
        error["interval_95"] = [max(0.0, end) for end in error["interval_95"]]
    mean, upper = error_if_calibrated(scored[0].confidence, edges)
    return {
        "ece": error,
        "ece_if_calibrated": {"mean": round(mean, 4), "upper_95": round(upper, 4)},
        "brier": found["brier"].told(groups),
        "log_loss": found["log_loss"].told(groups),
    }


def _set_figures(
    scored: Sequence[_Scored], sets: Sequence[NDArray[np.bool_]], task: Task, draws: GroupDraws
) -> dict[str, Any]:
    pairs = list(zip(scored, sets, strict=True))

    def statistic(pair: tuple[_Scored, NDArray[np.bool_]], weights: Floats) -> dict[str, Floats]:
        films, held = pair
        total, size = weights.sum(axis=1), held.sum(axis=1)
        covered = held[np.arange(len(held)), films.truth]
        own = (films.truth[:, None] == np.arange(len(task.codes))).astype(np.float64)
        with np.errstate(invalid="ignore"):
            by_label = (weights @ (own * covered[:, None])) / (weights @ own)
        return {
            "coverage": weights @ covered / total,
            "by_label": by_label,
            "mean_size": weights @ size / total,
            "one_label": weights @ (size == 1) / total,
            "no_label": weights @ (size == 0) / total,
        }

    found = sample(statistic, [(pair, pair[0].groups) for pair in pairs], draws)
    groups = len({group for films in scored for group in films.groups})
    return {
        "nominal_coverage": COVERAGE,
        "coverage": found["coverage"].told(groups, share=True),
        "coverage_by_label": {
            code: found["by_label"].at(k).told(_groups_of(scored, k), share=True)
            for k, code in enumerate(task.codes)
        },
        "mean_size": found["mean_size"].told(groups),
        "share_of_one_label": found["one_label"].told(groups, share=True),
        "share_of_no_label": found["no_label"].told(groups, share=True),
    }


def _scored(films: Judged) -> _Scored:
    some = films.rows(films.scored)
    return _Scored(some.truth, some.probabilities, some.groups)


def _joined(parts: Sequence[_Scored]) -> _Scored:
    return _Scored(
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        tuple(group for part in parts for group in part.groups),
    )


def _groups_between(scored: Sequence[_Scored], edges: Floats, i: int) -> int:
    last = i == len(edges) - 2
    return len(
        {
            group
            for films in scored
            for group, sure in zip(films.groups, films.confidence, strict=True)
            if edges[i] <= sure and (last or sure < edges[i + 1])
        }
    )


def _groups_of(scored: Sequence[_Scored], label: int) -> int:
    return len(
        {
            group
            for films in scored
            for group, truth in zip(films.groups, films.truth, strict=True)
            if truth == label
        }
    )
