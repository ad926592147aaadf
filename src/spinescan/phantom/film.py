"""A synthetic frontal spine film with exact truth, drawn from a seed.

Simple on purpose: enough of a trunk (bones, lungs, heart, bowel gas, marker, noise) for a landmark
network that was trained on real films to read it. Nothing is copied from a real film.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import FRONTAL_CORNERS, LEVELS, Landmarks
from spinescan.phantom.bones import draw_pelvis, draw_ribs, draw_skull, draw_vertebra
from spinescan.phantom.render import HEIGHT, MIDDLE, WIDTH, Canvas, Points, blurred, cloud, smooth
from spinescan.phantom.shape import ALL_LEVELS, Bend, build_spine
from spinescan.phantom.trunk import draw_bowel, draw_column, draw_trunk

SAMPLE_BENDS = (Bend("T5", "T11", 42.0, "left"), Bend("T12", "L4", 28.0, "right"))
"""Right thoracic, left lumbar: the patient's right is on the picture's left, as its marker says."""

_SACRUM_Y = 975.0
_LENGTH = 665.0  # T1 to L5


def sample_film() -> tuple[NDArray[np.float32], Landmarks]:
    """The film that demos and tests scan: an S-shaped curve of 42 and 28 degrees."""
    return spine_film(SAMPLE_BENDS, seed=1)


def spine_film(
    bends: Sequence[Bend] = SAMPLE_BENDS, *, rows: int = 1280, seed: int = 0
) -> tuple[NDArray[np.float32], Landmarks]:
    """Draw one film.

    Returns
    -------
    pixels
        float32 (rows, about 0.42 rows) in [0, 1], bright is dense.
    truth
        Corners of T1..L5, ends of S1, centre of C7, iliac crests and femoral heads; origin
        "derived".
    """
    rng = np.random.default_rng(seed)
    columns = round(rows * WIDTH / HEIGHT)
    spine = build_spine(bends)
    corners = spine.corners * _LENGTH + [MIDDLE, _SACRUM_Y]
    canvas = Canvas(rows, columns)
    draw_trunk(canvas, rng)
    draw_column(canvas, corners)
    draw_bowel(canvas, rng)
    draw_skull(canvas)
    draw_pelvis(canvas, corners[-1])
    draw_ribs(canvas, corners)
    for level, box, twist in zip(ALL_LEVELS[:-1], corners, spine.twist, strict=False):
        draw_vertebra(canvas, level, box, float(twist))
    pixels = _expose(canvas, rng)
    return pixels, _truth(corners, canvas.scale)


def _expose(canvas: Canvas, rng: np.random.Generator) -> NDArray[np.float32]:
    """Density to grey: texture, scatter, edges enhanced, film curve, vignetting, grain, marker."""
    density = canvas.density()
    shape = density.shape
    tissue = np.clip(density / 0.3, 0, 1)
    density += tissue * (0.010 * cloud(rng, shape, 1.0) + 0.006 * cloud(rng, shape, 0.5))
    density = 0.85 * density + 0.15 * blurred(density, 40 * canvas.scale)
    density += 0.35 * (density - blurred(density, 12 * canvas.scale))
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    grey = 0.04 + 0.96 * (1 - np.exp(-2.5 * np.clip(density, 0, None) ** 1.1))
    grey *= 1 - 0.05 * (x**2 + y**2)
    grey += blurred(rng.normal(0, 0.016, shape).astype(np.float32), 0.6 * canvas.scale)
    marker = Canvas(*shape)
    turn = np.linspace(0, 2 * np.pi, 40)
    marker.stroke(
        np.column_stack([np.cos(turn), np.sin(turn)]) * 15 + [40, 210], 0.9, 2.5, blur=0.6
    )
    marker.stroke(smooth([(36, 211), (45, 209), (45, 202), (36, 201)]), 0.9, 2.5, blur=0.6)
    marker.stroke(np.array([(36.0, 201.0), (36.0, 220.0)]), 0.9, 2.5, blur=0.6)
    marker.stroke(np.array([(40.0, 211.0), (46.0, 220.0)]), 0.9, 2.5, blur=0.6)
    exposed: NDArray[np.float32] = np.clip(grey + marker.density(), 0, 1).astype(np.float32)
    return exposed


def _truth(corners: Points, scale: float) -> Landmarks:
    first, last = ALL_LEVELS.index("T1"), ALL_LEVELS.index("S1")
    names = [f"{level}_{corner}" for level in LEVELS for corner in FRONTAL_CORNERS]
    names += ["S1_left", "S1_right", "C7_centre"]
    points = [
        *corners[first:last].reshape(-1, 2),
        *corners[last, :2],
        corners[first - 1].mean(axis=0),
    ]
    for name, x, y in (("iliac_crest", 142.0, 931.0), ("femoral_head", 146.0, 1162.0)):
        names += [f"{name}_left", f"{name}_right"]
        points += [np.array([MIDDLE - x, y]), np.array([MIDDLE + x, y])]
    return Landmarks.from_points(
        names, np.array(points) * scale, origin="derived", levels_certain=True
    )
