import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.study.calibration import (
    TEMPERATURES,
    conformal_thresholds,
    equal_mass_edges,
    error_if_calibrated,
    fit_temperature,
    log_probabilities,
    prediction_sets,
    proper_scores,
    reliability_figures,
    softmax,
    with_temperature,
)

seeds = st.integers(0, 2**32 - 1)


def drawn(
    seed: int, n: int = 200, k: int = 3, *, temperature: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are too sure by a factor, and labels drawn from the true probabilities."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, k))
    chances = softmax(logits).cumsum(axis=1)
    truth = (rng.random((n, 1)) > chances[:, :-1]).sum(axis=1)
    return logits * temperature, truth


def loss(logits: np.ndarray, truth: np.ndarray, temperature: float) -> float:
    chances = softmax(logits / temperature)[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(chances, 1e-300)).mean())


@given(seeds, st.floats(0.3, 4))
def test_the_temperature_has_the_least_loss(seed: int, true: float) -> None:
    logits, truth = drawn(seed, 60, temperature=true)
    found = fit_temperature(logits, truth)
    assert TEMPERATURES[0] <= found <= TEMPERATURES[1]
    least = loss(logits, truth, found)
    for factor in (0.7, 0.97, 1.03, 1.4):
        other = min(max(found * factor, TEMPERATURES[0]), TEMPERATURES[1])
        assert least <= loss(logits, truth, other) + 1e-9


@given(seeds)
def test_the_temperature_is_that_of_scipy(seed: int) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    logits, truth = drawn(seed, 100, temperature=2.0)
    best = optimize.minimize_scalar(
        lambda log: loss(logits, truth, math.exp(log)), bounds=(-3, 3), method="bounded",
        options={"xatol": 1e-8},
    )  # fmt: skip
    assert fit_temperature(logits, truth) == pytest.approx(math.exp(best.x), rel=1e-4)


@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_a_known_temperature_is_found(true: float) -> None:
    logits, truth = drawn(1, 20_000, temperature=true)
    assert fit_temperature(logits, truth) == pytest.approx(true, rel=0.05)


@given(seeds, st.floats(0.1, 10))
def test_no_temperature_changes_the_order_of_labels(seed: int, temperature: float) -> None:
    logits, _ = drawn(seed, 20)
    before = softmax(np.clip(logits, -6, 6))
    after = with_temperature(before, temperature)
    assert (after.argsort(axis=1) == before.argsort(axis=1)).all()
    assert after.sum(axis=1) == pytest.approx(1)
    assert with_temperature(before, 1.0) == pytest.approx(before)


@given(seeds)
def test_a_temperature_of_probabilities_is_that_of_their_logits(seed: int) -> None:
    logits, truth = drawn(seed, 50)
    logits = np.clip(logits, -5, 5)
    of_logits = fit_temperature(logits, truth)
    assert fit_temperature(log_probabilities(softmax(logits)), truth) == pytest.approx(of_logits)


def test_films_without_any_error_do_not_freeze_the_scores() -> None:
    assert fit_temperature(np.eye(3) * 5, np.arange(3)) == pytest.approx(TEMPERATURES[0])
    assert fit_temperature(np.eye(3) * 5, np.array([1, 2, 0])) == pytest.approx(TEMPERATURES[1])


@pytest.mark.parametrize(
    ("logits", "truth"),
    [
        (np.zeros((0, 3)), np.zeros(0, int)),
        (np.zeros((2, 3)), np.array([0, 3])),
        (np.zeros((2, 3)), np.array([0])),
        (np.full((2, 3), np.inf), np.array([0, 1])),
    ],
)
def test_a_temperature_needs_films_and_labels(logits: np.ndarray, truth: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"logits|label"):
        fit_temperature(logits, truth)


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_sets_hold_the_truth_as_often_as_promised(coverage: float) -> None:
    """The guarantee, on average over calibrations, for every label; and it is not much exceeded."""
    held: list[list[float]] = [[], [], []]
    for seed in range(300):
        logits, truth = drawn(seed, 400, temperature=1.7)
        probabilities = softmax(logits)
        thresholds = conformal_thresholds(probabilities[:200], truth[:200], coverage)
        sets = prediction_sets(probabilities[200:], thresholds)
        for label in range(3):
            own = truth[200:] == label
            held[label].append(sets[own, label].mean())
    for label in range(3):
        n = 200 / 3
        error = 3 * np.std(held[label]) / math.sqrt(300)
        assert coverage - error <= np.mean(held[label]) <= coverage + 1.5 / n + error


def test_a_threshold_is_the_corrected_quantile() -> None:
    own = np.linspace(0.91, 0.1, 19)
    probabilities = np.stack([own, 1 - own], axis=1)
    truth = np.zeros(19, int)
    first, second = conformal_thresholds(probabilities, truth, 0.9)
    assert first == pytest.approx(1 - np.sort(own)[::-1][17])  # ceil(20 * 0.9) = 18th of 19
    assert second is None
    assert conformal_thresholds(probabilities[:9], truth[:9], 0.9)[0] == pytest.approx(1 - own[8])
    assert conformal_thresholds(probabilities[:8], truth[:8], 0.9)[0] is None


