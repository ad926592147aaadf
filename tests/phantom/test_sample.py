import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.measure.sagittal_norms import expected_lordosis_deg, norm_of
from spinescan.phantom.als_types import FORMS, draw_als
from spinescan.phantom.facts import apex_name, frontal_facts
from spinescan.phantom.sample import (
    SAGITTAL_CLASSES,
    draw_profile,
    draw_subject,
    sagittal_label,
)
from spinescan.phantom.shape import Bend, SpinePlan, build_spine

SEEDS = st.integers(0, 10_000)
TYPES = st.sampled_from(list(FORMS))


@given(TYPES, SEEDS)
def test_a_drawn_spine_fits_its_type(als, seed):
    drawn = draw_als(als, SpinePlan(), np.random.default_rng(seed))
    facts = drawn.facts
    assert drawn.margin >= 0
    # What the table of types says in words.
    if als in ("3CH", "3CN", "3CL"):
        assert facts.ratio is None or facts.ratio < 1
        assert 4.5 < facts.thoracic_apex < 11
    if als == "3CH":
        assert facts.crossing < 0.3
    if als in ("3CN", "3CL", "4C"):
        assert facts.crossing > 0.2
    if als in ("3CTL", "4CTL"):
        assert apex_name(build_spine(drawn.plan), drawn.lower) in ("T11/T12", "T12", "T12/L1", "L1")
    if als == "3CTL":
        assert drawn.thoracic is None
    assert (facts.counter_tilt_deg > 2) == als.startswith("4")


@given(TYPES, SEEDS)
def test_types_are_the_same_in_the_mirror(als, seed):
    drawn = draw_als(als, SpinePlan(), np.random.default_rng(seed))

    def flipped(bend):
        if bend is None:
            return None
        return Bend(bend.upper, bend.lower, bend.cobb_deg, "left" if bend.sense < 0 else "right")

    bends = tuple(flipped(b) for b in drawn.plan.bends)
    plan = SpinePlan(bends=bends, takeoff_deg=drawn.plan.takeoff_deg)
    facts = frontal_facts(build_spine(plan), flipped(drawn.thoracic), flipped(drawn.lower))
    for name in ("transition", "crossing", "shift", "counter_tilt_deg", "ratio", "lower_apex"):
        here, there = getattr(drawn.facts, name), getattr(facts, name)
        assert there == (None if here is None else pytest.approx(here, abs=1e-6))


@pytest.mark.parametrize("als", FORMS)
def test_a_margin_and_an_angle_can_be_asked_for(als):
    rng = np.random.default_rng(0)
    assert draw_als(als, SpinePlan(), rng, least_margin=0.2).margin >= 0.2
    drawn = draw_als(als, SpinePlan(), rng, cobb_deg=45)
    larger = max(b.cobb_deg for b in (drawn.thoracic, drawn.lower) if b is not None)
    assert larger == pytest.approx(45)


@pytest.mark.slow
def test_an_angle_that_no_such_spine_has_is_refused():
    with pytest.raises(ValueError, match="3CL with a curve of 10 degrees"):
        draw_als("3CL", SpinePlan(), np.random.default_rng(0), cobb_deg=10)


def test_a_straight_spine_has_no_facts():
    with pytest.raises(ValueError, match="straight"):
        frontal_facts(build_spine(SpinePlan()), None, None)


@given(st.sampled_from(SAGITTAL_CLASSES), SEEDS, st.sampled_from([0.0, 3.0]))
def test_profiles_lie_on_their_side_of_the_borders(sagittal, seed, margin):
    profile, found = draw_profile(sagittal, np.random.default_rng(seed), margin_deg=margin)
    assert found >= margin
    off = profile.lordosis_deg - float(expected_lordosis_deg(profile.incidence_deg))
    # The very norms that films are measured against.
    kyphosis = norm_of("tk_t4_t12_taught").position(profile.kyphosis_deg)
    lordosis = norm_of("ll_against_pi").position(off)
    expected = {
        "healthy": ("normal", "normal", "healthy"),
        "hyperkyphosis": ("hyper", "normal", "kyphosis"),
        "hypokyphosis": ("hypo", "normal", None),
        "hyperlordosis": ("normal", "hyper", "lordosis"),
        "hypolordosis": ("normal", "hypo", None),
        "both": ("hyper", "hyper", "both"),
    }
    assert (kyphosis, lordosis, sagittal_label(sagittal)) == expected[sagittal]


def test_a_margin_that_no_profile_has_is_refused():
    with pytest.raises(ValueError, match="margin of 40"):
        draw_profile("healthy", np.random.default_rng(0), margin_deg=40)


@pytest.mark.slow
def test_chance_brings_all_types_and_classes_and_rare_spines():
    drawn = [draw_subject(np.random.default_rng(seed)) for seed in range(300)]
    assert {s.als for s in drawn} == {None, *FORMS}
    assert {s.sagittal for s in drawn} == set(SAGITTAL_CLASSES)
    assert {s.plan.lumbar for s in drawn} == {4, 5, 6}
    assert {s.plan.rib_pairs for s in drawn} == {11, 12, 13}
    assert {s.person.sex for s in drawn} == {"female", "male"}
    for subject in drawn:
        if subject.als is None:
            assert max(b.cobb_deg for b in subject.plan.bends) < 10
            assert subject.main_bends == ()
        assert 9 <= subject.person.age_years <= 80
        assert 0 <= subject.person.fatness <= 1
