from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.anatomy import FRONTAL_NAMES
from spinescan.core.errors import DataError
from spinescan.data.sources import BoxedFilm, read_boxes
from spinescan.study.boxes import FOLLOWED, score_boxes, shares_that_meet

CENTRES = np.stack([np.full(17, 100.0), 100 + 40.0 * np.arange(17)], axis=1)
BOXES = np.column_stack([CENTRES, np.full((17, 1), 60.0), np.full((17, 1), 36.0)])


def test_a_prediction_in_the_middle_of_each_box_meets_all() -> None:
    assert shares_that_meet(CENTRES, BOXES) == (1.0, 1.0)


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(0.1, 10))
def test_place_and_size_do_not_matter(x: float, y: float, scale: float) -> None:
    moved = np.column_stack([BOXES[:, :2] * scale + [x, y], BOXES[:, 2:] * scale])
    assert shares_that_meet(CENTRES * scale + [x, y], moved) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("shift", "met"), [((29, 0), 1.0), ((31, 0), 0.0), ((0, 17), 1.0), ((0, -17), 1.0)]
)
def test_half_a_box_is_the_border(shift: tuple[float, float], met: float) -> None:
    assert shares_that_meet(CENTRES + shift, BOXES) == (met, met)


def test_boxes_beyond_the_prediction_are_not_judged() -> None:
    assert shares_that_meet(CENTRES[3:15], BOXES) == (1.0, 1.0)


def test_vertebrae_beyond_the_boxes_are_not_judged() -> None:
    assert shares_that_meet(CENTRES, BOXES[3:15]) == (1.0, 1.0)


def test_a_crowded_prediction_does_not_pass() -> None:
    """17 vertebrae in the space of 8: every box is hit, but half of the vertebrae share one."""
    crowded = np.column_stack([CENTRES[:, 0], np.linspace(100, 380, 17)])
    hit, single = shares_that_meet(crowded, BOXES)
    assert hit == 1
    assert single == pytest.approx(8 / 17)


def test_a_prediction_with_a_gap_misses_the_boxes_in_it() -> None:
    hit, single = shares_that_meet(np.delete(CENTRES, [5, 6, 7], axis=0), BOXES)
    assert hit == pytest.approx(14 / 17)
    assert single == 1


@pytest.mark.parametrize(
    ("centres", "boxes"),
    [(CENTRES[:0], BOXES), (CENTRES, BOXES[:0]), (CENTRES + [0, 9000], BOXES)],
)
def test_nothing_to_judge_is_nothing_met(centres: np.ndarray, boxes: np.ndarray) -> None:
    assert shares_that_meet(centres, boxes) == (0.0, 0.0)


def film(
    i: int, annotations: tuple[np.ndarray, ...], view: Literal["frontal", "lateral"] = "frontal"
) -> BoxedFilm:
    return BoxedFilm(f"{i}.jpg", Path(f"{i}.jpg"), annotations, view)


def answer(i: int, shift_px: float = 0, decision: str = "accepted") -> dict[str, Any]:
    corners = CENTRES[:, None] + np.array([(-9, -9), (9, -9), (-9, 9), (9, 9)]) + [shift_px, 0]
    landmarks = {"names": list(FRONTAL_NAMES), "points_xy": corners.reshape(68, 2).tolist()}
    return {"file": f"{i}.jpg", "decision": decision, "landmarks": landmarks}


def test_films_are_counted_by_view_decision_and_annotation() -> None:
    films = [
        film(0, (BOXES, BOXES)),  # followed by both
        film(1, (BOXES, BOXES + [80, 0, 0, 0])),  # followed by one
        film(2, (BOXES,)),  # beside the spine
        film(3, (BOXES,)),  # abstained
        film(4, (BOXES,)),  # failed
        film(5, ()),  # without boxes
        film(6, (), "lateral"),
        film(7, (), "lateral"),
    ]
    records = [answer(0), answer(1), answer(2, 50), answer(3, decision="abstained"), answer(5)]
    figures = score_boxes(films, [*records, answer(6), answer(7, decision="abstained")])
    frontal, lateral = figures["frontal"], figures["lateral"]
    assert frontal["n"] == 6
    assert frontal["accepted"]["count"] == 4
    assert (frontal["n_abstained"], frontal["n_failed"]) == (1, 1)
    boxed = frontal["with_boxes"]
    assert (boxed["n"], boxed["n_accepted"]) == (5, 3)
    assert boxed["followed_by_an_annotation"]["count"] == 2
    assert boxed["followed_by_every_annotation"]["count"] == 1
    assert boxed["n_annotations_of_accepted_films"] == 5
    assert boxed["mean_share_of_boxes_hit_on_accepted_films"] == pytest.approx(3 / 5)
    assert lateral["n"] == 2
    assert lateral["accepted"]["count"] == 1
    low, high = boxed["followed_by_an_annotation"]["interval_95"]
    assert low < 2 / 5 < high


def test_acceptance_is_told_for_each_kind_of_frontal_film() -> None:
    kinds = ["crop", "photo", "photo"]
    films = [replace(film(i, ()), kind=kind) for i, kind in enumerate(kinds)]
    films.append(replace(film(3, (), "lateral"), kind="crop"))
    records = [answer(0), answer(1, decision="abstained"), answer(2), answer(3)]
    by_kind = score_boxes(films, records)["frontal"]["by_kind"]
    assert {k: (v["accepted"]["count"], v["n"]) for k, v in by_kind.items()} == {
        "crop": (1, 1),
        "photo": (1, 2),
    }


def test_no_lateral_films_give_no_share() -> None:
    figures = score_boxes([film(0, (BOXES,))], [answer(0)])
    assert figures["lateral"]["accepted"]["share"] is None


def test_no_films_are_an_error() -> None:
    with pytest.raises(DataError, match="no film"):
        score_boxes([], [])


def test_two_annotators_follow_each_other(shared_data: Path) -> None:
    """What a perfect scan can reach: people who drew boxes on the same film meet nearly always."""
    pairs = [film.annotations for film in read_boxes(shared_data / "wholespine")]
    followed = [min(shares_that_meet(one[:, :2], other)) >= FOLLOWED for one, other in pairs]
    assert len(followed) == 48
    assert sum(followed) >= 45
