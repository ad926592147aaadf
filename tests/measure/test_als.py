from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.anatomy import LEVELS, Landmarks
from spinescan.core.report import Curve, Fact, Verdict
from spinescan.measure.als import als_verdict
from spinescan.measure.als_draws import als_in_draws
from spinescan.measure.als_evidence import NEEDED_LEVELS, AlsEvidence
from spinescan.measure.als_rules import decide, family_of
from spinescan.measure.als_thresholds import ALS_THRESHOLDS as LIMIT
from spinescan.measure.als_thresholds import Threshold
from spinescan.measure.curves import find_curves
from tests.measure.spines import mirrored, profile, spine, transformed, without

# One spine of each type, and of each way to it; thoracic curves are convex to the right.
EXAMPLES = {
    "3CH": (profile(T1=-12, T5=-20, T11=20, L4=5, L5=4), 0.0),
    "3CH single curve": (profile(T1=-12, T5=-20, T11=15, L5=10), 0.0),
    "3CN": (profile(T1=-15, T5=-24, T11=20, L3=-4, L5=-8), 0.15),
    "3CN single curve": (profile(T1=-6, T4=-12, T9=13, T12=8, L5=4), 0.5),
    "3CL": (profile(T1=-12, T5=-20, T10=20, L4=-14, L5=-15), 0.0),
    "3CTL": (profile(T1=-8, T8=-14, L4=18, L5=20), 0.0),
    "4C": (profile(T1=-8, T5=-16, T11=20, L4=-20, L5=-10), 0.3),
    "4CL": (profile(T1=8, T11=12, L4=-20, L5=-8), 0.0),
    "4CL with a minor thoracic curve": (profile(T1=4, T5=-2, T11=14, L4=-22, L5=-8), 0.0),
    "4CTL": (profile(T1=-8, T9=-14, L3=18, L5=4), 0.0),
    "4CTL with a minor thoracic curve": (profile(T1=4, T5=-2, T10=14, L3=-20, L5=-6), 0.0),
}


def example(name: str, **changes: bool) -> Landmarks:
    tilts, sacrum = EXAMPLES[name]
    return spine(tilts, sacrum=sacrum, **changes)


def verdict(landmarks: Landmarks) -> Verdict:
    return als_verdict(landmarks, find_curves(landmarks))


def fact(answer: Verdict, code: str) -> Fact:
    return next(f for f in answer.facts if f.code == code)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_type_has_its_spine(name: str) -> None:
    answer = verdict(example(name))
    assert answer.type == name.split()[0]
    assert answer.family == answer.type[:2]
    assert answer.decision == "accepted"
    assert answer.reasons == ()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_mirrored_film_keeps_the_type_and_swaps_the_sides(name: str) -> None:
    answer, flipped = verdict(example(name)), verdict(mirrored(example(name)))
    assert (flipped.type, flipped.alternatives) == (answer.type, answer.alternatives)
    assert [f.code for f in flipped.facts] == [f.code for f in answer.facts]
    for one, other in zip(answer.facts, flipped.facts, strict=True):
        assert one.value == pytest.approx(other.value)
        swapped = other.text.replace("right", "?").replace("left", "right").replace("?", "left")
        assert swapped == one.text


@given(st.sampled_from(sorted(EXAMPLES)), st.floats(0.1, 10))
def test_the_size_of_the_film_does_not_matter(name: str, scale: float) -> None:
    answer, scaled = verdict(example(name)), verdict(transformed(example(name), scale=scale))
    assert (scaled.type, scaled.alternatives) == (answer.type, answer.alternatives)


@given(
    st.lists(st.floats(-40, 40), min_size=17, max_size=17),
    st.none() | st.floats(-2, 2),
    st.booleans(),
    st.sets(st.sampled_from(LEVELS), max_size=3),
)
def test_any_spine_gets_a_consistent_answer(
    tilts: list[float], sacrum: float | None, certain: bool, hidden: set[str]
) -> None:
    landmarks = without(spine(tilts, sacrum=sacrum, levels_certain=certain), *hidden)
    answer = verdict(landmarks)
    assert len(answer.alternatives) <= 2
    assert len(set(answer.alternatives)) == len(answer.alternatives)
    assert answer.type not in answer.alternatives
    if answer.type is not None:
        assert answer.family == family_of(answer.type)
    elif answer.family is not None:
        assert "no_type_fits" in answer.reasons
    assert all(f.text.endswith(".") for f in answer.facts)
    if answer.type is None:
        assert answer.reasons
        assert (answer.decision == "accepted") == ("no_curve" in answer.reasons)
    else:
        assert answer.decision == "accepted"
        assert hidden.isdisjoint(NEEDED_LEVELS)
    assert ("csl_approximate" in answer.reasons) == (sacrum is None and "L5" not in hidden)
    assert ("levels_uncertain" in answer.reasons) == (not certain)


