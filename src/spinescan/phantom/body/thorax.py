"""The chest's bones: ribs, breastbone, collarbones and shoulder blades."""

from dataclasses import dataclass

import numpy as np

from spinescan.phantom.body.clay import smooth
from spinescan.phantom.body.shoulder import add_shoulders
from spinescan.phantom.body.solids import Bones
from spinescan.phantom.person import Cage, Person, rib_cage
from spinescan.phantom.render import Film
from spinescan.phantom.shape import Spine
from spinescan.phantom.vertebrae import Vector, Vertebra

UP = np.array([0.0, 0.0, 1.0])

# By rib: how far its front end lies from the body's middle (as a share of the cage's half width
# there), how much of the way round from the back it goes (1 is to the front), half height and half
# thickness in mm, and how far the tip of the transverse process lies to the side and behind the
# middle of the body.
_END = (0.62, 0.62, 0.60, 0.60, 0.62, 0.66, 0.70, 0.78, 0.84, 0.92, 1.0, 1.0)
_ROUND = (0.98, 0.97, 0.96, 0.95, 0.94, 0.92, 0.90, 0.83, 0.76, 0.68, 0.50, 0.28)
_HIGH = (7.5, 6.0, 6.0, 6.2, 6.4, 6.6, 6.8, 6.8, 6.6, 6.2, 5.6, 4.2)
_THICK = (2.6, 3.2, 3.4, 3.6, 3.7, 3.8, 3.8, 3.8, 3.7, 3.5, 3.2, 2.6)
_DEEP = (0.6, 0.8, 0.93, 1.0)  # upper ribs reach back less
_TIP_SIDE = (37, 35, 33, 32, 31, 31, 31, 30, 29, 27, 24, 20)
_TIP_BACK = (20, 22, 24, 26, 27, 28, 29, 29, 29, 28, 26, 24)


@dataclass(frozen=True, slots=True, eq=False)
class Rib:
    """One rib: its middle line (n, 3) from the spine, half height and half thickness (n, 2) in mm,
    and the direction (n, 3) of its height.
    """

    path: Vector
    radii: Vector
    flat: Vector

    @property
    def end(self) -> Vector:
        """Front end (3,)."""
        return np.asarray(self.path[-1])


def add_thorax(
    film: Film, spine: Spine, person: Person, rng: np.random.Generator | None = None
) -> None:
    """Draw the chest; without `rng` both sides are alike and of mean size."""
    bones = Bones(film, person.bone)
    cage = rib_cage(spine, person)
    ribs = ribs_of(spine, cage, rng)
    for rib in ribs.values():
        wall = 0.85 * spine.scale**0.5 * np.ones(len(rib.path))
        wall[:4] *= np.linspace(0.4, 1, 4)
        bones.tube(rib.path, rib.flat, rib.radii, wall, spongy=0.9)
    breast = _breastbone(bones, spine, ribs)
    _cartilage(bones, spine, person, ribs, breast)
    add_shoulders(bones, spine, person, cage, breast[0], rng)
    bones.done()


def ribs_of(
    spine: Spine, cage: Cage, rng: np.random.Generator | None
) -> dict[tuple[int, int], Rib]:
    """All ribs by row, from the head down from 0, and side: -1 is the patient's right."""
    ribs = {}
    bearing = [v for v in spine.vertebrae if v.has_ribs]
    for row, vertebra in enumerate(bearing):
        for side in (-1, 1):
            jitter = rng.standard_normal(4) if rng is not None else np.zeros(4)
            ribs[row, side] = _rib(spine, cage, vertebra, row, side, jitter)
    return ribs


