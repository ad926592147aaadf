"""Films to network inputs and points back: whatever lies on the film lies where the frame says."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from spinescan.core.radiograph import Radiograph
from spinescan.infer.preprocess import (
    Box,
    Fit,
    Frame,
    InputSpec,
    Pose,
    letterbox,
    normalise,
    patches,
    percentiles,
    prepare,
    square_pixels,
)

Floats = NDArray[np.float32]
Points = NDArray[np.float64]

PITCH_PX = 48.0
PLAIN = InputSpec(96, 64, low=0.0, high=100.0)  # nothing is clipped, so that a dot keeps its shape
LARGE = InputSpec(256, 192, low=0.0, high=100.0)
PATCH = InputSpec(96, 112, low=0.0, high=100.0)


def film_of(pixels: Floats, pixel_aspect: float = 1.0) -> Radiograph:
    return Radiograph(pixels.clip(0, 1), "00" * 32, pixel_aspect=pixel_aspect)


share = st.floats(0.3, 0.7)
aspect = st.floats(0.6, 1.6)


def dot(size: tuple[int, int], at_xy: Points, sigma_xy: Points) -> Floats:
    """A film with one bright spot; the first pixel's centre is (0.5, 0.5)."""
    y, x = (np.arange(n) + 0.5 for n in size)
    across = np.exp(-((x - at_xy[0]) ** 2) / (2 * sigma_xy[0] ** 2))
    down = np.exp(-((y - at_xy[1]) ** 2) / (2 * sigma_xy[1] ** 2))
    return np.outer(down, across).astype(np.float32)


def bright_spot(picture: Floats) -> Points:
    """The centre of what is bright, (x, y)."""
    weight = np.clip((picture + 1) / 2 - 0.3, 0, None)
    y, x = (np.arange(n) + 0.5 for n in picture.shape)
    return np.array([weight.sum(0) @ x, weight.sum(1) @ y]) / weight.sum()


def waves(size: tuple[int, int], pixel_aspect: float = 1.0) -> Floats:
    """Smooth hills, the same ones on the patient whatever the height of a pixel."""
    y, x = (np.arange(n)[:, None] + 0.5 for n in size)
    y = y * pixel_aspect
    grey = 0.5 + 0.2 * np.sin(x.T / 31 + y / 47) + 0.2 * np.cos(x.T / 53 - y / 29)
    return grey.astype(np.float32)


@given(
    turn=st.floats(-3.2, 3.2),
    zoom=st.floats(0.01, 100),
    aspect=aspect,
    shift=st.tuples(st.floats(-9e3, 9e3), st.floats(-9e3, 9e3)),
    point=st.tuples(st.floats(-9e3, 9e3), st.floats(-9e3, 9e3)),
)
def test_to_film_and_to_input_undo_each_other(
    turn: float,
    zoom: float,
    aspect: float,
    shift: tuple[float, float],
    point: tuple[float, float],
) -> None:
    linear = zoom * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    linear[1] /= aspect
    frame = Frame(np.column_stack([linear, shift]))
    there = np.array([point, (1.0, 2.0)])
    assert frame.to_input(frame.to_film(there)) == pytest.approx(there, rel=1e-6, abs=1e-4)
    assert frame.to_film(frame.to_input(there)) == pytest.approx(there, rel=1e-6, abs=1e-4)


@settings(max_examples=60)
@given(
    size=st.tuples(st.integers(80, 500), st.integers(80, 300)),
    at=st.tuples(share, share),
    aspect=aspect,
    spec=st.sampled_from([PLAIN, LARGE]),
    margin=st.none() | st.tuples(*[st.floats(0.3, 0.8)] * 4),
)
def test_a_spot_lands_where_the_frame_says(
    size: tuple[int, int],
    at: tuple[float, float],
    aspect: float,
    spec: InputSpec,
    margin: tuple[float, float, float, float] | None,
) -> None:
    rows, columns = size
    at_xy = np.array([at[0] * columns, at[1] * rows])
    box: Box | None = None
    if margin is not None:  # it may stick out of the film
        left, up, right, down = margin * np.array([columns, rows, columns, rows])
        box = (at_xy[0] - left, at_xy[1] - up, at_xy[0] + right, at_xy[1] + down)
    _, frame = letterbox(np.zeros(size, np.float32), spec, box=box, pixel_aspect=aspect)
    sigma = np.maximum(1.5 * np.diag(frame.matrix), 1.2)
    picture, frame = letterbox(dot(size, at_xy, sigma), spec, box=box, pixel_aspect=aspect)
    assert picture.shape == (spec.rows, spec.columns)
    assert picture.dtype == np.float32
    assert bright_spot(picture) == pytest.approx(frame.to_input(at_xy), abs=0.15)


