"""A Report drawn on its film: what was measured, and where."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from spinescan.core.anatomy import FRONTAL_POINTS, LATERAL_POINTS, LEVELS, Landmarks
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import Curve, Report
from spinescan.io.cobb_lines import CobbLines
from spinescan.io.marks import (
    DARK,
    Box,
    Colour,
    Label,
    LineLayer,
    clear_edge,
    draw_name,
    font,
    points_along,
    push_apart,
    text_size,
    wrapped,
)
from spinescan.io.words import LEVELS_COUNTED, REGIONS, explain, product
from spinescan.measure.balance import central_sacral_line

Points = NDArray[np.float64]

MIN_HEIGHT, MAX_SIZE = 1000, 2400
"""A film is drawn at least this tall, and neither side of it longer than that (pixels)."""

CURVE_COLOURS: tuple[Colour, ...] = ((255, 176, 0), (86, 190, 255), (255, 122, 182), (190, 230, 90))
"""Largest curve first; also told apart by people who do not see red or green."""

_OUTLINE: Colour = (150, 235, 215)
_WHITE: Colour = (240, 242, 245)
_GREY: Colour = (165, 170, 178)
_WARN: Colour = (255, 205, 90)


class _Mark(NamedTuple):
    """A curve ready to draw."""

    curve: Curve
    colour: Colour
    lines: CobbLines
    label: Label


class _Name(NamedTuple):
    text: str
    size: int
    colour: Colour
    box: Box


_SHOWN = (
    ("TK_T4_T12", "TK_T5_T12", "TK_T2_T12", "TK_T1_T12"),
    ("LL_L1_S1", "LL_L1_L5"),
    ("SS",),
    ("PT",),
    ("PI",),
)
"""Angles of a lateral film that the banner tells: of each row the first that was measured."""


class _Placed(NamedTuple):
    label: Label
    box: Box
    points_to: Points | None = None


def film_scale(film: Radiograph) -> float:
    """Pixels of `film_picture` for one pixel width of the film."""
    rows, columns = film.size
    height = rows * film.pixel_aspect
    return min(max(1.0, MIN_HEIGHT / height), MAX_SIZE / height, MAX_SIZE / columns)


def film_picture(film: Radiograph) -> Image.Image:
    """The film as a grey picture with square pixels, contrast stretched, of a size to look at."""
    scale, (rows, columns) = film_scale(film), film.size
    sample = film.pixels[:: max(1, rows // 500), :: max(1, columns // 500)]
    low, high = (float(v) for v in np.percentile(sample, (0.2, 99.8)))
    if high - low < 0.02:
        low, high = 0.0, 1.0  # nothing to stretch: show it as it is
    grey = np.clip((film.pixels - np.float32(low)) * np.float32(255 / (high - low)), 0, 255)
    size = max(1, round(columns * scale)), max(1, round(rows * film.pixel_aspect * scale))
    return Image.fromarray(grey.astype(np.uint8)).resize(size, Image.Resampling.LANCZOS)


def draw_overlay(film: Radiograph, report: Report) -> Image.Image:
    """The film with outlines, end-vertebra lines, angles, apexes, CSL and level names, in RGB.

    Beside a narrow film there are dark margins for the labels; a banner above it tells what the
    reader must know, a line below it that this is for research use only. A lateral film gets
    outlines, level names and the endplates that kyphosis (first colour) and lordosis were judged
    between, and its angles in the banner; one that was not accepted gets outlines
    and level names alone, in grey.
    """
    picture, points = film_picture(film).convert("RGB"), report.landmarks
    if points is None or report.view == "other":
        return _framed(picture, report)
    frontal = report.view == "frontal"
    levels, corners = points.frontal_corners() if frontal else points.lateral_corners()
    if not levels:
        return _framed(picture, report)
    scale = film_scale(film)
    bodies = dict(zip(levels, corners * scale, strict=True))
    csl = central_sacral_line(points) if frontal and report.decision == "accepted" else None
    csl_x = None if csl is None else csl.x * scale
    csl_text = "CSL (from L5)" if csl is not None and csl.approximate else "CSL"
    others = _points_seen(points, scale)
    return _framed(_marked(picture, bodies, others, report, csl_x, csl_text), report)


def _points_seen(landmarks: Landmarks, scale: float) -> dict[str, Points]:
    """Sacrum, pelvis and neck, in pixels of the picture."""
    places = dict(zip(landmarks.names, landmarks.isotropic() * scale, strict=True))
    names = dict.fromkeys((*FRONTAL_POINTS, *LATERAL_POINTS))
    return {name: places[name] for name in names if name in places}


def _marked(
    picture: Image.Image,
    bodies: dict[str, Points],
    others: dict[str, Points],
    report: Report,
    csl_x: float | None,
    csl_text: str,
) -> Image.Image:
    """The film with its marks, between margins as wide as the labels need."""
    size = _font_size(picture.height)
    marks = [
        _mark(curve, CURVE_COLOURS[i % len(CURVE_COLOURS)], bodies, size)
        for i, curve in enumerate(report.curves)
        if curve.upper in bodies and curve.lower in bodies
    ]
    names = _names(bodies, marks, size)
    placed = [] if csl_x is None else [_csl_label(csl_text, csl_x, picture.height, size)]
    taken = [Box.around(b) for b in bodies.values()] + [n.box for n in names]
    placed += _curve_labels(marks, taken + [p.box for p in placed], picture.height, size)

    lines = [Box.around(line) for m in marks for line in m.lines.all_lines()]
    boxes = [p.box for p in placed] + [n.box for n in names] + lines
    # Capped: a point may lie anywhere.
    left, right = (
        min(max([0, *(int(reach) for reach in reaches)]), MAX_SIZE // 2)
        for reaches in (
            [size / 2 - b.left for b in boxes],
            [b.right + size / 2 - picture.width for b in boxes],
        )
    )
    wide = Image.new("RGB", (left + picture.width + right, picture.height), DARK)
    wide.paste(picture, (left, 0))

    layer = LineLayer(wide.size, left)
    width = size / 9
    if csl_x is not None:
        layer.dashes((csl_x, 0), (csl_x, picture.height), _WHITE, 0.7 * width)
    colour = _OUTLINE if report.decision == "accepted" else _GREY
    for body in bodies.values():
        layer.line(body[[0, 1, 3, 2, 0]], colour, 0.6 * width, alpha=230, halo=110)
    _draw_pelvis_and_neck(layer, others, colour, width)
    for plate, judged in _judged_plates(report, bodies, others):
        layer.line(plate, judged, width)
    for item in placed:
        if item.points_to is not None:
            layer.line(_leader(item), item.label.colour, 0.5 * width)
    for mark in marks:
        _draw_curve(layer, mark, bodies, width)
    wide = layer.onto(wide)
    for name in names:
        draw_name(wide, name.box.moved(left, 0), name.text, name.size, name.colour)
    for item in placed:
        item.label.draw(wide, item.box.left + left, item.box.top)
    return wide


def _draw_pelvis_and_neck(
    layer: LineLayer, points: dict[str, Points], colour: Colour, width: float
) -> None:
    """The sacral endplate and the line of the iliac crests; diamonds at what was placed."""
    for first, last, line_width in (
        ("S1_left", "S1_right", 0.9 * width),
        ("S1_anterior", "S1_posterior", 0.9 * width),
        ("iliac_crest_left", "iliac_crest_right", 0.4 * width),
    ):
        ends = [points.get(name) for name in (first, last)]
        if ends[0] is not None and ends[1] is not None:
            layer.line(np.array(ends), colour, line_width)
    for name, place in points.items():
        if not name.startswith("S1"):
            layer.diamond(place.tolist(), 2.2 * width, colour)


def _sagittal_words(report: Report) -> list[str]:
    """The angles of a lateral film in short: one of kyphosis and lordosis, the pelvis's, slips."""
    angles = {m.name: m for m in report.measurements if m.unit == "deg"}
    chosen = [next((n for n in names if n in angles), None) for names in _SHOWN]
    words = [
        f"{' '.join(name.split('_', 1)).replace('_', '-')} {angles[name].value:.0f}°"
        for name in chosen
        if name is not None
    ]
    slips = () if report.sagittal is None else report.sagittal.slips
    return words + [f"{s.upper} on {s.lower} slipped {abs(s.percent):.0f} %" for s in slips]