@given(seeds)
def test_higher_coverage_makes_larger_sets(seed: int) -> None:
    logits, truth = drawn(seed, 120)
    probabilities = softmax(logits)
    small, large = (
        prediction_sets(probabilities, conformal_thresholds(probabilities, truth, coverage))
        for coverage in (0.7, 0.9)
    )
    assert (small <= large).all()
    # The films that made the thresholds are held as often as was asked.
    assert large[np.arange(120), truth].mean() >= 0.9


def test_a_label_without_threshold_is_in_every_set() -> None:
    sets = prediction_sets(np.array([[1.0, 0.0], [0.2, 0.8]]), (0.5, None))
    assert sets.tolist() == [[True, True], [False, True]]


@pytest.mark.parametrize("coverage", [0.0, 1.0, 90])
def test_coverage_is_a_share(coverage: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        conformal_thresholds(np.full((3, 2), 0.5), np.zeros(3, int), coverage)


@given(seeds)
def test_bins_are_those_of_scikit_learn(seed: int) -> None:
    calibration = pytest.importorskip("sklearn.calibration")
    rng = np.random.default_rng(seed)
    confidence = rng.random(80)
    right = rng.random(80) < confidence
    bins = reliability_figures(confidence, right, np.linspace(0, 1, 11), np.ones((1, 80)))
    accuracy, sure = calibration.calibration_curve(right, confidence, n_bins=10)
    full = bins["bin_films"][0] > 0
    assert bins["bin_accuracy"][0][full] == pytest.approx(accuracy)
    assert bins["bin_confidence"][0][full] == pytest.approx(sure)


@given(seeds)
def test_the_error_is_the_mean_gap_of_the_bins(seed: int) -> None:
    rng = np.random.default_rng(seed)
    confidence, weights = rng.random(60), rng.integers(0, 3, (2, 60)).astype(float)
    right = rng.random(60) < 0.5
    told = reliability_figures(confidence, right, equal_mass_edges(confidence), weights)
    gaps = np.abs(told["bin_accuracy"] - told["bin_confidence"]) * told["bin_films"]
    assert told["ece"] == pytest.approx(np.nansum(gaps, axis=1) / weights.sum(axis=1))
    for i, row in enumerate(weights):
        times = row.astype(int)
        repeated = np.repeat(confidence, times), np.repeat(right, times)
        again = reliability_figures(
            *repeated, equal_mass_edges(confidence), np.ones((1, times.sum()))
        )
        assert told["ece"][i] == pytest.approx(again["ece"][0])


def test_known_errors() -> None:
    sure, edges = np.full(10, 0.9), np.array([0.0, 1.0])
    nine = np.arange(10) < 9
    assert reliability_figures(sure, nine, edges, np.ones((1, 10)))["ece"] == pytest.approx(0)
    never = reliability_figures(sure, np.zeros(10, bool), edges, np.ones((1, 10)))
    assert never["ece"] == pytest.approx(0.9)


def test_a_calibrated_model_has_the_error_that_is_told() -> None:
    """What it would show in so many films is found again on films that were drawn like that."""
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.4, 1, 300)
    edges = equal_mass_edges(confidence)
    errors = [
        reliability_figures(confidence, rng.random(300) < confidence, edges, np.ones((1, 300)))[
            "ece"
        ][0]
        for _ in range(400)
    ]
    mean, upper = error_if_calibrated(confidence, edges)
    assert mean == pytest.approx(np.mean(errors), rel=0.05)
    assert np.mean(np.array(errors) <= upper) == pytest.approx(0.95, abs=0.04)
    assert mean > 0.01


@given(seeds)
def test_proper_scores_are_those_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    logits, truth = drawn(seed, 50)
    probabilities = softmax(np.clip(logits, -5, 5))
    brier, log_loss = proper_scores(probabilities, truth)
    assert log_loss.mean() == pytest.approx(
        metrics.log_loss(truth, probabilities, labels=[0, 1, 2])
    )
    two = np.stack([1 - probabilities[:, 1], probabilities[:, 1]], axis=1)
    halves, _ = proper_scores(two, (truth == 1).astype(int))
    assert halves.mean() / 2 == pytest.approx(
        metrics.brier_score_loss(truth == 1, probabilities[:, 1])
    )
    assert ((brier >= 0) & (brier <= 2)).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_edges_hold_every_confidence(values: list[float]) -> None:
    edges = equal_mass_edges(np.array(values))
    assert edges[0] == 0
    assert edges[-1] == 1
    assert (np.diff(edges) > 0).all()
    told = reliability_figures(
        np.array(values), np.ones(len(values), bool), edges, np.ones((1, len(values)))
    )
    assert told["bin_films"].sum() == len(values)