@pytest.mark.parametrize("size", [(3000, 1200), (900, 2600), (24, 10)])
def test_a_spot_on_a_very_large_or_small_film(size: tuple[int, int]) -> None:
    at_xy = np.array([0.6, 0.35]) * size[::-1]
    _, frame = letterbox(np.zeros(size, np.float32), PLAIN)
    sigma = np.maximum(1.5 * np.diag(frame.matrix), 0.8)
    picture, frame = letterbox(dot(size, at_xy, sigma), PLAIN)
    assert bright_spot(picture) == pytest.approx(frame.to_input(at_xy), abs=0.15)


@given(
    size=st.tuples(st.integers(200, 2000), st.integers(200, 2000)),
    aspect=aspect,
)
def test_a_film_fits_in_the_middle_and_is_never_squashed(
    size: tuple[int, int], aspect: float
) -> None:
    _, frame = letterbox(np.zeros(size, np.float32), PLAIN, pixel_aspect=aspect)
    corners = np.array([(0.0, 0.0), (size[1], size[0])])
    (x0, y0), (x1, y1) = frame.to_input(corners)
    assert min(x0, y0) >= -1e-6
    assert x1 <= PLAIN.columns + 1e-6
    assert y1 <= PLAIN.rows + 1e-6
    assert max((x1 - x0) / PLAIN.columns, (y1 - y0) / PLAIN.rows) == pytest.approx(1, abs=1e-6)
    assert (x0 + x1) / 2 == pytest.approx(PLAIN.columns / 2, abs=0.51)
    assert (y0 + y1) / 2 == pytest.approx(PLAIN.rows / 2, abs=0.51)
    step_x, step_y = frame.matrix[0, 0], frame.matrix[1, 1] * aspect
    # Both sides are whole pixels, so the two scales differ by their rounding, no more.
    assert step_x / step_y == pytest.approx(1, abs=0.51 / (min(x1 - x0, y1 - y0) - 0.5))


@settings(max_examples=40)
@given(
    size=st.tuples(st.integers(80, 500), st.integers(80, 300)),
    at=st.tuples(share, share),
    aspect=aspect,
    fit=st.sampled_from(["letterbox", "squash"]),
)
def test_a_spot_lands_where_the_frame_of_a_prepared_film_says(
    size: tuple[int, int], at: tuple[float, float], aspect: float, fit: Fit
) -> None:
    spec = replace(PLAIN, fit=fit)
    rows, columns = size
    at_xy = np.array([at[0] * columns, at[1] * rows])
    _, frame = prepare(film_of(np.zeros(size, np.float32), aspect), spec)
    sigma = np.maximum(1.5 * np.diag(frame.matrix), 1.2)
    picture, frame = prepare(film_of(dot(size, at_xy, sigma), aspect), spec)
    assert (picture.shape, picture.dtype) == ((spec.rows, spec.columns), np.float32)
    assert bright_spot(picture) == pytest.approx(frame.to_input(at_xy), abs=0.15)


@pytest.mark.parametrize("size", [(200, 40), (40, 200), (7, 500)])
def test_a_squashed_film_fills_the_input(size: tuple[int, int]) -> None:
    film = film_of(waves(size))
    picture, frame = prepare(film, replace(PLAIN, fit="squash"))
    corners = frame.to_input(np.array([(0.0, 0.0), size[::-1]]))
    assert corners == pytest.approx(np.array([(0, 0), (PLAIN.columns, PLAIN.rows)]), abs=1e-6)
    assert (picture.min(), picture.max()) == (-1, 1)


def test_a_prepared_film_is_the_letterbox_unless_told_otherwise() -> None:
    film = film_of(waves((300, 200)), 1.4)
    picture, frame = prepare(film, PLAIN)
    same, other = letterbox(film.pixels, PLAIN, pixel_aspect=1.4)
    assert (picture == same).all()
    assert (frame.matrix == other.matrix).all()


def test_what_lies_beside_the_film_is_black() -> None:
    picture, frame = letterbox(waves((200, 40)), PLAIN)
    left, right = frame.to_input(np.array([(0.0, 0.0), (40.0, 200.0)]))[:, 0]
    assert (picture[:, : round(left)] == -1).all()
    assert (picture[:, round(right) :] == -1).all()
    assert picture[:, round(left) : round(right)].max() == 1


