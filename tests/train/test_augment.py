"""Augmentation moves corners and picture together."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import spinescan.train.augment
from spinescan.core.anatomy import FRONTAL_POINTS
from spinescan.train.augment import Shot, augment, cut, mirror, spoil, surround, turn
from tests.train.dots import SIZE, dotted, off_dot, spine_corners

Points = NDArray[np.float64]
Pixels = NDArray[np.float32]

CORNERS = spine_corners()
POINTS = np.array(
    [
        (95.0, 715.0),
        (150.0, 712.0),
        (40.0, 660.0),
        (215.0, 650.0),
        (60.0, 740.0),
        (200.0, 742.0),
        (120.0, 25.0),
        (225.0, 80.0),
        (np.nan, np.nan),
    ]
)
"""`FRONTAL_POINTS` and the letters L and R, of which the second is not there."""
FILM = dotted(SIZE, np.concatenate([CORNERS.reshape(-1, 2), POINTS[:8]]))
SHOT = Shot(FILM, CORNERS, POINTS)
seeds = st.integers(0, 2**32 - 1)


def assert_dots_at(corners: Points, film: Pixels, reach: int = 5) -> None:
    """Every corner that lies on the film lies on a dot; one near the edge may be cut in half."""
    rows, columns = film.shape
    there = corners[np.isfinite(corners).all(axis=-1)]
    inside = ((there > reach) & (there < np.array([columns, rows]) - reach)).all(axis=1)
    assert inside.sum() >= 16
    for point in there[inside]:
        assert off_dot(film, point, reach) < 0.4


def assert_on_dots(shot: Shot) -> None:
    """Corners and points lie on dots, as far as they are on the film."""
    assert_dots_at(shot.corners, shot.pixels)
    rows, columns = shot.pixels.shape
    for point in shot.points[np.isfinite(shot.points).all(axis=1)]:
        if (np.minimum(point, [columns, rows] - point) > 5).all():
            assert off_dot(shot.pixels, point, 5) < 0.4


def assert_names_hold(corners: Points) -> None:
    """Left is left of right, and superior is above inferior."""
    corners = corners[np.isfinite(corners).all(axis=(1, 2))]
    assert (corners[:, [0, 2], 0] < corners[:, [1, 3], 0]).all()
    assert (corners[:, :2, 1] < corners[:, 2:, 1]).all()


def test_the_film_of_these_tests_has_its_dots() -> None:
    assert_on_dots(SHOT)
    assert off_dot(FILM, CORNERS[3, 0] + [1.0, 0.0], 5) > 0.8
    assert_names_hold(CORNERS)


def test_mirror() -> None:
    shot = mirror(SHOT)
    assert_on_dots(shot)
    assert_names_hold(shot.corners)
    again = mirror(shot)
    assert (again.pixels == FILM).all()
    assert again.corners == pytest.approx(CORNERS)
    assert again.points == pytest.approx(POINTS, nan_ok=True)


def test_a_mirrored_films_points_change_sides_but_its_letters_do_not() -> None:
    columns = SIZE[1]
    place = {name: mirror(SHOT).points[k] for k, name in enumerate(FRONTAL_POINTS)}
    before = {name: POINTS[k] for k, name in enumerate(FRONTAL_POINTS)}
    for name in ("S1", "iliac_crest", "femoral_head"):
        for side, other in (("left", "right"), ("right", "left")):
            x, y = before[f"{name}_{other}"]
            assert place[f"{name}_{side}"].tolist() == [columns - x, y]
        assert place[f"{name}_left"][0] < place[f"{name}_right"][0]
    for k in (FRONTAL_POINTS.index("C7_centre"), len(FRONTAL_POINTS)):
        assert mirror(SHOT).points[k].tolist() == [columns - POINTS[k, 0], POINTS[k, 1]]
    assert np.isnan(mirror(SHOT).points[-1]).all()


@settings(max_examples=20)
@given(seed=seeds)
def test_cut(seed: int) -> None:
    shot = cut(SHOT, np.random.default_rng(seed))
    corners, size = shot.corners, np.array(shot.pixels.shape[::-1])
    assert size[1] < SIZE[0]
    assert_on_dots(shot)
    gone = np.isnan(corners).any(axis=(1, 2))
    assert np.isnan(corners[gone]).all()
    centres = corners[~gone].mean(axis=1)
    assert ((centres >= 0) & (centres <= size)).all()
    # What is left is one row, and what left it lies at one end.
    assert (np.diff(gone.astype(int)) != 0).sum() <= 1
    # A point is on the film or it is not there, and what was cut off is on one side.
    lost = np.isnan(shot.points).all(axis=1)
    assert np.isfinite(shot.points[~lost]).all()
    assert ((shot.points[~lost] >= 0) & (shot.points[~lost] <= size)).all()
    (shift,) = {round(float(y), 6) for y in (shot.points - POINTS)[~lost, 1]} or {0.0}
    for place in POINTS[lost][:-1]:  # the last was not there before
        assert not 0 <= place[1] + shift <= size[1]


def test_cutting_leaves_what_it_was_given_as_it_was() -> None:
    for seed in range(20):
        cut(SHOT, np.random.default_rng(seed))
    assert SHOT.corners == pytest.approx(spine_corners())
    assert np.isfinite(POINTS[:8]).all()


@settings(max_examples=15)
@given(seed=seeds)
def test_surround(seed: int) -> None:
    shot = surround(SHOT, np.random.default_rng(seed))
    assert shot.pixels.shape[0] >= SIZE[0]
    assert shot.pixels.shape[1] >= SIZE[1]
    assert shot.pixels.dtype == np.float32
    assert_on_dots(shot)
    assert_names_hold(shot.corners)
    shift = shot.corners[0, 0] - CORNERS[0, 0]
    assert (shift >= 0).all()
    assert shot.corners == pytest.approx(CORNERS + shift)
    assert shot.points == pytest.approx(POINTS + shift, nan_ok=True)


@settings(max_examples=20)
@given(seed=seeds)
def test_turn(seed: int) -> None:
    shot = turn(SHOT, np.random.default_rng(seed))
    assert_on_dots(shot)
    for places in (shot.corners, shot.points[:8]):
        assert (places > -1).all()
        assert (places < np.array(shot.pixels.shape[::-1]) + 1).all()  # nothing is lost
    assert np.isnan(shot.points[8]).all()


@pytest.mark.parametrize("change", [cut, surround, turn, augment])
def test_a_shot_may_have_no_points(change: Callable[[Shot, np.random.Generator], Shot]) -> None:
    shot = change(Shot(FILM, CORNERS), np.random.default_rng(1))
    with_points = change(SHOT, np.random.default_rng(1))
    assert shot.points.shape == mirror(shot).points.shape == (0, 2)
    assert np.array_equal(shot.corners, with_points.corners, equal_nan=True)
    assert (shot.pixels == with_points.pixels).all()


@pytest.mark.parametrize("surroundings", [0.0, 1.0])
def test_surroundings_come_as_often_as_told(
    surroundings: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid = []

    def noted(shot: Shot, rng: np.random.Generator) -> Shot:
        laid.append(shot)
        return shot

    monkeypatch.setattr(spinescan.train.augment, "surround", noted)
    for seed in range(5):
        augment(SHOT, np.random.default_rng(seed), surroundings=surroundings)
    assert len(laid) == 5 * surroundings


@settings(max_examples=12)
@given(seed=seeds)
def test_spoil_keeps_the_form(seed: int) -> None:
    grey = np.random.default_rng(seed).random((120, 60), dtype=np.float32)
    spoilt = spoil(grey, np.random.default_rng(seed))
    assert spoilt.shape == grey.shape
    assert spoilt.dtype == np.float32
    assert spoilt.min() >= 0
    assert spoilt.max() <= 1


def test_spoil_leaves_what_it_was_given_as_it_was() -> None:
    grey = np.random.default_rng(0).random((60, 40), dtype=np.float32)
    before = grey.copy()
    for seed in range(20):
        spoil(grey, np.random.default_rng(seed))
    assert (grey == before).all()


@settings(max_examples=10)
@given(seed=seeds)
def test_all_of_it_repeats_by_its_seed(seed: int) -> None:
    shot, again = (augment(SHOT, np.random.default_rng(seed)) for _ in range(2))
    assert (shot.pixels == again.pixels).all()
    assert np.array_equal(shot.corners, again.corners, equal_nan=True)
    assert np.array_equal(shot.points, again.points, equal_nan=True)
    assert shot.pixels.dtype == np.float32
    assert shot.pixels.flags.c_contiguous
    assert shot.pixels.min() >= 0
    assert shot.pixels.max() <= 1
    assert shot.corners.shape == CORNERS.shape
    assert shot.points.shape == POINTS.shape
    assert np.isfinite(shot.corners).any()


def test_seeds_differ() -> None:
    films = [augment(SHOT, np.random.default_rng(seed)).pixels for seed in range(3)]
    assert len({film.tobytes() for film in films}) == 3
