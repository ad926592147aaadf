"""Augmentation moves corners and picture together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinescan.train.augment import augment, cut, mirror, spoil, surround, turn
from tests.train.dots import SIZE, dotted, off_dot, spine_corners

Points = NDArray[np.float64]
Pixels = NDArray[np.float32]

CORNERS = spine_corners()
FILM = dotted(SIZE, CORNERS)
seeds = st.integers(0, 2**32 - 1)


def assert_dots_at(corners: Points, film: Pixels, reach: int = 5) -> None:
    """Every corner that lies on the film lies on a dot; one near the edge may be cut in half."""
    rows, columns = film.shape
    there = corners[np.isfinite(corners).all(axis=-1)]
    inside = ((there > reach) & (there < np.array([columns, rows]) - reach)).all(axis=1)
    assert inside.sum() >= 16
    for point in there[inside]:
        assert off_dot(film, point, reach) < 0.4


def assert_names_hold(corners: Points) -> None:
    """Left is left of right, and superior is above inferior."""
    corners = corners[np.isfinite(corners).all(axis=(1, 2))]
    assert (corners[:, [0, 2], 0] < corners[:, [1, 3], 0]).all()
    assert (corners[:, :2, 1] < corners[:, 2:, 1]).all()


def test_the_film_of_these_tests_has_its_dots() -> None:
    assert_dots_at(CORNERS, FILM)
    assert off_dot(FILM, CORNERS[3, 0] + [1.0, 0.0], 5) > 0.8
    assert_names_hold(CORNERS)


def test_mirror() -> None:
    film, corners = mirror(FILM, CORNERS)
    assert_dots_at(corners, film)
    assert_names_hold(corners)
    again, back = mirror(film, corners)
    assert (again == FILM).all()
    assert back == pytest.approx(CORNERS)


@settings(max_examples=20)
@given(seed=seeds)
def test_cut(seed: int) -> None:
    film, corners = cut(FILM, CORNERS, np.random.default_rng(seed))
    assert film.shape[0] < SIZE[0]
    assert_dots_at(corners, film)
    gone = np.isnan(corners).any(axis=(1, 2))
    assert np.isnan(corners[gone]).all()
    centres = corners[~gone].mean(axis=1)
    assert ((centres >= 0) & (centres <= np.array(film.shape[::-1]))).all()
    # What is left is one row, and what left it lies at one end.
    assert (np.diff(gone.astype(int)) != 0).sum() <= 1


@settings(max_examples=15)
@given(seed=seeds)
def test_surround(seed: int) -> None:
    film, corners = surround(FILM, CORNERS, np.random.default_rng(seed))
    assert film.shape[0] >= SIZE[0]
    assert film.shape[1] >= SIZE[1]
    assert film.dtype == np.float32
    assert_dots_at(corners, film)
    assert_names_hold(corners)
    assert np.diff(corners, axis=0) == pytest.approx(np.diff(CORNERS, axis=0))


@settings(max_examples=20)
@given(seed=seeds)
def test_turn(seed: int) -> None:
    film, corners = turn(FILM, CORNERS, np.random.default_rng(seed))
    assert_dots_at(corners, film)
    assert (corners > -1).all()
    assert (corners < np.array(film.shape[::-1]) + 1).all()  # nothing is lost


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
    film, corners = augment(FILM, CORNERS, np.random.default_rng(seed))
    again, same = augment(FILM, CORNERS, np.random.default_rng(seed))
    assert (film == again).all()
    assert np.array_equal(corners, same, equal_nan=True)
    assert film.dtype == np.float32
    assert film.flags.c_contiguous
    assert film.min() >= 0
    assert film.max() <= 1
    assert corners.shape == CORNERS.shape
    assert np.isfinite(corners).any()


def test_seeds_differ() -> None:
    films = [augment(FILM, CORNERS, np.random.default_rng(seed))[0] for seed in range(3)]
    assert len({film.tobytes() for film in films}) == 3
