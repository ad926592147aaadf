"""What the measurements of a lateral film share: its endplates with the patient facing right.

Which way the patient faces follows from the points' names, not from an assumption.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS, Landmarks
from spinescan.measure.intervals import endplate_correlation

Floats = NDArray[np.float64]

PLATES = (*(f"{v}_{end}" for v in LEVELS for end in ("superior", "inferior")), "S1")
"""The endplates from the head down."""

STAND_IN_SPREAD_DEG = 3.0
"""How far the other endplate of a body is off the one it stands for: T4, T12 and L1 of phantoms
differ by 2 degrees (root mean square 1.7 to 2.6); rounded up, provisional."""

_HEADS = ("femoral_head_left", "femoral_head_right")
_OTHER = {"superior": "inferior", "inferior": "superior"}
_DOWN = np.array([0.0, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class LateralSpine:
    """The visible endplates and hip of a lateral film, as they are and as drawn again.

    Isotropic units, x to the right and y down; a film on which the patient faces left is mirrored.
    The first row of every array is the film's own points; the others, if there are any, are draws
    of them within their spreads, NaN where a spread is not known.

    Parameters
    ----------
    plates
        float64 (1 + draws, 2, 2) by endplate: posterior end, anterior end.
    ways
        float64 (1 + draws, 2) by endplate: its way from back to front. Where an endplate is not
        visible but the other one of its body is, that one's way stands in for it.
    hip
        float64 (1 + draws, 2): the middle of the femoral heads that are visible; None without.
    heads
        How many femoral heads are visible.
    """

    plates: dict[str, Floats]
    ways: dict[str, Floats]
    hip: Floats | None
    heads: int

    @classmethod
    def from_landmarks(
        cls, landmarks: Landmarks, *, factor: float | None = None, draws: int = 1000, seed: int = 0
    ) -> Self:
        """Find the endplates; with `factor` draw them `draws` times (see `intervals`).

        An endplate is moved along and across itself, so that the draws turn with the film. The
        errors of tilt of neighbours go together as on frontal films; nothing else does.
        """
        points = dict(zip(landmarks.names, landmarks.isotropic(), strict=True))
        found = {
            plate: np.array([points[f"{plate}_posterior"], points[f"{plate}_anterior"]])
            for plate in PLATES
            if f"{plate}_posterior" in points and f"{plate}_anterior" in points
        }
        # Ends that coincide have no direction.
        found = {plate: ends for plate, ends in found.items() if (ends[0] != ends[1]).any()}
        side = np.sign(_handedness(list(found.values())))
        if side == 0:  # nothing visible, or ends that contradict each other
            return cls({}, {}, None, 0)
        flip = np.array([side, 1.0])
        found = {plate: ends * flip for plate, ends in found.items()}
        heads = np.array([points[name] * flip for name in _HEADS if name in points])
        if factor is None:
            plates = {plate: ends[None] for plate, ends in found.items()}
            hip = heads.mean(axis=0)[None] if len(heads) else None
            return cls(plates, _ways(plates, None), hip, len(heads))
        spread = dict(zip(landmarks.names, factor * landmarks.spread_px, strict=True))
        noise = _noise(draws, seed)
        plates = {
            plate: _moved(
                ends,
                noise.ends[:, PLATES.index(plate)],
                np.array([spread[f"{plate}_posterior"], spread[f"{plate}_anterior"]]),
                _frame(ends),
            )
            for plate, ends in found.items()
        }
        hip = None
        if len(heads):
            # The heads move along S1's axes; PT and PI are not measured without it.
            frame = _frame(found["S1"]) if "S1" in found else np.eye(2)
            wide = np.array([spread[name] for name in _HEADS if name in points])
            order = np.argsort(heads @ frame[0])  # the same in a mirrored film
            moved = _moved(heads[order], noise.heads[:, : len(heads)], wide[order], frame)
            hip = moved.mean(axis=1)
        return cls(plates, _ways(plates, noise.turns), hip, len(heads))

    def stands_in(self, plate: str) -> bool:
        """Whether the way of an endplate is that of its body's other one."""
        return plate in self.ways and plate not in self.plates


def cross(a: Floats, b: Floats) -> Floats:
    """Cross product of vectors (..., 2): (...,)."""
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def turn_deg(start: Floats, end: Floats) -> Floats:
    """Turns (...,) from one direction to another (..., 2), clockwise on the picture, in +-180."""
    # No difference of two angles is taken: it could wrap.
    return np.asarray(np.degrees(np.arctan2(cross(start, end), (start * end).sum(axis=-1))))


def _handedness(plates: list[Floats]) -> float:
    """Positive when the patient, put upright, faces right; no turn of the film changes it.

    Each endplate's way to the front is held against the way down to the next one; all together
    decide.
    """
    if len(plates) == 1:
        return float(cross(plates[0][1] - plates[0][0], _DOWN))
    return sum(
        float(cross(upper[1] - upper[0], lower.mean(axis=0) - upper.mean(axis=0)))
        for upper, lower in pairwise(plates)
    )


def _ways(plates: dict[str, Floats], turns: Floats | None) -> dict[str, Floats]:
    """Ways to the front of the visible endplates and of those that another stands in for.

    `turns` (draws, endplates) is standard normal noise for the latter.
    """
    ways = {plate: ends[:, 1] - ends[:, 0] for plate, ends in plates.items()}
    for row, plate in enumerate(PLATES):
        level, _, end = plate.partition("_")
        other = f"{level}_{_OTHER.get(end, '')}"
        if plate in plates or other not in plates:
            continue
        ways[plate] = plates[other][:, 1] - plates[other][:, 0]
        if turns is not None:
            angle = np.radians(STAND_IN_SPREAD_DEG) * np.append(0.0, turns[:, row])
            x, y = ways[plate].T
            c, s = np.cos(angle), np.sin(angle)
            ways[plate] = np.column_stack([c * x - s * y, s * x + c * y])
    return ways


@dataclass(frozen=True, slots=True, eq=False)
class _Noise:
    """Standard normal moves: `ends` (draws, endplates, 2 ends, along | across), `heads` (draws, 2,
    2) and `turns` (draws, endplates).
    """

    ends: Floats
    heads: Floats
    turns: Floats


@lru_cache(maxsize=4)
def _noise(draws: int, seed: int) -> _Noise:
    """Noise for every endplate, seen or not: what is hidden changes no other interval.

    Every draw has its opposite.
    """
    n, rng = len(PLATES), np.random.default_rng(seed)
    shared, parting = rng.standard_normal((2, draws // 2, n, 2)) / np.sqrt(2)
    parting[..., 1] = parting[..., 1] @ np.linalg.cholesky(endplate_correlation(n)).T
    ends = np.stack([shared - parting, shared + parting], axis=2)
    heads = rng.standard_normal((draws // 2, 2, 2))
    turns = rng.standard_normal((draws // 2, n))
    return _Noise(*(np.concatenate([half, -half]) for half in (ends, heads, turns)))


def _moved(points: Floats, noise: Floats, spread: Floats, frame: Floats) -> Floats:
    """Points (k, 2), then their draws: (1 + draws, k, 2); `frame` rows are along and across."""
    drawn = points + (noise * spread[:, None]) @ frame
    return np.concatenate([points[None], drawn])


def _frame(ends: Floats) -> Floats:
    """Unit vectors (2, 2) along an endplate to the front, and across it towards the feet."""
    x, y = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    return np.array([[x, y], [-y, x]])
