"""The shape of a synthetic spine: a plan in anatomical terms becomes vertebrae in space.

Frontal and sagittal tilt of every endplate are given functions of the place along the spine;
walking up from the sacrum along them puts the vertebrae in space. So the angles between endplates
are those that the plan asks for, and nothing has to be fitted. World and units: see `vertebrae`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from spinescan.phantom.vertebrae import (
    PITCH_SPREAD,
    S1_SIZE,
    Endplate,
    Vector,
    Vertebra,
    level_names,
    sizes,
)

Side = Literal["left", "right"]

_MOST_TILT = np.radians(80.0)

ADULT_LENGTH_MM = 437.0
"""T1 to L5, along the bodies: the mean of the CT spines (see `vertebrae.PITCH_MM`)."""


@dataclass(frozen=True, slots=True)
class Bend:
    """A frontal curve: `cobb_deg` between `upper`'s superior and `lower`'s inferior endplate.

    `convex` is the patient's side that the curve bulges to.
    """

    upper: str
    lower: str
    cobb_deg: float
    convex: Side

    @property
    def sense(self) -> int:
        """+1 if convex to the patient's left."""
        return 1 if self.convex == "left" else -1


@dataclass(frozen=True, slots=True)
class Profile:
    """The sagittal profile of a standing person, in degrees; PI = PT + SS.

    Thoracic kyphosis between T4's superior and T12's inferior endplate, lumbar lordosis between
    L1's and S1's superior endplates, both positive as is usual.
    """

    kyphosis_deg: float = 38.0
    lordosis_deg: float = 56.0
    sacral_slope_deg: float = 40.0
    pelvic_tilt_deg: float = 12.0

    @property
    def incidence_deg(self) -> float:
        """Pelvic incidence."""
        return self.pelvic_tilt_deg + self.sacral_slope_deg


@dataclass(frozen=True, slots=True)
class SpinePlan:
    """What a spine shall be.

    Parameters
    ----------
    bends
        From the head down, without overlap; neighbours may touch.
    takeoff_deg
        Frontal tilt of the lowest bend's lower end against the pelvis, positive if the spine leaves
        the sacrum towards that bend's convex side (a lumbosacral counter-curve). None balances the
        spine instead: T1 stands above S1.
    obliquity_deg
        Frontal tilt of the pelvis, positive if its left side (the patient's) lies lower.
    length_mm
        T1 to L5 along the bodies.
    width_factor
        Width and depth of the vertebrae against those that go with the length.
    twist
        Axial rotation at a bend's apex, in degrees for each degree of its Cobb angle.
    lumbar
        Number of lumbar vertebrae: 5, seldom 4 or 6.
    rib_pairs
        12, seldom 11 (T12 bears none) or 13 (L1 bears a pair).
    slip
        A level that has slid forwards, with all above it, and how far: a share of the depth of the
        endplate that it stands on. Of a level that this spine lacks the last one is meant.
    unevenness
        Random share by which single heights, gaps and widths differ from the table's.
    """

    bends: tuple[Bend, ...] = ()
    profile: Profile = field(default_factory=Profile)
    takeoff_deg: float | None = None
    obliquity_deg: float = 0.0
    length_mm: float = ADULT_LENGTH_MM
    width_factor: float = 1.0
    twist: float = 0.35
    lumbar: int = 5
    rib_pairs: int = 12
    slip: tuple[str, float] | None = None
    unevenness: float = PITCH_SPREAD

    def __post_init__(self) -> None:
        if self.lumbar not in (4, 5, 6) or self.rib_pairs not in (11, 12, 13):
            raise ValueError("a spine has 4 to 6 lumbar vertebrae and 11 to 13 pairs of ribs")
        names = level_names(self.lumbar)
        place = -1
        for bend in self.bends:
            if bend.upper not in names or bend.lower not in names:
                raise ValueError(f"no such level in {bend}")
            upper, lower = names.index(bend.upper), names.index(bend.lower)
            if not max(place, 0) <= upper < lower:
                raise ValueError(f"bends must run head down and not overlap, got {self.bends}")
            place = lower


