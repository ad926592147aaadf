"""How often each ALS type comes out when the points of a film lie elsewhere within their spread."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS, Landmarks
from spinescan.core.report import AlsType, Curve
from spinescan.measure.als_evidence import als_evidence
from spinescan.measure.als_rules import decide
from spinescan.measure.curves import find_curves
from spinescan.measure.intervals import endplate_correlation

FindCurves = Callable[[Landmarks], tuple[Curve, ...]]

_ENDPLATES = tuple(f"{v}_{end}" for v, end in product(LEVELS, ("superior", "inferior")))
_PELVIS = ("S1", "iliac_crest", "femoral_head")

_MIRRORED = np.array([1.0, -1.0, -1.0, 1.0])


def als_in_draws(
    landmarks: Landmarks,
    *,
    factor: float,
    find: FindCurves = find_curves,
    draws: int = 40,
    seed: int = 0,
) -> dict[AlsType | None, float]:
    """The share of draws that give each type, the most frequent first; None for no type.

    In each draw the points, their curves and the verdict's evidence are made anew. Mirroring the
    film changes nothing. `find` finds the curves, `factor` is that of `intervals.with_intervals`.
    Empty where the spread of an end of an endplate or of the pelvis is unknown.
    """
    types: Counter[AlsType | None] = Counter()
    for drawn in _drawn(landmarks, factor, draws, seed):
        curves = find(drawn)
        evidence = als_evidence(drawn, curves) if curves else None
        types[None if evidence is None else decide(evidence).type] += 1
    return {als: n / types.total() for als, n in types.most_common()}


def _drawn(landmarks: Landmarks, factor: float, draws: int, seed: int) -> Iterator[Landmarks]:
    row = {name: i for i, name in enumerate(landmarks.names)}
    plates = [p for p in _ENDPLATES if f"{p}_left" in row and f"{p}_right" in row]
    others = [p for p in _PELVIS if f"{p}_left" in row and f"{p}_right" in row]
    pairs = np.array([[row[f"{p}_left"], row[f"{p}_right"]] for p in (*plates, *others)], dtype=int)
    if len(plates) == 0 or np.isnan(landmarks.spread_px[pairs]).any():
        return
    spread = factor * landmarks.spread_px[pairs][..., None]
    for moves in _moves(len(plates), len(others), draws, seed):
        points = landmarks.isotropic()
        points[pairs] += spread * moves
        yield Landmarks.from_points(
            landmarks.names,
            points / [1.0, landmarks.pixel_aspect],
            pixel_aspect=landmarks.pixel_aspect,
        )


@lru_cache(maxsize=64)
def _moves(plates: int, others: int, draws: int, seed: int) -> NDArray[np.float64]:
    """Standard normal moves (draws, pairs, left | right, x | y) of the ends of n lines, read-only.

    Those of the endplates, which come first, are correlated. They are made of moves that both ends
    share and moves that part them, so that to every draw there is its mirror image. Kept for the
    same reason as `intervals.endplate_noise`.
    """
    n = plates + others
    correlation = np.eye(n)
    correlation[:plates, :plates] = endplate_correlation(plates)
    half = np.random.default_rng(seed).standard_normal((draws // 2, 4, n))
    half = half @ np.linalg.cholesky(correlation).T
    every = np.concatenate([half, half * _MIRRORED[:, None]]) / np.sqrt(2)
    shared_y, parting_y, shared_x, parting_x = every.transpose(1, 0, 2)
    left = np.stack([shared_x + parting_x, shared_y + parting_y], axis=-1)
    right = np.stack([shared_x - parting_x, shared_y - parting_y], axis=-1)
    moves = np.stack([left, right], axis=2)
    moves.setflags(write=False)
    return moves
