import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from spinescan.core.anatomy import LATERAL_NAMES, LEVELS, Landmarks
from spinescan.measure.sagittal import sagittal_measurements
from tests.measure.spines import PITCH, mirrored, profile, replaced, spine, transformed, without

KNOTS = ("T1", "T4", "T8", "T12", "L3", "L5")
EVERY_NAME = {
    *("TK_T1_T12", "TK_T2_T12", "TK_T4_T12", "TK_T5_T12"),
    *("LL_T12_S1", "LL_L1_S1", "LL_L4_S1"),
    *("SS", "PT", "PI"),
}
SHARP = float(np.degrees(np.arctan2(3, 4)))  # 36.87, of the triangle 3, 4, 5


def side_view(
    slopes_deg: np.ndarray, sacral_slope: float = 40.0, pelvic_tilt: float = 12.0
) -> Landmarks:
    """A film whose patient faces right; slopes (34,) are positive when the front lies lower."""
    column = spine(slopes_deg)
    turn = {"left": "posterior", "right": "anterior"}
    names = [f"{n.rpartition('_')[0]}_{turn[n.rpartition('_')[2]]}" for n in column.names]
    slope, tilt = np.radians([sacral_slope, pelvic_tilt])
    middle = column.points_xy[-2:].mean(axis=0) + [0, PITCH / 2]
    half = np.array([np.cos(slope), np.sin(slope)]) * 20
    hip = middle + np.array([np.sin(tilt), np.cos(tilt)]) * 90
    names += ["S1_posterior", "S1_anterior", "femoral_head_left", "femoral_head_right"]
    pelvis = [middle - half, middle + half, hip - [9, 4], hip + [9, 4]]
    return replaced(column, np.vstack([column.points_xy, pelvis]), names)


@st.composite
def side_views(draw: st.DrawFn) -> Landmarks:
    slopes = profile(**{level: draw(st.floats(-50, 50)) for level in KNOTS})
    noise = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).normal(0, 3, 34)
    return side_view(slopes + noise, draw(st.floats(-15, 75)), draw(st.floats(-30, 50)))


STANDING = side_view(profile(T1=25, T4=22, T12=-18, L3=0, L5=22))


def values(landmarks: Landmarks) -> dict[str, float]:
    return {m.name: m.value for m in sagittal_measurements(landmarks)}


def mod_360(deg: float) -> float:
    """The same turn, within +-180."""
    return (deg + 180) % 360 - 180


def test_kyphosis_by_hand() -> None:
    landmarks = Landmarks.from_points(
        [
            *("T4_superior_posterior", "T4_superior_anterior"),
            *("T12_inferior_posterior", "T12_inferior_anterior"),
        ],
        [(0, 0), (40, 30), (0, 300), (40, 270)],
    )
    (kyphosis,) = sagittal_measurements(landmarks)
    assert kyphosis.name == "TK_T4_T12"
    assert kyphosis.levels == ("T4", "T12")
    assert kyphosis.unit == "deg"
    assert kyphosis.value == pytest.approx(2 * SHARP)


def test_lordosis_and_pelvis_by_hand() -> None:
    landmarks = Landmarks.from_points(
        [
            *("L1_superior_posterior", "L1_superior_anterior"),
            *("S1_posterior", "S1_anterior", "femoral_head_left", "femoral_head_right"),
        ],
        # The patient faces left. From S1's middle (80, 315) the hip axis lies at (-36, +48).
        [(100, 100), (60, 100), (100, 300), (60, 330), (34, 360), (54, 366)],
    )
    found = values(landmarks)
    assert found == pytest.approx({"LL_L1_S1": SHARP, "SS": SHARP, "PT": SHARP, "PI": 2 * SHARP})


def test_a_hip_axis_behind_and_an_endplate_that_rises_to_the_front_are_negative() -> None:
    found = values(side_view(np.zeros(34), sacral_slope=-10, pelvic_tilt=-5))
    assert (found["SS"], found["PT"], found["PI"]) == pytest.approx((-10, -5, -15))


