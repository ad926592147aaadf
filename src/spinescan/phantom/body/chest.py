"""What fills the rib cage: two lungs and what stands between and below them.

The trunk has been added as solid water. The lungs take away the difference to air, along each ray
only where neither heart, vessels, spine nor diaphragm lie, so nothing is taken twice. Lengths in
mm, for an adult; they grow with the spine.
"""

from dataclasses import dataclass

import numpy as np

from spinescan.phantom.body.spans import Span, around_sections, around_solid, left_of
from spinescan.phantom.body.texture import Field
from spinescan.phantom.body.torso import WATER
from spinescan.phantom.body.vessels import add_vessels
from spinescan.phantom.person import Cage, Person, rib_cage
from spinescan.phantom.render import Film, Quadric, ellipsoid
from spinescan.phantom.shape import Spine
from spinescan.phantom.vertebrae import Vector

LUNG = 0.005
_BOXY = 2.9


@dataclass(frozen=True, slots=True, eq=False)
class Chest:
    """The chest's hollow: per side (right, left) the lung's sections (n, 7) and its dome's.

    A dome has its lung's sections, filled from below. `tops` are the domes' highest points (2, 3).
    """

    lungs: tuple[Vector, Vector]
    domes: tuple[Vector, Vector]
    tops: Vector
    middle: Vector

    def midline(self, z: float) -> float:
        """Where the mediastinum stands at height z: midway between the cage's sides."""
        return float(np.interp(z, self.middle[:, 0], self.middle[:, 1]))

    def front(self, z: float) -> float:
        """Where the lungs end in front at height z."""
        right = self.lungs[0]
        return float(np.interp(z, right[:, 0], right[:, 2] - right[:, 5]))


def build_chest(spine: Spine, person: Person) -> Chest:
    """The hollow of a spine's rib cage."""
    cage, s = rib_cage(spine, person), spine.scale
    side_z = (cage.middle[:, 2] - 0.58 * cage.fall)[::-1]
    edges = np.stack([cage.middle[:, 0] - cage.right, cage.middle[:, 0] + cage.left])[:, ::-1]
    middle = np.column_stack([side_z, edges.mean(axis=0)])
    # Rib 10 of the spine's middle line at a deep breath; some two ribs higher without.
    index = 7.9 + 1.5 * person.breath
    level = float(np.interp(index, np.arange(12), cage.middle[:, 2]))
    lungs, domes, tops = [], [], []
    for sign, lower in ((-1.0, 0.0), (1.0, 15.0)):
        top = level - lower * s + 6 * s
        lung = _lung(cage, middle, sign, top - 78 * s, s)
        lungs.append(lung)
        dome = _dome(lung, top, sign, s)
        domes.append(dome)
        tops.append([dome[-1, 1], dome[-1, 2], top])
    return Chest((lungs[0], lungs[1]), (domes[0], domes[1]), np.array(tops), middle)


def add_chest(film: Film, spine: Spine, person: Person, rng: np.random.Generator) -> None:
    """Take the air out of the trunk and put the lungs' vessels in."""
    chest = build_chest(spine, person)
    fine, coarse = Field.drawn(rng, 2.6), Field.drawn(rng, 16.0)
    solids = heart(chest, spine, person)
    stacks = _between(chest, spine)
    for lung, dome in zip(chest.lungs, chest.domes, strict=True):
        window = around_sections(film, lung)
        if window is None:
            continue
        depth = float(lung[:, 1 + window.along].mean())
        hollow = window.stack(lung, _BOXY)
        parts: list[Span] = [window.stack(dome, _BOXY, depth=depth)]
        parts += [window.stack(sections, roundness) for sections, roundness in stacks]
        parts += [window.quadric(solid) for solid in solids]
        air = left_of(hollow, parts)
        air *= 1 + 0.008 * coarse.on(window, depth) + 0.008 * fine.on(window, depth)
        window.take(air, WATER - LUNG)
    _add_windpipe(film, chest, spine, person)
    add_vessels(film, spine, chest.lungs, chest.domes, rng)


