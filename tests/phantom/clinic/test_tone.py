import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.phantom.clinic import tone


@pytest.fixture
def film():
    rng = np.random.default_rng(0)
    slope = np.linspace(0.1, 0.9, 120, dtype=np.float32)[:, None]
    return tone.clipped(slope + 0.05 * rng.standard_normal((120, 80), dtype=np.float32))


EFFECTS = {
    "invert": lambda film, rng: tone.invert(film),
    "window": lambda film, rng: tone.window(film, low=0.1, high=0.8, gamma=1.3),
    "equalise": lambda film, rng: tone.equalise(film),
    "grid": lambda film, rng: tone.grid_lines(film, rng, period_px=2.3, depth=0.2),
    "jpeg": lambda film, rng: tone.jpeg(film, quality=20),
    "coarsen": lambda film, rng: tone.coarsen(film, share=0.3),
}


@pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS)
def test_keeps_shape_type_and_range_and_the_film_given(effect, film):
    before = film.copy()
    picture = effect(film, np.random.default_rng(1))
    assert picture.shape == film.shape
    assert picture.dtype == np.float32
    assert picture.min() >= 0
    assert picture.max() <= 1
    assert not np.allclose(picture, film)
    np.testing.assert_array_equal(film, before)


def test_inverting_twice_gives_the_film_back(film):
    np.testing.assert_allclose(tone.invert(tone.invert(film)), film, atol=1e-7)


@given(low=st.floats(0, 0.4), high=st.floats(0.5, 1), gamma=st.floats(0.3, 3))
def test_a_window_keeps_the_order_of_greys(low, high, gamma):
    greys = np.linspace(0, 1, 50, dtype=np.float32)[None]
    shown = tone.window(greys, low=low, high=high, gamma=gamma)[0]
    assert (np.diff(shown) >= 0).all()
    assert shown[0] == 0
    assert shown[-1] == 1


@pytest.mark.parametrize("bad", [{"low": 0.5, "high": 0.5}, {"gamma": 0.0}])
def test_a_window_without_width_is_refused(bad, film):
    with pytest.raises(ValueError, match="expected low < high"):
        tone.window(film, **bad)


def test_equalising_brings_out_faint_detail_and_leaves_flat_ground_flat():
    film = np.full((200, 200), 0.4, np.float32)
    film[:100, ::8] += 0.02
    shown = tone.equalise(film, strength=1.0)
    assert np.ptp(shown[40:60]) > 2 * np.ptp(film[40:60])
    assert np.ptp(shown[170:190]) < 0.01


def test_grid_lines_run_along_the_columns_with_their_period():
    film = np.full((64, 400), 0.2, np.float32)
    shown = tone.grid_lines(film, np.random.default_rng(3), period_px=4.0)
    np.testing.assert_array_equal(shown[0], shown[-1])
    spectrum = np.abs(np.fft.rfft(shown[0] - shown[0].mean()))
    assert spectrum.argmax() == 100


def test_coarsening_takes_fine_detail_away_and_leaves_the_rest():
    film = np.zeros((80, 80), np.float32)
    film[:, ::2] = 1
    film[40:] = 0
    shown = tone.coarsen(film, share=0.25)
    assert np.ptp(shown[10:30, 10:70]) < 0.1
    assert shown[20, 40] == pytest.approx(0.5, abs=0.05)
    assert shown[60, 40] == pytest.approx(0, abs=0.01)


@given(sigma=st.floats(0.2, 4))
def test_a_blur_keeps_the_sum_and_the_middle(sigma):
    film = np.zeros((41, 61), np.float32)
    film[20, 30] = 1
    spot = tone.blur(film, sigma)
    assert spot.sum() == pytest.approx(1, abs=1e-4)
    y, x = np.mgrid[:41, :61]
    assert (spot * x).sum() == pytest.approx(30, abs=1e-3)
    assert (spot * y).sum() == pytest.approx(20, abs=1e-3)
    if sigma > 1:
        assert (spot * (x - 30.0) ** 2).sum() == pytest.approx(sigma**2, rel=0.1)
