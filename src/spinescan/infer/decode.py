"""What the finder answers, turned into vertebrae. Pure numpy.

The finder gives `FINDER_MAPS` maps, at a quarter of its input's resolution:

- 0: heat (a logit), high in the middle of a vertebra;
- 1: which level this is, as a number that rises from T1 to L5;
- 2 to 9: the way from here to the vertebra's four corners, as (x, y) in the order of
  `FRONTAL_CORNERS`;
- 10: whether the vertebra here bears ribs (a logit);
- 11 to 17: heat (logits) of the `FRONTAL_POINTS`;
- 18, 19: heat (logits) of the letters L and R that mark the patient's side;

and `FACTS` of the whole film (`LATERAL_FACTS` of a lateral one), a logit each. Left and right are
those of the picture, whichever way the patient faces; a lateral film shows no iliac crests.

Neighbouring vertebrae look alike, so a single peak's own idea of its level is a weak witness. A row
of them is a strong one: levels are given out along the best chain of peaks.
"""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS
from spinescan.infer.preprocess import Pose

Floats = NDArray[np.float32]
Points = NDArray[np.float64]

FINDER_MAPS = 20
RIB_MAP = 10
POINT_MAPS = slice(11, 20)
"""The points, then the letters."""
LETTERS: tuple[Literal["L", "R"], ...] = ("L", "R")
FACTS = ("heart_left", "hardware", "brace", "frontal")
"""The heart lies on the picture's left; there are rods or screws; the patient wears a brace; the
film shows the spine from the front or from behind."""
LATERAL_FACTS = ("faces_left", "hardware", "brace", "lateral")
"""The patient looks to the picture's left; rods or screws; a brace; the film shows the spine from
the side. A mirrored film turns the first of these round, as it does with the first of `FACTS`."""

STRIDE = 4
"""Input pixels per cell of the finder's output."""
CORNER_UNIT_PX = 16.0
"""The finder's corner vectors are in units of so many input pixels."""
LEVEL_UNIT = 0.25
"""The finder's level map rises by so much from one level to the next."""

_MIN_HEAT = 0.06
_MAX_CANDIDATES = 60
_MAX_GAP = 3
_LEVEL_COST, _LEVEL_COST_MOST = 0.05, 0.2
"""Per level between a candidate's own idea of its level and its place in the chain, and at most."""
_STEP_COST, _STEP_FREE = 1.0, 0.2
"""Per unit of |log(distance / expected distance)| between neighbours, above a part that is free."""
_SKIP_COST = 0.45
"""Per level that is passed over inside the chain."""
_PITCH_PER_HEIGHT = 1.3
"""Distance of neighbouring centres over vertebral height (a disc is about a quarter of a level)."""


@dataclass(frozen=True, slots=True, eq=False)
class Spine:
    """Vertebrae in a row, from the head down, in the coordinates of whoever made it.

    `levels` int (n,) indices into LEVELS, strictly rising by one; `corners` float64 (n, 4, 2);
    `heat` float64 (n,) in [0, 1], 0 for a vertebra that was put between its neighbours because
    none was seen there. `ideas` float64 (n,): the level that each looks like by itself, and `ribs`
    (n,): the log odds that it bears ribs; NaN for one that was not seen.
    """

    levels: NDArray[np.int64]
    corners: Points
    heat: Points
    ideas: Points
    ribs: Points

    def moved(self, corners: Points) -> Self:
        """The same vertebrae with other corners."""
        return replace(self, corners=corners)

    def upper(self, count: int) -> Self:
        """The first so many vertebrae."""
        kept = slice(count)
        return type(self)(
            self.levels[kept],
            self.corners[kept],
            self.heat[kept],
            self.ideas[kept],
            self.ribs[kept],
        )

    def renamed(self, shift: int) -> Self:
        """All levels named so many lower; vertebrae that would lie beyond T1..L5 are left out."""
        levels = self.levels + shift
        kept = (levels >= 0) & (levels < len(LEVELS))
        return type(self)(
            levels[kept], self.corners[kept], self.heat[kept], self.ideas[kept], self.ribs[kept]
        )

    def longer(self, *, up: bool) -> Self:
        """One more vertebra above or below, where the two at that end point to; its heat is 0."""
        outer, inner = (0, 1) if up else (-1, -2)
        place = 0 if up else len(self.levels)
        return type(self)(
            np.insert(self.levels, place, self.levels[outer] + (-1 if up else 1)),
            np.insert(self.corners, place, 2 * self.corners[outer] - self.corners[inner], axis=0),
            np.insert(self.heat, place, 0.0),
            np.insert(self.ideas, place, np.nan),
            np.insert(self.ribs, place, np.nan),
        )

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(LEVELS[k] for k in self.levels)


