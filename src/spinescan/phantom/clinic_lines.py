"""Cobb lines as a reader draws them on a film, with wax pencil or with a workstation's tool.

Moves no point. Points are (x, y) in pixels, (0, 0) the film's top-left corner.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from spinescan.phantom.clinic_tone import Pixels, blur, clipped, clouds

Hand = Literal["pencil", "digital"]
Segment = NDArray[np.float64]
"""(2, 2): the two ends of an endplate."""
_Stroke = tuple[Segment, bool]  # ends, dashed


def cobb_lines(
    pixels: Pixels,
    rng: np.random.Generator,
    upper: Segment,
    lower: Segment,
    *,
    hand: Hand = "pencil",
    ink: float = 1.0,
    words: bool = True,
) -> Pixels:
    """Draw the measuring of one curve.

    Both endplates prolonged to the side where they converge, there either perpendiculars that
    cross, with an arc between them, or a dashed line that joins the ends; and the angle's value.
    A hand is a little off, by about 2 % of the endplate's width, and the value is what it drew.

    Parameters
    ----------
    upper, lower
        (2, 2): ends of the upper and the lower end vertebra's endplate, in either order.
    hand
        "pencil": thick, waxy, uneven; "digital": thin and sharp, with a rim in the other shade.
    ink
        Grey of the line, 0 black to 1 white; coloured pencils lie between.
    words
        Write the angle beside the crossing.
    """
    upper, lower = (_drawn(segment, rng) for segment in (upper, lower))
    angle = _angle_deg(upper, lower)
    side = _converging_side(upper, lower)
    width = float(np.linalg.norm(upper[1] - upper[0]))
    reach = width * rng.uniform(1.2, 3.0)
    lines = [_prolonged(segment, side, reach) for segment in (upper, lower)]
    strokes: list[_Stroke] = [(line, False) for line in lines]
    near = 0.5 * (lines[0][1] + lines[1][1])
    crossing = _crossing(lines[0], lines[1])
    arc: Segment | None = None
    if crossing is not None and rng.random() < 0.7:
        feet = [line[1] - side * rng.uniform(0.1, 0.3) * width * _unit(line) for line in lines]
        crossing = _perpendiculars_cross(feet, lines)
    else:
        crossing = None
        strokes.append((np.array([lines[0][1], lines[1][1]]), True))
    if crossing is not None:
        for foot in feet:
            beyond = crossing + (crossing - foot) * 0.3
            strokes.append((np.array([foot, beyond]), hand == "digital" and rng.random() < 0.5))
        near = crossing
        arc = _arc(crossing, feet, 0.2)
    return _draw(pixels, rng, strokes, arc, near, f"{angle:.0f}°" if words else "", hand, ink)
