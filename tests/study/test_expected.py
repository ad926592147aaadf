import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.measure.aasce import aasce_angles, smape
from spinescan.study.expected import (
    FACTORS,
    Reading,
    angles_of_draws,
    cross_fitted,
    expected_angles,
    smape_of_films,
)
from tests.measure.spines import profile, spine

ROWS = 2000


def corners(**tilt_at_level: float) -> np.ndarray:
    return spine(profile(**tilt_at_level)).points_xy.reshape(17, 4, 2)


@given(st.integers(0, 2**32 - 1), st.floats(0, 40), st.sampled_from([2, 5, 17]))
def test_many_draws_at_once_are_each_the_challenge_s_angles(seed: int, wild: float, n: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = corners(T6=-10, L1=15)[:n] + wild * rng.standard_normal((8, n, 4, 2))
    rows = rng.uniform(200, 2000)
    one_by_one = [aasce_angles(c, rows) for c in drawn]
    np.testing.assert_allclose(angles_of_draws(drawn, rows), one_by_one, atol=1e-6)


def reading(corners_px: np.ndarray, spread_px: float = 3.0) -> Reading:
    return Reading(corners_px, np.full(corners_px.shape[:2], spread_px), ROWS)


@pytest.mark.parametrize("spread", [0.0, np.nan])
def test_without_a_spread_the_answer_is_that_of_the_placed_points(spread: float) -> None:
    bend = corners(T1=-4, T6=-20, L1=15, L5=5)
    given = expected_angles(reading(bend, spread), 0.5)
    assert given == pytest.approx(aasce_angles(bend, ROWS))


def test_the_same_points_give_the_same_answer_and_others_another() -> None:
    one, other = corners(T6=-20, L1=15), corners(T6=-20, L1=15.5)
    first = expected_angles(reading(one), 0.5)
    assert np.array_equal(first, expected_angles(reading(one.copy()), 0.5))
    assert not np.array_equal(first, expected_angles(reading(other), 0.5))


def test_a_jump_of_the_rule_is_passed_where_half_of_the_draws_pass_it() -> None:
    """The second angle jumps as L5 turns; with noise it does so in smaller steps."""
    bends = [corners(T1=-4, T6=-20, L1=15, L5=end) for end in np.linspace(-40, 20, 61)]
    plain = np.array([aasce_angles(bend, ROWS) for bend in bends])
    soft = np.array([expected_angles(reading(bend, 9.0), 0.5) for bend in bends])
    assert np.abs(np.diff(soft, axis=0)).max() < np.abs(np.diff(plain, axis=0)).max()


@given(st.integers(0, 2**32 - 1))
def test_smape_of_films_is_the_challenge_s(seed: int) -> None:
    true, answer = np.random.default_rng(seed).uniform(0, 60, (2, 7, 3))
    assert smape_of_films(true, answer).mean() == pytest.approx(smape(true, answer))


def test_nothing_against_nothing_is_no_error() -> None:
    assert smape_of_films(np.zeros((1, 3)), np.zeros((1, 3))).tolist() == [0]


@pytest.mark.slow
def test_a_film_s_own_truth_has_no_say_in_its_answer() -> None:
    bends = [corners(T6=-20 - k, L1=15, L5=5) for k in range(10)]
    true = np.array([aasce_angles(bend, ROWS) for bend in bends])
    readings = [None, *map(reading, bends[1:])]
    groups = [str(k) for k in range(10)]
    before = cross_fitted(readings, true, groups)
    assert before.angles_deg[0].tolist() == [0, 0, 0]
    assert set(before.factor) <= set(FACTORS)
    for k in range(3):
        changed = true.copy()
        changed[k] = [170, 0, 90]
        after = cross_fitted(readings, changed, groups)
        assert after.factor[k] == before.factor[k]
        assert np.array_equal(after.angles_deg[k], before.angles_deg[k])


def test_one_group_alone_still_has_an_answer() -> None:
    bend = corners(T6=-20, L1=15)
    given = cross_fitted([reading(bend)], aasce_angles(bend, ROWS)[None], ["a"])
    assert given.angles_deg.shape == (1, 3)
    assert given.angles_deg[0, 0] > 20
