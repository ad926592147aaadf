"""How far the angles of a frontal film may be off, from the spread of its points.

The tilt of an endplate is uncertain as its two ends are across it. Draws of all tilts are made, and
in each draw the end vertebrae of a curve are chosen again near the reported ones. Choosing the most
tilted vertebrae of noisy ones overestimates an angle, in the draws once more than in the estimate;
so only how the draws scatter about their own mean is used, and put around the estimate. The
estimate itself is not shifted: held against readers, networks err towards straight vertebrae, which
makes up for it (`benchmarks/intervals.py` measures the remaining bias).
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import FRONTAL_CORNERS, LEVELS, Landmarks
from spinescan.core.report import Curve
from spinescan.measure.curves import MIN_VERTEBRAE
from spinescan.measure.frontal import FrontalSpine

LEVEL = 0.90
"""Share of the intervals that should hold the truth."""

REACH = 2
"""End vertebrae are chosen again among those so many levels off the reported ones."""

CORRELATION = 0.4
"""Of the errors of tilt of one vertebra and the next: measured on held-out AASCE films."""

_Floats = NDArray[np.float64]


def with_intervals(
    landmarks: Landmarks,
    curves: tuple[Curve, ...],
    *,
    factor: float,
    level: float = LEVEL,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[Curve, ...]:
    """The same curves with `interval_deg` set.

    A curve keeps no interval (None) where the spread of a point that it might end at is unknown.
    The end vertebrae that a reader has chosen are not chosen again.
    Turning or mirroring the film changes no interval. The lower end is never below 0.

    Parameters
    ----------
    landmarks, curves
        A film's points, with their spreads in pixel widths, and its curves.
    factor
        Standard deviations of a point's error per unit of its spread; fitted on held-out films.
    level
        Share of the intervals that should hold the truth.
    draws
        How many, half of them the opposites of the others.
    seed
        The same seed gives the same intervals.
    """
    spine = FrontalSpine.from_landmarks(landmarks)
    tilts = spine.relative_tilts_deg.ravel()
    spread = factor * endplate_spread_deg(landmarks)
    noise = endplate_noise(len(tilts), draws, seed)
    return tuple(
        replace(
            c,
            interval_deg=_fixed_interval(landmarks, c, factor, level)
            if c.ends_by == "reader"
            else _interval(c, tilts, spread, noise, _ends(spine, c), level),
        )
        for c in curves
    )


def bend_between(
    landmarks: Landmarks, upper: str, lower: str, *, factor: float
) -> tuple[float, float | None] | None:
    """How far the spine bends between two given vertebrae, in degrees, and its standard deviation.

    The bend is that from `upper`'s superior to `lower`'s inferior endplate, positive when convex to
    the picture's right; the deviation is None where a spread is unknown. None if one of the two
    lacks a corner. `factor` is that of `with_intervals`.
    """
    spine = FrontalSpine.from_landmarks(landmarks)
    if upper not in spine or lower not in spine:
        return None
    rows = [2 * spine.index(upper), 2 * spine.index(lower) + 1]
    tilts = spine.relative_tilts_deg.ravel()[rows]
    spread = endplate_spread_deg(landmarks)[rows]
    bend = float(tilts[1] - tilts[0])
    if not np.isfinite(spread).all():
        return bend, None
    correlation = CORRELATION ** (abs(rows[1] - rows[0]) / 2)
    variance = float((spread**2).sum() - 2 * correlation * spread.prod())
    return bend, factor * math.sqrt(max(0.0, variance))


def angle_near(landmarks: Landmarks, curve: Curve) -> float | None:
    """The angle of the same curve on other landmarks, in degrees.

    It is the largest one in the curve's sense between end vertebrae within `REACH` levels of the
    curve's own; negative if these landmarks bend the other way there. None if no such vertebrae are
    visible. With the true landmarks this is the truth that a curve's interval should hold.
    """
    spine = FrontalSpine.from_landmarks(landmarks)
    upper, lower = _ends(spine, curve)
    if len(upper) == 0:
        return None
    tilts = spine.relative_tilts_deg.ravel()
    return float((_sense(curve) * (tilts[lower] - tilts[upper])).max())


def endplate_spread_deg(landmarks: Landmarks) -> _Floats:
    """Spread of the tilt of each endplate of the visible levels, in degrees.

    Returns
    -------
    float64 (2 m,)
        Superior and inferior endplate of each level from the head down, NaN where the spread of an
        end is unknown.
    """
    levels, corners = landmarks.frontal_corners()
    row = {name: i for i, name in enumerate(landmarks.names)}
    index = [row[f"{level}_{corner}"] for level in levels for corner in FRONTAL_CORNERS]
    ends, spread = corners.reshape(-1, 2, 2), landmarks.spread_px[index].reshape(-1, 2)
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    # The arc tangent keeps a spread beyond the endplate's length below a right angle.
    return np.asarray(np.degrees(np.arctan2(np.linalg.norm(spread, axis=1), length)))


def tilt_interval_deg(
    tilt_deg: float, spread_deg: _Floats, *, factor: float, level: float = LEVEL
) -> tuple[float, float] | None:
    """The interval of a tilt that is the mean of one or two tilts (the endplates of a vertebra).

    `spread_deg` holds the spread of each (k,). None if one is unknown.
    """
    if not np.isfinite(spread_deg).all():
        return None
    covariance = endplate_correlation(len(spread_deg)) * np.outer(spread_deg, spread_deg)
    half = NormalDist().inv_cdf((1 + level) / 2) * factor * math.sqrt(covariance.mean())
    return tilt_deg - half, tilt_deg + half


def _interval(
    curve: Curve,
    tilts: _Floats,
    spread: _Floats,
    noise: _Floats,
    ends: tuple[NDArray[np.intp], NDArray[np.intp]],
    level: float,
) -> tuple[float, float] | None:
    upper, lower = ends
    if len(upper) == 0 or not np.isfinite(spread[[*upper, *lower]]).all():
        return None
    drawn = tilts + noise * np.nan_to_num(spread)
    angles = (_sense(curve) * (drawn[:, lower] - drawn[:, upper])).max(axis=1)
    low, high = np.quantile(angles - angles.mean(), [(1 - level) / 2, (1 + level) / 2])
    return max(0.0, curve.cobb_deg + min(0.0, float(low))), curve.cobb_deg + max(0.0, float(high))


def _fixed_interval(
    landmarks: Landmarks, curve: Curve, factor: float, level: float
) -> tuple[float, float] | None:
    found = bend_between(landmarks, curve.upper, curve.lower, factor=factor)
    if found is None or found[1] is None:
        return None
    half = NormalDist().inv_cdf((1 + level) / 2) * found[1]
    return max(0.0, curve.cobb_deg - half), curve.cobb_deg + half


def _ends(spine: FrontalSpine, curve: Curve) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows among the 2 m endplates: the pairs (upper, lower) that the curve might end at."""
    pairs = list(_pairs(spine, curve))
    upper, lower = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    return 2 * upper, 2 * lower + 1


