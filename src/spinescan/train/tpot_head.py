"""A head that TPOT finds: a pipeline bred by genetic programming (extra `automl`).

How far a search comes in its minutes depends on the machine, so that another one may find another
pipeline, with the same seed, too.
"""

import warnings

import numpy as np
from sklearn.base import clone
from sklearn.metrics import make_scorer
from sklearn.model_selection import PredefinedSplit

from spinescan.core.errors import DataError, MissingExtraError
from spinescan.train.estimator_code import code_of
from spinescan.train.heads import Chosen, Floats, Folds, Truth, macro_auc

TPOT = "tpot"

_LONGEST = 0.3
"""The share of the time that one pipeline may take."""


def need_tpot() -> None:
    """Import TPOT without its question to a server whether it is the newest.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of libraries that TPOT brings
            import update_checker

            asked = update_checker.update_check
            update_checker.update_check = lambda *_: None
            try:
                import tpot  # noqa: F401
            finally:
                update_checker.update_check = asked
    except ImportError as error:
        raise MissingExtraError(
            f"--tpot needs the extra 'automl' ({error.name} is not installed): "
            "pip install 'spinescan[train,automl]'"
        ) from error


def fit_tpot(features: Floats, truth: Truth, folds: Folds, seed: int, *, minutes: float) -> Chosen:
    """The pipeline that TPOT finds in so many minutes, judged on `folds`, taught on all films.

    features
        float32 (n, width).
    truth
        int64 (n,), from 0; every class occurs on both sides of every fold.

    Raises
    ------
    DataError
        If no pipeline was finished in that time.
    MissingExtraError
        If TPOT is not installed.
    """
    need_tpot()
    fold_of = np.full(len(truth), -1)
    for number, (_, judged) in enumerate(folds):
        fold_of[judged] = number
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pipelines that do not converge are not chosen
        from distributed import Client, LocalCluster
        from tpot import TPOTEstimatorSteadyState

        # A process of its own, which ends with the search whatever it is at; no page to watch it.
        with (
            LocalCluster(
                n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50
            ) as cluster,
            Client(cluster) as client,
        ):
            client.submit(need_tpot).result()  # what it loads first is not the search's time
            # TPOTClassifier 1.1 forgets the limit of a pipeline's time; this one keeps to it.
            search = TPOTEstimatorSteadyState(
                search_space="linear",
                classification=True,
                scorers=[make_scorer(macro_auc, response_method="predict_proba")],
                scorers_weights=[1],
                cv=PredefinedSplit(fold_of),
                max_time_mins=minutes,
                max_eval_time_mins=_LONGEST * minutes,
                client=client,
                random_state=seed,
                verbose=0,
            )
            try:
                search.fit(features, truth)
                model = search.fitted_pipeline_
                judged_by = search.evaluated_individuals[search.objective_names[0]].dropna()
                if judged_by.empty:  # then it takes one that nothing is known of
                    raise ValueError("no pipeline was finished")
                model.predict_proba(features)  # it may have taken one that cannot be taught
            except Exception as error:  # TPOT's own have no class
                raise DataError(
                    f"TPOT found nothing in {minutes:g} minutes ({error}): give it more"
                ) from error
    return Chosen(model, code_of(clone(model)), float(judged_by.max()), len(judged_by))
