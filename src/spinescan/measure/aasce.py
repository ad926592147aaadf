"""The three angles and the error of the AASCE 2019 challenge, by the challenge's own definition.

These are not anatomical Cobb angles: they come from the mid-lines of the vertebrae, angle 1 is the
largest angle anywhere on the spine, and the choice of angles 2 and 3 depends on where the bend lies
on the picture. Use them to compare with published figures only; `curves` measures what a clinician
means. Source: the challenge's published angles (SpineWeb Dataset 16), which this definition
reproduces.
"""

import numpy as np
from numpy.typing import NDArray


def aasce_angles(corners_xy: NDArray[np.floating], rows: float) -> NDArray[np.float64]:
    """The challenge's three angles of one film.

    Parameters
    ----------
    corners_xy
        (n, 4, 2): T1..L5, corners in the order of `FRONTAL_CORNERS`, x right and y down, in pixels
        of equal height and width (the challenge's angles were taken at the films' original size).
        The challenge has all 17; a row of fewer, two at least, is taken for the whole spine.
    rows
        Height of the picture in the same unit; an S-shaped spine is judged by its half.

    Returns
    -------
    float64 (3,)
        Degrees.

    Raises
    ------
    ValueError
        If the shape is wrong or a coordinate is not finite.
    """
    corners = np.asarray(corners_xy, dtype=np.float64)
    if corners.ndim != 3 or corners.shape[1:] != (4, 2) or len(corners) < 2:
        raise ValueError(f"corners_xy must have shape (n, 4, 2), n >= 2, got {corners.shape}")
    if not np.isfinite(corners).all():
        raise ValueError("corners_xy must be finite")
    angles = _angles_between_mid_lines(corners)
    endplate_middles = (corners[:, 0::2] + corners[:, 1::2]) / 2  # (n, superior | inferior, 2)
    upper, lower = np.unravel_index(int(np.argmax(angles)), angles.shape)
    largest = angles[upper, lower]
    if not _is_s_shaped(endplate_middles.reshape(-1, 2)):
        return np.array([largest, angles[0, upper], angles[lower, -1]])
    above = angles[upper, : upper + 1]
    if endplate_middles[[upper, lower], 1, 1].mean() < rows / 2:
        return np.array([largest, above.max(), angles[lower, lower:].max()])
    top = int(np.argmax(above))
    return np.array([largest, above.max(), angles[top, : top + 1].max()])


def smape(true: NDArray[np.floating], predicted: NDArray[np.floating]) -> float:
    """The challenge's symmetric mean absolute percentage error.

    Parameters
    ----------
    true, predicted
        (n, 3) angles in degrees, none negative.

    Returns
    -------
    float
        Percent: the mean over films of sum|true - predicted| / sum(true + predicted) x 100. A film
        whose angles are all zero in both counts as 0, for nothing was mistaken.

    Raises
    ------
    ValueError
        If the shapes differ or are not (n, 3) with n of 1 or more, or an angle is negative or NaN.
    """
    a, b = np.asarray(true, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 2 or a.shape[1] != 3 or len(a) == 0:
        raise ValueError(f"expected two arrays (n, 3) with n >= 1, got {a.shape} and {b.shape}")
    if not ((a >= 0).all() and (b >= 0).all()):  # written so that NaN fails too
        raise ValueError("angles must be zero or positive")
    total = (a + b).sum(axis=1)
    error = np.abs(a - b).sum(axis=1)
    per_film = np.divide(error, total, out=np.zeros_like(total), where=total > 0)
    return float(per_film.mean() * 100)


def _angles_between_mid_lines(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, n) angles in degrees between the lines from mid-left to mid-right of the vertebrae."""
    left, right = corners[:, [0, 2]].mean(axis=1), corners[:, [1, 3]].mean(axis=1)
    x, y = (right - left).T
    cross = np.outer(x, y) - np.outer(y, x)
    dot = np.outer(x, x) + np.outer(y, y)
    # arctan2 keeps small angles exact where the arc cosine would lose them.
    angles: NDArray[np.float64] = np.degrees(np.arctan2(np.abs(cross), dot))
    return angles


def _is_s_shaped(middles_xy: NDArray[np.float64]) -> bool:
    """Whether the endplate mid-points lie on both sides of the line from the first to the last.

    The challenge divides by the differences of x and of y; multiplied out, the signs are the same
    and an upright spine divides nothing by zero.
    """
    x, y = (middles_xy - middles_xy[-1]).T
    side = (y * x[0] - x * y[0])[:-2]
    return bool((side > 0).any() and (side < 0).any())
