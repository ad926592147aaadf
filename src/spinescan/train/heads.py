"""Heads of scikit-learn on frozen features: what they are, and how their settings are chosen.

A head's settings are those of the highest mean ROC-AUC (each class against the rest) over folds of
its training films, in which nobody is on both sides. The films that it is judged on take no part.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.class_weight import compute_sample_weight

from spinescan.train.estimator_code import code_of

Floats = NDArray[np.float32]
Truth = NDArray[np.int64]
Folds = Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]
"""Of each fold the places that teach and those that judge."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of head: its model by seed, and the settings to choose from, the plainest first."""

    make: Callable[[int], Any]
    settings: Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A head as it was chosen and taught.

    `model` has `predict_proba`, its columns in the order of the labels; `code` is Python that makes
    the same pipeline before it is taught. `inner_auc` is what it was chosen by, the highest of
    `tried` settings or pipelines: too good a figure for films that are new.
    """

    model: Any
    code: str
    inner_auc: float
    tried: int


HEADS: Mapping[str, Kind] = {
    "logistic": Kind(
        lambda seed: LogisticRegression(class_weight="balanced", max_iter=5000, random_state=seed),
        {"C": [1e-4, 1e-3, 1e-2, 1e-1, 1.0]},
    ),
    "svm-linear": Kind(
        lambda seed: SVC(kernel="linear", class_weight="balanced", random_state=seed),
        {"C": [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]},
    ),
    "svm-rbf": Kind(
        lambda seed: SVC(kernel="rbf", class_weight="balanced", random_state=seed),
        {"C": [0.1, 1.0, 10.0, 100.0], "gamma": ["scale", 1e-4, 1e-5]},
    ),
    "forest": Kind(
        lambda seed: RandomForestClassifier(200, class_weight="balanced", random_state=seed),
        {"min_samples_leaf": [5, 2, 1]},
    ),
    "neighbours": Kind(
        lambda seed: KNeighborsClassifier(weights="distance"),
        {"n_neighbors": [25, 15, 9, 5, 3]},
    ),
}
"""The heads by name. Classes weigh alike in all but the neighbours, as they do in training."""


def fit_head(name: str, features: Floats, truth: Truth, folds: Folds, seed: int) -> Chosen:
    """Choose a head's settings on `folds` of these films, and teach it on all of them.

    features
        float32 (n, width).
    truth
        int64 (n,), from 0; every class occurs on both sides of every fold.
    """
    kind = HEADS[name]
    settings = dict(kind.settings)
    if name == "neighbours":  # no more of them than a fold has films
        least = min(len(teaching) for teaching, _ in folds)
        settings["n_neighbors"] = [k for k in settings["n_neighbors"] if k <= least]
    model = kind.make(seed)
    step = type(model).__name__.lower()
    search = GridSearchCV(
        make_pipeline(StandardScaler(), model),
        {f"{step}__{setting}": list(values) for setting, values in settings.items()},
        scoring=AUC,
        cv=list(folds),
        error_score="raise",
    ).fit(features, truth)
    best = search.best_estimator_
    code = code_of(clone(best))
    if not hasattr(best, "predict_proba"):
        best, code = _with_probabilities(best, features, truth, folds)
    return Chosen(best, code, float(search.best_score_), len(search.cv_results_["params"]))


def probabilities(model: Any, features: Floats) -> NDArray[np.float64]:
    """float64 (n, labels), each row's sum 1."""
    scores = np.clip(np.asarray(model.predict_proba(features), np.float64), 0, 1)
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def macro_auc(truth: Truth, scores: NDArray[np.float64]) -> float:
    """The area under the ROC curve of each class against the rest, the mean of them.

    Of two classes `scores` may be those of the second alone.
    """
    if scores.ndim == 1:
        return float(roc_auc_score(truth, scores))
    areas = [roc_auc_score(truth == k, scores[:, k]) for k in range(scores.shape[1])]
    return float(np.mean(areas))


AUC = make_scorer(macro_auc, response_method=("predict_proba", "decision_function"))
"""`macro_auc` by a model's probabilities, or by its distances from the border."""


def _with_probabilities(
    pipeline: Any, features: Floats, truth: Truth, folds: Folds
) -> tuple[Any, str]:
    """Platt's scaling of distances from the border, fitted on films of other folds."""
    model = CalibratedClassifierCV(clone(pipeline), cv=list(folds), ensemble=False)
    with warnings.catch_warnings():
        # That these weights are for the scaling alone: the machine has its own.
        warnings.filterwarnings("ignore", message="Since Pipeline does not appear to accept")
        model.fit(features, truth, sample_weight=compute_sample_weight("balanced", truth))
    # The folds are places of films: not a part of the pipeline.
    return model, code_of(clone(model).set_params(cv=None))
