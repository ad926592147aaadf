"""Agreement of raters on angles and end vertebrae, as plain JSON types with intervals."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.study.agreement.angles import (
    Floats,
    MeanSquares,
    bland_altman,
    mean_absolute_difference,
)
from spinescan.study.draws import GroupDraws, sample
from spinescan.study.metrics import share_within_groups
from spinescan.study.readers.category_figures import why_not
from spinescan.study.readers.readings import Reading, levels_apart, same_curve

Raters = Mapping[str, Sequence[Reading | None]]
"""Readings by rater, one a film."""


def values_of(raters: Raters, name: str) -> Floats:
    """An angle of all films and raters (n, raters), NaN where there is none."""
    rows = [
        [np.nan if r is None else r.angles.get(name, np.nan) for r in films]
        for films in raters.values()
    ]
    return np.array(rows, dtype=np.float64).T


def between_all(
    raters: Raters, name: str, groups: Sequence[str], draws: GroupDraws
) -> dict[str, Any]:
    """ICC(2,1), error of measurement and mean absolute difference, where all raters measured."""
    values = values_of(raters, name)
    complete = _complete(values)
    chosen = [g for g, keep in zip(groups, complete, strict=True) if keep]
    head = {
        "n_films": len(chosen),
        "n_films_left_out": int((np.isfinite(values).any(axis=1) & ~complete).sum()),
        "n_groups": len(set(chosen)),
        "n_readers": len(raters),
    }
    if len(raters) < 2:
        return head | _none(_ICC_NAMES, "one reader only")
    return head | _figures(values[complete], chosen, draws, _icc_figures, _ICC_NAMES)


def pairs(
    raters: Raters, name: str, groups: Sequence[str], draws: GroupDraws
) -> list[dict[str, Any]]:
    """Each pair of raters on one angle."""
    return [pair(raters, one, two, name, groups, draws) for one, two in combinations(raters, 2)]


def pair(
    raters: Raters, first: str, second: str, name: str, groups: Sequence[str], draws: GroupDraws
) -> dict[str, Any]:
    """Bland-Altman of the second less the first, and ICC(2,1); with the differences themselves."""
    values = values_of({"1": raters[first], "2": raters[second]}, name)
    complete = _complete(values)
    chosen = [g for g, keep in zip(groups, complete, strict=True) if keep]
    both = values[complete]
    return {
        "first": first,
        "second": second,
        "n_films": len(chosen),
        "n_groups": len(set(chosen)),
        "n_readers": 2,
        **_figures(both, chosen, draws, _pair_figures, (*_ICC_NAMES, *_LIMITS)),
        "points": [[round(float(v), 2) for v in row] for row in both],
    }


def end_vertebrae(raters: Raters, first: str, second: str, groups: Sequence[str]) -> dict[str, Any]:
    """Whether two raters name the same ends and apex of the largest curve, where it is one curve.

    "exact" is the same vertebra (of an apex: or disc), "within_one" at most one level apart.
    """
    films = [
        (a.curve, b.curve, group)
        for a, b, group in zip(raters[first], raters[second], groups, strict=True)
        if a is not None and b is not None and a.curve is not None and b.curve is not None
    ]
    same = [(a, b, g) for a, b, g in films if same_curve(a, b)]
    found: dict[str, Any] = {
        "first": first,
        "second": second,
        "n_films": len(films),
        "n_readers": 2,
        "same_curve": share_within_groups(
            [int(same_curve(a, b)) for a, b, _ in films], [1] * len(films), [g for *_, g in films]
        ),
    }
    for level in ("upper", "apex", "lower"):
        named = [
            (levels_apart(getattr(a, level), getattr(b, level)), g)
            for a, b, g in same
            if getattr(a, level) and getattr(b, level)
        ]
        found[level] = {
            what: share_within_groups(
                [int(apart <= most) for apart, _ in named],
                [1] * len(named),
                [g for _, g in named],
            )
            for what, most in (("exact", 0.0), ("within_one", 1.0))
        }
    return found


_ICC_NAMES = (
    "icc_2_1",
    "standard_error_of_measurement",
    "smallest_detectable_change",
    "mean_absolute_difference",
)
_LIMITS = ("bias", "lower_limit", "upper_limit")


def _icc_figures(values: Floats, weights: Floats) -> dict[str, Floats]:
    squares = MeanSquares.of(values, weights)
    return {
        "icc_2_1": squares.icc_2_1(),
        "standard_error_of_measurement": squares.standard_error(),
        "smallest_detectable_change": squares.smallest_detectable_change(),
        "mean_absolute_difference": mean_absolute_difference(values, weights),
    }


def _pair_figures(values: Floats, weights: Floats) -> dict[str, Floats]:
    return _icc_figures(values, weights) | bland_altman(values[:, 0], values[:, 1], weights)


def _figures(
    values: Floats,
    groups: Sequence[str],
    draws: GroupDraws,
    statistic: Callable[[Floats, Floats], dict[str, Floats]],
    names: Sequence[str],
) -> dict[str, Any]:
    if not len(values):
        return _none(names, "no film was measured by all of them")
    told = {}
    for name, drawn in sample(statistic, [(values, groups)], draws).items():
        one = drawn.told(len(set(groups)))
        told[name] = one | {"reason": why_not(one, len(values), "the angles do not vary")}
    return told


def _complete(values: Floats) -> NDArray[np.bool_]:
    return np.array([np.isfinite(row).all() for row in values], dtype=np.bool_)


def _none(names: Sequence[str], why: str) -> dict[str, Any]:
    return {name: {"value": None, "interval_95": None, "reason": why} for name in names}