def heart(chest: Chest, spine: Spine, person: Person) -> list[Quadric]:
    """Ventricles, right atrium, pulmonary trunk, aortic arch."""
    s = spine.scale
    size = s * (0.96 if person.sex == "female" else 1.04) * (1.0 + 0.08 * (1 - person.breath))
    base = float(chest.tops[:, 2].mean())
    z = base + 30 * size
    x = chest.midline(z)
    y = chest.front(z) + 62 * size
    tilt = np.radians(38 + 8 * (1 - person.breath))
    long = np.array([np.cos(tilt), -0.45, -np.sin(tilt)])
    long /= np.linalg.norm(long)
    across = np.cross(long, [0.0, 1.0, 0.0])
    across /= np.linalg.norm(across)
    frame = np.stack([across, np.cross(long, across), long])
    upright = np.eye(3)
    knob_z = float(spine["T4"].centre[2]) - 6 * s
    knob = np.array([chest.midline(knob_z) + 19 * s, spine["T4"].centre[1] - 26 * s, knob_z])
    widened = 1 + 0.25 * np.clip((person.age_years - 30) / 50, 0, 1)
    return [
        ellipsoid(np.array([x + 24 * size, y, z]), frame, (41 * size, 42 * size, 70 * size)),
        ellipsoid(
            np.array([x - 6 * size, y + 14 * size, z + 8 * s]), upright,
            (33 * size, 36 * size, 46 * size),
        ),
        ellipsoid(
            np.array([x + 14 * size, y + 4 * s, z + 54 * size]), upright,
            (20 * size, 24 * size, 34 * size),
        ),
        ellipsoid(knob, upright, (13 * s * widened, 34 * s, 16 * s * widened)),
    ]  # fmt: skip


def _lung(cage: Cage, middle: Vector, sign: float, base: float, s: float) -> Vector:
    """Sections (n, 7) of the lung on the patient's right (sign -1) or left, from base to apex."""
    y = cage.middle[::-1, 1]
    edge_z, front_z = middle[:, 0], (cage.middle[:, 2] - cage.fall)[::-1]
    apex = float(cage.middle[0, 2]) + 6 * s
    z = np.linspace(base, apex, 60)
    # Rib ends above the lowest ones only: the last ribs end in the belly's wall.
    order = np.argsort(front_z[3:]) + 3
    front = np.interp(z, front_z[order], (cage.middle[:, 1] - cage.front)[::-1][order]) + 3 * s
    # Above the first rib's end the lung's front rises back to the apex.
    above = np.clip((z - front_z[-1]) / (apex - front_z[-1]), 0, 1)
    back = np.interp(z, cage.middle[::-1, 2], y + cage.back[::-1]) - 3 * s
    front = front + (back - 14 * s - front) * above
    reach = cage.left if sign > 0 else cage.right
    edge = np.interp(z, edge_z, (cage.middle[:, 0] + sign * reach)[::-1]) + sign * 0.5 * s
    inner = np.interp(z, edge_z, middle[:, 1]) - sign * 4 * s
    half = np.abs(edge - inner) / 2
    # The apex is round.
    u = np.clip((apex - z) / (26 * s), 0, 1)
    round_top = np.sqrt(1 - (1 - u) ** 2)
    depth = (back - front) / 2
    return np.column_stack(
        [z, (edge + inner) / 2, (front + back) / 2, *[half * round_top] * 2, *[depth] * 2]
    )


