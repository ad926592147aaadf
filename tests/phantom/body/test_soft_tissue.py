"""Laws of trunk, organs and arms, whoever stands before the film."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinescan.phantom.beam import Beam
from spinescan.phantom.body.arms import add_arms
from spinescan.phantom.body.chest import build_chest, heart
from spinescan.phantom.body.head import add_head
from spinescan.phantom.body.organs import add_organs
from spinescan.phantom.body.torso import WATER, add_torso, build_body
from spinescan.phantom.person import Person, rib_cage
from spinescan.phantom.render import Film
from spinescan.phantom.shape import Bend, Profile, Spine, SpinePlan, build_spine

MIDDLE = np.array([0.0, 0.0, 200.0])


def frontal(rows: int = 160) -> Beam:
    return Beam.frontal(MIDDLE, (rows, rows * 5 // 8), 900 / rows)


def lateral(rows: int = 160) -> Beam:
    return Beam.lateral(MIDDLE - [0, 20, 0], (rows, rows * 5 // 8), 900 / rows)


def body(beam: Beam, spine: Spine, person: Person, seed: int = 0) -> np.ndarray:
    film, rng = Film(beam), np.random.default_rng(seed)
    add_torso(film, spine, person, rng)
    add_head(film, spine, person)
    add_organs(film, spine, person, rng)
    add_arms(film, spine, person, rng)
    return film.attenuation


people = st.builds(
    Person,
    age_years=st.floats(5, 85),
    sex=st.sampled_from(["female", "male"]),
    fatness=st.floats(0, 1),
    breath=st.floats(0, 1),
    arms=st.sampled_from(["side", "raised", "crossed"]),
)


@st.composite
def spines(draw: st.DrawFn) -> Spine:
    side = draw(st.sampled_from(["left", "right"]))
    other = "left" if side == "right" else "right"
    bends = draw(
        st.sampled_from(
            [
                (),
                (Bend("T5", "T11", draw(st.floats(10, 90)), side),),
                (Bend("T11", "L4", draw(st.floats(10, 80)), side),),
                (Bend("T4", "T11", 60, side), Bend("T12", "L4", draw(st.floats(10, 70)), other)),
            ]
        )
    )
    slope = draw(st.floats(20, 55))
    profile = Profile(draw(st.floats(5, 60)), slope + draw(st.floats(0, 30)), slope, 12)
    length = draw(st.floats(260, 500))
    return build_spine(SpinePlan(bends, profile=profile, length_mm=length))


@pytest.mark.slow
@settings(max_examples=40)
@given(spine=spines(), person=people, seed=st.integers(0, 1000), view=st.booleans())
def test_nothing_negative_and_all_finite(
    spine: Spine, person: Person, seed: int, view: bool
) -> None:
    film = body(frontal() if view else lateral(), spine, person, seed)
    assert np.isfinite(film).all()
    assert film.min() >= -1e-6
    assert 2 < film.max() < 25


@settings(max_examples=15)
@given(spine=spines(), person=people)
def test_lungs_lie_within_the_trunk(spine: Spine, person: Person) -> None:
    muscle, chest = build_body(spine, person).muscle, build_chest(spine, person)
    airy = chest.tops[:, 2].min() - 28 * spine.scale  # below, the domes fill the front
    for lung in chest.lungs:
        z, x, y, right, left, front, back = lung.T
        around = [np.interp(z, muscle[:, 0], column) for column in muscle.T]
        assert (x - right > around[1] - around[3]).all()
        assert (x + left < around[1] + around[4]).all()
        assert (y - front > around[2] - around[5])[z > airy].all()
        assert (y + back < around[2] + around[6]).all()


@pytest.mark.slow
def test_same_seed_same_picture_and_another_seed_another() -> None:
    spine, person = build_spine(SpinePlan()), Person()
    first, again, other = (body(frontal(), spine, person, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.05


def test_body_is_the_same_in_both_views() -> None:
    """Random numbers do not depend on the film, so one seed is one body."""
    spine, person = build_spine(SpinePlan()), Person()
    after = []
    for beam in (frontal(), lateral(96)):
        rng, film = np.random.default_rng(5), Film(beam)
        add_torso(film, spine, person, rng)
        add_organs(film, spine, person, rng)
        add_arms(film, spine, person, rng)
        after.append(rng.random())
    assert after[0] == after[1]


@pytest.mark.parametrize("anteroposterior", [False, True])
def test_heart_is_on_the_patients_left(anteroposterior: bool) -> None:
    spine, person = build_spine(SpinePlan()), Person()
    beam = Beam.frontal(MIDDLE, (160, 100), 900 / 160, anteroposterior=anteroposterior)
    film = body(beam, spine, person)
    z = heart(build_chest(spine, person), spine, person)[0].centre[2]
    x, y = beam.project(np.array([[-55.0, -60, z], [55.0, -60, z]])).T.astype(int)
    right, left = film[y[0] - 1 : y[0] + 2, x[0]].mean(), film[y[1] - 1 : y[1] + 2, x[1]].mean()
    assert x[1] > x[0]  # the patient's left is on the picture's right
    assert left > right + 0.3


@settings(max_examples=15)
@given(person=people)
@pytest.mark.slow
def test_lungs_are_darker_than_the_belly(person: Person) -> None:
    spine = build_spine(SpinePlan())
    beam = frontal()
    film, rng = Film(beam), np.random.default_rng(0)
    add_torso(film, spine, person, rng)
    add_organs(film, spine, person, rng)
    lung = [[s * 75.0, 0.0, spine["T7"].centre[2]] for s in (-1, 1)]
    belly = [[s * 60.0, 0.0, spine["L3"].centre[2]] for s in (-1, 1)]
    x, y = beam.project(np.array(lung + belly)).T.astype(int)
    values = film.attenuation[y, x]
    assert values[:2].max() < 0.75 * values[2:].min()


def test_right_dome_stands_higher_and_both_sink_with_breath() -> None:
    spine = build_spine(SpinePlan())
    out, deep = (build_chest(spine, Person(breath=b)).tops[:, 2] for b in (0.0, 1.0))
    assert (out > deep + 15).all()
    assert out[0] > out[1]
    assert deep[0] > deep[1]


def test_stout_people_absorb_more() -> None:
    spine = build_spine(SpinePlan())
    for beam in (frontal(), lateral()):
        lean, middle, stout = (
            body(beam, spine, Person(fatness=f), 1).sum() for f in (0.0, 0.5, 1.0)
        )
        assert lean * 1.03 < middle
        assert middle * 1.03 < stout


def test_depth_and_width_of_an_adult() -> None:
    spine, person = build_spine(SpinePlan()), Person(age_years=40, sex="male", fatness=0.3)
    skin = build_body(spine, person).skin
    at = int(np.abs(skin[:, 0] - spine["T9"].centre[2]).argmin())
    assert 280 < skin[at, 3] + skin[at, 4] < 360
    assert 190 < skin[at, 5] + skin[at, 6] < 260


def test_trunk_follows_a_thoracic_curve() -> None:
    curved = build_spine(SpinePlan((Bend("T5", "T11", 60, "right"),)))
    skin, person = build_body(curved, Person()).skin, Person()
    z = float(curved["T8"].centre[2])
    at = int(np.abs(skin[:, 0] - z).argmin())
    assert skin[at, 1] - skin[at, 3] < rib_cage(curved, person).middle[7, 0] - 60
    middle = skin[at, 1] + (skin[at, 4] - skin[at, 3]) / 2
    assert middle < -5  # to the convex side


def test_arms_cross_the_chest_on_lateral_films_only_when_they_hang() -> None:
    spine, beam = build_spine(SpinePlan()), lateral()
    z = float(spine["T8"].centre[2])
    x, y = beam.project(np.array([[0.0, 15.0, z]])).T.astype(int)
    added = {}
    for arms in ("side", "raised"):
        film = Film(beam)
        add_arms(film, spine, Person(arms=arms), np.random.default_rng(0))
        added[arms] = float(film.attenuation[y, x][0])
    assert added["side"] > 80 * WATER
    assert added["raised"] == 0
