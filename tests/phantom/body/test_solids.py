"""Tubes and carved forms leave on the film what formulas say of them."""

import numpy as np
import pytest

from spinescan.phantom.beam import Beam
from spinescan.phantom.body.clay import Clay
from spinescan.phantom.body.solids import COMPACT, SPONGY, Bones
from spinescan.phantom.render import Film

FAR = {"source_mm": 1e6, "film_mm": 1.0}  # rays all but parallel: no magnification


def film_of(pixel_mm=0.5, size=(200, 160)):
    return Film(Beam.frontal(np.zeros(3), size, pixel_mm, **FAR))


@pytest.mark.parametrize("pixel_mm", [0.4, 0.9])
def test_a_tube_shows_two_edges_where_its_walls_are(pixel_mm):
    film = film_of(pixel_mm)
    path = np.linspace([0, 0, -60], [0, 0, 60], 30)
    bones = Bones(film)
    bones.tube(path, np.array([1.0, 0, 0]), np.full((30, 2), [8.0, 5.0]), 1.0, spongy=0.0)
    bones.done()
    middle = film.attenuation[90:110].mean(axis=0)
    x = (np.arange(160) + 0.5 - 80) * pixel_mm
    for side in (-1, 1):
        peak = x[side * x > 0][middle[side * x > 0].argmax()]
        assert abs(abs(peak) - 8) < 1.2 * pixel_mm
    # In its middle a ray crosses both walls.
    assert middle[np.abs(x) < 1].mean() == pytest.approx(2 * COMPACT, rel=0.06)


def test_a_tubes_whole_matter_is_that_of_its_wall_and_core():
    film = film_of()
    path = np.linspace([0, 0, -30], [0, 0, 30], 20)
    bones = Bones(film, density=0.8)
    bones.tube(path, np.array([1.0, 0, 0]), np.full((20, 2), 6.0), 1.0)
    bones.done()
    expected = 60 * (2 * np.pi * 6 * COMPACT + np.pi * 36 * SPONGY)
    assert film.attenuation.sum() * 0.25 == pytest.approx(0.8 * expected, rel=0.05)


def test_samples_are_so_fine_that_a_sheet_looks_even():
    film = film_of(0.9)
    path = np.linspace([0, 0, -60], [0, 0, 60], 30)
    bones = Bones(film)
    bones.tube(path, np.array([1.0, 0, 0]), np.full((30, 2), [30.0, 30.0]), 1.0, spongy=0.0)
    bones.done()
    patch = film.attenuation[60:140, 75:85]
    assert patch.std() / patch.mean() < 0.08


def test_a_carved_ball_weighs_as_much_when_it_has_been_stretched():
    clay = Clay(np.full(3, -24.0), np.full(3, 24.0))
    clay.add((np.zeros((1, 3)), np.array([16.0])), 0.0)
    form = clay.finish()
    sums = []
    for stretch in ([1, 1, 1], [1.5, 1, 0.8]):
        film = film_of()
        bones = Bones(film)
        bones.carving(form, form.points * stretch, form.inside * stretch)
        bones.done()
        sums.append(film.attenuation.sum() * 0.25)
    assert sums[0] == pytest.approx(4 / 3 * np.pi * 16**3 * SPONGY, rel=0.04)
    assert sums[1] == pytest.approx(1.2 * sums[0], rel=0.01)


def test_bones_off_the_film_leave_no_trace():
    film = film_of()
    bones = Bones(film)
    path = np.linspace([400, 0, -30], [400, 0, 30], 20)
    bones.tube(path, np.array([1.0, 0, 0]), np.full((20, 2), 6.0), 1.0)
    bones.done()
    assert not film.attenuation.any()
