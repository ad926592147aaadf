from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.anatomy import FRONTAL_NAMES, LATERAL_NAMES, LEVELS, Landmarks
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import Measurement, Notice, Report
from spinescan.io import overlay
from spinescan.io.cobb_lines import CobbLines
from spinescan.io.marks import Box, Label, clear_edge, push_apart, text_size, wrapped
from spinescan.io.overlay import CURVE_COLOURS, draw_overlay, film_picture, film_scale
from spinescan.io.words import explain
from spinescan.measure.curves import find_curves
from spinescan.phantom.film import SAMPLE, sample_film
from spinescan.phantom.shape import Bend
from tests.phantom.films import film_of


def film_and_report(pixels, landmarks, **changes):
    film = Radiograph(pixels, "0" * 64, pixel_aspect=landmarks.pixel_aspect)
    answers = {
        "sha256": film.sha256,
        "size": film.size,
        "pixel_aspect": landmarks.pixel_aspect,
        "spacing_mm": None,
        "spacing_origin": "unknown",
        "view": "frontal",
        "decision": "accepted",
        "reasons": (),
        "landmarks": landmarks,
        "curves": find_curves(landmarks),
    }
    return film, Report(**{**answers, **changes})


@pytest.fixture(scope="module")
def sample():
    film = sample_film()
    return film.pixels, film.landmarks


def near(picture, colour, *, tolerance=60):
    """Where a picture comes near a colour: boolean (rows, columns)."""
    return (np.abs(np.asarray(picture).astype(int) - colour).sum(axis=2)) < tolerance


def margin_of(picture, film):
    """Width of the left margin: where the unmarked film lies in the marked picture."""
    plain = np.asarray(film_picture(film).convert("RGB")).astype(int)[:20]
    wide = np.asarray(picture).astype(int)[:20]
    shifts = range(wide.shape[1] - plain.shape[1] + 1)
    return min(shifts, key=lambda s: np.abs(wide[:, s : s + plain.shape[1]] - plain).sum())