def _judged_plates(
    report: Report, bodies: dict[str, Points], others: dict[str, Points]
) -> list[tuple[Points, Colour]]:
    """The endplates (2, 2) that kyphosis and lordosis were judged between, made longer."""
    levels = {m.name: m.levels for m in report.measurements}
    plates = []
    for axis, colour in zip(
        () if report.sagittal is None else report.sagittal.axes, CURVE_COLOURS, strict=False
    ):
        upper, lower = (*levels.get(axis.measurement or "", ()), "", "")[:2]
        ends = [bodies[upper][:2]] if upper in bodies else []
        if lower in bodies:
            ends.append(bodies[lower][2:])
        elif lower == "S1" and {"S1_anterior", "S1_posterior"} <= others.keys():
            ends.append(np.array([others["S1_anterior"], others["S1_posterior"]]))
        plates += [(end.mean(axis=0) + 1.8 * (end - end.mean(axis=0)), colour) for end in ends]
    return plates


def _font_size(height: int) -> int:
    return max(13, min(34, round(height / 70)))


def _mark(curve: Curve, colour: Colour, bodies: dict[str, Points], size: int) -> _Mark:
    lines = CobbLines.construct(bodies[curve.upper][:2], bodies[curve.lower][2:], curve.convex_side)
    side = f"{curve.patient_side} " if curve.patient_side else ""
    text = [
        (f"{curve.upper}-{curve.lower}  {curve.cobb_deg:.1f}\N{DEGREE SIGN}", round(1.25 * size)),
        (f"{side}{REGIONS[curve.region]}", size),
        (f"apex {curve.apex}", size),
    ]
    if curve.interval_deg is not None:
        low, high = curve.interval_deg
        text.insert(1, (f"({low:.0f} to {high:.0f}\N{DEGREE SIGN})", size))
    return _Mark(curve, colour, lines, Label(tuple(text), colour))


