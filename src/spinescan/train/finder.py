"""Teaching the finder: its training films, targets and loss.

The finder sees a whole film and answers at a quarter of the resolution: the heat of vertebra
centres, the level, and vectors to the four corners (`spinescan.infer.decode` reads them). It is
taught on films that are turned, cut, laid into larger ones and spoilt.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset

from spinescan.infer.decode import CORNER_UNIT_PX, LEVEL_UNIT, STRIDE
from spinescan.infer.preprocess import InputSpec, letterbox
from spinescan.train.augment import augment
from spinescan.train.films import Film

Floats = NDArray[np.float32]


class FinderFilms(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Augmented films with their targets: (1, rows, columns), and what `finder_target` gives.

    Item i depends on the seed and i alone, so that a run repeats.
    """

    def __init__(self, films: Sequence[Film], spec: InputSpec, items: int, seed: int) -> None:
        self.films, self.spec, self.items, self.seed = films, spec, items, seed

    def __len__(self) -> int:
        return self.items

    def __getitem__(self, item: int) -> tuple[Tensor, Tensor, Tensor]:
        rng = np.random.default_rng((self.seed, item))
        film = shuffled(self.films, item, self.seed)
        pixels, corners = augment(
            film.pixels.astype(np.float32) / np.float32(255), film.corners, rng
        )
        picture, frame = letterbox(pixels, self.spec)
        target, weight = finder_target(frame.to_input(corners), self.spec)
        return torch.from_numpy(picture)[None], torch.from_numpy(target), torch.from_numpy(weight)


def shuffled(films: Sequence[Film], item: int, seed: int) -> Film:
    """Every film once in each round, in an order of the round's own."""
    turn, place = divmod(item, len(films))
    order = np.random.default_rng((seed, turn, 7)).permutation(len(films))
    return films[int(order[place])]


def finder_target(corners: NDArray[np.float64], spec: InputSpec) -> tuple[Floats, Floats]:
    """What the finder should answer for corners (levels, 4, 2) in input pixels, NaN where absent.

    Returns
    -------
    target
        float32 (10, rows / 4, columns / 4): heat in [0, 1], level, and corner vectors.
    weight
        float32 (rows / 4, columns / 4): where level and vectors are defined.
    """
    rows, columns = spec.rows // STRIDE, spec.columns // STRIDE
    target = np.zeros((10, rows, columns), np.float32)
    weight = np.zeros((rows, columns), np.float32)
    y = (np.arange(rows)[:, None] + 0.5) * STRIDE
    x = (np.arange(columns)[None] + 0.5) * STRIDE
    for level, quad in enumerate(corners):
        if not np.isfinite(quad).all():
            continue
        centre = quad.mean(axis=0)
        height = float(np.linalg.norm(quad[2:].mean(axis=0) - quad[:2].mean(axis=0)))
        sigma = max(0.22 * height, 0.6 * STRIDE)
        bump = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * sigma**2))
        ours = bump > np.maximum(weight, 0.2)
        weight[ours] = bump[ours]
        target[0] = np.maximum(target[0], bump)
        target[1][ours] = level * LEVEL_UNIT
        for k, (corner_x, corner_y) in enumerate(quad):
            target[2 + 2 * k][ours] = (
                np.broadcast_to(corner_x - x, ours.shape)[ours] / CORNER_UNIT_PX
            )
            target[3 + 2 * k][ours] = (
                np.broadcast_to(corner_y - y, ours.shape)[ours] / CORNER_UNIT_PX
            )
    return target, weight


def finder_loss(answer: Tensor, targets: Sequence[Tensor]) -> Tensor:
    """Focal loss on the heat (after CenterNet, arXiv 1904.07850; soft targets), L1 on the rest."""
    target, weight = targets
    answer = answer.float()
    logit, truth = answer[:, 0], target[:, 0]
    error = (torch.sigmoid(logit) - truth).abs()
    heat = functional.binary_cross_entropy_with_logits(logit, truth, reduction="none") * error**2
    count = weight.sum().clamp_min(1.0)
    level = ((answer[:, 1] - target[:, 1]).abs() * weight).sum() / count
    corners = ((answer[:, 2:] - target[:, 2:]).abs().mean(1) * weight).sum() / count
    return 4.0 * heat.sum() / count + level + corners