@given(side_views())
def test_angles_are_the_differences_of_the_slopes(landmarks: Landmarks) -> None:
    points = dict(zip(landmarks.names, landmarks.points_xy, strict=True))

    def slope(plate: str) -> float:
        x, y = points[f"{plate}_anterior"] - points[f"{plate}_posterior"]
        return float(np.degrees(np.arctan2(y, x)))

    found = values(landmarks)
    assert set(found) == EVERY_NAME
    for level in ("T1", "T2", "T4", "T5"):
        expected = slope(f"{level}_superior") - slope("T12_inferior")
        assert found[f"TK_{level}_T12"] == pytest.approx(expected, abs=1e-9)
    for level in ("T12", "L1", "L4"):
        expected = slope("S1") - slope(f"{level}_superior")
        assert found[f"LL_{level}_S1"] == pytest.approx(expected, abs=1e-9)


def test_a_back_bent_the_other_way_is_negative_in_both() -> None:
    found = values(side_view(profile(T1=-30, T12=30, L5=0), sacral_slope=-5))
    assert found["TK_T1_T12"] < -50
    assert found["LL_L1_S1"] < -25


COORDINATE = st.floats(-1000, 1000)
POINT = st.tuples(COORDINATE, COORDINATE)


@given(st.lists(POINT, min_size=4, max_size=4, unique=True))
@example([(0.0, 0.0), (1.0, 60.0), (-200.0, -10.0), (-200.0, 10.0)])
def test_incidence_is_tilt_and_slope_for_any_geometry(points: list[tuple[float, float]]) -> None:
    names = ["S1_posterior", "S1_anterior", "femoral_head_left", "femoral_head_right"]
    found = values(Landmarks.from_points(names, points))
    assume("PI" in found)
    # Lengths whose products vanish have no angle.
    assume(np.linalg.norm(np.subtract(points[0], points[1])) > 1e-2)
    assume(np.linalg.norm(np.mean(points[:2], axis=0) - np.mean(points[2:], axis=0)) > 1e-2)
    total = found["PT"] + found["SS"]
    assert mod_360(total - found["PI"]) == pytest.approx(0, abs=1e-9)
    if abs(total) < 179:
        assert found["PI"] == pytest.approx(total, abs=1e-9)


@given(side_views(), st.booleans(), st.floats(-180, 180))
def test_turning_the_film_changes_slope_and_tilt_alone(
    landmarks: Landmarks, faces_left: bool, turn_deg: float
) -> None:
    film = mirrored(landmarks) if faces_left else landmarks
    to_front = -turn_deg if faces_left else turn_deg  # how far the patient leans to the front
    upright, turned = values(film), values(transformed(film, turn_deg=turn_deg))
    assert turned.keys() == upright.keys()
    lean = {"SS": to_front, "PT": -to_front}
    for name, value in turned.items():
        expected = upright[name] + lean.get(name, 0.0)
        assert mod_360(value - expected) == pytest.approx(0, abs=1e-8)
        if name not in lean:
            assert value == pytest.approx(expected, abs=1e-8)


@given(side_views())
def test_mirroring_changes_nothing(landmarks: Landmarks) -> None:
    assert values(mirrored(landmarks)) == pytest.approx(values(landmarks), abs=1e-9)


@given(side_views(), st.floats(0.05, 20), st.tuples(*[st.floats(-3000, 3000)] * 2))
def test_size_and_place_change_nothing(
    landmarks: Landmarks, scale: float, shift: tuple[float, float]
) -> None:
    moved = transformed(landmarks, scale=scale, shift=shift)
    assert values(moved) == pytest.approx(values(landmarks), abs=1e-7)


@given(side_views(), st.floats(0.3, 3))
def test_pixels_that_are_not_square_change_nothing(landmarks: Landmarks, aspect: float) -> None:
    squeezed = replaced(landmarks, landmarks.points_xy / [1.0, aspect], pixel_aspect=aspect)
    assert values(squeezed) == pytest.approx(values(landmarks), abs=1e-8)