def _between(chest: Chest, spine: Spine) -> list[tuple[Vector, float]]:
    """Sections and roundness of what stands between the lungs: mediastinum, spine, aorta."""
    s = spine.scale
    far = 300.0 * s
    bearing = [spine[f"T{i}"] for i in range(12, 0, -1)]
    below = float(chest.tops[:, 2].min())
    rows = []
    for v in bearing:
        z = float(v.centre[2])
        wide = float(np.interp(z, [below - 60 * s, below, spine["T5"].centre[2]], [44, 17, 25]))
        front = v.centre[1] - v.half_depth
        rows.append((z, chest.midline(z), front, wide * s, wide * 0.85 * s, 70 * s, 30 * s))
    top = rows[-1]
    rows.append((top[0] + 60 * s, *top[1:]))
    vessels = np.array(rows)
    septum = vessels.copy()
    septum[:, 3:5], septum[:, 5:] = 4.5 * s, far
    column, aorta = [], []
    for v in bearing:
        half = v.half_width + 3.5 * s
        column.append((*v.centre[[2, 0, 1]], half, half, v.half_depth + 3 * s, far))
        beside = v.centre + np.array([0.55 * v.half_width + 8 * s, -0.7 * v.half_depth, 0.0])
        aorta.append((*beside[[2, 0, 1]], *[11.5 * s] * 4))
    return [
        (septum, 8.0), (vessels, 2.2), (np.array(column), 6.0), (np.array(aorta[:-3]), 2.0),
    ]  # fmt: skip


def _add_windpipe(film: Film, chest: Chest, spine: Spine, person: Person) -> None:
    """Air from the throat to the carina: a band before the spine, beside the middle at the arch."""
    s = spine.scale
    half = (8.6 if person.sex == "male" else 7.2) * s
    fork = spine["T5"].centre
    rows = []
    for level, gap in (("C4", 18), ("C6", 14), ("T1", 17), ("T3", 22)):
        v = spine[level]
        x = 0.5 * v.centre[0] + 0.5 * chest.midline(v.centre[2])
        rows.append((v.centre[2], x, v.centre[1] - v.half_depth - gap * s, half))
    x = chest.midline(fork[2]) - 5 * s
    y = fork[1] - spine["T5"].half_depth - 24 * s
    rows += [(fork[2] + 8 * s, x, y, 1.1 * half), (fork[2] - 1 * s, x, y, 0.2 * half)]
    z, x_mm, y_mm, r = np.array(rows[::-1]).T
    sections = np.column_stack([z, x_mm, y_mm, r, r, r, r])
    window = around_sections(film, sections)
    if window is not None:
        window.take(window.stack(sections).length, WATER)
    start = np.array([x, y, fork[2] + 4 * s])
    for sign, drop, wide in ((-1, 0.95, 0.78), (1, 0.62, 0.7)):
        along = np.array([sign * 1.0, 0.25, -drop])
        along /= np.linalg.norm(along)
        length = (26 if sign < 0 else 38) * s
        side = np.cross(along, [0.0, 1.0, 0.0])
        side /= np.linalg.norm(side)
        frame = np.stack([side, np.cross(along, side), along])
        tube = ellipsoid(
            start + along * length * 0.5, frame, (wide * half, wide * half, length * 0.62)
        )
        around = around_solid(film, tube)
        if around is not None:
            around.take(around.quadric(tube).length, 0.8 * WATER)


def _dome(lung: Vector, top: float, sign: float, s: float) -> Vector:
    """The part of a lung's sections that diaphragm and belly fill: they rise to the top in a dome.

    At the sides, in front and behind the dome stands this far below its top: 52, 28 and 74 mm, at
    the heart 26.
    """
    down = np.linspace(1, 0, 25) ** 2 * (top - lung[0, 0])
    z = top - down
    z[0] = lung[0, 0] - 5 * s
    columns = [np.interp(z, lung[:, 0], column) for column in lung.T[1:]]
    x, y, right, left, front, back = columns
    beside, inward = 52 * s, 26 * s
    drops = (
        (right, beside if sign < 0 else inward),
        (left, inward if sign < 0 else beside),
        (front, 28 * s),
        (back, 74 * s),
    )
    reaches = []
    for reach, drop in drops:
        u = np.clip(down / drop, 0, 1)
        reaches.append(reach * (np.sqrt(1 - (1 - u) ** 2) * 1.02 + 0.02 * u))
    return np.column_stack([z, x, y, *reaches])
