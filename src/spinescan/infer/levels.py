"""Which vertebra is which: the names of a row, counted from what the film shows.

Neighbouring vertebrae look alike, so a row is easily named one off. Four witnesses tell: what each
vertebra looks like by itself, which ones bear ribs, the sacrum below the row and C7 above it. The
row takes the names that fit them best; they are called certain only if the sacrum and one of the
upper witnesses were seen and all agree. Seventeen vertebrae with twelve pairs of ribs is the rule,
and one person in ten or so has another number: then the film is flagged and nothing is guessed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS
from spinescan.core.report import Notice
from spinescan.infer.decode import Spine, vertebra_poses

Points = NDArray[np.float64]

_LAST = len(LEVELS) - 1
_T12 = LEVELS.index("T12")

_LOOKS, _LOOKS_MOST = 0.4, 1.0
"""Cost per level between what a vertebra looks like and its name, and at most for one vertebra."""
_RIBS_MOST = 2.0
"""At most this much for one vertebra whose ribs are not as its name says (log odds are capped)."""
_ANCHOR, _ANCHOR_MOST = 5.0, 7.0
"""Cost per level between where sacrum or C7 lie and where the names expect them, and at most."""
TO_SACRUM, TO_C7 = 0.58, 0.86
"""Levels from the centre of L5 down to the middle of S1's endplate, and from T1 up to C7: medians
over frontal phantoms."""
_NEAR = 3.2
"""An anchor farther than so many levels from the row tells nothing: levels grow down the spine."""
_LOST = 2.0
"""Cost of a vertebra that was seen and has no name left."""
_CLEARLY = 1.5
"""The number of rib pairs is told if it fits better by so much (twice a log odds)."""
_FITS = 0.45
"""An anchor agrees if it is so many levels or less from where the names expect it."""


@dataclass(frozen=True, slots=True, eq=False)
class Anchors:
    """What bounds the row, (2,) in the spine's coordinates, or None where it was not seen."""

    sacrum: Points | None = None
    """The middle of S1's endplate."""
    c7: Points | None = None
    to_sacrum: float = TO_SACRUM
    to_c7: float = TO_C7


@dataclass(frozen=True, slots=True)
class Naming:
    """Whether the names are certain, and what the reader should know of them."""

    certain: bool
    notices: tuple[Notice, ...]


def named_by_witnesses(spine: Spine, anchors: Anchors) -> Spine:
    """The same vertebrae with the names that the witnesses like best, two levels off at most."""
    costs = {shift: _cost(spine, anchors, shift) for shift in (0, -1, 1, -2, 2)}
    best = min(costs, key=lambda shift: costs[shift])
    return spine.renamed(best) if best else spine


def judge_names(spine: Spine, anchors: Anchors) -> Naming:
    """Hold the final names against the witnesses."""
    below, above = _off_sacrum(spine, anchors), _off_c7(spine, anchors)
    pairs = _rib_pairs(spine)
    notices = []
    extra = None if below is None or above is None else below + above
    if extra is not None and abs(extra) > 1 - _FITS:
        what, how = ("more", "passed over") if extra > 0 else ("fewer", "counted twice")
        text = (
            f"There seem to be {what} vertebrae between C7 and the sacrum than the usual seventeen,"
            f" or one was {how}: levels may be named one off."
        )
        notices.append(Notice("variant_vertebrae", text))
    elif below is not None and abs(below) > _FITS:
        text = (
            "The sacrum does not lie where the level names expect it: a vertebra was passed over"
            " or counted twice, or the number of lumbar vertebrae is unusual."
        )
        notices.append(Notice("levels_disagree_with_sacrum", text))
    if pairs is not None and pairs != 12:
        text = (
            f"The ribs seem to end at {LEVELS[pairs - 1]}: {pairs} pairs of ribs, or levels named"
            " one off."
        )
        notices.append(Notice("variant_ribs", text))
    agree = [off is not None and abs(off) <= _FITS for off in (below, above)]
    certain = agree[0] and (agree[1] or (above is None and pairs == 12)) and not notices
    if not certain:
        notices.append(Notice("levels_not_certain", _why_not(below, above, pairs)))
    return Naming(certain, tuple(notices))


def _why_not(below: float | None, above: float | None, pairs: int | None) -> str:
    unseen = [
        name
        for name, value in (("the sacrum", below), ("C7", above), ("the last ribs", pairs))
        if value is None
    ]
    why = (
        f"{', '.join(unseen)} could not be made out" if unseen else "what the film shows disagrees"
    )
    return f"The level names may be one off: {why}."


def _cost(spine: Spine, anchors: Anchors, shift: int) -> float:
    """What speaks against naming every vertebra `shift` levels lower."""
    levels = spine.levels + shift
    beyond = (levels < 0) | (levels > _LAST)
    seen = np.isfinite(spine.ideas) & ~beyond
    off = np.abs(spine.ideas[seen] - levels[seen])
    cost = np.minimum(_LOOKS * off, _LOOKS_MOST).sum()
    against = np.where(levels[seen] <= _T12, -spine.ribs[seen], spine.ribs[seen])
    cost += np.clip(against, 0, _RIBS_MOST).sum()
    cost += _LOST * np.count_nonzero(beyond & np.isfinite(spine.ideas))
    below, above = _off_sacrum(spine, anchors), _off_c7(spine, anchors)
    gaps = (None if below is None else below + shift, None if above is None else above - shift)
    cost += sum(min(_ANCHOR * abs(gap), _ANCHOR_MOST) for gap in gaps if gap is not None)
    return float(cost)


def _off_sacrum(spine: Spine, anchors: Anchors) -> float | None:
    """Levels that fit between the last vertebra and the sacrum, over what its name expects."""
    if anchors.sacrum is None:
        return None
    pose = vertebra_poses(spine.corners)[-1]
    away = float(np.hypot(*(anchors.sacrum - [pose.x, pose.y]))) / max(pose.pitch, 1e-6)
    return away - anchors.to_sacrum - float(_LAST - spine.levels[-1]) if away < _NEAR else None


def _off_c7(spine: Spine, anchors: Anchors) -> float | None:
    """The same between C7 and the row's first vertebra."""
    if anchors.c7 is None:
        return None
    pose = vertebra_poses(spine.corners)[0]
    away = float(np.hypot(*(anchors.c7 - [pose.x, pose.y]))) / max(pose.pitch, 1e-6)
    return away - anchors.to_c7 - float(spine.levels[0]) if away < _NEAR else None


def _rib_pairs(spine: Spine) -> int | None:
    """The number of rib pairs that fits best; None where the film does not tell it clearly."""
    seen = np.isfinite(spine.ribs)
    if np.count_nonzero(seen & (np.abs(spine.levels - _T12) <= 2)) < 4:
        return None
    ribs = np.clip(spine.ribs[seen], -_RIBS_MOST, _RIBS_MOST)
    fits = {
        pairs: float(np.where(spine.levels[seen] < pairs, ribs, -ribs).sum())
        for pairs in range(10, 15)
    }
    best, second = sorted(fits, key=lambda pairs: -fits[pairs])[:2]
    return best if fits[best] - fits[second] >= _CLEARLY else None
