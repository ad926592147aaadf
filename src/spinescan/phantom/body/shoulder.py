"""Collarbones and shoulder blades."""

from functools import cache

import numpy as np

from spinescan.phantom.body.clay import Carving, Clay, along, smooth, together
from spinescan.phantom.body.solids import Bones
from spinescan.phantom.person import Cage, Person
from spinescan.phantom.shape import Spine
from spinescan.phantom.vertebrae import Vector

SOCKET_MM = 26.0  # from the middle of the upper arm's head to the socket


@cache
def shoulder_blade() -> Carving:
    """The left blade about its socket, in mm: x towards the spine, y out of its back, z up."""
    clay = Clay(np.array([-34.0, -46.0, -126.0]), np.array([118.0, 50.0, 62.0]), 1.6)
    # The blade between its border near the spine (top to bottom) and that towards the arm.
    inner = smooth(
        np.array(
            [(78, 4, 46), (94, 2, 30), (100, 0, 8), (99, 0, -40), (88, -2, -86), (76, -4, -108.0)]
        ),
        15,
    )
    outer = smooth(
        np.array(
            [(44, 2, 30), (24, 1, 20), (12, 0, 6), (14, 0, -14), (44, -2, -62), (70, -4, -108.0)]
        ),
        15,
    )
    t = np.linspace(0, 1, 44)[:, None]
    sheet = outer[:, None] * (1 - t) + inner[:, None] * t
    sheet[..., 1] += (10 * 4 * t * (1 - t))[..., 0] * 0.6
    radius = np.full(sheet.shape[:2], 2.3)
    clay.add((sheet.reshape(-1, 3), radius.ravel()), 0.8)
    clay.add(along(inner, np.full(len(inner), 3.0)), 0.9)
    clay.add(
        along([(10, 0, -10), (26, 0, -32), (46, -2, -64), (72, -4, -108)], [6, 4.5, 4, 4]), 1.3
    )
    clay.add(along([(20, 0, 18), (42, 2, 30), (78, 4, 46)], [4, 2.5, 2.5]), 0.9)
    clay.add(along([(4, 0, 14), (2, 0, 0), (3, 0, -14)], [8, 10, 9]), 1.1)
    clay.cut((np.array([[-SOCKET_MM, 0.0, 0.0]]), np.array([25.0])))
    ridge = [(100, 2, 18), (70, 12, 22), (40, 20, 27), (18, 27, 34)]
    crest = together(
        *(
            along([np.array(p) * [1, f, 1] + [0, 1 - f, 0] for p in ridge], [2.2, 2.2, 2.2, 3.0])
            for f in (0.35, 0.7)
        )
    )
    clay.add(crest, 0.6)
    clay.add(along(ridge, [2.5, 4, 4, 4.5]), 1.1)
    roof = together(
        along([(18, 27, 34), (-4, 28, 38), (-18, 14, 38), (-18, 0, 37)], [5, 5, 5, 4]),
        along([(14, 22, 35), (-6, 20, 38), (-14, 6, 38)], [4, 4.5, 4.5]),
    )
    clay.add(roof, 1.0)
    beak = along([(18, 0, 18), (18, -12, 30), (8, -26, 28), (0, -34, 20)], [8, 6.5, 5.5, 4.5])
    clay.add(beak, 1.1)
    return clay.finish()


def add_shoulders(
    bones: Bones,
    spine: Spine,
    person: Person,
    cage: Cage,
    breast_top: Vector,
    rng: np.random.Generator | None,
) -> None:
    """Draw collarbones and shoulder blades on both sides."""
    for side in (-1, 1):
        jitter = rng.standard_normal(4) if rng is not None else np.zeros(4)
        socket, frame = socket_of(spine, person, cage, side, jitter)
        form = shoulder_blade()
        size = spine.scale * (1.0 if person.sex == "male" else 0.93) * (1 + 0.02 * jitter[3])
        axes = frame * size
        bones.carving(form, socket + form.points @ axes, socket + form.inside @ axes, spongy=0.8)
        roof = socket + np.array([-8.0, 10.0, 40.0]) @ axes
        _collarbone(bones, spine, breast_top, roof, side)


def socket_of(
    spine: Spine, person: Person, cage: Cage, side: int, jitter: Vector
) -> tuple[Vector, Vector]:
    """Where a shoulder blade's socket is (3,), and its axes as rows (3, 3): inwards, out, up."""
    # The blade lies on the ribs, turned some 40 degrees out of the frontal plane; with the arm its
    # lower end swings outwards.
    yaw = np.radians({"side": 41.0, "crossed": 50.0, "raised": 48.0}[person.arms] + 2 * jitter[2])
    swing = np.radians({"side": 4.0, "crossed": 14.0, "raised": 38.0}[person.arms])
    lean = np.radians(10.0)
    inwards = np.array([-side * np.cos(yaw), np.sin(yaw), 0.0])
    back = np.array([side * np.sin(yaw), np.cos(yaw), 0.0])
    up = np.array([0.0, 0.0, 1.0])
    inwards, up = (
        inwards * np.cos(swing) - up * np.sin(swing),
        up * np.cos(swing) + inwards * np.sin(swing),
    )
    back, up = back * np.cos(lean) + up * np.sin(lean), up * np.cos(lean) - back * np.sin(lean)
    lift = {"side": 0.0, "crossed": 8.0, "raised": 30.0}[person.arms] + 4.0 * jitter[0]
    forward = {"side": 2.0, "crossed": -30.0, "raised": -20.0}[person.arms]
    out = (130.0 if person.sex == "female" else 142.0) - (8.0 if person.arms == "raised" else 0.0)
    trunk = float(cage.middle[1:8, 0].mean())
    at = cage.middle[2] * [0, 1, 1] + [trunk, 0, 0]
    at = at + np.array([side * (out + 2 * jitter[1]), forward, lift + 4.0]) * spine.scale
    return at, np.stack([inwards, back, up])


def _collarbone(bones: Bones, spine: Spine, breast_top: Vector, roof: Vector, side: int) -> None:
    scale = spine.scale
    start = breast_top + np.array([side * 15.0, 2.0, -1.0]) * scale
    way = roof - start
    forward, up = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, 1.0]]) * scale
    knots = np.stack(
        [
            start,
            start + 0.28 * way + 13 * forward + 3 * up,
            start + 0.55 * way + 4 * forward + 6 * up,
            start + 0.82 * way - 9 * forward + 4 * up,
            roof,
        ]
    )
    path = smooth(knots, 12)
    place = np.linspace(0, 1, len(path))
    high = np.interp(place, [0, 0.02, 0.1, 0.3, 0.6, 0.85, 0.98, 1], [0, 8, 8, 5.8, 5.2, 5.5, 5, 0])
    thick = np.interp(
        place, [0, 0.02, 0.1, 0.3, 0.6, 0.85, 0.98, 1], [0, 9, 8.5, 6, 5.8, 8, 8.5, 0]
    )
    wall = np.interp(place, [0, 0.15, 0.5, 0.85, 1], [0.8, 1.4, 2.0, 1.4, 0.7])
    bones.tube(path, np.array([0.0, 0.0, 1.0]), np.stack([high, thick], axis=1) * scale, wall)
