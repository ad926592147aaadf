"""The report as a table: all of it, and nothing that a spreadsheet would run."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.report import RESEARCH_USE, Report
from spinescan.io.report_csv import COLUMNS, report_csv
from spinescan.io.words import explain
from spinescan.measure.sagittal import sagittal_measurements
from spinescan.measure.sagittal_verdict import sagittal_verdict
from tests.io.test_pdf import crowded, report
from tests.measure.test_sagittal import slipped, spread
from tests.measure.test_sagittal_verdict import person

__all__ = ["report"]  # the fixture


def table(of: Report) -> list[dict[str, str]]:
    text = report_csv(of)
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert tuple(rows[0]) == COLUMNS
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert text.endswith("\r\n")
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows[1:]]


def found(rows: list[dict[str, str]], **like: str) -> dict[str, Any]:
    matching = [row for row in rows if like.items() <= row.items()]
    assert len(matching) == 1, like
    return matching[0]


def test_a_frontal_film(report: Report) -> None:
    rows = table(report)
    assert rows[0]["text"] == RESEARCH_USE
    cobb = found(rows, section="curve 1", name="cobb")
    assert (cobb["value"], cobb["unit"], cobb["low"], cobb["high"], cobb["levels"]) == (
        "42.34", "deg", "37.9", "46.8", "T5 T11",
    )  # fmt: skip
    assert found(rows, section="curve 2", name="cobb")["low"] == ""
    assert found(rows, section="curve 1", name="ends_by")["value"] == "machine"
    assert found(rows, section="als", name="type")["value"] == "3CN"
    alternatives = [row["value"] for row in rows if row["name"] == "alternative"]
    assert alternatives == ["3CH", "4C"]
    fact = found(rows, section="als fact", name="tp_to_csl")
    assert (fact["value"], fact["threshold"]) == ("0.4567", "0.2")
    assert found(rows, section="measurement", name="TP_to_CSL")["value"] == "-0.4567"
    assert found(rows, section="model", name="gate")["value"] == "0.4"
    assert found(rows, name="score 4C")["value"] == "0.75"
    assert found(rows, name="edited")["value"] == "no"
    reason = found(rows, name="reason", value="several_labels_fit")
    assert reason["text"] == explain(["several_labels_fit"])[0]
    assert found(rows, section="warning", name="burned_in")["text"].startswith("Burned-in")
    assert report.sha256 not in report_csv(report)


def test_a_lateral_film(report: Report) -> None:
    landmarks = spread(slipped(30, landmarks=person(47, 0)), 0.7)
    shape = sagittal_verdict(landmarks, factor=1.0)
    measured = sagittal_measurements(landmarks, factor=1.0)
    lateral = replace(report, view="lateral", curves=(), als=None, sagittal=shape,
                      landmarks=landmarks, measurements=measured)  # fmt: skip
    rows = table(lateral)
    assert found(rows, section="sagittal", name="class")["value"] == shape.label
    angle = found(rows, section="sagittal kyphosis", name="angle")
    assert float(angle["value"]) == pytest.approx(shape.axes[0].value, abs=1e-3)
    assert float(angle["low"]) < float(angle["value"]) < float(angle["high"])
    slip = found(rows, name="slip", levels="L4 L5")
    assert "forward; Meyerding grade" in slip["text"]
    assert len([row for row in rows if row["section"] == "measurement"]) == len(measured)


def test_an_abstained_film(report: Report) -> None:
    nothing = replace(report, decision="abstained", reasons=("no_spine",), curves=(), als=None,
                      landmarks=None, measurements=(), predictions=(), spacing_mm=None)  # fmt: skip
    rows = table(nothing)
    assert found(rows, name="reason")["text"] == explain(["no_spine"])[0]
    assert not any(row["section"].startswith("curve") for row in rows)


HOSTILE = st.one_of(
    st.text(),
    st.sampled_from(["=", "+", "-", "@", "\t=", "\r=", "\n@", " =", "\x00=", "\uff1d", ";=", ';"='])
    .flatmap(lambda start: st.text().map(lambda rest: start + rest)),
)  # fmt: skip


@given(text=HOSTILE)
def test_no_text_is_a_formula_wherever_cells_are_parted(text: str) -> None:
    film = Report(
        sha256="ab" * 32, size=(240, 100), pixel_aspect=1.0, spacing_mm=None,
        spacing_origin="unknown", view="frontal", decision="accepted", reasons=(), landmarks=None,
    )  # fmt: skip
    for row in table(crowded(film, 1, text)):
        for column, cell in row.items():
            number = column in ("value", "low", "high", "threshold") and _is_number(cell)
            parts = [cell] if number else cell.split(";")
            assert number or not any(part.strip(" \"'")[:1] in SIGNS for part in parts[1:]), cell
            assert number or cell[:1] not in SIGNS
            assert not set(cell) & set("\t\r\n\0")


SIGNS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")


def _is_number(cell: str) -> bool:
    try:
        return float(cell) is not None
    except ValueError:
        return False


@pytest.mark.parametrize("number", [-0.45674, 42.34, 1e-9, -1e-9, 123456.789, 0.0, 3.0])
def test_numbers_are_read_back(report: Report, number: float) -> None:
    one = replace(report.measurements[0], value=number)
    rows = table(replace(report, measurements=(one,)))
    told = found(rows, section="measurement")["value"]
    assert float(told) == pytest.approx(number, abs=5e-5)
