"""The soft parts of a synthetic film: silhouette, lungs, heart, bowel gas."""

import numpy as np

from spinescan.phantom.render import MIDDLE, Canvas, Points, mirrored, on_side, smooth


def draw_trunk(canvas: Canvas, rng: np.random.Generator) -> None:
    """Trunk, arms, lungs with vessels, heart and the great vessels, diaphragm."""
    trunk = mirrored(
        [
            (66, -20),
            (62, 150),
            (66, 215),
            (110, 250),
            (180, 275),
            (205, 330),
            (198, 480),
            (186, 640),
            (172, 780),
            (186, 900),
            (214, 1050),
            (226, 1180),
            (226, 1310),
        ]
    )
    canvas.fill(trunk, 0.21, blur=22.0)
    canvas.fill(trunk, 0.07, blur=1.5)
    for side in (-1, 1):
        arm = on_side(
            [(196, 282), (238, 300), (266, 420), (330, 800), (290, 800), (226, 430)], side
        )
        canvas.fill(smooth(arm, closed=True), 0.16, blur=5.0)
        humerus = smooth(on_side([(216, 300), (236, 420), (300, 760)], side))
        canvas.stroke(humerus, 0.07, 15, blur=1.5)
        lung = [(28, 262), (62, 258), (105, 300), (140, 390), (161, 520), (166, 640), (158, 668)]
        dome = [(120, 636), (84, 622), (46, 640), (34, 560), (30, 420), (24, 320)]
        canvas.fill(smooth(on_side(lung + dome, side), closed=True), -0.15, blur=3.0)
        for _ in range(34):
            _draw_vessel(canvas, rng, side)
    heart = [
        (-34, 452),
        (6, 420),
        (40, 452),
        (74, 520),
        (104, 590),
        (104, 640),
        (40, 660),
        (-40, 640),
    ]
    canvas.fill(smooth(on_side([*heart, (-50, 560)], 1), closed=True), 0.09, blur=4.0)
    arch = smooth(on_side([(0, 380), (34, 380), (38, 410), (24, 440), (0, 440)], 1), closed=True)
    canvas.fill(arch, 0.06, blur=3.0)
    canvas.fill(mirrored([(30, 200), (32, 420), (44, 560), (50, 650)]), 0.08, blur=7.0)
    canvas.fill(mirrored([(8, 120), (9, 200), (8, 400), (5, 410)]), -0.07, blur=2.5)  # windpipe
    liver = [(-160, 700), (-120, 642), (-80, 628), (-20, 650), (0, 740), (-70, 800), (-150, 840)]
    canvas.fill(smooth(on_side(liver, 1), closed=True), 0.05, blur=6.0)
    for side in (-1, 1):
        psoas = smooth(on_side([(10, 740), (34, 800), (64, 960), (76, 1060), (10, 1060)], side))
        canvas.fill(psoas, 0.03, blur=5.0)


def draw_column(canvas: Canvas, corners: Points) -> None:
    """Muscle, ligament and mediastinum that go with the spine and lift it out of the lungs."""
    middle, half = corners.mean(axis=1), (corners[:, 1] - corners[:, 0])[:, :1] / 2
    for spread, value, blur in ((1.15, 0.07, 2.5), (1.9, 0.05, 9.0)):
        reach = np.hstack([spread * half, np.zeros_like(half)])
        canvas.fill(np.vstack([middle - reach, (middle + reach)[::-1]]), value, blur)


def _draw_vessel(canvas: Canvas, rng: np.random.Generator, side: int) -> None:
    x, y = 40 + 24 * rng.random(), 440 + 110 * rng.random()
    angle = rng.uniform(-1.2, 1.3)
    path, width = [(x, y)], 4.0
    for _ in range(6):
        angle += rng.normal(0, 0.18)
        x, y = x + 17 * np.cos(angle), y + 22 * np.sin(angle)
        if x > 150 or y > 630:
            break
        path.append((x, y))
    if len(path) > 2:
        line = smooth(on_side(path, side))
        canvas.stroke(line, 0.022, width, blur=1.5)
        canvas.stroke(line[: len(line) // 2], 0.022, width * 1.4, blur=1.5)


def draw_bowel(canvas: Canvas, rng: np.random.Generator) -> None:
    """Stomach bubble under the left dome and gas in the colon."""
    bubble = [(60, 668), (92, 648), (122, 664), (126, 700), (96, 722), (64, 704)]
    canvas.fill(smooth(on_side(bubble, 1), closed=True), -0.13, blur=2.5)
    places = [
        (-140, 930),
        (-128, 985),
        (-150, 880),
        (142, 900),
        (138, 960),
        (30, 1110),
        (-20, 1130),
    ]
    for x, y in places:
        for _ in range(6):
            cx, cy = x + rng.normal(0, 13), y + rng.normal(0, 20)
            turn = np.linspace(0, 2 * np.pi, 9)[:-1]
            radius = rng.uniform(4, 14) * rng.uniform(0.7, 1.2, 8)
            blob = np.column_stack(
                [MIDDLE + cx + radius * np.cos(turn), cy + radius * np.sin(turn)]
            )
            canvas.fill(smooth(blob.tolist(), closed=True), -rng.uniform(0.03, 0.09), blur=2.0)
