from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.errors import DataError
from spinescan.core.task import ALS7, FRAIWAN3
from spinescan.study.compare import compare_predictions, mcnemar_exact
from tests.study.simulated import predictions

counts = st.integers(0, 300)
GOOD = predictions(FRAIWAN3, 120, skill=2.5, model="good")
POOR = predictions(FRAIWAN3, 120, skill=0.8, seed=1, model="poor")


@given(counts, counts)
def test_mcnemar_is_a_binomial_test(only_first: int, only_second: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    n = only_first + only_second
    expected = stats.binomtest(only_first, n).pvalue if n else 1.0
    assert mcnemar_exact(only_first, only_second) == pytest.approx(expected)
    assert mcnemar_exact(only_first, only_second) == mcnemar_exact(only_second, only_first)


def test_mcnemar_of_many_films_and_of_nonsense() -> None:
    assert mcnemar_exact(0, 5000) < 1e-300
    with pytest.raises(ValueError, match="negative"):
        mcnemar_exact(-1, 3)


def test_the_better_model_is_found() -> None:
    told = compare_predictions(POOR, GOOD, FRAIWAN3, samples=400)
    for figure in told["differences"].values():
        low, high = figure["interval_95"]
        assert 0 < low <= figure["value"] <= high
        assert figure["value"] == pytest.approx(figure["second"] - figure["first"], abs=2e-4)
    assert told["mcnemar"]["only_second_right"] > told["mcnemar"]["only_first_right"]
    assert told["mcnemar"]["p"] < 0.001
    assert sum(told["mcnemar"][k] for k in told["mcnemar"] if k != "p") == 120


def test_the_other_way_round_all_signs_change() -> None:
    one = compare_predictions(POOR, GOOD, FRAIWAN3, samples=300)
    two = compare_predictions(GOOD, POOR, FRAIWAN3, samples=300)
    for name, figure in one["differences"].items():
        other = two["differences"][name]
        assert figure["value"] == -other["value"]
        assert figure["interval_95"] == [-end for end in reversed(other["interval_95"])]
    assert one["mcnemar"]["p"] == two["mcnemar"]["p"]


def test_a_model_does_not_differ_from_itself() -> None:
    told = compare_predictions(GOOD, GOOD, FRAIWAN3, samples=200)
    for figure in told["differences"].values():
        assert (figure["value"], figure["interval_95"]) == (0, None)
    assert told["mcnemar"]["p"] == 1


def test_pairs_are_narrower_than_each_alone() -> None:
    """Drawn together, what makes all models fail on a film cancels out."""
    close = tuple(
        r if i % 10 else replace(r, label=None, decision="abstained") for i, r in enumerate(GOOD)
    )
    told = compare_predictions(GOOD, close, FRAIWAN3, samples=500)
    accuracy = [r.label == r.truth for r in GOOD]
    alone = 2 * 1.96 * np.sqrt(np.mean(accuracy) * (1 - np.mean(accuracy)) / 60)
    low, high = told["differences"]["accuracy"]["interval_95"]
    assert high - low < alone


def test_families_are_compared_where_there_are_some() -> None:
    one, two = (predictions(ALS7, 60, seed=seed, model=str(seed)) for seed in (1, 2))
    told = compare_predictions(one, two, ALS7, samples=200)["differences"]
    assert {"family_accuracy", "mean_cost"} <= set(told)


def test_films_are_matched_by_digest() -> None:
    elsewhere = tuple(replace(r, image=f"other/{r.image}") for r in reversed(POOR))
    assert (
        compare_predictions(GOOD, elsewhere, FRAIWAN3, samples=200)["differences"]
        == compare_predictions(GOOD, POOR, FRAIWAN3, samples=200)["differences"]
    )


def test_figures_of_a_model_that_failed_on_every_film_are_not_defined() -> None:
    first = predictions(FRAIWAN3, 40)
    second = tuple(
        replace(record, model="other", scores=None, label=None, decision="failed")
        for record in first
    )
    found = compare_predictions(first, second, FRAIWAN3)["differences"]
    assert found["accuracy"]["second"] == 0
    assert found["macro_roc_auc"]["second"] is None
    assert found["macro_roc_auc"]["value"] is None


def test_repeats_have_no_mcnemar() -> None:
    both = [
        (*predictions(FRAIWAN3, 40, seed=s), *predictions(FRAIWAN3, 40, seed=s, repeat=1))
        for s in (1, 2)
    ]
    told = compare_predictions(both[0], both[1], FRAIWAN3, samples=200)
    assert told["mcnemar"] is None
    assert told["n_films"] == 40
    # One reader against a repeated cross-validation on the same films.
    compare_predictions(predictions(FRAIWAN3, 40, seed=9), both[0], FRAIWAN3, samples=200)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (POOR[:-1], "same films in every repeat; 1 .*images/0119.png"),
        ((*POOR, *predictions(FRAIWAN3, 2, first=500)), "2 are answered by one only"),
        (tuple(replace(r, part="validation") for r in POOR), "test and validation"),
        ((replace(POOR[0], group="x"), *POOR[1:]), "same group"),
        (
            (
                replace(POOR[0], truth=next(c for c in FRAIWAN3.codes if c != POOR[0].truth)),
                *POOR[1:],
            ),
            "same truth",
        ),
    ],
)
def test_other_films_are_refused(second: tuple, message: str) -> None:
    with pytest.raises(DataError, match=message):
        compare_predictions(GOOD, second, FRAIWAN3, samples=200)
