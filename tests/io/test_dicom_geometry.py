"""Spacing, aspect and sides from headers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from spinescan.core.radiograph import SpacingOrigin, View
from spinescan.io.dicom_geometry import pixel_geometry, shown_sides

CALIBRATED = SpacingOrigin.CALIBRATED
DETECTOR = SpacingOrigin.DETECTOR
ESTIMATED = SpacingOrigin.ESTIMATED
UNKNOWN = SpacingOrigin.UNKNOWN


def header(**elements) -> Dataset:
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def codes(answer) -> list[str]:
    return [notice.code for notice in answer.notices]


@pytest.mark.parametrize(
    ("elements", "spacing", "origin"),
    [
        ({}, None, UNKNOWN),
        ({"PixelSpacing": [0.2, 0.2]}, (0.2, 0.2), UNKNOWN),
        ({"ImagerPixelSpacing": [0.2, 0.2]}, (0.2, 0.2), DETECTOR),
        ({"PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": ["0.20", 0.2]}, (0.2, 0.2), DETECTOR),
        (
            {"PixelSpacing": [0.16, 0.16], "ImagerPixelSpacing": [0.2, 0.2]},
            (0.16, 0.16),
            CALIBRATED,
        ),
        # One element that differs is a difference.
        ({"PixelSpacing": [0.2, 0.19], "ImagerPixelSpacing": [0.2, 0.2]}, (0.2, 0.19), CALIBRATED),
        (
            {"ImagerPixelSpacing": [0.2, 0.3], "EstimatedRadiographicMagnificationFactor": 1.25},
            (0.16, 0.24),
            ESTIMATED,
        ),
        (
            {"ImagerPixelSpacing": [0.2, 0.2], "EstimatedRadiographicMagnificationFactor": 0.5},
            (0.2, 0.2),
            DETECTOR,
        ),
        ({"NominalScannedPixelSpacing": [0.1, 0.1]}, (0.1, 0.1), UNKNOWN),
        (
            {"NominalScannedPixelSpacing": [0.1, 0.1], "PixelSpacing": [0.1, 0.1]},
            (0.1, 0.1),
            UNKNOWN,
        ),
        (
            {"NominalScannedPixelSpacing": [0.1, 0.1], "PixelSpacing": [0.2, 0.2]},
            (0.2, 0.2),
            CALIBRATED,
        ),
    ],
)
def test_spacing_rules(elements, spacing, origin):
    answer = pixel_geometry(header(**elements))
    assert answer.origin is origin
    assert answer.spacing_mm == (None if spacing is None else pytest.approx(spacing))
    if spacing is not None:
        assert answer.pixel_aspect == pytest.approx(spacing[0] / spacing[1])
    assert answer.notices == ()


def test_aspect_ratio_alone_is_vertical_over_horizontal():
    answer = pixel_geometry(header(PixelAspectRatio=[3, 2]))
    assert (answer.spacing_mm, answer.pixel_aspect) == (None, 1.5)


def test_spacing_wins_over_a_contradicting_aspect_ratio():
    answer = pixel_geometry(header(PixelSpacing=[0.2, 0.2], PixelAspectRatio=[3, 2]))
    assert answer.pixel_aspect == 1.0
    assert codes(answer) == ["aspect_conflict"]


@pytest.mark.parametrize(
    "value", [[0, 0], [-1, 1], [0.2], [0.2, 0.2, 0.2], [1e-7, 1e-7], [100, 100]]
)
def test_senseless_spacing_is_not_used(value):
    answer = pixel_geometry(header(PixelSpacing=value))
    assert (answer.spacing_mm, answer.origin, answer.pixel_aspect) == (None, UNKNOWN, 1.0)
    assert codes(answer) == ["spacing_invalid"]


@given(st.floats(0.05, 1), st.floats(1, 4), st.floats(1, 3))
def test_magnification_keeps_the_aspect(row, ratio, factor):
    plain = pixel_geometry(header(ImagerPixelSpacing=[row * ratio, row]))
    smaller = pixel_geometry(
        header(
            ImagerPixelSpacing=[row * ratio, row], EstimatedRadiographicMagnificationFactor=factor
        )
    )
    assert math.isclose(plain.pixel_aspect, smaller.pixel_aspect)
    assert smaller.spacing_mm is not None
    assert math.isclose(smaller.spacing_mm[1] * factor, row)


def code(value: str) -> list[Dataset]:
    return [header(CodeValue=value)]


@pytest.mark.parametrize(
    ("elements", "view", "left"),
    [
        ({}, None, None),
        ({"ViewPosition": "AP"}, View.FRONTAL, None),
        ({"ViewPosition": "PA"}, View.FRONTAL, None),
        ({"ViewPosition": "LL"}, View.LATERAL, None),
        ({"ViewPosition": "RL"}, View.LATERAL, None),
        ({"ViewPosition": "LAO"}, View.OTHER, None),
        ({"ViewPosition": "PA ERECT"}, None, None),
        ({"ViewPosition": "PA ERECT", "PatientOrientation": ["L", "F"]}, View.FRONTAL, "right"),
        ({"ViewPosition": "LL", "ViewCodeSequence": code("R-102CD")}, View.LATERAL, None),
        ({"ViewCodeSequence": code("272479007")}, View.FRONTAL, None),
        ({"ViewCodeSequence": code("R-10232")}, View.LATERAL, None),
        ({"PatientOrientation": ["L", "F"]}, View.FRONTAL, "right"),
        ({"PatientOrientation": ["R", "F"]}, View.FRONTAL, "left"),
        ({"PatientOrientation": ["RP", "FL"]}, View.FRONTAL, "left"),
        ({"PatientOrientation": ["A", "F"]}, View.LATERAL, None),
        ({"PatientOrientation": ["P", "F"]}, View.LATERAL, None),
        ({"PatientOrientation": ["A", "R"]}, View.OTHER, None),
        ({"PatientOrientation": ["L", "F"], "ViewPosition": "PA"}, View.FRONTAL, "right"),
        ({"PatientOrientation": ["L", "F"], "ViewPosition": "AP"}, View.FRONTAL, "right"),
        ({"PatientOrientation": ["R", "F"], "ViewPosition": "AP"}, View.FRONTAL, "left"),
        (
            {"PatientOrientation": ["LE", "F"], "AnatomicalOrientationType": "QUADRUPED"},
            None,
            None,
        ),
    ],
)
def test_sides(elements, view, left):
    answer = shown_sides(header(**elements))
    assert (answer.view, answer.patient_left, answer.notices) == (view, left, ())


def test_contradictions_are_noticed_and_not_settled():
    answer = shown_sides(header(ViewPosition="AP", PatientOrientation=["A", "F"]))
    assert (answer.view, answer.patient_left, codes(answer)) == (None, None, ["view_conflict"])
    answer = shown_sides(header(ViewPosition="LL", PatientOrientation=["L", "F"]))
    assert (answer.view, answer.patient_left, codes(answer)) == (None, None, ["view_conflict"])


@pytest.mark.parametrize("value", [["L", "R"], ["X", "F"], ["L"], "L"])
def test_senseless_orientation(value):
    answer = shown_sides(header(PatientOrientation=value))
    assert (answer.view, answer.patient_left, codes(answer)) == (
        None,
        None,
        ["orientation_invalid"],
    )


def test_lying_films_have_no_side():
    answer = shown_sides(header(PatientOrientation=["F", "L"]))
    assert (answer.view, answer.patient_left) == (View.FRONTAL, None)
    assert codes(answer) == ["not_upright"]
