"""Skull, jaw and teeth. Most films cut them off somewhere."""

from functools import cache

import numpy as np

from spinescan.phantom.body.clay import Carving, Clay, along, smooth, together
from spinescan.phantom.body.solids import COMPACT, Bones
from spinescan.phantom.person import Person
from spinescan.phantom.render import Film, ellipsoid
from spinescan.phantom.shape import Spine
from spinescan.phantom.vertebrae import Vector

OVER_C3 = 44.0  # from C3's upper endplate to the joint between skull and spine, mm
_MIDDLE = np.array([0.0, -4.0, 74.0])  # of the brain case, from that joint
_CASE = (71.0, 90.0, 67.0)


@cache
def face() -> Carving:
    """The left half of face and skull base: x to the left, y back, z up from the skull's joint."""
    clay = Clay(np.array([-7.0, -112.0, -46.0]), np.array([80.0, 34.0, 76.0]))
    clay.add(along([(8, -16, 6), (34, -10, 10), (60, 4, 14)], [8, 9, 9]), 1.6)
    clay.add(along([(60, 6, 8), (56, 4, -8), (53, 0, -20)], [9, 8, 5]), 0.9)
    clay.add(along([(14, 2, 2), (22, 14, 2)], [6, 5]), 1.0)
    turn = np.linspace(0, 2 * np.pi, 13)
    rim = np.stack([33 + 20 * np.cos(turn), -82 + 6 * np.cos(turn), 38 + 18 * np.sin(turn)], axis=1)
    clay.add(along(rim, np.full(13, 3.6)), 1.2)
    cheek = along([(44, -76, 12), (57, -66, 10), (66, -44, 12), (67, -22, 12)], [8, 7, 4, 4])
    clay.add(cheek, 1.1)
    arch = [(29, -44, -22), (27, -60, -24), (21, -76, -25), (9, -86, -26), (-3, -88, -26)]
    clay.add(along(arch, [6, 6, 6, 6, 6]), 0.8)
    walls = together(
        along([(28, -48, -16), (30, -58, 4), (36, -66, 18)], [4, 3, 4]),
        along([(20, -78, -16), (22, -82, 4), (26, -84, 18)], [4, 3, 4]),
        along([(10, -86, -16), (13, -88, 6), (9, -92, 34)], [4, 3.5, 4]),
    )
    clay.add(walls, 0.7)
    roof = along([(-3, -70, -18), (14, -68, -18), (24, -62, -18)], [9, 8, 6])
    clay.add((roof[0], roof[1] * 0.4), 0.7)
    clay.add(along([(-3, -98, 28), (6, -96, 34), (10, -94, 56)], [4, 4, 5]), 0.9)
    return clay.finish().opened(0, 0.0)


