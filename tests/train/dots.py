"""Black films with a bright dot at every corner: wherever the corners go, the dots must go too."""

import numpy as np
from numpy.typing import NDArray

from tests.measure.spines import profile, spine

Points = NDArray[np.float64]
Pixels = NDArray[np.float32]

SIZE = (760, 260)


def spine_corners() -> Points:
    """T1..L5 (17, 4, 2) on a film of `SIZE`; a level is 40 px high."""
    bent = spine(profile(T1=-5, T5=20, T11=-22, L3=12, L5=0)).points_xy
    return bent.reshape(17, 4, 2) - [370, 60]


def dotted(size: tuple[int, int], points_xy: Points, sigma: float = 1.6) -> Pixels:
    """A film with a dot at each point; the first pixel's centre is (0.5, 0.5)."""
    y, x = (np.arange(n) + 0.5 for n in size)
    film = np.zeros(size)
    for px, py in points_xy.reshape(-1, 2):
        across = np.exp(-((x - px) ** 2) / (2 * sigma**2))
        film = np.maximum(film, np.outer(np.exp(-((y - py) ** 2) / (2 * sigma**2)), across))
    return film.astype(np.float32)


def off_dot(picture: Pixels, point_xy: Points, reach: int) -> float:
    """How far the dot near a point lies from it, in pixels; infinite if there is none."""
    x, y = point_xy
    left, top = max(round(x) - reach, 0), max(round(y) - reach, 0)
    part = picture[top : round(y) + reach, left : round(x) + reach].astype(np.float64)
    if part.size == 0 or part.max() - part.min() < 0.1:
        return float("inf")
    weight = np.clip(part - part.min() - 0.3 * (part.max() - part.min()), 0, None)
    centre_x = weight.sum(0) @ (np.arange(part.shape[1]) + 0.5) / weight.sum() + left
    centre_y = weight.sum(1) @ (np.arange(part.shape[0]) + 0.5) / weight.sum() + top
    return float(np.hypot(centre_x - x, centre_y - y))
