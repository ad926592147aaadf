"""How well a scan reads the AASCE films, every film counted.

A film without an answer (abstained or failed) counts as the worst case: as if 0, 0, 0 degrees had
been answered, so 100 % SMAPE and the whole true angle as error. An accepted film on which not all
of T1..L5 are marked is scored by the levels that are; a second set of figures
(`complete_or_nothing`) counts it as the worst case, too.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS
from spinescan.core.errors import DataError
from spinescan.data.sources import AasceFilm
from spinescan.measure.aasce import aasce_angles, smape
from spinescan.study.answers import Record, corners_xy, match_records, outcome
from spinescan.study.metrics import grouped_bootstrap, held_out_median, share_with_interval

Floats = NDArray[np.float64]
Answer = tuple[list[int], Floats]
"""Levels (indices into LEVELS) and their corners (m, 4, 2)."""


def score_aasce(films: Sequence[AasceFilm], records: Sequence[Record]) -> dict[str, Any]:
    """The figures, as plain JSON types: for all films, and for those without suspect landmarks.

    Each set of figures stands beside that of a predictor that knows no film and always answers the
    median angles of all other groups. Intervals are 95 % bootstrap intervals over groups.

    Raises
    ------
    DataError
        There is no film, or the records do not belong to these films.
    """
    if not films:
        raise DataError("no AASCE film to score")
    matched = match_records([film.file for film in films], records)
    sound = [i for i, film in enumerate(films) if not film.suspect]
    return {
        "all_films": _score(films, matched),
        "without_suspect_landmarks": _score([films[i] for i in sound], [matched[i] for i in sound]),
    }


def _score(films: Sequence[AasceFilm], records: Sequence[Record | None]) -> dict[str, Any]:
    if not films:
        return {"n": 0}
    answers = [_answer(record) for record in records]
    outcomes = [outcome(record) for record in records]
    answered = np.array([a is not None for a in answers])
    complete = np.array([a is not None and len(a[0]) == len(LEVELS) for a in answers])
    true = np.array([film.angles_deg for film in films])
    given = np.array(
        [
            np.zeros(3) if answer is None else aasce_angles(answer[1], film.size[0])
            for film, answer in zip(films, answers, strict=True)
        ]
    )
    groups = [film.group for film in films]
    kept = [group for group, yes in zip(groups, answered, strict=True) if yes]
    return {
        "n": len(films),
        "n_groups": len(set(groups)),
        "n_accepted": outcomes.count("accepted"),
        "n_accepted_incomplete": int((answered & ~complete).sum()),
        "n_abstained": outcomes.count("abstained"),
        "n_failed": outcomes.count("failed"),
        "every_film": _errors(true, given, groups),
        "complete_or_nothing": _errors(true, given * complete[:, None], groups),
        "answered_films": _errors(true[answered], given[answered], kept),
        "corners": _corner_errors(films, answers),
        "level_names": _level_names(films, answers),
        "median_predictor": (
            _errors(true, held_out_median(true, groups), groups) if len(set(groups)) > 1 else None
        ),
    }


def _answer(record: Record | None) -> Answer | None:
    """The levels (indices) and corners (m, 4, 2) of an accepted answer with two levels or more."""
    if record is None or outcome(record) != "accepted":
        return None
    names, corners = corners_xy(record)
    return ([LEVELS.index(name) for name in names], corners) if len(names) > 1 else None


def _errors(true: Floats, given: Floats, groups: Sequence[str]) -> dict[str, Any] | None:
    if len(true) == 0:
        return None
    percent = np.array([smape(t[None], g[None]) for t, g in zip(true, given, strict=True)])
    degrees = np.abs(true[:, 0] - given[:, 0])
    return {
        "n": len(true),
        "smape_percent": _with_interval(percent, groups, np.mean),
        "largest_angle_mean_error_deg": _with_interval(degrees, groups, np.mean),
        "largest_angle_median_error_deg": _with_interval(degrees, groups, np.median),
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
        "mean_error_px": _with_interval(np.array(pixels), groups, np.mean),
        "mean_error_percent_of_vertebra_width": _with_interval(np.array(percent), groups, np.mean),
        "median_error_percent_of_vertebra_width": _with_interval(
            np.array(percent), groups, np.median
        ),
    }


def _level_names(
    films: Sequence[AasceFilm], answers: Sequence[Answer | None]
) -> dict[str, Any] | None:
    """On how many answered films the levels are named as in the truth, or one off at most.

    A vertebra's shift is the true level nearest to it minus the level it was given. A film counts
    by the median of its vertebrae's shifts (is the row named right?) and by the largest (is every
    level?).
    """
    median, largest = [], []
    for film, answer in zip(films, answers, strict=True):
        if answer is None:
            continue
        levels, corners = answer
        way = corners.mean(axis=1)[:, None] - film.corners_px.mean(axis=1)[None]
        nearest = np.linalg.norm(way, axis=2).argmin(axis=1)
        shift = nearest - np.array(levels)
        median.append(abs(float(np.median(shift))))
        largest.append(int(np.abs(shift).max()))
    n = len(median)
    if n == 0:
        return None
    return {
        "n": n,
        "row_exact": share_with_interval(sum(s < 1 for s in median), n),
        "row_within_one": share_with_interval(sum(s < 2 for s in median), n),
        "every_level_exact": share_with_interval(sum(s < 1 for s in largest), n),
        "every_level_within_one": share_with_interval(sum(s < 2 for s in largest), n),
    }


def _with_interval(
    values: Floats, groups: Sequence[str], statistic: Callable[[Floats], Any]
) -> dict[str, Any]:
    low, high = grouped_bootstrap(values, groups, statistic)
    return {
        "value": round(float(statistic(values)), 3),
        "interval_95": [round(low, 3), round(high, 3)],
    }
