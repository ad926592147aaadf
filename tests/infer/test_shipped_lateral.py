"""The lateral landmark model that ships."""

import json
from pathlib import Path

import numpy as np
import pytest

from spinescan.core.anatomy import Landmarks
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import RESEARCH_USE
from spinescan.infer.bundle import Bundle, shipped
from spinescan.infer.scanner import Scanner
from spinescan.measure.sagittal import sagittal_measurements
from spinescan.phantom.film import Order, draw_phantom
from tests.infer.recipes import check_recipe

ROOT = Path(__file__).parents[2]
NAME = "lateral-landmarks"
MOST_BYTES = 15_000_000


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.load(shipped(NAME))


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner.with_bundles((), classifiers=False, threads=1)


def test_it_says_what_it_is(bundle: Bundle) -> None:
    assert bundle.task == NAME
    assert bundle.size_bytes < MOST_BYTES
    card = bundle.card
    assert RESEARCH_USE.split(".")[0] in card
    assert card.index("taught on synthetic films alone") < card.index("## Model")


def test_its_recipe_is_the_one_in_the_repository(bundle: Bundle) -> None:
    check_recipe(bundle, "lateral-landmarks.toml")


def test_its_summary_is_of_films_that_taught_nothing(bundle: Bundle) -> None:
    told = json.loads((ROOT / "benchmarks/results/lateral.json").read_text("utf-8"))
    assert bundle.summary["measured_on"].startswith("synthetic films that taught nothing")
    assert f"n = {told['all_films']['n']}" in bundle.summary["measured_on"]


@pytest.fixture(scope="module", params=[1, 2])
def side(request: pytest.FixtureRequest) -> tuple[Radiograph, Landmarks]:
    """A plain film of the whole spine from the side."""
    order = Order(view="lateral", als="healthy", sagittal="healthy", extent="whole", rows=1000)
    drawn = draw_phantom(order, 7_000 + request.param)
    return Radiograph(drawn.pixels, "0" * 64), drawn.landmarks


def test_a_film_from_the_side_is_measured(
    scanner: Scanner, side: tuple[Radiograph, Landmarks]
) -> None:
    film, truth = side
    report = scanner.scan(film)
    assert (report.view, report.decision) == ("lateral", "accepted")
    assert report.curves == ()
    assert report.sagittal is not None
    exact = {m.name: m.value for m in sagittal_measurements(truth)}
    told = {m.name: m for m in report.measurements}
    for name in ("TK_T4_T12", "LL_L1_S1"):
        assert told[name].value == pytest.approx(exact[name], abs=8)
        assert told[name].interval is not None


def test_a_film_that_faces_the_other_way_is_read_the_same(
    scanner: Scanner, side: tuple[Radiograph, Landmarks]
) -> None:
    film, _ = side
    one = scanner.scan(film)
    mirrored = Radiograph(np.ascontiguousarray(film.pixels[:, ::-1]), "1" * 64)
    other = scanner.scan(mirrored)
    told = [{m.name: m.value for m in report.measurements} for report in (one, other)]
    for name in ("TK_T4_T12", "LL_L1_S1"):
        assert told[0][name] == pytest.approx(told[1][name], abs=0.5)


def test_a_frontal_film_stays_frontal(
    scanner: Scanner, sample: tuple[Radiograph, Landmarks]
) -> None:
    assert scanner.scan(sample[0]).view == "frontal"
