"""`spinescan predict`: one question about films."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from spinescan.app.main import cli
from spinescan.core.report import RESEARCH_USE
from spinescan.phantom.film import sample_film
from tests.infer.classifiers import film_with_light, write_classifier


def predict(*args: object) -> Result:
    return CliRunner().invoke(cli, ["predict", *map(str, args)])


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.png"
    Image.fromarray((film_with_light(2).pixels * 255).astype(np.uint8)).save(path)
    return path


def test_a_classifier_is_asked_about_each_film(film: Path, tmp_path: Path) -> None:
    model = write_classifier(tmp_path / "model")
    result = predict(film, film, "--model", model, "--json")
    assert result.exit_code == 0
    one, other = map(json.loads, result.stdout.splitlines())
    assert one == other
    assert one["file"] == str(film)
    assert one["prediction"]["label"] == "lower"
    assert sum(one["prediction"]["scores"].values()) == pytest.approx(1, abs=1e-3)


def test_people_read_the_answer_and_what_it_is_for(film: Path, tmp_path: Path) -> None:
    result = predict(film, "--model", write_classifier(tmp_path / "model"))
    assert "lower" in result.stdout
    assert RESEARCH_USE in result.stdout


def test_a_film_that_fails_is_one_of_the_answers(film: Path, tmp_path: Path) -> None:
    model = write_classifier(tmp_path / "model")
    (tmp_path / "broken.png").write_bytes(b"no film")
    result = predict(tmp_path / "broken.png", film, "--model", model, "--json")
    assert result.exit_code == 1
    failed, answered = map(json.loads, result.stdout.splitlines())
    assert failed["error"]["kind"]
    assert answered["prediction"]["label"] == "lower"


def test_a_model_that_is_not_there_is_wrong_usage(film: Path) -> None:
    result = predict(film, "--model", "no-such-model")
    assert result.exit_code == 2
    assert "--model" in result.stderr


def test_scoliosis_is_measured_by_the_frontal_model(tmp_path: Path) -> None:
    path = tmp_path / "sample.png"
    Image.fromarray(np.rint(sample_film().pixels * 255).astype(np.uint8)).save(path)
    result = predict(path, "--model", "scoliosis", "--json")
    answer = json.loads(result.stdout)["prediction"]
    assert (answer["label"], answer["bundle"]) == ("scoliosis", "frontal-landmarks")
    assert answer["scores"]["scoliosis"] > 0.95
