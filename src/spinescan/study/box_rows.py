"""Whether the row of vertebrae is the row of boxes: one to one, in order, none skipped or doubled.

The centres of T2 to L4 are laid on consecutive boxes of an annotation. A centre meets its box if
the distance of the two centres is at most a third of the box's height. Boxes have no names, so the
first of them may be any; among all offsets, and all annotations of a film, the one counts at which
most centres meet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS
from spinescan.study.metrics import share_with_interval, share_within_groups

Floats = NDArray[np.float64]

FIRST, LAST = LEVELS.index("T2"), LEVELS.index("L4")
ROW: tuple[str, ...] = LEVELS[FIRST : LAST + 1]
"""The 15 levels that are matched."""

WITHIN = 1 / 3
"""How far a centre may lie from its box's, as a share of the box's height."""


@dataclass(frozen=True, slots=True, eq=False)
class RowMatch:
    """How the centres of `ROW` meet consecutive boxes at the best offset.

    `meets` and `boxed` (15,) tell for each level whether it meets its box, and whether there is a
    box for it at all; `distance` (15,) is that of the centres as a share of the box's height, NaN
    where either is missing.
    """

    meets: NDArray[np.bool_]
    boxed: NDArray[np.bool_]
    distance: Floats

    @property
    def whole(self) -> bool:
        """Whether every level meets its box."""
        return bool(self.meets.all())


NO_MATCH = RowMatch(
    np.zeros(len(ROW), dtype=bool), np.zeros(len(ROW), dtype=bool), np.full(len(ROW), np.nan)
)
"""What a film without an answer has."""


def match_row(centres_xy: Floats, boxes: Floats) -> RowMatch:
    """Lay the row of centres on consecutive boxes, at the offset at which most of them meet.

    Of equal offsets the one with the smaller mean distance is taken.

    Parameters
    ----------
    centres_xy
        (15, 2) centres of the levels of `ROW`, NaN for one that was not marked, pixels.
    boxes
        (n, 4) xc, yc, width, height of one annotation, in any order, pixels.
    """
    boxes = boxes[np.argsort(boxes[:, 1], kind="stable")]
    n = len(ROW)
    best = (-1, -np.inf, NO_MATCH)
    for offset in range(1 - n, len(boxes)):
        places = offset + np.arange(n)
        boxed = (places >= 0) & (places < len(boxes))
        mine = boxes[places.clip(0, len(boxes) - 1)]
        distance = np.linalg.norm(centres_xy - mine[:, :2], axis=1) / mine[:, 3]
        distance = np.where(boxed, distance, np.nan)
        meets = boxed & (distance <= WITHIN)  # NaN meets nothing
        mean = float(np.nanmean(distance)) if np.isfinite(distance).any() else np.inf
        found = (int(meets.sum()), -mean, RowMatch(meets, boxed, distance))
        best = max(best, found, key=lambda b: b[:2])
    return best[2]


def in_step(centres_xy: Floats, boxes: Floats) -> bool:
    """Whether the boxes nearest to the centres follow each other: none skipped, none doubled.

    Only centres between the first and the last box, and half a box beyond, are looked at; whether
    they lie within a third of the height is not asked.
    """
    boxes = boxes[np.argsort(boxes[:, 1], kind="stable")]
    half = float(np.median(boxes[:, 3])) / 2
    y = centres_xy[:, 1]
    inside = centres_xy[(y >= boxes[0, 1] - half) & (y <= boxes[-1, 1] + half)]
    way = np.linalg.norm(inside[:, None] - boxes[None, :, :2], axis=2)
    return len(inside) > 1 and bool((np.diff(way.argmin(axis=1)) == 1).all())


def row_figures(
    rows_xy: Sequence[Floats | None],
    annotations: Sequence[Sequence[Floats]],
    groups: Sequence[str],
) -> dict[str, Any]:
    """Shares of films and of centres that match, for films that have boxes.

    Every film counts, one without an answer (None) with 15 centres that meet nothing. A level for
    which the annotation has no box counts as missed among all centres, and is left out among the
    centres with a box. Shares of centres have bootstrap intervals over films, those of films and of
    single levels Wilson's.
    """
    matches, steps = [], 0
    for row, boxes_of_film in zip(rows_xy, annotations, strict=True):
        if row is None:
            matches.append(NO_MATCH)
            continue
        found = [match_row(row, boxes) for boxes in boxes_of_film]
        matches.append(max(found, key=lambda m: int(m.meets.sum())))
        steps += any(in_step(row, boxes) for boxes in boxes_of_film)
    n = len(matches)
    meets = np.array([m.meets for m in matches]).reshape(n, len(ROW))
    boxed = np.array([m.boxed for m in matches]).reshape(n, len(ROW))
    distance = np.array([m.distance for m in matches]).reshape(n, len(ROW))
    hits = meets.sum(axis=1).tolist()
    told = np.isfinite(distance)
    return {
        "n": n,
        "levels": f"{ROW[0]} to {ROW[-1]}",
        "within_share_of_box_height": round(WITHIN, 4),
        "films_all_matched": share_with_interval(sum(m.whole for m in matches), n),
        "films_none_skipped_or_doubled": share_with_interval(steps, n),
        "centres_matched": share_within_groups(hits, [len(ROW)] * n, groups),
        "centres_matched_of_those_with_a_box": share_within_groups(
            hits, [len(ROW) if not b.any() else int(b.sum()) for b in boxed], groups
        ),
        "by_level": {
            level: share_with_interval(int(meets[:, k].sum()), n) for k, level in enumerate(ROW)
        },
        "median_distance_share_of_box_height": (
            round(float(np.median(distance[told])), 4) if told.any() else None
        ),
    }
