"""Ribs, shoulders and skull: enough of them, in their places, on both sides alike."""

import numpy as np
import pytest

from spinescan.phantom.beam import Beam
from spinescan.phantom.body.skull import add_skull
from spinescan.phantom.body.thorax import add_thorax, ribs_of
from spinescan.phantom.person import Person, rib_cage
from spinescan.phantom.render import Film
from spinescan.phantom.shape import Bend, SpinePlan, build_spine

PERSON = Person(age_years=20)


def render(draw, spine, *, view="frontal", rng=None, person=PERSON, at="T7", size=(420, 480)):
    beam = getattr(Beam, view)(spine[at].centre, size, 1.0)
    film = Film(beam)
    draw(film, spine, person, rng)
    return film


@pytest.mark.parametrize("pairs", [11, 12, 13])
def test_each_vertebra_that_bears_ribs_has_a_pair(pairs):
    spine = build_spine(SpinePlan(rib_pairs=pairs))
    ribs = ribs_of(spine, rib_cage(spine, PERSON), None)
    assert len(ribs) == 2 * pairs
    bearing = [v for v in spine.vertebrae if v.has_ribs]
    for (row, side), rib in ribs.items():
        head = rib.path[0] - bearing[row].centre
        assert np.sign(head[0]) == side
        assert np.abs(head).max() < 40 * spine.scale
        assert rib.end[2] < rib.path[0][2]


def test_ribs_reach_the_cage_that_organs_fill():
    spine = build_spine(SpinePlan())
    cage = rib_cage(spine, PERSON)
    ribs = ribs_of(spine, cage, None)
    for row in range(3, 10):
        for side, reach in ((-1, cage.right[row]), (1, cage.left[row])):
            path = ribs[row, side].path - cage.middle[row]
            assert (side * path[:, 0]).max() == pytest.approx(reach, rel=0.06)
            assert path[:, 1].min() > -1.1 * cage.front[row]


def test_lower_ribs_float():
    spine = build_spine(SpinePlan())
    ribs = ribs_of(spine, rib_cage(spine, PERSON), None)
    length = [np.linalg.norm(np.diff(ribs[k, 1].path, axis=0), axis=1).sum() for k in range(12)]
    assert length[11] < 0.6 * length[10] < 0.6 * length[6]
    assert ribs[11, 1].end[1] > spine["T12"].centre[1] - 10  # ends behind


def test_ribs_spread_on_the_convex_side_of_a_curve():
    spine = build_spine(SpinePlan((Bend("T5", "T12", 50, "right"),)))
    ribs = ribs_of(spine, rib_cage(spine, PERSON), None)
    sides = {}
    for side in (-1, 1):
        heights = [rib_height(ribs[row, side], 90 * spine.scale) for row in (5, 10)]
        sides[side] = heights[0] - heights[1]
    assert sides[-1] > 1.1 * sides[1]


def rib_height(rib, out):
    """Height where the rib first passes so far to the side of its own vertebra."""
    away = np.abs(rib.path[:, 0] - rib.path[0, 0])
    return rib.path[np.argmax(away > 0.7 * out), 2]


@pytest.mark.parametrize(("draw", "at"), [(add_thorax, "T7"), (add_skull, "C3")])
def test_a_symmetric_person_gives_a_symmetric_picture(draw, at):
    picture = render(draw, build_spine(SpinePlan()), at=at).attenuation
    assert picture.max() > 0.3
    assert np.abs(picture - picture[:, ::-1]).mean() < 0.03 * picture.mean()


@pytest.mark.parametrize("draw", [add_thorax, add_skull])
def test_chance_is_repeatable_and_makes_a_difference(draw):
    spine = build_spine(SpinePlan())
    one, same, other = (
        render(draw, spine, rng=np.random.default_rng(seed), at="C6").attenuation
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert np.abs(one - other).mean() > 0.02 * one.mean()


def test_the_curves_mirror_image_gives_the_pictures_mirror_image():
    pictures = []
    for side in ("right", "left"):
        spine = build_spine(SpinePlan((Bend("T5", "T12", 40, side),)))
        beam = Beam.frontal(np.array([0.0, 0.0, 300.0]), (420, 480), 1.0)
        film = Film(beam)
        add_thorax(film, spine, PERSON)
        pictures.append(film.attenuation)
    right, left = pictures
    assert np.abs(right - left[:, ::-1]).mean() < 0.03 * right.mean()
    assert np.abs(right - left).mean() > 0.2 * right.mean()


@pytest.mark.parametrize("arms", ["side", "raised", "crossed"])
def test_the_side_view_shows_ribs_before_and_behind_the_spine(arms):
    spine = build_spine(SpinePlan())
    person = Person(arms=arms)
    film = render(add_thorax, spine, view="lateral", person=person)
    x, y = film.beam.project(spine["T8"].centre).astype(int)
    row = film.attenuation[y - 15 : y + 15].max(axis=0)
    assert row[x - 80 : x - 25].max() > 0.05
    assert row[x + 90 : x + 150].max() > 0.05
