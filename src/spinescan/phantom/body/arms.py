"""Arms: at the side, raised forward, or with the hands on the clavicles; with their bones.

All lengths in mm, for an adult; they grow with the spine.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from spinescan.phantom.body.column import CORTEX, SPONGIOSA
from spinescan.phantom.body.spans import around_solid, left_of
from spinescan.phantom.body.torso import (
    FAT,
    ROUNDNESS,
    WATER,
    Body,
    build_body,
    fat_mm,
    shoulder_joint,
)
from spinescan.phantom.person import Person
from spinescan.phantom.render import Film, Quadric, ellipsoid
from spinescan.phantom.shape import Spine
from spinescan.phantom.vertebrae import Vector


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """Places (3,) of an arm's joints; `sign` is +1 on the patient's left."""

    sign: float
    shoulder: Vector
    elbow: Vector
    wrist: Vector
    knuckles: Vector


def add_arms(film: Film, spine: Spine, person: Person, rng: np.random.Generator) -> None:
    """Add both arms; what of them lies within the trunk or each other counts once."""
    body = build_body(spine, person)
    for arm in arms_of(spine, person, rng):
        soft = list(_soft(arm, spine, person))
        for layer, per_mm in ((0, FAT), (1, WATER - FAT)):
            _add_layer(film, [pair[layer] for pair in soft], body, layer, per_mm)
        for solid, per_mm in _bones(arm, spine.scale, person):
            window = around_solid(film, solid)
            if window is not None:
                window.add(window.quadric(solid).length, per_mm)


def arms_of(spine: Spine, person: Person, rng: np.random.Generator) -> tuple[Arm, Arm]:
    """Right and left arm, held as the person holds them, never quite alike."""
    s = spine.scale
    both = []
    for sign in (-1.0, 1.0):
        out = np.array([sign, 1.0, 1.0]) * s
        if person.arms == "side":
            steps = np.array([[36.0, 14, -286], [22, -44, -236], [-4, -22, -84]])
        elif person.arms == "raised":
            steps = np.array([[46, -215, 150], [-30, -130, 190], [-5, -25, 80]])
        else:
            steps = np.array([[30, -150, -232], [-66, 45, 226], [-30, 14, 60]])
        if person.arms == "side":  # a stout person's arms hang farther out
            steps[0, 0] += 0.7 * fat_mm(person, spine, 0, 34)
        steps = steps + rng.normal(0, 9, (3, 3)) * [[1, 1, 0.4]]
        shoulder = shoulder_joint(spine, person, int(sign))
        joints = shoulder + np.cumsum(steps * out, axis=0)
        both.append(Arm(sign, shoulder, *joints))
    return both[0], both[1]


def _add_layer(film: Film, solids: list[Quadric], body: Body, layer: int, per_mm: float) -> None:
    """Add a chain of solids, each without what it shares with the trunk and those before it."""
    trunk = body.skin if layer == 0 else body.muscle
    shoulders = [pair[layer] for pair in body.limbs]
    for i, solid in enumerate(solids):
        window = around_solid(film, solid)
        if window is None:
            continue
        covered = [window.stack(trunk, ROUNDNESS)]
        covered += [window.quadric(other) for other in (*shoulders, *solids[:i])]
        window.add(left_of(window.quadric(solid), covered), per_mm)


def _soft(arm: Arm, spine: Spine, person: Person) -> Iterator[tuple[Quadric, Quadric]]:
    """Outer surface and muscle of upper arm, elbow, forearm and hand."""
    s = spine.scale
    muscle = s * (1.12 if person.sex == "male" else 0.94)
    fat = fat_mm(person, spine, 3, 16)
    for start, end, first, last in (
        (arm.shoulder, arm.elbow, 42, 35),
        (arm.elbow, arm.wrist, 36, 23),
    ):
        over = (end - start) * 0.04
        inner = _limb(start - over, end + over, first * muscle, last * muscle)
        outer = _limb(start - over, end + over, first * muscle + fat, last * muscle + fat)
        yield outer, inner
    palm = arm.knuckles - arm.wrist
    half = 0.85 * float(np.linalg.norm(palm))
    frame, size = _frame(palm / np.linalg.norm(palm)), np.array([40 * muscle, 15 * muscle, half])
    hand = arm.wrist + 0.75 * palm
    yield ellipsoid(hand, frame, size), ellipsoid(hand, frame, size - 2.0 * s)
    for place, radius in ((arm.shoulder, 44), (arm.elbow, 36)):
        inner = ellipsoid(place, np.eye(3), (radius * muscle,) * 3)
        yield ellipsoid(place, np.eye(3), (radius * muscle + fat,) * 3), inner


def _bones(arm: Arm, s: float, person: Person) -> Iterator[tuple[Quadric, float]]:
    """Humerus, forearm bones and the palm's, as walls and what fills them."""
    hard, loose = CORTEX * person.bone, SPONGIOSA * person.bone
    forth = arm.elbow - arm.shoulder
    inward = np.array([-arm.sign * 2, 0, 2]) * s
    for place, radius in ((inward, 23 * s), (-4.5 * inward, 15 * s)):
        for size, per_mm in ((radius, 0.8 * hard), (radius - 1.0 * s, loose - 0.8 * hard)):
            yield ellipsoid(arm.shoulder + place, np.eye(3), (size,) * 3), per_mm
    neck = arm.shoulder + 0.24 * forth
    yield from _tube(arm.shoulder + 0.07 * forth, neck, (18 * s, 12 * s), 1.6 * s, hard)
    yield from _tube(neck, arm.elbow - 0.08 * forth, (12 * s, 10 * s), 3.6 * s, hard)
    across = np.cross(forth, [0.0, 1.0, 0.3])
    across /= np.linalg.norm(across)
    for radius, per_mm in ((1.0, 0.8 * hard), (0.92, loose - 0.8 * hard)):
        frame = _frame(forth / np.linalg.norm(forth))
        sizes = np.array([24 * s, 9 * s, 22 * s]) * radius
        yield ellipsoid(arm.elbow - 0.03 * forth, frame, sizes), per_mm
    for side, thick in ((-1, 1.0), (1, 0.85)):
        offset = side * 11 * s * across
        ends = (8.5 * s * thick, 6 * s / thick)
        yield from _tube(arm.elbow + offset, arm.wrist + offset, ends, 2.4 * s, hard)
    for k in range(4):
        offset = (k - 1.5) * 13 * s * across
        start = arm.wrist + 0.3 * (arm.knuckles - arm.wrist) + 0.6 * offset
        yield from _tube(start, arm.knuckles + offset, (3.8 * s, 4.4 * s), 1.3 * s, hard)


def _tube(
    start: Vector, end: Vector, radii: tuple[float, float], wall: float, per_mm: float
) -> Iterator[tuple[Quadric, float]]:
    yield _limb(start, end, *radii), per_mm
    yield _limb(start, end, radii[0] - wall, radii[1] - wall), -0.95 * per_mm


def _limb(start: Vector, end: Vector, first: float, last: float) -> Quadric:
    """A tapered round limb between two points, cut at both."""
    length = float(np.linalg.norm(end - start))
    along = (end - start) / length
    middle, slope = (first + last) / 2, (last - first) / length
    widest = max(first, last)
    return Quadric(
        (start + end) / 2, _frame(along), (1.0, 1.0), (middle**2, 2 * middle * slope, slope**2),
        (widest, widest, length / 2), ((start, -along), (end, along)),
    )  # fmt: skip


def _frame(along: Vector) -> Vector:
    """Rows (3, 3): across the limb (to the front of a hanging hand's edge), through it, along."""
    across = np.cross([1.0, 0.1, 0.0], along)
    across /= np.linalg.norm(across)
    return np.stack([across, np.cross(along, across), along])