def _rib(spine: Spine, cage: Cage, vertebra: Vertebra, row: int, side: int, jitter: Vector) -> Rib:
    """A rib from its joint with the spine round to its front end."""
    scale, k = spine.scale, min(row, 11)
    middle = vertebra.centre
    half = (cage.left if side > 0 else cage.right)[k] * (1 + 0.01 * jitter[0])
    front, back = cage.front[k], cage.back[k] * _DEEP[min(k, 3)]
    fall = cage.fall[k] * (1 + 0.04 * jitter[1])
    share = _ROUND[k] * (1 + 0.02 * jitter[2])
    if row > 11:  # a rib of the first lumbar vertebra
        share, half, fall = 0.2, 0.8 * half, 0.8 * fall
    tip = np.array([_TIP_SIDE[k] * side, _TIP_BACK[k], -0.1 * vertebra.height / scale]) * scale
    high = 0.42 * vertebra.height if 0 < row < 10 else 0.1 * vertebra.height
    head = vertebra.at(side * 0.86 * vertebra.half_width, 0.72 * vertebra.half_depth, high)
    neck = middle + tip @ vertebra.frame
    # From the transverse process the rib goes round the cage; turn is 0 behind and 1 in front.
    turn = np.linspace(0.13, share, 2 + round((share - 0.13) / 0.065))
    angle = np.pi * (turn - 0.5)
    wide = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.8
    end = _END[k]
    x = half * np.where(turn < 0.5, wide, wide * (1 - end) + end * (1 - (turn - 0.5) ** 2))
    deep = np.abs(np.sin(angle)) ** 0.85
    y = np.where(turn < 0.5, back * deep, -front * deep)
    y = y + 0.06 * back * (turn < 0.5)
    drop = ((turn - 0.06) / (share - 0.06)) ** 0.75
    z = -fall * drop + tip[2]
    lean = np.interp(turn, [0, 1], [1.0, 0.5])[:, None]
    arc = np.stack([side * x, y, z], axis=1)
    # Near the spine the rib turns with its vertebra, in front with the trunk.
    own = arc @ vertebra.frame
    arc = middle + arc * (1 - 0.6 * lean) + own * 0.6 * lean
    knots = np.vstack([head, neck, arc])
    path = smooth(knots, 8)
    place = np.linspace(0, 1, len(path))
    high_mm = _HIGH[k] * np.interp(place, [0, 0.08, 0.2, 0.85, 1], [0.75, 0.8, 1, 1, 1.12])
    thick_mm = _THICK[k] * np.interp(place, [0, 0.08, 0.25, 1], [1.15, 0.9, 1, 0.95])
    radii = np.stack([high_mm, thick_mm], axis=1) * (scale * (1 + 0.05 * jitter[3]))
    if k > 9:
        radii[-8:] *= np.linspace(1, 0.35, 8)[:, None]
    flat = np.tile(UP, (len(path), 1))
    if k < 2:  # the first rib lies flat
        out = np.array([side * 1.0, -0.3, 0.0]) * (1.6 if k == 0 else 0.5)
        flat = flat + out
    return Rib(path, radii, flat)


def _breastbone(bones: Bones, spine: Spine, ribs: dict[tuple[int, int], Rib]) -> Vector:
    """Handle, body and sword of the breastbone; returns its middle line (n, 3) from the top."""
    scale = spine.scale
    ends = {row: (ribs[row, -1].end + ribs[row, 1].end) / 2 for row in (0, 1, 5)}
    top = ends[0] + np.array([0, -10, 6]) * scale
    notch = ends[1] + np.array([0, -14, -10]) * scale
    foot = ends[5] + np.array([0, -6, 18]) * scale
    foot[2] = min(foot[2], notch[2] - 85 * scale)
    knots = np.stack([top, notch, (notch + foot) / 2 + [0, -4 * scale, 0], foot])
    path = smooth(knots, 16)
    sword = foot + np.outer(np.linspace(0.1, 1, 8), [0, 3, -30]) * scale
    line = np.vstack([path, sword])
    n = len(path)
    place = np.concatenate([np.linspace(0, 1, n), 1 + np.linspace(0.05, 0.35, 8)])
    wide = np.interp(
        place,
        [0, 0.02, 0.08, 0.2, 0.31, 0.34, 0.37, 0.8, 0.95, 1.0, 1.1, 1.35],
        [18, 27, 29, 25, 15, 12.5, 14, 20, 18, 10, 7, 2],
    )
    thick = np.interp(place, [0, 0.05, 0.34, 0.36, 0.95, 1.0, 1.35], [5, 6.5, 5.5, 5, 5, 3.5, 1.5])
    wide[0], thick[0] = 0.0, 0.0
    bones.tube(line, np.array([1.0, 0, 0]), np.stack([wide, thick], axis=1) * scale, 0.8)
    return line


def _cartilage(
    bones: Bones,
    spine: Spine,
    person: Person,
    ribs: dict[tuple[int, int], Rib],
    breast: Vector,
) -> None:
    """From the ribs' front ends to the breastbone: hardly denser than muscle, chalky with age."""
    scale = spine.scale
    chalk = float(np.clip((person.age_years - 25) / 40, 0, 1))
    for row in range(10):
        for side in (-1, 1):
            rib = ribs[row, side]
            place = min(0.06 + 0.16 * row, 0.92) * 0.82
            at = breast[int(place * (len(breast) - 1))] + [side * 12 * scale, 0, 0]
            dip = np.array([0, 0, -8.0 - 2 * row]) * scale
            path = smooth(np.stack([rib.end, 0.6 * rib.end + 0.4 * at + dip, at]), 10)
            radii = np.tile([6.0, 4.0], (len(path), 1)) * scale
            first = 3 if row == 0 else 1
            bones.tube(path, UP, radii, 0.12 * chalk * first, spongy=0.35 + 0.5 * chalk * first)
