import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.phantom.expose import Technique, blurred, expose

STEP = np.repeat(np.linspace(0, 5, 60, dtype=np.float32)[None], 80, axis=0)


def test_an_ideal_technique_shows_the_attenuation_itself():
    shown = expose(STEP, 0.5, Technique.ideal(), np.random.default_rng(0))
    assert shown[40] == pytest.approx(np.linspace(0, 1, 60), abs=0.02)


@given(st.integers(0, 999))
def test_every_technique_gives_a_picture_that_brightens_with_density(seed):
    rng = np.random.default_rng(seed)
    shown = expose(STEP, 0.8, Technique.drawn(rng), rng)
    assert shown.dtype == np.float32
    assert 0 <= shown.min() <= shown.max() <= 1
    columns = shown.mean(axis=0)
    assert columns[45:].mean() > columns[:15].mean()


def test_a_higher_dose_is_less_noisy():
    flat = np.full((200, 200), 3.0, np.float32)
    ramp = flat + np.linspace(0, 0.5, 200, dtype=np.float32)

    def grain(photons):
        technique = Technique(
            photons_per_mm2=photons, scatter=0, compression=0, edges=0, blur_mm=0, window=(0, 1)
        )
        # Held against each other in units of attenuation, before the window stretches them.
        shown = expose(ramp, 0.5, technique, np.random.default_rng(0))
        return float(np.diff(shown, axis=0).std() / (shown[:, -20:].mean() - shown[:, :20].mean()))

    assert grain(1e5) > 2 * grain(1e6)


def test_scatter_veils():
    body = np.full((200, 200), 0.5, np.float32)
    body[:, 90:110] = 4.0
    body[:, :20] = 0.0  # open beam: the darkest
    belly = []
    for scatter in (0.0, 1.0):
        technique = Technique(
            photons_per_mm2=np.inf, scatter=scatter, compression=0, edges=0, window=(0, 1)
        )
        shown = expose(body, 1.0, technique, np.random.default_rng(0))
        assert shown[100, 100] == pytest.approx(1, abs=0.02)
        belly.append(float(shown[100, 60]))
    # Rays that come from beside lift the dense part's signal most: the thin part gains on it.
    assert belly[0] == pytest.approx(0.5 / 4.0, abs=0.02)
    assert belly[1] > belly[0] + 0.02


@given(st.floats(0.06, 30), st.integers(20, 90), st.integers(20, 90))
def test_a_blur_keeps_the_mean_and_a_flat_picture(sigma, rows, columns):
    flat = np.full((rows, columns), 0.4, np.float32)
    assert blurred(flat, sigma) == pytest.approx(flat, abs=1e-4)
    assert blurred(flat, sigma).shape == flat.shape


def test_a_wide_blur_on_a_coarse_grid_is_the_same_blur():
    picture = np.random.default_rng(0).random((160, 160)).astype(np.float32)
    wide = blurred(picture, 12.0)
    twice = blurred(blurred(picture, 3.9), float(np.sqrt(12.0**2 - 3.9**2)))
    assert wide[40:-40, 40:-40] == pytest.approx(twice[40:-40, 40:-40], abs=0.02)
