"""Whether the intervals of the curves hold the truth, and how wide they are.

The truth of a reported curve is the angle of the same curve on the true landmarks, its end
vertebrae chosen again within two levels (`measure.intervals.angle_near`).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import FRONTAL_NAMES, Landmarks
from spinescan.measure.intervals import angle_near
from spinescan.study.answers import Record, curves_of
from spinescan.study.metrics import share_within_groups, value_with_interval

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class JudgedCurve:
    """A reported curve of one film (its place in the set), with the same curve's true angle.

    `true_deg` is None where the true landmarks do not reach so far, `interval_deg` where the report
    gives none.
    """

    film: int
    cobb_deg: float
    interval_deg: tuple[float, float] | None
    true_deg: float | None

    @property
    def judged(self) -> bool:
        """Whether there is an interval and a truth to hold against it."""
        return self.true_deg is not None and self.interval_deg is not None

    @property
    def covers(self) -> bool:
        """Whether the interval holds the truth."""
        if self.true_deg is None or self.interval_deg is None:
            return False
        return self.interval_deg[0] <= self.true_deg <= self.interval_deg[1]


def true_landmarks(corners_px: Floats) -> Landmarks:
    """The true corners (17, 4, 2) as landmarks; levels not on the film (NaN) are left out."""
    points = corners_px.reshape(-1, 2)
    seen = np.flatnonzero(np.isfinite(points).all(axis=1))
    return Landmarks.from_points([FRONTAL_NAMES[k] for k in seen], points[seen])


def judged_curves(
    corners_px: Sequence[Floats], records: Sequence[Record | None]
) -> list[JudgedCurve]:
    """All curves that accepted films report; corners (17, 4, 2) are each film's true ones."""
    judged = []
    for film, (corners, record) in enumerate(zip(corners_px, records, strict=True)):
        curves = curves_of(record)
        truth = true_landmarks(corners) if curves else None
        for curve in curves:
            near = None if truth is None else angle_near(truth, curve)
            judged.append(JudgedCurve(film, curve.cobb_deg, curve.interval_deg, near))
    return judged


def coverage_figures(
    curves: Sequence[JudgedCurve], films: Sequence[int], groups: Sequence[Hashable]
) -> dict[str, Any]:
    """Coverage, width and error of the curves of some films.

    Parameters
    ----------
    curves
        Of the whole set.
    films
        Places in the set of the films that count.
    groups
        The group of every film of the set.
    """
    wanted = set(films)
    mine = [c for c in curves if c.film in wanted]
    judged = [c for c in mine if c.judged]
    told = {
        "n_films": len(films),
        "n_films_without_a_curve": len(wanted - {c.film for c in mine}),
        "n_curves": len(mine),
        "n_curves_without_interval": sum(c.interval_deg is None for c in mine),
        "n_films_with_a_curve_without_interval": len(
            {c.film for c in mine if c.interval_deg is None}
        ),
        "n_curves_without_truth": sum(c.true_deg is None for c in mine),
        "n_curves_judged": len(judged),
    }
    errors = [(c.film, abs(c.cobb_deg - c.true_deg)) for c in mine if c.true_deg is not None]
    error = (
        value_with_interval(np.array([e for _, e in errors]), [groups[film] for film, _ in errors])
        if errors
        else None
    )
    if not judged:
        return {
            **told,
            "curve_angle_mean_error_deg": error,
            "covered": None,
            "full_width_deg": None,
        }
    width = np.array([c.interval_deg[1] - c.interval_deg[0] for c in judged if c.interval_deg])
    of = [groups[c.film] for c in judged]
    return {
        **told,
        "curve_angle_mean_error_deg": error,
        "covered": share_within_groups([int(c.covers) for c in judged], [1] * len(judged), of),
        "full_width_deg": {
            "median": value_with_interval(width, of, np.median),
            "mean": value_with_interval(width, of),
        },
    }
