"""Curves between end vertebrae that a reader has chosen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.anatomy import LEVELS
from spinescan.core.errors import EditError
from spinescan.measure.answers import frontal_answers
from spinescan.measure.curves import curve_between, curves_between, find_curves
from spinescan.measure.intervals import bend_between, with_intervals
from tests.measure.spines import mirrored, profile, spine, transformed, without

DOUBLE = profile(T1=-8, T5=-16, T11=20, L4=-20, L5=-10)
SPINES = st.lists(st.floats(-35, 35), min_size=17, max_size=17)
PAIRS = st.tuples(st.integers(0, 14), st.integers(2, 16)).filter(lambda p: p[1] - p[0] >= 2)


def test_the_ends_that_the_machine_chose_give_its_own_curve() -> None:
    landmarks = spine(DOUBLE)
    for curve in find_curves(landmarks):
        chosen = curve_between(landmarks, curve.upper, curve.lower)
        assert chosen.ends_by == "reader"
        assert chosen.cobb_deg == pytest.approx(curve.cobb_deg)
        assert (chosen.apex, chosen.region, chosen.convex_side) == (
            curve.apex,
            curve.region,
            curve.convex_side,
        )


@given(SPINES, PAIRS, st.floats(-20, 20), st.floats(0.3, 3))
def test_a_chosen_curve_is_the_difference_of_its_two_tilts(
    tilts: list[float], pair: tuple[int, int], turn: float, scale: float
) -> None:
    upper, lower = (LEVELS[k] for k in pair)
    curve = curve_between(transformed(spine(tilts), turn_deg=turn, scale=scale), upper, lower)
    assert curve.cobb_deg == pytest.approx(abs(tilts[pair[1]] - tilts[pair[0]]), abs=1e-4)
    assert LEVELS.index(curve.upper) == pair[0]


@given(SPINES, PAIRS)
def test_a_mirrored_film_bends_the_other_way(tilts: list[float], pair: tuple[int, int]) -> None:
    upper, lower = (LEVELS[k] for k in pair)
    landmarks = spine(tilts, spread_px=1.0)
    bend, deviation = bend_between(landmarks, upper, lower, factor=1.0) or (np.nan, None)
    other = bend_between(mirrored(landmarks), upper, lower, factor=1.0)
    assert other is not None
    assert other[0] == pytest.approx(-bend, abs=1e-4)
    assert other[1] == pytest.approx(deviation)


@given(PAIRS, st.floats(0.1, 5), st.floats(1.1, 4))
def test_the_interval_widens_with_the_spread(
    pair: tuple[int, int], spread: float, times: float
) -> None:
    upper, lower = (LEVELS[k] for k in pair)
    narrow = bend_between(spine(DOUBLE, spread_px=spread), upper, lower, factor=1.0)
    wide = bend_between(spine(DOUBLE, spread_px=spread * times), upper, lower, factor=1.0)
    assert narrow is not None
    assert wide is not None
    assert (narrow[1] or 0) < (wide[1] or 0)


def test_the_deviation_is_that_of_drawn_points() -> None:
    """Endplates whose ends are drawn apart, as the spread tells, scatter so much."""
    rng = np.random.default_rng(0)
    landmarks = spine(DOUBLE, spread_px=0.5)
    found = bend_between(landmarks, "T1", "L4", factor=1.0)
    assert found is not None
    bends = []
    for _ in range(400):
        moved = landmarks.points_xy + rng.normal(0, 0.5, landmarks.points_xy.shape)
        again = bend_between(
            type(landmarks).from_points(landmarks.names, moved), "T1", "L4", factor=1.0
        )
        assert again is not None
        bends.append(again[0])
    # T1 and L4 lie far apart: of the correlation between neighbours nothing is left.
    assert np.std(bends) == pytest.approx(found[1], rel=0.12)


def test_without_spreads_there_is_no_interval() -> None:
    assert bend_between(spine(DOUBLE), "T5", "T11", factor=1.0) is not None
    chosen = curves_between(spine(DOUBLE), [("T5", "T11")])
    assert with_intervals(spine(DOUBLE), chosen, factor=1.0)[0].interval_deg is None


def test_a_chosen_curve_keeps_its_interval_about_its_angle() -> None:
    landmarks = spine(DOUBLE, spread_px=1.0)
    (curve,) = with_intervals(landmarks, curves_between(landmarks, [("T6", "T9")]), factor=1.0)
    assert curve.interval_deg is not None
    low, high = curve.interval_deg
    assert low < curve.cobb_deg < high
    assert high - curve.cobb_deg == pytest.approx(curve.cobb_deg - low)


def test_what_is_not_visible_cannot_be_chosen() -> None:
    landmarks = without(spine(DOUBLE), "T7")
    with pytest.raises(EditError, match="T7"):
        curve_between(landmarks, "T7", "T12")
    with pytest.raises(EditError, match="no vertebra"):
        curve_between(landmarks, "T6", "T8")
    assert bend_between(landmarks, "T7", "T12", factor=1.0) is None


def test_a_chosen_curve_below_ten_degrees_is_told_and_takes_no_part_in_the_type() -> None:
    landmarks = spine(profile(T1=0, T5=0, T11=8, L4=0, L5=0), sacrum=0.0, spread_px=0.1)
    answers = frontal_answers(landmarks, factor=1.0, ends=(("T5", "T11"),))
    assert [c.cobb_deg < 10 for c in answers.curves] == [True]
    assert answers.als is not None
    assert answers.als.reasons[0] == "no_curve"


def test_the_type_follows_the_chosen_curves() -> None:
    landmarks = spine(DOUBLE, sacrum=0.0, spread_px=0.1)
    by_machine = frontal_answers(landmarks, factor=1.0)
    pairs = tuple((c.upper, c.lower) for c in by_machine.curves)
    by_reader = frontal_answers(landmarks, factor=1.0, ends=pairs)
    assert by_machine.als is not None
    assert by_reader.als is not None
    assert by_reader.als.type == by_machine.als.type
    none = frontal_answers(landmarks, factor=1.0, ends=())
    assert none.als is not None
    assert none.als.reasons[0] == "no_curve"
