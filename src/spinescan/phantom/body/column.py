"""The bones of the spinal column as solids: bodies, pedicles and processes.

Shapes and proportions follow the anatomical drawings of the field; sizes that `vertebrae` does not
give are set as shares of the body's own.
"""

from dataclasses import replace

import numpy as np

from spinescan.phantom.expose import blurred
from spinescan.phantom.person import Person
from spinescan.phantom.render import Film, Quadric, ellipsoid
from spinescan.phantom.shape import Spine
from spinescan.phantom.vertebrae import Vector, Vertebra

# Attenuation per mm beyond that of the soft tissue that a bone displaces.
CORTEX, SPONGIOSA = 0.032, 0.009

# Along the spine, at C3, T1, T6, T12, L3, L5 (rows of `level_names`).
_PLACES = (0.0, 5.0, 10.0, 16.0, 19.0, 21.0)
_PROCESS_MM = (9.0, 21.0, 19.0, 9.0, 21.0, 18.0)  # how far a transverse process stands out
_PROCESS_BACK_DEG = (10.0, 18.0, 38.0, 35.0, 8.0, 14.0)
_SPINOUS_MM = (18.0, 32.0, 36.0, 26.0, 32.0, 24.0)
_SPINOUS_FALL_DEG = (15.0, 28.0, 52.0, 20.0, 8.0, 12.0)
_PEDICLE_WIDTH_MM = (5.0, 7.0, 5.0, 7.5, 10.0, 15.0)
_PEDICLE_HEIGHT_MM = (6.5, 9.0, 11.0, 15.0, 14.5, 13.5)
_PEDICLE_PLACE = (0.82, 0.72, 0.68, 0.62, 0.62, 0.68)  # share of the half width


def add_column(film: Film, spine: Spine, person: Person, rng: np.random.Generator) -> None:
    """Add all vertebrae; `rng` varies density, grain and the arches, not the bodies' shape."""
    bones = Film(film.beam)
    for place, vertebra in enumerate(spine.vertebrae):
        density = person.bone * float(np.exp(0.08 * rng.standard_normal()))
        add_body(bones, vertebra, density, wall_mm=float(rng.uniform(0.5, 1.0)))
        _add_arch(bones, vertebra, float(place), density, spine.scale, rng)
    # Spongy bone is not smooth: its grain is about a millimetre wide. It takes as much chance as
    # the film has pixels, so it has a stream of its own: what comes after must not depend on that.
    noise = np.random.default_rng(int(rng.integers(2**63)))
    grain = blurred(
        noise.standard_normal(bones.attenuation.shape, dtype=np.float32), 0.7 / film.beam.pixel_mm
    )
    film.attenuation += bones.attenuation * (1 + 0.05 * grain / max(float(grain.std()), 1e-6))


def body_solid(vertebra: Vertebra) -> Quadric:
    """The vertebral body: an elliptic cylinder with a waist, cut by the planes of its endplates."""
    upper, lower, h = vertebra.superior, vertebra.inferior, vertebra.height
    rx, ry = vertebra.half_width, vertebra.half_depth
    top, bottom = (upper.half_width / rx) ** 2, (lower.half_width / rx) ** 2
    waist = (0.9 if vertebra.level[0] == "L" else 0.93) ** 2
    return Quadric(
        vertebra.centre,
        vertebra.frame,
        (rx, ry),
        (waist, (top - bottom) / h, 2 * (top + bottom - 2 * waist) / h**2),
        (1.15 * rx, 1.15 * ry, h / 2 + 0.2 * rx),
        ((upper.centre, upper.normal), (lower.centre, -lower.normal)),
    )


def add_body(film: Film, vertebra: Vertebra, bone: float, *, wall_mm: float = 0.8) -> None:
    """Add one vertebral body: thin walls, bright endplates, spongy inside."""
    film.add_shell(body_solid(vertebra), wall_mm, CORTEX * bone, SPONGIOSA * bone)
    # The ring apophysis: endplates are thickest along their edge.
    for plate, sign in ((vertebra.superior, -1), (vertebra.inferior, 1)):
        frame = np.stack([plate.across, plate.back, plate.normal])
        a, b = plate.half_width, plate.half_depth
        centre = plate.centre + sign * 0.5 * plate.normal
        disc = Quadric(
            centre,
            frame,
            (a, b),
            (1.0, 0.0, 0.0),
            (a, b, 1.0),
            (
                (centre + 0.5 * plate.normal, plate.normal),
                (centre - 0.5 * plate.normal, -plate.normal),
            ),
        )
        film.add_quadric(disc, 0.9 * CORTEX * bone)
        film.add_quadric(replace(disc, radii=(a - 3.0, b - 3.0)), -0.9 * CORTEX * bone)


