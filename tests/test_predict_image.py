"""`spinescan.predict_image`: one film, one classifier."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import spinescan
from spinescan.core.errors import BundleError
from tests.infer.classifiers import film_with_light, write_classifier


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.png"
    Image.fromarray((film_with_light(2).pixels * 255).astype(np.uint8)).save(path)
    return path


def test_path_and_bytes_have_the_same_answer(film: Path, tmp_path: Path) -> None:
    model = write_classifier(tmp_path / "model")
    answer = spinescan.predict_image(film, model=model)
    assert isinstance(answer, spinescan.Prediction)
    assert (answer.label, answer.bundle) == ("lower", "light")
    assert spinescan.predict_image(str(film), model=str(model)) == answer
    assert spinescan.predict_image(film.read_bytes(), model=model) == answer
    turned = io.BytesIO()
    Image.open(film).rotate(180).save(turned, "PNG")
    assert spinescan.predict_image(turned.getvalue(), model=model).label == "upper"


def test_a_model_that_was_trained_anew_is_loaded_anew(film: Path, tmp_path: Path) -> None:
    model = write_classifier(tmp_path / "model")
    assert spinescan.predict_image(film, model=model).bundle == "light"
    write_classifier(model, name="newer")
    os.utime(model / "bundle.json", ns=(1, 1))
    assert spinescan.predict_image(film, model=model).bundle == "newer"


def test_a_frontal_classifier_is_not_asked_about_another_picture(
    film: Path, tmp_path: Path
) -> None:
    model = write_classifier(tmp_path / "model", views=["frontal"])
    answer = spinescan.predict_image(film, model=model)
    assert (answer.label, answer.decision) == (None, "abstained")
    assert answer.reasons == ("view_not_asked",)


@pytest.mark.parametrize("model", ["no-such-model", "frontal-landmarks"])
def test_what_is_no_classifier_is_one_line(film: Path, model: str) -> None:
    with pytest.raises(BundleError) as caught:
        spinescan.predict_image(film, model=model)
    assert "\n" not in str(caught.value)
