"""The page that is filed: always one, its text real, and nothing in it that it was not told."""

import re
import sys
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from spinescan.core.errors import MissingExtraError
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import (
    RESEARCH_USE,
    BundleRef,
    Curve,
    Fact,
    Measurement,
    Notice,
    Prediction,
    Report,
    Verdict,
)
from spinescan.io.pdf import Paper, render_pdf
from spinescan.io.pdf.text import printable
from spinescan.io.words import SAGITTAL_CAVEAT, explain
from spinescan.measure.sagittal import sagittal_measurements
from spinescan.measure.sagittal_verdict import sagittal_verdict
from tests.app.fakes import straight_spine
from tests.measure.test_sagittal import slipped, spread
from tests.measure.test_sagittal_verdict import person

FILM = Radiograph(np.linspace(0, 1, 240 * 100, dtype=np.float32).reshape(240, 100), "ab" * 32)
EVIL = "<para>&<b>x</b><img src='file:///etc/passwd'/> \u202e\x00\x1b[31m (\\) Tj \u4e2d\U0001f9b4"


@pytest.fixture
def report() -> Report:
    facts = (
        Fact("curves", 2.0, "curves", 10.0, "Two curves."),
        Fact("tp_to_csl", 0.4567, "vertebral widths", 0.2, "The transitional point lies off CSL."),
    )
    return Report(
        sha256=FILM.sha256,
        size=FILM.size,
        pixel_aspect=1.0,
        spacing_mm=(0.143, 0.144),
        spacing_origin="detector",
        view="frontal",
        decision="accepted",
        reasons=(),
        landmarks=straight_spine(*FILM.size),
        curves=(
            Curve("main_thoracic", "left", "T5", "T8", "T11", 42.34, (37.9, 46.8)),
            Curve("lumbar", "right", "T12", "L2/L3", "L4", 28.06),
        ),
        als=Verdict("3CN", "3C", ("3CH", "4C"), facts, "accepted", ("witnesses_disagree",)),
        measurements=(
            Measurement("T1_tilt", 14.15, "deg", "mean tilt of T1", ("T1",), (11.1, 17.2)),
            Measurement("TP_to_CSL", -0.4567, "vertebral widths", "to CSL", ("T11", "T12")),
        ),
        predictions=(
            Prediction(
                "als7", None, {"3CH": 0.25, "4C": 0.75}, ("3CH", "4C"), "abstained",
                ("several_labels_fit", "synthetic_calibration"), "als7-phantoms",
            ),
        ),
        bundles=(BundleRef("frontal-landmarks", "1.2.3"), BundleRef("gate", "0.4")),
        warnings=(
            Notice("burned_in", "Burned-in text may name the patient."),
            Notice("calibration", "als7: synthetic calibration (n: 3CH 40)"),
        ),
    )  # fmt: skip


def read(data: bytes) -> PdfReader:
    return PdfReader(BytesIO(data), strict=True)


def pages(data: bytes) -> int:
    return len(read(data).pages)


def text_of(report: Report, title: str = "film.png", **more: Any) -> str:
    reader = read(render_pdf(FILM, report, title=title, **more))
    assert len(reader.pages) == 1
    return " ".join(reader.pages[0].extract_text().split())


def test_every_answer_is_on_the_page(report: Report) -> None:
    text = text_of(report, printed_on=date(2026, 3, 1))
    for told in (
        *("film.png", "Frontal view, 240 x 100 pixels", "0.143 x 0.144 mm (detector)"),
        *("Printed 2026-03-01", "not edited by hand", "ab" * 32),
        *("main thoracic", "42.3\N{DEGREE SIGN}", "37.9 to 46.8\N{DEGREE SIGN}", "T5 to T11"),
        *("lumbar", "28.1\N{DEGREE SIGN}", "not known", "T12 to L4", "L2/L3", "picture's right"),
        *("Intervals of 90%", "the patient's side is not known", "Level names are counted"),
        *("3CN, family 3C", "Could also be 3CH or 4C", "The transitional point lies off CSL."),
        "Transitional point, tilt of L4 and L5, and hip do not agree.",
        *("T1 tilt", "14.2\N{DEGREE SIGN}", "11.1 to 17.2\N{DEGREE SIGN}"),
        *("TP to CSL, T11 and T12", "-0.46", "vertebral widths"),
        *("ALS type, by image: no answer", "Labels that fit: 3CH, 4C.", "4C 0.75, 3CH 0.25"),
        *("Several labels fit the film", "als7-phantoms", "als7: synthetic calibration"),
        *("Please note", "Burned-in text may name the patient."),
        *("frontal-landmarks 1.2.3, gate 0.4", f"report schema {report.schema_version}"),
        *(RESEARCH_USE, "Filed under", "Film taken on", "Checked by"),
    ):
        assert told in text, told
    assert "Two curves." not in text  # its table says it


def test_a_lateral_film_has_its_angles_and_slips(report: Report) -> None:
    landmarks = spread(slipped(30, landmarks=person(47, 0)), 0.7)
    shape = sagittal_verdict(landmarks, factor=1.0)
    lateral = replace(
        report,
        view="lateral",
        landmarks=landmarks,
        curves=(),
        als=None,
        sagittal=shape,
        measurements=sagittal_measurements(landmarks, factor=1.0),
    )
    text = text_of(lateral)
    for told in (
        *("Sagittal shape (provisional)", "Kyphosis", "More thoracic kyphosis than normal."),
        *("Could also be healthy.", "Thoracic kyphosis T4 to T12 (TK)", "47.0\N{DEGREE SIGN}"),
        *("20.0 to 45.0\N{DEGREE SIGN}", "too much, could be normal"),
        *("L4 on L5", "front", "Pelvic incidence (PI)", SAGITTAL_CAVEAT),
        *(fact.text for fact in shape.facts),
    ):
        assert told in text, told
    assert "No curve of 10 degrees" not in text


