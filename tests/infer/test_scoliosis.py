"""Scoliosis or not, from a Report."""

from dataclasses import replace

import numpy as np
import pytest

from spinescan.core.report import Report
from spinescan.infer.bundle import Bundle, shipped
from spinescan.infer.scoliosis import scoliosis_answer
from spinescan.measure.curves import find_curves
from tests.measure.spines import spine


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.load(shipped("frontal-landmarks"))


def report(cobb_deg: float, spread_px: float = 1.0) -> Report:
    half = cobb_deg / 2
    tilts = np.interp(np.arange(17), [4, 12], [-half, half])
    landmarks = spine(tilts, spread_px=spread_px)
    return Report(
        sha256="0" * 64,
        size=(1000, 500),
        pixel_aspect=1.0,
        spacing_mm=None,
        spacing_origin="unknown",
        view="frontal",
        decision="accepted",
        reasons=(),
        landmarks=landmarks,
        curves=find_curves(landmarks),
    )


@pytest.mark.parametrize(("cobb_deg", "label"), [(2, "normal"), (40, "scoliosis")])
def test_clear_films_get_one_answer(bundle: Bundle, cobb_deg: float, label: str) -> None:
    answer = scoliosis_answer(report(cobb_deg), bundle)
    assert (answer.label, answer.prediction_set) == (label, (label,))
    assert answer.scores[label] > 0.95
    assert sum(answer.scores.values()) == pytest.approx(1)
    assert answer.bundle == "frontal-landmarks"


def test_near_ten_degrees_there_is_none(bundle: Bundle) -> None:
    answer = scoliosis_answer(report(10.3, spread_px=2.0), bundle)
    assert (answer.label, answer.decision) == (None, "abstained")
    assert answer.prediction_set == ("normal", "scoliosis")
    assert answer.reasons == ("curve_near_border",)


def test_without_spreads_the_curves_decide(bundle: Bundle) -> None:
    answer = scoliosis_answer(report(40, spread_px=float("nan")), bundle)
    assert (answer.label, answer.scores) == ("scoliosis", {})


def test_films_that_are_not_frontal_or_not_accepted_get_none(bundle: Bundle) -> None:
    lateral = replace(report(40), view="lateral", curves=())
    assert scoliosis_answer(lateral, bundle).reasons == ("view_not_asked",)
    refused = replace(report(40), decision="abstained", reasons=("not_clear",), curves=())
    assert scoliosis_answer(refused, bundle).reasons == ("film_refused",)
