"""The bones of a synthetic film: skull, pelvis, ribs, vertebrae."""

from collections.abc import Sequence

import numpy as np

from spinescan.phantom.render import MIDDLE, Canvas, Points, mirrored, on_side, smooth
from spinescan.phantom.shape import ALL_LEVELS


def draw_skull(canvas: Canvas) -> None:
    """The lower jaw and what of the skull the film still shows."""
    jaw = mirrored([(92, -30), (88, 30), (78, 92), (40, 132), (0, 140)])
    canvas.fill(jaw, 0.16, blur=4.0)
    canvas.stroke(jaw, 0.14, 7, blur=1.5)
    for side in (-1, 1):
        canvas.stroke(smooth(on_side([(88, 20), (74, 84), (34, 112), (0, 118)], side)), 0.07, 4)
    canvas.fill(mirrored([(58, -30), (56, 30), (30, 66), (0, 72)]), 0.10, blur=5.0)


def draw_pelvis(canvas: Canvas, sacrum_box: Points) -> None:
    """Sacrum below its endplate (the box's upper corners), iliac wings, hips."""
    sacrum = smooth(on_side([(40, 978), (56, 1000), (44, 1060), (16, 1116), (0, 1122)], 1))
    sacrum = np.vstack([sacrum_box[:2], sacrum, (sacrum - [2 * MIDDLE, 0])[::-1] * [-1, 1]])
    canvas.fill(sacrum, 0.08, blur=2.0)
    canvas.stroke(sacrum_box[:2], 0.13, 3)
    for side in (-1, 1):
        for y in (1012, 1042, 1070):
            ring = [(14, y), (22, y - 6), (30, y), (22, y + 6)]
            canvas.stroke(smooth(on_side([*ring, ring[0]], side)), 0.07, 2)
        wing = [(56, 1004), (84, 962), (128, 932), (164, 936), (182, 972), (170, 1030), (150, 1090)]
        wing += [(176, 1130), (186, 1166), (160, 1200), (118, 1186), (102, 1120), (74, 1070)]
        outline = smooth(on_side(wing, side), closed=True)
        canvas.fill(outline, 0.07, blur=2.0)
        canvas.stroke(np.vstack([outline, outline[:1]]), 0.08, 3)
        canvas.stroke(smooth(on_side([(64, 1010), (74, 1040), (70, 1072)], side)), 0.08, 3)
        brim = [(70, 1072), (100, 1112), (112, 1160), (84, 1216), (20, 1230), (0, 1228)]
        canvas.stroke(smooth(on_side(brim, side)), 0.10, 5, blur=1.2)
        ischium = [(20, 1230), (70, 1226), (112, 1196), (126, 1240), (96, 1300), (40, 1290)]
        canvas.stroke(smooth(on_side(ischium, side), closed=True), 0.09, 8, blur=1.5)
        _draw_ball(canvas, on_side([(146, 1162)], side)[0], 30)
        femur = [(168, 1146), (186, 1156), (204, 1150), (212, 1184), (200, 1240), (196, 1320)]
        femur += [(164, 1320), (168, 1240), (160, 1190)]
        canvas.fill(smooth(on_side(femur, side), closed=True), 0.07, blur=2.5)


def _draw_ball(canvas: Canvas, centre: Sequence[float], radius: float) -> None:
    turn = np.linspace(0, 2 * np.pi, 40)
    ball = np.column_stack([np.cos(turn), np.sin(turn)]) * radius + centre
    canvas.fill(ball, 0.07, blur=1.5)
    canvas.stroke(ball, 0.06, 3)


def draw_ribs(canvas: Canvas, corners: Points) -> None:
    """Twelve pairs from the upper corners of their vertebrae round the chest, and the clavicles."""
    first = ALL_LEVELS.index("T1")
    for i in range(12):
        box = corners[first + i]
        wall = np.interp(i, [0, 1, 3, 7, 9, 10, 11], [66, 96, 140, 166, 170, 130, 92])
        drop = np.interp(i, [0, 1, 3, 7, 9, 10, 11], [26, 42, 62, 100, 112, 104, 76])
        for side, start in ((-1, box[0]), (1, box[1])):
            edge = MIDDLE + side * wall
            x0, y0 = start[0] - side * 4, start[1] + 4
            reach = edge - x0
            back = smooth(
                [
                    (x0, y0),
                    (x0 + 0.25 * reach, y0 - 0.06 * drop),
                    (x0 + 0.6 * reach, y0 + 0.14 * drop),
                    (x0 + 0.88 * reach, y0 + 0.50 * drop),
                    (edge, y0 + drop),
                ]
            )
            _draw_rib(canvas, back, 11.0 if i else 9.0, 1.0)
            if i < 10:
                turn = y0 + drop
                front = [(edge, turn), (edge - side * 6, turn + 24), (edge - side * 30, turn + 50)]
                front += [(edge - side * (66 - 2 * i), turn + 66)]
                _draw_rib(canvas, smooth(front), 10.0, 0.45)
    for side in (-1, 1):
        clavicle = smooth(on_side([(26, 322), (70, 306), (120, 286), (170, 268), (200, 274)], side))
        _draw_rib(canvas, clavicle, 12.0, 1.1)
        blade = smooth(on_side([(126, 296), (120, 380), (128, 452), (150, 420), (176, 300)], side))
        canvas.stroke(blade, 0.05, 3, blur=1.5)


