"""A synthetic frontal spine film with exact truth, drawn from a seed.

Simple on purpose: enough of a trunk (bones, lungs, heart, bowel gas, marker, noise) for a landmark
network that was trained on real films to read it. Nothing is copied from a real film.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import FRONTAL_CORNERS, LEVELS, Landmarks
from spinescan.phantom.render import Canvas, Points, blurred, cloud, smooth
from spinescan.phantom.shape import ALL_LEVELS, Bend, Spine, build_spine

SAMPLE_BENDS = (Bend("T5", "T11", 42.0, "left"), Bend("T12", "L4", 28.0, "right"))
"""Right thoracic, left lumbar: the patient's right is on the picture's left, as its marker says."""

_WIDTH = 540.0  # of the film, for a height of 1280
_MIDDLE = _WIDTH / 2
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
        Corners of T1..L5, S1, C7 centre, iliac crests and femoral heads, in pixels, origin "derived".
    """
    rng = np.random.default_rng(seed)
    columns = round(rows * _WIDTH / 1280)
    spine = build_spine(bends)
    corners = spine.corners * _LENGTH + [_MIDDLE, _SACRUM_Y]
    canvas = Canvas(rows, columns)
    _draw_soft_tissue(canvas, rng)
    _draw_bowel(canvas, rng)
    _draw_skull(canvas)
    _draw_pelvis(canvas, corners[-1])
    _draw_ribs(canvas, corners)
    for level, box, twist in zip(ALL_LEVELS[:-1], corners, spine.twist, strict=False):
        _draw_vertebra(canvas, level, box, float(twist))
    pixels = _expose(canvas, rng)
    return pixels, _truth(corners, canvas.scale)


def _mirror(points: Sequence[Sequence[float]]) -> Points:
    """Right-hand outline -> closed outline: offsets (dx, y) from the middle, on both sides."""
    right = smooth(points)
    return np.vstack([right, (right * [-1, 1])[::-1]]) + [_MIDDLE, 0]


def _side(points: Sequence[Sequence[float]], side: int) -> list[list[float]]:
    return [[_MIDDLE + side * x, y] for x, y in points]


def _draw_soft_tissue(canvas: Canvas, rng: np.random.Generator) -> None:
    """Trunk, arms, lungs with vessels, heart and the great vessels, diaphragm."""
    trunk = _mirror(
        [(66, -20), (62, 150), (66, 215), (110, 250), (180, 275), (205, 330), (198, 480), (184, 640)]
        + [(178, 760), (190, 900), (214, 1050), (226, 1180), (226, 1310)]
    )
    canvas.fill(trunk, 0.21, blur=22.0)
    canvas.fill(trunk, 0.07, blur=1.5)
    for side in (-1, 1):
        arm = _side([(196, 282), (236, 300), (262, 420), (276, 700), (244, 700), (222, 430)], side)
        canvas.fill(smooth(arm, closed=True), 0.16, blur=5.0)
        humerus = smooth(_side([(214, 300), (232, 400), (254, 690)], side))
        canvas.stroke(humerus, 0.10, 17, blur=1.5)
        lung = [(28, 262), (62, 258), (105, 300), (140, 390), (161, 520), (166, 640), (158, 668)]
        dome = [(120, 636), (84, 622), (46, 640), (34, 560), (30, 420), (24, 320)]
        canvas.fill(smooth(_side(lung + dome, side), closed=True), -0.20, blur=3.0)
        for _ in range(26):
            _draw_vessel(canvas, rng, side)
    heart = [(-34, 452), (6, 420), (40, 452), (74, 520), (104, 590), (104, 640), (40, 660), (-40, 640)]
    canvas.fill(smooth(_side([*heart, (-50, 560)], 1), closed=True), 0.13, blur=4.0)
    arch = smooth(_side([(0, 380), (34, 380), (38, 410), (24, 440), (0, 440)], 1), closed=True)
    canvas.fill(arch, 0.06, blur=3.0)
    canvas.fill(_mirror([(30, 200), (32, 420), (44, 560), (50, 650)]), 0.08, blur=7.0)
    canvas.fill(_mirror([(8, 120), (9, 200), (8, 400), (5, 410)]), -0.07, blur=2.5)  # windpipe
    liver = [(-160, 700), (-120, 642), (-80, 628), (-20, 650), (0, 740), (-70, 800), (-150, 840)]
    canvas.fill(smooth(_side(liver, 1), closed=True), 0.05, blur=6.0)
    for side in (-1, 1):
        psoas = smooth(_side([(10, 740), (34, 800), (64, 960), (76, 1060), (10, 1060)], side))
        canvas.fill(psoas, 0.03, blur=5.0)