def test_no_curve_is_an_answer() -> None:
    answer = verdict(spine(np.zeros(17), sacrum=0.0))
    assert (answer.type, answer.family, answer.decision) == (None, None, "accepted")
    assert answer.reasons == ("no_curve",)
    assert answer.facts[0].text == "No curve reaches 10 degrees."


@pytest.mark.parametrize("level", ["T5", "T9", "L5"])
def test_a_level_that_is_needed_and_missing_leaves_the_type_open(level: str) -> None:
    answer = verdict(without(example("4C"), level))
    assert (answer.type, answer.decision) == (None, "abstained")
    assert answer.reasons == ("levels_missing",)
    assert fact(answer, "levels_missing").value == level


def test_t1_is_not_needed() -> None:
    assert verdict(without(example("4C"), "T1")).type == "4C"


def test_a_straight_film_of_the_lumbar_spine_alone_is_not_called_straight() -> None:
    lumbar = without(spine(np.zeros(17)), *LEVELS[:10])
    assert verdict(lumbar).reasons == ("levels_missing", "csl_approximate")


def test_only_a_proximal_thoracic_curve_has_no_type() -> None:
    answer = verdict(spine(profile(T1=-12, T5=10, T8=3, L5=1), sacrum=0.0))
    assert answer.reasons == ("apex_outside_table",)


def test_without_the_sacrum_the_line_is_called_approximate() -> None:
    tilts, _ = EXAMPLES["3CH"]
    answer = verdict(spine(tilts))
    assert answer.type == "3CH"
    assert answer.reasons == ("csl_approximate",)
    assert "approximation" in fact(answer, "csl_approximate").text


def test_uncertain_levels_name_the_type_one_level_off() -> None:
    # The apex of this single curve is L1/L2: 4CL, but 4CTL if the levels are named one too low.
    certain = verdict(example("4CL"))
    shaky = verdict(example("4CL", levels_certain=False))
    assert certain.type == shaky.type == "4CL"
    assert "4CTL" in shaky.alternatives
    assert shaky.reasons == ("levels_uncertain",)


@pytest.mark.parametrize(
    ("sacrum", "family"), [(-0.6, "3C"), (-0.3, "3C"), (0.35, "4C"), (0.8, "4C")]
)
def test_the_transitional_point_decides_the_family(sacrum: float, family: str) -> None:
    tilts, _ = EXAMPLES["4C"]
    answer = verdict(spine(tilts, sacrum=sacrum))
    assert answer.family == family
    point = fact(answer, "tp_to_csl")
    assert (point.value < point.threshold) == (family == "4C")


def test_a_fact_tells_the_side_in_words() -> None:
    point = fact(verdict(example("3CH")), "tp_to_csl")
    assert point.value > 0
    assert point.text.startswith(
        f"The transitional point lies {point.value:.2f} vertebral widths off the CSL"
        " to the convex side of the thoracic curve (the picture's right)"
    )


# The rules at their borders.

THORACIC = Curve("main_thoracic", "right", "T5", "T8", "T11", 40.0)
LUMBAR = Curve("lumbar", "left", "T11", "L2", "L4", 30.0)
CLEAR_3CH = AlsEvidence(
    thoracic=THORACIC,
    lower=LUMBAR,
    tp=0.8,
    lumbar_apex=0.0,
    thoracic_apex=1.2,
    counter_tilt_deg=-3.0,
    l4_into_deg=1.0,
    cobb_ratio=0.75,
    length_ratio=0.9,
)
BORDER = LIMIT.tp_4c.value


