"""Gas and stool: the stomach's bubble, the colon with its folds, small bubbles anywhere.

Gas is gathered as a map of millimetres in which neighbouring bubbles count once (their maximum), so
that a colon shows folds where two pouches meet, and is taken from the film at the end.
"""

from collections.abc import Iterator

import numpy as np

from spinescan.phantom.body.chest import Chest
from spinescan.phantom.body.spans import Window, around_solid
from spinescan.phantom.body.texture import Field
from spinescan.phantom.body.torso import WATER, Body, midline
from spinescan.phantom.render import Film, Grid, Quadric, ellipsoid
from spinescan.phantom.shape import Spine
from spinescan.phantom.vertebrae import Vector


def add_bowel(
    film: Film,
    spine: Spine,
    body: Body,
    chest: Chest,
    rng: np.random.Generator,
) -> None:
    """Take the gas out of the belly."""
    gas: Grid = np.zeros_like(film.attenuation)
    for solid, share in (
        *_small_bowel(spine, body, rng),
        *_colon(spine, body, chest, rng),
    ):
        _collect(film, gas, solid, share)
    # Folds and what clings to the walls make the outlines ragged.
    window = Window(film)
    ragged = 0.62 + 0.26 * Field.drawn(rng, 3.5).on(window, 0.0)
    gas *= np.clip(ragged, 0.05, 1.15)
    _stomach(film, gas, spine, chest, rng)
    window.take(gas, WATER, leave=0.35)


def _collect(
    film: Film, gas: Grid, solid: Quadric, share: float, level: float | None = None
) -> None:
    """Put a bubble into the map; `level` is the height of the fluid that it stands on."""
    window = around_solid(film, solid)
    if window is None:
        return
    length = window.quadric(solid).length * np.float32(share)
    if level is not None:
        height, _ = window.places(float(solid.centre[window.along]))
        length *= np.clip((height - level) / 1.2 + 0.5, 0, 1)[:, None].astype(np.float32)
    x0, y0, x1, y1 = window.box
    np.maximum(gas[y0:y1, x0:x1], length, out=gas[y0:y1, x0:x1])


def _stomach(film: Film, gas: Grid, spine: Spine, chest: Chest, rng: np.random.Generator) -> None:
    """Gas beneath the left dome, level below when the person stands."""
    s = spine.scale
    x, y, z = chest.tops[1]
    wide, high = rng.uniform(20, 44) * s, rng.uniform(14, 26) * s
    across = x + rng.uniform(-22, 4) * s
    deep = 34 * s
    centre = np.array([across, y + rng.uniform(-6, 14) * s, z - high - rng.uniform(7, 14) * s])
    solid = ellipsoid(centre, _tilted(rng.normal(0, 0.2)), (wide, deep, high))
    fluid = centre[2] - rng.uniform(-0.1, 0.9) * high
    _collect(film, gas, solid, rng.uniform(0.35, 0.9), float(fluid))


def _colon(
    spine: Spine, body: Body, chest: Chest, rng: np.random.Generator
) -> Iterator[tuple[Quadric, float]]:
    """Pouches and stool along caecum, ascending, transverse, descending, sigmoid and rectum."""
    s = spine.scale
    path = _colon_path(spine, body, chest, rng)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at, end = 0.0, float(along[-1])
    while at < end:
        share = at / end
        # Stool lies in the caecum, on the right and at the end; gas anywhere, mostly in front.
        stool = rng.random() < (0.75 if share < 0.25 or share > 0.8 else 0.35)
        run = rng.uniform(50, 130) * s
        filled = rng.random() < (0.75 if stool else 0.4)
        amount = rng.uniform(0.2, 0.75)
        for place in np.arange(at, min(at + run, end), 14 * s) if filled else ():
            centre = np.array([np.interp(place, along, c) for c in path.T])
            centre += rng.normal(0, 4.5, 3) * s
            radius = rng.uniform(13, 21) * s * (1.25 if share < 0.15 else 1.0)
            if stool:
                yield from _stool(centre, radius, rng)
            elif rng.random() < 0.8:
                radii = radius * rng.uniform(0.45, 1.1, 3)
                yield ellipsoid(centre, _tilted(rng.normal(0, 0.8)), radii), amount
        at += run


def _stool(
    centre: Vector, radius: float, rng: np.random.Generator
) -> Iterator[tuple[Quadric, float]]:
    """A crumbly mass: many small bubbles of odd forms."""
    for _ in range(rng.integers(4, 9)):
        away = rng.normal(0, 0.5, 3) * radius
        size = rng.lognormal(0.85, 0.45)
        radii = np.minimum(size * rng.uniform(0.6, 1.5, 3), 0.5 * radius)
        yield ellipsoid(centre + away, _tilted(rng.uniform(0, 3.1)), radii), 1.0


def _small_bowel(
    spine: Spine, body: Body, rng: np.random.Generator
) -> Iterator[tuple[Quadric, float]]:
    s = spine.scale
    for _ in range(rng.integers(3, 14)):
        z = rng.uniform(-85, 130) * s
        x = float(midline(spine, np.array([z]))[0]) + rng.normal(0, 42) * s
        y = _front(body, z) + rng.uniform(28, 85) * s
        radii = rng.lognormal(1.75, 0.35) * s * rng.uniform(0.45, 1.7, 3)
        yield ellipsoid(np.array([x, y, z]), _tilted(rng.uniform(0, 3.1)), radii), 0.7


def _colon_path(spine: Spine, body: Body, chest: Chest, rng: np.random.Generator) -> Vector:
    """Points (n, 3) along the colon from the caecum to the rectum."""
    s = spine.scale
    high = float(chest.tops[:, 2].min())
    waist = float(spine["L3"].centre[2])
    sag = float(spine["L3"].centre[2]) + rng.uniform(-45, 40) * s
    knots = [
        _beside(body, -40 * s, -0.62, 60 * s),
        _beside(body, 15 * s, -0.70, 70 * s),
        _beside(body, waist, -0.68, 80 * s),
        _beside(body, min(high - 95 * s, waist + 60 * s), -0.62, 70 * s),
        _beside(body, sag + 12 * s, -0.25, 34 * s),
        _beside(body, sag, 0.10, 30 * s),
        _beside(body, sag + 35 * s, 0.45, 40 * s),
        _beside(body, high - 55 * s, 0.66, 80 * s),
        _beside(body, waist + 20 * s, 0.72, 85 * s),
        _beside(body, 20 * s, 0.70, 75 * s),
        _beside(body, -30 * s, 0.52, 70 * s),
    ]
    at = spine.pelvis.at
    knots += [
        at(rng.uniform(-10, 30) * s, -15 * s, 70 * s),
        at(rng.uniform(-30, 10) * s, 22 * s, 55 * s),
        at(0, 44 * s, 35 * s),
        at(0, 40 * s, 0),
        at(0, 28 * s, -24 * s),
    ]
    points = np.array(knots)
    points[:5] += rng.normal(0, 5, (5, 3)) * s
    return points


def _beside(body: Body, z: float, share: float, deep: float) -> Vector:
    """The point at height z, so far from the middle to the left wall, so deep from the front."""
    row = [float(np.interp(z, body.muscle[:, 0], c)) for c in body.muscle.T]
    half = row[4] if share > 0 else row[3]
    return np.array([row[1] + share * half, row[2] - row[5] + deep, z])


def _front(body: Body, z: float) -> float:
    return float(np.interp(z, body.muscle[:, 0], body.muscle[:, 2] - body.muscle[:, 5]))


def _tilted(angle: float) -> Vector:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])