def _add_arch(
    film: Film, v: Vertebra, place: float, bone: float, scale: float, rng: np.random.Generator
) -> None:
    def at_level(values: tuple[float, ...]) -> float:
        return float(np.interp(place, _PLACES, values) * np.exp(0.08 * rng.standard_normal()))

    a, b, h = v.half_width, v.half_depth, v.height
    across, back, up = v.frame
    wall, core = CORTEX * bone, SPONGIOSA * bone
    canal = b + 9.0 * scale  # middle of the arch, behind the body's centre
    pedicle = at_level(_PEDICLE_WIDTH_MM) * scale / 2
    tall = at_level(_PEDICLE_HEIGHT_MM) * scale / 2
    beside = at_level(_PEDICLE_PLACE) * a
    reach, sweep = at_level(_PROCESS_MM) * scale, np.radians(at_level(_PROCESS_BACK_DEG))
    for side in (-1.0, 1.0):
        root = v.at(side * beside, b, 0.18 * h)
        film.add_shell(_tube(root, v.frame, (pedicle, tall), 0.55 * b), 0.9, 0.9 * wall, core)
        lamina = v.at(side * 0.36 * a, canal + 5 * scale, -0.15 * h)
        film.add_shell(
            ellipsoid(lamina, v.frame, (0.36 * a, 3.2 * scale, 0.36 * h)), 0.7, 0.7 * wall, core
        )
        out = side * across * np.cos(sweep) + back * np.sin(sweep)
        out = out + up * 0.1 * rng.standard_normal()
        out /= np.linalg.norm(out)
        frame = _frame_along(out, up)
        middle = v.at(side * 0.8 * a, canal - 2 * scale, 0.12 * h) + 0.5 * reach * out
        film.add_shell(
            ellipsoid(middle, frame, (0.62 * reach, 3.6 * scale, 0.17 * h + 1.0)),
            0.8,
            0.8 * wall,
            core,
        )
        for rise, inward in ((0.5, 0.62), (-0.62, 0.48)):
            joint = v.at(side * inward * a, canal + 1 * scale, rise * h)
            film.add_shell(
                ellipsoid(joint, v.frame, (0.15 * a + 1.5, 4.0 * scale, 0.28 * h)),
                0.8,
                0.7 * wall,
                core,
            )
    fall = np.radians(at_level(_SPINOUS_FALL_DEG))
    length = at_level(_SPINOUS_MM) * scale
    out = back * np.cos(fall) - up * np.sin(fall)
    middle = v.at(0.6 * rng.standard_normal(), canal + 5 * scale, -0.2 * h) + 0.5 * length * out
    tall = (0.36 if v.level[0] == "L" else 0.22) * h
    film.add_shell(
        ellipsoid(middle, _frame_along(out, up), (0.55 * length, 2.6 * scale, tall)),
        0.8,
        0.9 * wall,
        core,
    )


def _tube(middle: Vector, frame: Vector, radii: tuple[float, float], length: float) -> Quadric:
    """An elliptic cylinder along the frame's second row (to the back), radii across and up."""
    across, back, up = frame
    ends = ((middle + length / 2 * back, back), (middle - length / 2 * back, -back))
    reach = (radii[0], radii[1], length / 2)
    return Quadric(middle, np.stack([up, across, back])[[1, 0, 2]], radii, (1, 0, 0), reach, ends)


def _frame_along(out: Vector, up: Vector) -> Vector:
    """Rows (3, 3): along `out`, across it, and as near to `up` as can be."""
    side = np.cross(up, out)
    side /= np.linalg.norm(side)
    return np.stack([out, side, np.cross(out, side)])
