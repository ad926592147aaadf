"""From the finder's maps to a row of vertebrae."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS
from spinescan.infer.decode import (
    FINDER_MAPS,
    POINT_MAPS,
    STRIDE,
    Spine,
    find_points,
    find_spine,
    vertebra_poses,
)
from tests.infer.oracle import NO_POINTS, finder_answer
from tests.measure.spines import profile, spine

Points = NDArray[np.float64]

SIZE = (512, 224)


def curved() -> Points:
    """T1..L5 on an S-shaped spine in the finder's input; a level is about 24 px high."""
    bent = spine(profile(T1=-5, T5=20, T11=-22, L3=12, L5=0)).points_xy
    return bent.reshape(len(LEVELS), 4, 2) * 0.62 + [-200, -20]


TRUTH = curved()
PITCH = 24.8
CENTRES = TRUTH.mean(axis=1)


def beside(level: int, across_px: float) -> Points:
    """The corners of something like a vertebra, beside a level."""
    return TRUTH[level] + [across_px, 0.0]


def found(answer: NDArray[np.float32]) -> Spine:
    result = find_spine(answer)
    assert result is not None
    return result


def cut_out(spine: Spine, part: slice) -> Spine:
    """Some of its vertebrae."""
    parts = (spine.levels, spine.corners, spine.heat, spine.ideas, spine.ribs)
    return Spine(*(values[part] for values in parts))


def test_the_spine_of_these_tests_lies_in_the_picture() -> None:
    assert TRUTH.min() > 8
    assert TRUTH[..., 0].max() < SIZE[1] - 8
    assert TRUTH[..., 1].max() < SIZE[0] - 8
    assert np.linalg.norm(np.diff(CENTRES, axis=0), axis=1) == pytest.approx(PITCH, rel=0.02)


def test_a_whole_spine() -> None:
    result = found(finder_answer(TRUTH, SIZE))
    assert result.names == LEVELS
    assert result.corners == pytest.approx(TRUTH, abs=0.01)
    assert (result.heat > 0.6).all()
    assert (result.heat <= 1).all()


@pytest.mark.parametrize("missing", [[5], [6], [8], [11], [6, 10], [7, 9]])
def test_levels_that_are_not_seen_are_put_between_their_neighbours(missing: list[int]) -> None:
    seen = np.setdiff1d(np.arange(len(LEVELS)), missing)
    result = found(finder_answer(TRUTH[seen], SIZE, ideas=seen.astype(float)))
    assert result.names == LEVELS
    assert result.corners[seen] == pytest.approx(TRUTH[seen], abs=0.01)
    assert np.flatnonzero(result.heat == 0).tolist() == missing
    assert np.linalg.norm(result.corners - TRUTH, axis=2).max() < 0.15 * PITCH
    assert np.flatnonzero(np.isnan(result.ideas)).tolist() == missing
    assert np.flatnonzero(np.isnan(result.ribs)).tolist() == missing