def _draw_rib(canvas: Canvas, line: Points, width: float, strength: float) -> None:
    """A flat tube: brighter at its two edges than between them."""
    along = np.gradient(line, axis=0)
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / np.hypot(*along.T)[:, None]
    canvas.stroke(line, 0.045 * strength, width, blur=1.5)
    for half in (-width / 2, width / 2):
        canvas.stroke(line + half * normal, 0.06 * strength, 2.0)


def draw_vertebra(canvas: Canvas, level: str, box: Points, twist: float) -> None:
    """A waisted body with bright endplates, pedicle rings, spinous and transverse processes."""

    def at(*uv: tuple[float, float]) -> Points:
        """Points from body coordinates: u to the right, v down, the corners at -1 and 1."""
        u, v = np.array(uv, dtype=np.float64).T[:, :, None]
        weights = (1 - u) * (1 - v), (1 + u) * (1 - v), (1 - u) * (1 + v), (1 + u) * (1 + v)
        return sum((w * c for w, c in zip(weights, box, strict=True)), np.zeros(2)) / 4

    lumbar, cervical = level[0] == "L", level[0] == "C"
    waist = 0.86 if lumbar else 0.90
    top, bottom = at((-1, -1), (0, -0.93), (1, -1)), at((1, 1), (0, 0.93), (-1, 1))
    right = smooth(at((1, -1), (0.97, -0.8), (waist, 0), (0.97, 0.8), (1, 1)).tolist())
    left = smooth(at((-1, 1), (-0.97, 0.8), (-waist, 0), (-0.97, -0.8), (-1, -1)).tolist())
    canvas.fill(np.vstack([top, right, bottom, left]), 0.06, blur=1.2)
    for plate in (top, bottom):
        canvas.stroke(smooth(plate.tolist()), 0.12, 2.4)
        # The plate's far rim, seen a little off its near one.
        canvas.stroke(smooth((plate + at((0, 0))[0] * 0.10 - plate * 0.10).tolist()), 0.045, 2.0)
    for wall in (left, right):
        canvas.stroke(wall, 0.09, 2.2)
    for side in (-1, 1):
        reach = (1.65, 1.95, 1.95, 1.6) if lumbar else (1.2, 1.5, 1.45, 1.2)
        lift = (-0.25, -0.32, -0.02, 0.15) if lumbar else (-0.9, -1.0, -0.4, -0.1)
        tips = list(zip([side * r for r in reach], lift, strict=True))
        process = at((side * 0.8, -0.4), *tips, (side * 0.8, 0.3))
        canvas.fill(process, 0.055, blur=1.5)
        if not cervical:
            spread = 0.62 if lumbar else 0.58
            centre, ring = spread * side + 0.4 * twist, np.linspace(0, 2 * np.pi, 17)
            pedicle = at(*[(centre + 0.17 * np.cos(a), -0.2 + 0.42 * np.sin(a)) for a in ring])
            canvas.stroke(pedicle, 0.10, 2.2)
            joint = at(
                (centre, 0.5),
                (centre + 0.1 * side, 0.8),
                (centre, 1.35),
                (centre - 0.2 * side, 0.9),
            )
            canvas.fill(joint, 0.05, blur=2.0)
    mid = -0.5 * twist
    spinous = at(
        (mid, 0.0), (mid + 0.12, 0.6), (mid + 0.1, 1.2), (mid - 0.1, 1.2), (mid - 0.12, 0.6)
    )
    canvas.fill(spinous, 0.04, blur=1.5)
    canvas.stroke(smooth([*spinous.tolist(), spinous[0].tolist()]), 0.07, 2.0)
