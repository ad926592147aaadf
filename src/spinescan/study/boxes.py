"""How well a scan follows the spine on films with weak vertebra boxes.

The boxes are not named, their first and last level vary, and a film may have several independent
annotations; so only the stretch of the spine that both the scan and an annotation cover is judged.
"""

from collections.abc import Container, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.errors import DataError
from spinescan.data.sources import BoxedFilm
from spinescan.study.answers import Record, acceptance, corners_xy, match_records, outcome
from spinescan.study.box_rows import ROW, row_figures
from spinescan.study.metrics import share_with_interval

Floats = NDArray[np.float64]

FOLLOWED = 0.8
"""The share of boxes, and of vertebrae, that must meet for a film to count as followed."""


def shares_that_meet(centres_xy: Floats, boxes: Floats) -> tuple[float, float]:
    """How well predicted vertebrae and annotated boxes meet, one to one.

    A vertebra and a box meet if the box is the nearest one to the vertebra's centre and their
    centres lie within half a box of each other (half its width across, half its height along). Two
    vertebrae in one box count once. Boxes above the highest or below the lowest vertebra by more
    than half a box are not judged, nor vertebrae that lie so far beyond the boxes: the scan marks
    T1 to L5 only, and an annotation may end earlier.

    Parameters
    ----------
    centres_xy
        (m, 2) centres of the predicted vertebrae, pixels.
    boxes
        (n, 4) xc, yc, width, height, pixels.

    Returns
    -------
    boxes_hit, vertebrae_in_a_box
        Shares of the judged boxes and of the judged vertebrae; 0 where none is left to judge. The
        second falls when the prediction crowds many vertebrae into few boxes.
    """
    if len(centres_xy) == 0 or len(boxes) == 0:
        return 0.0, 0.0
    half_height = float(np.median(boxes[:, 3])) / 2
    top, bottom = centres_xy[:, 1].min() - half_height, centres_xy[:, 1].max() + half_height
    judged = boxes[(boxes[:, 1] >= top) & (boxes[:, 1] <= bottom)]
    first, last = boxes[:, 1].min() - half_height, boxes[:, 1].max() + half_height
    inside = centres_xy[(centres_xy[:, 1] >= first) & (centres_xy[:, 1] <= last)]
    if len(judged) == 0 or len(inside) == 0:
        return 0.0, 0.0
    offset = np.abs(inside[:, None] - judged[None, :, :2]) / (judged[None, :, 2:] / 2)
    nearest = offset.max(axis=2).argmin(axis=1)
    meets = offset[np.arange(len(inside)), nearest].max(axis=1) <= 1
    hit = len(set(nearest[meets].tolist()))
    return hit / len(judged), hit / len(inside)


def score_boxes(
    films: Sequence[BoxedFilm], records: Sequence[Record], left_out: Container[str] = ()
) -> dict[str, Any]:
    """The figures, as plain JSON types, with Wilson 95 % intervals.

    Films named in `left_out`, such as those that took part in a training, are not scored; the
    records may be of all.

    A frontal film is *followed* by an annotation if it is accepted and both shares of
    `shares_that_meet` reach `FOLLOWED`; abstained and failed films are not followed. Films without
    boxes count for acceptance only, which is also told for each kind of film. Of lateral films none
    should be accepted as a frontal spine.

    Raises
    ------
    DataError
        There is no film, or the records do not belong to these films.
    """
    if not films:
        raise DataError("no film to score")
    matched = match_records([film.file for film in films], records)
    pairs = [
        (film, record)
        for film, record in zip(films, matched, strict=True)
        if film.file not in left_out
    ]
    frontal = [(film, record) for film, record in pairs if film.view == "frontal"]
    lateral = [record for film, record in pairs if film.view == "lateral"]
    kinds = sorted({film.kind for film, _ in frontal})
    return {
        "n_left_out": len(films) - len(pairs),
        "frontal": {
            **acceptance([r for _, r in frontal]),
            "by_kind": {
                kind: acceptance([r for f, r in frontal if f.kind == kind]) for kind in kinds
            },
            "with_boxes": _following(frontal),
            "rows": _rows(frontal),
        },
        "lateral": {
            **acceptance(lateral),
            "n_accepted_as_frontal": sum(
                outcome(r) == "accepted" and r is not None and r.get("view") == "frontal"
                for r in lateral
            ),
        },
    }


def _rows(frontal: Sequence[tuple[BoxedFilm, Record | None]]) -> dict[str, Any]:
    boxed = [(film, record) for film, record in frontal if film.annotations]
    return row_figures(
        [_row(record) for _, record in boxed],
        [film.annotations for film, _ in boxed],
        [film.file for film, _ in boxed],
    )


def _row(record: Record | None) -> Floats | None:
    """Centres (15, 2) of T2 to L4 of an accepted answer, NaN for a level that is not marked."""
    if record is None or outcome(record) != "accepted":
        return None
    names, corners = corners_xy(record)
    centres = dict(zip(names, corners.mean(axis=1), strict=True))
    return np.array([centres.get(level, (np.nan, np.nan)) for level in ROW])


def _following(frontal: Sequence[tuple[BoxedFilm, Record | None]]) -> dict[str, Any]:
    by_film, boxes_hit, accepted = [], [], 0
    for film, record in frontal:
        if not film.annotations:
            continue
        if record is None or outcome(record) != "accepted":
            by_film.append([False])
            continue
        accepted += 1
        centres = corners_xy(record)[1].mean(axis=1)
        shares = [shares_that_meet(centres, boxes) for boxes in film.annotations]
        by_film.append([min(pair) >= FOLLOWED for pair in shares])
        boxes_hit += [hit for hit, _ in shares]
    n = len(by_film)
    return {
        "n": n,
        "n_accepted": accepted,
        "followed_by_an_annotation": share_with_interval(sum(any(f) for f in by_film), n),
        "followed_by_every_annotation": share_with_interval(sum(all(f) for f in by_film), n),
        "n_annotations_of_accepted_films": len(boxes_hit),
        "mean_share_of_boxes_hit_on_accepted_films": (
            round(float(np.mean(boxes_hit)), 4) if boxes_hit else None
        ),
    }
