import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from spinescan.core.anatomy import LATERAL_NAMES, LEVELS, Landmarks
from spinescan.measure.lateral import STAND_IN_SPREAD_DEG
from spinescan.measure.sagittal import SLIPS, sagittal_measurements
from spinescan.measure.sagittal_norms import expected_lordosis_deg
from tests.measure.spines import PITCH, mirrored, profile, replaced, spine, transformed, without

KNOTS = ("T1", "T4", "T8", "T12", "L3", "L5")
SLIP_NAMES = {f"slip_{upper}_{lower}" for upper, lower in SLIPS}
ANGLES = {
    *("TK_T1_T12", "TK_T2_T12", "TK_T4_T12", "TK_T5_T12"),
    *("LL_T12_S1", "LL_L1_S1", "LL_L4_S1", "LL_L1_L5"),
    *("SS", "PT", "PI", "LL_against_PI"),
}
EVERY_NAME = ANGLES | SLIP_NAMES
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
    expected = float(expected_lordosis_deg(2 * SHARP))
    assert found.pop("LL_against_PI") == pytest.approx(SHARP - expected)
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
    assert set(found) - SLIP_NAMES == ANGLES
    for level in ("T1", "T2", "T4", "T5"):
        expected = slope(f"{level}_superior") - slope("T12_inferior")
        assert found[f"TK_{level}_T12"] == pytest.approx(expected, abs=1e-9)
    for level in ("T12", "L1", "L4"):
        expected = slope("S1") - slope(f"{level}_superior")
        assert found[f"LL_{level}_S1"] == pytest.approx(expected, abs=1e-9)
    expected = slope("L5_inferior") - slope("L1_superior")
    assert found["LL_L1_L5"] == pytest.approx(expected, abs=1e-9)


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
        if not hidden & set(m.levels)
        and not (name in ("PT", "PI", "LL_against_PI") and "femoral" in hidden)
    }
    assert all(m == every[m.name] for m in found)


def less(landmarks: Landmarks, *points: str) -> Landmarks:
    """Without single points."""
    keep = [i for i, n in enumerate(landmarks.names) if n not in points]
    names = [landmarks.names[i] for i in keep]
    return replaced(
        landmarks, landmarks.points_xy[keep], names, spread_px=landmarks.spread_px[keep]
    )


def test_one_end_of_the_sacral_endplate_is_not_enough() -> None:
    found = set(values(less(STANDING, "S1_posterior")))
    no_sacrum = {n for n in EVERY_NAME if "S1" in n} | {"SS", "PT", "PI", "LL_against_PI"}
    assert found == EVERY_NAME - no_sacrum


@given(side_views(), st.sampled_from(["T4_superior", "T12_inferior", "L1_superior"]))
def test_the_other_endplate_of_a_body_stands_in_and_the_method_says_so(
    landmarks: Landmarks, plate: str
) -> None:
    level = plate.split("_")[0]
    cut = less(landmarks, f"{plate}_anterior")
    every = {m.name: m for m in sagittal_measurements(landmarks)}
    found = {m.name: m for m in sagittal_measurements(cut)}
    points = dict(zip(landmarks.names, landmarks.points_xy, strict=True))
    ways = [points[f"{level}_{e}_anterior"] - points[f"{level}_{e}_posterior"]
            for e in ("superior", "inferior")]  # fmt: skip
    wedge = abs(float(np.diff([np.degrees(np.arctan2(y, x)) for x, y in ways])[0]))
    told = {name for name, m in found.items() if "other endplate" in m.method}
    names = {
        "T4_superior": {"TK_T4_T12"},
        "T12_inferior": {"TK_T1_T12", "TK_T2_T12", "TK_T4_T12", "TK_T5_T12"},
        "L1_superior": {"LL_L1_S1", "LL_L1_L5", "LL_against_PI"},
    }[plate]
    assert told == names
    for name in told:
        assert plate.replace("_", " ") in found[name].method
        assert mod_360(found[name].value - every[name].value) == pytest.approx(
            mod_360(np.copysign(wedge, found[name].value - every[name].value)), abs=1e-6
        )
    for name in found.keys() - told:
        assert found[name] == every[name]


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


def test_an_endplate_whose_ends_coincide_has_no_direction() -> None:
    points = STANDING.points_xy.copy()
    ends = [STANDING.names.index(f"T4_superior_{end}") for end in ("posterior", "anterior")]
    points[ends[0]] = points[ends[1]]
    assert values(replaced(STANDING, points)) == values(less(STANDING, "T4_superior_anterior"))


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


def slipped(percent: float, upper: str = "L4", landmarks: Landmarks = STANDING) -> Landmarks:
    """All from `upper` upwards moved to the front along the endplate below it."""
    below = "S1" if upper == "L5" else f"{LEVELS[LEVELS.index(upper) + 1]}_superior"
    points = landmarks.points_xy.copy()
    back, front = (points[landmarks.names.index(f"{below}_{e}")] for e in ("posterior", "anterior"))
    above = LEVELS[: LEVELS.index(upper) + 1]
    moved = [i for i, n in enumerate(landmarks.names) if n.split("_")[0] in above]
    points[moved] += (front - back) * percent / 100
    return replaced(landmarks, points)


def test_slip_by_hand() -> None:
    names = [
        *("L4_inferior_posterior", "L4_inferior_anterior"),
        *("L5_superior_posterior", "L5_superior_anterior"),
    ]
    points = [(10, 0), (52, 2), (0, 10), (40, 10)]
    (slip,) = sagittal_measurements(Landmarks.from_points(names, points))
    assert (slip.name, slip.unit, slip.levels) == ("slip_L4_L5", "%", ("L4", "L5"))
    assert slip.value == pytest.approx(25)


