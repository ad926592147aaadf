from dataclasses import replace

import pytest

from spinescan.app.text import describe
from spinescan.core.report import RESEARCH_USE, Report
from spinescan.measure.sagittal import sagittal_measurements
from spinescan.measure.sagittal_verdict import sagittal_verdict
from tests.measure.test_sagittal import less, slipped, spread
from tests.measure.test_sagittal_verdict import person


@pytest.fixture
def lateral() -> Report:
    landmarks = spread(slipped(30, landmarks=person(47, 0)), 0.7)
    return Report(
        sha256="ab" * 32,
        size=(1280, 540),
        pixel_aspect=1.0,
        spacing_mm=None,
        spacing_origin="unknown",
        view="lateral",
        decision="accepted",
        reasons=(),
        landmarks=landmarks,
        sagittal=sagittal_verdict(landmarks, factor=1.0),
        measurements=sagittal_measurements(landmarks, factor=1.0),
    )


def test_a_lateral_film_is_told_by_its_shape(lateral: Report) -> None:
    text = describe(lateral.to_dict("film.png"), "film.png")
    assert "lateral view, 1280 x 540 pixels\n" in text  # nothing of frontal curves
    shape = "kyphosis: more thoracic kyphosis than normal, or healthy (provisional)"
    assert f"Sagittal shape     {shape}" in text
    assert "Kyphosis           too much or normal: thoracic kyphosis T4 to T12 (TK) 47 (" in text
    assert "normal 20 to 45" in text
    assert "Lordosis           normal: lumbar lordosis against what the pelvis lets expect" in text
    assert "Slip               L4 on L5, " in text
    assert "forward, Meyerding grade II" in text
    assert text.endswith(RESEARCH_USE)


def test_an_axis_without_a_norm_is_not_judged(lateral: Report) -> None:
    assert lateral.landmarks is not None
    shape = sagittal_verdict(less(lateral.landmarks, "S1_anterior"), age="child")
    text = describe(replace(lateral, sagittal=shape).to_dict("film.png"), "film.png")
    assert "Sagittal shape     no class" in text
    assert "Kyphosis           not judged: no norm fits" in text
    assert "No norm for kyphosis was made for such people" in text


def test_a_record_of_the_first_schema_is_told_too(lateral: Report) -> None:
    record = lateral.to_dict("film.png")
    del record["sagittal"]
    assert "Sagittal" not in describe(record, "film.png")
