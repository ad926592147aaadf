"""Keras models answer as a bundle what they answered in Keras, or are refused."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinescan.core.errors import BundleError
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import ALS7
from spinescan.infer.bundle import Bundle
from spinescan.infer.classifier import Classifier
from spinescan.infer.session import Session
from spinescan.train import keras_import
from spinescan.train.keras_import import Terms, import_keras
from tests.train.keras_files import COLUMNS, LABELS, ROWS, architecture, arrays, dense, write_h5

SAVED = Path(__file__).parent / "keras_saved"
TERMS = Terms(ALS7, "0-255")


def scores(folder: Path, films: NDArray[np.float32]) -> NDArray[np.float64]:
    """The bundle's scores (n, labels) for inputs (n, rows, columns)."""
    classifier = Classifier.load(Bundle.load(folder))
    logits = [classifier.run(film[None, None]).logits[0] for film in films]
    return np.array([list(classifier.spec.scores(row).values()) for row in logits])


def films(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bytes of a picture as a bundle's input."""
    return (grey / 127.5 - 1).astype(np.float32)


def by_hand(grey: NDArray[np.float64], end: str) -> NDArray[np.float64]:
    """What the hand-written model answers for a picture (rows, columns), worked out here."""
    weights = arrays()
    kernel = weights["conv2d"]["conv2d/kernel:0"].sum(2)  # three equal colours
    padded = np.pad(grey, ((0, 1), (0, 1)))  # 12 and 10 by 2: "same" adds below and right
    features = np.array(
        [
            [
                np.einsum("yx,yxf->f", padded[y : y + 3, x : x + 3], kernel)
                for x in range(0, COLUMNS, 2)
            ]
            for y in range(0, ROWS, 2)
        ]
    ).clip(0)
    head = weights["dense"]
    logits = features.mean((0, 1)) @ head["dense/kernel:0"] + head["dense/bias:0"]
    if end == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-logits)))
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())


@pytest.mark.parametrize("end", ["sigmoid", "softmax"])
def test_a_hand_written_file_answers_as_worked_out_by_hand(tmp_path: Path, end: str) -> None:
    path = write_h5(tmp_path / "old.h5", architecture(end))
    made = import_keras(path, replace(TERMS, input_range="0-1"), tmp_path / "bundle")
    grey = np.random.default_rng(1).integers(0, 256, (3, ROWS, COLUMNS)).astype(np.uint8)
    expected = [by_hand(one / 255, end) for one in grey]
    np.testing.assert_allclose(scores(made.folder, films(grey)), expected, atol=1e-5)
    assert made.end == end


@pytest.mark.parametrize("name", ["sequential", "functional"])
def test_a_file_saved_by_tensorflow_answers_as_it_did_there(tmp_path: Path, name: str) -> None:
    made = import_keras(SAVED / f"tf-2.12-{name}.h5", TERMS, tmp_path / "bundle")
    grey = np.load(SAVED / "pictures.npy")
    expected = np.load(SAVED / f"tf-2.12-{name}.npy")
    assert np.ptp(expected, axis=0).min() > 0.01
    np.testing.assert_allclose(scores(made.folder, films(grey)), expected, atol=1e-5)


def answers_of(python: str, name: str, grey: NDArray[np.uint8], folder: Path) -> Any:
    """Run make.py in another environment: the model's file is folder/model.h5."""
    np.save(folder / "pictures.npy", grey)
    subprocess.run(
        [python, SAVED / "make.py", name, folder / "pictures.npy", folder / "model"],
        check=True,
        capture_output=True,
        env={**os.environ, "KERAS_BACKEND": "torch"},
    )
    return np.load(folder / "model.npy")


@pytest.mark.parametrize("name", ["sequential", "functional"])
def test_a_file_saved_by_keras_3_answers_as_it_did_there(tmp_path: Path, name: str) -> None:
    grey = np.load(SAVED / "pictures.npy")
    expected = answers_of(sys.executable, name, grey, tmp_path)
    made = import_keras(tmp_path / "model.h5", TERMS, tmp_path / "bundle")
    np.testing.assert_allclose(scores(made.folder, films(grey)), expected, atol=1e-5)