class _Candidates(NamedTuple):
    """Peaks of the heat: heat (n,), level (n,), log odds of ribs (n,) and corners (n, 4, 2)."""

    heat: Points
    ideas: Points
    ribs: Points
    corners: Points


def find_spine(answer: Floats) -> Spine | None:
    """The best chain of vertebrae in the finder's answer (20, rows, columns), in input pixels.

    Peaks of the heat are candidates. A Viterbi search over the levels picks the chain of highest
    total heat, in which each vertebra lies about one level below the last and near its own idea of
    its level. None if there is no chain of three.
    """
    candidates = _candidates(answer)
    if candidates is None:
        return None
    levels, picks = _best_chain(candidates)
    if len(levels) < 3:
        return None
    return _without_gaps(levels, _Candidates(*(part[picks] for part in candidates)))


def _candidates(answer: Floats) -> _Candidates | None:
    """From the head down."""
    heat = 1.0 / (1.0 + np.exp(-answer[0].astype(np.float64)))
    rows, columns = heat.shape
    around = np.pad(heat, 1)
    windows = np.lib.stride_tricks.sliding_window_view(around, (3, 3))
    peaks = (heat >= windows.max((2, 3))) & (heat > _MIN_HEAT)
    ys, xs = np.nonzero(peaks)
    if len(ys) == 0:
        return None
    best = np.argsort(-heat[ys, xs])[:_MAX_CANDIDATES]
    ys, xs = ys[best], xs[best]
    # Each cell near a peak votes for the corners; together they are steadier than the peak alone.
    step_y, step_x = np.mgrid[-1:2, -1:2]
    cell_y = np.clip(ys[:, None] + step_y.ravel(), 0, rows - 1)
    cell_x = np.clip(xs[:, None] + step_x.ravel(), 0, columns - 1)
    weight = heat[cell_y, cell_x]
    weight /= weight.sum(axis=1, keepdims=True)
    ideas = (answer[1][cell_y, cell_x] / LEVEL_UNIT * weight).sum(axis=1)
    ribs = (answer[RIB_MAP][cell_y, cell_x] * weight).sum(axis=1)
    vectors = answer[2:RIB_MAP, cell_y, cell_x].astype(np.float64) * CORNER_UNIT_PX  # (8, n, 9)
    x = ((cell_x + 0.5) * STRIDE + vectors[0::2]) * weight
    y = ((cell_y + 0.5) * STRIDE + vectors[1::2]) * weight
    corners = np.stack([x.sum(axis=2).T, y.sum(axis=2).T], axis=-1)
    down = np.argsort(corners[..., 1].mean(axis=1))
    return _Candidates(heat[ys, xs][down], ideas[down], ribs[down], corners[down])


def _best_chain(candidates: _Candidates) -> tuple[list[int], list[int]]:
    """Viterbi over levels: rising level indices, and the candidate picked at each."""
    heat, ideas, _, corners = candidates
    count, total = len(heat), len(LEVELS)
    own = np.clip(_LEVEL_COST * np.abs(ideas[:, None] - np.arange(total)), 0, _LEVEL_COST_MOST)
    worth = heat[:, None] - own  # (candidate, level)
    step = [_step_cost(corners, gap) for gap in range(1, _MAX_GAP + 1)]
    best = np.full((total, count), -np.inf)
    came: dict[tuple[int, int], tuple[int, int]] = {}  # (level, candidate) -> the one above it
    for level in range(total):
        before = np.zeros(count)  # a chain may begin anywhere
        for gap in range(1, min(_MAX_GAP, level) + 1):
            reach = best[level - gap][:, None] - step[gap - 1] - _SKIP_COST * (gap - 1)
            source = reach.argmax(axis=0)
            value = reach[source, np.arange(count)]
            for c in np.nonzero(value > before)[0]:
                before[c] = value[c]
                came[(level, int(c))] = (level - gap, int(source[c]))
        best[level] = before + worth[:, level]
    level, pick = (int(k) for k in np.unravel_index(best.argmax(), best.shape))
    chain = [(level, pick)]
    while chain[-1] in came:
        chain.append(came[chain[-1]])
    chain.reverse()
    return [level for level, _ in chain], [candidate for _, candidate in chain]


