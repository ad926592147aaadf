from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.phantom.shape import Bend, Profile, SpinePlan, build_spine
from spinescan.phantom.vertebrae import PITCH_MM, level_names

SIDES = st.sampled_from(["left", "right"])
PROFILES = st.builds(
    Profile,
    kyphosis_deg=st.floats(-5, 60),
    lordosis_deg=st.floats(40, 80),
    sacral_slope_deg=st.floats(10, 35),
    pelvic_tilt_deg=st.floats(-5, 35),
)


@st.composite
def plans(draw):
    thoracic, lumbar = draw(st.floats(5, 75)), draw(st.floats(5, 65))
    convex = draw(SIDES)
    other = "left" if convex == "right" else "right"
    return SpinePlan(
        bends=(Bend("T5", "T11", thoracic, convex), Bend("T12", "L4", lumbar, other)),
        profile=draw(PROFILES),
        takeoff_deg=draw(st.none() | st.floats(-0.1, 0.8).map(lambda share: share * lumbar)),
        obliquity_deg=draw(st.floats(-6, 6)),
        length_mm=draw(st.floats(300, 520)),
    )


def frontal_deg(plate):
    """Slope of an endplate where the patient's frontal plane cuts it, + if the left lies lower."""
    return np.degrees(np.arctan2(plate.normal[0], plate.normal[2]))


def sagittal_deg(plate):
    """The same in the sagittal plane, + if the front lies lower."""
    return np.degrees(np.arctan2(-plate.normal[1], plate.normal[2]))


@given(plans())
def test_endplates_in_space_have_the_angles_that_were_planned(plan):
    spine = build_spine(plan)
    for bend in plan.bends:
        top = frontal_deg(spine[bend.upper].superior)
        bottom = frontal_deg(spine[bend.lower].inferior)
        assert bend.sense * (bottom - top) == pytest.approx(bend.cobb_deg, abs=1e-6)
    profile, s1 = plan.profile, spine.pelvis.s1
    kyphosis = sagittal_deg(spine["T4"].superior) - sagittal_deg(spine["T12"].inferior)
    assert kyphosis == pytest.approx(profile.kyphosis_deg, abs=1e-6)
    lordosis = sagittal_deg(s1) - sagittal_deg(spine["L1"].superior)
    assert lordosis == pytest.approx(profile.lordosis_deg, abs=1e-6)
    assert sagittal_deg(s1) == pytest.approx(profile.sacral_slope_deg, abs=1e-6)
    if plan.takeoff_deg is not None:
        lowest = plan.bends[-1]
        leaving = frontal_deg(spine[lowest.lower].inferior) - frontal_deg(s1)
        assert lowest.sense * leaving == pytest.approx(plan.takeoff_deg, abs=1e-6)


@given(plans())
def test_a_spine_stands_on_s1_and_a_balanced_one_above_it(plan):
    spine = build_spine(plan)
    assert spine.pelvis.s1.centre == pytest.approx([0, 0, 0])
    if plan.takeoff_deg is None:
        assert spine["T1"].superior.centre[0] == pytest.approx(0, abs=1e-3)
    heights = [v.centre[2] for v in spine.vertebrae]
    assert (np.diff(heights) < 0).all()
    assert spine.scale == pytest.approx(plan.length_mm / 437)


@given(plans())
def test_the_mirror_image_of_a_plan_is_the_mirror_image_of_its_spine(plan):
    mirrored = replace(
        plan,
        bends=tuple(
            replace(b, convex="left" if b.convex == "right" else "right") for b in plan.bends
        ),
        obliquity_deg=-plan.obliquity_deg,
    )
    for here, there in zip(
        build_spine(plan).vertebrae, build_spine(mirrored).vertebrae, strict=True
    ):
        assert there.centre == pytest.approx(here.centre * [-1, 1, 1], abs=1e-6)
        assert there.superior.across[1] == pytest.approx(-here.superior.across[1], abs=1e-9)


@given(plans(), st.integers(0, 99))
def test_frames_are_right_handed_and_every_endplate_lies_in_its_plane(plan, seed):
    for vertebra in build_spine(plan, np.random.default_rng(seed)).vertebrae:
        assert vertebra.frame @ vertebra.frame.T == pytest.approx(np.eye(3), abs=1e-9)
        assert np.linalg.det(vertebra.frame) == pytest.approx(1)
        for plate in (vertebra.superior, vertebra.inferior):
            assert plate.across @ plate.back == pytest.approx(0, abs=1e-9)
            assert (plate.rim() - plate.centre) @ plate.normal == pytest.approx(0, abs=1e-9)
            assert plate.normal[2] > 0


def test_a_vertebra_on_its_side_is_refused():
    with pytest.raises(ValueError, match="on its side"):
        build_spine(SpinePlan(profile=Profile(90, 10, 60, 10)))


