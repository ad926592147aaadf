import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.anatomy import (
    FRONTAL_CORNERS,
    FRONTAL_NAMES,
    LATERAL_CORNERS,
    LATERAL_NAMES,
    LEVELS,
    Landmarks,
    lateral_name,
)


def test_a_frontal_film_is_read_from_t1_to_l5() -> None:
    assert (LEVELS[0], LEVELS[11], LEVELS[12], LEVELS[-1]) == ("T1", "T12", "L1", "L5")
    assert len(LEVELS) == 17
    assert len(FRONTAL_NAMES) == 68
    assert FRONTAL_NAMES[:4] == tuple(f"T1_{corner}" for corner in FRONTAL_CORNERS)


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("T1_superior_left", "T1_superior_anterior", "T1_superior_posterior"),
        ("L5_inferior_right", "L5_inferior_posterior", "L5_inferior_anterior"),
        ("S1_right", "S1_posterior", "S1_anterior"),
        ("femoral_head_left", "femoral_head_left", "femoral_head_left"),
        ("C7_centre", "C7_centre", "C7_centre"),
    ],
)
def test_lateral_names_follow_from_the_way_the_patient_faces(
    name: str, left: str, right: str
) -> None:
    assert lateral_name(name, faces_left=True) == left
    assert lateral_name(name, faces_left=False) == right


@given(
    st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)), min_size=1, max_size=8),
    st.floats(0.1, 10),
)
def test_isotropic_stretches_y_by_the_aspect_alone(
    points: list[tuple[float, float]], aspect: float
) -> None:
    names = [f"p{i}" for i in range(len(points))]
    marks = Landmarks.from_points(names, points, pixel_aspect=aspect)
    np.testing.assert_allclose(marks.isotropic()[:, 0], [x for x, _ in points])
    np.testing.assert_allclose(marks.isotropic()[:, 1], [y * aspect for _, y in points])


def test_isotropic_makes_a_square_of_a_square() -> None:
    """A square of 10 mm on a film with pixels of 0.2 mm height and 0.1 mm width."""
    square = Landmarks.from_points("abcd", [(0, 0), (100, 0), (0, 50), (100, 50)], pixel_aspect=2.0)
    a, b, c, d = square.isotropic()
    assert np.linalg.norm(b - a) == np.linalg.norm(c - a) == np.linalg.norm(d - b)


def test_frontal_corners_come_in_the_order_of_the_spine() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 100, (68, 2))
    shuffled = rng.permutation(68)
    marks = Landmarks.from_points(
        [FRONTAL_NAMES[i] for i in shuffled], points[shuffled], pixel_aspect=1.5
    )
    levels, corners = marks.frontal_corners()
    assert levels == LEVELS
    np.testing.assert_allclose(corners, points.reshape(17, 4, 2) * [1, 1.5])


def test_a_level_without_one_corner_is_left_out() -> None:
    names = [n for n in FRONTAL_NAMES if n != "T6_inferior_left"]
    levels, corners = Landmarks.from_points(names, np.zeros((67, 2))).frontal_corners()
    assert levels == tuple(level for level in LEVELS if level != "T6")
    assert corners.shape == (16, 4, 2)


def test_a_lateral_film_is_named_front_before_back() -> None:
    assert len(set(LATERAL_NAMES)) == 68
    assert LATERAL_NAMES[:4] == (
        "T1_superior_anterior",
        "T1_superior_posterior",
        "T1_inferior_anterior",
        "T1_inferior_posterior",
    )
    assert LATERAL_NAMES[-1] == f"L5_{LATERAL_CORNERS[-1]}"


def test_lateral_corners_come_in_the_order_of_the_spine() -> None:
    points = np.random.default_rng(0).uniform(0, 100, (69, 2))
    names = ["femoral_head_left", *reversed(LATERAL_NAMES)]
    names[names.index("L2_superior_anterior")] = "L2_elsewhere"
    marks = Landmarks.from_points(names, points, pixel_aspect=1.5)
    levels, corners = marks.lateral_corners()
    assert levels == tuple(level for level in LEVELS if level != "L2")
    expected = points[:0:-1].reshape(17, 4, 2) * [1, 1.5]
    np.testing.assert_allclose(corners, np.delete(expected, LEVELS.index("L2"), axis=0))
    assert marks.frontal_corners()[0] == ()


def test_no_landmarks_give_no_corners() -> None:
    nothing = Landmarks.from_points([], [])
    for levels, corners in (nothing.frontal_corners(), nothing.lateral_corners()):
        assert levels == ()
        assert corners.shape == (0, 4, 2)


def test_points_default_to_sure_and_of_unknown_spread() -> None:
    marks = Landmarks.from_points(["C7_centre"], [(3, 4)], origin="edited")
    assert "C7_centre" in marks
    assert "S1_left" not in marks
    assert marks.score[0] == 1
    assert np.isnan(marks.spread_px[0])
    assert marks.origin == ("edited",)


def test_points_are_read_only_and_apart_from_the_callers() -> None:
    given_points = np.zeros((1, 2))
    marks = Landmarks.from_points(["a"], given_points)
    given_points[0] = 9
    assert marks.points_xy[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        marks.points_xy[0] = 1


def build(**changes: object) -> Landmarks:
    values: dict[str, object] = {
        "names": ("a", "b"),
        "points_xy": np.zeros((2, 2)),
        "score": np.ones(2),
        "spread_px": np.ones(2),
        "origin": ("machine", "machine"),
    }
    return Landmarks(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"names": ("a", "a")}, "unique"),
        ({"points_xy": np.zeros((3, 2))}, "shape"),
        ({"points_xy": np.full((2, 2), np.nan)}, "finite"),
        ({"score": np.ones(3)}, "2 entries"),
        ({"spread_px": np.ones(1)}, "2 entries"),
        ({"origin": ("machine",)}, "2 entries"),
        ({"score": np.array([0.5, 1.5])}, r"\[0, 1\]"),
        ({"score": np.array([0.5, np.nan])}, r"\[0, 1\]"),
        ({"spread_px": np.array([1.0, -1.0])}, "negative"),
        ({"pixel_aspect": 0.0}, "pixel_aspect"),
        ({"pixel_aspect": float("nan")}, "pixel_aspect"),
    ],
)
def test_refuses_what_makes_no_sense(changes: dict[str, object], message: str) -> None:
    build()
    with pytest.raises(ValueError, match=message):
        build(**changes)
