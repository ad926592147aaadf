"""Accuracy against a number that is known of each film, such as how clear its label is.

For phantoms that is the margin: how far the measured spine is from where it would be of another
type. Near a boundary no reader can be right always, so accuracy is told as a curve and not at one
convenient margin.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.errors import DataError
from spinescan.core.task import Task
from spinescan.data.manifest import Manifest
from spinescan.study.classes import families
from spinescan.study.draws import GroupDraws, sample
from spinescan.study.evaluate import SAMPLES, judged_part
from spinescan.study.judged import NO_ANSWER, Judged
from spinescan.study.predictions import PredictionRecord

Floats = NDArray[np.float64]


def margins_of(manifest: Manifest, column: str) -> dict[str, float]:
    """The numbers of a manifest's column, by digest; films without one are left out.

    Raises
    ------
    DataError
        The manifest has no such column, or something in it is no finite number.
    """
    if column not in manifest.labels():
        raise DataError(f"the manifest has no column {column!r} with a value in it")
    margins = {}
    for row, film in enumerate(manifest.films, start=2):
        text = film.labels.get(column)
        if text is None:
            continue
        try:
            margins[film.sha256] = float(text)
        except ValueError:
            margins[film.sha256] = np.nan
        if not np.isfinite(margins[film.sha256]):
            raise DataError(f"row {row}: {column} must be a number, got {text!r}")
    return margins


def accuracy_by_margin(
    records: Sequence[PredictionRecord],
    task: Task,
    margins: Mapping[str, float],
    *,
    bins: int = 10,
    samples: int = SAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Accuracy, and that of the families where the task has some, along the margin.

    Parameters
    ----------
    margins
        The number by digest. Films without one are left out, and counted.
    bins
        So many parts of about equally many films.

    Returns
    -------
    Plain JSON types. `between` holds the figures of the films of each part, `at_least` those of all
    films from the beginning of a part on: what remains when films nearer to a boundary are left
    out. A film that failed or was abstained from is an error; intervals are by group.

    Raises
    ------
    DataError
        No film has a number, or as `evaluate_predictions`.
    """
    part, every = judged_part(records, task)
    told = [
        films.rows(np.array([record.sha256 in margins for record in films.records]))
        for films in every
    ]
    repeats = [films for films in told if len(films)]
    if not repeats:
        raise DataError("no film that was answered has a margin")
    values = [_values(films, margins) for films in repeats]
    edges = np.unique(np.quantile(np.concatenate(values), np.linspace(0, 1, bins + 1)))

    def figures(low: float, high: float) -> dict[str, Any] | None:
        some = [
            films.rows((value >= low) & (value < high))
            for films, value in zip(repeats, values, strict=True)
        ]
        return _figures([films for films in some if len(films)], task, samples, seed)

    starts = edges[:-1] if len(edges) > 1 else edges
    ends = [*starts[1:], np.inf]
    return {
        "part": part,
        "n_films": len({(r.sha256, r.image) for films in repeats for r in films.records}),
        "n_without_margin": sum(map(len, every)) - sum(map(len, repeats)),
        "smallest": round(float(edges[0]), 4),
        "largest": round(float(edges[-1]), 4),
        "between": [
            {
                "from": round(float(low), 4),
                "to": round(float(min(high, edges[-1])), 4),
                **(figures(low, high) or {}),
            }
            for low, high in zip(starts, ends, strict=True)
        ],
        "at_least": [
            {"from": round(float(low), 4), **(figures(low, np.inf) or {})} for low in starts
        ],
    }


def _figures(
    repeats: Sequence[Judged], task: Task, samples: int, seed: int
) -> dict[str, Any] | None:
    if not repeats:
        return None
    of_label = families(task)[1] if task.families else None

    def statistic(films: Judged, weights: Floats) -> dict[str, Floats]:
        total = weights.sum(axis=1)
        figures = {"accuracy": weights @ (films.answer == films.truth) / total}
        if of_label is not None:
            same = (films.answer != NO_ANSWER) & (of_label[films.answer] == of_label[films.truth])
            figures["family_accuracy"] = weights @ same / total
        return figures

    groups = sorted({group for films in repeats for group in films.groups})
    draws = GroupDraws.of(groups, samples=samples, seed=seed)
    found = sample(statistic, [(films, films.groups) for films in repeats], draws)
    return {
        "n_films": len({(r.sha256, r.image) for films in repeats for r in films.records}),
        "n_groups": len(groups),
        **{name: figure.told(len(groups), share=True) for name, figure in found.items()},
    }


def _values(films: Judged, margins: Mapping[str, float]) -> Floats:
    return np.array([margins[record.sha256] for record in films.records])