def texts(monkeypatch, film, report):
    """Draw, and catch every box of text as it is drawn: (picture, labels, names)."""
    labels, names = [], []
    draw, name = Label.draw, overlay.draw_name

    def watched_label(self, picture, left, top):
        width, height = self.size()
        labels.append((self.lines[0][0], Box(left, top, left + width, top + height)))
        draw(self, picture, left, top)

    def watched_name(picture, box, text, *rest):
        names.append((text, box))
        name(picture, box, text, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(Label, "draw", watched_label)
        patch.setattr(overlay, "draw_name", watched_name)
        return draw_overlay(film, report), labels, names


def overlapping(a, b):
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom


@pytest.mark.parametrize("grey", [None, 0.0, 1.0])
def test_curves_and_csl_are_drawn_where_they_are_on_any_film(sample, grey):
    pixels, truth = sample
    film, report = film_and_report(pixels if grey is None else np.full_like(pixels, grey), truth)
    picture = draw_overlay(film, report)
    margin = margin_of(picture, film)
    for curve, colour in zip(report.curves, CURVE_COLOURS, strict=False):
        for level, plate in ((curve.upper, "superior"), (curve.lower, "inferior")):
            ends = [truth.names.index(f"{level}_{plate}_{side}") for side in ("left", "right")]
            x, y = truth.points_xy[ends].mean(axis=0).astype(int) + [margin, 0]
            spot = np.asarray(picture)[y - 2 : y + 3, x - 2 : x + 3]
            assert near(spot, colour).any(), (curve, level)
    ends = [truth.names.index(name) for name in ("S1_left", "S1_right")]
    x = int(truth.points_xy[ends, 0].mean()) + margin
    line = near(np.asarray(picture)[1050:1150, x - 2 : x + 3], (240, 242, 245)).any(axis=1)
    assert line.mean() > 0.3
    if grey is not None:  # a dash is seen against black and against white, by its rim
        assert np.ptp(np.asarray(picture)[1050:1150, x - 4 : x + 5].astype(int)) > 60


@pytest.mark.parametrize("crop", [False, True])
@pytest.mark.parametrize(
    "bends",
    [
        SAMPLE.plan.bends,
        (
            Bend("T2", "T5", 25, "right"),
            Bend("T6", "T11", 60, "left"),
            Bend("T12", "L4", 45, "right"),
        ),
        (Bend("T9", "L3", 95, "right"),),
        (Bend("T1", "T4", 12, "left"), Bend("T5", "T8", 12, "right"), Bend("T9", "T12", 12, "left"))
        + (Bend("L1", "L4", 12, "right"),),
    ],
)
def test_labels_lie_inside_the_picture_and_hide_neither_spine_nor_each_other(
    monkeypatch, bends, crop
):
    film = film_of(bends, rows=640)
    pixels, truth = film.pixels, film.landmarks
    if crop:  # as tight as AASCE films are
        keep = [i for i, name in enumerate(truth.names) if name in FRONTAL_NAMES]
        points = truth.points_xy[keep]
        (x0, y0), (x1, y1) = points.min(axis=0).astype(int), points.max(axis=0).astype(int) + 1
        pixels = np.ascontiguousarray(pixels[y0:y1, x0:x1])
        truth = Landmarks.from_points([truth.names[i] for i in keep], points - [x0, y0])
    film, report = film_and_report(pixels, truth)
    picture, labels, names = texts(monkeypatch, film, report)
    assert len(labels) == len(report.curves) + 1
    assert [name for name, _ in names] == list(LEVELS)
    boxes = [box for _, box in labels]
    for box in (*boxes, *(box for _, box in names)):
        assert box.left >= 0
        assert box.top >= 0
        assert box.right <= picture.width
        assert box.bottom <= picture.height
    for i, box in enumerate(boxes):
        assert not any(overlapping(box, other) for other in boxes[i + 1 :])
    margin = margin_of(picture, film)
    bodies = truth.frontal_corners()[1] * film_scale(film) + [margin, 0]
    curve_boxes = [box for text, box in labels if not text.startswith("CSL")]
    for box in curve_boxes:
        assert not any(overlapping(box, Box.around(body)) for body in bodies)
        assert not any(overlapping(box, name) for _, name in names)


@pytest.mark.parametrize("rows", [200, 1000, 6000])
def test_films_of_all_sizes_give_a_picture_to_look_at(rows):
    truth = film_of(SAMPLE.plan.bends, rows=200).landmarks
    pixels = np.zeros((rows, round(rows * 0.42)), dtype=np.float32)
    points = Landmarks.from_points(truth.names, truth.points_xy * rows / 200)
    picture = draw_overlay(*film_and_report(pixels, points))
    assert picture.mode == "RGB"
    assert 1000 <= picture.height <= 2600


def test_a_very_wide_film_is_kept_within_bounds():
    pixels = np.zeros((40, 6000), dtype=np.float32)
    film, report = film_and_report(pixels, Landmarks.from_points([], []))
    assert draw_overlay(film, report).width == 2400
    assert draw_overlay(film, replace(report, landmarks=None)).width == 2400


def test_points_in_impossible_places_do_no_harm(sample):
    pixels, truth = sample
    points = truth.points_xy.copy()
    points[4:8] = points[4]  # a vertebra without extent
    points[20:24] += [-1e6, 3e5]
    film, report = film_and_report(pixels, Landmarks.from_points(truth.names, points))
    curve = replace(find_curves(truth)[0], upper="T2")
    picture = draw_overlay(film, replace(report, curves=(curve,)))
    assert picture.width < 6000


def test_oblong_pixels_are_made_square(sample):
    pixels, truth = sample
    film = Radiograph(np.ascontiguousarray(pixels[::2]), "0", pixel_aspect=2.0)
    assert film_picture(film).size == (pixels.shape[1], 1280)
    points = Landmarks.from_points(truth.names, truth.points_xy * [1, 0.5], pixel_aspect=2.0)
    film, report = film_and_report(np.ascontiguousarray(pixels[::2]), points)
    assert report.curves[0].cobb_deg == pytest.approx(find_curves(truth)[0].cobb_deg, abs=0.01)
    whole, oblong = draw_overlay(*film_and_report(pixels, truth)), draw_overlay(film, report)
    assert oblong.width == whole.width
    for colour in CURVE_COLOURS[:2]:
        rows, columns = (np.argwhere(near(p, colour)).mean(axis=0) for p in (whole, oblong))
        assert rows == pytest.approx(columns, abs=8)


def test_an_abstained_film_tells_why_and_shows_outlines_only(monkeypatch, sample):
    film, report = film_and_report(
        *sample, decision="abstained", reasons=("unsteady", "odd_code"), curves=()
    )
    picture, labels, names = texts(monkeypatch, film, report)
    assert labels == []
    assert len(names) == len(LEVELS)
    assert not any(near(picture, colour, tolerance=30).any() for colour in CURVE_COLOURS[:3])
    banner = picture.height - draw_overlay(film, replace(report, decision="accepted")).height
    assert banner > 0  # two reasons take more room than "no curve"


@pytest.mark.parametrize("view", ["lateral", "other"])
def test_a_film_that_is_not_frontal_gets_words_and_no_marks(sample, view):
    film, report = film_and_report(
        *sample, view=view, decision="abstained", reasons=("declared_lateral",)
    )
    picture, plain = draw_overlay(film, report), film_picture(film)
    assert picture.width == plain.width
    rows = np.asarray(picture)
    grey = np.asarray(plain.convert("RGB"))
    places = range(picture.height - plain.height + 1)
    assert any(np.array_equal(rows[y : y + plain.height], grey) for y in places)


def test_a_lateral_film_gets_outlines_names_and_its_angles(monkeypatch):
    points = [(150, 50), (100, 50), (150, 90), (100, 90)]
    landmarks = Landmarks.from_points([n for n in LATERAL_NAMES if n.startswith("L1_")], points)
    angles = (Measurement("LL_L1_S1", 51.26, "deg", "of a test"),)
    film, report = film_and_report(
        np.full((1000, 300), 0.2, np.float32), landmarks, view="lateral", curves=()
    )
    banners = []
    watched = overlay.wrapped
    monkeypatch.setattr(overlay, "wrapped", lambda t, *a: banners.append(t) or watched(t, *a))
    warnings = (Notice("synthetic", "Drawn."),)
    report = replace(report, measurements=angles, warnings=warnings)
    picture, labels, names = texts(monkeypatch, film, report)
    assert labels == []
    assert [text for text, _ in names] == ["L1"]
    assert near(picture, overlay._OUTLINE).any()
    assert banners[:2] == ["Synthetic film with its truth.", "View: lateral. LL L1-S1 51°"]


def test_counted_levels_are_said_to_be_counted(sample):
    pixels, truth = sample
    counted = replace(truth, levels_certain=False)
    certain = draw_overlay(*film_and_report(pixels, truth))
    assert draw_overlay(*film_and_report(pixels, counted)).height > certain.height


@given(st.lists(st.tuples(st.floats(-500, 1500), st.floats(10, 120)), max_size=6), st.floats(0, 15))
def test_pushed_boxes_are_apart_inside_and_near_where_they_want_to_be(boxes, gap):
    wanted, heights = [w for w, _ in boxes], [h for _, h in boxes]
    tops = push_apart(wanted, heights, 0, 1000, gap)
    ends = sorted((t, t + h) for t, h in zip(tops, heights, strict=True))
    assert all(a[1] + gap <= b[0] + 1e-6 for a, b in pairwise(ends))
    assert all(top >= -1e-6 and bottom <= 1000 + 1e-6 for top, bottom in ends)
    if len(boxes) == 1 and 0 <= wanted[0] <= 1000 - heights[0]:
        assert tops == wanted


@given(st.floats(10, 120), st.sampled_from(["left", "right"]))
def test_the_angle_that_is_drawn_is_the_cobb_angle(cobb, side):
    half = np.radians(cobb / 2) * (1 if side == "right" else -1)
    along = np.array([np.cos(half), np.sin(half)])
    upper = np.array([-along, along]) * [1, -1] + [0, -5]
    lower = np.array([-along, along]) + [0, 5]
    lines = CobbLines.construct(upper, lower, side)
    if lines.arc is None:
        return  # the perpendiculars meet too far away to be drawn
    first, last = lines.arc[0] - lines.anchor, lines.arc[-1] - lines.anchor
    cosine = first @ last / np.hypot(*first) / np.hypot(*last)
    assert np.degrees(np.arccos(cosine)) == pytest.approx(cobb, abs=1e-3)
    assert (lines.anchor[0] > 1) == (side == "right")


def test_the_angle_of_an_ordinary_curve_is_drawn():
    upper, lower = np.array([(0, 2.0), (2, 1.3)]), np.array([(0, 8.0), (2, 8.7)])
    lines = CobbLines.construct(upper, lower, "right")
    assert lines.arc is not None
    assert len(lines.perpendiculars) == 2
    parallel = CobbLines.construct(upper, upper + [0, 6], "right")
    assert parallel.arc is None
    assert parallel.perpendiculars == ()


def test_small_tools():
    assert clear_edge([Box(1, 0, 4, 10), Box(2, 20, 9, 30)], 5, 15, 1) == 4
    assert clear_edge([Box(1, 0, 4, 10), Box(2, 20, 9, 30)], 5, 25, -1) == 1
    assert clear_edge([], 5, 25, -1) is None
    lines = wrapped("one two three four", 20, text_size("one two", 20)[0])
    assert lines == ["one two", "three", "four"]
    assert explain(["no_curve", "odd_code"]) == ("No curve reaches 10 degrees.", "odd_code")