def _step_cost(corners: Points, gap: int) -> Points:
    """Cost (from, to) of going from one candidate to another `gap` levels further down."""
    centres = corners.mean(axis=1)
    height = np.linalg.norm(corners[:, 2:].mean(axis=1) - corners[:, :2].mean(axis=1), axis=1)
    expected = gap * _PITCH_PER_HEIGHT * (height[:, None] + height[None]) / 2
    step = centres[None] - centres[:, None]
    distance = np.linalg.norm(step, axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(np.log(distance / expected))
    cost = _STEP_COST * np.maximum(off - _STEP_FREE, 0.0)
    # The next vertebra lies below along the spine: within 60 degrees of this one's own axis.
    axis = corners[:, 2:].mean(axis=1) - corners[:, :2].mean(axis=1)
    along = (step * axis[:, None]).sum(axis=2)
    allowed = along > 0.5 * distance * height[:, None]
    return np.where(allowed & np.isfinite(cost), cost, np.inf)


def _without_gaps(levels: list[int], picked: _Candidates) -> Spine:
    """Put the levels that were passed over between their neighbours."""
    full = np.arange(levels[0], levels[-1] + 1)
    seen = np.array(levels) - levels[0]
    flat = picked.corners.reshape(len(levels), 8)
    filled = np.column_stack([np.interp(full, levels, flat[:, k]) for k in range(8)])
    heat, ideas, ribs = np.zeros(len(full)), *np.full((2, len(full)), np.nan)
    heat[seen], ideas[seen], ribs[seen] = picked.heat, picked.ideas, picked.ribs
    return Spine(full, filled.reshape(-1, 4, 2), heat, ideas, ribs)


def find_points(answer: Floats) -> tuple[Points, Points]:
    """Where the finder's answer (20, rows, columns) has its points and letters.

    Returns
    -------
    points
        float64 (9, 2): `FRONTAL_POINTS`, then the letters L and R; in input pixels.
    score
        float64 (9,) in [0, 1]: the highest heat of each.
    """
    heats = 1.0 / (1.0 + np.exp(-answer[POINT_MAPS].astype(np.float64)))
    points, score = np.empty((len(heats), 2)), np.empty(len(heats))
    for k, heat in enumerate(heats):
        y, x = (int(place) for place in np.unravel_index(int(heat.argmax()), heat.shape))
        # As far to one side as to the other, or the map's edge would push the mean inwards.
        down, across = (min(2, at, n - 1 - at) for at, n in zip((y, x), heat.shape, strict=True))
        cells_y, cells_x = np.mgrid[y - down : y + down + 1, x - across : x + across + 1]
        weight = heat[cells_y, cells_x]
        total = weight.sum()
        points[k] = (cells_x * weight).sum() / total, (cells_y * weight).sum() / total
        score[k] = heat[y, x]
    return (points + 0.5) * STRIDE, score


def sacrum_pose(left: Points, right: Points) -> Pose:
    """Where the refiner looks to read the sacral endplate, of which these are the ends (2,).

    The endplate takes the place of a vertebra's upper one, and its length is taken for a level's
    height, as it is in the lumbar spine.
    """
    across = right - left
    length = float(np.hypot(*across))
    x, y = (left + right) / 2 + _PLATE_OVER_CENTRE * np.array([-across[1], across[0]])
    return Pose(float(x), float(y), length, float(np.arctan2(across[1], across[0])))


_PLATE_OVER_CENTRE = 0.38
"""Levels from a vertebra's upper endplate down to its centre (a disc is a quarter of a level)."""


def vertebra_poses(corners: Points) -> list[Pose]:
    """Centre, pitch and tilt of two or more vertebrae in a row.

    `corners` (n, 4, 2) are in isotropic pixels. A vertebra's pitch is the mean distance to its
    neighbours' centres, its tilt that of the line between the middles of its sides.
    """
    centres = corners.mean(axis=1)
    gaps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    pitch = (np.append(gaps, gaps[-1]) + np.insert(gaps, 0, gaps[0])) / 2
    across = corners[:, 1::2].mean(axis=1) - corners[:, ::2].mean(axis=1)
    tilt = np.arctan2(across[:, 1], across[:, 0])
    return [
        Pose(float(x), float(y), float(p), float(t))
        for (x, y), p, t in zip(centres, pitch, tilt, strict=True)
    ]
