"""Facts of a film that are taught when the rest of the finder is done: brace, and whether frontal.

Few films of a training show a brace, and what shows no frontal spine cannot teach where its
vertebrae lie. So both are read off the finished encoder by a linear layer of their own: a logistic
regression on what the encoder makes of the films, with the two classes of a fact weighed alike.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from torch.utils.data import DataLoader

from spinescan.infer.decode import FACTS
from spinescan.infer.preprocess import InputSpec
from spinescan.train.films import Film, Pool
from spinescan.train.finder import TAUGHT_LAST, FinderFilms
from spinescan.train.network import Finder

_ROUNDS, _MOST_DRAWS = 8, 5000
"""Draws for each film, and at most; half of them, if there are `extra` films, are of those."""
_LEAST = 10
"""A fact that fewer draws show, or do not show, stays as it was."""
_PENALTY = 0.01
"""scikit-learn's C: small, because there are more features (640) than films with a brace."""


def fit_facts(
    network: Finder,
    films: Sequence[Film],
    extra: Sequence[Film],
    spec: InputSpec,
    *,
    seed: int,
    workers: int = 2,
) -> None:
    """Set the rows of `network.facts` for `TAUGHT_LAST`; the rest of the network stays as it is.

    The films are augmented as in the finder's own training.
    """
    pool = Pool(films, extra, extra_share=0.5, seed=seed)
    draws = min(_ROUNDS * len(films), _MOST_DRAWS)
    features, facts = _features(network, FinderFilms(pool, spec, draws), workers)
    middle, width = features.mean(axis=0), features.std(axis=0) + 1e-3
    for row in map(FACTS.index, TAUGHT_LAST):
        known = np.isfinite(facts[:, row])
        truth = facts[known, row]
        if min(np.count_nonzero(truth == 0), np.count_nonzero(truth == 1)) < _LEAST:
            continue
        model = LogisticRegression(C=_PENALTY, class_weight="balanced", max_iter=2000)
        model.fit((features[known] - middle) / width, truth)
        weight = model.coef_[0] / width
        with torch.no_grad():
            network.facts.weight[row] = torch.from_numpy(weight)
            network.facts.bias[row] = float(model.intercept_[0] - weight @ middle)


def _features(
    network: Finder, films: FinderFilms, workers: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What `network.facts` is given for each item, and the item's facts."""
    network.eval()
    features, facts = [], []
    batches = DataLoader(films, batch_size=8, num_workers=workers)
    for picture, _, _, told in track(
        batches, "facts", total=len(batches), console=Console(stderr=True)
    ):
        with torch.inference_mode():
            features.append(network.pooled(picture).numpy())
        facts.append(told.numpy())
    return np.concatenate(features).astype(np.float64), np.concatenate(facts).astype(np.float64)
