"""The classifier of ALS types that ships: a second opinion from the picture alone."""

import json
from pathlib import Path

import pytest

from spinescan.core.anatomy import Landmarks
from spinescan.core.radiograph import Radiograph, View
from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import ALS7
from spinescan.infer.bundle import Bundle, shipped
from spinescan.infer.classifier import Classifier
from spinescan.infer.scanner import Scanner
from spinescan.phantom.film import Order, draw_phantom
from tests.infer.recipes import check_recipe

ROOT = Path(__file__).parents[2]
NAME = "als7"
MOST_BYTES = 15_000_000


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.load(shipped(NAME))


@pytest.fixture(scope="module")
def classifier(bundle: Bundle) -> Classifier:
    return Classifier.load(bundle, threads=1)


def test_it_says_what_it_is(bundle: Bundle) -> None:
    spec = bundle.classifier
    assert spec is not None
    assert spec.task == ALS7
    assert spec.views == (View.FRONTAL,)
    assert spec.calibration.origin == "synthetic"
    assert min(spec.calibration.n.values()) >= 9, "too few for sets of 90 %"
    assert bundle.size_bytes < MOST_BYTES
    card = bundle.card
    assert RESEARCH_USE.split(".")[0] in card
    assert card.index("No human has labelled a film for it") < card.index("## Model")


def test_its_recipe_is_the_one_in_the_repository(bundle: Bundle) -> None:
    check_recipe(bundle, "classify-als7.toml")


def test_its_summary_is_of_films_that_taught_nothing(bundle: Bundle) -> None:
    text = (ROOT / "benchmarks" / "results" / "als-types.json").read_text("utf-8")
    films = json.loads(text)["phantoms"]["models"][0]["set"]["n_films"]
    assert bundle.summary["measured_on"].startswith("synthetic films that taught nothing")
    assert f"n = {films}" in bundle.summary["measured_on"]


@pytest.mark.slow
def test_plain_types_are_told_apart(classifier: Classifier) -> None:
    right = 0
    orders = [Order(als=code, cobb_deg=45.0, rows=640) for code in ("3CH", "3CTL", "4C", "4CL")]
    for seed, order in enumerate([*orders, *orders], start=1):
        drawn = draw_phantom(order, 9_000 + seed)
        answer = classifier.predict(Radiograph(drawn.pixels, "0" * 64))
        family = sum(p for code, p in answer.scores.items() if code[:2] == (order.als or "")[:2])
        right += family > 0.5
    assert right >= 7


def test_a_scan_asks_it_beside_the_measured_type(sample: tuple[Radiograph, Landmarks]) -> None:
    film, _ = sample
    report = Scanner.default(threads=1).scan(film)
    (answer,) = report.predictions
    assert (answer.task, answer.bundle) == (NAME, NAME)
    assert "synthetic_calibration" in answer.reasons
    assert report.als is not None
