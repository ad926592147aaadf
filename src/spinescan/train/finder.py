"""Teaching the finder: its training films, targets and loss.

The finder sees a whole film and answers at a quarter of the resolution: where vertebrae and other
points lie, which levels these are, and a few facts of the film (`spinescan.infer.decode` lists and
reads them). It is taught on films that are mirrored, turned, cut, laid into larger ones and spoilt.
What a set of films does not tell is not taught on its films.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset

from spinescan.core.anatomy import FRONTAL_POINTS, LEVELS
from spinescan.infer.decode import (
    CORNER_UNIT_PX,
    FACTS,
    FINDER_MAPS,
    LEVEL_UNIT,
    POINT_MAPS,
    RIB_MAP,
    STRIDE,
)
from spinescan.infer.preprocess import InputSpec, letterbox
from spinescan.train.augment import MIRRORED_POINTS, Shot, augment, mirror
from spinescan.train.films import Pool

Floats = NDArray[np.float32]


_SIDED = FACTS.index("heart_left")
"""The fact that a mirrored film turns round; in its place stands `faces_left` of lateral films."""

TAUGHT_LAST = ("brace", "frontal")
"""Facts that are fitted when the rest is done (`spinescan.train.facts`); in the place of
`frontal` stands `lateral` of a lateral model."""
_TAUGHT_HERE = [k for k, name in enumerate(FACTS) if name not in TAUGHT_LAST]


class FinderFilms(Dataset[tuple[Tensor, ...]]):
    """Augmented films with their targets: (1, rows, columns), and what `finder_loss` needs.

    Item i depends on the pool's seed and i alone, so that a run repeats.
    """

    def __init__(self, pool: Pool, spec: InputSpec, items: int) -> None:
        self.pool, self.spec, self.items = pool, spec, items

    def __len__(self) -> int:
        return self.items

    def __getitem__(self, item: int) -> tuple[Tensor, ...]:
        film, rng = self.pool.draw(item)
        shot = Shot(film.pixels.astype(np.float32) / np.float32(255), film.corners, film.points)
        known, facts = film.points_known, film.facts.copy()
        if rng.random() < 0.5:
            shot, known = mirror(shot), known[MIRRORED_POINTS]
            facts[_SIDED] = 1 - facts[_SIDED]
        # Most films bring their surroundings along; beside them drawn ones would be wrong.
        shot = augment(shot, rng, surroundings=0.6 if film.cropped else 0.15)
        picture, frame = letterbox(shot.pixels, self.spec)
        corners, points = frame.to_input(shot.corners), frame.to_input(shot.points)
        target, weight = finder_target(corners, points, known, film.ribs, self.spec)
        if not film.corners_known:
            target[0] = np.nan
        return (
            torch.from_numpy(picture)[None],
            torch.from_numpy(target),
            torch.from_numpy(weight),
            torch.from_numpy(facts.astype(np.float32)),
        )


def finder_target(
    corners: NDArray[np.float64],
    points: NDArray[np.float64],
    known: NDArray[np.bool_],
    ribs: NDArray[np.float64],
    spec: InputSpec,
) -> tuple[Floats, Floats]:
    """The maps that the finder should answer.

    Parameters
    ----------
    corners
        (levels, 4, 2) in input pixels, NaN where absent.
    points
        (9, 2) in input pixels, NaN where absent.
    known
        bool (9,): whether the film tells where each of the points is. Of sacrum and C7 it is known
        at least that they lie next to L5 and T1.
    ribs
        (levels,): 1 for a level that bears ribs, else 0; NaN if unknown.

    Returns
    -------
    target
        float32 (20, rows / 4, columns / 4); heats in [0, 1]; NaN where ribs and points are unknown.
    weight
        float32 (rows / 4, columns / 4): where level, vectors and ribs are defined.
    """
    rows, columns = spec.rows // STRIDE, spec.columns // STRIDE
    target = np.zeros((FINDER_MAPS, rows, columns), np.float32)
    weight = np.zeros((rows, columns), np.float32)
    y = (np.arange(rows)[:, None] + 0.5) * STRIDE
    x = (np.arange(columns)[None] + 0.5) * STRIDE

    def bump_at(place: NDArray[np.float64], height: float) -> Floats:
        sigma = max(0.22 * height, 0.6 * STRIDE)
        squared = (x - place[0]) ** 2 + (y - place[1]) ** 2
        return np.asarray(np.exp(-squared / (2 * sigma**2)), np.float32)

    heights = np.linalg.norm(corners[:, 2:].mean(axis=1) - corners[:, :2].mean(axis=1), axis=1)
    for level, quad in enumerate(corners):
        if not np.isfinite(quad).all():
            continue
        bump = bump_at(quad.mean(axis=0), float(heights[level]))
        ours = bump > np.maximum(weight, 0.2)
        weight[ours] = bump[ours]
        target[0] = np.maximum(target[0], bump)
        target[1][ours] = level * LEVEL_UNIT
        target[RIB_MAP][ours] = ribs[level]
        for k, (corner_x, corner_y) in enumerate(quad):
            target[2 + 2 * k][ours] = (
                np.broadcast_to(corner_x - x, ours.shape)[ours] / CORNER_UNIT_PX
            )
            target[3 + 2 * k][ours] = (
                np.broadcast_to(corner_y - y, ours.shape)[ours] / CORNER_UNIT_PX
            )
    seen = heights[np.isfinite(heights)]
    height = float(np.median(seen)) if len(seen) else 4.0 * STRIDE
    for place, told, heat in zip(points, known, target[POINT_MAPS], strict=True):
        if not told:
            heat[:] = np.nan
        elif np.isfinite(place).all():
            heat[:] = bump_at(place, height)
    for k, (level, corner, near, far) in _NEXT_TO.items():
        if not known[k] and np.isfinite(corners[level]).all():
            away = _away(corners[level], corner, heights[level], x, y)
            target[POINT_MAPS][k][~_within(away, near, far)] = 0
    return target, weight


_NEXT_TO: dict[int, tuple[int, int | None, float, float]] = {
    FRONTAL_POINTS.index("S1_left"): (LEVELS.index("L5"), 2, -0.35, 1.3),
    FRONTAL_POINTS.index("S1_right"): (LEVELS.index("L5"), 3, -0.35, 1.3),
    FRONTAL_POINTS.index("C7_centre"): (LEVELS.index("T1"), None, -2.2, -0.6),
}
"""Points that lie next to a corner (None: the centre) of a level: so many of its heights below."""


def _away(
    quad: NDArray[np.float64], corner: int | None, height: float, x: Floats, y: Floats
) -> tuple[Floats, Floats]:
    """How far cells lie below and beside a vertebra's corner or centre, in its heights."""
    down = (quad[2:].mean(axis=0) - quad[:2].mean(axis=0)) / height**2
    from_x, from_y = quad.mean(axis=0) if corner is None else quad[corner]
    below = (x - from_x) * down[0] + (y - from_y) * down[1]
    beside = (x - from_x) * down[1] - (y - from_y) * down[0]
    return below, beside