@dataclass(frozen=True, slots=True, eq=False)
class Pelvis:
    """Sacral endplate and hips. `frame` rows (3, 3): across (to the left), back, up; up is from the
    middle of the hip axis to the middle of S1. `heads` (2, 3): the patient's right, then left.
    """

    s1: Endplate
    frame: Vector
    heads: Vector

    @property
    def hip_axis(self) -> Vector:
        """Middle (3,) between the femoral heads."""
        return np.asarray(self.heads.mean(axis=0))

    def at(self, across: float, back: float, up: float) -> Vector:
        """The point (3,) so many mm from the middle of the hip axis along the pelvis's own axes."""
        return self.hip_axis + np.array([across, back, up]) @ self.frame


@dataclass(frozen=True, slots=True, eq=False)
class Spine:
    """Vertebrae from C3 to the last lumbar one, head down, and the pelvis they stand on.

    `scale` is the length against an adult's; other bones and organs follow it.
    """

    vertebrae: tuple[Vertebra, ...]
    pelvis: Pelvis
    plan: SpinePlan
    scale: float

    def __getitem__(self, level: str) -> Vertebra:
        for vertebra in self.vertebrae:
            if vertebra.level == level:
                return vertebra
        raise KeyError(level)

    def __contains__(self, level: str) -> bool:
        return any(v.level == level for v in self.vertebrae)

    def moved(self, rotation: Vector, shift: Vector) -> "Spine":
        """The same person elsewhere: rotation (3, 3) about the origin, then shift (3,) in mm."""
        pelvis = Pelvis(
            self.pelvis.s1.moved(rotation, shift),
            self.pelvis.frame @ rotation.T,
            self.pelvis.heads @ rotation.T + shift,
        )
        vertebrae = tuple(v.moved(rotation, shift) for v in self.vertebrae)
        return replace(self, vertebrae=vertebrae, pelvis=pelvis)