def _pairs(spine: FrontalSpine, curve: Curve) -> Iterator[tuple[int, int]]:
    places = [LEVELS.index(level) for level in spine.levels]
    first, last = LEVELS.index(curve.upper), LEVELS.index(curve.lower)
    least = min(MIN_VERTEBRAE, last - first + 1)  # a curve cut by a larger one may be shorter
    for upper, above in enumerate(places):
        for lower, below in enumerate(places):
            near = abs(above - first) <= REACH and abs(below - last) <= REACH
            if near and lower - upper + 1 >= least:
                yield upper, lower


@lru_cache(maxsize=64)
def endplate_noise(endplates: int, draws: int, seed: int) -> _Floats:
    """Correlated standard normal draws (draws, endplates), read-only.

    Kept, for a viewer asks at every move of a point, and the threads that BLAS multiplies with
    take a core from it for a while after.
    """
    half = np.random.default_rng(seed).standard_normal((draws // 2, endplates))
    half = half @ np.linalg.cholesky(endplate_correlation(endplates)).T
    # With every draw its opposite: a mirrored film gets the same interval.
    noise = np.concatenate([half, -half])
    noise.setflags(write=False)
    return noise


def endplate_correlation(endplates: int) -> _Floats:
    """Of the errors of n endplates in a row: (n, n), `CORRELATION` between two vertebrae."""
    rows = np.arange(endplates)
    return np.asarray(CORRELATION ** (np.abs(rows[:, None] - rows) / 2))


def _sense(curve: Curve) -> int:
    """+1 if convex to the picture's right; tilts then grow from the head down."""
    return 1 if curve.convex_side == "right" else -1
