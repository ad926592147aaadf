"""The trunk from the neck to the thighs: skin, fat, muscle, breasts.

All lengths in mm, in the frame of `vertebrae`. Sizes are for an adult and grow with the spine; the
outline follows rib cage and spine, so that shift, waist and hips show a scoliosis as they do on a
patient.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from spinescan.phantom.body.spans import Window, around_solid, overlap
from spinescan.phantom.body.texture import Field
from spinescan.phantom.person import Person, rib_cage
from spinescan.phantom.render import Film, Quadric, ellipsoid
from spinescan.phantom.shape import Spine
from spinescan.phantom.vertebrae import Vector

WATER, FAT = 0.0205, 0.018
"""Attenuation per mm of muscle and blood, and of fat, at the energies of a spine film."""

ROUNDNESS = 2.3
_SKIN_MM, _SKIN = 1.7, 0.0245


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """The trunk's sections (n, 7) as `Window.stack` takes them, and what hangs on it.

    `skin` is the outer surface, `muscle` the surface beneath the fat; `limbs` are pairs of outer
    and inner solids (shoulders, thighs); `breasts` are of fat and gland.
    """

    skin: Vector
    muscle: Vector
    limbs: tuple[tuple[Quadric, Quadric], ...]
    breasts: tuple[Quadric, ...]


def add_torso(film: Film, spine: Spine, person: Person, rng: np.random.Generator) -> None:
    """Add the whole trunk as if it were solid; organs then add or take the difference."""
    body = build_body(spine, person)
    coarse, fine = Field.drawn(rng, 22.0), Field.drawn(rng, 7.0)
    window = Window(film)
    trunk, muscle = window.stack(body.skin, ROUNDNESS), window.stack(body.muscle, ROUNDNESS)
    inner = window.stack(_shrunk(body.skin, _SKIN_MM), ROUNDNESS)
    uneven = 1 + 0.008 * coarse.on(window, 0.0) + 0.004 * fine.on(window, 0.0)
    whole = FAT * trunk.length + (_SKIN - FAT) * (trunk.length - inner.length)
    window.add((whole + (WATER - FAT) * muscle.length) * uneven, 1.0)
    for outside, inside in body.limbs:
        _add_beside(film, outside, body.skin, FAT)
        _add_beside(film, inside, body.muscle, WATER - FAT)
    for breast in body.breasts:
        _add_beside(film, breast, body.skin, 0.019)


def _add_beside(film: Film, solid: Quadric, sections: Vector, per_mm: float) -> None:
    """Add only what of a solid stands out of the sections."""
    window = around_solid(film, solid)
    if window is not None:
        span = window.quadric(solid)
        window.add(span.length - overlap(span, window.stack(sections, ROUNDNESS)), per_mm)


def build_body(spine: Spine, person: Person) -> Body:
    """Surfaces of the trunk that goes with a spine."""
    muscle = np.array(sorted(_muscle_knots(spine, person)))
    z = np.arange(muscle[0, 0], muscle[-1, 0], 6.0)
    smooth = np.column_stack([z, *(_smoothed(z, muscle[:, 0], c) for c in muscle[:, 1:].T)])
    _cover_cage(smooth, spine, person)
    return Body(
        _padded(smooth, spine, person),
        smooth,
        (*_shoulders(spine, person), *_thighs(spine, person)),
        tuple(_breasts(spine, person)),
    )


def _cover_cage(sections: Vector, spine: Spine, person: Person) -> None:
    """Widen sections in front and behind where a bent back would push the ribs out of them."""
    cage, s = rib_cage(spine, person), spine.scale
    z, y = sections[:, 0], sections[:, 2]
    bearing_z, bearing_y = cage.middle[::-1, 2], cage.middle[::-1, 1]
    back = np.interp(z, bearing_z, bearing_y + cage.back[::-1]) + 8 * s
    front_z, front_y = bearing_z - cage.fall[::-1], bearing_y - cage.front[::-1]
    top = float(bearing_z[-1]) + 8 * s
    order = np.argsort(front_z[3:]) + 3  # the last ribs end in the belly's wall
    front = np.interp(z, [*front_z[order], top], [*front_y[order], bearing_y[-1]])
    chest = z < top
    # In front the ribs run out into the belly: no shelf below them.
    rise = np.clip((z - spine["T10"].centre[2]) / (110 * s) + 1.25, 0, 1)
    short = np.clip(y - front + 8 * s - sections[:, 5], 0, None) * rise
    sections[chest, 5] += short[chest]
    behind = chest & (z > bearing_z[0])
    sections[behind, 6] = np.maximum(sections[behind, 6], (back - y)[behind])


def fat_mm(person: Person, spine: Spine, thin: float, stout: float) -> float:
    """Thickness of fat under the skin, between that of a lean and of a stout person."""
    return float(spine.scale * (thin + (stout - thin) * person.fatness**1.3))


def midline(spine: Spine, z: Vector) -> Vector:
    """Where (n,) the middle of the trunk lies at heights z: it follows the spine in part."""
    centre = np.array([v.centre for v in spine.vertebrae])[::-1]
    own = np.interp(z, centre[:, 2], centre[:, 0])
    thorax = float(np.mean([spine[f"T{i}"].centre[0] for i in range(1, 13)]))
    low, high = 0.0, float(spine["T10"].centre[2])
    straight = np.interp(z, [low, high], [float(spine.pelvis.s1.centre[0]), thorax])
    return np.asarray(straight + 0.45 * (own - straight))


def _muscle_knots(spine: Spine, person: Person) -> Iterator[tuple[float, ...]]:
    """Sections of the trunk beneath the fat, unordered."""
    s = spine.scale
    male = person.sex == "male"
    build = s * (1.06 if male else 1.0)
    for level, up, half, front, back in (
        ("C3", 64.0, 4, 4, 4),
        ("C3", 44.0, 34, 34, 36),
        ("C3", 22.0, 46, 45, 48),
        ("C3", 0.0, 50, 48, 52),
        ("C5", 0.0, 49, 50, 52),
        ("C7", 0.0, 57, 52, 52),
    ):
        v = spine[level]
        x, y, z = v.centre
        yield (z + up * s, x, y, half * build, half * build, front * build, back * build)
    yield from _shoulder_knots(spine, build)
    yield from _thorax_knots(spine, person)
    yield from _belly_knots(spine, person, build)


def _shoulder_knots(spine: Spine, build: float) -> Iterator[tuple[float, ...]]:
    for level, up, half, front, back in (
        ("T1", 6.0, 74, 56, 56),
        ("T2", 2.0, 104, 66, 58),
        ("T3", 0.0, 126, 80, 60),
        ("T4", 0.0, 138, 94, 62),
        ("T5", 0.0, 143, 108, 64),
    ):
        x, y, z = spine[level].centre
        x = float(midline(spine, np.array([z]))[0])
        half_mm, z = half * build, z + up * spine.scale
        yield (z, x, y, half_mm, half_mm, front * build, back * build)


def _thorax_knots(spine: Spine, person: Person) -> Iterator[tuple[float, ...]]:
    """From the sixth rib down the trunk is the cage and a wall of muscle."""
    cage, s = rib_cage(spine, person), spine.scale
    front_z = (cage.middle[:, 2] - cage.fall)[::-1]
    front_y = (cage.middle[:, 1] - cage.front)[::-1]
    for k, above in ((6, 24.0), (7, 19.0), (8, 14.0), (9, 11.0), (10, 9.0)):
        x, y, z = cage.middle[k - 1]
        z -= 0.58 * cage.fall[k - 1]
        wall = above * s
        back = y + cage.back[k - 1] + 20 * s
        front = float(np.interp(z, np.maximum.accumulate(front_z), front_y)) - 13 * s
        middle = (front + back) / 2 + 10 * s
        yield (
            z, x, middle,
            cage.right[k - 1] + wall, cage.left[k - 1] + wall, middle - front, back - middle,
        )  # fmt: skip


def _belly_knots(spine: Spine, person: Person, build: float) -> Iterator[tuple[float, ...]]:
    male = person.sex == "male"
    waist, hips = (124.0, 149.0) if male else (117.0, 153.0)
    for level, half, front, back in (("L2", waist + 6, 98, 64), ("L3", waist, 94, 66)):
        x, y, z = spine[level].centre
        x = float(midline(spine, np.array([z]))[0])
        # The flank fills on the convex side of a lumbar curve and folds in on the other.
        bend = np.tanh((spine[level].centre[0] - x) / (14 * spine.scale))
        half_mm = half * spine.scale
        right, left = half_mm * (1 - 0.10 * bend), half_mm * (1 + 0.10 * bend)
        yield (z, x, y, right, left, front * build, back * build)
    pelvis = spine.pelvis
    for up, half, front, back in (
        (142, 128, 104, 76),
        (95, 0.93 * hips, 92, 92),
        (40, 0.985 * hips, 86, 94),
        (0, hips, 84, 96),
        (-40, 0.98 * hips, 80, 90),
        (-66, 0.93 * hips, 68, 76),
        (-88, 0.80 * hips, 50, 56),
        (-108, 0.60 * hips, 26, 30),
        (-122, 0.40 * hips, 1, 1),
    ):
        x, y, z = pelvis.at(0.0, 0.0, up * spine.scale)
        half_mm = half * spine.scale
        yield (z, x, y, half_mm, half_mm, front * build, back * build)


def _padded(sections: Vector, spine: Spine, person: Person) -> Vector:
    """The sections with the fat around them: little at the neck, most at hips and belly."""
    z = sections[:, 0]
    at = [float(spine.pelvis.hip_axis[2]), *(spine[k].centre[2] for k in ("L4", "T10", "T3", "C6"))]
    sides = [fat_mm(person, spine, *pair) for pair in ((9, 42), (7, 48), (4, 30), (5, 20), (3, 9))]
    front = [fat_mm(person, spine, *pair) for pair in ((9, 55), (8, 75), (5, 34), (4, 18), (3, 9))]
    back = [fat_mm(person, spine, *pair) for pair in ((12, 48), (8, 38), (5, 26), (4, 20), (3, 12))]
    low = np.sqrt(np.clip((z - z[0]) / (40 * spine.scale), 0, 1))
    padded = sections.copy()
    for columns, fat in (((3, 4), sides), ((5,), front), ((6,), back)):
        padded[:, columns] += (np.interp(z, at, fat) * low)[:, None]
    return padded


def _shoulders(spine: Spine, person: Person) -> Iterator[tuple[Quadric, Quadric]]:
    """From the neck's slope out over the joints, wherever the person holds them."""
    s = spine.scale
    fat = fat_mm(person, spine, 4, 16)
    for sign in (-1, 1):
        joint = shoulder_joint(spine, person, sign)
        neck = spine["T1"].centre + np.array([sign * 44.0, 6.0, -10.0]) * s
        over = 16.0 if person.arms == "side" else 24.0
        reach = joint + np.array([sign * 12.0, 0.0, over]) * s - neck
        half = float(np.linalg.norm(reach)) / 2
        out = sign * reach / (2 * half)
        back = np.cross([0.0, 0.0, 1.0], out)
        back /= np.linalg.norm(back)
        frame = np.stack([out, back, np.cross(out, back)])
        inner = np.array([half + 12 * s, 48 * s, 47 * s])
        centre = neck + reach / 2
        yield (ellipsoid(centre, frame, inner + fat), ellipsoid(centre, frame, inner))


