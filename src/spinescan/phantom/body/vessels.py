"""The lungs' vessels: trees that branch from the hila and grow thin towards the ribs."""

import numpy as np

from spinescan.phantom.render import Film
from spinescan.phantom.shape import Spine
from spinescan.phantom.vertebrae import Vector

BLOOD_IN_LUNG = 0.0155
"""What a vessel's mm adds to the lung that it displaces."""

_STEP = 1.1  # mm between the discs that a vessel is made of


def add_vessels(
    film: Film,
    spine: Spine,
    lungs: tuple[Vector, Vector],
    domes: tuple[Vector, Vector],
    rng: np.random.Generator,
) -> None:
    """Draw both trees; what would leave the lung ends there."""
    s = spine.scale
    points: list[Vector] = []
    radii: list[Vector] = []
    for lung, dome, sign in zip(lungs, domes, (-1.0, 1.0), strict=True):
        z = float(spine["T6"].centre[2]) + (-10 * s if sign < 0 else 4 * s)
        row = [float(np.interp(z, lung[:, 0], column)) for column in lung.T]
        inner = row[1] - sign * (row[3] - 36 * s)
        hilum = np.array([inner, row[2] + 8 * s, z])
        path, radius = _tree(hilum, sign, s, rng)
        inside = within(lung, path) & ~within(dome, path)
        points.append(path[inside])
        radii.append(radius[inside])
    _add_tubes(film, np.vstack(points), np.concatenate(radii))


def within(sections: Vector, points: Vector, roundness: float = 2.9) -> np.ndarray:
    """Whether points (n, 3) lie within sections (n, 7)."""
    z = points[:, 2]
    x, y, right, left, front, back = (
        np.interp(z, sections[:, 0], column) for column in sections.T[1:]
    )
    dx, dy = points[:, 0] - x, points[:, 1] - y
    across = np.abs(dx) / np.maximum(np.where(dx < 0, right, left), 1e-6)
    depth = np.abs(dy) / np.maximum(np.where(dy < 0, front, back), 1e-6)
    inside = (z >= sections[0, 0]) & (z <= sections[-1, 0])
    return np.asarray(inside & (across**roundness + depth**roundness <= 1))


def _tree(hilum: Vector, sign: float, s: float, rng: np.random.Generator) -> tuple[Vector, Vector]:
    """Points (n, 3) along all branches of one lung and radii (n,)."""
    # Downwards go the lower lobe's large vessels; those to the apex are thinner: blood is heavy.
    stems = np.linspace(-1.5, 1.4, 10) + rng.normal(0, 0.14, 10)
    points, radii = [], []
    for angle in stems:
        forth = rng.normal(0, 0.55)
        heading = np.array([sign * np.cos(angle) + 0.15 * sign, forth, np.sin(angle)])
        radius = s * (4.0 - 1.0 * np.sin(angle) + rng.normal(0, 0.3))
        start = hilum + rng.normal(0, 5.0, 3) * s * [0.7, 1.2, 2.0]
        queue = [(start, heading / np.linalg.norm(heading), radius, 0)]
        while queue:
            at, course, thick, depth = queue.pop()
            length = s * rng.uniform(0.6, 1.3) * (34 if depth == 0 else 26)
            n = max(int(length / _STEP), 2)
            bow = rng.normal(0, 0.38, 3)
            share = np.linspace(0, 1, n)[:, None]
            path = at + length * (share * course + share**2 / 2 * bow)
            points.append(path)
            radii.append(thick * (1 - 0.2 * share[:, 0]))
            if depth >= 4 or thick < 0.6 * s:
                continue
            end, onward = path[-1], course + bow
            for spread in (rng.normal(0.30, 0.12), -rng.normal(0.55, 0.15)):
                aside = rng.normal(0, 1, 3)
                aside -= onward * (aside @ onward) / (onward @ onward)
                aside /= np.sqrt(aside @ aside)
                new = onward + spread * aside
                shrink = rng.uniform(0.72, 0.86) if spread > 0 else rng.uniform(0.5, 0.72)
                queue.append((end, new / np.sqrt(new @ new), thick * shrink, depth + 1))
    return np.vstack(points), np.concatenate(radii)


def _add_tubes(film: Film, points: Vector, radii: Vector) -> None:
    """Each point stands for a short piece of a vessel; the thicker, the more samples it gets."""
    count = np.clip(np.round(2.2 * radii**2), 2, 48).astype(np.int64)
    k = np.arange(int(count.sum())) + 0.5
    height, turn = 2 * ((k * 0.7548777) % 1) - 1, 2 * np.pi * ((k * 0.5698403) % 1)
    flat = np.sqrt(1 - height**2)
    ball = np.column_stack([flat * np.cos(turn), flat * np.sin(turn), height])
    ball *= ((k * 0.8191725) % 1)[:, None] ** (1 / 2.5)
    places = np.repeat(points, count, axis=0) + ball * np.repeat(radii, count)[:, None]
    matter = BLOOD_IN_LUNG * np.pi * radii**2 * _STEP / count
    film.add_samples(places, np.repeat(matter, count))