@given(seed=st.integers(0, 2**32 - 1))
def test_each_vertebra_says_what_it_looks_like_and_bears(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ideas, ribs = np.arange(17.0) + rng.uniform(-1, 1, 17), rng.uniform(-5, 5, 17)
    result = found(finder_answer(TRUTH, SIZE, ideas=ideas, ribs=ribs))
    assert result.names == LEVELS
    assert result.ideas == pytest.approx(ideas, abs=1e-4)
    assert result.ribs == pytest.approx(ribs, abs=1e-4)


@given(first=st.integers(0, 12), count=st.integers(3, 16), shift=st.integers(-4, 4))
def test_renamed(first: int, count: int, shift: int) -> None:
    whole = found(finder_answer(TRUTH, SIZE))
    part = cut_out(whole, slice(first, first + count))
    renamed = part.renamed(shift)
    kept = [k for k in range(len(part.levels)) if 0 <= part.levels[k] + shift < len(LEVELS)]
    assert renamed.names == tuple(LEVELS[part.levels[k] + shift] for k in kept)
    for name in ("corners", "heat", "ideas", "ribs"):
        assert np.array_equal(getattr(renamed, name), getattr(part, name)[kept])
    if len(kept) == len(part.levels):
        assert renamed.renamed(-shift).names == part.names


@settings(max_examples=50)
@given(
    others=st.lists(
        st.tuples(st.integers(0, 16), st.sampled_from([-75.0, -60.0, 60.0, 75.0])),
        max_size=5,
        unique=True,
    ),
    idea=st.integers(0, 16),
)
def test_peaks_beside_the_spine_are_passed_by(others: list[tuple[int, float]], idea: int) -> None:
    more = [beside(level, across) for level, across in others]
    corners = np.concatenate([TRUTH, np.array(more).reshape(-1, 4, 2)])
    ideas = np.append(np.arange(17.0), np.full(len(more), float(idea)))
    result = found(finder_answer(corners, SIZE, heat=0.9, ideas=ideas))
    assert result.names == LEVELS
    assert result.corners == pytest.approx(TRUTH, abs=0.05)


@given(first=st.integers(0, 12), count=st.integers(3, 16))
def test_a_part_of_a_spine_keeps_its_levels(first: int, count: int) -> None:
    levels = np.arange(first, min(first + count, len(LEVELS)))
    result = found(finder_answer(TRUTH[levels], SIZE, ideas=levels.astype(float)))
    assert (result.levels == levels).all()
    assert result.corners == pytest.approx(TRUTH[levels], abs=0.01)


@given(seed=st.integers(0, 2**32 - 1))
def test_a_whole_row_is_counted_even_if_every_level_is_taken_for_another(seed: int) -> None:
    ideas = np.arange(17.0) + np.random.default_rng(seed).uniform(-2, 2, 17)
    result = found(finder_answer(TRUTH, SIZE, ideas=ideas))
    assert result.names == LEVELS
    assert result.corners == pytest.approx(TRUTH, abs=0.01)


def test_a_weak_vertebra_above_the_first_does_not_shift_the_levels() -> None:
    above = TRUTH[0] + (CENTRES[0] - CENTRES[1])
    corners = np.concatenate([above[None], TRUTH])
    result = found(
        finder_answer(corners, SIZE, heat=[0.3, *[0.9] * 17], ideas=np.arange(-1.0, 17.0))
    )
    assert result.names == LEVELS
    assert result.corners == pytest.approx(TRUTH, abs=0.05)


def test_a_longer_spine_goes_on_as_it_ended() -> None:
    whole = found(finder_answer(TRUTH, SIZE))
    part = cut_out(whole, slice(2, -3))
    up, down = part.longer(up=True), part.longer(up=False)
    assert up.names == LEVELS[1:-3]
    assert down.names == LEVELS[2:-2]
    for longer, end in ((up, 0), (down, -1)):
        assert longer.heat[end] == 0
        assert np.isnan(longer.ideas[end])
        assert np.isnan(longer.ribs[end])
        assert np.isclose(longer.corners[end], TRUTH[longer.levels[end]], atol=0.3 * PITCH).all()
    assert (up.corners[1:] == part.corners).all()
    assert (down.corners[:-1] == part.corners).all()
    straight = vertebra_poses(cut_out(part, slice(2)).longer(up=False).corners)
    assert straight[0].pitch == pytest.approx(straight[2].pitch)


def test_no_row_of_three_is_no_spine() -> None:
    assert find_spine(np.full((FINDER_MAPS, 128, 56), -10, np.float32)) is None
    assert find_spine(np.zeros((FINDER_MAPS, 128, 56), np.float32)) is None
    assert find_spine(finder_answer(TRUTH[:2], SIZE)) is None
    far_apart = TRUTH[[0, 8, 16]]
    assert find_spine(finder_answer(far_apart, SIZE, ideas=np.array([0.0, 1.0, 2.0]))) is None


def test_a_row_is_followed_downwards_only() -> None:
    side_by_side = np.stack([beside(8, across) for across in (-50.0, 0.0, 50.0)])
    assert find_spine(finder_answer(side_by_side, SIZE)) is None


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.1, 8))
def test_whatever_the_answer_a_spine_is_a_row(seed: int, scale: float) -> None:
    answer = np.random.default_rng(seed).normal(0, scale, (FINDER_MAPS, 40, 24)).astype(np.float32)
    result = find_spine(answer)
    if result is not None:
        assert len(result.levels) >= 3
        assert (np.diff(result.levels) == 1).all()
        assert result.levels[0] >= 0
        assert result.levels[-1] < len(LEVELS)
        assert result.corners.shape == (len(result.levels), 4, 2)
        assert np.isfinite(result.corners).all()
        assert ((result.heat >= 0) & (result.heat <= 1)).all()
        assert len(result.names) == len(vertebra_poses(result.corners))


