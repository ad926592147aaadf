"""What people wear on a film: a brace, and the metal of clothes, jewels and electrodes."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from spinescan.phantom.body.spans import Span, Window
from spinescan.phantom.body.torso import ROUNDNESS, build_body
from spinescan.phantom.metal.pieces import Metal
from spinescan.phantom.person import Person
from spinescan.phantom.render import Film, Grid
from spinescan.phantom.shape import Spine
from spinescan.phantom.vertebrae import Vector

_PLASTIC, _FOAM = 0.019, 0.006
_Kind = Callable[[Metal, Vector, Spine, np.random.Generator], None]
_ACROSS, _UP = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])


def add_brace(film: Film, spine: Spine, person: Person, rng: np.random.Generator) -> None:
    """A rigid shell from the armpits to the hips, with foam inside, straps and buckles."""
    s = spine.scale
    skin = build_body(spine, person).skin
    low = float(spine.pelvis.hip_axis[2]) + rng.uniform(15, 45) * s
    high = float(spine["T6"].centre[2]) + rng.uniform(-45, 10) * s
    inside = skin[(skin[:, 0] > low - 40 * s) & (skin[:, 0] < high + 45 * s)]
    window = Window(film)
    depth = float(inside[:, 1 + window.along].mean())
    shells = [
        window.stack(_grown(inside, by), ROUNDNESS, depth=depth) for by in (0.0, 3.5 * s, 7.5 * s)
    ]
    slopes = rng.normal(0, 0.16, (2, 2))
    for per_mm, inner, outer in ((_FOAM, shells[0], shells[1]), (_PLASTIC, shells[1], shells[2])):
        for k, wall in enumerate(_walls(inner, outer)):
            # Front and back are cut at other heights, and slantingly.
            edge = (low + (0, 22)[k] * s, high - (26, 0)[k] * s)
            window.add(wall * _between(window, depth, edge, slopes[k]), per_mm)
    _add_straps(film, skin, (low, high), s, rng)


def add_clips(film: Film, spine: Spine, person: Person, rng: np.random.Generator) -> None:
    """One to three kinds of small dense things that someone forgot to take off."""
    body = build_body(spine, person).skin
    metal = Metal(film)
    kinds: list[_Kind] = [_necklace, _buttons, _electrodes, _waistband]
    if person.sex == "female" and person.age_years >= 11:
        kinds += [_bra, _bra]
    for k in rng.choice(len(kinds), size=rng.integers(1, 4), replace=False):
        kinds[int(k)](metal, body, spine, rng)
    metal.done()


def _walls(inner: Span, outer: Span) -> tuple[Grid, Grid]:
    """Lengths (rows, columns) of a shell's nearer and farther wall; half of it each at the rim."""
    hollow = inner.leave > inner.enter
    rim = outer.length / 2
    first = np.where(hollow, inner.enter - outer.enter, rim)
    second = np.where(hollow, outer.leave - inner.leave, rim)
    return np.maximum(first, 0), np.maximum(second, 0)


def _between(window: Window, depth: float, edge: tuple[float, float], slope: Vector) -> Grid:
    """1 between two slanting edges, 0 beyond."""
    height, place = window.places(depth)
    soft = max(abs(float(height[0] - height[-1])) / len(height), 0.5)
    under, over = (
        np.subtract.outer(height, mm + k * (place - place.mean()))
        for mm, k in zip(edge, slope, strict=True)
    )
    share: Grid = (np.clip(under / soft + 0.5, 0, 1) * np.clip(0.5 - over / soft, 0, 1)).astype(
        np.float32
    )
    return share


def _add_straps(
    film: Film, skin: Vector, reach: tuple[float, float], s: float, rng: np.random.Generator
) -> None:
    """Three straps across the front, a buckle at one end and a rivet at the other."""
    metal = Metal(film)
    side = 1.0 if rng.random() < 0.5 else -1.0
    for share in (0.2, 0.5, 0.8):
        z = reach[0] + (reach[1] - reach[0]) * (share + rng.normal(0, 0.03))
        end_at = _on_skin(skin, z, side * 0.62, 9 * s)
        band = [_on_skin(skin, z, side * x, 9 * s) for x in np.linspace(0.62, -0.45, 9)]
        for start, end in pairwise(band):
            metal.sheet((start + end) / 2, (end - start) / 2, 12 * s * _UP, 1.6, 0.02)
        lean = rng.normal(0, 0.12)
        across = _ACROSS * np.cos(lean) + _UP * np.sin(lean)
        up = _UP * np.cos(lean) - _ACROSS * np.sin(lean)
        half, high = 6.5 * s * across, 20 * s * up
        corners = [end_at + i * half + j * high for i, j in ((1, 1), (1, -1), (-1, -1), (-1, 1))]
        metal.rod(np.array([*corners, corners[0]]), 1.4, 0.3)
        for x in (side * 0.86, -side * 0.62):
            rivet = _on_skin(skin, z + rng.normal(0, 3), x, 9 * s)
            metal.plate(rivet, 6 * _ACROSS, 6 * _UP, 1.0, 0.16)
            metal.ring(rivet, 5.2 * _ACROSS, 5.2 * _UP, 0.9, 0.3)
            metal.plate(rivet, 2.0 * _ACROSS, 2.0 * _UP, 3.0, 0.3)
    metal.done()


