import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.phantom.clinic.photo import photograph
from spinescan.phantom.clinic.pose import border, crop, shutter, stitch, turn
from spinescan.phantom.clinic.tone import clipped

SHAPE = (300, 160)
PLACES = np.array([[40.5, 60.5], [110.25, 80.0], [60.0, 215.75], [121.5, 250.5]])


def dotted(points_xy=PLACES):
    """A dim film with a bright round dot, 1.6 px wide, at each point."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    film = np.full(SHAPE, 0.1)
    for at_x, at_y in points_xy:
        film += 0.8 * np.exp(-0.5 * ((x - at_x) ** 2 + (y - at_y) ** 2) / 1.6**2)
    return clipped(film)


def distance_to_dot(pixels, point):
    """Pixels from a point to the dot's middle near it."""
    x, y = (int(v) for v in point)
    part = pixels[y - 6 : y + 7, x - 6 : x + 7].astype(float)
    ground = np.median(part)
    assert part.max() - ground > 0.1, "no dot here"
    part = np.clip(part - (ground + part.max()) / 2, 0, None)
    down, across = np.mgrid[y - 6 : y + 7, x - 6 : x + 7] + 0.5
    found = np.array([(part * across).sum(), (part * down).sum()]) / part.sum()
    return np.linalg.norm(found - point)


MOVES = {
    "crop": lambda film, points, rng: crop(film, points, (20, 30, 150, 280)),
    "border": lambda film, points, rng: border(film, points, (20, 0, 7, 11), value=0.5),
    "turn": lambda film, points, rng: turn(film, points, rng.uniform(-8, 8)),
    "stitch": lambda film, points, rng: stitch(film, points, rng, (120, 230)),
    "light-box": lambda film, points, rng: photograph(film, points, rng, share=0.9),
    "screen": lambda film, points, rng: photograph(film, points, rng, ground="screen"),
    "close": lambda film, points, rng: photograph(film, points, rng, share=1.1, tilt=0.005),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
@pytest.mark.parametrize("seed", range(5))
def test_points_follow_the_pixels(move, seed):
    film = dotted()
    before = film.copy()
    picture, moved = move(film, PLACES, np.random.default_rng(seed))
    rows, columns = picture.shape
    inside = ((moved > 8) & (moved < [columns - 8, rows - 8])).all(axis=1)
    assert inside.sum() >= 2
    assert max(distance_to_dot(picture, point) for point in moved[inside]) < 0.7
    np.testing.assert_array_equal(film, before)


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_a_move_keeps_type_and_range_and_repeats_with_its_seed(move):
    first, points = move(dotted(), PLACES, np.random.default_rng(5))
    again, points_again = move(dotted(), PLACES, np.random.default_rng(5))
    assert first.dtype == np.float32
    assert points.dtype == np.float64
    assert points.shape == PLACES.shape
    assert first.min() >= 0
    assert first.max() <= 1
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(points, points_again)


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_points_off_the_film_are_carried_along_and_absent_ones_stay_absent(move):
    far = np.array([[-30.0, 10.0], [80.0, 400.0], [np.nan, np.nan]])
    _, moved = move(dotted(), far, np.random.default_rng(2))
    assert np.isfinite(moved[:2]).all()
    assert np.isnan(moved[2]).all()
    assert move(dotted(), np.empty((0, 2)), np.random.default_rng(2))[1].shape == (0, 2)


def test_a_quarter_turn_is_clockwise():
    film = np.zeros((50, 50), np.float32)
    film[5, 25] = 1  # above the middle
    picture, moved = turn(film, np.array([[25.5, 5.5]]), 90)
    np.testing.assert_allclose(moved, [[44.5, 25.5]])  # right of the middle
    assert np.unravel_index(picture.argmax(), picture.shape) == (25, 44)


@given(angle=st.floats(-180, 180), x=st.floats(-50, 250), y=st.floats(-50, 350))
def test_turning_there_and_back_brings_a_point_home(angle, x, y):
    film, point = np.zeros(SHAPE, np.float32), np.array([[x, y]])
    there = turn(film, point, angle)[1]
    np.testing.assert_allclose(turn(film, there, -angle)[1], point, atol=1e-6)


def test_bare_corners_of_a_turned_film_take_the_fill():
    assert turn(dotted(), PLACES, 10, fill=0.75)[0][0, 0] == pytest.approx(0.75)


@pytest.mark.parametrize("box", [(0, 0, 161, 300), (-1, 0, 10, 10), (20, 20, 20, 40)])
def test_a_box_beyond_the_film_is_refused(box):
    with pytest.raises(ValueError, match="expected a box inside 160 x 300"):
        crop(dotted(), PLACES, box)


def test_shutters_darken_the_outside_alone():
    film = np.full((200, 120), 0.7, np.float32)
    picture = shutter(film, (20, 30, 100, 170), soft_px=4, value=0.02)
    np.testing.assert_allclose(picture[33:167, 23:97], 0.7)
    np.testing.assert_allclose(picture[:27], 0.02)
    np.testing.assert_allclose(picture[:, 103:], 0.02)
    assert picture[100, 19:21].mean() == pytest.approx(0.36, abs=1e-3)  # half open on the edge


def test_turned_shutters_open_aslant():
    film = np.ones((200, 200), np.float32)
    picture = shutter(film, (50, 50, 150, 150), angle_deg=45)
    assert picture[100, 165] == 1
    assert picture[55, 55] == 0


def test_an_exposure_below_a_seam_moves_as_one():
    film, points = dotted(), np.array([[10.0, 119.9], [10.0, 120.0], [90.0, 299.0], [90.0, 999.0]])
    shifts = stitch(film, points, np.random.default_rng(4), (120,))[1] - points
    np.testing.assert_array_equal(shifts[0], 0)
    assert np.abs(shifts[1]).max() in (1, 2)
    np.testing.assert_array_equal(shifts[2:], shifts[[1, 1]])


def test_exposures_differ_in_grey():
    film = np.full(SHAPE, 0.5, np.float32)
    steps = []
    for seed in range(10):
        picture, _ = stitch(film, PLACES, np.random.default_rng(seed), (150,))
        steps.append(abs(picture[:130].mean() - picture[170:].mean()))
    assert 0.005 < np.median(steps) < 0.15


@pytest.mark.parametrize("seams", [(0,), (300,), (200, 100)])
def test_seams_that_do_not_rise_are_refused(seams):
    with pytest.raises(ValueError, match="expected rising seams"):
        stitch(dotted(), PLACES, np.random.default_rng(0), seams)


@pytest.mark.parametrize("share", [0.6, 0.9])
def test_a_photographed_film_fills_its_share_of_the_picture(share):
    ends = np.array([[80.0, 0.0], [80.0, 300.0]])
    picture, moved = photograph(dotted(), ends, np.random.default_rng(0), share=share)
    assert picture.shape[0] == SHAPE[0]
    assert np.linalg.norm(moved[1] - moved[0]) == pytest.approx(share * 300, rel=0.05)


def test_a_photograph_needs_a_share():
    with pytest.raises(ValueError, match="positive share"):
        photograph(dotted(), PLACES, np.random.default_rng(0), share=0)
