"""How well a scan reads the AASCE films, every film counted.

A film without an answer (abstained or failed) counts as the worst case: as if 0, 0, 0 degrees had
been answered, so 100 % SMAPE and the whole true angle as error. An accepted film on which not all
of T1..L5 are marked is scored by the levels that are; a second set of figures
(`complete_or_nothing`) counts it as the worst case, too.

Angles are plain, those of the points where they were placed, unless they stand under
`expected_angles`: these are medians over draws of the points (`study.expected`).
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS
from spinescan.core.errors import DataError
from spinescan.data.sources import AasceFilm
from spinescan.measure.aasce import aasce_angles
from spinescan.study.answers import (
    Record,
    corner_spread_px,
    corners_xy,
    match_records,
    outcome,
)
from spinescan.study.coverage import JudgedCurve, coverage_figures, judged_curves
from spinescan.study.expected import Reading, cross_fitted, smape_of_films
from spinescan.study.levels import Answer, level_figures, naming
from spinescan.study.metrics import held_out_median, thirds, value_with_interval

Floats = NDArray[np.float64]

_MANY = 6
"""A column with more different numbers than this is told by thirds, not value by value."""


@dataclass(frozen=True, slots=True, eq=False)
class _Readings:
    """Films and what was answered: row by row, true and given angles (n, 3) in degrees."""

    films: Sequence[AasceFilm]
    answers: Sequence[Answer | None]
    groups: Sequence[str]
    true_deg: Floats
    plain_deg: Floats
    curves: Sequence[JudgedCurve]

    def errors(self, given_deg: Floats, rows: Sequence[int] | None = None) -> dict[str, Any] | None:
        """SMAPE and error of the largest angle of all rows, or of some."""
        chosen = list(range(len(self.films)) if rows is None else rows)
        return _errors(
            self.true_deg[chosen], given_deg[chosen], [self.groups[row] for row in chosen]
        )


def score_aasce(
    films: Sequence[AasceFilm],
    records: Sequence[Record],
    by: Mapping[str, Mapping[str, str]] | None = None,
    left_out: Container[str] = (),
) -> dict[str, Any]:
    """The figures, as plain JSON types: for all films, and for those without suspect landmarks.

    Films named in `left_out` are not scored.

    Each set of figures stands beside that of a predictor that knows no film and always answers the
    median angles of all other groups. Intervals are 95 % bootstrap intervals over groups.

    Parameters
    ----------
    by
        Properties of films by which errors are told apart: for each property its value by file.

    Raises
    ------
    DataError
        There is no film, a property is not told of a film, or the records do not belong to these
        films.
    """
    if not films:
        raise DataError("no AASCE film to score")
    for name, values in (by or {}).items():
        absent = next((film.file for film in films if film.file not in values), None)
        if absent is not None:
            raise DataError(f"{absent}: {name} is not told")
    matched = match_records([film.file for film in films], records)
    scored = [
        (film, record)
        for film, record in zip(films, matched, strict=True)
        if film.file not in left_out
    ]
    sound = [(film, record) for film, record in scored if not film.suspect]
    return {
        "all_films": _score(scored, by or {}),
        "without_suspect_landmarks": _score(sound, by or {}),
    }


def answer_of(record: Record | None) -> Answer | None:
    """The levels (indices) and corners (m, 4, 2) of an accepted answer with two levels or more."""
    if record is None or outcome(record) != "accepted":
        return None
    return marked_levels(record)


def marked_levels(record: Record) -> Answer | None:
    """The same of any answer, accepted or not, that marks two levels or more."""
    names, corners = corners_xy(record)
    return ([LEVELS.index(name) for name in names], corners) if len(names) > 1 else None


def plain_angles(film: AasceFilm, answer: Answer | None) -> Floats:
    """The challenge's angles (3,) of the placed points; 0 without an answer."""
    return np.zeros(3) if answer is None else aasce_angles(answer[1], film.size[0])