def _bra(metal: Metal, body: Vector, spine: Spine, rng: np.random.Generator) -> None:
    """Hooks behind, sliders on the straps, often wires in front."""
    s = spine.scale
    z = float(spine["T9"].centre[2]) + rng.normal(0, 8) * s
    middle = _on_skin(body, z, 0.02, 2.0, back=True)
    for row in range(rng.integers(2, 4)):
        place = middle + np.array([rng.normal(0, 0.5), 0, -9.0 * row])
        loop = np.array([[-4, 0, 1.5], [1, 0, 1.5], [2, 0, 0], [1, 0, -1.5], [-4, 0, -1.5]])
        metal.rod(place + loop, 0.55)
        metal.ring(place + [5.0, 0, 0], 2.0 * _ACROSS, 1.6 * _UP, 0.5)
    for sign in (-1.0, 1.0):
        high = float(spine["T4"].centre[2]) + rng.normal(0, 15)
        slider = _on_skin(body, high, 0.5 * sign, 2, back=True)
        metal.ring(slider, 6.5 * _ACROSS, 3.8 * _UP, 0.7)
    if rng.random() < 0.45:
        turn = np.linspace(0.05, 0.95, 40) * np.pi
        for sign in (-1.0, 1.0):
            centre = _on_skin(body, z + 38 * s, 0.52 * sign, 12 * s)
            down = np.sin(turn)
            arc = np.column_stack([54 * s * np.cos(turn), -16 * down, -58 * s * down])
            metal.rod(centre + arc, 0.8, 0.35)


def _necklace(metal: Metal, body: Vector, spine: Spine, rng: np.random.Generator) -> None:
    s = spine.scale
    top = spine["C7"].centre
    deep = rng.uniform(50, 105) * s
    turn = np.linspace(-1, 1, 160)
    z = top[2] - 10 * s - deep * (1 - np.abs(turn) ** 1.7)
    front = np.array([_on_skin(body, h, 0.0, 1.5)[1] for h in z])
    chain = np.column_stack([top[0] + 62 * s * np.sign(turn) * np.abs(turn) ** 1.1, front, z])
    metal.rod(chain, np.where(np.arange(160) % 2, 0.75, 0.35), 0.35)
    if rng.random() < 0.6:
        pendant = chain[80] - [0, 0, 7.0]
        metal.plate(pendant, rng.uniform(2, 6) * _ACROSS, rng.uniform(4, 8) * _UP, 1.2, 0.35)


def _buttons(metal: Metal, body: Vector, spine: Spine, rng: np.random.Generator) -> None:
    top, bottom = float(spine["T4"].centre[2]), float(spine["L4"].centre[2])
    aside, size = rng.normal(0, 0.05), rng.uniform(4.5, 7)
    hard = rng.uniform(0.03, 0.2)
    for z in np.arange(top, bottom, -rng.uniform(62, 85)):
        place = _on_skin(body, float(z), aside, 3.0)
        metal.plate(place, size * _ACROSS, size * _UP, 2.0, hard)
        metal.ring(place, size * 0.95 * _ACROSS, size * 0.95 * _UP, 0.7, hard)
        for x, y in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            metal.plate(place + 1.5 * (x * _ACROSS + y * _UP), 0.8 * _ACROSS, 0.8 * _UP, 2.0, -hard)


def _electrodes(metal: Metal, body: Vector, spine: Spine, rng: np.random.Generator) -> None:
    for level, share in (("T3", -0.55), ("T3", 0.55), ("T11", 0.62)):
        place = _on_skin(body, float(spine[level].centre[2]) + rng.normal(0, 9), share, 2.0)
        metal.plate(place, 17 * _ACROSS, 17 * _UP, 1.2, 0.03)
        metal.plate(place, 4.5 * _ACROSS, 4.5 * _UP, 2.2, 0.3)
        turn = np.linspace(0, 1, 40)[:, None]
        lead = place + turn * [60 * share, -6, -190.0] + np.sin(turn * 5) * [14.0, 0, 0]
        metal.rod(lead, 0.55, 0.3)


def _waistband(metal: Metal, body: Vector, spine: Spine, rng: np.random.Generator) -> None:
    """A button and the zip beneath it."""
    z = float(spine.pelvis.s1.centre[2]) - rng.uniform(0, 30)
    place = _on_skin(body, z, rng.normal(0, 0.02), 3.0)
    metal.plate(place, 8 * _ACROSS, 8 * _UP, 1.5, 0.3)
    metal.ring(place, 7.5 * _ACROSS, 7.5 * _UP, 0.9, 0.3)
    for k in range(38):
        tooth = place + np.array([0.8 * (-1) ** k, 0, -14.0 - 2.2 * k])
        metal.sheet(tooth, 1.9 * _ACROSS, 0.5 * _UP, 1.6, 0.3)


def _on_skin(body: Vector, z: float, share: float, above: float, *, back: bool = False) -> Vector:
    """The place (3,) above the skin at height z, `share` of the way to the left flank."""
    row = [float(np.interp(z, body[:, 0], c)) for c in body.T]
    x = row[1] + share * (row[4] if share > 0 else row[3])
    bulge = (1 - abs(share) ** ROUNDNESS) ** (1 / ROUNDNESS)
    y = row[2] + (row[6] * bulge + above if back else -row[5] * bulge - above)
    return np.array([x, y, z])


def _grown(sections: Vector, by_mm: float) -> Vector:
    grown = sections.copy()
    grown[:, 3:] += by_mm
    return grown
