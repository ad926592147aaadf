"""The belly's solid organs: liver, spleen, kidneys, psoas, bladder and the fat that shows them.

What is added is each organ's difference to the muscle that the trunk was filled with. Lengths in
mm, for an adult; they grow with the spine.
"""

from collections.abc import Iterator

import numpy as np

from spinescan.phantom.body.chest import Chest
from spinescan.phantom.body.spans import around_sections, around_solid
from spinescan.phantom.body.torso import Body, midline
from spinescan.phantom.person import Person
from spinescan.phantom.render import Film, Quadric, ellipsoid
from spinescan.phantom.shape import Spine
from spinescan.phantom.vertebrae import Vector

_CAVITY = -0.0005  # guts and their fat are a little thinner than muscle
_FAT_LINE = -0.0024


def add_belly(
    film: Film,
    spine: Spine,
    person: Person,
    body: Body,
    chest: Chest,
    rng: np.random.Generator,
) -> None:
    """Add the solid organs, and take the fat around them."""
    s = spine.scale
    cavity = _cavity(spine, body, chest)
    _add_stack(film, cavity, _CAVITY)
    flank = cavity.copy()
    flank[:, 3:5] = np.maximum(flank[:, 3:5] - (1.5 + 3.0 * person.fatness) * s, 1.0)
    _add_stack(film, cavity, _FAT_LINE)
    _add_stack(film, flank, -_FAT_LINE)
    _add_stack(film, _liver(chest, spine), 0.0011)
    clear = 0.0007 + 0.0012 * person.fatness
    for sections in _psoas(spine):
        _add_stack(film, sections, clear)
    for solid, per_mm in _round_organs(spine, chest, clear, rng):
        window = around_solid(film, solid)
        if window is not None:
            window.add(window.quadric(solid).length, per_mm)


def _add_stack(film: Film, sections: Vector, per_mm: float) -> None:
    window = around_sections(film, sections)
    if window is None:
        return
    length = window.stack(sections, 2.2).length
    if per_mm < 0:
        window.take(length, -per_mm)
    else:
        window.add(length, per_mm)


def _cavity(spine: Spine, body: Body, chest: Chest) -> Vector:
    """The hollow of belly and pelvis: the trunk's muscle without a wall; round at both ends."""
    s = spine.scale
    low = float(spine.pelvis.hip_axis[2]) - 10 * s
    high = float(chest.tops[:, 2].min()) - 30 * s
    inside = (body.muscle[:, 0] > low) & (body.muscle[:, 0] < high)
    cavity = body.muscle[inside].copy()
    z = cavity[:, 0]
    ends = np.clip(np.minimum((z - low) / (130 * s), (high - z) / (70 * s)), 0.02, 1)
    taper = np.sqrt(1 - (1 - ends) ** 2)
    wall = np.interp(z, [0.0, 60 * s, 140 * s], [34 * s, 20 * s, 15 * s])
    for column, more in ((3, 1.0), (4, 1.0), (5, 0.7), (6, 2.2)):
        cavity[:, column] = np.maximum((cavity[:, column] - more * wall) * taper, 1.0)
    return cavity


def _liver(chest: Chest, spine: Spine) -> Vector:
    """From beneath the right dome down to a tip in the flank, thinner towards the left."""
    s = spine.scale
    dome, top = chest.domes[0], float(chest.tops[0, 2])
    z = np.linspace(float(spine["L2"].centre[2]) - 5 * s, top - 2 * s, 24)
    x, y, right, left, front, back = (np.interp(z, dome[:, 0], c) for c in dome.T[1:])
    edge = x - right
    up = (z - z[0]) / (z[-1] - z[0])
    inner = np.interp(up, [0.0, 0.3, 0.6, 0.8, 1.0], [-62 * s, -30 * s, 15 * s, 48 * s, 0.0])
    inner = np.minimum(inner + midline(spine, z), x + left + 70 * s * (up < 0.95))
    edge = np.minimum(edge + 4 * s, inner - 2)
    half = (inner - edge) / 2
    tip = np.sqrt(1 - (1 - np.clip(up / 0.3, 0.02, 1)) ** 2)
    return np.column_stack(
        [z, (edge + inner) / 2, y, half * tip, half * tip, front * tip * 0.9, back * tip * 0.9]
    )


def _psoas(spine: Spine) -> Iterator[Vector]:
    """Both muscles, from beside L1 to the thigh bones: widest at L4 and L5."""
    s = spine.scale
    last = spine.vertebrae[-1].level
    rows = (("L1", 1.0, 4.0, 10.0), ("L2", 3.0, 12.0, 14.0), ("L3", 8.0, 19.0, 19.0),
            ("L4", 15.0, 24.0, 23.0), (last, 26.0, 26.0, 24.0))  # fmt: skip
    for sign in (-1, 1):
        knots = []
        for level, beyond, half, thick in rows:
            v = spine[level]
            beside = v.at(sign * (0.75 * v.half_width + beyond * s), -2.0 * s, 0.0)
            knots.append((*beside[[2, 0, 1]], half * s, thick * s))
        for across, back, up, half in ((58, -34, 92, 25), (76, -40, 40, 21), (84, -34, 4, 15)):
            at = spine.pelvis.at(sign * across * s, back * s, up * s)
            knots.append((*at[[2, 0, 1]], half * s, half * s))
        z, x, y, half, thick = np.array(sorted(knots)).T
        fine = np.linspace(z[0], z[-1], 40)
        x, y, half, thick = (
            np.interp(fine[:, None] + np.linspace(-14, 14, 7), z, c).mean(axis=1)
            for c in (x, y, half, thick)
        )
        yield np.column_stack([fine, x, y, half, half, thick, thick])


def _round_organs(
    spine: Spine, chest: Chest, clear: float, rng: np.random.Generator
) -> Iterator[tuple[Quadric, float]]:
    """Kidneys in their fat, spleen, bladder, with the difference that each makes per mm."""
    s = spine.scale
    for sign, level, lower in ((-1, "L2", -8.0), (1, "L1", -14.0)):
        v = spine[level]
        shift = rng.normal(0, 4, 3) * s
        x = 0.5 * (v.centre[0] + float(midline(spine, v.centre[2:])[0])) + sign * 62 * s
        centre = np.array([x, v.centre[1] + 24 * s, v.centre[2] + lower * s]) + shift
        turn = np.radians(14) * sign
        frame = np.array(
            [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]]
        )
        radii = np.array([27.0, 24.0, 54.0]) * s
        yield ellipsoid(centre, frame, radii + 5 * s), -0.6 * clear
        yield ellipsoid(centre, frame, radii), 1.4 * clear
    x, y, z = chest.tops[1]
    lung = chest.lungs[1]
    edge = float(np.interp(z - 60 * s, lung[:, 0], lung[:, 1] + lung[:, 4]))
    spleen = np.array([edge - 30 * s, y + 34 * s, z - 62 * s])
    yield ellipsoid(spleen, np.eye(3), (26 * s, 34 * s, 48 * s)), 0.0012
    bladder = spine.pelvis.at(rng.normal(0, 6) * s, -44 * s, 22 * s)
    fill = rng.uniform(0.6, 1.2)
    yield ellipsoid(bladder, np.eye(3), (42 * s * fill, 34 * s * fill, 30 * s * fill)), 0.0010
