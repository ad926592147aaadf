import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinescan.study.risk import mean_score, risk_curve, risk_figures, risk_under_weights

errors_of_films = arrays(np.float64, st.integers(1, 20), elements=st.floats(0, 100))


@given(errors_of_films, st.integers(0, 2**32 - 1))
def test_all_films_together_have_the_mean_error(errors: np.ndarray, seed: int) -> None:
    confidence = np.random.default_rng(seed).integers(0, 4, len(errors)).astype(float)
    curve = risk_curve(errors, confidence)
    assert curve.risk[-1] == pytest.approx(errors.mean())
    assert curve.coverage[-1] == 1


@given(errors_of_films, st.integers(0, 2**32 - 1))
def test_no_order_is_better_than_that_of_the_errors(errors: np.ndarray, seed: int) -> None:
    confidence = np.random.default_rng(seed).random(len(errors))
    assert risk_curve(errors, -errors).area <= risk_curve(errors, confidence).area + 1e-9
    assert risk_curve(errors, errors).area >= risk_curve(errors, confidence).area - 1e-9


@given(errors_of_films, st.integers(0, 2**32 - 1))
def test_only_the_order_of_confidence_counts(errors: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    confidence = rng.integers(0, 5, len(errors)).astype(float)
    shuffled = rng.permutation(len(errors))
    one = risk_curve(errors, confidence)
    assert np.allclose(one.risk, risk_curve(errors, np.exp(confidence)).risk)
    assert np.allclose(one.risk, risk_curve(errors[shuffled], confidence[shuffled]).risk)


def test_equal_confidence_tells_nothing() -> None:
    assert risk_curve(np.array([0.0, 4.0, 2.0]), np.ones(3)).risk.tolist() == [2, 2, 2]


def test_figures_hold_the_shipped_threshold() -> None:
    errors = np.array([1.0, 2.0, 3.0, 10.0])
    accepted = np.array([True, True, True, False])
    told = risk_figures(errors, np.array([4.0, 3, 2, 1]), accepted, list("abcd"))
    assert told["shipped"] == {
        "coverage": 0.75, "error_of_accepted": 2.0, "error_of_declined": 10.0
    }  # fmt: skip
    assert told["area"]["value"] == told["area_of_a_perfect_order"] == 2.125
    assert told["area_of_no_order"] == 4
    assert told["at_coverage"]["0.75"] == 2
    assert told["at_coverage"]["1.00"] == 4
    low, high = told["area"]["interval_95"]
    assert low < 2.125 < high


def test_confidence_of_a_report_without_landmarks_is_the_least() -> None:
    assert mean_score({"landmarks": None}) == -np.inf
    assert mean_score({"error": {}}) == -np.inf
    assert mean_score({"landmarks": {"names": ["a", "b"], "score": [0.5, 1.0]}}) == 0.75


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="one confidence per error"):
        risk_curve(np.ones(3), np.ones(2))


@given(errors_of_films, st.integers(0, 2**32 - 1))
def test_weights_are_films_that_are_there_so_often(errors: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    confidence = rng.integers(0, 4, len(errors)).astype(float)
    weights = rng.integers(0, 3, (3, len(errors))).astype(float)
    weights[:, 0] += 1
    area, risk = risk_under_weights(errors, confidence, weights, np.array([0.5, 1.0]))
    for i, row in enumerate(weights):
        times = row.astype(int)
        curve = risk_curve(np.repeat(errors, times), np.repeat(confidence, times))
        assert area[i] == pytest.approx(curve.area)
        assert risk[i, 1] == pytest.approx(curve.risk[-1])
        if times.sum() % 2 == 0:
            assert risk[i, 0] == pytest.approx(curve.risk[times.sum() // 2 - 1])
