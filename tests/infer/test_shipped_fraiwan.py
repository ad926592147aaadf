"""The classifier of Fraiwan's classes that ships, and answers only where it is named."""

import json
from pathlib import Path

import pytest

import spinescan
from spinescan.core.anatomy import Landmarks
from spinescan.core.errors import BundleError
from spinescan.core.radiograph import Radiograph, View
from spinescan.core.report import RESEARCH_USE, Prediction
from spinescan.core.task import FRAIWAN3
from spinescan.infer.bundle import Bundle, shipped
from spinescan.infer.classifier import Classifier
from spinescan.infer.explain import heat_map
from spinescan.infer.scanner import Scanner
from spinescan.io.read import read_radiograph
from tests.infer.recipes import check_recipe

ROOT = Path(__file__).parents[2]
NAME = "fraiwan3"
MOST_BYTES = 15_000_000


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    try:
        return Bundle.load(shipped(NAME))
    except BundleError as error:
        pytest.skip(f"the model is not in this checkout ({error})")


@pytest.fixture(scope="module")
def classifier(bundle: Bundle) -> Classifier:
    return Classifier.load(bundle, threads=1)


def check(answer: Prediction) -> None:
    """An answer to a film that nobody can hold it to: well formed, an abstention or a label."""
    assert (answer.task, answer.bundle) == (NAME, NAME)
    assert tuple(answer.scores) == FRAIWAN3.codes
    assert sum(answer.scores.values()) == pytest.approx(1)
    if answer.decision == "accepted":
        assert answer.prediction_set == (answer.label,)
        assert answer.label == max(answer.scores, key=answer.scores.__getitem__)
    else:
        assert answer.label is None
        assert answer.reasons


def test_it_says_what_it_is(bundle: Bundle) -> None:
    spec = bundle.classifier
    assert spec is not None
    assert spec.task == FRAIWAN3
    assert spec.on_request
    assert View.FRONTAL in spec.views
    assert spec.calibration.origin == "real"
    assert min(spec.calibration.n.values()) >= 9, "too few for sets of 90 %"
    assert bundle.size_bytes < MOST_BYTES
    assert bundle.provenance["trained_on"] == ["fraiwan"]


def test_its_recipe_is_the_one_in_the_repository(bundle: Bundle) -> None:
    check_recipe(bundle, "classify-fraiwan3.toml")


def test_the_figures_are_of_the_films_that_it_was_taught_on(bundle: Bundle) -> None:
    text = (ROOT / "benchmarks" / "results" / "fraiwan-classes.json").read_text("utf-8")
    every = json.loads(text)["films"]["all"]
    assert every["films"] == bundle.provenance["films"]
    assert f"n = {every['films']}" in bundle.summary["measured_on"]
    counts = ", ".join(f"{every[code]['films']} {code}" for code in FRAIWAN3.codes)
    assert f"{every['films']} films of {every['persons']} persons ({counts}" in bundle.card.replace(
        "\n  ", " "
    )


def test_its_card_begins_with_what_is_wrong_with_it(bundle: Bundle) -> None:
    card = bundle.card
    assert RESEARCH_USE.split(".")[0] in card
    assert card.index("told by how the picture was made") < card.index("## Intended use")
    for needed in ("10.17632/xkt857dsxk.1", "CC BY 4.0", "Apache-2.0"):
        assert needed in card


def test_it_answers_a_phantom(classifier: Classifier, sample: tuple[Radiograph, Landmarks]) -> None:
    film, _ = sample
    check(classifier.predict(film))
    found = heat_map(film, classifier)
    assert found is not None


def test_a_scan_asks_it_only_where_it_is_named(
    bundle: Bundle, sample: tuple[Radiograph, Landmarks]
) -> None:
    film, _ = sample
    default = Scanner.default(threads=1)
    assert NAME not in [one.name for one in default.bundles]
    asked = Scanner.with_bundles([bundle.folder], threads=1)
    answers = {one.bundle: one for one in asked.scan(film).predictions}
    check(answers[NAME])


@pytest.mark.slow
def test_films_of_the_set_are_answered(bundle: Bundle, shared_data: Path) -> None:
    # It was taught on them: this tells that it is whole, not how good it is.
    films = sorted((shared_data / "fraiwan" / "images" / "normal").glob("*.jpg"))[:10]
    answers = [spinescan.predict_image(film, model=NAME) for film in films]
    for answer in answers:
        check(answer)
    right = sum(max(a.scores, key=a.scores.__getitem__) == "normal" for a in answers)
    assert right > len(films) / 2
    lateral = shared_data / "fraiwan" / "images" / "spondylolisthesis"
    film = read_radiograph(sorted(lateral.glob("*.jpg"))[0])
    check(Classifier.load(bundle, threads=1).predict(film))
