import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.study.ranking import (
    average_precision,
    precision_recall_points,
    ranked,
    roc_auc,
    roc_points,
)

seeds = st.integers(0, 2**32 - 1)


def films(seed: int, n: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores with ties, whether films are of the label (some are, some not), and weights."""
    rng = np.random.default_rng(seed)
    positive = rng.random(n) < 0.4
    positive[:2] = True, False
    scores = np.round(rng.normal(0, 1, n) + positive, 1)
    weights = rng.integers(0, 4, (3, n)).astype(float)
    weights[:, :2] += 1
    return scores, positive, weights


@given(seeds)
def test_areas_are_those_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    scores, positive, weights = films(seed)
    for areas, theirs in (
        (roc_auc(scores, positive, weights), metrics.roc_auc_score),
        (average_precision(scores, positive, weights), metrics.average_precision_score),
    ):
        expected = [theirs(positive, scores, sample_weight=row) for row in weights]
        assert areas == pytest.approx(expected)


@given(seeds)
def test_curves_are_those_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    scores, positive, _ = films(seed)
    false, true, _ = metrics.roc_curve(positive, scores, drop_intermediate=False)
    own = roc_points(scores, positive)
    assert own[0] == pytest.approx(false)
    assert own[1] == pytest.approx(true)
    precision, recall, _ = metrics.precision_recall_curve(positive, scores)
    points = precision_recall_points(scores, positive)
    # Theirs ends at recall 0 with precision 1 by definition, ours at that of the highest score.
    assert points[0] == pytest.approx(recall[::-1])
    assert points[1][1:] == pytest.approx(precision[::-1][1:])


@given(seeds)
def test_weights_are_films_that_are_there_so_often(seed: int) -> None:
    scores, positive, weights = films(seed)
    for row in weights:
        times = row.astype(int)
        repeated = np.repeat(scores, times), np.repeat(positive, times), np.ones((1, times.sum()))
        for area in (roc_auc, average_precision):
            assert area(scores, positive, row[None]) == pytest.approx(area(*repeated))


@given(seeds)
def test_only_the_order_of_scores_counts(seed: int) -> None:
    scores, positive, weights = films(seed)
    for area in (roc_auc, average_precision):
        other = area(np.exp(3 * scores) - 5, positive, weights)
        assert other == pytest.approx(area(scores, positive, weights))
    reverse = roc_auc(-scores, positive, weights)
    assert reverse == pytest.approx(1 - roc_auc(scores, positive, weights))


def test_a_perfect_order_and_none() -> None:
    positive, ones = np.array([True, True, False, False, False]), np.ones((1, 5))
    perfect = np.array([0.9, 0.8, 0.3, 0.2, 0.1])
    assert roc_auc(perfect, positive, ones) == average_precision(perfect, positive, ones) == 1
    assert roc_auc(np.zeros(5), positive, ones) == 0.5
    assert average_precision(np.zeros(5), positive, ones) == pytest.approx(0.4)


def test_a_label_without_films_has_no_area() -> None:
    assert np.isnan(roc_auc(np.arange(3.0), np.zeros(3, bool), np.ones((1, 3))))
    assert np.isnan(roc_auc(np.arange(3.0), np.ones(3, bool), np.ones((1, 3))))


def test_a_failed_film_is_the_last_of_its_label_and_no_success_for_others() -> None:
    probabilities = np.array([[0.9, 0.1], [np.nan, np.nan], [0.2, 0.8], [0.4, 0.6]])
    truth = np.array([0, 0, 1, 1])
    some, scores, own = ranked(probabilities, truth, 0)
    assert some.all()
    assert scores.tolist() == [0.9, -np.inf, 0.2, 0.4]
    assert roc_auc(scores, own, np.ones((1, 4))) == 0.5
    some, scores, own = ranked(probabilities, truth, 1)
    assert some.tolist() == [True, False, True, True]
    assert own.tolist() == [False, True, True]