@pytest.mark.parametrize(
    "box", [(50.0, 0.0, 50.0, 90.0), (-40.0, 0.0, 0.0, 90.0), (0.0, 100.0, 60.0, 140.0)]
)
def test_a_box_beside_the_film_is_refused(box: Box) -> None:
    with pytest.raises(ValueError, match="does not meet the film of 100 x 60 pixels"):
        letterbox(np.zeros((100, 60), np.float32), PLAIN, box=box)


@given(
    x=st.floats(0, 400),
    y=st.floats(0, 600),
    pitch=st.floats(5, 300),
    tilt=st.floats(-1.5, 1.5),
)
@settings(max_examples=40)
def test_a_pose_is_upright_in_the_middle_of_its_patch(
    x: float, y: float, pitch: float, tilt: float
) -> None:
    pose = Pose(x, y, pitch, tilt)
    _, (frame,) = patches(np.zeros((600, 400), np.float32), [pose], PATCH, pitch_px=PITCH_PX)
    middle = np.array([PATCH.columns, PATCH.rows]) / 2
    centre = frame.to_film(middle)
    assert centre == pytest.approx([x, y], abs=1e-6)
    below = frame.to_film(middle + [0, PITCH_PX]) - centre
    assert below == pytest.approx(pitch * np.array([-np.sin(tilt), np.cos(tilt)]), abs=1e-6)
    right = frame.to_film(middle + [PITCH_PX, 0]) - centre
    assert right == pytest.approx(pitch * np.array([np.cos(tilt), np.sin(tilt)]), abs=1e-6)


@given(
    pitch=st.floats(20, 60),
    tilt=st.floats(-1.2, 1.2),
    off=st.tuples(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6)),
)
@settings(max_examples=40)
def test_a_spot_near_a_pose_lands_where_the_frame_says(
    pitch: float, tilt: float, off: tuple[float, float]
) -> None:
    at_xy = np.array([130.0, 150.0]) + pitch * np.array(off)
    film = dot((310, 270), at_xy, np.full(2, max(0.06 * pitch, 1.2)))
    (picture,), (frame,) = patches(
        film, [Pose(130.0, 150.0, pitch, tilt)], PATCH, pitch_px=PITCH_PX
    )
    assert picture.shape == (PATCH.rows, PATCH.columns)
    assert bright_spot(picture) == pytest.approx(frame.to_input(at_xy), abs=0.2)


def test_patches_are_given_in_the_order_of_their_poses() -> None:
    poses = [Pose(100.0 + 20 * k, 100.0 + 50 * k, 40.0 + 3 * k, 0.1 * k) for k in range(4)]
    together, frames = patches(waves((400, 300)), poses, PATCH, pitch_px=PITCH_PX)
    assert (together.shape, together.dtype) == ((4, PATCH.rows, PATCH.columns), np.float32)
    for pose, picture, frame in zip(poses, together, frames, strict=True):
        (alone,), (own,) = patches(waves((400, 300)), [pose], PATCH, pitch_px=PITCH_PX)
        assert (picture == alone).all()
        assert (frame.matrix == own.matrix).all()


@settings(max_examples=40)
@given(
    size=st.tuples(st.integers(120, 900), st.integers(120, 700)),
    at=st.tuples(share, share),
    scale=st.floats(0.2, 3),
    aspect=st.just(1.0) | aspect,
)
def test_a_spot_keeps_its_place_on_a_copy_with_square_pixels(
    size: tuple[int, int], at: tuple[float, float], scale: float, aspect: float
) -> None:
    rows, columns = size
    at_xy = np.array([at[0] * columns, at[1] * rows])
    kept = min(scale, 1.0)
    sigma = np.maximum([1.2 / kept, 1.2 / kept / aspect], 1.2)
    copy = square_pixels(dot(size, at_xy, sigma), scale=scale, pixel_aspect=aspect)
    ratio = np.array(copy.shape[::-1]) / [columns, rows * aspect]
    # As wide as asked for, never enlarged, and square but for the rounding to whole pixels.
    assert ratio[0] == pytest.approx(kept, abs=0.51 / columns) or kept > 0.9
    assert ratio[0] <= 1
    assert ratio[1] == pytest.approx(ratio[0], abs=0.51 / (rows * aspect))
    place = at_xy * [1, aspect] * ratio
    assert bright_spot(2 * copy - 1) == pytest.approx(place, abs=0.15)


def test_a_film_that_needs_no_copy_is_taken_as_it_is() -> None:
    film = waves((300, 200))
    assert square_pixels(film, scale=0.95) is film
    assert square_pixels(film, scale=4.0) is film
    assert square_pixels(film, scale=0.5).shape == (150, 100)
    assert square_pixels(film, scale=4.0, pixel_aspect=1.5).shape == (450, 200)


