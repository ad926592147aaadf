from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spinescan.core.anatomy import LEVELS, Landmarks
from spinescan.core.report import Curve
from spinescan.measure.curves import PLACES, find_curves, head_down, region_of
from tests.measure.spines import mirrored, profile, replaced, spine, transformed, without

KNOTS = ("T1", "T4", "T7", "T10", "T12", "L2", "L4", "L5")


@st.composite
def crooked_spines(draw: st.DrawFn) -> Landmarks:
    """Spines with any curves; a little noise keeps two levels from being tilted exactly alike."""
    tilts = [draw(st.floats(-35, 35)) for _ in KNOTS]
    noise = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).normal(0, 0.2, 34)
    landmarks = spine(profile(**dict(zip(KNOTS, tilts, strict=True))) + noise)
    assume(all(abs(c.cobb_deg - 10) > 1e-3 for c in find_curves(landmarks)))
    return landmarks


def ends(curves: tuple[Curve, ...]) -> list[tuple[str, str, str]]:
    return [(c.upper, c.apex, c.lower) for c in curves]


def sides(curves: tuple[Curve, ...]) -> list[str]:
    return [c.convex_side for c in curves]


def angles(curves: tuple[Curve, ...]) -> object:
    return pytest.approx([c.cobb_deg for c in curves], abs=1e-4)


@given(crooked_spines(), st.floats(-180, 180))
def test_turning_the_film_changes_no_curve(landmarks: Landmarks, turn_deg: float) -> None:
    curves = find_curves(landmarks)
    turned = find_curves(transformed(landmarks, turn_deg=turn_deg))
    assert ends(turned) == ends(curves)
    assert sides(turned) == sides(curves)
    assert [c.cobb_deg for c in turned] == angles(curves)


@given(crooked_spines(), st.floats(0.05, 20), st.tuples(*[st.floats(-3000, 3000)] * 2))
def test_size_and_place_change_no_curve(
    landmarks: Landmarks, scale: float, shift: tuple[float, float]
) -> None:
    curves = find_curves(landmarks)
    moved = find_curves(transformed(landmarks, scale=scale, shift=shift))
    assert ends(moved) == ends(curves)
    assert [c.cobb_deg for c in moved] == angles(curves)


@given(crooked_spines())
def test_mirroring_swaps_the_sides_alone(landmarks: Landmarks) -> None:
    curves = find_curves(landmarks)
    flipped = find_curves(mirrored(landmarks))
    assert ends(flipped) == ends(curves)
    assert [c.cobb_deg for c in flipped] == angles(curves)
    assert sides(flipped) == [{"left": "right", "right": "left"}[s] for s in sides(curves)]


@given(crooked_spines(), st.floats(0.3, 3))
def test_pixels_that_are_not_square_change_no_curve(landmarks: Landmarks, aspect: float) -> None:
    squeezed = replaced(landmarks, landmarks.points_xy / [1.0, aspect], pixel_aspect=aspect)
    curves = find_curves(landmarks)
    assert ends(find_curves(squeezed)) == ends(curves)
    assert [c.cobb_deg for c in find_curves(squeezed)] == angles(curves)


@given(crooked_spines())
def test_curves_reach_ten_degrees_alternate_and_do_not_overlap(landmarks: Landmarks) -> None:
    curves = find_curves(landmarks)
    assert [c.cobb_deg for c in curves] == sorted((c.cobb_deg for c in curves), reverse=True)
    assert all(c.cobb_deg >= 10 for c in curves)
    down = head_down(curves)
    for upper, lower in pairwise(down):
        assert LEVELS.index(lower.upper) >= LEVELS.index(upper.lower)
        assert lower.convex_side != upper.convex_side
    for c in curves:
        between = PLACES[PLACES.index(c.upper) + 1 : PLACES.index(c.lower)]
        assert c.apex in between
        assert c.region == region_of(c.apex)


@given(crooked_spines())
def test_no_other_end_vertebrae_within_a_curve_give_a_larger_angle(landmarks: Landmarks) -> None:
    levels, corners = landmarks.frontal_corners()
    plates = corners[:, 1::2] - corners[:, 0::2]
    tilts = np.degrees(np.arctan2(plates[..., 1], plates[..., 0]))
    for c in find_curves(landmarks):
        a, b = levels.index(c.upper), levels.index(c.lower)
        sense = 1 if c.convex_side == "right" else -1
        inside = [
            sense * (tilts[j, 1] - tilts[i, 0])
            for i in range(a, b + 1)
            for j in range(i + min(3, b - a), b + 1)
        ]
        assert max(inside) == pytest.approx(c.cobb_deg, abs=1e-4)


def test_a_large_curve_keeps_its_end_vertebra_beside_a_short_counter_curve() -> None:
    # Convex to the right down to L3, then back over L4 and L5: three vertebrae with the shared end.
    top, bottom = 2 * LEVELS.index("T8"), 2 * LEVELS.index("L3") + 1
    tilts = np.interp(np.arange(34), [top, bottom, 33], [-28, 29, -3])
    large, short = find_curves(spine(tilts))
    assert (large.upper, large.lower, large.cobb_deg) == ("T8", "L3", pytest.approx(57, abs=0.1))
    assert (short.upper, short.lower) == ("L3", "L5")


@given(st.floats(-20, 20))
def test_a_straight_spine_has_no_curve(lean_deg: float) -> None:
    assert find_curves(spine(np.full(17, lean_deg))) == ()


