"""The three sagittal classifiers that ship: a generalist and two specialists, taught alike."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import spinescan
from spinescan.core.radiograph import View
from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import KYPHOSIS, LORDOSIS, SAGITTAL3, Task
from spinescan.infer.bundle import Bundle, shipped
from spinescan.infer.scanner import Scanner
from spinescan.phantom.film import Order, draw_phantom, sample_film
from tests.infer.recipes import check_recipe

ROOT = Path(__file__).parents[2]
MOST_BYTES = 15_000_000
TASKS = {"generalist": SAGITTAL3, "kyphosis": KYPHOSIS, "lordosis": LORDOSIS}


@pytest.mark.parametrize(("name", "task"), TASKS.items())
def test_they_say_what_they_are(name: str, task: Task) -> None:
    bundle = Bundle.load(shipped(name))
    spec = bundle.classifier
    assert spec is not None
    assert spec.on_request
    assert (spec.task.name, spec.task.codes) == (task.name, task.codes)
    assert spec.views == (View.LATERAL,)
    assert spec.calibration.origin == "synthetic"
    assert min(spec.calibration.n.values()) >= 9, "too few for sets of 90 %"
    assert bundle.size_bytes < MOST_BYTES
    card = bundle.card
    assert RESEARCH_USE.split(".")[0] in card
    assert card.index("taught and judged on synthetic films") < card.index("## Model")


@pytest.mark.parametrize("name", TASKS)
def test_their_recipe_is_the_one_in_the_repository(name: str) -> None:
    check_recipe(Bundle.load(shipped(name)), "classify-sagittal.toml")


@pytest.mark.parametrize("name", TASKS)
def test_their_summary_is_of_films_that_taught_nothing(name: str) -> None:
    told = json.loads((ROOT / "benchmarks/results/sagittal-classes.json").read_text("utf-8"))
    films = told["bundles"][name]["models"][0]["set"]["n_films"]
    summary = Bundle.load(shipped(name)).summary
    assert summary["measured_on"].startswith("synthetic films that taught nothing")
    assert f"n = {films}" in summary["measured_on"]


def test_they_answer_only_where_they_are_named() -> None:
    asked = {bundle.name for bundle in Scanner.default(threads=1).bundles}
    assert asked.isdisjoint(TASKS)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "ill"), [("kyphosis", "kyphosis"), ("lordosis", "lordosis")])
def test_clear_films_are_told_apart(name: str, ill: str, tmp_path: Path) -> None:
    """Of films far from a border; the classes themselves are judged by the benchmark."""
    shares: dict[str, list[float]] = {"healthy": [], ill: []}
    seed = 8_000
    while min(len(found) for found in shares.values()) < 4:
        seed += 1
        sagittal = "healthy" if len(shares["healthy"]) < 4 else f"hyper{ill}"
        order = Order(view="lateral", als="healthy", sagittal=sagittal, extent="whole", rows=700)  # type: ignore[arg-type]
        drawn = draw_phantom(order, seed)
        if drawn.subject.sagittal_margin_deg < 4:
            continue
        path = tmp_path / f"{seed}.png"
        Image.fromarray(np.rint(drawn.pixels * 255).astype(np.uint8)).save(path)
        answer = spinescan.predict_image(path, name)
        if answer.scores:
            shares["healthy" if sagittal == "healthy" else ill].append(answer.scores[ill])
    assert np.mean(shares[ill]) > np.mean(shares["healthy"]) + 0.3


@pytest.mark.slow
def test_a_frontal_film_is_none_of_theirs(tmp_path: Path) -> None:
    path = tmp_path / "front.png"
    Image.fromarray(np.rint(sample_film().pixels * 255).astype(np.uint8)).save(path)
    assert spinescan.predict_image(path, "generalist").reasons == ("view_not_asked",)