def build_spine(plan: SpinePlan, rng: np.random.Generator | None = None) -> Spine:
    """Put a plan into space; without `rng` all sizes are those of the table.

    Raises
    ------
    ValueError
        If a vertebra would be tilted by more than 80 degrees.
    """
    names = level_names(plan.lumbar)
    scale = plan.length_mm / ADULT_LENGTH_MM
    size = sizes(names) * scale
    size[:, :4] *= plan.width_factor
    if rng is not None:
        size *= np.exp(plan.unevenness * rng.standard_normal(size.shape))
    heights, gaps = size[:, 4], size[:, 5]
    steps = np.column_stack([heights, gaps]).ravel()
    sagittal = _sagittal_tilts(plan.profile, names, steps)
    frontal = _frontal_tilts(plan, names, steps, sagittal)
    if max(np.abs(frontal).max(), np.abs(sagittal).max()) > _MOST_TILT:
        raise ValueError(f"a vertebra of this plan lies on its side: {plan}")
    twist = _twists(plan, names)
    middles = _walk(frontal, sagittal, steps)
    if plan.slip is not None:
        depths = np.append(size[1:, 1], S1_SIZE[1] * scale * plan.width_factor)
        _slide(middles, plan, names, sagittal, depths)
    plates = [
        _endplate(middles[k], frontal[k], sagittal[k], twist[k // 2], size[k // 2], k % 2)
        for k in range(2 * len(names))
    ]
    ribs = (
        {f"T{i}" for i in range(1, 13)} if plan.rib_pairs >= 12 else {f"T{i}" for i in range(1, 12)}
    )
    if plan.rib_pairs == 13:
        ribs.add("L1")
    vertebrae = tuple(
        Vertebra(name, plates[2 * i], plates[2 * i + 1], name in ribs)
        for i, name in enumerate(names)
    )
    return Spine(vertebrae, _pelvis(plan, scale), plan, scale)


def _frontal_tilts(
    plan: SpinePlan, names: Sequence[str], steps: Vector, sagittal: Vector
) -> Vector:
    """Frontal tilt (2n + 1,) of all endplates and S1 in radians, + if the left side lies lower."""
    if plan.takeoff_deg is not None or not plan.bends:
        return _tilts_from(plan.takeoff_deg or 0.0, plan, names, steps)
    first = 2 * names.index("T1")

    def offset(takeoff_deg: float) -> float:
        tilts = _tilts_from(takeoff_deg, plan, names, steps)
        return float(_walk(tilts, sagittal, steps)[first, 0])

    # Secant: T1's offset is nearly linear in the takeoff.
    low, high = 0.0, plan.bends[-1].cobb_deg / 2 + 1.0
    for _ in range(12):
        slope = (offset(high) - offset(low)) / (high - low)
        low, high = high, high - offset(high) / slope
        if abs(high - low) < 1e-9:
            break
    return _tilts_from(high, plan, names, steps)


def _tilts_from(takeoff_deg: float, plan: SpinePlan, names: Sequence[str], steps: Vector) -> Vector:
    # In the thorax a disc wedges somewhat more than a body of its height, in the lumbar spine far
    # more.
    along = _bend_places(names, steps, disc_thoracic=2.0, disc_lumbar=2.5)
    base = np.radians(plan.obliquity_deg)
    knots, values = [float(along[-1])], [base]
    for bend in reversed(plan.bends):
        lower = float(along[2 * names.index(bend.lower) + 1])
        upper = float(along[2 * names.index(bend.upper)])
        turn = np.radians(bend.cobb_deg) * bend.sense
        start = values[-1] if len(knots) > 1 else base + np.radians(takeoff_deg) * bend.sense
        knots += [lower, upper]
        values += [start, start - turn]
    knots.append(0.0)
    values.append(base + 0.4 * (values[-1] - base))  # no strong curve above the first bend
    # Bends that share a vertebra name its endplates crosswise: both have the same tilt.
    order = np.argsort(knots, kind="stable")
    return _eased(along, [knots[i] for i in order], [values[i] for i in order])


def _sagittal_tilts(profile: Profile, names: Sequence[str], steps: Vector) -> Vector:
    """Sagittal tilt (2n + 1,) in radians, + if the front lies lower."""
    along = _bend_places(names, steps, disc_thoracic=1.5, disc_lumbar=3.5)

    def superior(level: str) -> float:
        return float(along[2 * names.index(level)])

    ss, ll, tk = profile.sacral_slope_deg, profile.lordosis_deg, profile.kyphosis_deg
    top, last = ss - ll, names[-1]
    knots = [
        (float(along[-1]), ss),
        (superior(last), ss - 0.40 * ll),  # two thirds of the lordosis lie below L4
        (superior(names[-2]), ss - 0.65 * ll),
        (superior(names[-3]), ss - 0.84 * ll),
        (superior("L1"), top),
        (float(along[2 * names.index("T12") + 1]), top),
        (superior("T11"), top + 0.10 * tk),
        (superior("T9"), top + 0.34 * tk),
        (superior("T6"), top + 0.78 * tk),
        (superior("T4"), top + tk),
        (superior("T1"), top + tk + 6.0 + 0.1 * tk),
        (superior("C6"), top + tk + 2.0),
        (superior("C3"), 0.4 * (top + tk) - 4.0),
    ]
    knots.sort()
    places, degrees = zip(*knots, strict=True)
    return np.asarray(np.radians(np.interp(along, places, degrees)))


def _bend_places(
    names: Sequence[str], steps: Vector, *, disc_thoracic: float, disc_lumbar: float
) -> Vector:
    """Places (2n + 1,) of the endplates where a disc's millimetre counts so many of a body's."""
    weight = np.array([disc_lumbar if name[0] == "L" else disc_thoracic for name in names])
    weighted = steps.copy()
    weighted[1::2] *= weight
    return np.concatenate([[0.0], np.cumsum(weighted)])


def _eased(along: Vector, knots: Sequence[float], values: Sequence[float]) -> Vector:
    """Cosine steps between knots: nothing overshoots, so extremes lie where the bends say."""
    tilt = np.full_like(along, values[-1])
    for (a, b), (low, high) in zip(pairwise(knots), pairwise(values), strict=True):
        inside = (along >= a) & (along <= b)
        share = (along[inside] - a) / max(b - a, 1e-9)
        tilt[inside] = low + (high - low) * (1 - np.cos(np.pi * share)) / 2
    return tilt


def _walk(frontal: Vector, sagittal: Vector, steps: Vector) -> Vector:
    """Middles (2n + 1, 3) of the endplates, walked up from S1 at the origin."""
    tilt = np.column_stack([frontal, sagittal])
    mean = (tilt[1:] + tilt[:-1]) / 2
    up = np.column_stack([np.tan(mean[:, 0]), -np.tan(mean[:, 1]), np.ones(len(mean))])
    up = up / np.linalg.norm(up, axis=1, keepdims=True) * steps[:, None]
    return np.vstack([np.cumsum(up[::-1], axis=0)[::-1], np.zeros((1, 3))])


def _slide(
    middles: Vector, plan: SpinePlan, names: Sequence[str], sagittal: Vector, depths: Vector
) -> None:
    """Move a level and all above it forwards along the endplate below, of `depths` (n,)."""
    assert plan.slip is not None
    level, share = plan.slip
    k = names.index(level) if level in names else len(names) - 1
    tilt = sagittal[2 * k + 2]
    front = np.array([0.0, -np.cos(tilt), -np.sin(tilt)])
    middles[: 2 * k + 2] += share * depths[k] * front


def _twists(plan: SpinePlan, names: Sequence[str]) -> Vector:
    """Axial rotation (n,) in radians, + if the front turns to the left: to the convex side."""
    place = np.arange(len(names), dtype=np.float64)
    twist = np.zeros(len(names))
    for bend in plan.bends:
        upper, lower = names.index(bend.upper), names.index(bend.lower)
        share = np.clip((place - upper + 1) / (lower - upper + 2), 0, 1)
        twist += bend.sense * np.radians(bend.cobb_deg) * plan.twist * np.sin(np.pi * share) ** 2
    return twist


def _endplate(
    middle: Vector, frontal: float, sagittal: float, twist: float, size: Vector, inferior: int
) -> Endplate:
    normal = np.array([np.tan(frontal), -np.tan(sagittal), 1.0])
    normal /= np.linalg.norm(normal)
    along = np.array([1.0, 0.0, -np.tan(frontal)])
    along /= np.linalg.norm(along)
    behind = np.cross(normal, along)
    across = np.cos(twist) * along + np.sin(twist) * behind
    width, depth = size[2 * inferior : 2 * inferior + 2]
    return Endplate(middle, across, np.cross(normal, across), width / 2, depth / 2)


def _pelvis(plan: SpinePlan, scale: float) -> Pelvis:
    frontal = np.radians(plan.obliquity_deg)
    size = np.array([*S1_SIZE, 0, 0]) * scale * plan.width_factor
    s1 = _endplate(np.zeros(3), frontal, np.radians(plan.profile.sacral_slope_deg), 0.0, size, 0)
    # The hip axis lies below S1, in front of its middle by the pelvic tilt.
    tilt = np.radians(plan.profile.pelvic_tilt_deg)
    up = np.array([0.0, np.sin(tilt), np.cos(tilt)])
    across = np.array([np.cos(frontal), 0.0, -np.sin(frontal)])
    up = up - across * (up @ across)
    up /= np.linalg.norm(up)
    frame = np.stack([across, np.cross(up, across), up])
    axis = -108.0 * scale * up
    heads = axis + np.array([[-1.0], [1.0]]) * 88.0 * scale * across
    return Pelvis(s1, frame, heads)
