"""The challenge's angles that uncertain points lead one to expect.

The challenge's rule jumps: whether a spine counts as S-shaped, and in which half of the picture its
steepest pair lies, decides which angles are reported, so two nearly equal readings can give
(28, 1, 27) and (26, 24, 2) degrees. Placed points are one reading. The expected answer is the
median of each angle over draws of the points, each as uncertain as the report says. It answers the
challenge's question only; the report's Cobb angles do not jump and are not made like this.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinescan.data.split import grouped_folds

Floats = NDArray[np.float64]

FACTORS = (0.15, 0.25, 0.35, 0.5)
"""What the factor is chosen from: standard deviations of a vertebra's tilt, in radians, per spread
of its corners over its width."""

_SHIFT = 0.03
"""Standard deviation of a vertebra's place, in widths of a vertebra."""

_FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """Expected angles (n, 3) of n films, and the factor (n,) that each was drawn with."""

    angles_deg: Floats
    factor: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was placed on one film, `rows` pixels high.

    `corners_px` (m, 4, 2) are the corners of the marked levels, `spread_px` (m, 4) their spreads,
    NaN where unknown: such a point is not moved.
    """

    corners_px: Floats
    spread_px: Floats
    rows: float


def expected_angles(reading: Reading, factor: float, *, draws: int = 200) -> Floats:
    """The median (3,) of the challenge's three angles over draws of the vertebrae, in degrees.

    Each vertebra is turned about its centre by a normal error that follows its corners' spread, and
    shifted a little. The draws depend on the points alone: the same points always give the same
    answer.
    """
    corners = np.asarray(reading.corners_px, dtype=np.float64)
    rng = np.random.default_rng(zlib.crc32(np.round(corners, 3).tobytes()))
    width = np.linalg.norm(_across(corners), axis=-1).clip(1e-6)
    spread = np.sqrt(np.nan_to_num(reading.spread_px**2).mean(axis=1))
    turn = rng.standard_normal((draws, len(corners))) * factor * spread / width
    shift = rng.standard_normal((draws, len(corners), 1, 2)) * _SHIFT * width.mean()
    centres = corners.mean(axis=1, keepdims=True)
    arms = corners - centres
    turned = arms * np.cos(turn)[..., None, None]
    turned += np.stack([-arms[..., 1], arms[..., 0]], axis=-1) * np.sin(turn)[..., None, None]
    drawn = centres + turned + shift
    return np.asarray(np.median(angles_of_draws(drawn, reading.rows), axis=0))


def cross_fitted(
    readings: Sequence[Reading | None], true_deg: Floats, groups: Sequence[str]
) -> Expected:
    """Expected angles of each film, with the factor that served *other* groups best.

    The films are divided into five parts by group. Of `FACTORS` each part takes the one with the
    smallest mean SMAPE on the films of the other parts, so no film's truth has a say in its own
    answer.

    Parameters
    ----------
    readings
        None for a film without an answer: its angles are 0.
    true_deg
        (n, 3) true angles.
    groups
        n names; films of one person share theirs.
    """
    answers = np.array(
        [
            [np.zeros(3) if r is None else expected_angles(r, factor) for r in readings]
            for factor in FACTORS
        ]
    )
    error = smape_of_films(true_deg[None], answers)
    given = np.zeros_like(true_deg)
    chosen = np.full(len(groups), np.nan)
    for part in grouped_folds(groups, min(_FOLDS, len(set(groups))), seed=0):
        others = np.setdiff1d(np.arange(len(groups)), part)
        best = int(error[:, others].mean(axis=1).argmin()) if len(others) else 0
        given[part] = answers[best, part]
        chosen[part] = FACTORS[best]
    return Expected(given, chosen)


def smape_of_films(true_deg: Floats, given_deg: Floats) -> Floats:
    """SMAPE of each film in percent: (..., 3) angles give (...). Nothing against nothing is 0."""
    total = (true_deg + given_deg).sum(axis=-1)
    error = np.abs(true_deg - given_deg).sum(axis=-1)
    share = np.divide(error, total, out=np.zeros_like(total), where=total > 0)
    return np.asarray(100 * share)


def angles_of_draws(drawn_xy: Floats, rows: float) -> Floats:
    """`measure.aasce.aasce_angles` of many draws of one film at once: (d, n, 4, 2) gives (d, 3)."""
    across = _across(drawn_xy)
    tilts = np.degrees(np.arctan2(across[..., 1], across[..., 0]))
    angles = np.abs(tilts[:, :, None] - tilts[:, None])
    angles = np.minimum(angles, 360 - angles)
    count, n = tilts.shape
    draw = np.arange(count)
    upper, lower = np.divmod(angles.reshape(count, -1).argmax(axis=1), n)
    above, below = np.tril(np.ones((n, n), dtype=bool)), np.triu(np.ones((n, n), dtype=bool))
    from_upper = np.where(above[upper], angles[draw, upper], -1)
    from_lower = np.where(below[lower], angles[draw, lower], -1)
    top = from_upper.argmax(axis=1)
    from_top = np.where(above[top], angles[draw, top], -1)
    middles = (drawn_xy[:, :, 0::2] + drawn_xy[:, :, 1::2]) / 2
    height = (middles[draw, upper, 1, 1] + middles[draw, lower, 1, 1]) / 2
    s_shaped = _is_s_shaped(middles.reshape(count, -1, 2))
    second = np.where(s_shaped, from_upper.max(axis=1), angles[draw, 0, upper])
    third = np.where(height < rows / 2, from_lower.max(axis=1), from_top.max(axis=1))
    third = np.where(s_shaped, third, angles[draw, lower, -1])
    return np.stack([angles[draw, upper, lower], second, third], axis=1)


def _is_s_shaped(middles_xy: Floats) -> NDArray[np.bool_]:
    x, y = np.moveaxis(middles_xy - middles_xy[:, -1:], 2, 0)
    side = (y * x[:, :1] - x * y[:, :1])[:, :-2]
    return np.asarray((side > 0).any(axis=1) & (side < 0).any(axis=1))


def _across(corners_xy: Floats) -> Floats:
    """From the middle of a vertebra's left side to that of its right one: (..., 2)."""
    sides = corners_xy.reshape(*corners_xy.shape[:-2], 2, 2, 2).mean(axis=-3)
    across: Floats = sides[..., 1, :] - sides[..., 0, :]
    return across
