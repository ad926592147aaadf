import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

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
from spinescan.io.heat import draw_heat
from spinescan.io.page import render_page
from spinescan.io.words import SAGITTAL_CAVEAT, WHERE_IT_LOOKED
from spinescan.measure.sagittal import sagittal_measurements
from spinescan.measure.sagittal_verdict import sagittal_verdict
from tests.measure.test_sagittal import slipped, spread
from tests.measure.test_sagittal_verdict import person

VOID = {"meta", "input", "img", "br"}


class Page(HTMLParser):
    """Text, tags and attributes of a page; refuses tags that do not nest."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def film():
    pixels = np.linspace(0, 1, 240 * 100, dtype=np.float32).reshape(240, 100)
    return Radiograph(pixels, "ab" * 32)


@pytest.fixture
def report(film):
    facts = (
        Fact("tp_to_csl", 0.4567, "vertebral widths", 0.2, "The transitional point lies off CSL."),
        Fact("curves", "T5-T11", "", None, "One large curve."),
        Fact("l4_tilt", None, "deg", 5.0, "L4 is not visible."),
    )
    return Report(
        sha256=film.sha256,
        size=film.size,
        pixel_aspect=1.0,
        spacing_mm=(0.143, 0.144),
        spacing_origin="detector",
        view="frontal",
        decision="accepted",
        reasons=(),
        landmarks=None,
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
                "spine_view", "ap", {"ap": 0.875, "pa": 0.125}, ("ap",), "accepted", (), "gate"
            ),
        ),
        bundles=(BundleRef("frontal-landmarks", "1.2.3"), BundleRef("gate", "0.4")),
        warnings=(Notice("burned_in", "Burned-in text may name the patient."),),
    )


def test_every_answer_is_on_the_page(film, report):
    page = Page(render_page(film, report, title="film.png", cards={"frontal-landmarks": "CARD 77"}))
    for text in (
        *("film.png", "ab" * 32, "240 x 100 pixels", "0.143 x 0.144 mm (detector)"),
        *("main thoracic", "42.3\N{DEGREE SIGN}", "37.9 to 46.8", "T5 to T11", "T8", "left"),
        *("lumbar", "28.1\N{DEGREE SIGN}", "T12 to L4", "L2/L3", "right"),
        *("3CN", "family 3C", "3CH or 4C", "0.46 vertebral widths", "0.20 vertebral widths"),
        *("The transitional point lies off CSL.", "not known", "5.0\N{DEGREE SIGN}"),
        "Transitional point, tilt of L4 and L5, and hip do not agree.",
        *("T1 tilt", "14.2\N{DEGREE SIGN}", "11.1\N{DEGREE SIGN} to 17.2\N{DEGREE SIGN}"),
        *("TP to CSL", "-0.46 vertebral widths", "T11, T12"),
        *("spine view", "ap 0.88, pa 0.12"),
        *("frontal-landmarks 1.2.3", "CARD 77", "gate 0.4", "Burned-in text may name the patient."),
        "the patient's side is not known",
    ):
        assert text in page.text, text
    assert page.text.count(RESEARCH_USE) == 2


def test_the_patients_side_is_told_with_its_source(film, report):
    curve = replace(report.curves[0], patient_side="right", side_source="patient_orientation")
    page = Page(render_page(film, replace(report, curves=(curve,)), title="x"))
    assert "right (patient orientation)" in page.text
    assert "side is not known" not in page.text


def test_untrusted_text_is_escaped(film, report):
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    report = replace(report, warnings=(Notice("x", evil),), reasons=(evil,), decision="abstained")
    html = render_page(film, report, title=evil, cards={"gate": evil})
    page = Page(html)
    assert page.all("script") == []
    assert not any("onerror" in attrs for _, attrs in page.tags)
    assert page.text.count("<script>alert(1)</script>") == 5  # title, heading, reason, notice, card


def test_predictions_are_told_with_what_limits_them(film, report):
    doubtful = Prediction(
        "als7", None, {"3CH": 0.25, "4C": 0.75}, ("3CH", "4C"), "abstained",
        ("several_labels_fit", "synthetic_calibration"), "als7-phantoms",
    )  # fmt: skip
    not_asked = Prediction("sagittal3", None, {}, (), "abstained", ("view_not_asked",), "sagittal")
    notice = Notice("calibration", "als7: synthetic calibration (n: 3CH 40, 4C 41)")
    report = replace(report, predictions=(doubtful, not_asked), warnings=(notice,))
    page = Page(render_page(film, report, title="x"))
    for text in (
        *("ALS type, by image", "Second opinion, not evidence", "Several labels fit the film"),
        *("3CH, 4C", "4C 0.75, 3CH 0.25", "als7-phantoms", notice.text),
        *(
            "Synthetic calibration: of real films the set promises nothing.",
            "films of another view",
        ),
    ):
        assert text in page.text, text
    assert "Please note" not in page.text  # the calibration stands beside its answer
    assert page.text.count(notice.text) == 1


def test_heat_maps_are_shown_with_their_caveat(film, report):
    heat = draw_heat(film, np.zeros(film.size, np.float32), "gate: ap")
    page = Page(render_page(film, report, title="x", heat_pictures={"gate": heat}))
    assert "heat map of gate" in page.all("img")[-1]["alt"]
    assert WHERE_IT_LOOKED in page.text
    assert WHERE_IT_LOOKED not in Page(render_page(film, report, title="x")).text


def test_untrusted_text_of_a_classifier_is_escaped(film, report):
    evil = "<script>alert(3)</script>"
    answer = Prediction(evil, evil, {evil: 1.0}, (evil,), "accepted", (evil,), evil)
    notices = (Notice("calibration", evil),)
    report = replace(
        report, predictions=(answer,), warnings=notices, bundles=(BundleRef(evil, evil),)
    )
    heat = {evil: draw_heat(film, np.zeros(film.size, np.float32), evil)}
    page = Page(render_page(film, report, title="x", cards={evil: evil}, heat_pictures=heat))
    assert page.all("script") == []
    assert page.text.count(evil) == 11


def test_the_page_stands_alone(film, report):
    html = render_page(film, report, title="film.png")
    page = Page(html)
    for _, attrs in page.tags:
        for name in ("src", "href", "action", "data", "srcset"):
            assert attrs.get(name, "data:").startswith("data:")
    without_pictures = re.sub(r"data:image/jpeg;base64,[A-Za-z0-9+/=]+", "", html)
    assert "http" not in without_pictures.replace("http-equiv", "")
    assert "url(" not in without_pictures
    policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m)
    assert "default-src 'none'" in policy
    for image in page.all("img"):
        head, _, data = image["src"].partition(",")
        assert head == "data:image/jpeg;base64"
        assert max(Image.open(BytesIO(base64.b64decode(data))).size) <= 1600


def test_the_page_can_be_read_aloud(film, report):
    page = Page(render_page(film, report, title="film.png"))
    assert page.all("html") == [{"lang": "en"}]
    assert [tag for tag, _ in page.tags if tag == "h1"] == ["h1"]
    assert len(page.all("caption")) == len(page.all("table")) == 4
    assert all(th["scope"] in ("col", "row") for th in page.all("th"))
    assert all(image["alt"] for image in page.all("img"))
    assert "42.3 degrees" in page.all("img")[0]["alt"]
    ids = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    for _, attrs in page.tags:
        for name in ("aria-labelledby", "for"):
            assert name not in attrs or attrs[name] in ids


def test_an_abstained_film_is_explained_and_has_no_curves(film, report):
    report = replace(
        report, decision="abstained", reasons=("no_spine", "odd_code"), curves=(), als=None
    )
    page = Page(render_page(film, report, title="x"))
    assert "No answer was given for this film" in page.text
    assert "No spine could be found on the film." in page.text
    assert "odd_code" in page.text
    assert "No curve of 10 degrees" not in page.text


def test_a_straight_spine_and_a_film_of_unknown_spacing(film, report):
    report = replace(report, curves=(), als=None, spacing_mm=None, bundles=(), warnings=())
    page = Page(render_page(film, report, title="x"))
    assert "No curve of 10 degrees or more." in page.text
    assert "pixel spacing not known" in page.text
    assert "No model took part." in page.text
    assert "Please note" not in page.text


def test_an_anonymous_page_names_neither_file_nor_digest(film, report):
    html = render_page(film, report, title="")
    assert film.sha256 not in html
    assert "<h1>Spine film</h1>" in html


def test_a_lateral_film_has_its_shape_norms_and_slips_on_the_page(film, report):
    landmarks = spread(slipped(30, landmarks=person(47, 0)), 0.7)
    shape = sagittal_verdict(landmarks, factor=1.0)
    lateral = replace(
        report,
        view="lateral",
        curves=(),
        als=None,
        sagittal=shape,
        measurements=sagittal_measurements(landmarks, factor=1.0),
    )
    page = Page(render_page(film, lateral, title="side.png"))
    for text in (
        *("Sagittal shape (provisional)", "Kyphosis: more thoracic kyphosis than normal."),
        *("Could also be healthy.", "Thoracic kyphosis T4 to T12 (TK)", "47.0\N{DEGREE SIGN}"),
        *("20.0\N{DEGREE SIGN} to 45.0\N{DEGREE SIGN}", "too much , could be normal"),
        *("L4 on L5", "front", "Slip of L4 on L5", "Pelvic incidence (PI)", SAGITTAL_CAVEAT),
        *(fact.text for fact in shape.facts),
    ):
        assert text.replace(" ,", ",") in page.text.replace(" ,", ","), text
    assert "No curve of 10 degrees" not in page.text
    assert page.text.count(RESEARCH_USE) == 2
