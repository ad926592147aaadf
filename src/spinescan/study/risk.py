"""Error against coverage: what is gained by answering only the films that the model is sure of."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import FRONTAL_POINTS
from spinescan.study.answers import Record

Floats = NDArray[np.float64]
Confidence = Callable[[Record], float]
"""How sure a report is; only the order counts."""


def mean_score(record: Record) -> float:
    """Mean score of the report's vertebral corners, by which the gate decides; -inf without any."""
    landmarks = record.get("landmarks")
    if landmarks is None:
        return -np.inf
    scores = [
        score
        for name, score in zip(landmarks["names"], landmarks["score"], strict=True)
        if name not in FRONTAL_POINTS
    ]
    return float(np.mean(scores)) if scores else -np.inf


@dataclass(frozen=True, slots=True, eq=False)
class RiskCurve:
    """Mean error of the k most confident films, for k from 1 to n.

    Films of equal confidence are answered together: `risk` (n,) is then the same as if their errors
    were spread evenly among them. `coverage` (n,) is k / n.
    """

    coverage: Floats
    risk: Floats

    @property
    def area(self) -> float:
        """Mean risk over all coverages: smaller is better."""
        return float(self.risk.mean())


def risk_curve(errors: Floats, confidence: Floats) -> RiskCurve:
    """The curve of films with these errors (n,) when the least confident ones are left out first.

    Raises
    ------
    ValueError
        There is no film, or the lengths differ.
    """
    n = len(errors)
    if n == 0 or len(confidence) != n:
        raise ValueError(f"need one confidence per error, got {n} and {len(confidence)}")
    # A group of equals gets its mean: the order inside it tells nothing.
    _, place = np.unique(confidence, return_inverse=True)
    mean = np.bincount(place, errors) / np.bincount(place)
    order = np.argsort(-place, kind="stable")
    counts = np.arange(1, n + 1)
    return RiskCurve(counts / n, np.cumsum(mean[place][order]) / counts)


def risk_under_weights(
    errors: Floats, confidence: Floats, weights: Floats, coverages: Floats
) -> tuple[Floats, Floats]:
    """The curve's area (b,), and its risk at some coverages (b, c), of films that count so often.

    Parameters
    ----------
    weights
        (b, n) whole numbers, a row a draw: as if each film were there so many times.
    coverages
        (c,) in (0, 1].
    """
    _, place = np.unique(-confidence, return_inverse=True)
    order = np.argsort(place, kind="stable")
    last = np.flatnonzero(np.diff(place[order], append=place.max() + 1))
    films = np.cumsum(weights[:, order], axis=1)[:, last]
    wrong = np.cumsum(weights[:, order] * errors[order], axis=1)[:, last]
    area, risk = np.empty(len(weights)), np.empty((len(weights), len(coverages)))
    for i, (count, total) in enumerate(zip(films, wrong, strict=True)):
        # Between two levels of confidence errors grow evenly: the order inside tells nothing.
        levels, sums = np.concatenate([[0.0], count]), np.concatenate([[0.0], total])
        answered = np.arange(1, round(count[-1]) + 1)
        area[i] = (np.interp(answered, levels, sums) / answered).mean()
        some = coverages * count[-1]
        risk[i] = np.interp(some, levels, sums) / some
    return area, risk


def risk_figures(
    errors: Floats,
    confidence: Floats,
    accepted: NDArray[np.bool_],
    groups: Sequence[Hashable],
    *,
    samples: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """The curve at some coverages, its area, and where the shipped threshold lies.

    Parameters
    ----------
    errors
        (n,) of every film, also of those that the shipped threshold declines.
    confidence, accepted
        (n,) the model's confidence, and whether the film was accepted as shipped.
    groups
        n names. The area's 95 % interval is a bootstrap interval over groups.

    Returns
    -------
    Plain JSON types. `area` stands beside that of a perfect order (the films with the smallest
    errors first) and that of no order at all (the mean error).
    """
    curve = risk_curve(errors, confidence)
    n = len(errors)
    shares = np.round(np.arange(0.5, 1.001, 0.05), 2)
    low, high = _area_interval(errors, confidence, groups, samples, seed)
    return {
        "n": n,
        "area": {"value": round(curve.area, 3), "interval_95": [round(low, 3), round(high, 3)]},
        "area_of_a_perfect_order": round(risk_curve(errors, -errors).area, 3),
        "area_of_no_order": round(float(errors.mean()), 3),
        "at_coverage": {
            f"{share:.2f}": round(float(curve.risk[max(0, round(share * n) - 1)]), 3)
            for share in shares
        },
        "shipped": {
            "coverage": round(float(accepted.mean()), 4),
            "error_of_accepted": round(float(errors[accepted].mean()), 3)
            if accepted.any()
            else None,
            "error_of_declined": (
                round(float(errors[~accepted].mean()), 3) if not accepted.all() else None
            ),
        },
    }


def _area_interval(
    errors: Floats, confidence: Floats, groups: Sequence[Hashable], samples: int, seed: int
) -> tuple[float, float]:
    members: dict[Hashable, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    parts = list(members.values())
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(samples):
        drawn = np.concatenate([parts[k] for k in rng.integers(0, len(parts), len(parts))])
        areas.append(risk_curve(errors[drawn], confidence[drawn]).area)
    low, high = np.quantile(areas, [0.025, 0.975])
    return float(low), float(high)
