"""Which sacral endplates and rows of bodies there can be on a film from the side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinescan.infer.sacrum import lies_below, most_overlap

Points = NDArray[np.float64]

L5 = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 80.0], [100.0, 80.0]])
S1 = np.array([[5.0, 112.0], [100.0, 100.0]])


def turned(points: Points, angle_deg: float, scale: float) -> Points:
    angle = np.radians(angle_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * points @ turn.T + [300.0, 500.0]


@given(st.floats(-180, 180), st.floats(0.1, 20))
def test_turn_and_size_of_the_film_change_nothing(angle_deg: float, scale: float) -> None:
    assert lies_below(turned(S1, angle_deg, scale), turned(L5, angle_deg, scale))
    inside = turned(S1 - [0, 40], angle_deg, scale)
    assert not lies_below(inside, turned(L5, angle_deg, scale))


def test_a_slipped_body_keeps_its_sacrum() -> None:
    assert lies_below(S1 + [60, 0], L5)


@pytest.mark.parametrize(
    "ends",
    [
        S1 - [0, 40],  # within L5
        S1 + [0, 200],  # a body and a half further down
        S1 + [130, 0],  # beside it
        np.array([[40.0, 105.0], [60.0, 105.0]]),  # too short
        np.array([[-60.0, 110.0], [160.0, 110.0]]),  # too long
        np.array([[40.0, 90.0], [55.0, 180.0]]),  # upright
        S1[::-1],  # the wrong way round
    ],
)
def test_what_cannot_be_the_sacrum(ends: Points) -> None:
    assert not lies_below(ends, L5)


def row(*tops: float) -> Points:
    """Bodies of height 80 that begin so far down."""
    return np.array([L5 + [0, top] for top in tops])


def test_bodies_with_discs_between_them_do_not_overlap() -> None:
    assert most_overlap(row(0, 100, 200)) == pytest.approx(-20 / 80)
    assert most_overlap(row(0, 100, 160)) == pytest.approx(20 / 80)
    assert most_overlap(row(0)) == -np.inf


@given(st.floats(-180, 180), st.floats(0.1, 20))
def test_overlap_is_a_share(angle_deg: float, scale: float) -> None:
    bodies = np.array([turned(body, angle_deg, scale) for body in row(0, 100, 160)])
    assert most_overlap(bodies) == pytest.approx(20 / 80)
