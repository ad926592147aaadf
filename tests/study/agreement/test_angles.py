"""ICC against the published example, and the laws of agreement on angles."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinescan.study.agreement.angles import (
    MeanSquares,
    bland_altman,
    mean_absolute_difference,
)

SHROUT_FLEISS_1979 = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]],
    dtype=np.float64,
)
"""Six targets by four judges (table 2)."""

ANGLES = arrays(
    np.float64, st.tuples(st.integers(4, 10), st.just(3)), elements=st.integers(0, 90).map(float)
)


def test_the_published_example() -> None:
    squares = MeanSquares.of(SHROUT_FLEISS_1979)
    assert squares.films[0] == pytest.approx(11.24, abs=0.005)
    assert squares.within[0] == pytest.approx(6.26, abs=0.005)
    assert squares.raters[0] == pytest.approx(32.49, abs=0.005)
    assert squares.error[0] == pytest.approx(1.02, abs=0.005)
    assert squares.icc_1_1()[0] == pytest.approx(0.17, abs=0.005)
    assert squares.icc_2_1()[0] == pytest.approx(0.29, abs=0.005)
    assert squares.icc_3_1()[0] == pytest.approx(0.71, abs=0.005)


@given(ANGLES, st.permutations(range(3)))
def test_who_is_who_changes_nothing(angles: np.ndarray, order: list[int]) -> None:
    before, after = MeanSquares.of(angles), MeanSquares.of(angles[:, order])
    np.testing.assert_allclose(before.icc_2_1(), after.icc_2_1(), atol=1e-9)
    np.testing.assert_allclose(before.standard_error(), after.standard_error(), atol=1e-9)
    np.testing.assert_allclose(
        mean_absolute_difference(angles), mean_absolute_difference(angles[:, order]), atol=1e-9
    )


@given(ANGLES, st.floats(-50, 50), st.sampled_from([-1.0, 2.0]))
def test_a_common_shift_or_scale_changes_no_icc(
    angles: np.ndarray, shift: float, scale: float
) -> None:
    """Mirrored angles (scale -1) too: only the sign differs."""
    before, after = MeanSquares.of(angles), MeanSquares.of(scale * angles + shift)
    for name in ("icc_1_1", "icc_2_1", "icc_3_1"):
        np.testing.assert_allclose(getattr(before, name)(), getattr(after, name)(), atol=1e-6)


@given(ANGLES, st.floats(5, 40))
def test_one_readers_offset_lowers_absolute_agreement_only(
    angles: np.ndarray, offset: float
) -> None:
    balanced = angles - angles.mean(axis=0) + angles.mean()  # no reader is off yet
    moved = balanced + np.array([offset, 0.0, 0.0])
    before, after = MeanSquares.of(balanced), MeanSquares.of(moved)
    assume(before.films[0] > before.error[0] + 1e-6)  # readers agree at all
    np.testing.assert_allclose(before.icc_3_1(), after.icc_3_1(), atol=1e-6)
    assert after.icc_2_1()[0] < before.icc_2_1()[0]
    assert after.standard_error()[0] >= before.standard_error()[0] - 1e-9


@given(ANGLES)
def test_weights_count_films_as_often_as_they_stand_there(angles: np.ndarray) -> None:
    times = 1 + np.arange(len(angles)) % 3
    weights, repeated = times[None].astype(float), np.repeat(angles, times, axis=0)
    one, other = MeanSquares.of(angles, weights), MeanSquares.of(repeated)
    for name in ("icc_1_1", "icc_2_1", "icc_3_1", "smallest_detectable_change"):
        np.testing.assert_allclose(getattr(one, name)(), getattr(other, name)(), atol=1e-6)
    a, b = bland_altman(angles[:, 0], angles[:, 1], weights), bland_altman(*repeated.T[:2])
    for name, value in a.items():
        np.testing.assert_allclose(value, b[name], atol=1e-6)


def test_readers_who_agree_have_one_and_no_error() -> None:
    squares = MeanSquares.of(np.repeat([[10.0], [30.0], [55.0]], 3, axis=1))
    assert squares.icc_2_1()[0] == pytest.approx(1)
    assert squares.standard_error()[0] == pytest.approx(0, abs=1e-9)


def test_films_that_are_all_alike_have_no_icc() -> None:
    assert np.isnan(MeanSquares.of(np.full((5, 2), 20.0)).icc_2_1()[0])
    assert np.isnan(MeanSquares.of(np.array([[20.0, 30.0]])).icc_2_1()[0])


def test_bland_altman_by_hand() -> None:
    told = bland_altman(np.array([10.0, 20.0, 30.0]), np.array([11.0, 23.0, 32.0]))
    assert told["bias"][0] == pytest.approx(2)
    assert told["mean_absolute_difference"][0] == pytest.approx(2)
    assert told["upper_limit"][0] == pytest.approx(2 + 1.96)  # the differences' deviation is 1
    assert told["lower_limit"][0] == pytest.approx(2 - 1.96)


def test_gaps_are_refused() -> None:
    with pytest.raises(ValueError, match="without gaps"):
        MeanSquares.of(np.array([[1.0, np.nan]]))