@pytest.mark.parametrize(
    ("changes", "type_", "reasons", "rivals"),
    [
        ({}, "3CH", (), ()),
        ({"lumbar_apex": 0.24}, "3CH", (), ()),
        ({"lumbar_apex": 0.25}, "3CN", (), ()),
        ({"lumbar_apex": 0.49}, "3CN", (), ()),
        ({"lumbar_apex": 0.5}, "3CL", (), ()),
        ({"lumbar_apex": 0.5, "cobb_ratio": 0.59}, "3CN", (), ()),
        ({"lumbar_apex": 0.5, "length_ratio": 0.69}, "3CN", (), ()),
        ({"cobb_ratio": 1.1}, "3CH", (), ()),
        ({"cobb_ratio": 1.11}, None, ("no_type_fits",), ()),
        # The second witness is silent, agrees, or disagrees with a clear first one.
        ({"counter_tilt_deg": 3.0}, "3CH", (), ()),
        ({"counter_tilt_deg": 5.0}, "3CH", ("witnesses_disagree",), ("4C",)),
        ({"tp": -0.8, "counter_tilt_deg": 5.0}, "4C", (), ()),
        ({"tp": -0.8, "counter_tilt_deg": 0.0}, "4C", ("witnesses_disagree",), ("3CH",)),
        # Near the border the second witness decides, or nobody does.
        ({"tp": BORDER + 0.14, "counter_tilt_deg": 5.0}, "4C", ("tp_near_border",), ("3CH",)),
        ({"tp": BORDER - 0.14, "counter_tilt_deg": 0.0}, "3CH", ("tp_near_border",), ("4C",)),
        ({"tp": BORDER + 0.14, "counter_tilt_deg": 3.0}, None, ("family_unclear",), ("3CH", "4C")),
        ({"tp": BORDER - 0.14, "counter_tilt_deg": 3.0}, None, ("family_unclear",), ("4C", "3CH")),
        ({"tp": BORDER + 0.16, "counter_tilt_deg": 3.0}, "3CH", (), ()),
        ({"tp": BORDER - 0.16, "counter_tilt_deg": 3.0}, "4C", (), ()),
        ({"tp": -0.8, "counter_tilt_deg": 5.0, "cobb_ratio": 1.49}, "4C", (), ()),
        ({"tp": -0.8, "counter_tilt_deg": 5.0, "cobb_ratio": 1.5}, "4CL", (), ()),
        ({"lower": replace(LUMBAR, region="main_thoracic")}, None, ("no_type_fits",), ()),
    ],
)
def test_two_curves_at_the_borders(
    changes: dict[str, object], type_: str | None, reasons: tuple[str, ...], rivals: tuple[str, ...]
) -> None:
    answer = decide(replace(CLEAR_3CH, **changes))
    assert (answer.type, answer.reasons, answer.rivals) == (type_, reasons, rivals)


@pytest.mark.parametrize(
    ("counter_tilt", "l4_into", "type_", "reasons"),
    [
        (5.0, 1.0, "4CTL", ()),
        (4.9, 1.0, None, ("family_unclear",)),
        (0.1, 1.0, None, ("family_unclear",)),
        (0.0, 1.0, "3CTL", ()),
        (0.0, -1.0, None, ("no_type_fits",)),
    ],
)
def test_a_single_thoracolumbar_curve_at_the_borders(
    counter_tilt: float, l4_into: float, type_: str | None, reasons: tuple[str, ...]
) -> None:
    curve = Curve("thoracolumbar", "left", "T9", "T12", "L3", 30.0)
    e = AlsEvidence(lower=curve, counter_tilt_deg=counter_tilt, l4_into_deg=l4_into)
    assert (decide(e).type, decide(e).reasons) == (type_, reasons)


@pytest.mark.parametrize(
    ("thoracic_apex", "lumbar_apex", "type_"),
    [(0.5, 0.24, "3CH"), (0.5, 0.25, "3CN"), (0.0, 0.0, None), (-0.5, 0.4, None)],
)
def test_a_single_thoracic_curve_at_the_borders(
    thoracic_apex: float, lumbar_apex: float, type_: str | None
) -> None:
    e = AlsEvidence(thoracic=THORACIC, thoracic_apex=thoracic_apex, lumbar_apex=lumbar_apex)
    assert decide(e).type == type_


