"""Heads on features: chosen on folds, sure of their seed, told as Python."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectFwe, f_classif
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import QuantileTransformer, RobustScaler
from sklearn.svm import SVC

from spinescan.train.estimator_code import code_of
from spinescan.train.heads import AUC, HEADS, Chosen, Folds, fit_head, macro_auc, probabilities


def points(classes: int = 3, films: int = 48) -> tuple[Any, Any, Folds]:
    """Features of which the first few tell the class, somewhat; and three folds."""
    rng = np.random.default_rng(4)
    truth = np.arange(films) % classes
    features = rng.normal(size=(films, 12)).astype(np.float32)
    features[np.arange(films), truth] += 2.5
    order = np.arange(films) // classes % 3
    return (
        features,
        truth,
        [(np.flatnonzero(order != k), np.flatnonzero(order == k)) for k in (0, 1, 2)],
    )


def made(code: str) -> Any:
    names: dict[str, Any] = {}
    exec(code, names)
    return names["pipeline"]


@pytest.fixture(scope="module", params=HEADS)
def chosen(request: pytest.FixtureRequest) -> tuple[str, Chosen]:
    features, truth, folds = points()
    return request.param, fit_head(request.param, features, truth, folds, seed=3)


def test_a_head_learns_and_gives_probabilities(chosen: tuple[str, Chosen]) -> None:
    features, truth, _ = points()
    scores = probabilities(chosen[1].model, features)
    assert scores.shape == (48, 3)
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    assert (scores.argmax(axis=1) == truth).mean() > 0.85


def test_what_a_head_was_chosen_by_is_found_again_from_its_code(
    chosen: tuple[str, Chosen],
) -> None:
    """Fold by fold, each judged by what has not seen it; nothing else went into the choice."""
    features, truth, folds = points()
    pipeline = made(chosen[1].code)
    pipeline = getattr(pipeline, "estimator", pipeline)  # scaling comes after the choice
    areas = [
        AUC(clone(pipeline).fit(features[teach], truth[teach]), features[judge], truth[judge])
        for teach, judge in folds
    ]
    assert chosen[1].inner_auc == pytest.approx(np.mean(areas))
    assert chosen[1].inner_auc < 1


def test_the_same_seed_gives_the_same_head(chosen: tuple[str, Chosen]) -> None:
    features, truth, folds = points()
    again = fit_head(chosen[0], features, truth, folds, seed=3)
    assert again.code == chosen[1].code
    np.testing.assert_array_equal(
        probabilities(again.model, features), probabilities(chosen[1].model, features)
    )


@pytest.mark.parametrize("head", HEADS)
def test_two_classes_do_as_well(head: str) -> None:
    features, truth, folds = points(classes=2)
    scores = probabilities(fit_head(head, features, truth, folds, seed=1).model, features)
    assert roc_auc_score(truth, scores[:, 1]) > 0.9


def test_neighbours_are_no_more_than_films() -> None:
    features, truth, folds = points(films=9)
    assert fit_head("neighbours", features, truth, folds, seed=1).tried == 2  # 5 and 3, of 6 films


@given(st.integers(0, 10**6), st.integers(2, 5))
def test_macro_auc_is_that_of_scikit_learn(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(classes), rng.integers(0, classes, 20)])
    scores = rng.dirichlet(np.ones(classes), len(truth)).round(2) + 0.01
    scores /= scores.sum(axis=1, keepdims=True)
    if classes == 2:
        assert macro_auc(truth, scores[:, 1]) == pytest.approx(roc_auc_score(truth, scores[:, 1]))
        assert macro_auc(truth, scores) == pytest.approx(macro_auc(truth, scores[:, 1]))
    else:
        theirs = roc_auc_score(truth, scores, multi_class="ovr")
        assert macro_auc(truth, scores) == pytest.approx(theirs)


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(
            FeatureUnion([("a", RobustScaler(quantile_range=(np.float64(10), 80)))]),
            SelectFwe(score_func=f_classif, alpha=np.float64(0.01)),
            QuantileTransformer(n_quantiles=7),
            SVC(C=0.5, class_weight={0: 1.5, 1: 0.5}),
        ),
        RandomForestClassifier(max_features=None, bootstrap=False, n_estimators=np.int64(3)),
        SVC(C=float("inf"), cache_size=200),
    ],
)
def test_code_makes_an_equal_estimator(estimator: Any) -> None:
    code = code_of(estimator)
    again = made(code)
    assert type(again) is type(estimator)
    plain = {k: v for k, v in estimator.get_params().items() if not hasattr(v, "get_params")}
    for name, value in plain.items():
        if name not in ("steps", "transformer_list") and not name.endswith("transformer_list"):
            assert again.get_params()[name] == value, name
    assert code_of(again) == code
    assert "np." not in code
    assert "cache_size" not in code  # as it is by itself