def shoulder_joint(spine: Spine, person: Person, side: int) -> Vector:
    """Middle (3,) of the upper arm's head on the patient's left (+1) or right (-1)."""
    out = 151.5 if person.sex == "male" else 141.0
    lift = 10.0 if person.arms == "raised" else 0.0
    x, y, z = spine["T3"].centre
    x = float(midline(spine, np.array([z]))[0])
    return np.array([x, y, z]) + np.array([side * out, -2.0, lift - 21.0]) * spine.scale


def _thighs(spine: Spine, person: Person) -> Iterator[tuple[Quadric, Quadric]]:
    """Spindles: what rises above the crotch hides in the trunk, so no seam shows."""
    s, pelvis = spine.scale, spine.pelvis
    fat = fat_mm(person, spine, 8, 30)
    for sign in (-1, 1):
        centre = pelvis.at(sign * 82 * s, 0.0, -170 * s)
        # Two thighs never fill the same place, however stout.
        outer = min(70 * s + fat, 81 * s)
        radii = np.array([outer, 1.14 * outer, 320 * s])
        yield (
            ellipsoid(centre, np.eye(3), radii),
            ellipsoid(centre, np.eye(3), radii - [fat, fat, fat]),
        )


def _breasts(spine: Spine, person: Person) -> Iterator[Quadric]:
    if person.sex == "male" or person.age_years < 11:
        return
    s, cage = spine.scale, rib_cage(spine, person)
    size = s * (0.72 + 0.28 * min((person.age_years - 11) / 6, 1) + 0.4 * person.fatness)
    chest = cage.middle[4] - [0, cage.front[4] + 4 * s, cage.fall[4] + 12 * s]
    for sign in (-1, 1):
        centre = chest + [sign * 70 * s, 18 * s, 0.0]
        turn = np.radians(18 * sign)
        c, d = np.cos(turn), np.sin(turn)
        frame = np.array([[c, d, 0], [-d, c, 0], [0, 0, 1]])
        yield ellipsoid(centre, frame, (54 * size, 44 * size, 52 * size))


def _shrunk(sections: Vector, by_mm: float) -> Vector:
    inner = sections.copy()
    inner[:, 3:] = np.maximum(inner[:, 3:] - by_mm, 0.5)
    return inner


def _smoothed(at: Vector, z: Vector, value: Vector) -> Vector:
    """Interpolated without corners: a moving mean over some 24 mm of the straight lines."""
    step = np.linspace(-12, 12, 9)
    return np.asarray(np.interp(at[:, None] + step, z, value).mean(axis=1))
