"""The JSON contract that other programs rely on."""

import dataclasses
import json

import numpy as np
import pytest

from spinescan.core.anatomy import Landmarks
from spinescan.core.report import (
    RESEARCH_USE,
    SCHEMA_VERSION,
    BundleRef,
    Curve,
    Fact,
    Measurement,
    Notice,
    Prediction,
    Report,
    SagittalAxis,
    SagittalVerdict,
    Slip,
    Verdict,
    failure_dict,
)

VERDICT = Verdict(
    type="3CH",
    family="3C",
    alternatives=("3CN",),
    facts=(Fact("tp_offset", -0.4, "vertebral widths", 0.2, "TP lies left of CSL"),),
    decision="accepted",
)


SHAPE = SagittalVerdict(
    label="kyphosis",
    alternatives=("healthy",),
    shares={"kyphosis": 0.81234567, "healthy": 0.18765433},
    axes=(
        SagittalAxis(
            "kyphosis", "hyper", ("normal",), "accepted", (), "TK_T4_T12", 47.5, (44.0, 51.0),
            "tk_t4_t12_taught", (20.0, 45.0),
        ),
        SagittalAxis("lordosis", None, ("normal", "hyper"), "abstained", ("x",)),
    ),
    slips=(Slip("L4", "L5", 26.0, (20.0, 32.0), "forward", "II", ("I",), "accepted"),),
    facts=(Fact("kyphosis", 47.5, "deg", 45.0, "above"),),
    decision="accepted",
)  # fmt: skip


def full_report() -> Report:
    return Report(
        sha256="ab" * 32,
        size=(1280, 540),
        pixel_aspect=1.0,
        spacing_mm=(0.143, 0.143),
        spacing_origin="detector",
        view="frontal",
        decision="accepted",
        reasons=(),
        landmarks=Landmarks.from_points(
            ["T1_superior_left", "T1_superior_right"],
            [(10.123, 20), (30, 21)],
            score=np.array([0.9, 0.8]),
            spread_px=np.array([1.5, np.nan]),
        ),
        curves=(
            Curve("main_thoracic", "right", "T5", "T8/T9", "T12", 41.23456, (38.0, 44.5)),
            Curve("lumbar", "left", "T12", "L2", "L4", 20.0),
        ),
        als=VERDICT,
        sagittal=SHAPE,
        measurements=(Measurement("t1_tilt", 3.0, "degrees", "own definition", ("T1",)),),
        predictions=(
            Prediction("implant", "no", {"no": 0.9, "yes": 0.1}, ("no",), "accepted", (), "x"),
        ),
        bundles=(BundleRef("frontal-landmarks", "1.0.0"),),
        warnings=(Notice("side_unknown", "left and right are those of the picture"),),
        timing_ms=312.34,
    )


def test_fields_are_those_of_the_contract_in_its_order() -> None:
    record = full_report().to_dict("film.png")
    assert list(record) == [
        "schema_version", "file", "sha256", "research_use", "size", "pixel_aspect", "spacing_mm",
        "spacing_origin", "bundles", "warnings", "timing_ms", "view", "decision", "reasons",
        "edited", "landmarks", "curves", "als", "sagittal", "measurements", "predictions",
    ]  # fmt: skip
    assert list(record["landmarks"]) == [
        "names", "points_xy", "score", "spread_px", "origin", "levels_certain",
    ]  # fmt: skip
    assert list(record["curves"][0]) == [
        "region", "convex_side", "upper", "apex", "lower", "cobb_deg", "interval_deg",
        "patient_side", "side_source", "ends_by",
    ]  # fmt: skip
    assert list(record["als"]) == [
        "type", "family", "alternatives", "facts", "decision", "reasons",
    ]  # fmt: skip
    assert list(record["als"]["facts"][0]) == ["code", "value", "unit", "threshold", "text"]
    assert list(record["sagittal"]) == [
        "label", "alternatives", "shares", "axes", "slips", "facts", "decision", "reasons",
    ]  # fmt: skip
    assert list(record["sagittal"]["axes"][0]) == [
        "name", "position", "alternatives", "decision", "reasons", "measurement", "value",
        "interval", "norm", "borders",
    ]  # fmt: skip
    assert list(record["sagittal"]["slips"][0]) == [
        "upper", "lower", "percent", "interval", "direction", "grade", "alternatives", "decision",
    ]  # fmt: skip
    assert list(record["sagittal"]["facts"][0]) == list(record["als"]["facts"][0])
    assert set(record["measurements"][0]) == {
        "name", "value", "unit", "interval", "levels", "method",
    }  # fmt: skip
    assert set(record["predictions"][0]) == {
        "task", "label", "scores", "prediction_set", "decision", "reasons", "bundle",
    }  # fmt: skip
    assert list(record["bundles"][0]) == ["name", "version"]
    assert list(record["warnings"][0]) == ["code", "text"]


def test_json_is_one_strict_line_that_says_the_same() -> None:
    report = full_report()
    text = report.to_json("film.png")
    assert "\n" not in text
    assert "NaN" not in text
    assert json.loads(text) == report.to_dict("film.png")


def test_values_in_json() -> None:
    record = full_report().to_dict("film.png")
    assert record["schema_version"] == SCHEMA_VERSION
    assert record["research_use"] == RESEARCH_USE
    assert record["size"] == [1280, 540]
    assert record["landmarks"]["points_xy"][0] == [10.12, 20.0]
    assert record["landmarks"]["spread_px"] == [1.5, None]
    assert record["curves"][0]["cobb_deg"] == 41.2346
    assert record["curves"][0]["interval_deg"] == [38.0, 44.5]
    assert record["curves"][1]["interval_deg"] is None
    assert record["als"]["alternatives"] == ["3CN"]
    assert record["sagittal"]["shares"] == {"kyphosis": 0.8123, "healthy": 0.1877}
    assert record["sagittal"]["axes"][1]["borders"] is None


def test_an_abstained_report_has_the_same_fields() -> None:
    abstained = Report(
        sha256="cd" * 32,
        size=(10, 10),
        pixel_aspect=1.0,
        spacing_mm=None,
        spacing_origin="unknown",
        view="other",
        decision="abstained",
        reasons=("not_a_frontal_spine",),
        landmarks=None,
    ).to_dict("cat.png")
    assert list(abstained) == list(full_report().to_dict("film.png"))
    assert abstained["landmarks"] is None
    assert abstained["als"] is None
    assert abstained["sagittal"] is None
    assert abstained["curves"] == []
    assert abstained["spacing_mm"] is None


def test_without_a_file_the_report_is_anonymous() -> None:
    text = full_report().to_json()
    assert "ab" * 32 not in text
    assert "file" not in json.loads(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_json_does_not_have_is_an_error(value: float) -> None:
    broken = dataclasses.replace(
        full_report(), measurements=(Measurement("t1_tilt", value, "degrees", "x"),)
    )
    with pytest.raises(ValueError, match="JSON"):
        broken.to_json("film.png")


def test_at_most_two_alternatives() -> None:
    with pytest.raises(ValueError, match="two alternatives"):
        dataclasses.replace(VERDICT, alternatives=("3CN", "3CL", "4C"))


def test_failures_have_a_kind_and_a_message() -> None:
    assert failure_dict("empty", "film.png: empty file", "film.png") == {
        "schema_version": SCHEMA_VERSION,
        "file": "film.png",
        "error": {"kind": "empty", "message": "film.png: empty file"},
    }
    assert "file" not in failure_dict("empty", "a film failed", None)