def test_an_abstained_film_says_why(report: Report) -> None:
    reasons = ("no_spine", "odd_code")
    text = text_of(replace(report, decision="abstained", reasons=reasons, curves=(), als=None))
    assert "No answer Nothing was measured on this film:" in text
    assert all(told in text for told in explain(reasons))
    assert "No curve of 10 degrees" not in text


def test_a_straight_spine_without_models(report: Report) -> None:
    text = text_of(replace(report, curves=(), als=None, spacing_mm=None, bundles=()))
    assert "No curve of 10 degrees or more" in text
    assert "pixel spacing not known" in text
    assert "No model took part." in text


def test_edits_are_told(report: Report) -> None:
    assert report.landmarks is not None
    origin = ("edited", "edited", *report.landmarks.origin[2:])
    first, second = report.curves
    edited = replace(
        report,
        edited=True,
        landmarks=replace(report.landmarks, origin=origin),
        curves=(replace(first, ends_by="reader"), second),
    )
    text = text_of(edited)
    assert "EDITED BY HAND: 2 of 68 points placed by a person" in text
    assert "end vertebrae of 1 of 2 curves chosen" in text
    assert "T5 to T11*" in text
    assert "T12 to L4*" not in text
    assert "* End vertebrae chosen by a person." in text


def test_an_anonymous_page_names_neither_film_nor_digest(report: Report) -> None:
    text = text_of(report, title="")
    assert "Spine film" in text
    assert FILM.sha256 not in text


def test_the_same_arguments_give_the_same_bytes(report: Report) -> None:
    first, second = (render_pdf(FILM, report, title="x") for _ in range(2))
    assert first == second
    assert first != render_pdf(FILM, report, title="y")


def test_nothing_is_told_of_the_machine_and_nothing_can_act(report: Report) -> None:
    data = render_pdf(FILM, report, title="secret name")
    told = read(data).metadata
    assert told is not None
    assert told.title == "SpineScan report"
    assert told.author == ""
    assert "2000" in str(told.creation_date)  # no date but the one it was told
    assert b"secret name" not in data  # in the page's text alone, which is compressed
    for key in (b"/JavaScript", b"/JS", b"/Launch", b"/URI", b"/OpenAction", b"/EmbeddedFile"):
        assert key not in data


@pytest.mark.parametrize(("paper", "size"), [("A4", (595, 842)), ("Letter", (612, 792))])
def test_paper(report: Report, paper: Paper, size: tuple[int, int]) -> None:
    page = read(render_pdf(FILM, report, title="x", paper=paper)).pages[0]
    assert (round(page.mediabox.width), round(page.mediabox.height)) == size


def crowded(report: Report, times: int, text: str) -> Report:
    """The report with everything in it so many times, and this text wherever text may be."""
    curves = tuple(replace(c, side_source=text, patient_side="left") for c in report.curves)
    fact = Fact(text, 1.0, text, 2.0, text)
    answer = Prediction(text, text, {text: 1.0}, (text,), "accepted", (text,), text)
    return replace(
        report,
        reasons=(text,) * times,
        spacing_origin="unknown",
        curves=curves * times,
        als=Verdict("4CTL", "4C", ("4C", "3CN"), (fact,) * times, "accepted", (text,) * times),
        measurements=(Measurement(text, 1.5, text, text, (text,) * times),) * times,
        predictions=(answer,) * times,
        bundles=(BundleRef(text, text),) * times,
        warnings=(Notice(text, text), Notice("calibration", text)) * times,
    )


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("text", [EVIL, "W" * 3000])
def test_the_fullest_report_is_one_page_that_says_what_it_left_out(
    report: Report, text: str, paper: Paper
) -> None:
    told = text_of(crowded(report, 60, text), title=text, paper=paper)
    assert re.search(r"\d+ more in the page and in the JSON\.", told)
    assert RESEARCH_USE in told
    assert "42.3\N{DEGREE SIGN}" in told


@settings(max_examples=12)
@given(text=st.text(max_size=400), times=st.integers(0, 40), wide=st.booleans())
@pytest.mark.slow
def test_any_report_is_one_page(text: str, times: int, wide: bool) -> None:
    shape = (64, 900) if wide else (900, 64)
    film = Radiograph(np.zeros(shape, np.float32), "cd" * 32)
    curves = (Curve("lumbar", "left", "T12", "L2", "L4", 28.06),)
    base = Report(
        sha256=film.sha256, size=film.size, pixel_aspect=1.0, spacing_mm=None,
        spacing_origin="unknown", view="frontal", decision="accepted", reasons=(),
        landmarks=straight_spine(*film.size), curves=curves,
    )  # fmt: skip
    assert pages(render_pdf(film, crowded(base, times, text), title=text)) == 1


@given(st.text())
def test_any_text_can_be_printed(text: str) -> None:
    line = printable(text)
    assert line.isprintable()
    assert line.encode("cp1252").decode("cp1252") == line


def test_mark_up_of_strangers_is_text(report: Report) -> None:
    hostile = replace(report, warnings=(Notice("x", EVIL),), reasons=(EVIL,), decision="abstained")
    data = render_pdf(FILM, hostile, title=EVIL)
    page = read(data).pages[0]
    assert len(page.images) == 1
    assert "/Annots" not in page
    text = page.extract_text()
    assert text.count("<para>&<b>x</b><img") == 3
    for escaped in (r"\u202e", r"\x00", r"\x1b[31m", r"\u4e2d", r"\U0001f9b4"):
        assert escaped in text


def test_without_the_extra_one_line_names_it(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "reportlab", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spinescan\[pdf\]'"):
        render_pdf(FILM, report, title="x")
