import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.phantom.beam import Beam
from spinescan.phantom.render import Film, Quadric, ellipsoid, shrunk

AXES = np.eye(3)
NOWHERE = np.zeros(3)


def film(size=(200, 200), pixel_mm=1.0, **options):
    return Film(Beam.frontal(NOWHERE, size, pixel_mm, **options))


def far(**options):
    """A film on which rays are all but parallel."""
    return film(source_mm=1e5, film_mm=100, **options)


@given(st.tuples(*[st.floats(10, 60)] * 3))
def test_the_middle_ray_runs_the_whole_depth_of_an_ellipsoid(radii):
    picture = far(size=(201, 201))
    picture.add_quadric(ellipsoid(NOWHERE, AXES, radii), 0.02)
    assert picture.attenuation[100, 100] == pytest.approx(0.02 * 2 * radii[1], rel=1e-4)
    assert picture.attenuation[0, 0] == 0
    volume = 0.02 * 4 / 3 * np.pi * np.prod(radii)
    assert picture.attenuation.sum() == pytest.approx(volume, rel=0.02)


@given(st.floats(0, np.pi), st.floats(-20, 20))
def test_a_turned_sphere_is_the_same_sphere(turn, off):
    c, s = np.cos(turn), np.sin(turn)
    frame = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    here, there = film((60, 60), 4.0), film((60, 60), 4.0)
    middle = np.array([off, -off, off])
    here.add_quadric(ellipsoid(middle, AXES, (30, 30, 30)), 1.0)
    there.add_quadric(ellipsoid(middle, frame, (30, 30, 30)), 1.0)
    assert np.allclose(there.attenuation, here.attenuation, atol=1e-2)


def test_cuts_take_away_what_lies_outward():
    whole, upper, lower = far(), far(), far()
    ball = ellipsoid(NOWHERE, AXES, (40, 40, 40))
    up = np.array([0.0, 0.3, 1.0]) / np.hypot(0.3, 1)
    parts = [
        Quadric(ball.centre, ball.frame, ball.radii, ball.g, ball.reach, ((NOWHERE, n),))
        for n in (up, -up)
    ]
    whole.add_quadric(ball, 1.0)
    lower.add_quadric(parts[0], 1.0)
    upper.add_quadric(parts[1], 1.0)
    assert upper.attenuation + lower.attenuation == pytest.approx(whole.attenuation, abs=1e-2)
    assert upper.attenuation[70, 100] > 0
    assert upper.attenuation[130, 100] == pytest.approx(0)


def test_a_waist_is_narrower_than_the_ends():
    waisted = Quadric(
        NOWHERE,
        AXES,
        (30, 30),
        (0.64, 0.0, 0.36 / 900),
        (30, 30, 30),
        ((np.array([0, 0, 30.0]), AXES[2]), (np.array([0, 0, -30.0]), -AXES[2])),
    )
    picture = far(size=(200, 200))
    picture.add_quadric(waisted, 1.0)
    wide = (picture.attenuation > 0).sum(axis=1)
    assert wide[100] == pytest.approx(48, abs=2)
    assert wide[[72, 128]] == pytest.approx([59, 59], abs=2)
    assert wide[68] == 0


def test_a_shell_is_bright_at_its_edge_and_hollow_inside():
    picture = far()
    picture.add_shell(ellipsoid(NOWHERE, AXES, (40, 40, 40)), 2.0, wall=0.05, core=0.0)
    row = picture.attenuation[100]
    assert row[100] == pytest.approx(0.05 * 4, rel=0.01)
    assert row.max() > 3 * row[100]
    assert abs(int(np.argmax(row[:100])) - 62) <= 2
    assert shrunk(ellipsoid(NOWHERE, AXES, (2, 40, 40)), 2.0) is None


@given(st.integers(0, 99))
def test_samples_lose_no_matter_and_shrink_with_distance(seed):
    rng = np.random.default_rng(seed)
    points, matter = rng.uniform(-50, 50, (400, 3)), rng.uniform(0, 2, 400)
    picture = far(size=(220, 220))
    picture.add_samples(points, matter)
    assert picture.attenuation.sum() == pytest.approx(matter.sum(), rel=1e-2)
    near = film(size=(400, 400), source_mm=1000, film_mm=300)
    near.add_samples(np.zeros((1, 3)), np.ones(1))
    # Spread over (1.3)^2 times the area, but not on more pixels: each holds what passes it.
    assert near.attenuation.sum() == pytest.approx(1.69, rel=1e-3)


def test_samples_off_the_film_are_left_out():
    picture = film(size=(20, 20))
    picture.add_samples(np.array([[500.0, 0, 0], [0, 0, -500.0]]), np.ones(2))
    assert not picture.attenuation.any()