def test_a_fact_within_its_margin_gives_an_alternative() -> None:
    # The lumbar apex of this spine lies 0.22 widths beyond the CSL; it crosses it from 0.25 on.
    tilts, _ = EXAMPLES["3CN"]
    landmarks = spine(tilts, sacrum=0.0)
    answer = verdict(landmarks)
    apex = fact(answer, "lumbar_apex_to_csl")
    assert 0 < apex.threshold - apex.value < LIMIT.lumbar_crosses.margin
    assert answer.type == "3CH"
    assert answer.alternatives == ("3CN",)


@pytest.mark.parametrize(("l4_tilt", "alternatives"), [(1, ()), (2, ("3CN",))])
def test_a_curve_of_barely_ten_degrees_might_be_none(
    l4_tilt: float, alternatives: tuple[str, ...]
) -> None:
    # A lumbar curve of 12.5, then of 11.5 degrees; as a single thoracic curve this is 3CN.
    landmarks = spine(profile(T1=-12, T5=-20, T11=15, L4=l4_tilt, L5=l4_tilt), sacrum=0.3)
    thoracic, lumbar = find_curves(landmarks)
    assert (lumbar.cobb_deg < 12) == bool(alternatives)
    answer = als_verdict(landmarks, (thoracic, lumbar))
    assert (answer.type, answer.alternatives) == ("3CH", alternatives)
    assert als_verdict(landmarks, (thoracic,)).type == "3CN"


def test_thresholds_of_one_fact_have_one_margin() -> None:
    ratios = (LIMIT.lumbar_larger, LIMIT.structural_ratio, LIMIT.lumbar_major)
    assert len({t.margin for t in ratios}) == 1
    assert LIMIT.lumbar_crosses.margin == LIMIT.lumbar_crosses_clearly.margin


@pytest.mark.parametrize("name", [f.name for f in fields(LIMIT)])
def test_every_threshold_tells_its_origin(name: str) -> None:
    threshold = getattr(LIMIT, name)
    assert isinstance(threshold, Threshold)
    assert threshold.margin >= 0
    assert threshold.unit
    assert threshold.meaning
    assert threshold.origin
    assert threshold.provisional == ("provisional" in threshold.origin)


def test_families_are_told_by_the_name() -> None:
    types = ("3CH", "3CTL", "3CN", "3CL", "4C", "4CL", "4CTL")
    assert [family_of(t) for t in types] == ["3C"] * 4 + ["4C"] * 3


# The hip as a witness.

HIP = LIMIT.hip_4c.value


@pytest.mark.parametrize(
    ("changes", "type_", "reasons", "rivals"),
    [
        ({"hip": HIP}, "3CH", ("witnesses_disagree",), ("4C",)),
        ({"hip": HIP - 0.01}, "3CH", (), ()),
        ({"hip": LIMIT.hip_3c.value}, "3CH", (), ()),
        ({"tp": -0.8, "counter_tilt_deg": 3.0, "hip": HIP}, "4C", (), ()),
        (
            {"tp": -0.8, "counter_tilt_deg": 3.0, "hip": LIMIT.hip_3c.value},
            "4C",
            ("witnesses_disagree",),
            ("3CH",),
        ),
        # Near the border the hip speaks where the tilt is silent; the tilt outweighs it.
        (
            {"tp": BORDER, "counter_tilt_deg": 3.0, "hip": HIP},
            "4C",
            ("tp_near_border",),
            ("3CH",),
        ),
        (
            {"tp": BORDER, "counter_tilt_deg": 3.0, "hip": LIMIT.hip_3c.value},
            "3CH",
            ("tp_near_border",),
            ("4C",),
        ),
        (
            {"tp": BORDER + 0.01, "counter_tilt_deg": 5.0, "hip": LIMIT.hip_3c.value},
            "4C",
            ("tp_near_border", "witnesses_disagree"),
            ("3CH",),
        ),
    ],
)
def test_the_hip_is_a_witness(
    changes: dict[str, object], type_: str | None, reasons: tuple[str, ...], rivals: tuple[str, ...]
) -> None:
    answer = decide(replace(CLEAR_3CH, **changes))
    assert (answer.type, answer.reasons, answer.rivals) == (type_, reasons, rivals)


