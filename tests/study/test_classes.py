import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.task import ALS7, FRAIWAN3, Task
from spinescan.study.classes import (
    Cost,
    answer_figures,
    confusion,
    confusion_figures,
    families,
    family_figures,
    group_counts,
    pair_figures,
    score_figures,
)
from spinescan.study.judged import NO_ANSWER, Judged, judge
from tests.study.simulated import predictions

seeds = st.integers(0, 2**32 - 1)
PRESENT = np.ones(3, bool)


def answers(seed: int, n: int = 30, k: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth with every label in it, answers with some left out, and weights."""
    rng = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(k), rng.integers(0, k, n - k)])
    answer = np.where(rng.random(n) < 0.6, truth, rng.integers(NO_ANSWER, k, n))
    weights = rng.integers(0, 3, (4, n)).astype(float)
    weights[:, :k] += 1
    return truth, answer, weights


def simulated(seed: int = 0, task: Task = FRAIWAN3, n: int = 60, **how: float) -> Judged:
    return judge(predictions(task, n, seed=seed, **how), task)  # type: ignore[arg-type]


def one(films: Judged) -> np.ndarray:
    return np.ones((1, len(films)))


@given(seeds)
def test_figures_of_answers_are_those_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    truth, answer, weights = answers(seed)
    counts = confusion(truth, answer, 3, weights)
    figures = confusion_figures(counts, PRESENT)
    for i, row in enumerate(weights):
        theirs = {"labels": [0, 1, 2], "sample_weight": row, "zero_division": 0}
        full = metrics.confusion_matrix(truth, answer, labels=[0, 1, 2, -1], sample_weight=row)
        assert counts[i] == pytest.approx(full[:3])
        accuracy = metrics.accuracy_score(truth, answer, sample_weight=row)
        assert figures["accuracy"][i] == pytest.approx(accuracy)
        for average in ("macro", "weighted", None):
            expected = metrics.precision_recall_fscore_support(
                truth, answer, average=average, **theirs
            )
            for name, value in zip(("precision", "recall", "f1"), expected, strict=False):
                own = figures[f"{average}_{name}" if average else name][i]
                assert np.nan_to_num(own) == pytest.approx(value)


@given(seeds)
def test_balanced_accuracy_is_that_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    truth, answer, weights = answers(seed)
    answer = np.where(answer == NO_ANSWER, 0, answer)
    figures = confusion_figures(confusion(truth, answer, 3, weights), PRESENT)
    expected = [
        metrics.balanced_accuracy_score(truth, answer, sample_weight=row) for row in weights
    ]
    assert figures["balanced_accuracy"] == pytest.approx(expected)


@given(seeds)
def test_figures_of_scores_are_those_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    films = simulated(seed)
    figures = score_figures(films, one(films))
    truth, scores = films.truth, films.probabilities
    own = np.eye(3)[truth]
    # One class against the others. Scores are left as they are, rounded to six decimals: divided by
    # their sums, as the multiclass form of scikit-learn asks, those that tie would part.
    assert figures["macro_roc_auc"][0] == pytest.approx(
        metrics.roc_auc_score(own, scores, average="macro")
    )
    assert figures["roc_auc"][0] == pytest.approx(metrics.roc_auc_score(own, scores, average=None))
    assert figures["macro_average_precision"][0] == pytest.approx(
        metrics.average_precision_score(own, scores, average="macro")
    )


@given(seeds)
def test_renaming_labels_permutes_the_figures(seed: int) -> None:
    truth, answer, weights = answers(seed)
    new = np.random.default_rng(seed).permutation(3)
    renamed = np.where(answer == NO_ANSWER, NO_ANSWER, new[answer])
    before = confusion_figures(confusion(truth, answer, 3, weights), PRESENT)
    after = confusion_figures(confusion(new[truth], renamed, 3, weights), PRESENT)
    for name, value in before.items():
        moved = after[name][:, new] if value.ndim == 2 else after[name]
        assert moved == pytest.approx(value, nan_ok=True), name


def test_a_perfect_predictor_is_perfect() -> None:
    truth = np.array([0, 1, 2, 2, 1])
    figures = confusion_figures(confusion(truth, truth, 3, np.ones((1, 5))), PRESENT)
    for name, value in figures.items():
        assert (value == 1).all(), name


def test_one_that_never_answers_is_always_wrong() -> None:
    truth = np.array([0, 1, 2])
    figures = confusion_figures(
        confusion(truth, np.full(3, NO_ANSWER), 3, np.ones((1, 3))), PRESENT
    )
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "weighted_precision"):
        assert figures[name] == 0
    assert np.isnan(figures["precision"]).all()


def test_failures_and_abstentions_are_errors_unless_said_otherwise() -> None:
    films = simulated(n=200, failed=0.2, least=0.5)
    figures = {name: value[0] for name, value in answer_figures(films, one(films)).items()}
    accepted = films.answer != NO_ANSWER
    right = films.answer == films.truth
    assert 0.3 < accepted.mean() < 0.9
    assert figures["accuracy"] == pytest.approx(right.sum() / 200)
    assert figures["accepted_share"] == pytest.approx(accepted.mean())
    assert figures["accuracy_of_accepted"] == pytest.approx(right[accepted].mean())
    forced = figures["accuracy_if_always_answered"]
    assert figures["accuracy"] < forced < figures["accuracy_of_accepted"]


def test_macro_figures_need_every_label_in_a_draw() -> None:
    """An average over fewer labels would tell another thing."""
    truth = np.array([0, 0, 1, 2])
    weights = np.array([[1.0, 1, 1, 1], [2, 1, 1, 0]])
    figures = confusion_figures(confusion(truth, truth, 3, weights), PRESENT)
    assert figures["macro_recall"][0] == 1
    assert np.isnan(figures["macro_recall"][1])
    assert figures["accuracy"].tolist() == [1, 1]
    known = np.array([True, True, False])
    fewer = confusion_figures(confusion(truth[:3], truth[:3], 3, np.ones((1, 3))), known)
    assert fewer["macro_recall"][0] == 1
    assert np.isnan(fewer["recall"][0, 2])


def test_a_label_that_no_film_has_is_left_out_of_macro_scores() -> None:
    films = simulated(n=80)
    some = films.rows(films.truth < 2)
    figures = score_figures(some, one(some))
    assert np.isnan(figures["roc_auc"][0, 2])
    assert figures["macro_roc_auc"][0] == pytest.approx(figures["roc_auc"][0, :2].mean())


@given(seeds)
def test_pairs_are_those_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    films = simulated(seed)
    pairs = pair_figures(films, one(films))["pair_roc_auc"][0]
    for value, (a, b) in zip(pairs, [(0, 1), (0, 2), (1, 2)], strict=True):
        some = np.isin(films.truth, (a, b))
        scores = films.probabilities[some]
        odds = scores[:, a] / (scores[:, a] + scores[:, b])
        assert value == pytest.approx(metrics.roc_auc_score(films.truth[some] == a, odds))


def test_a_failed_film_is_on_the_wrong_side_of_a_pair() -> None:
    films = simulated(n=60, skill=40.0, failed=0.2)
    pairs = pair_figures(films, one(films))["pair_roc_auc"][0]
    for value, pair in zip(pairs, [(0, 1), (0, 2), (1, 2)], strict=True):
        right = np.prod([films.scored[films.truth == k].mean() for k in pair])
        assert value == pytest.approx(right)


def test_families_and_what_their_confusion_costs() -> None:
    names, of_label = families(ALS7)
    assert names == ("3C", "4C")
    assert of_label.tolist() == [0, 0, 0, 0, 1, 1, 1]
    films = simulated(task=ALS7, n=4)
    truth = np.array([0, 0, 4, 5])
    answer = np.array([0, 1, 0, NO_ANSWER])
    made = Judged(films.records, truth, answer, films.probabilities, films.fold)
    told = {k: v[0] for k, v in family_figures(ALS7, Cost(), made, one(made)).items()}
    assert told["family_accuracy"] == 0.5
    assert told["across_share"] == 0.25
    assert told["mean_cost"] == pytest.approx((0 + 1 + 3 + 1) / 4)
    assert told["family_confusion"].tolist() == [[2, 0, 0], [1, 0, 1]]
    dear = family_figures(ALS7, Cost(across=9), made, one(made))["mean_cost"][0]
    assert dear == pytest.approx((0 + 1 + 9 + 1) / 4)


@given(seeds)
def test_a_family_is_right_at_least_as_often_as_a_label(seed: int) -> None:
    films = simulated(seed, ALS7, failed=0.1)
    label = answer_figures(films, one(films))["accuracy"]
    assert family_figures(ALS7, Cost(), films, one(films))["family_accuracy"] >= label


def test_groups_are_counted_once() -> None:
    films = simulated(n=40)  # two films a person
    counts = group_counts([films, films], 3)
    assert counts.all == 20
    assert sum(counts.by_truth) >= counts.all
    assert max(counts.by_truth) <= counts.all
    assert counts.accepted == 20
