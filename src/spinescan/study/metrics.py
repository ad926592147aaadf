"""Figures and their uncertainty. Pure functions of arrays."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.intervals import grouped_bootstrap as grouped_bootstrap
from spinescan.core.intervals import wilson_interval as wilson_interval

Floats = NDArray[np.float64]


def share_with_interval(hits: int, n: int) -> dict[str, Any]:
    """A share as plain JSON types: count, share (None without any observation) and interval."""
    low, high = wilson_interval(hits, n)
    return {
        "count": hits,
        "share": round(hits / n, 4) if n else None,
        "interval_95": [round(low, 4), round(high, 4)],
    }


def share_within_groups(
    hits: Sequence[int],
    of: Sequence[int],
    groups: Sequence[Hashable],
    *,
    samples: int = 2000,
    seed: int = 0,
) -> dict[str, Any]:
    """The share sum(hits) / sum(of) as plain JSON types, with a bootstrap interval over groups.

    For what is counted several times a film (levels, points): those of one film are not independent
    observations, as a Wilson interval would have it. 95 %; None without any observation.
    """
    if not len(hits) == len(of) == len(groups):
        raise ValueError(f"need one entry a film, got {len(hits)}, {len(of)}, {len(groups)}")
    count, n = sum(hits), sum(of)
    if n == 0:
        return {"count": 0, "n": 0, "share": None, "interval_95": None}
    sums: dict[Hashable, list[int]] = {}
    for hit, one, group in zip(hits, of, groups, strict=True):
        total = sums.setdefault(group, [0, 0])
        total[0] += hit
        total[1] += one
    parts = np.array([total for total in sums.values() if total[1]], dtype=np.float64)
    drawn = np.random.default_rng(seed).integers(0, len(parts), size=(samples, len(parts)))
    drawn_hits, drawn_of = parts[drawn].sum(axis=1).T
    low, high = np.quantile(drawn_hits / drawn_of, [0.025, 0.975])
    return {
        "count": count,
        "n": n,
        "share": round(count / n, 4),
        "interval_95": [round(float(low), 4), round(float(high), 4)],
    }


def value_with_interval(
    values: Floats, groups: Sequence[Hashable], statistic: Callable[[Floats], Any] = np.mean
) -> dict[str, Any]:
    """A statistic of one value a film as plain JSON types, with its bootstrap interval."""
    low, high = grouped_bootstrap(values, groups, statistic)
    return {
        "value": round(float(statistic(values)), 3),
        "interval_95": [round(low, 3), round(high, 3)],
    }


def thirds(values: Floats) -> tuple[NDArray[np.intp], tuple[float, float]]:
    """Which third of the values each belongs to (0, 1, 2), and the two borders between them.

    A value on a border belongs to the third above it.
    """
    low, high = np.quantile(values, [1 / 3, 2 / 3])
    return np.searchsorted([low, high], values, side="right"), (float(low), float(high))


def held_out_median(values: Floats, groups: Sequence[Hashable]) -> Floats:
    """What a predictor answers that knows no film: for each row the median of all *other* groups.

    Parameters
    ----------
    values
        float64 (n, k).
    groups
        n group names, at least two different ones.

    Returns
    -------
    float64 (n, k)
    """
    names = list(dict.fromkeys(groups))
    if len(names) < 2:
        raise ValueError(f"need at least two groups to leave one out, got {len(names)}")
    if len(groups) != len(values):
        raise ValueError(f"need one group per row, got {len(values)} and {len(groups)}")
    codes = np.array([names.index(g) for g in groups])
    answer = np.empty_like(values, dtype=np.float64)
    for code in range(len(names)):
        answer[codes == code] = np.median(values[codes != code], axis=0)
    return answer
