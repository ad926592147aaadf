import numpy as np
import pytest

from spinescan.phantom.clinic.lines import cobb_lines
from spinescan.phantom.clinic.marks import CORNERS, burned_in_text, ruler, scale_bar, side_marker

SHAPE = (600, 300)
GREY = np.full(SHAPE, 0.4, np.float32)
UPPER = np.array([[130.0, 180.0], [170.0, 196.0]])
LOWER = np.array([[130.0, 396.0], [170.0, 380.0]])


def rng(seed=0):
    return np.random.default_rng(seed)


MARKS = {
    "letter": lambda film, rng: side_marker(film, rng, letter="R", side="left")[0],
    "plate": lambda film, rng: side_marker(
        film, rng, letter="L", side="right", style="plate", mirrored=True, initials=True
    )[0],
    "typed": lambda film, rng: side_marker(film, rng, letter="L", side="left", style="digital")[0],
    "ruler": lambda film, rng: ruler(film, rng, side="right", px_per_cm=7.0),
    "scale": lambda film, rng: scale_bar(film, rng, edge="bottom", px_per_cm=7.0),
    "text": lambda film, rng: burned_in_text(film, rng, corners=CORNERS),
    "pencil": lambda film, rng: cobb_lines(film, rng, UPPER, LOWER),
    "digital": lambda film, rng: cobb_lines(film, rng, UPPER, LOWER, hand="digital", ink=0.0),
}


@pytest.mark.parametrize("mark", MARKS.values(), ids=MARKS)
@pytest.mark.parametrize("shape", [SHAPE, (61, 33)])
def test_a_mark_changes_a_small_part_and_repeats_with_its_seed(mark, shape):
    film = np.full(shape, 0.4, np.float32)
    picture = mark(film, rng(3))
    assert picture.shape == shape
    assert picture.dtype == np.float32
    assert picture.min() >= 0
    assert picture.max() <= 1
    assert (film == np.float32(0.4)).all()
    np.testing.assert_array_equal(picture, mark(film, rng(3)))
    if shape == SHAPE:
        changed = (np.abs(picture - film) > 0.1).mean()
        assert 0.0001 < changed < 0.06


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("style", ["plain", "ring", "plate", "digital"])
def test_a_letter_lies_where_the_function_says(side, style):
    picture, mark = side_marker(GREY, rng(1), letter="R", side=side, height=0.2, style=style)
    assert (mark.letter, mark.side) == ("R", side)
    assert (mark.x < 150) == (side == "left")
    assert mark.y == pytest.approx(120)
    y, x = np.nonzero(np.abs(picture - GREY) > 0.05)
    assert (x.min() + x.max()) / 2 == pytest.approx(mark.x, abs=4)
    assert (y.min() + y.max()) / 2 == pytest.approx(mark.y, abs=4)


def test_a_letter_lying_face_down_is_mirrored():
    def tile(mirrored):
        film, mark = side_marker(
            GREY, rng(1), letter="R", side="left", height=0.2, style="plain", mirrored=mirrored
        )
        x, y = round(mark.x), round(mark.y)
        return film[y - 20 : y + 20, x - 20 : x + 20]

    upright, mirrored = tile(False), tile(True)
    assert np.abs(upright - mirrored).max() > 0.15
    errors = [np.abs(np.roll(mirrored[:, ::-1], k, 1) - upright).mean() for k in (-1, 0, 1)]
    assert min(errors) < 0.3 * np.abs(mirrored - upright).mean()


def test_lead_never_darkens_what_it_lies_on():
    bone = np.full(SHAPE, 0.95, np.float32)
    for style in ("plain", "ring", "plate"):
        picture, _ = side_marker(bone, rng(2), letter="L", side="right", style=style)
        assert (picture >= bone).all()


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_ruler_ticks_each_centimetre_along_its_side(side):
    picture = ruler(GREY, rng(), side=side, px_per_cm=10.0, place=0.1)
    edge = 30 if side == "left" else 270
    tick = edge + (2 if side == "left" else -3)
    column = picture[50:550, tick]
    spectrum = np.abs(np.fft.rfft(column - column.mean()))
    assert 1 + spectrum[1:60].argmax() == 50  # 50 centimetres in 500 rows
    assert (picture[:, 100:200] == GREY[:, 100:200]).all()


def test_a_scale_is_as_long_as_it_says():
    picture = scale_bar(GREY, rng(), edge="bottom", px_per_cm=10.0)
    bar = (np.abs(picture - GREY) > 0.1)[:, :255].sum(axis=1).max()  # less the words
    assert bar == pytest.approx(200, abs=3)  # 20 cm


def test_text_stays_in_its_corners():
    changed = burned_in_text(GREY, rng(1), corners=("bottom right",)) != GREY
    assert changed[500:, 150:].any()
    assert not changed[:480].any()
    assert not changed[:, :100].any()


def test_cobb_lines_run_along_the_endplates_towards_the_side_where_they_meet():
    """The upper endplate falls to the right and the lower rises: a curve open to the right."""
    picture = cobb_lines(GREY, rng(0), UPPER, LOWER, ink=1.0, words=False)
    marked = picture - GREY > 0.15
    for middle, slope in ((188, 0.4), (388, -0.4)):
        for x in (140, 150, 160, 180):
            y = round(middle + slope * (x - 150))
            assert marked[y - 5 : y + 6, x].any()
    assert not marked[:, :110].any()
    assert marked[:, 195:].any()


def test_a_curve_of_no_angle_can_be_drawn_too():
    level = np.array([[130.0, 180.0], [170.0, 180.0]])
    for seed in range(5):
        picture = cobb_lines(GREY, rng(seed), level, level + [0, 100], ink=0.0)
        assert picture.min() < 0.2