def tensorflow_python() -> str:
    """A Python that has an old TensorFlow; without it the test is skipped."""
    named = os.environ.get("SPINESCAN_TENSORFLOW_PYTHON")
    if named:
        return named
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip(
            "no TensorFlow here: set SPINESCAN_TENSORFLOW_PYTHON to a Python that has 2.10 to 2.15"
        )
    return sys.executable


@pytest.mark.slow
@pytest.mark.parametrize("saved_by", ["keras", "tensorflow"])
@pytest.mark.parametrize("use", ["flat", "nested"])
@pytest.mark.parametrize("backbone", ["InceptionV3", "Xception", "ResNet50", "ResNet101"])
def test_the_four_backbones_at_their_size(
    tmp_path: Path, backbone: str, use: str, saved_by: str
) -> None:
    python = sys.executable if saved_by == "keras" else tensorflow_python()
    grey = np.random.default_rng(2).integers(0, 256, (2, 5, 5)).astype(np.uint8)
    grey = np.kron(grey, np.ones((60, 60), np.uint8))[:, :299, :299]
    expected = answers_of(python, f"{backbone}-{use}", grey, tmp_path)
    made = import_keras(tmp_path / "model.h5", TERMS, tmp_path / "bundle")
    np.testing.assert_allclose(scores(made.folder, films(grey)), expected, atol=1e-4)


@pytest.mark.parametrize("name", ["0-255", "0-1", "-1-1", "caffe", "torch"])
def test_every_input_range_is_the_one_that_keras_makes(tmp_path: Path, name: str) -> None:
    # Refused within import_keras unless Keras's own preprocessing gives the same.
    terms = replace(TERMS, input_range=name)
    made = import_keras(write_h5(tmp_path / "old.h5"), terms, tmp_path / "bundle")
    assert made.agreement.probes >= 5
    assert Bundle.load(made.folder).provenance["input_range"] == name


def test_the_input_range_changes_the_answer(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "old.h5")
    grey = np.random.default_rng(1).integers(0, 256, (1, ROWS, COLUMNS)).astype(np.uint8)
    answers = []
    for name in ("0-255", "0-1"):
        import_keras(path, replace(TERMS, input_range=name), tmp_path / name)
        answers.append(scores(tmp_path / name, films(grey)))
    assert np.abs(answers[0] - answers[1]).max() > 0.05


def test_a_linear_head_gives_maps_whose_mean_is_the_logit(tmp_path: Path) -> None:
    made = import_keras(write_h5(tmp_path / "old.h5"), TERMS, tmp_path / "bundle")
    bundle = Bundle.load(made.folder)
    session = Session(bundle.networks["classifier"].path)
    film = np.random.default_rng(0).uniform(-1, 1, (2, 1, ROWS, COLUMNS)).astype(np.float32)
    answer = dict(zip(session.outputs, session.run(film), strict=True))
    assert answer["maps"].shape == (2, LABELS, 6, 5)
    np.testing.assert_allclose(answer["maps"].mean((2, 3)), answer["logits"], rtol=1e-4, atol=1e-3)


def test_a_head_with_hidden_layers_has_no_maps(tmp_path: Path) -> None:
    made = import_keras(SAVED / "tf-2.12-sequential.h5", TERMS, tmp_path / "bundle")
    assert list(Session(made.folder / "classifier.onnx").outputs) == ["logits"]


def test_outputs_in_another_order_are_put_in_the_tasks(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "old.h5")
    by_name = tuple(sorted(ALS7.codes))  # as flow_from_directory does
    film = np.random.default_rng(0).uniform(-1, 1, (1, ROWS, COLUMNS)).astype(np.float32)
    import_keras(path, TERMS, tmp_path / "task")
    import_keras(path, replace(TERMS, labels=by_name), tmp_path / "name")
    straight, sorted_ = scores(tmp_path / "task", film)[0], scores(tmp_path / "name", film)[0]
    assert dict(zip(by_name, straight, strict=True)) == pytest.approx(
        dict(zip(ALS7.codes, sorted_, strict=True))
    )
    assert by_name != ALS7.codes