def _draw_curve(layer: LineLayer, mark: _Mark, bodies: dict[str, Points], width: float) -> None:
    for line in mark.lines.perpendiculars:
        layer.line(line, mark.colour, 0.6 * width)
    for line in mark.lines.endplates:
        layer.line(line, mark.colour, width)
    if mark.lines.arc is not None:
        layer.line(mark.lines.arc, mark.colour, width)
    ends = [bodies[level] for level in mark.curve.apex.split("/") if level in bodies]
    if ends:  # a disc's middle lies between the two plates that face it
        facing = np.vstack([ends[0][2:], ends[1][:2]]) if len(ends) == 2 else ends[0]
        layer.diamond(facing.mean(axis=0), 3.2 * width, mark.colour)


def _names(bodies: dict[str, Points], marks: list[_Mark], size: int) -> list[_Name]:
    """Level names beside their vertebrae, on the side and at the height that no line crosses."""
    body_height = float(np.median([np.ptp(body[:, 1]) for body in bodies.values()]))
    small = max(11, min(size, round(0.7 * body_height)))
    special = {v: m.colour for m in marks[::-1] for v in (m.curve.upper, m.curve.lower)}
    few = (*special, "T1", "T12", "L5") if small > 1.2 * body_height else LEVELS
    lines = [points_along(line) for m in marks for line in m.lines.all_lines()]
    dots = np.vstack(lines) if lines else np.empty((0, 2))
    names = []
    for level, body in bodies.items():
        if level not in few:
            continue
        around, (width, height) = Box.around(body), text_size(level, small)
        lefts = [around.right + small / 2, around.left - small / 2 - width]
        middle = (around.top + around.bottom - height) / 2
        places = [
            Box(left, top, left + width, top + height)
            for left in lefts[:: _concave(level, marks)]
            for top in (middle, middle - 0.4 * height, middle + 0.4 * height)
        ]
        box = min(places, key=lambda place: place.count(dots))
        names.append(_Name(level, small, special.get(level, _WHITE), box))
    return names