def test_a_single_thoracic_curve_over_a_4_curve_pelvis_has_no_type() -> None:
    e = AlsEvidence(thoracic=THORACIC, thoracic_apex=0.5, lumbar_apex=0.0, hip=HIP)
    assert decide(e).reasons == ("no_type_fits",)
    assert decide(replace(e, hip=LIMIT.hip_3c.value)).type == "3CH"


@pytest.mark.parametrize(
    ("place", "heard"), [("iliac_crest", True), ("femoral_head", True), ("elsewhere", False)]
)
def test_the_hip_is_heard_only_where_hips_are_seen(place: str, heard: bool) -> None:
    tilts, sacrum = EXAMPLES["4C"]
    points = {f"{place}_left": (-2.0, 1.0), f"{place}_right": (3.4, 1.0)}
    seen = verdict(spine(tilts, sacrum=sacrum, others=points))
    assert ("hip_prominence" in {f.code for f in seen.facts}) == heard


def test_the_side_of_the_hip_is_told_in_words() -> None:
    tilts, sacrum = EXAMPLES["3CH"]
    for middle, side in ((-3.0, "concave"), (3.0, "convex")):
        points = {"iliac_crest_left": (middle - 2, 0.0), "iliac_crest_right": (middle + 2, 0.0)}
        hip = fact(verdict(spine(tilts, sacrum=sacrum, others=points)), "hip_prominence")
        assert isinstance(hip.value, float)
        assert (hip.value > 0) == (side == "convex")
        assert f"to the {side} side of the thoracic curve" in hip.text


# What limits an answer: a brace, and points that might lie elsewhere.


def test_a_film_in_a_brace_gets_no_type() -> None:
    landmarks = example("4C")
    answer = als_verdict(landmarks, find_curves(landmarks), in_brace=True)
    assert (answer.type, answer.family, answer.alternatives) == (None, None, ())
    assert (answer.decision, answer.reasons) == ("abstained", ("in_brace",))
    assert [f.code for f in answer.facts] == ["curves"]


def drawn_verdict(landmarks: Landmarks) -> Verdict:
    return als_verdict(landmarks, find_curves(landmarks), factor=1.0)


@pytest.mark.parametrize("name", EXAMPLES)
def test_points_that_are_known_well_change_nothing(name: str) -> None:
    tilts, sacrum = EXAMPLES[name]
    landmarks = spine(tilts, sacrum=sacrum, spread_px=0.01)
    sure, plain = drawn_verdict(landmarks), verdict(landmarks)
    assert (sure.type, sure.alternatives) == (plain.type, plain.alternatives)
    assert fact(sure, "type_in_draws").value == 1.0


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("spread", [1.0, 4.0])
def test_a_type_is_given_if_half_of_the_draws_give_it(name: str, spread: float) -> None:
    tilts, sacrum = EXAMPLES[name]
    answer = drawn_verdict(spine(tilts, sacrum=sacrum, spread_px=spread))
    steady = fact(answer, "type_in_draws").value >= LIMIT.steady_share.value
    if steady:
        assert answer.type == name.split()[0]
    else:
        assert answer.type is None
        assert answer.decision == "abstained"
        assert answer.reasons[0] == "type_unsteady"
        assert answer.alternatives[0] == name.split()[0]


def test_some_spread_unsettles_every_type() -> None:
    tilts, sacrum = EXAMPLES["3CN"]
    answer = drawn_verdict(spine(tilts, sacrum=sacrum, spread_px=8.0))
    assert answer.reasons[0] == "type_unsteady"


@pytest.mark.parametrize("name", EXAMPLES)
def test_draws_of_a_mirrored_film_give_the_same_shares(name: str) -> None:
    tilts, sacrum = EXAMPLES[name]
    points = {"iliac_crest_left": (-2.0, 1.0), "iliac_crest_right": (3.4, 1.0)}
    landmarks = spine(tilts, sacrum=sacrum, spread_px=2.0, others=points)
    shares = als_in_draws(landmarks, factor=1.0)
    assert sum(shares.values()) == pytest.approx(1)
    assert als_in_draws(mirrored(landmarks), factor=1.0) == shares


def test_an_unknown_spread_makes_no_draws() -> None:
    assert als_in_draws(example("4C"), factor=1.0) == {}
