"""Implants and worn things: where they lie and how dense they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinescan.phantom.beam import Beam
from spinescan.phantom.metal.hardware import ROD_MM, add_rods, plan_rods
from spinescan.phantom.metal.pieces import Metal
from spinescan.phantom.metal.worn import add_brace, add_clips
from spinescan.phantom.person import Person
from spinescan.phantom.render import Film
from spinescan.phantom.shape import Bend, Spine, SpinePlan, build_spine

SPINE = build_spine(SpinePlan((Bend("T5", "T11", 45, "right"), Bend("T12", "L4", 30, "left"))))
SPINES = [SPINE, build_spine(SpinePlan()), build_spine(SpinePlan((Bend("T5", "T12", 75, "left"),)))]
BEAM = Beam.frontal(np.array([0.0, 0.0, 200.0]), (320, 200), 2.6)


def distance(point: np.ndarray, path: np.ndarray) -> float:
    """From a point to a line of pieces."""
    start, way = path[:-1], np.diff(path, axis=0)
    share = np.clip(((point - start) * way).sum(axis=1) / (way**2).sum(axis=1), 0, 1)
    return float(np.linalg.norm(start + share[:, None] * way - point, axis=1).min())


@settings(max_examples=30)
@given(
    seed=st.integers(0, 10_000),
    upper=st.integers(1, 8),
    lower=st.integers(1, 5),
    spine=st.sampled_from(SPINES),
)
def test_rods_pass_every_screw(seed: int, upper: int, lower: int, spine: Spine) -> None:
    rods = plan_rods(spine, np.random.default_rng(seed), f"T{upper}", f"L{lower}")
    for rod in rods:
        assert len(rod.anchors) >= 2
        for anchor in rod.anchors:
            assert distance(anchor.head, rod.path) < 0.1
            # The tip lies on the rod's side of its vertebra, before the head.
            v = spine[anchor.level]
            tip = (anchor.tip - v.centre) @ v.frame.T
            assert tip[0] * rod.side > 0
            assert tip[1] < ((anchor.head - v.centre) @ v.frame.T)[1]


def test_screws_end_in_the_body() -> None:
    rods = plan_rods(SPINE, np.random.default_rng(2), "T4", "L3")
    screws = [a for rod in rods for a in rod.anchors if not a.hook]
    assert len(screws) > 8
    for screw in screws:
        v = SPINE[screw.level]
        x, y, z = (screw.tip - v.centre) @ v.frame.T
        assert (x / v.half_width) ** 2 + (y / v.half_depth) ** 2 < 1
        assert abs(z) < v.height / 2


def test_rods_hide_what_lies_behind() -> None:
    film = Film(BEAM)
    rods = add_rods(film, SPINE, np.random.default_rng(0), "T4", "L3")
    for rod in rods:
        x, y = BEAM.project(rod.path[10:-10]).T.astype(int)
        assert (film.attenuation[y, x] > 0.5).all()
    far = BEAM.project(np.array([[120.0, 0, 200.0]])).astype(int)[0]
    assert film.attenuation[far[1], far[0]] == 0


def test_one_level_is_no_fusion() -> None:
    with pytest.raises(ValueError, match="two levels"):
        plan_rods(SPINE, np.random.default_rng(0), "T4", "T4")


@pytest.mark.parametrize("pixel_mm", [0.5, 1.3])
def test_metal_weighs_what_it_should(pixel_mm: float) -> None:
    """A film's total is attenuation times area, whatever the pixels' size."""
    beam = Beam.frontal(np.zeros(3), (260, 260), pixel_mm)
    film = Film(beam)
    metal = Metal(film)
    metal.rod(np.array([[0.0, 0, -40], [0, 0, 40]]), ROD_MM / 2, 0.4)
    metal.done()
    volume = np.pi * (ROD_MM / 2) ** 2 * 80
    area = (pixel_mm / (2000 / 1800)) ** 2
    assert film.attenuation.sum() * area == pytest.approx(0.4 * volume, rel=0.01)


@pytest.mark.parametrize("view", ["frontal", "lateral"])
def test_worn_things_add_and_are_drawn_from_the_seed(view: str) -> None:
    beam = BEAM if view == "frontal" else Beam.lateral(np.array([0.0, 0, 200]), (320, 200), 2.6)
    for add, most in ((add_brace, 6.0), (add_clips, 6.0)):
        films = []
        for seed in (1, 1, 2):
            film = Film(beam)
            add(film, SPINE, Person(), np.random.default_rng(seed))
            films.append(film.attenuation)
        np.testing.assert_array_equal(films[0], films[1])
        assert np.abs(films[0] - films[2]).max() > 0.02
        assert films[0].min() >= -0.05
        assert 0.05 < films[0].max() < most
