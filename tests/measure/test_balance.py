import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.anatomy import LEVELS, Landmarks
from spinescan.core.report import Measurement
from spinescan.measure.balance import (
    WIDTHS,
    central_sacral_line,
    frontal_measurements,
    transitional_point,
)
from spinescan.measure.curves import find_curves
from tests.measure.spines import WIDTH, mirrored, profile, replaced, spine, transformed, without

DOUBLE = profile(T1=-8, T5=-16, T11=20, L4=-20, L5=-10)


def measured(landmarks: Landmarks) -> tuple[Measurement, ...]:
    return frontal_measurements(landmarks, find_curves(landmarks))


def values(landmarks: Landmarks) -> dict[tuple[str, tuple[str, ...]], float]:
    return {(m.name, m.levels): m.value for m in measured(landmarks)}


def test_the_line_is_taken_from_the_sacrum_if_it_is_there() -> None:
    landmarks = spine(np.zeros(17), sacrum=0.5)
    line = central_sacral_line(landmarks)
    assert line is not None
    assert (line.source, line.approximate) == ("S1", False)
    assert line.x == pytest.approx(500 + 0.5 * WIDTH)


def test_without_sacrum_it_is_approximate_and_without_l5_absent() -> None:
    landmarks = spine(np.zeros(17))
    line = central_sacral_line(landmarks)
    assert line is not None
    assert (line.source, line.approximate) == ("L5", True)
    assert line.x == pytest.approx(500)
    assert central_sacral_line(without(landmarks, "L5")) is None


def test_offsets_are_positive_to_the_pictures_right_and_in_widths() -> None:
    found = values(spine(np.zeros(17), sacrum=-0.5))
    assert found[("trunk_shift", ("T1",))] == pytest.approx(0.5)


def test_tilts_are_positive_when_the_pictures_right_is_lower() -> None:
    found = values(spine(profile(T1=7, T3=7, T12=0, L3=0, L4=-6, L5=4)))
    assert found[("T1_tilt", ("T1",))] == pytest.approx(7, abs=1e-6)
    # An endplate's middle lies half way to the next knot: the mean of both is the knot's tilt,
    # but for the bend at the knot.
    assert found[("L4_tilt", ("L4",))] == pytest.approx(-6, abs=2.5)
    assert found[("L5_tilt", ("L5",))] == pytest.approx(4, abs=2.5)


def test_every_curve_has_its_apical_translation() -> None:
    landmarks = spine(DOUBLE, sacrum=0.0)
    curves = find_curves(landmarks)
    found = [m for m in measured(landmarks) if m.name == "apical_translation"]
    assert [m.levels for m in found] == [(c.apex,) for c in curves]
    assert all(m.unit == WIDTHS for m in found)


def test_the_trunk_shift_is_taken_from_c7_if_it_is_there() -> None:
    landmarks = spine(np.zeros(17), sacrum=0.0, others={"C7_centre": (-0.4, -16)})
    (shift,) = (m for m in measured(landmarks) if m.name == "trunk_shift")
    assert (shift.value, shift.levels) == (pytest.approx(-0.4), ("C7",))
    without_c7 = spine(np.zeros(17), sacrum=0.0)
    (shift,) = (m for m in measured(without_c7) if m.name == "trunk_shift")
    assert "C7 not visible" in shift.method


@given(st.floats(0.5, 5), st.floats(0, 3), st.floats(0.3, 1.5))
def test_angles_get_an_interval_where_the_spreads_are_known(
    spread: float, more: float, factor: float
) -> None:
    narrow = frontal_measurements(spine(DOUBLE, sacrum=0.0, spread_px=spread), (), factor=factor)
    wide = frontal_measurements(spine(DOUBLE, spread_px=spread + more), (), factor=factor)
    found = {m.name: m.interval for m in narrow}
    assert found["trunk_shift"] is None  # no angle
    for measurement in wide:
        inner = found[measurement.name]
        if measurement.unit == "deg":
            assert inner is not None
            assert measurement.interval is not None
            low, high = measurement.interval
            assert low <= inner[0] < measurement.value < inner[1] <= high
            assert low + high == pytest.approx(2 * measurement.value)


def test_the_interval_of_a_tilt_is_that_of_a_normal_law() -> None:
    # Both ends of S1's endplate are 1 pixel off: its tilt by the square root of 2 over its length.
    (obliquity,) = (
        m
        for m in frontal_measurements(
            spine(np.zeros(17), sacrum=0.0, spread_px=1.0), (), factor=0.5
        )
        if m.name == "pelvic_obliquity"
    )
    half = 1.645 * 0.5 * np.degrees(np.sqrt(2) / WIDTH)
    assert obliquity.interval == pytest.approx((-half, half), rel=1e-3)


def test_without_spreads_or_factor_there_is_no_interval() -> None:
    known, unknown = spine(DOUBLE, spread_px=1.0), spine(DOUBLE)
    assert all(m.interval is None for m in frontal_measurements(known, ()))
    assert all(m.interval is None for m in frontal_measurements(unknown, (), factor=1.0))


def test_the_transitional_point_lies_between_the_facing_end_vertebrae() -> None:
    landmarks = spine(DOUBLE)
    point = transitional_point(landmarks, find_curves(landmarks))
    assert point is not None
    # Both curves end at T11, so the point is its centre.
    row = LEVELS.index("T11") * 4
    assert point == pytest.approx(landmarks.points_xy[row : row + 4].mean(axis=0))


def test_a_single_curve_has_no_transitional_point() -> None:
    landmarks = spine(profile(T5=-20, T12=20))
    assert len(find_curves(landmarks)) == 1
    assert transitional_point(landmarks, find_curves(landmarks)) is None


@given(st.floats(0.1, 10), st.tuples(*[st.floats(-1000, 1000)] * 2))
def test_size_and_place_change_nothing(scale: float, shift: tuple[float, float]) -> None:
    landmarks = spine(DOUBLE, sacrum=0.2)
    moved = transformed(landmarks, scale=scale, shift=shift)
    assert values(moved) == pytest.approx(values(landmarks), abs=1e-6)


def test_mirroring_changes_every_sign() -> None:
    landmarks = spine(DOUBLE, sacrum=0.2)
    negated = {k: -v for k, v in values(landmarks).items()}
    assert values(mirrored(landmarks)) == pytest.approx(negated, abs=1e-6)


def test_pixels_that_are_not_square_change_nothing() -> None:
    landmarks = spine(DOUBLE, sacrum=0.2)
    flat = replaced(landmarks, landmarks.points_xy / [1.0, 1.7], pixel_aspect=1.7)
    assert values(flat) == pytest.approx(values(landmarks), abs=1e-6)


def test_what_is_not_visible_is_left_out() -> None:
    landmarks = without(spine(DOUBLE), "T1", "L5")
    assert {m.name for m in measured(landmarks)} == {"L4_tilt"}
    assert measured(without(landmarks, *LEVELS)) == ()


def test_every_measurement_cites_its_method() -> None:
    found = measured(spine(DOUBLE))
    names = {"T1_tilt", "L4_tilt", "L5_tilt", "trunk_shift", "apical_translation", "TP_to_CSL"}
    assert {m.name for m in found} == names
    assert all("approximate" in m.method for m in found if m.unit == WIDTHS)
    assert not any("approximate" in m.method for m in measured(spine(DOUBLE, sacrum=0.0)))