@cache
def jaw() -> Carving:
    """The left half of the lower jaw."""
    clay = Clay(np.array([-7.0, -108.0, -98.0]), np.array([66.0, 8.0, 12.0]))
    low = smooth(
        np.array([(47, -20, -54), (45, -36, -63), (36, -58, -70), (22, -78, -76), (-3, -90, -79.0)])
    )
    high = smooth(
        np.array([(45, -34, -42), (41, -46, -46), (31, -62, -49), (18, -78, -52), (-3, -86, -53.0)])
    )
    t = np.linspace(0, 1, 14)[:, None]
    body = low[:, None] * (1 - t) + high[:, None] * t
    clay.add((body.reshape(-1, 3), np.full(body.size // 3, 4.6)), 1.7)
    clay.add(along(low, np.full(len(low), 5.2)), 2.4)
    back = smooth(np.array([(51, -9, -2), (50, -13, -20), (48, -17, -40), (47, -22, -56.0)]))
    front = smooth(np.array([(46, -40, -6), (46, -38, -22), (45, -38, -40), (45, -38, -58.0)]))
    t = np.linspace(0, 1, 16)[:, None]
    branch = back[:, None] * (1 - t) + front[:, None] * t
    branch[..., 2] -= (9 * 4 * t * (1 - t))[..., 0] * np.linspace(1, 0, len(back))[:, None]
    clay.add((branch.reshape(-1, 3), np.full(branch.size // 3, 3.0)), 1.1)
    clay.add(along([(51, -9, 0), (51, -10, -8), (50, -13, -22)], [5.5, 5, 4]), 1.2)
    clay.add(along(back, np.full(len(back), 3.6)), 1.6)
    return clay.finish().opened(0, 0.0)


def add_skull(
    film: Film, spine: Spine, person: Person, rng: np.random.Generator | None = None
) -> None:
    """Draw the skull above the spine, looking ahead whatever the neck does."""
    jitter = rng.standard_normal(6) if rng is not None else np.zeros(6)
    # Heads grow early: a child's is hardly smaller than an adult's.
    size = spine.scale**0.4 * (0.97 if person.sex == "female" else 1.02) * (1 + 0.02 * jitter[0])
    neck = spine["C3"]
    joint = neck.superior.centre + OVER_C3 * spine.scale * neck.frame[2]
    frame = _turned(np.radians([2.0, 4.0, 2.0]) * jitter[1:4])
    axes = frame * size * (1 + 0.015 * jitter[3:6])[:, None]
    bones = Bones(film, person.bone)
    for form, spongy in ((face(), 1.0), (jaw(), 1.2)):
        for flip in (np.ones(3), np.array([-1.0, 1.0, 1.0])):
            points, inside = (joint + (p * flip) @ axes for p in (form.points, form.inside))
            bones.carving(form, points, inside, spongy=spongy)
    for root, crown, width in _teeth():
        line = joint + np.linspace(root, crown, 9) @ axes
        share = np.array([0.25, 0.45, 0.6, 0.7, 0.8, 1.0, 1.05, 0.9, 0.3])
        wall = np.array([0.6, 0.6, 0.6, 0.6, 0.8, 1.6, 2.0, 2.0, 2.0])
        radii = np.outer(share, [width, width + 0.6]) * size
        bones.tube(line, frame[0], radii, wall, spongy=1.5)
    case = ellipsoid(joint + _MIDDLE @ axes, frame, [r * size for r in _CASE])
    film.add_shell(case, 5.5 * size, 0.75 * COMPACT * person.bone, 0.0005)
    _first_two(bones, neck.superior.centre, neck.frame * spine.scale)
    bones.done()


def _first_two(bones: Bones, top: Vector, axes: Vector) -> None:
    """Atlas and axis, the two vertebrae that carry the head, above C3's `top` (3,)."""
    up, back = axes[2] / np.linalg.norm(axes[2]), axes[1] / np.linalg.norm(axes[1])
    size = float(np.linalg.norm(up @ axes.T))

    def piece(knots: list[tuple[float, float, float]], radii: list[float], flat: Vector) -> None:
        path = smooth(np.column_stack([np.array(knots), radii]))
        sections = np.repeat(path[:, 3:], 2, axis=1) * size
        bones.tube(top + path[:, :3] @ axes, flat, sections, 0.9 * size)

    piece([(0, 0, 4), (0, 0, 5), (0, -1, 18), (0, -1, 24), (0, -1, 37), (0, -1, 39)],
          [7.0, 8.0, 7.5, 5.0, 5.0, 0.0], back)  # fmt: skip
    piece([(0, 14, 12), (0, 26, 9), (0, 38, 3)], [4.0, 4.5, 4.0], up)
    turn = np.linspace(0, 2 * np.pi, 13)
    ring = [(21 * np.sin(t), 10 - 20 * np.cos(t), 30.0 + 2 * np.cos(t)) for t in turn]
    piece(ring, [3.5 + 2.5 * abs(np.sin(t)) for t in turn], up)
    for side in (-1, 1):
        piece([(side * 15, 4, 8), (side * 15, 3, 18), (side * 17, 2, 30), (side * 17, 2, 40)],
              [3.0, 7.0, 7.0, 5.0], back)  # fmt: skip
        piece([(side * 15, 8, 10), (side * 10, 18, 11), (0, 25, 10)], [4.0, 3.0, 3.5], up)


def _teeth() -> list[tuple[Vector, Vector, float]]:
    """Root, crown (3,) and half width of each tooth; both rows are arches open to the back."""
    teeth = []
    for sign, z, wide, front in ((1.0, -35.5, 27.0, -90.0), (-1.0, -37.0, 26.0, -87.5)):
        for turn in np.linspace(-1, 1, 14):
            x = wide * np.sin(turn * 1.45) * (0.75 + 0.25 * abs(turn))
            y = front + 44.0 * abs(turn) ** 1.9
            crown = np.array([x, y, z])
            root = np.array([x * 0.96, y + 3.0, z + sign * (20.0 - 4.0 * abs(turn))])
            teeth.append((root, crown, 2.8 + 1.7 * abs(turn) ** 1.5))
    return teeth


def _turned(angles: Vector) -> Vector:
    """Axes (3, 3) of a head inclined sideways, nodding and turned by three small angles."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    side = np.array([[cx, 0, sx], [0, 1, 0], [-sx, 0, cx]])
    nod = np.array([[1, 0, 0], [0, cy, -sy], [0, sy, cy]])
    look = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray((side @ nod @ look).T)