@pytest.mark.parametrize("aspect", [0.5, 0.8, 1.5, 2.0])
@pytest.mark.parametrize("scale", [1.0, 0.4])
def test_pixels_that_are_not_square_give_the_same_copy(aspect: float, scale: float) -> None:
    square = square_pixels(waves((600, 500)), scale=scale)
    flat = waves((round(600 / aspect), 500), aspect)
    other = square_pixels(flat, scale=scale, pixel_aspect=aspect)
    assert other.shape == square.shape
    assert np.abs(square - other).max() < 0.02


@pytest.mark.parametrize("aspect", [0.5, 2.0])
def test_pixels_that_are_not_square_give_the_same_letterbox(aspect: float) -> None:
    square, _ = letterbox(waves((600, 400)), PLAIN)
    other, _ = letterbox(waves((round(600 / aspect), 400), aspect), PLAIN, pixel_aspect=aspect)
    assert np.abs(square - other).max() < 0.05


def test_a_pose_at_the_edge_sees_the_film_and_black_beside_it() -> None:
    film = waves((300, 200))
    (picture,), (frame,) = patches(film, [Pose(0.0, 150.0, 48.0, 0.0)], PATCH, pitch_px=PITCH_PX)
    edge = round(frame.to_input(np.array([0.0, 150.0]))[0])
    assert edge == PATCH.columns / 2
    assert (picture[:, :edge] == -1).all()
    assert picture[:, edge:].min() == -1
    assert np.median(picture[:, edge:]) > -0.9


@pytest.mark.parametrize(
    "pose",
    [
        Pose(-500.0, 50.0, 48.0, 0.0),
        Pose(5000.0, -5000.0, 48.0, 1.0),
        Pose(100.0, 9000.0, 300.0, 0.0),
    ],
)
def test_a_pose_far_beside_the_film_sees_black(pose: Pose) -> None:
    (picture,), (frame,) = patches(waves((300, 200)), [pose], PATCH, pitch_px=PITCH_PX)
    assert (picture == -1).all()
    assert frame.to_film(np.array([56.0, 48.0])) == pytest.approx([pose.x, pose.y])


@given(seed=st.integers(0, 2**32 - 1), low=st.floats(0, 40), high=st.floats(60, 100))
def test_normalised_values_fill_the_range_in_the_same_order(
    seed: int, low: float, high: float
) -> None:
    values = np.random.default_rng(seed).random((20, 10), dtype=np.float32)
    result = normalise(values, InputSpec(20, 10, low, high))
    assert result.dtype == np.float32
    assert result.min() == -1
    assert result.max() == 1
    assert (np.diff(result.ravel()[values.ravel().argsort()]) >= 0).all()


@given(
    values=arrays(np.float32, st.integers(1, 400), elements=st.floats(0, 1, width=32)),
    low=st.floats(0, 50),
    high=st.floats(50, 100),
)
def test_percentiles_are_those_of_numpy(values: Floats, low: float, high: float) -> None:
    assert (percentiles(values, (low, high)) == np.percentile(values, (low, high))).all()


@pytest.mark.parametrize("grey", [0.0, 0.3, 1.0])
def test_a_constant_picture_becomes_black(grey: float) -> None:
    assert (normalise(np.full((5, 4), grey, np.float32), PLAIN) == -1).all()


def test_only_what_is_inside_counts() -> None:
    values = np.array([[0.2, 0.4, 0.6, 99.0]], np.float32)
    inside = values < 1
    expected = np.array([[-1.0, 0.0, 1.0, -1.0]])
    assert normalise(values, PLAIN, inside) == pytest.approx(expected, abs=1e-6)
    assert (normalise(values, PLAIN, np.zeros_like(inside)) == -1).all()


@pytest.mark.parametrize(
    "values",
    [
        {"rows": 0, "columns": 8},
        {"rows": 8, "columns": -1},
        {"rows": 8, "columns": 8, "low": 60.0, "high": 40.0},
        {"rows": 8, "columns": 8, "high": 101.0},
        {"rows": "8", "columns": 8},
        {"rows": 8.0, "columns": 8},
        {"rows": 8, "columns": 8, "fit": "crop"},
        {"rows": 8},
        {"rows": 8, "columns": 8, "colour": 3},
    ],
)
def test_an_input_that_makes_no_sense_is_refused(values: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        InputSpec.from_dict(values)