@given(side_views(), st.sets(st.sampled_from((*LEVELS, "S1", "femoral"))))
def test_what_is_not_visible_is_left_out_and_changes_nothing_else(
    landmarks: Landmarks, hidden: set[str]
) -> None:
    every = {m.name: m for m in sagittal_measurements(landmarks)}
    found = sagittal_measurements(without(landmarks, *hidden))
    assert {m.name for m in found} == {
        name
        for name, m in every.items()
        if not hidden & set(m.levels) and not (name in ("PT", "PI") and "femoral" in hidden)
    }
    assert all(m == every[m.name] for m in found)


def test_one_end_of_an_endplate_is_not_enough() -> None:
    keep = [n for n in STANDING.names if n not in ("T4_superior_anterior", "S1_posterior")]
    rows = [STANDING.names.index(n) for n in keep]
    found = values(replaced(STANDING, STANDING.points_xy[rows], keep))
    assert set(found) == {"TK_T1_T12", "TK_T2_T12", "TK_T5_T12"}


def test_the_pelvis_needs_no_spine() -> None:
    assert set(values(without(STANDING, *LEVELS))) == {"SS", "PT", "PI"}


@pytest.mark.parametrize("hidden", ["femoral_head_left", "femoral_head_right"])
def test_one_femoral_head_stands_for_both_and_the_method_says_so(hidden: str) -> None:
    keep = [n for n in STANDING.names if n != hidden]
    points = {n: STANDING.points_xy[STANDING.names.index(n)] for n in keep}
    one = sagittal_measurements(replaced(STANDING, np.array(list(points.values())), keep))
    head = next(p for n, p in points.items() if n.startswith("femoral"))
    x, y = head - (points["S1_posterior"] + points["S1_anterior"]) / 2
    assert {m.name: m.value for m in one}["PT"] == pytest.approx(np.degrees(np.arctan2(x, y)))
    assert {m.name for m in one if "one femoral head" in m.method} == {"PT", "PI"}
    assert not any("one femoral head" in m.method for m in sagittal_measurements(STANDING))


def test_a_vertebra_named_back_to_front_does_not_turn_the_patient_round() -> None:
    swap = {"anterior": "posterior", "posterior": "anterior"}
    names = [
        "_".join(swap.get(part, part) for part in n.split("_")) if n.startswith("T8_") else n
        for n in STANDING.names
    ]
    assert values(replaced(STANDING, STANDING.points_xy, names)) == values(STANDING)


def test_an_endplate_whose_ends_coincide_is_left_out() -> None:
    points = STANDING.points_xy.copy()
    ends = [STANDING.names.index(f"T4_superior_{end}") for end in ("posterior", "anterior")]
    points[ends[0]] = points[ends[1]]
    assert set(values(replaced(STANDING, points))) == EVERY_NAME - {"TK_T4_T12"}


def test_points_without_direction_measure_nothing() -> None:
    assert sagittal_measurements(Landmarks.from_points([], [])) == ()
    assert sagittal_measurements(spine(np.zeros(17), sacrum=0.0)) == ()  # a frontal film
    assert sagittal_measurements(Landmarks.from_points(LATERAL_NAMES, np.ones((68, 2)))) == ()
    pelvis = ["S1_posterior", "S1_anterior", "femoral_head_left"]
    assert set(values(Landmarks.from_points(pelvis, [(0, 0), (4, 2), (2, 1)]))) == {"SS"}
    # Upright, this endplate does not tell where the front is.
    assert values(Landmarks.from_points(pelvis, [(0, 0), (0, 4), (9, 9)])) == {}


def test_every_measurement_says_how_it_was_taken() -> None:
    found = {m.name: m for m in sagittal_measurements(STANDING)}
    assert set(found) == EVERY_NAME
    assert found["TK_T4_T12"].method.startswith("T4 superior to T12 inferior endplate")
    assert found["LL_L1_S1"].method.startswith("L1 superior to S1 superior endplate")
    assert found["LL_L1_S1"].levels == ("L1", "S1")
    assert {n for n, m in found.items() if "horizontal" in m.method} == {"SS", "PT"}
