"""Figures told apart by what is known of the films: age, sex, severity, source, ..."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from spinescan.core.errors import DataError
from spinescan.core.task import Task
from spinescan.data.manifest import COLUMNS as FIXED
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.study.classes import answer_figures, pair_figures, score_figures
from spinescan.study.draws import GroupDraws, sample
from spinescan.study.judged import Judged
from spinescan.study.metrics import thirds

Facts = Mapping[str, Mapping[str, str]]
"""What is known of each film, by its digest: values by column."""

COLUMNS = ("age", "sex", "severity", "cobb_deg", "source", "source_style", "field_of_view", "view")
"""What is told apart where a manifest has it, without being asked."""

NOT_KNOWN = "not known"

BANDS: Mapping[str, tuple[float, ...]] = {
    "age": (10, 18, 40, 65),
    # Mild, moderate, severe: common bands of the Cobb angle; societies differ.
    "cobb_deg": (10, 25, 40),
}
"""Where the bands of these columns end. Other columns of many numbers are told by thirds."""

_MANY = 6
_MOST_IN_PAIRS = 4


def facts_of(manifest: Manifest, columns: Iterable[str]) -> dict[str, dict[str, str]]:
    """What a manifest knows of its films in these columns, by digest; columns of its own too."""
    return {
        film.sha256: {column: _value(film, column) or NOT_KNOWN for column in columns}
        for film in manifest.films
    }


def columns_of(manifest: Manifest, task: Task, more: Sequence[str] = ()) -> tuple[str, ...]:
    """The columns to tell apart by: the usual ones in which films differ, and those asked for.

    Raises
    ------
    DataError
        A column was asked for that the manifest does not have.
    """
    unknown = next((name for name in more if not _has(manifest, name)), None)
    if unknown is not None:
        raise DataError(f"the manifest has no column {unknown!r} with a value in it")
    there = {name for name in COLUMNS if name != task.name and _differs(manifest, name)}
    return tuple(dict.fromkeys((*(name for name in COLUMNS if name in there), *more)))


def bands(column: str, values: Sequence[str]) -> list[str]:
    """The band of each value: itself where there are few, else a range of numbers.

    Of a column in `BANDS`, or with more than six different numbers, values become ranges such as
    "10 to 17" or "25 to 39.9"; what is not a number is kept as it is.
    """
    numbers = [_number(value) for value in values]
    known = [number for number in numbers if number is not None]
    if not known or any(
        number is None and value != NOT_KNOWN for number, value in zip(numbers, values, strict=True)
    ):
        return list(values)
    if column in BANDS:
        borders: tuple[float, ...] = BANDS[column]
    elif len(set(known)) > _MANY:
        borders = tuple(sorted(set(thirds(np.array(known))[1])))
    else:
        return list(values)
    return [
        value if number is None else _range(int(np.searchsorted(borders, number, "right")), borders)
        for number, value in zip(numbers, values, strict=True)
    ]


def subgroup_figures(
    repeats: Sequence[Judged], task: Task, facts: Facts, *, samples: int, seed: int
) -> dict[str, list[dict[str, Any]]]:
    """For each column its values in order, each with figures and intervals; plain JSON types.

    Averages over labels are over those that the subgroup's films have, so that they are comparable
    between subgroups only where these are the same: `labels` tells how many films each has.
    """
    columns = tuple(dict.fromkeys(column for known in facts.values() for column in known))
    told: dict[str, list[dict[str, Any]]] = {}
    for column in columns:
        band = _band_by_film(column, repeats, facts)
        names = sorted(set(band.values()), key=_order)
        told[column] = [
            {"value": name, **_figures(_of_band(repeats, band, name), task, samples, seed)}
            for name in names
        ]
    return told


def _figures(repeats: Sequence[Judged], task: Task, samples: int, seed: int) -> dict[str, Any]:
    groups = {group for films in repeats for group in films.groups}
    draws = GroupDraws.of(sorted(groups), samples=samples, seed=seed)
    grouped = [(films, films.groups) for films in repeats]
    found = {**sample(answer_figures, grouped, draws), **sample(score_figures, grouped, draws)}
    n = len(groups)
    first = repeats[0]
    return {
        "n_films": len({(r.sha256, r.image) for films in repeats for r in films.records}),
        "n_groups": n,
        "labels": {code: int((first.truth == k).sum()) for k, code in enumerate(task.codes)},
        "accuracy": found["accuracy"].told(n, share=True),
        "balanced_accuracy": found["balanced_accuracy"].told(n, share=True),
        "macro_roc_auc": found["macro_roc_auc"].told(n),
        "accepted_share": found["accepted_share"].told(n, share=True),
        "pairs": pair_auc(repeats, task, draws),
    }


def pair_auc(
    repeats: Sequence[Judged], task: Task, draws: GroupDraws
) -> list[dict[str, Any]] | None:
    """ROC-AUC of every two labels among their own films; None of a task with two labels or many.

    Where other labels are easy to tell by how their films were made, this is what counts.
    """
    if not 2 < len(task.codes) <= _MOST_IN_PAIRS:
        return None
    found = sample(pair_figures, [(films, films.groups) for films in repeats], draws)
    told = []
    for i, pair in enumerate(combinations(range(len(task.codes)), 2)):
        films = {
            (record.sha256, record.image, record.group)
            for repeat in repeats
            for record, truth in zip(repeat.records, repeat.truth, strict=True)
            if truth in pair
        }
        groups = len({group for _, _, group in films})
        told.append(
            {
                "labels": [task.codes[k] for k in pair],
                "n_films": len(films),
                "n_groups": groups,
                "roc_auc": found["pair_roc_auc"].at(i).told(groups),
            }
        )
    return told


def _band_by_film(column: str, repeats: Sequence[Judged], facts: Facts) -> dict[str, str]:
    films = sorted({record.sha256 for repeat in repeats for record in repeat.records})
    values = [facts.get(film, {}).get(column, NOT_KNOWN) for film in films]
    return dict(zip(films, bands(column, values), strict=True))


def _of_band(repeats: Sequence[Judged], band: Mapping[str, str], name: str) -> list[Judged]:
    chosen = [
        films.rows(np.array([band[record.sha256] == name for record in films.records]))
        for films in repeats
    ]
    return [films for films in chosen if len(films)]


def _value(film: ManifestFilm, column: str) -> str:
    return str(film.labels.get(column) or (getattr(film, column) if column in FIXED else ""))


def _has(manifest: Manifest, column: str) -> bool:
    return any(_value(film, column) for film in manifest.films)


def _differs(manifest: Manifest, column: str) -> bool:
    return len({_value(film, column) for film in manifest.films}) > 1


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _range(place: int, borders: Sequence[float]) -> str:
    if place == 0:
        return f"under {borders[0]:g}"
    if place == len(borders):
        return f"{borders[-1]:g} and over"
    return f"{borders[place - 1]:g} to under {borders[place]:g}"


def _order(name: str) -> tuple[int, float, str]:
    """Ranges by where they begin, then words, then what is not known."""
    if name == NOT_KNOWN:
        return 2, 0.0, name
    if name.startswith("under "):
        return 0, -np.inf, name
    number = _number(name.split(" ")[0])
    return (1, 0.0, name) if number is None else (0, number, name)