def _within(away: tuple[Floats, Floats], near: float, far: float) -> NDArray[np.bool_]:
    below, beside = away
    return np.asarray((below > near) & (below < far) & (np.abs(beside) < 1.0))


def finder_loss(answer: tuple[Tensor, Tensor], targets: Sequence[Tensor]) -> Tensor:
    """Focal loss on heats (after CenterNet, arXiv 1904.07850; soft targets), L1 on level and
    corners, cross-entropy on ribs and facts. What is unknown does not count.
    """
    maps, facts = answer
    target, weight, true_facts = targets
    maps, count = maps.float(), weight.sum().clamp_min(1.0)
    heat = _focal(maps[:, 0], target[:, 0]).sum() / count
    level = ((maps[:, 1] - target[:, 1]).abs() * weight).sum() / count
    vectors = slice(2, RIB_MAP)
    corners = ((maps[:, vectors] - target[:, vectors]).abs().mean(1) * weight).sum() / count
    ribs = _cross_entropy(maps[:, RIB_MAP], target[:, RIB_MAP], weight)
    points = _focal(maps[:, POINT_MAPS], target[:, POINT_MAPS]).sum()
    points = points / target[:, POINT_MAPS].nansum().clamp_min(8.0)
    facts, true_facts = facts[:, _TAUGHT_HERE].float(), true_facts[:, _TAUGHT_HERE]
    film = _cross_entropy(facts, true_facts, torch.ones_like(true_facts))
    return 4.0 * heat + level + corners + 0.3 * ribs + 2.0 * points + 0.15 * film


def _focal(logit: Tensor, truth: Tensor) -> Tensor:
    known = torch.isfinite(truth)
    truth = truth.nan_to_num()
    error = (torch.sigmoid(logit) - truth).abs() * known
    return functional.binary_cross_entropy_with_logits(logit, truth, reduction="none") * error**2


def _cross_entropy(logit: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Mean over what is known (finite)."""
    weight = weight * torch.isfinite(truth)
    each = functional.binary_cross_entropy_with_logits(
        logit, truth.nan_to_num(), weight, reduction="sum"
    )
    return each / weight.sum().clamp_min(1.0)