def _draw_vessel(canvas: Canvas, rng: np.random.Generator, side: int) -> None:
    x, y = 44 + 10 * rng.random(), 470 + 50 * rng.random()
    angle = rng.uniform(-1.2, 1.3)
    path, width = [(x, y)], 4.0
    for _ in range(6):
        angle += rng.normal(0, 0.18)
        x, y = x + 17 * np.cos(angle), y + 22 * np.sin(angle)
        if x > 150 or y > 630:
            break
        path.append((x, y))
    if len(path) > 2:
        line = smooth(_side(path, side))
        canvas.stroke(line, 0.035, width, blur=1.5)
        canvas.stroke(line[: len(line) // 2], 0.04, width * 1.4, blur=1.5)


def _draw_bowel(canvas: Canvas, rng: np.random.Generator) -> None:
    """Stomach bubble under the left dome and gas in the colon."""
    bubble = [(60, 668), (92, 648), (122, 664), (126, 700), (96, 722), (64, 704)]
    canvas.fill(smooth(_side(bubble, 1), closed=True), -0.13, blur=2.5)
    places = [(-140, 930), (-128, 985), (-150, 880), (142, 900), (138, 960), (30, 1110), (-20, 1130)]
    for x, y in places:
        for _ in range(6):
            cx, cy = x + rng.normal(0, 13), y + rng.normal(0, 20)
            turn = np.linspace(0, 2 * np.pi, 9)[:-1]
            radius = rng.uniform(4, 14) * rng.uniform(0.7, 1.2, 8)
            blob = np.column_stack([_MIDDLE + cx + radius * np.cos(turn), cy + radius * np.sin(turn)])
            canvas.fill(smooth(blob.tolist(), closed=True), -rng.uniform(0.03, 0.09), blur=2.0)


def _draw_skull(canvas: Canvas) -> None:
    jaw = _mirror([(92, -30), (88, 30), (78, 92), (40, 132), (0, 140)])
    canvas.fill(jaw, 0.16, blur=4.0)
    canvas.stroke(jaw, 0.14, 7, blur=1.5)
    for side in (-1, 1):
        canvas.stroke(smooth(_side([(88, 20), (74, 84), (34, 112), (0, 118)], side)), 0.07, 4)
    canvas.fill(_mirror([(58, -30), (56, 30), (30, 66), (0, 72)]), 0.10, blur=5.0)


def _draw_pelvis(canvas: Canvas, sacrum_box: Points) -> None:
    sacrum = smooth(_side([(40, 978), (56, 1000), (44, 1060), (16, 1116), (0, 1122)], 1))
    sacrum = np.vstack([sacrum_box[:2], sacrum, (sacrum - [2 * _MIDDLE, 0])[::-1] * [-1, 1]])
    canvas.fill(sacrum, 0.08, blur=2.0)
    canvas.stroke(sacrum_box[:2], 0.13, 3)
    for side in (-1, 1):
        for y in (1012, 1042, 1070):
            ring = [(14, y), (22, y - 6), (30, y), (22, y + 6)]
            canvas.stroke(smooth(_side([*ring, ring[0]], side)), 0.07, 2)
        wing = [(56, 1004), (84, 962), (128, 932), (164, 936), (182, 972), (170, 1030), (150, 1090)]
        wing += [(168, 1134), (150, 1168), (116, 1152), (98, 1110), (74, 1070)]
        outline = smooth(_side(wing, side), closed=True)
        canvas.fill(outline, 0.07, blur=2.0)
        canvas.stroke(np.vstack([outline, outline[:1]]), 0.08, 3)
        canvas.stroke(smooth(_side([(64, 1010), (74, 1040), (70, 1072)], side)), 0.08, 3)
        brim = [(70, 1072), (100, 1112), (112, 1160), (84, 1216), (20, 1230), (0, 1228)]
        canvas.stroke(smooth(_side(brim, side)), 0.10, 5, blur=1.2)
        ischium = [(20, 1230), (70, 1226), (112, 1196), (126, 1240), (96, 1300), (40, 1290)]
        canvas.stroke(smooth(_side(ischium, side), closed=True), 0.09, 8, blur=1.5)
        _draw_ball(canvas, _side([(146, 1162)], side)[0], 30)
        femur = [(168, 1178), (196, 1170), (206, 1200), (196, 1310), (160, 1310), (158, 1220)]
        canvas.fill(smooth(_side(femur, side), closed=True), 0.10, blur=1.5)


def _draw_ball(canvas: Canvas, centre: Sequence[float], radius: float) -> None:
    turn = np.linspace(0, 2 * np.pi, 40)
    ball = np.column_stack([np.cos(turn), np.sin(turn)]) * radius + centre
    canvas.fill(ball, 0.09, blur=1.5)
    canvas.stroke(ball, 0.06, 3)


def _draw_ribs(canvas: Canvas, corners: Points) -> None:
    """Twelve pairs from the upper corners of their vertebrae round the chest, and the clavicles."""
    first = ALL_LEVELS.index("T1")
    for i in range(12):
        box = corners[first + i]
        wall = np.interp(i, [0, 1, 3, 7, 9, 10, 11], [66, 96, 140, 166, 170, 130, 92])
        drop = np.interp(i, [0, 1, 3, 7, 9, 10, 11], [22, 36, 52, 80, 92, 92, 66])
        for side, start in ((-1, box[0]), (1, box[1])):
            edge = _MIDDLE + side * wall
            x0, y0 = start + [-side * 4, 4]
            reach = edge - x0
            back = smooth(
                [(x0, y0), (x0 + 0.25 * reach, y0 - 0.10 * drop), (x0 + 0.6 * reach, y0 + 0.12 * drop)]
                + [(x0 + 0.88 * reach, y0 + 0.52 * drop), (edge, y0 + drop)]
            )
            _draw_rib(canvas, back, 11.0 if i else 9.0, 1.0)
            if i < 10:
                front = [(edge, y0 + drop), (edge - side * 5, y0 + drop + 30)]
                front += [(edge - side * 38, y0 + drop + 60 + 2 * i)]
                front += [(edge - side * (60 + 2 * i), y0 + drop + 70 + 2 * i)]
                _draw_rib(canvas, smooth(front), 10.0, 0.55)
    for side in (-1, 1):
        clavicle = smooth(_side([(26, 322), (70, 306), (120, 286), (170, 268), (200, 274)], side))
        _draw_rib(canvas, clavicle, 12.0, 1.1)
        blade = smooth(_side([(126, 296), (120, 380), (128, 452), (150, 420), (176, 300)], side))
        canvas.stroke(blade, 0.05, 3, blur=1.5)


def _draw_rib(canvas: Canvas, line: Points, width: float, strength: float) -> None:
    """A flat tube: brighter at its two edges than between them."""
    along = np.gradient(line, axis=0)
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / np.hypot(*along.T)[:, None]
    canvas.stroke(line, 0.045 * strength, width, blur=1.5)
    for half in (-width / 2, width / 2):
        canvas.stroke(line + half * normal, 0.06 * strength, 2.0)


def _draw_vertebra(canvas: Canvas, level: str, box: Points, twist: float) -> None:
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
    canvas.fill(np.vstack([top, right, bottom, left]), 0.075, blur=1.2)
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
            joint = at((centre, 0.5), (centre + 0.1 * side, 0.8), (centre, 1.35), (centre - 0.2 * side, 0.9))
            canvas.fill(joint, 0.05, blur=2.0)
    mid = -0.5 * twist
    spinous = at((mid, 0.0), (mid + 0.12, 0.6), (mid + 0.1, 1.2), (mid - 0.1, 1.2), (mid - 0.12, 0.6))
    canvas.fill(spinous, 0.04, blur=1.5)
    canvas.stroke(smooth([*spinous.tolist(), spinous[0].tolist()]), 0.07, 2.0)


def _expose(canvas: Canvas, rng: np.random.Generator) -> NDArray[np.float32]:
    """Density to grey: texture, scatter, vignetting, a mild edge enhancement, gamma, grain, marker."""
    density = canvas.density()
    shape = density.shape
    tissue = np.clip(density / 0.3, 0, 1)
    density += tissue * (0.010 * cloud(rng, shape, 1.0) + 0.006 * cloud(rng, shape, 0.5))
    density = 0.85 * density + 0.15 * blurred(density, 40 * canvas.scale)
    density += 0.35 * (density - blurred(density, 12 * canvas.scale))
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]  # type: ignore[misc]
    grey = (0.05 + 1.30 * np.clip(density, 0, None)) * (1 - 0.10 * (x**2 + y**2) / 2)
    grey = np.clip(grey, 0, 1) ** 0.95
    grey += blurred(rng.normal(0, 0.016, shape).astype(np.float32), 0.6 * canvas.scale)
    marker = Canvas(*shape)
    turn = np.linspace(0, 2 * np.pi, 40)
    marker.stroke(np.column_stack([np.cos(turn), np.sin(turn)]) * 15 + [40, 210], 0.9, 2.5, blur=0.6)
    marker.stroke(smooth([(36, 211), (45, 209), (45, 202), (36, 201)]), 0.9, 2.5, blur=0.6)
    marker.stroke(np.array([(36.0, 201.0), (36.0, 220.0)]), 0.9, 2.5, blur=0.6)
    marker.stroke(np.array([(40.0, 211.0), (46.0, 220.0)]), 0.9, 2.5, blur=0.6)
    return np.clip(grey + marker.density(), 0, 1).astype(np.float32)


def _truth(corners: Points, scale: float) -> Landmarks:
    first, last = ALL_LEVELS.index("T1"), ALL_LEVELS.index("S1")
    names = [f"{level}_{corner}" for level in LEVELS for corner in FRONTAL_CORNERS]
    names += ["S1_left", "S1_right", "C7_centre"]
    points = [*corners[first:last].reshape(-1, 2), *corners[last, :2], corners[first - 1].mean(axis=0)]
    for name, x, y in (("iliac_crest", 142.0, 931.0), ("femoral_head", 146.0, 1162.0)):
        names += [f"{name}_left", f"{name}_right"]
        points += [np.array([_MIDDLE - x, y]), np.array([_MIDDLE + x, y])]
    return Landmarks.from_points(
        names, np.array(points) * scale, origin="derived", levels_certain=True
    )
