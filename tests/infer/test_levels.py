"""Names of a row, counted from what the film shows."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS
from spinescan.infer.decode import Spine
from spinescan.infer.levels import Anchors, judge_names, named_by_witnesses

Points = NDArray[np.float64]

RIBS = 4.0
"""Log odds of ribs that are clearly seen."""


class Person(NamedTuple):
    """Vertebrae between C7 and the sacrum, from the head down; corners (n, 4, 2)."""

    corners: Points
    c7: Points
    sacrum: Points


def person(count: int = 17) -> Person:
    """Somebody with so many vertebrae on a gentle bow; each is a little higher than the last."""
    pitch = 24.0 * 1.02 ** np.arange(count + 1)
    tilt = np.radians(np.linspace(-12, 12, count + 1))
    down = np.column_stack([-np.sin(tilt), np.cos(tilt)])
    side = np.column_stack([np.cos(tilt), np.sin(tilt)])
    centres = [150.0, 60.0] + np.cumsum(pitch[:, None] * down, axis=0)
    half = pitch[:, None, None] * np.array([(-0.6, -0.38), (0.6, -0.38), (-0.6, 0.38), (0.6, 0.38)])
    corners = centres[:, None] + half[..., :1] * side[:, None] + half[..., 1:] * down[:, None]
    return Person(corners[1:], centres[0], centres[-1] + 0.62 * pitch[-1] * down[-1])


USUAL = person()


def row(
    of: Person = USUAL,
    *,
    first: int = 0,
    last: int = 16,
    named: int = 0,
    looks: bool = True,
    pairs: int | None = 12,
) -> Spine:
    """The vertebrae from `first` to `last`, each named `named` too low.

    `looks`: each looks like what it is, else like a far one. Of the person's vertebrae the upper
    `pairs` bear ribs; None if that cannot be told.
    """
    true = np.arange(first, last + 1)
    ribs = np.zeros(len(true)) if pairs is None else np.where(true < pairs, RIBS, -RIBS)
    far = np.where(true < 8, 30.0, -30.0)
    return Spine(
        levels=true + named,
        corners=of.corners[true],
        heat=np.full(len(true), 0.9),
        ideas=true.astype(float) if looks else far,
        ribs=ribs,
    )


def anchors(of: Person = USUAL, *, sacrum: bool = True, c7: bool = True) -> Anchors:
    return Anchors(of.sacrum if sacrum else None, of.c7 if c7 else None)


def codes(spine: Spine, seen: Anchors) -> list[str]:
    return [notice.code for notice in judge_names(spine, seen).notices]


def test_a_row_that_all_witnesses_agree_on_stays_and_is_certain() -> None:
    spine = row()
    assert named_by_witnesses(spine, anchors()) is spine
    naming = judge_names(spine, anchors())
    assert naming.certain
    assert naming.notices == ()


@st.composite
def rows_and_witnesses(draw: st.DrawFn) -> tuple[int, int, int, set[str]]:
    """The first and last vertebra of a row, how far too low it is named, and who can tell."""
    heard = draw(st.sets(st.sampled_from(["looks", "ribs", "sacrum", "c7"]), min_size=1))
    # Far from the row an anchor is not heard: vertebrae grow on the way.
    first = draw(st.integers(0, 2 if "c7" in heard else 8))
    # Ribs alone tell only where the row shows both sides of their end, as far as it may be off.
    lowest = 15 if heard == {"ribs"} else 14 if "sacrum" in heard else 8
    last = draw(st.integers(max(lowest, first + 4), 16))
    named = draw(st.integers(max(-2, -first), min(2, len(LEVELS) - 1 - last)))
    return first, last, named, heard


@given(drawn=rows_and_witnesses(), off=st.lists(st.floats(-4, 4), min_size=4, max_size=4))
def test_any_witness_puts_names_right(
    drawn: tuple[int, int, int, set[str]], off: list[float]
) -> None:
    first, last, named, heard = drawn
    spine = row(
        first=first,
        last=last,
        named=named,
        looks="looks" in heard,
        pairs=12 if "ribs" in heard else None,
    )
    seen = Anchors(
        USUAL.sacrum + off[:2] if "sacrum" in heard else None,
        USUAL.c7 + off[2:] if "c7" in heard else None,
    )
    right = named_by_witnesses(spine, seen)
    assert right.levels.tolist() == list(range(first, last + 1))
    assert (right.corners == spine.corners).all()
    assert named_by_witnesses(right, seen) is right


@pytest.mark.parametrize("named", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("witness", ["looks", "ribs", "sacrum", "c7"])
def test_each_witness_alone_puts_names_right(witness: str, named: int) -> None:
    pairs = 12 if witness == "ribs" else None
    spine = row(first=2, last=14, named=named, looks=witness == "looks", pairs=pairs)
    right = named_by_witnesses(spine, anchors(sacrum=witness == "sacrum", c7=witness == "c7"))
    assert right.levels.tolist() == list(range(2, 15))


def test_without_witnesses_nothing_is_renamed_and_nothing_certain() -> None:
    spine = row(first=3, last=12)
    spine.ideas[:] = np.nan
    spine.ribs[:] = np.nan
    assert named_by_witnesses(spine, Anchors()) is spine
    naming = judge_names(spine, Anchors())
    assert not naming.certain
    (notice,) = naming.notices
    assert notice.code == "levels_not_certain"
    assert notice.text == (
        "The level names may be one off: the sacrum, C7, the last ribs could not be made out."
    )


def test_the_sacrum_and_one_upper_witness_make_names_certain() -> None:
    ribs, none = row(), row(pairs=None)
    assert judge_names(ribs, anchors(c7=False)).certain
    assert judge_names(none, anchors()).certain
    for spine, seen, missing in (
        (ribs, anchors(sacrum=False), "the sacrum could"),
        (ribs, Anchors(), "the sacrum, C7 could"),
        (none, anchors(c7=False), "C7, the last ribs could"),
    ):
        naming = judge_names(spine, seen)
        assert not naming.certain
        assert [notice.code for notice in naming.notices] == ["levels_not_certain"]
        assert missing in naming.notices[0].text


@pytest.mark.parametrize(
    ("count", "first", "last", "what"),
    [(18, 0, 16, "more"), (18, 1, 17, "more"), (16, 0, 15, "fewer"), (19, 1, 17, "more")],
)
def test_another_number_of_vertebrae_is_told(count: int, first: int, last: int, what: str) -> None:
    unusual = person(count)
    spine = row(unusual, first=first, last=last, named=-first)
    spine = named_by_witnesses(spine, anchors(unusual))
    naming = judge_names(spine, anchors(unusual))
    assert not naming.certain
    told = {notice.code: notice.text for notice in naming.notices}
    assert what in told["variant_vertebrae"]
    assert "levels_not_certain" in told


@pytest.mark.parametrize("pairs", [11, 13])
def test_another_number_of_ribs_is_told_and_not_counted_by(pairs: int) -> None:
    spine = row(pairs=pairs)
    assert named_by_witnesses(spine, anchors()) is spine
    naming = judge_names(spine, anchors())
    assert not naming.certain
    assert [notice.code for notice in naming.notices] == ["variant_ribs", "levels_not_certain"]
    assert f"end at {LEVELS[pairs - 1]}: {pairs} pairs" in naming.notices[0].text


def test_a_sacrum_that_lies_elsewhere_is_told() -> None:
    lumbar_six = row(person(18), last=16)
    told = codes(lumbar_six, anchors(person(18), c7=False))
    assert told == ["levels_disagree_with_sacrum", "levels_not_certain"]
    named_off = row(last=15, named=1)
    assert codes(named_off, anchors(c7=False))[0] == "levels_disagree_with_sacrum"


def test_names_are_not_certain_against_c7() -> None:
    """Ribs and sacrum agree, but C7 lies half a level farther up than it should."""
    up = USUAL.c7 - USUAL.corners[0].mean(axis=0)
    naming = judge_names(row(), Anchors(USUAL.sacrum, USUAL.c7 + 0.52 * up))
    assert not naming.certain
    assert "disagrees" in naming.notices[-1].text


def test_what_is_no_vertebra_of_the_row_is_left_out() -> None:
    """C7 taken for T1, and so on down to L4 taken for L5."""
    longer = person(18)
    spine = row(longer, first=0, last=16, pairs=13)
    spine.ideas[:] -= 1
    right = named_by_witnesses(spine, anchors(longer, c7=False))
    assert right.names == LEVELS[:16]
    assert (right.corners == longer.corners[1:17]).all()
    assert judge_names(right, anchors(longer, c7=False)).certain


@given(scale=st.floats(0.05, 20), shift=st.floats(-500, 500), named=st.integers(-2, 2))
def test_names_do_not_depend_on_size_and_place(scale: float, shift: float, named: int) -> None:
    spine = row(first=2, last=14, named=named)
    moved = spine.moved(spine.corners * scale + shift)
    seen = Anchors(USUAL.sacrum * scale + shift, USUAL.c7 * scale + shift)
    assert named_by_witnesses(moved, seen).names == named_by_witnesses(spine, anchors()).names
    assert judge_names(moved, seen) == judge_names(spine, anchors())
