"""Implants of a spinal fusion: two bent rods, pedicle screws or hooks, a cross-link."""

from dataclasses import dataclass

import numpy as np

from spinescan.phantom.metal.pieces import STEEL, Metal
from spinescan.phantom.render import Film
from spinescan.phantom.shape import Spine
from spinescan.phantom.vertebrae import Vector, Vertebra

ROD_MM = 5.5
_TITANIUM = 0.24


@dataclass(frozen=True, slots=True, eq=False)
class Anchor:
    """A screw or hook: `head` (3,) lies on the rod, `tip` (3,) in the body or under the lamina."""

    level: str
    head: Vector
    tip: Vector
    hook: bool


@dataclass(frozen=True, slots=True, eq=False)
class Rod:
    """One rod: its middle line (n, 3), from the top, and what holds it; `side` +1 is left."""

    side: int
    path: Vector
    anchors: tuple[Anchor, ...]


def add_rods(
    film: Film, spine: Spine, rng: np.random.Generator, upper: str, lower: str
) -> tuple[Rod, Rod]:
    """Fuse the levels from `upper` to `lower`; returns the right and the left rod."""
    rods = plan_rods(spine, rng, upper, lower)
    metal = Metal(film)
    per_mm = STEEL if rng.random() < 0.5 else _TITANIUM
    s = spine.scale**0.5
    for rod in rods:
        metal.rod(rod.path, ROD_MM / 2, per_mm)
        for anchor in rod.anchors:
            (_hook if anchor.hook else _screw)(metal, anchor, per_mm, s)
    for share in rng.uniform(0.2, 0.8, rng.integers(0, 3)):
        _cross_link(metal, rods, float(share), per_mm)
    metal.done()
    return rods


def plan_rods(spine: Spine, rng: np.random.Generator, upper: str, lower: str) -> tuple[Rod, Rod]:
    """Where rods and screws lie: smooth rods, and each head on its rod."""
    names = [v.level for v in spine.vertebrae]
    fused = spine.vertebrae[names.index(upper) : names.index(lower) + 1]
    if len(fused) < 2:
        raise ValueError(f"a rod needs two levels or more, got {upper} to {lower}")
    hooks = rng.random() < 0.25
    right, left = (_plan_rod(fused, side, spine.scale, hooks, rng) for side in (-1, 1))
    return right, left


def _plan_rod(
    fused: tuple[Vertebra, ...], side: int, s: float, hooks: bool, rng: np.random.Generator
) -> Rod:
    wanted = np.array(
        [v.at(side * (0.72 * v.half_width + 2 * s), v.half_depth + 27 * s, 0.0) for v in fused]
    )
    # A rod bends smoothly: low powers of the height, through the middle of what the screws ask.
    z = wanted[:, 2]
    place = (z - z.mean()) / max(float(np.ptp(z)) / 2, 1.0)
    power = min(4, len(fused) - 1)
    bends = [np.polynomial.Polynomial.fit(place, wanted[:, k], power) for k in (0, 1)]

    def at(height: Vector) -> Vector:
        p = (height - z.mean()) / max(float(np.ptp(z)) / 2, 1.0)
        inside = np.clip(p, place.min(), place.max())
        slope = p - inside
        columns = [bend(inside) + bend.deriv()(inside) * slope for bend in bends]
        return np.column_stack([*columns, height])

    over, under = rng.uniform(5, 14, 2) * s
    path = at(np.linspace(z.max() + over, z.min() - under, 120))
    anchors = []
    for i, v in enumerate(fused):
        at_end = i in (0, len(fused) - 1)
        if not at_end and rng.random() < 0.18:
            continue
        head = at(z[i : i + 1])[0]
        hook = hooks and v.level[0] == "T" and (i == 0 or rng.random() < 0.3)
        depth = -v.half_depth * rng.uniform(0.1, 0.6)
        aim = v.at(side * 0.36 * v.half_width, depth, 0.12 * v.height * rng.normal(0.5, 0.6))
        if hook:
            aim = v.at(side * 0.5 * v.half_width, v.half_depth + 12 * s, -0.5 * v.height)
        anchors.append(Anchor(v.level, head, aim, hook))
    return Rod(side, path, tuple(anchors))


def _screw(metal: Metal, anchor: Anchor, per_mm: float, s: float) -> None:
    """Shaft with a thread, round head, and the yoke that holds the rod."""
    way = anchor.tip - anchor.head
    length = float(np.linalg.norm(way))
    inwards = way / length
    wide = (3.2 if anchor.level[0] == "L" else 2.6) * s
    run = np.linspace(0, 1, max(8, round(length / 0.7)))
    thread = 1 + 0.11 * np.sign(np.sin(run * length / 2.6 * 2 * np.pi)) * (run > 0.25)
    taper = np.interp(run, [0.0, 0.75, 1.0], [1.0, 0.95, 0.3])
    metal.rod(anchor.head + run[:, None] * way, wide * thread * taper, per_mm)
    side = np.cross(inwards, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side)
    back, front = anchor.head - 6.5 * inwards, anchor.head + 7.5 * inwards
    for sign in (-1, 1):
        metal.rod(np.stack([front, back]) + sign * 4.6 * side, 2.1, per_mm)
    metal.rod(np.stack([anchor.head + 3 * inwards, front]), 5.4, per_mm)
    metal.rod(np.stack([back, anchor.head - 2.5 * inwards]), 4.0, per_mm)


def _hook(metal: Metal, anchor: Anchor, per_mm: float, s: float) -> None:
    """A block on the rod and a claw that goes under the lamina."""
    way = anchor.tip - anchor.head
    turn = np.linspace(0, 1.25 * np.pi, 24)[:, None]
    forth = way / np.linalg.norm(way)
    down = np.array([0.0, 0.0, -1.0])
    middle = anchor.head + 0.55 * way
    claw = middle + 7 * s * (np.sin(turn) * forth + (np.cos(turn) - 0.2) * -down)
    metal.rod(np.vstack([anchor.head, claw]), 2.0, per_mm)
    metal.rod(np.stack([anchor.head - 5 * forth, anchor.head + 6 * forth]), 5.2, per_mm)


def _cross_link(metal: Metal, rods: tuple[Rod, Rod], share: float, per_mm: float) -> None:
    """A bar from rod to rod with a clamp at both ends."""
    ends = np.array([rod.path[round(share * (len(rod.path) - 1))] for rod in rods])
    ends[:, 2] = ends[:, 2].mean()
    bow = np.array([0.0, 5.0, 0.0])
    metal.rod(np.stack([ends[0], ends.mean(axis=0) + bow, ends[1]]), 2.2, per_mm)
    for end in ends:
        metal.rod(end + np.array([[0.0, -3.0, 0.0], [0.0, 5.0, 0.0]]), 4.8, per_mm)