@given(st.floats(-60, 120), st.sampled_from([upper for upper, _ in SLIPS]))
def test_a_slip_is_its_share_of_the_endplate_below_and_no_other_pairs(
    percent: float, upper: str
) -> None:
    before, after = values(STANDING), values(slipped(percent, upper))
    for first, second in SLIPS:
        name = f"slip_{first}_{second}"
        expected = before[name] + (percent if first == upper else 0.0)
        assert after[name] == pytest.approx(expected, abs=1e-6)


@given(
    st.floats(-60, 120),
    st.booleans(),
    st.floats(-180, 180),
    st.floats(0.05, 20),
    st.floats(0.3, 3),
)
def test_a_slip_is_the_same_on_a_film_turned_scaled_mirrored_or_squeezed(
    percent: float, faces_left: bool, turn_deg: float, scale: float, aspect: float
) -> None:
    film = slipped(percent)
    moved = transformed(mirrored(film) if faces_left else film, turn_deg=turn_deg, scale=scale)
    moved = replaced(moved, moved.points_xy / [1.0, aspect], pixel_aspect=aspect)
    for name in SLIP_NAMES:
        assert values(moved)[name] == pytest.approx(values(film)[name], abs=1e-6)


def test_no_slip_is_measured_across_a_vertebra_that_has_no_name() -> None:
    points = STANDING.points_xy.copy()
    spine_rows = [i for i, n in enumerate(STANDING.names) if n[0] in "TL"]
    points[spine_rows] -= [0.0, 45.0]  # room for a sixth lumbar vertebra above S1
    found = values(replaced(STANDING, points))
    assert "slip_L5_S1" not in found
    assert "slip_L4_L5" in found


def spread(landmarks: Landmarks, px: float) -> Landmarks:
    return replaced(landmarks, landmarks.points_xy, spread_px=np.full(len(landmarks.names), px))


def intervals(landmarks: Landmarks, factor: float = 1.0) -> dict[str, tuple[float, float] | None]:
    return {m.name: m.interval for m in sagittal_measurements(landmarks, factor=factor, draws=200)}


def same_intervals(
    one: dict[str, tuple[float, float] | None], other: dict[str, tuple[float, float] | None]
) -> bool:
    return one.keys() == other.keys() and all(
        b is not None and other[name] == pytest.approx(b, abs=1e-6) for name, b in one.items()
    )


def test_intervals_are_asked_for_and_need_every_spread() -> None:
    assert all(m.interval is None for m in sagittal_measurements(spread(STANDING, 1.0)))
    assert all(ends is None for ends in intervals(STANDING).values())  # spreads unknown
    known = np.ones(len(STANDING.names))
    known[STANDING.names.index("L1_superior_anterior")] = np.nan
    found = intervals(replaced(STANDING, STANDING.points_xy, spread_px=known))
    unknown = {"LL_L1_S1", "LL_L1_L5", "LL_against_PI", "slip_T12_L1"}
    assert {name for name, ends in found.items() if ends is None} == unknown


@given(side_views(), st.floats(0, 3))
def test_an_interval_holds_its_value_and_grows_with_the_spread(
    landmarks: Landmarks, px: float
) -> None:
    narrow, wide = intervals(spread(landmarks, px)), intervals(spread(landmarks, 2 * px + 1))
    for name, value in values(landmarks).items():
        inner, outer = narrow[name], wide[name]
        assert inner is not None
        assert outer is not None
        assert inner[0] <= value <= inner[1]
        assert outer[1] - outer[0] > inner[1] - inner[0]


@given(st.booleans(), st.floats(-180, 180), st.floats(0.1, 10))
def test_facing_turn_and_size_change_no_interval(
    faces_left: bool, turn_deg: float, scale: float
) -> None:
    film = spread(STANDING, 1.0)
    moved = transformed(mirrored(film) if faces_left else film, turn_deg=turn_deg, scale=scale)
    here, there = intervals(film), intervals(moved)
    for name in ("SS", "PT"):  # their values turn with the film
        here.pop(name), there.pop(name)
    assert same_intervals(here, there)


def test_what_is_hidden_changes_no_other_interval() -> None:
    every = intervals(spread(STANDING, 1.0))
    found = intervals(without(spread(STANDING, 1.0), "T2", "T8", "L3"))
    assert same_intervals({name: every[name] for name in found}, found)


def test_a_body_that_stands_in_widens_the_interval() -> None:
    film = spread(STANDING, 0.0)
    exact = intervals(film)["TK_T4_T12"]
    stood = intervals(less(film, "T4_superior_posterior"))["TK_T4_T12"]
    assert exact is not None
    assert stood is not None
    assert exact[1] - exact[0] == pytest.approx(0, abs=1e-9)
    assert (stood[1] - stood[0]) / 2 == pytest.approx(1.645 * STAND_IN_SPREAD_DEG, rel=0.2)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    px, rng = 0.8, np.random.default_rng(5)
    film = spread(STANDING, px)
    truth = values(film)
    held = dict.fromkeys(("TK_T4_T12", "LL_L1_S1", "PI", "PT", "LL_against_PI", "slip_L4_L5"), 0)
    tries = 150
    for _ in range(tries):
        noisy = replaced(film, film.points_xy + rng.normal(0, px, film.points_xy.shape))
        for name, ends in intervals(noisy).items():
            if name in held:
                assert ends is not None
                held[name] += ends[0] <= truth[name] <= ends[1]
    for name, n in held.items():
        assert 0.82 <= n / tries <= 0.97, (name, n)
