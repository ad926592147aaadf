"""Scoliosis or not: whether the largest curve of a frontal film reaches 10 degrees."""

import numpy as np

from spinescan.core.anatomy import Landmarks
from spinescan.core.report import Curve
from spinescan.measure.curves import MIN_COBB_DEG, MIN_VERTEBRAE
from spinescan.measure.frontal import FrontalSpine
from spinescan.measure.intervals import endplate_noise, endplate_spread_deg


def scoliosis_share(
    landmarks: Landmarks,
    curves: tuple[Curve, ...],
    *,
    factor: float,
    draws: int = 1000,
    seed: int = 0,
) -> float | None:
    """The share of draws of the points within their spreads in which a curve reaches 10 degrees.

    As for the intervals of curves (`intervals`), only how the draws scatter about their own mean is
    used: the largest of noisy angles comes out too large. Turning or mirroring the film changes no
    share. None where a spread is unknown, or fewer than four vertebrae are visible.

    Parameters
    ----------
    landmarks, curves
        A film's points and all its curves of 10 degrees and more, largest first.
    factor, draws, seed
        As in `intervals.with_intervals`.
    """
    tilts = FrontalSpine.from_landmarks(landmarks).relative_tilts_deg
    upper, lower = np.triu_indices(len(tilts), MIN_VERTEBRAE - 1)
    spread = factor * endplate_spread_deg(landmarks)
    if len(upper) == 0 or not np.isfinite(spread).all():
        return None
    drawn = tilts.ravel() + endplate_noise(tilts.size, draws, seed) * spread
    angles = np.abs(drawn[:, 2 * lower + 1] - drawn[:, 2 * upper]).max(axis=1)
    if curves:
        largest = curves[0].cobb_deg
    else:
        between = np.abs(tilts[lower, 1] - tilts[upper, 0]).max()
        largest = min(float(between), np.nextafter(MIN_COBB_DEG, 0))
    return float(np.mean(largest + angles - angles.mean() >= MIN_COBB_DEG))
