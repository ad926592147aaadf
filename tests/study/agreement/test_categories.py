"""Kappas against published examples and scikit-learn, and their laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinescan.study.agreement.categories import (
    MISSING,
    cohen_kappa,
    counted,
    fleiss_kappa,
    krippendorff_alpha,
    of_one_label,
    percent_agreement,
)

FLEISS_1971 = np.array(
    [
        [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0],
        [2, 0, 4, 0, 0], [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6],
        [1, 0, 0, 5, 0], [1, 1, 0, 4, 0], [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1],
        [0, 0, 5, 0, 1], [3, 0, 0, 1, 2], [5, 1, 0, 0, 0], [0, 2, 0, 4, 0], [1, 0, 2, 0, 3],
        [0, 0, 0, 0, 6], [0, 1, 0, 5, 0], [0, 2, 0, 1, 3], [2, 0, 0, 4, 0], [1, 0, 0, 4, 1],
        [0, 5, 0, 1, 0], [4, 0, 0, 0, 2], [0, 2, 0, 4, 0], [1, 0, 5, 0, 0], [0, 0, 0, 0, 6],
    ],
    dtype=np.float64,
)  # fmt: skip
"""Thirty patients by six psychiatrists (Fleiss 1971, table 1)."""

RATINGS = arrays(np.int64, st.tuples(st.integers(3, 12), st.just(3)), elements=st.integers(0, 3))


def test_fleiss_kappa_of_the_published_example() -> None:
    assert fleiss_kappa(FLEISS_1971)[0] == pytest.approx(0.430, abs=0.0005)


def test_fleiss_kappa_of_one_label_of_the_published_example() -> None:
    """Table 2 gives .245, .245, .520, .471 and .566 for the five diagnoses."""
    found = [fleiss_kappa(of_one_label(FLEISS_1971, i))[0] for i in range(5)]
    assert found == pytest.approx([0.245, 0.245, 0.520, 0.471, 0.566], abs=0.0006)


def test_krippendorffs_alpha_of_the_published_example() -> None:
    """Four observers, twelve units, answers missing: alpha 0.743 (Krippendorff 2011, C)."""
    x = MISSING
    observers = np.array(
        [
            [0, 1, 2, 2, 1, 0, 3, 0, 1, x, x, x],
            [0, 1, 2, 2, 1, 1, 3, 0, 1, 4, x, 2],
            [x, 2, 2, 2, 1, 2, 3, 1, 1, 4, 0, x],
            [0, 1, 2, 2, 1, 3, 3, 0, 1, 4, 0, x],
        ]
    )
    assert krippendorff_alpha(counted(observers.T, 5))[0] == pytest.approx(0.743, abs=0.0005)


@given(RATINGS)
def test_cohens_kappa_is_that_of_scikit_learn(ratings: np.ndarray) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="needs the extra study")
    one, other = ratings[:, 0], ratings[:, 1]
    found = cohen_kappa(one, other, 4)[0]
    if len(set(one) | set(other)) == 1:
        assert np.isnan(found)  # one answer only: nothing beyond chance can be told
    else:
        assert found == pytest.approx(metrics.cohen_kappa_score(one, other))


@given(RATINGS, st.permutations(range(3)), st.permutations(range(4)))
def test_who_is_who_and_the_order_of_labels_change_nothing(
    ratings: np.ndarray, raters: list[int], labels: list[int]
) -> None:
    before, after = counted(ratings, 4), counted(np.array(labels)[ratings][:, raters], 4)
    for figure in (fleiss_kappa, krippendorff_alpha):
        np.testing.assert_allclose(figure(before), figure(after), atol=1e-12)
    np.testing.assert_allclose(
        cohen_kappa(ratings[:, 0], ratings[:, 1], 4), cohen_kappa(ratings[:, 1], ratings[:, 0], 4)
    )


@given(RATINGS)
def test_weights_count_films_as_often_as_they_stand_there(ratings: np.ndarray) -> None:
    times = np.arange(len(ratings)) % 3
    weights, repeated = times[None].astype(float), np.repeat(ratings, times, axis=0)
    figures = (
        lambda r, w: cohen_kappa(r[:, 0], r[:, 1], 4, w),
        lambda r, w: fleiss_kappa(counted(r, 4), w),
        lambda r, w: krippendorff_alpha(counted(r, 4), w),
        percent_agreement,
    )
    for figure in figures:
        np.testing.assert_allclose(figure(ratings, weights), figure(repeated, None), atol=1e-12)


@given(RATINGS)
def test_agreeing_on_two_answers_or_more_is_one(ratings: np.ndarray) -> None:
    same = np.repeat(ratings[:, :1], 3, axis=1)
    same[:2] = [[0] * 3, [1] * 3]
    assert percent_agreement(same)[0] == 1
    assert cohen_kappa(same[:, 0], same[:, 1], 4)[0] == pytest.approx(1)
    assert fleiss_kappa(counted(same, 4))[0] == pytest.approx(1)
    assert krippendorff_alpha(counted(same, 4))[0] == pytest.approx(1)


def test_one_answer_alone_has_no_kappa() -> None:
    same = np.zeros((9, 3), dtype=np.int64)
    assert np.isnan(cohen_kappa(same[:, 0], same[:, 1], 4)[0])
    assert np.isnan(fleiss_kappa(counted(same, 4))[0])
    assert np.isnan(krippendorff_alpha(counted(same, 4))[0])


def test_missing_answers_are_no_answers() -> None:
    one = np.array([0, 1, 0, MISSING, 1])
    other = np.array([0, 1, 1, 0, MISSING])
    assert cohen_kappa(one, other, 2)[0] == pytest.approx(cohen_kappa(one[:3], other[:3], 2)[0])
    assert percent_agreement(np.stack([one, other], axis=1))[0] == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="same number"):
        fleiss_kappa(counted(np.stack([one, other], axis=1), 2))
