"""What is carved has the size and the matter that it should have."""

import numpy as np
import pytest

from spinescan.phantom.body.clay import Clay, along, smooth

LOW, HIGH = np.full(3, -30.0), np.full(3, 30.0)


@pytest.fixture(scope="module")
def ball():
    clay = Clay(LOW, HIGH)
    clay.add((np.array([[3.0, -2.0, 1.0]]), np.array([20.0])), 1.5)
    return clay.finish()


def area(form):
    a, b, c, d = (form.points[form.faces[:, i]] for i in range(4))
    return np.linalg.norm(np.cross(c - a, d - b), axis=1).sum() / 2


def test_a_ball_is_round_and_has_a_balls_surface_and_volume(ball):
    radius = np.linalg.norm(ball.points - [3, -2, 1], axis=1)
    assert np.abs(radius - 20).max() < 0.6
    assert area(ball) == pytest.approx(4 * np.pi * 400, rel=0.05)
    assert ball.volume.sum() == pytest.approx(4 / 3 * np.pi * 8000, rel=0.03)
    assert (ball.wall_mm == 1.5).all()


def test_what_is_cut_away_is_gone():
    clay = Clay(LOW, HIGH)
    clay.add((np.zeros((1, 3)), np.array([20.0])), 1.0)
    clay.cut((np.array([[20.0, 0.0, 0.0]]), np.array([12.0])))
    clay.cut_plane(np.zeros(3), np.array([0.0, 0.0, -1.0]))
    form = clay.finish()
    assert form.points[:, 2].min() > -1
    assert np.linalg.norm(form.points - [20, 0, 0], axis=1).min() > 11
    assert np.linalg.norm(form.inside - [20, 0, 0], axis=1).min() > 10


def test_an_opened_form_has_no_wall_where_it_is_cut(ball):
    half = ball.opened(2, 1.0)
    assert area(half) == pytest.approx(2 * np.pi * 400, rel=0.08)
    assert half.volume.sum() == pytest.approx(ball.volume.sum() / 2, rel=0.02)


def test_the_other_side_is_a_mirror_image(ball):
    mirrored = ball.mirrored()
    assert np.allclose(mirrored.points[:, 0], -ball.points[:, 0])
    assert np.allclose(mirrored.points[:, 1:], ball.points[:, 1:])


def test_smooth_lines_pass_their_knots_and_balls_lie_close():
    knots = np.array([[0, 0, 0], [10, 5, 0], [25, 0, 3], [30, -8, 9]], dtype=float)
    line = smooth(knots, 10)
    assert np.allclose(line[::10], knots)
    points, radii = along(knots, [1, 2, 3, 4], spacing=2)
    assert np.linalg.norm(np.diff(points, axis=0), axis=1).max() < 3.5
    assert radii.min() >= 0.9
    assert np.allclose(points[[0, -1]], knots[[0, -1]])