def _score(
    scored: Sequence[tuple[AasceFilm, Record | None]], by: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    if not scored:
        return {"n": 0}
    films, records = zip(*scored, strict=True)
    answers = [answer_of(record) for record in records]
    outcomes = [outcome(record) for record in records]
    answered = [i for i, a in enumerate(answers) if a is not None]
    complete = np.array([a is not None and len(a[0]) == len(LEVELS) for a in answers])
    all_corners = [film.corners_px for film in films]
    groups = [film.group for film in films]
    seen = _Readings(
        films=films,
        answers=answers,
        groups=groups,
        true_deg=np.array([film.angles_deg for film in films]),
        plain_deg=np.array([plain_angles(f, a) for f, a in zip(films, answers, strict=True)]),
        curves=judged_curves(all_corners, records),
    )
    namings = [naming(c, a) for c, a in zip(all_corners, answers, strict=True)]
    several = len(set(groups)) > 1
    return {
        "n": len(films),
        "n_groups": len(set(groups)),
        "n_accepted": outcomes.count("accepted"),
        "n_accepted_incomplete": len(answered) - int(complete.sum()),
        "n_abstained": outcomes.count("abstained"),
        "n_failed": outcomes.count("failed"),
        "every_film": seen.errors(seen.plain_deg),
        "complete_or_nothing": seen.errors(seen.plain_deg * complete[:, None]),
        "answered_films": seen.errors(seen.plain_deg, answered),
        "expected_angles": _expected(seen, records, answered) if several else None,
        "corners": _corner_errors(films, answers),
        "level_names": level_figures(namings, groups),
        "curve_intervals": coverage_figures(seen.curves, range(len(films)), groups),
        "by_severity": _by_severity(seen),
        "by": {name: _by_property(seen, values) for name, values in by.items()},
        "median_predictor": (
            seen.errors(held_out_median(seen.true_deg, groups)) if several else None
        ),
    }


def _expected(
    seen: _Readings, records: Sequence[Record | None], answered: Sequence[int]
) -> dict[str, Any]:
    readings = [
        None
        if answer is None or record is None
        else Reading(answer[1], corner_spread_px(record), film.size[0])
        for film, answer, record in zip(seen.films, seen.answers, records, strict=True)
    ]
    expected = cross_fitted(readings, seen.true_deg, seen.groups)
    chosen, count = np.unique(expected.factor, return_counts=True)
    return {
        "every_film": seen.errors(expected.angles_deg),
        "answered_films": seen.errors(expected.angles_deg, answered),
        "factors_chosen_on_other_groups": [
            {"factor": float(c), "n_films": int(n)} for c, n in zip(chosen, count, strict=True)
        ],
    }


def _by_severity(seen: _Readings) -> list[dict[str, Any]]:
    """Errors and intervals of the thirds by the true largest angle."""
    severity = seen.true_deg[:, 0]
    which, _ = thirds(severity)
    told = []
    for third in np.unique(which):
        rows = np.flatnonzero(which == third).tolist()
        told.append(
            {
                "largest_angle_deg": _range(severity[rows]),
                **(seen.errors(seen.plain_deg, rows) or {}),
                "curve_intervals": coverage_figures(seen.curves, rows, seen.groups),
            }
        )
    return told


def _by_property(seen: _Readings, values: Mapping[str, str]) -> list[dict[str, Any]]:
    """Errors of the thirds by a number, or of each value."""
    words = [values[film.file] for film in seen.films]
    numbers = _numbers(words)
    if numbers is None or len(np.unique(numbers)) <= _MANY:
        return [
            {
                "value": word,
                **(
                    seen.errors(seen.plain_deg, [i for i, w in enumerate(words) if w == word]) or {}
                ),
            }
            for word in sorted(set(words))
        ]
    which, _ = thirds(numbers)
    return [
        {
            "range": _range(numbers[which == third]),
            **(seen.errors(seen.plain_deg, np.flatnonzero(which == third).tolist()) or {}),
        }
        for third in np.unique(which)
    ]


def _numbers(words: Sequence[str]) -> Floats | None:
    try:
        numbers = np.array([float(word) for word in words])
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _range(values: Floats) -> list[float]:
    return [round(float(values.min()), 2), round(float(values.max()), 2)]


def _errors(true: Floats, given: Floats, groups: Sequence[str]) -> dict[str, Any] | None:
    if len(true) == 0:
        return None
    percent = smape_of_films(true, given)
    degrees = np.abs(true[:, 0] - given[:, 0])
    return {
        "n": len(true),
        "smape_percent": value_with_interval(percent, groups),
        "largest_angle_mean_error_deg": value_with_interval(degrees, groups),
        "largest_angle_median_error_deg": value_with_interval(degrees, groups, np.median),
    }


def _corner_errors(
    films: Sequence[AasceFilm], answers: Sequence[Answer | None]
) -> dict[str, Any] | None:
    """Distance of the corners from the truth, a mean for each answered film."""
    pixels, percent, groups = [], [], []
    for film, answer in zip(films, answers, strict=True):
        if answer is None:
            continue
        levels, corners = answer
        distance = np.linalg.norm(corners - film.corners_px[levels], axis=2).mean()
        across = film.corners_px[:, [1, 3]] - film.corners_px[:, [0, 2]]
        pixels.append(distance)
        percent.append(100 * distance / np.linalg.norm(across, axis=2).mean())
        groups.append(film.group)
    if not pixels:
        return None
    return {
        "n": len(pixels),
        "mean_error_px": value_with_interval(np.array(pixels), groups),
        "mean_error_percent_of_vertebra_width": value_with_interval(np.array(percent), groups),
        "median_error_percent_of_vertebra_width": value_with_interval(
            np.array(percent), groups, np.median
        ),
    }