@given(
    radius=st.floats(100, 5000),
    turn=st.floats(0.01, 0.1),
    start=st.floats(-0.5, 0.5),
    count=st.integers(2, 17),
    width=st.floats(10, 60),
)
def test_poses_on_an_arc(
    radius: float, turn: float, start: float, count: int, width: float
) -> None:
    angle = start + turn * np.arange(count)
    side = np.column_stack([np.cos(angle), np.sin(angle)])
    down = np.column_stack([-np.sin(angle), np.cos(angle)])
    centres = [800.0, 600.0] - radius * side
    half = np.array([(-1, -1), (1, -1), (-1, 1), (1, 1)]) * [width / 2, radius * turn * 0.4]
    corners = centres[:, None] + half[:, :1] * side[:, None] + half[:, 1:] * down[:, None]
    poses = vertebra_poses(corners)
    assert np.array([(p.x, p.y) for p in poses]) == pytest.approx(centres)
    assert [p.tilt for p in poses] == pytest.approx(angle)
    assert [p.pitch for p in poses] == pytest.approx([2 * radius * np.sin(turn / 2)] * count)


def points_at(place: Points) -> Points:
    """The same place for each of the finder's points."""
    return np.tile(place, (len(NO_POINTS), 1))


@given(x=st.floats(12, SIZE[1] - 12), y=st.floats(12, SIZE[0] - 12))
def test_a_point_lies_in_its_bump_to_a_fraction_of_a_cell(x: float, y: float) -> None:
    place = np.array([x, y])
    points, score = find_points(finder_answer(TRUTH, SIZE, points=points_at(place)))
    assert points.shape == (9, 2)
    assert np.linalg.norm(points - place, axis=1).max() < 0.25 * STRIDE
    assert ((score > 0.7) & (score <= 0.95)).all()


@pytest.mark.parametrize("x", [0.5, 2.0, SIZE[1] - 2.0, SIZE[1] - 0.5])
@pytest.mark.parametrize("y", [0.5, 2.0, SIZE[0] - 2.0, SIZE[0] - 0.5])
def test_a_point_in_a_corner_of_the_map(x: float, y: float) -> None:
    place = np.array([x, y])
    points, score = find_points(finder_answer(TRUTH, SIZE, points=points_at(place)))
    assert np.abs(points - place).max() < 0.5 * STRIDE
    assert (score > 0.7).all()


def test_each_point_has_its_own_map() -> None:
    places = np.random.default_rng(0).uniform(20, 200, NO_POINTS.shape)
    missing = np.arange(len(places)) % 3 == 1
    answer = finder_answer(TRUTH, SIZE, points=np.where(missing[:, None], np.nan, places))
    points, score = find_points(answer)
    assert np.linalg.norm(points - places, axis=1)[~missing].max() < 0.25 * STRIDE
    assert (score[~missing] > 0.7).all()
    assert (score[missing] < 0.01).all()
    elsewhere = answer.copy()
    elsewhere[: POINT_MAPS.start] = 7
    assert np.array_equal(find_points(elsewhere)[0], points)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.1, 80))
def test_whatever_the_answer_points_lie_in_the_picture(seed: int, scale: float) -> None:
    answer = np.random.default_rng(seed).normal(0, scale, (FINDER_MAPS, 7, 3)).astype(np.float32)
    points, score = find_points(answer)
    assert ((points >= 0) & (points <= [12, 28])).all()
    assert ((score >= 0) & (score <= 1)).all()
