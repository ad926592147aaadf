"""Whether the major curve's region and side are right, on films whose names tell them.

The answer is the largest reported curve; proximal and main thoracic curves count as thoracic. The
truth is the first curve that the text names. Texts name curves from the head down, so where there
are two the first need not be the larger; the films with one named curve are told on their own.

A report tells sides of the picture, the text those of the patient. Which is which depends on how
the set is displayed: the convention that fits one half of the films is applied to the other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spinescan.core.errors import DataError
from spinescan.core.report import Side
from spinescan.data.fraiwan import FraiwanFilm, NamedRegion
from spinescan.study.answers import Record, acceptance, curves_of, match_records, outcome
from spinescan.study.halves import Half, half_of
from spinescan.study.metrics import grouped_bootstrap, share_with_interval

REGIONS: tuple[NamedRegion, ...] = ("thoracic", "thoracolumbar", "lumbar")
SIDES: tuple[Side, ...] = ("left", "right")
CONSTANT: dict[str, str] = {"region": "thoracic", "side": "right"}
"""The answer of a predictor that knows no film."""

SCOLIOSIS_DEG = 10.0
"""Scoliosis begins at 10 degrees (SRS)."""

NORMAL_BELOW_DEG = 15.0
"""A normal spine's largest curve should stay below; 10 and what a reader's error may add."""


@dataclass(frozen=True, slots=True)
class _Major:
    """The major curve of one film, as named and as found; None where there is none."""

    group: str
    region: NamedRegion | None
    side: Side | None
    answered: bool
    found_region: NamedRegion | None
    found_side: Side | None


def score_fraiwan(films: Sequence[FraiwanFilm], records: Sequence[Record]) -> dict[str, Any]:
    """The figures, as plain JSON types.

    Balanced accuracy is the mean over classes of the share of films named right. Films that are
    abstained from, fail, or have no curve of 10 degrees are wrong. Intervals are 95 % bootstrap
    intervals over groups, Wilson's for counts.

    Raises
    ------
    DataError
        There is no film, or the records do not belong to these films.
    """
    if not films:
        raise DataError("no film to score")
    matched = match_records([film.file for film in films], records)
    pairs = list(zip(films, matched, strict=True))
    named = [(f, r) for f, r in pairs if f.curves]
    styles = sorted({film.source_style for film in films})
    return {
        "named_curves": _named(named),
        "by_source_style": {
            style: {
                label: _by_angle(
                    [(f, r) for f, r in pairs if (f.source_style, f.label) == (style, label)]
                )
                for label in sorted({f.label for f in films if f.source_style == style})
            }
            for style in styles
        },
        "named_curves_by_source_style": {
            style: _named([(f, r) for f, r in named if f.source_style == style]) for style in styles
        },
    }


def _named(pairs: Sequence[tuple[FraiwanFilm, Record | None]]) -> dict[str, Any]:
    """Region and side of the major curve, each half's side by the other half's convention."""
    if not pairs:
        return {"n": 0}
    halves: dict[Half, list[tuple[FraiwanFilm, Record | None]]] = {"a": [], "b": []}
    for film, record in pairs:
        halves[half_of(film.group)].append((film, record))
    fit: dict[Half, dict[str, int]] = {half: _agreement(part) for half, part in halves.items()}
    swapped = {"a": _is_swapped(fit["b"]), "b": _is_swapped(fit["a"])}
    majors = {
        half: [_major(film, record, swapped[half]) for film, record in part]
        for half, part in halves.items()
    }
    both = [*majors["a"], *majors["b"]]
    one = [
        _major(film, record, swapped[half])
        for half, part in halves.items()
        for film, record in part
        if len(film.curves) == 1
    ]
    return {
        **acceptance([record for _, record in pairs]),
        "n_accepted_without_a_curve": sum(m.answered and m.found_side is None for m in both),
        "display": {
            half: {
                "found_on_half": "b" if half == "a" else "a",
                "patient_left_is_picture_right": swapped[half],
                "sides_that_agree_on_this_half": fit[half],
            }
            for half in halves
        },
        "both_halves": _accuracies(both),
        "half_a": _accuracies(majors["a"]),
        "half_b": _accuracies(majors["b"]),
        "one_curve_named": _accuracies(one),
    }


def _agreement(pairs: Sequence[tuple[FraiwanFilm, Record | None]]) -> dict[str, int]:
    """How many films' named side is the picture's side of their largest curve, how many not."""
    majors = [_major(film, record, swapped=False) for film, record in pairs]
    told = [m.side == m.found_side for m in majors if m.side and m.found_side]
    return {"same_as_picture": sum(told), "opposite_to_picture": len(told) - sum(told)}


def _is_swapped(fit: dict[str, int]) -> bool:
    return fit["opposite_to_picture"] > fit["same_as_picture"]


def _major(film: FraiwanFilm, record: Record | None, swapped: bool) -> _Major:
    curves = curves_of(record)
    region: NamedRegion | None = None
    side: Side | None = None
    if curves:
        found = curves[0]
        region = (
            found.region
            if found.region == "thoracolumbar" or found.region == "lumbar"
            else "thoracic"
        )
        other: Side = "left" if found.convex_side == "right" else "right"
        side = other if swapped else found.convex_side
    first = film.curves[0]
    answered = outcome(record) == "accepted"
    return _Major(film.group, first.region, first.side, answered, region, side)


def _accuracies(majors: Sequence[_Major]) -> dict[str, Any]:
    return {
        "region": _accuracy(
            majors, lambda m: m.region, lambda m: m.found_region, REGIONS, CONSTANT["region"]
        ),
        "side": _accuracy(
            majors, lambda m: m.side, lambda m: m.found_side, SIDES, CONSTANT["side"]
        ),
    }


def _accuracy(
    majors: Sequence[_Major],
    named: Callable[[_Major], str | None],
    found: Callable[[_Major], str | None],
    classes: Sequence[str],
    constant: str,
) -> dict[str, Any]:
    told = [m for m in majors if named(m) is not None]
    if not told:
        return {"n": 0}
    # One row a film: the class, and whether it was found.
    rows = np.array([[classes.index(str(named(m))), found(m) == named(m)] for m in told], float)
    answered = np.array([m.answered for m in told])
    always = np.array([[row[0], classes[int(row[0])] == constant] for row in rows])
    groups = [m.group for m in told]
    low, high = grouped_bootstrap(rows, groups, balanced_accuracy)
    return {
        "n": len(told),
        "balanced_accuracy": {
            "value": round(balanced_accuracy(rows), 4),
            "interval_95": [round(low, 4), round(high, 4)],
        },
        "balanced_accuracy_of_accepted": (
            round(balanced_accuracy(rows[answered]), 4) if answered.any() else None
        ),
        "accuracy": share_with_interval(int(rows[:, 1].sum()), len(rows)),
        "constant_answer": {
            "answer": constant,
            "accuracy": round(float(always[:, 1].mean()), 4),
            "balanced_accuracy": round(balanced_accuracy(always), 4),
        },
        "found_as": {
            name: {
                answer or "none": sum(named(m) == name and found(m) == answer for m in told)
                for answer in (*classes, None)
            }
            for name in classes
        },
    }


def balanced_accuracy(rows: "np.ndarray[Any, np.dtype[np.float64]]") -> float:
    """Mean over the classes that occur of the share of hits; rows (n, 2) are class and hit."""
    return float(np.mean([rows[rows[:, 0] == c, 1].mean() for c in np.unique(rows[:, 0])]))


def _by_angle(pairs: Sequence[tuple[FraiwanFilm, Record | None]]) -> dict[str, Any]:
    """How large the largest curve is; a film without an answer is on neither side of a border."""
    largest = [
        max((curve.cobb_deg for curve in curves_of(record)), default=0.0)
        for _, record in pairs
        if outcome(record) == "accepted"
    ]
    n = len(pairs)
    below = sum(angle < NORMAL_BELOW_DEG for angle in largest)
    return {
        **acceptance([record for _, record in pairs]),
        "largest_curve_below_15_deg": share_with_interval(below, n),
        "largest_curve_below_15_deg_of_accepted": share_with_interval(below, len(largest)),
        "largest_curve_of_10_deg_or_more": share_with_interval(
            sum(angle >= SCOLIOSIS_DEG for angle in largest), n
        ),
        "median_largest_curve_deg_of_accepted": (
            round(float(np.median(largest)), 2) if largest else None
        ),
    }
