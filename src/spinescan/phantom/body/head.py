"""The head's soft parts: brain, face and throat around the skull. Lengths in mm, of an adult."""

import numpy as np

from spinescan.phantom.body.skull import OVER_C3
from spinescan.phantom.body.spans import around_solid, left_of
from spinescan.phantom.body.torso import ROUNDNESS, WATER, build_body
from spinescan.phantom.person import Person
from spinescan.phantom.render import Film, Quadric, ellipsoid
from spinescan.phantom.shape import Spine

# Centre from the joint of skull and spine, and half axes: brain case, middle face, jaw, floor of
# the mouth.
_PARTS = (
    ((0.0, -4.0, 74.0), (77.0, 97.0, 74.0)),
    ((0.0, -42.0, 4.0), (66.0, 60.0, 66.0)),
    ((0.0, -56.0, -54.0), (56.0, 48.0, 44.0)),
    ((0.0, -4.0, -30.0), (54.0, 56.0, 74.0)),
)
# Sinuses of the upper jaw, nose, back of the throat.
_AIR = (
    ((-27.0, -66.0, -8.0), (13.0, 15.0, 16.0)),
    ((27.0, -66.0, -8.0), (13.0, 15.0, 16.0)),
    ((0.0, -66.0, -2.0), (9.0, 26.0, 22.0)),
    ((0.0, -24.0, -34.0), (13.0, 8.0, 36.0)),
)


def add_head(film: Film, spine: Spine, person: Person) -> None:
    """Add the head above a trunk that is on the film already."""
    body = build_body(spine, person)
    done: list[Quadric] = []
    for centre, radii in _PARTS:
        solid = _placed(spine, person, centre, radii)
        window = around_solid(film, solid)
        if window is not None:
            covered = [window.stack(body.skin, ROUNDNESS), *(window.quadric(d) for d in done)]
            window.add(left_of(window.quadric(solid), covered), 0.98 * WATER)
        done.append(solid)
    for centre, radii in _AIR:
        solid = _placed(spine, person, centre, radii)
        window = around_solid(film, solid)
        if window is not None:
            window.take(window.quadric(solid).length, WATER)


def _placed(
    spine: Spine,
    person: Person,
    centre: tuple[float, float, float],
    radii: tuple[float, float, float],
) -> Quadric:
    size = spine.scale**0.4 * (0.97 if person.sex == "female" else 1.02)
    neck = spine["C3"]
    joint = neck.superior.centre + OVER_C3 * spine.scale * neck.frame[2]
    return ellipsoid(joint + np.array(centre) * size, np.eye(3), [r * size for r in radii])
