from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.data.sources import read_boxes
from spinescan.study.box_rows import ROW, WITHIN, in_step, match_row, row_figures

HEIGHT = 36.0
ALL = np.stack([np.full(20, 100.0), 100 + 40.0 * np.arange(20)], axis=1)
BOXES = np.column_stack([ALL, np.full(20, 60.0), np.full(20, HEIGHT)])
CENTRES = ALL[2:17]


@given(
    st.integers(0, 5),
    st.integers(0, 2**32 - 1),
    st.floats(0.1, 10),
    st.floats(-1e3, 1e3),
)
def test_a_perfect_row_matches_wherever_the_boxes_begin(
    first: int, seed: int, scale: float, shift: float
) -> None:
    """Neither the name of the first box, nor their order, nor place and size matter."""
    centres = ALL[first : first + 15] * scale + shift
    boxes = np.random.default_rng(seed).permutation(
        np.column_stack([BOXES[:, :2] * scale + shift, BOXES[:, 2:] * scale])
    )
    match = match_row(centres, boxes)
    assert match.whole
    assert match.boxed.all()
    assert np.allclose(match.distance, 0, atol=1e-9)
    assert in_step(centres, boxes)


@given(st.integers(1, 13))
def test_a_skipped_vertebra_fails(k: int) -> None:
    """From the k-th on each centre lies on the next box; the larger part still matches."""
    skipped = np.concatenate([CENTRES[:k], CENTRES[k:] + [0, 40]])
    match = match_row(skipped, BOXES)
    assert not match.whole
    assert match.meets.sum() == max(k, 15 - k)
    assert not in_step(skipped, BOXES)


@given(st.integers(1, 14))
def test_a_doubled_vertebra_fails(k: int) -> None:
    doubled = np.concatenate([CENTRES[:k], CENTRES[k:] - [0, 40]])
    assert match_row(doubled, BOXES).meets.sum() == max(k, 15 - k)
    assert not match_row(doubled, BOXES).whole
    assert not in_step(doubled, BOXES)


@given(st.floats(0, 2 * np.pi), st.floats(0.0, 0.99))
def test_a_third_of_the_height_is_the_border(way: float, share: float) -> None:
    step = HEIGHT * WITHIN * np.array([np.cos(way), np.sin(way)])
    assert match_row(CENTRES + share * step, BOXES).whole
    assert match_row(CENTRES + 1.01 * step, BOXES).meets.sum() == 0


def test_a_level_that_is_not_marked_does_not_match() -> None:
    gap = CENTRES.copy()
    gap[7] = np.nan
    match = match_row(gap, BOXES)
    assert match.meets.sum() == 14
    assert not match.meets[7]


def test_levels_beyond_the_boxes_have_none() -> None:
    match = match_row(CENTRES, BOXES[4:])
    assert match.meets.tolist() == match.boxed.tolist() == [False] * 2 + [True] * 13


def test_every_film_and_every_centre_counts() -> None:
    skipped = np.concatenate([CENTRES[:5], CENTRES[5:] + [0, 40]])
    rows = [CENTRES, skipped, None]
    told = row_figures(rows, [(BOXES + [200, 0, 0, 0], BOXES), (BOXES,), (BOXES,)], list("abc"))
    assert told["n"] == 3
    assert told["films_all_matched"]["count"] == 1
    assert told["films_none_skipped_or_doubled"]["count"] == 1
    assert (told["centres_matched"]["count"], told["centres_matched"]["n"]) == (25, 45)
    assert told["by_level"]["T2"]["count"] == 1
    assert told["by_level"]["L4"]["count"] == 2
    assert list(told["by_level"]) == list(ROW)


def test_centres_without_a_box_are_told_apart() -> None:
    told = row_figures([CENTRES], [(BOXES[4:],)], ["a"])
    assert told["centres_matched"]["share"] == pytest.approx(13 / 15, abs=1e-4)
    assert told["centres_matched_of_those_with_a_box"]["share"] == 1


def test_what_one_annotator_reaches_against_the_other(shared_data: Path) -> None:
    """Fifteen of one's boxes on the other's: people agree on the centres, seldom on all of them."""
    met = []
    for film in read_boxes(shared_data / "wholespine"):
        one, other = film.annotations
        rows = one[np.argsort(one[:, 1])][:, :2]
        met.append(
            max(int(match_row(rows[k : k + 15], other).meets.sum()) for k in range(len(rows) - 14))
        )
    assert len(met) == 48
    assert sum(m == 15 for m in met) == 26
    assert sum(met) / (48 * 15) == pytest.approx(0.9306, abs=1e-3)
