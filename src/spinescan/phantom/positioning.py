"""How a person stands before the film, and how much of them it covers."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spinescan.phantom.beam import Beam, Facing
from spinescan.phantom.shape import Spine
from spinescan.phantom.truth import View

Extent = Literal["spine", "trunk", "whole", "lumbar", "thoracolumbar"]

EXTENTS: dict[str, dict[str, float]] = {
    "frontal": {"spine": 0.35, "trunk": 0.3, "whole": 0.35},
    "lateral": {"lumbar": 0.25, "thoracolumbar": 0.1, "trunk": 0.3, "whole": 0.35},
}
"""What a view may cover, with its chance if the order leaves it open."""


_WIDTHS = {"spine": 190, "trunk": 270, "whole": 330, "lumbar": 200, "thoracolumbar": 220}
"""Width of each field of view at the spine, in an adult's mm."""


def drawn_extent(view: View, rng: np.random.Generator) -> Extent:
    """A field of view by the odds of `EXTENTS`."""
    odds = EXTENTS[view]
    return str(rng.choice(list(odds), p=list(odds.values())))  # type: ignore[return-value]


def aim(spine: Spine, view: View, extent: Extent, rows: int, rng: np.random.Generator) -> Beam:
    """Tube and film: the field of view in mm at the spine, then a film of its size in pixels."""
    frontal = view == "frontal"
    top, bottom = _reach(spine, extent, rng)
    places = np.array([v.centre for v in spine.vertebrae if v.level[0] in "TL"])
    side = 0 if frontal else 1
    low, high = places[:, side].min(), places[:, side].max()
    width = _WIDTHS[extent] * spine.scale
    wide = max(high - low + 90 * spine.scale, width * rng.uniform(0.9, 1.2))
    middle = (low + high) / 2 + rng.normal(0, 8) * spine.scale
    if extent in ("lumbar", "thoracolumbar"):  # often shut down to the spine
        shown = np.append(places[places[:, 2] < top][:, side], spine.pelvis.s1.centre[side])
        low, high = shown.min(), shown.max()
        wide = (high - low) + spine.scale * rng.uniform(80, 190)
        middle = (low + high) / 2 + spine.scale * rng.normal(0, 10)
    elif not frontal:
        middle -= 20 * spine.scale  # the belly lies in front of the spine
    source, film_mm = rng.uniform(1500, 3000), rng.uniform(120, 280)
    enlarged = (source + film_mm) / source
    pixel_mm = (top - bottom) * enlarged / rows
    columns = round(wide * enlarged / pixel_mm)
    centre = np.array([middle, 0.0, (top + bottom) / 2])
    if not frontal:
        centre = np.array([0.0, middle, (top + bottom) / 2])
        facing: Facing = "right" if rng.random() < 0.5 else "left"
        return Beam.lateral(
            centre,
            (rows, columns),
            pixel_mm,
            source_mm=source,
            film_mm=film_mm,
            facing=facing,
        )
    return Beam.frontal(
        centre,
        (rows, columns),
        pixel_mm,
        source_mm=source,
        film_mm=film_mm,
        anteroposterior=bool(rng.random() < 0.3),
    )


def _reach(spine: Spine, extent: Extent, rng: np.random.Generator) -> tuple[float, float]:
    """Upper and lower edge (z in mm) of a field of view."""
    s = spine.scale
    last = spine.vertebrae[-1].inferior.centre[2]
    heads = spine.pelvis.heads[:, 2].min()
    if extent == "spine":
        return spine["T1"].superior.centre[2] + s * rng.uniform(5, 65), last - s * rng.uniform(
            5, 80
        )
    if extent == "trunk":
        return spine["C5"].centre[2] + s * rng.uniform(-20, 40), heads + s * rng.uniform(-20, 90)
    if extent in ("lumbar", "thoracolumbar"):
        above, most = ("T11", 70) if extent == "lumbar" else ("T6", 90)
        top = spine[above].centre[2] + s * rng.uniform(-15, most)
        # Many end within the sacrum: hips are not what they are taken for.
        s1 = spine.pelvis.s1.centre[2]
        ends = s1 - s * rng.uniform(15, 75), heads - s * rng.uniform(0, 110)
        return top, ends[int(rng.random() < 0.45)]
    top = spine["C3"].centre[2] + 120 * s
    return top + s * rng.uniform(-60, 40), heads - s * rng.uniform(30, 110)


def turned(rng: np.random.Generator) -> NDArray[np.float64]:
    """A small turn of the whole person: about the long axis most, as one stands before a film."""
    a, b, c = np.radians(rng.normal(0, [1.0, 1.0, 2.5]))
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(x @ y @ z, dtype=np.float64)