@given(st.floats(10.01, 90), st.integers(0, 10), st.integers(4, 17), st.booleans())
def test_an_arc_gives_its_angle(angle: float, first: int, count: int, to_left: bool) -> None:
    last = min(first + count, 17) - 1
    arc = np.interp(np.arange(34), [2 * first, 2 * last + 1], [-angle / 2, angle / 2])
    (curve,) = find_curves(spine(-arc if to_left else arc))
    assert curve.cobb_deg == pytest.approx(angle, abs=0.1)
    assert (curve.upper, curve.lower) == (LEVELS[first], LEVELS[last])
    assert curve.convex_side == ("left" if to_left else "right")
    middle = PLACES[first + last]
    assert abs(PLACES.index(curve.apex) - PLACES.index(middle)) <= 1


@given(st.floats(12, 60), st.floats(12, 60))
def test_two_arcs_give_both_angles(upper_deg: float, lower_deg: float) -> None:
    # The inflection lies in the middle of T11, which both curves share.
    top, bottom = LEVELS.index("T5") * 2, LEVELS.index("L4") * 2 + 1
    neutral = LEVELS.index("T11") * 2
    tilts = np.interp(
        np.arange(34), [top, neutral, neutral + 1, bottom], [-upper_deg, 0, 0, -lower_deg]
    )
    upper, lower = head_down(find_curves(spine(tilts)))
    assert upper.cobb_deg == pytest.approx(upper_deg, abs=0.1)
    assert lower.cobb_deg == pytest.approx(lower_deg, abs=0.1)
    assert (upper.upper, upper.lower) == ("T5", "T11")
    assert (lower.upper, lower.lower) == ("T11", "L4")
    assert (upper.region, lower.region) == ("main_thoracic", "lumbar")
    assert (upper.convex_side, lower.convex_side) == ("right", "left")


TRIPLE = profile(T1=15, T5=-20, T11=25, L4=-18, L5=-15)


def test_a_triple_curve() -> None:
    curves = head_down(find_curves(spine(TRIPLE)))
    assert [c.region for c in curves] == ["proximal_thoracic", "main_thoracic", "lumbar"]
    assert [c.convex_side for c in curves] == ["left", "right", "left"]
    assert [(c.upper, c.lower) for c in curves] == [("T1", "T5"), ("T5", "T11"), ("T11", "L4")]


@given(st.integers(0, 2**32 - 1))
def test_noise_of_half_a_degree_adds_no_curve(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 0.5, 34)
    clean, noisy = find_curves(spine(TRIPLE)), find_curves(spine(TRIPLE + noise))
    assert sides(head_down(noisy)) == sides(head_down(clean))
    assert [c.cobb_deg for c in noisy] == pytest.approx([c.cobb_deg for c in clean], abs=5)
    assert find_curves(spine(noise)) == ()


@pytest.mark.parametrize(("dip", "count"), [(4.0, 1), (9.0, 1), (12.0, 3)])
def test_only_a_wiggle_of_ten_degrees_divides_a_curve(dip: float, count: int) -> None:
    tilts = np.interp(range(17), [3, 7, 10, 14], [-30, dip / 2, -dip / 2, 30])
    assert len(find_curves(spine(tilts))) == count


def test_wedged_vertebrae_are_measured_at_the_outer_endplates() -> None:
    # T6 and T12 are tilted by 10 degrees; their outer endplates are tilted by 4 degrees more.
    tilts = profile(T6=-10, T12=10)
    tilts[LEVELS.index("T6") * 2] -= 4
    tilts[LEVELS.index("T12") * 2 + 1] += 4
    (curve,) = find_curves(spine(tilts))
    assert (curve.upper, curve.lower) == ("T6", "T12")
    assert curve.cobb_deg == pytest.approx(tilts.max() - tilts.min(), abs=1e-4)


def test_a_level_that_is_missing_is_neither_end_nor_apex() -> None:
    whole = spine(profile(T5=-20, L1=20))
    (curve,) = find_curves(whole)
    assert (curve.upper, curve.apex, curve.lower) == ("T5", "T9", "L1")
    (gapped,) = find_curves(without(whole, "T9", "T10"))
    assert (gapped.upper, gapped.lower) == ("T5", "L1")
    assert gapped.cobb_deg == pytest.approx(curve.cobb_deg)
    assert gapped.apex in ("T8", "T8/T9")
    (short,) = find_curves(without(whole, "T1", "T2", "T3", "T4", "T5", "L1", "L2", "L4", "L5"))
    assert short.upper == "T6"
    assert short.cobb_deg < curve.cobb_deg


def test_too_few_vertebrae_have_no_curve() -> None:
    bent = spine(profile(T5=-30, L1=30))
    assert find_curves(without(bent, *LEVELS)) == ()
    assert find_curves(without(bent, *LEVELS[:15])) == ()
    assert find_curves(without(bent, *LEVELS[:6], *LEVELS[9:])) == ()
    assert len(find_curves(without(bent, *LEVELS[:6], *LEVELS[10:]))) == 1


@pytest.mark.parametrize(
    ("apex", "region"),
    [
        ("T1", "proximal_thoracic"),
        ("T2", "proximal_thoracic"),
        ("T5/T6", "proximal_thoracic"),
        ("T6", "main_thoracic"),
        ("T11/T12", "main_thoracic"),
        ("T12", "thoracolumbar"),
        ("T12/L1", "thoracolumbar"),
        ("L1", "thoracolumbar"),
        ("L1/L2", "lumbar"),
        ("L4", "lumbar"),
        ("L5", "lumbar"),
    ],
)
def test_the_apex_names_the_region(apex: str, region: str) -> None:
    assert region_of(apex) == region