def test_the_bundle_is_scanned_and_says_what_it_is(tmp_path: Path) -> None:
    made = import_keras(write_h5(tmp_path / "old.h5"), TERMS, tmp_path / "als7-imported")
    bundle = Bundle.load(made.folder)
    film = Radiograph(
        pixels=np.random.default_rng(0).uniform(0, 1, (40, 30)).astype(np.float32),
        sha256="5a" * 32,
    )
    prediction = Classifier.load(bundle).predict(film)
    assert prediction.label == max(prediction.scores, key=prediction.scores.__getitem__)
    assert prediction.reasons == ("not_calibrated",)
    assert prediction.prediction_set == ()
    spec = bundle.networks["classifier"].input
    assert (spec.rows, spec.columns, spec.fit) == (ROWS, COLUMNS, "squash")
    assert RESEARCH_USE in bundle.card
    assert "add up to 1" in bundle.card
    assert "nothing was measured" in bundle.card


def test_a_model_of_any_size_needs_its_size(tmp_path: Path) -> None:
    config = architecture()
    config["config"]["layers"][0]["config"]["batch_input_shape"] = [None, None, None, 3]
    path = write_h5(tmp_path / "old.h5", config)
    with pytest.raises(BundleError, match="--size"):
        import_keras(path, TERMS, tmp_path / "bundle")
    import_keras(path, replace(TERMS, size=(ROWS, COLUMNS)), tmp_path / "bundle")
    with pytest.raises(BundleError, match="takes pictures of"):
        import_keras(write_h5(tmp_path / "old.h5"), replace(TERMS, size=(9, 9)), tmp_path / "other")


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "precious.txt").write_text("mine")
    with pytest.raises(BundleError, match="is there already"):
        import_keras(write_h5(tmp_path / "old.h5"), TERMS, tmp_path / "bundle")
    assert (tmp_path / "bundle" / "precious.txt").read_text() == "mine"


def test_a_conversion_that_differs_from_keras_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = keras_import.to_onnx

    def bent(graph: Any, size: Any, scale: Any, offset: Any, order: Any) -> bytes:
        return true(graph, size, [value * 1.01 for value in scale], offset, order)

    monkeypatch.setattr(keras_import, "to_onnx", bent)
    with pytest.raises(BundleError, match="differs from Keras"):
        import_keras(write_h5(tmp_path / "old.h5"), TERMS, tmp_path / "bundle")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.h5"]


def test_a_model_that_does_not_look_is_refused(tmp_path: Path) -> None:
    weights = arrays()
    weights["dense"]["dense/kernel:0"][:] = 0
    with pytest.raises(BundleError, match="cannot be checked"):
        import_keras(write_h5(tmp_path / "old.h5", weights=weights), TERMS, tmp_path / "bundle")


def test_other_numbers_of_outputs_and_other_labels_are_refused(tmp_path: Path) -> None:
    config, weights = architecture(), arrays()
    config["config"]["layers"][-1] = dense("dense", 5, "softmax")
    weights["dense"] = {key: value[..., :5] for key, value in weights["dense"].items()}
    path = write_h5(tmp_path / "old.h5", config, weights)
    with pytest.raises(BundleError, match="7 labels"):
        import_keras(path, TERMS, tmp_path / "bundle")
    terms = replace(TERMS, labels=("3CH", "nonsense"))
    with pytest.raises(BundleError, match="nonsense"):
        import_keras(write_h5(tmp_path / "old.h5"), terms, tmp_path / "bundle")


def test_the_digest_in_the_bundle_is_that_of_the_file(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "old.h5")
    made = import_keras(path, TERMS, tmp_path / "bundle")
    values = json.loads((made.folder / "bundle.json").read_text())
    copy = shutil.copy(path, tmp_path / "copy.h5")
    from spinescan.infer.bundle import file_digest

    assert values["provenance"]["imported_from"]["sha256"] == file_digest(Path(copy))
    assert values["calibration"]["origin"] == "none"
