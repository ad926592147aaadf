"""Spines built from a profile of tilt, for the tests of measuring."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import FRONTAL_NAMES, LEVELS, Landmarks

PITCH = 40.0
"""Length of a vertebra and its disc along the spine, in pixels."""
BODY = 0.75
"""Share of the pitch that the body takes; the rest is disc."""
WIDTH = 45.0


def spine(
    tilts_deg: Sequence[float] | NDArray[np.float64],
    *,
    sacrum: float | None = None,
    levels_certain: bool = True,
    spread_px: float = np.nan,
    others: dict[str, tuple[float, float]] | None = None,
) -> Landmarks:
    """Build T1..L5 from the tilts of the 34 endplates, or of the 17 vertebrae, from the head down.

    The spine runs at right angles to its tilts (positive: right end lower, so that it goes to the
    left on its way down). With `sacrum` S1 is there, its middle so many body widths to the right of
    L5's lower endplate. `others` are further points by name, body widths to the right of and below
    L5's lower endplate. All points have the one spread.
    """
    tilts = np.asarray(tilts_deg, dtype=np.float64)
    if tilts.size == len(LEVELS):
        tilts = np.repeat(tilts, 2)
    angle = np.radians(tilts)
    along = np.column_stack([np.cos(angle), np.sin(angle)])  # left to right on each endplate
    down = np.column_stack([-np.sin(angle), np.cos(angle)])
    lengths = np.tile([BODY, 1 - BODY], len(LEVELS))[:-1] * PITCH
    steps = (down[:-1] + down[1:]) / 2 * lengths[:, None]
    middles = np.array([500.0, 100.0]) + np.vstack([np.zeros(2), np.cumsum(steps, axis=0)])
    half_width = along * WIDTH / 2
    points = np.stack([middles - half_width, middles + half_width], axis=1).reshape(-1, 2)
    names = list(FRONTAL_NAMES)
    if sacrum is not None:
        centre = middles[-1] + [sacrum * WIDTH, PITCH / 4]
        half = np.array([WIDTH / 2, 0.0])
        names += ["S1_left", "S1_right"]
        points = np.vstack([points, centre - half, centre + half])
    for name, place in (others or {}).items():
        names.append(name)
        points = np.vstack([points, middles[-1] + np.array(place) * WIDTH])
    return Landmarks.from_points(
        names,
        points,
        spread_px=np.full(len(names), spread_px),
        levels_certain=levels_certain,
    )


def profile(**tilt_at_level: float) -> NDArray[np.float64]:
    """Tilts (34,) of the endplates, linear between the middles of the named levels."""
    places = [LEVELS.index(level) * 2 + 0.5 for level in tilt_at_level]
    return np.interp(np.arange(2 * len(LEVELS)), places, list(tilt_at_level.values()))


def transformed(
    landmarks: Landmarks,
    *,
    turn_deg: float = 0.0,
    scale: float = 1.0,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Landmarks:
    """The same spine on a film that is turned (clockwise), scaled and shifted."""
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    points = landmarks.points_xy @ np.array([[c, s], [-s, c]]) * scale + np.array(shift)
    return replaced(landmarks, points, spread_px=landmarks.spread_px * scale)


def mirrored(landmarks: Landmarks) -> Landmarks:
    """The same spine on a mirrored film: left and right change places in the names, too."""
    swap = {"left": "right", "right": "left"}
    names = ["_".join(swap.get(part, part) for part in n.split("_")) for n in landmarks.names]
    return replaced(landmarks, landmarks.points_xy * [-1.0, 1.0] + [1000.0, 0.0], names)


def without(landmarks: Landmarks, *levels: str) -> Landmarks:
    """The same spine with some levels not visible."""
    keep = [i for i, n in enumerate(landmarks.names) if n.split("_")[0] not in levels]
    names = [landmarks.names[i] for i in keep]
    return replaced(
        landmarks, landmarks.points_xy[keep], names, spread_px=landmarks.spread_px[keep]
    )


def replaced(
    landmarks: Landmarks,
    points_xy: NDArray[np.float64],
    names: Sequence[str] | None = None,
    *,
    pixel_aspect: float = 1.0,
    spread_px: NDArray[np.float64] | None = None,
) -> Landmarks:
    """Other points, names and spreads with the same certainty of the levels.

    The spreads stay those of the points where there are as many; else they are unknown.
    """
    if spread_px is None and len(points_xy) == len(landmarks.names):
        spread_px = landmarks.spread_px
    return Landmarks.from_points(
        landmarks.names if names is None else names,
        points_xy,
        spread_px=spread_px,
        pixel_aspect=pixel_aspect,
        levels_certain=landmarks.levels_certain,
    )