def test_neighbours_are_as_far_apart_as_in_people():
    spine = build_spine(SpinePlan(profile=Profile(0, 0, 0, 0)))
    for upper, lower in zip(level_names()[5:-1], level_names()[6:], strict=True):
        pitch = np.linalg.norm(spine[upper].centre - spine[lower].centre)
        assert pitch == pytest.approx(PITCH_MM[upper], abs=0.01)


def test_the_apex_turns_to_its_convex_side_and_the_hips_lie_where_the_pelvis_says():
    plan = SpinePlan(bends=(Bend("T5", "T11", 40, "right"),), twist=0.5)
    spine = build_spine(plan)
    front = -spine["T8"].frame[1]
    assert np.degrees(np.arctan2(-front[0], -front[1])) == pytest.approx(20, abs=2)
    forward = spine.pelvis.hip_axis - spine.pelvis.s1.centre
    tilt = np.degrees(np.arctan2(-forward[1], -forward[2]))
    assert tilt == pytest.approx(plan.profile.pelvic_tilt_deg)
    assert plan.profile.incidence_deg == plan.profile.pelvic_tilt_deg + 40.0


@pytest.mark.parametrize(
    ("lumbar", "rib_pairs", "last", "bearing"),
    [(5, 12, "L5", "T12"), (4, 12, "L4", "T12"), (6, 11, "L6", "T11"), (5, 13, "L5", "L1")],
)
def test_rare_numbers_of_vertebrae_and_ribs(lumbar, rib_pairs, last, bearing):
    spine = build_spine(SpinePlan(lumbar=lumbar, rib_pairs=rib_pairs))
    assert spine.vertebrae[-1].level == last
    assert [v.level for v in spine.vertebrae if v.has_ribs][-1] == bearing
    assert sum(v.has_ribs for v in spine.vertebrae) == rib_pairs
    assert "L9" not in spine
    with pytest.raises(KeyError):
        spine["L9"]


@pytest.mark.parametrize(
    "bends",
    [
        (Bend("T12", "L4", 20, "left"), Bend("T5", "T11", 20, "right")),
        (Bend("T5", "T11", 20, "left"), Bend("T8", "L2", 20, "right")),
        (Bend("T8", "T5", 20, "left"),),
        (Bend("T8", "L6", 20, "left"),),
    ],
)
def test_bends_that_cannot_be_are_refused(bends):
    with pytest.raises(ValueError, match=r"head down|no such level"):
        SpinePlan(bends=bends)


@pytest.mark.parametrize("numbers", [{"lumbar": 3}, {"rib_pairs": 10}])
def test_impossible_numbers_are_refused(numbers):
    with pytest.raises(ValueError, match="lumbar"):
        SpinePlan(**numbers)


@given(st.floats(-30, 30), st.floats(-100, 100))
def test_moving_a_person_keeps_every_distance(turn_deg, shift):
    spine = build_spine(SpinePlan(bends=(Bend("T5", "T11", 40, "right"),)))
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    moved = spine.moved(np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]), np.array([shift, 0, 1.0]))
    before = np.array([v.centre for v in spine.vertebrae] + list(spine.pelvis.heads))
    after = np.array([v.centre for v in moved.vertebrae] + list(moved.pelvis.heads))
    gaps = [np.linalg.norm(p[:, None] - p[None], axis=2) for p in (before, after)]
    assert gaps[0] == pytest.approx(gaps[1], abs=1e-9)
    at = moved.pelvis.at(10, -5, 3) - moved.pelvis.hip_axis
    assert np.linalg.norm(at) == pytest.approx(np.sqrt(134))


@pytest.mark.parametrize(("level", "lumbar"), [("L4", 5), ("L5", 5), ("L5", 4)])
def test_a_level_slides_forwards_with_all_above_it(level, lumbar):
    plain = SpinePlan(lumbar=lumbar)
    still, slid = build_spine(plain), build_spine(replace(plain, slip=(level, 0.3)))
    names = [v.level for v in still.vertebrae]
    k = names.index(level) if level in names else len(names) - 1
    below = still.vertebrae[k + 1].superior if k + 1 < len(names) else still.pelvis.s1
    way = slid.vertebrae[k].centre - still.vertebrae[k].centre
    # Along the endplate that it stands on, to the front.
    assert way == pytest.approx(-0.3 * 2 * below.half_depth * below.back, abs=1e-9)
    for i, (before, after) in enumerate(zip(still.vertebrae, slid.vertebrae, strict=True)):
        expected = way if i <= k else np.zeros(3)
        assert after.superior.centre - before.superior.centre == pytest.approx(expected)
        assert sagittal_deg(after.inferior) == pytest.approx(sagittal_deg(before.inferior))
