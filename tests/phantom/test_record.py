"""A phantom's truth as a Report, and its picture as a file."""

import hashlib
import json
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from spinescan.core.report import Curve, Report
from spinescan.io.read import read_radiograph
from spinescan.phantom.film import Order, draw_phantom
from spinescan.phantom.record import METHOD, image_bytes, true_report, truth_record

FRONTAL = Order(als="4C", cobb_deg=45, rows=160, extent="whole", plain=True)
LATERAL = Order(view="lateral", rows=160, extent="whole", plain=True)


@pytest.fixture(scope="module")
def frontal():
    return draw_phantom(FRONTAL, 3)


@pytest.fixture(scope="module")
def lateral():
    return draw_phantom(LATERAL, 3)


def test_a_frontal_film_tells_its_type_and_curves(frontal):
    report = true_report(frontal, "0" * 64)
    assert report.als is not None
    assert (report.als.type, report.als.family, report.als.decision) == ("4C", "4C", "accepted")
    assert report.curves == frontal.curves
    assert max(c.cobb_deg for c in report.curves) > 30
    assert report.measurements == ()
    assert report.spacing_mm == (frontal.beam.pixel_mm,) * 2
    assert report.spacing_origin == "detector"
    assert [w.code for w in report.warnings] == ["synthetic"]
    assert set(report.landmarks.origin) == {"derived"}


def test_a_lateral_film_tells_its_angles_by_level(lateral):
    report = true_report(lateral, "0" * 64)
    assert report.als is None
    assert report.curves == ()
    told = {m.name: m for m in report.measurements}
    assert {name: m.value for name, m in told.items()} == lateral.angles_deg
    assert told["TK_T4_T12"].levels == ("T4", "T12")
    assert told["LL_L1_S1"].levels == ("L1", "S1")
    assert told["PI"].levels == ("S1",)
    assert {(m.unit, m.method) for m in report.measurements} == {("deg", METHOD)}


def test_a_healthy_spine_has_no_type():
    phantom = draw_phantom(Order(als="healthy", rows=96, plain=True), 1)
    verdict = true_report(phantom, "0" * 64).als
    assert verdict is not None
    assert (verdict.type, verdict.family, verdict.reasons) == (None, None, ("no_curve",))
    assert verdict.decision == "accepted"


def test_what_the_film_does_not_show_is_left_out_but_told_beside():
    order = Order(view="lateral", extent="lumbar", rows=96, plain=True)
    told = set()
    for seed in (2, 4):
        phantom = draw_phantom(order, seed)
        record = truth_record(phantom, order, file="x.png", sha256="0" * 64)
        names = record["landmarks"]["names"]
        assert "T4_superior_anterior" not in names
        told.add(tuple(m["name"] for m in record["measurements"]))
        hips = {"femoral_head_left", "femoral_head_right"} <= set(names)
        assert ("PI" in {m["name"] for m in record["measurements"]}) == hips
        assert {"TK_T4_T12", "PI"} <= set(record["phantom"]["angles_deg"])
    # Some lumbar films end within the sacrum, others show the hips.
    assert told == {("LL_L1_S1", "SS"), ("LL_L1_S1", "SS", "PT", "PI")}


def test_a_curve_that_the_film_cuts_off_is_left_out(frontal):
    from dataclasses import replace

    beyond = Curve("lumbar", "left", "L2", "L4", "L6", 20.0)
    report = true_report(replace(frontal, curves=(*frontal.curves, beyond)), "0" * 64)
    assert report.curves == frontal.curves


@pytest.mark.parametrize("name", ["frontal", "lateral"])
def test_the_record_is_a_report_and_what_it_takes_to_draw_it_again(name, request):
    phantom, order = request.getfixturevalue(name), {"frontal": FRONTAL, "lateral": LATERAL}[name]
    record = truth_record(phantom, order, file="images/0.png", sha256="a" * 64)
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    told = record.pop("phantom")
    report = true_report(phantom, "a" * 64)
    assert isinstance(report, Report)
    assert record == report.to_dict("images/0.png")
    assert set(told) == {
        "drawn_by", "seed", "order", "als", "als_margin", "sagittal", "sagittal_margin_deg",
        "person", "plan", "angles_deg", "extent", "metal", "effects", "letter", "exposure",
    }  # fmt: skip
    assert told["exposure"]["position"] in {"frontal": ("PA", "AP"), "lateral": ("LL", "RL")}[name]
    assert told["seed"] == 3
    wish = {k: v for k, v in told["order"].items() if k != "clinic"}
    again = draw_phantom(Order(**wish, clinic=None), told["seed"])
    assert np.array_equal(again.pixels, phantom.pixels)


@pytest.mark.parametrize(("image", "top"), [("png", 255), ("png16", 65535)])
def test_png_holds_the_pixels_and_says_synthetic(frontal, image, top):
    data = image_bytes(frontal, image)
    film = read_radiograph(data)
    assert film.sha256 == hashlib.sha256(data).hexdigest()
    assert np.abs(film.pixels - frontal.pixels).max() <= 0.5001 / top
    with Image.open(BytesIO(data)) as picture:
        assert "Synthetic" in picture.text["Description"]