def _concave(level: str, marks: list[_Mark]) -> int:
    """The side (-1 left, 1 right) that the nearest curve is hollow on; right without a curve."""
    place = LEVELS.index(level)

    def distance(curve: Curve) -> int:
        return max(LEVELS.index(curve.upper) - place, place - LEVELS.index(curve.lower), 0)

    nearest = min((m.curve for m in marks), key=distance, default=None)
    return -1 if nearest is not None and nearest.convex_side == "right" else 1


def _csl_label(text: str, x: float, height: int, size: int) -> _Placed:
    label = Label(((text, size),), _WHITE)
    w, h = label.size()
    top = height - h - size / 2
    return _Placed(label, Box(x - w / 2, top, x + w / 2, top + h))


def _curve_labels(marks: list[_Mark], taken: list[Box], height: int, size: int) -> list[_Placed]:
    """Labels outward of their angles on the convex side, clear of each other and of `taken`."""
    placed = []
    for side, name in ((-1, "left"), (1, "right")):
        here = [m for m in marks if m.curve.convex_side == name]
        sizes = [m.label.size() for m in here]
        wanted = [m.lines.anchor[1] - h / 2 for m, (_, h) in zip(here, sizes, strict=True)]
        gap = size / 2
        tops = push_apart(wanted, [h for _, h in sizes], gap, height - gap, gap)
        for mark, (w, h), top in zip(here, sizes, tops, strict=True):
            edge = clear_edge(taken, top, top + h, side)
            tip = float(mark.lines.anchor[0])
            start = tip if edge is None else side * max(side * edge, side * tip)
            near = start + side * 2 * size
            left, right = (near - w, near) if side < 0 else (near, near + w)
            placed.append(_Placed(mark.label, Box(left, top, right, top + h), mark.lines.anchor))
    return placed


def _leader(item: _Placed) -> Points:
    """From the angle to the nearest point of its label."""
    assert item.points_to is not None
    x, y = item.points_to
    box = item.box
    return np.array([(x, y), (min(max(x, box.left), box.right), min(max(y, box.top), box.bottom))])


def _framed(picture: Image.Image, report: Report) -> Image.Image:
    """The picture between a banner, if there is something to say, and the footer."""
    size = _font_size(picture.height)
    pad = size // 2
    banner: list[tuple[str, Colour]] = []
    if any(notice.code == "synthetic" for notice in report.warnings):
        banner.append(("Synthetic film with its truth.", _WARN))
    if report.view != "frontal":
        told = ", ".join(_sagittal_words(report)) or "No angle was measured."
        banner.append((f"View: {report.view}. {told}", _WHITE))
    if report.edited:
        banner.append(("Edited by hand.", _WARN))
    if report.decision == "abstained":
        why = " ".join(explain(report.reasons)) or "no reason given"
        banner.append((f"ABSTAINED: {why}", _WARN))
    elif report.view == "frontal" and not report.curves:
        banner.append(("No curve of 10 degrees or more.", _WHITE))
    footer = [(f"{product()} - research use only", _GREY)]
    points = report.landmarks
    measured = report.curves or (report.view == "lateral" and report.measurements)
    if measured and points is not None and not points.levels_certain:
        footer.insert(0, (LEVELS_COUNTED, _WARN))
    head, foot = (
        [(line, c) for text, c in part for line in wrapped(text, size, picture.width - 2 * pad)]
        for part in (banner, footer)
    )
    step = round(1.35 * size)
    above, below = ((len(part) * step + 2 * pad if part else 0) for part in (head, foot))
    whole = Image.new("RGB", (picture.width, above + picture.height + below), DARK)
    whole.paste(picture, (0, above))
    draw = ImageDraw.Draw(whole)
    for lines, top in ((head, 0), (foot, above + picture.height)):
        for i, (text, colour) in enumerate(lines):
            y = top + pad + (i + 0.5) * step
            draw.text((pad, y), text, font=font(size), fill=colour, anchor="lm")
    return whole
