"""Draw how a Cobb angle is made, on a phantom: `python docs/draw_cobb.py docs/images/cobb.jpg`.

End vertebrae, apex and angle are those that the measuring code finds on the true points.
"""

import sys
from pathlib import Path

import numpy as np
from draw_als_types import TITLE, film_of
from PIL import Image, ImageDraw

from spinescan.io.cobb_lines import CobbLines
from spinescan.io.marks import DARK, Box, Colour, LineLayer, draw_name, font, text_size
from spinescan.io.overlay import CURVE_COLOURS
from spinescan.measure.curves import find_curves
from spinescan.measure.frontal import FrontalSpine
from spinescan.phantom.film import Order, Phantom, draw_phantom

ORDER = Order(
    als="3CH", cobb_deg=48, extent="trunk", rows=2000, clinic=None, metal="none", least_margin=0.3
)
SEED = 7
WIDTH = 760

_ANGLE, _CHORD, _, _PLAIN = CURVE_COLOURS
_BODY: Colour = (150, 235, 215)
_WHITE: Colour = (240, 242, 245)
_SIZE = 21


def drawing(phantom: Phantom) -> Image.Image:
    """The largest curve: outlines, end vertebrae, the lines of both endplates and their angle."""
    points = phantom.landmarks
    curve = find_curves(points)[0]
    spine = FrontalSpine.from_landmarks(points)
    picture, scale = film_of(phantom)
    levels, corners = points.frontal_corners()
    bodies = dict(zip(levels, corners * scale, strict=True))
    lines = CobbLines.construct(bodies[curve.upper][:2], bodies[curve.lower][2:], curve.convex_side)
    if lines.arc is None:
        raise ValueError("the perpendiculars do not meet near the spine: another order")
    side = 1 if curve.convex_side == "right" else -1
    ends = np.array([spine.point_xy(v) * scale for v in (curve.upper, curve.lower)])
    apex = spine.point_xy(curve.apex) * scale

    margin = 300  # the angle may lie beside the film
    wide = Image.new("RGB", (picture.width + 2 * margin, picture.height), DARK)
    wide.paste(picture, (margin, 0))
    layer = LineLayer(wide.size, margin)
    for level, body in bodies.items():
        named = level in (curve.upper, curve.lower)
        layer.line(body[[0, 1, 3, 2, 0]], _ANGLE if named else _BODY, 3.4 if named else 1.8)
    layer.dashes(ends[0].tolist(), ends[1].tolist(), _CHORD, 2.0)
    foot = ends[0] + np.dot(apex - ends[0], ends[1] - ends[0]) * (ends[1] - ends[0]) / np.dot(
        ends[1] - ends[0], ends[1] - ends[0]
    )
    layer.line([foot, apex], _CHORD, 2.4)
    layer.diamond(apex.tolist(), 9, _CHORD)
    for line in lines.endplates:
        layer.line(line, _ANGLE, 3.4)
    for line in lines.perpendiculars:
        layer.line(line, _ANGLE, 2.0)
    layer.line(lines.arc, _ANGLE, 3.4)
    wide = layer.onto(wide)

    # Names stand in a column on the hollow side, the angle inside its arc.
    edge = -side * (max(float((-side * line[:, 0]).max()) for line in lines.endplates) + 18)
    before = 0.0 if side < 0 else 1.0
    boxes = []
    for x, y, before_x, text, colour in (
        (edge, ends[0][1], before, f"{curve.upper}: upper end vertebra", _ANGLE),
        (edge, apex[1], before, f"{curve.apex}: apex", _CHORD),
        (edge, ends[1][1], before, f"{curve.lower}: lower end vertebra", _ANGLE),
        (*_inside(lines), 0.5, f"{curve.cobb_deg:.0f}\N{DEGREE SIGN}", _WHITE),
    ):
        width, height = text_size(text, _SIZE)
        left = margin + x - before_x * width
        boxes.append(Box(left, y - height / 2, left + width, y + height / 2))
        draw_name(wide, boxes[-1], text, _SIZE, colour)
    corners_xy = [(e, b.top) for b in boxes for e in (b.left, b.right)]
    lines_xy = np.vstack([*bodies.values(), *lines.all_lines()]) + [margin, 0]
    return _cropped(wide, np.vstack([lines_xy, corners_xy]), ends)


def _inside(lines: CobbLines) -> tuple[float, float]:
    """Where the angle's number stands: beyond the middle of its arc."""
    assert lines.arc is not None
    x, y = lines.anchor + 1.6 * (lines.arc[len(lines.arc) // 2] - lines.anchor)
    return float(x), float(y)


def _cropped(picture: Image.Image, drawn: np.ndarray, ends: np.ndarray) -> Image.Image:
    """The curve with some vertebrae above and below, and a line that says synthetic."""
    length = float(np.ptp(ends[:, 1]))
    top, bottom = ends[:, 1].min() - 0.3 * length, ends[:, 1].max() + 0.3 * length
    here = drawn[(drawn[:, 1] > top) & (drawn[:, 1] < bottom)]
    left, right = here[:, 0].min() - 30, here[:, 0].max() + 30
    edges = (max(left, 0), max(top, 0), min(right, picture.width), min(bottom, picture.height))
    part = picture.crop(tuple(round(edge) for edge in edges))
    part = part.resize((WIDTH, round(part.height * WIDTH / part.width)), Image.Resampling.LANCZOS)
    framed = Image.new("RGB", (part.width, part.height + 34), DARK)
    framed.paste(part, (0, 0))
    ImageDraw.Draw(framed).text(
        (12, framed.height - 10), TITLE, fill=(168, 173, 182), font=font(15), anchor="ls"
    )
    return framed


def main(target: Path) -> None:
    """Write the drawing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    drawing(draw_phantom(ORDER, SEED)).save(target, quality=82, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
