"""What is no plain Keras model is refused before anything of it is built."""

import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from spinescan.core.errors import BundleError
from spinescan.core.task import ALS7
from spinescan.train import keras_check
from spinescan.train.keras_file import read_keras_file
from spinescan.train.keras_graph import read_graph
from spinescan.train.keras_import import Terms, import_keras
from tests.train.keras_files import architecture, arrays, layer, write_h5


@pytest.fixture(autouse=True)
def nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails a test in which Keras is asked for anything, or a pickle is loaded."""

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a refused file was built")

    monkeypatch.setattr(keras_check, "_build", refuse)
    monkeypatch.setattr(pickle, "loads", refuse)
    monkeypatch.setattr(pickle, "load", refuse)


def refused(path: Path, reason: str) -> None:
    with pytest.raises(BundleError, match=f"refused, because .*{reason}") as caught:
        import_keras(path, Terms(ALS7, "0-255"), path.parent / "bundle")
    assert "\n" not in str(caught.value)
    assert not (path.parent / "bundle").exists()


def external_link(file: h5py.File) -> None:
    del file["model_weights/dense/dense/bias:0"]
    file["model_weights/dense/dense/bias:0"] = h5py.ExternalLink("/etc/passwd", "/bias")


def soft_link(file: h5py.File) -> None:
    file["model_weights/dense/other"] = h5py.SoftLink("/model_weights/conv2d")


def circle(file: h5py.File) -> None:
    file["model_weights/dense/again"] = file["model_weights"]


def values_elsewhere(file: h5py.File) -> None:
    del file["model_weights/dense/dense/bias:0"]
    file["model_weights/dense/dense"].create_dataset(
        "bias:0", (7,), "f4", external=[("/etc/hostname", 0, 28)]
    )


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((7,), "f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "bias", shape=(7,))
    file.create_virtual_dataset("model_weights/dense/virtual", layout)


def compressed(file: h5py.File) -> None:
    file.create_dataset("bomb", (10**9,), "f4", compression="gzip")


def never_written(file: h5py.File) -> None:
    file.create_dataset("hollow", (10**9,), "f4")


def pickled(file: h5py.File) -> None:
    file.attrs["classes"] = np.void(pickle.dumps({"3CH": 0}))


def pickled_as_architecture(file: h5py.File) -> None:
    file.attrs["model_config"] = np.void(pickle.dumps({"class_name": "Sequential"}))


def foreign_attribute(file: h5py.File) -> None:
    file["model_weights/dense"].attrs["note"] = "hello"


def objects(file: h5py.File) -> None:
    file.create_dataset("words", data=["a", "b"])


def named_type(file: h5py.File) -> None:
    file["type"] = np.dtype("f4")


def not_finite(file: h5py.File) -> None:
    file["model_weights/dense/dense/bias:0"][0] = np.nan


def of_theano(file: h5py.File) -> None:
    file.attrs["backend"] = "theano"


def of_keras_1(file: h5py.File) -> None:
    file.attrs["keras_version"] = "1.2.2"


def no_architecture(file: h5py.File) -> None:
    del file.attrs["model_config"]


def not_json(file: h5py.File) -> None:
    file.attrs["model_config"] = "{"


def deep_json(file: h5py.File) -> None:
    file.attrs["model_config"] = "[" * 60_000


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (external_link, "link to another file"),
        (soft_link, "is a link"),
        (circle, "nested too deep|too many objects"),
        (values_elsewhere, "lie in another file"),
        (virtual, "lie in another file"),
        (compressed, "is compressed"),
        (never_written, "are missing"),
        (pickled, "looks like a pickle"),
        (pickled_as_architecture, "not text and looks like a pickle"),
        (foreign_attribute, "none of Keras's"),
        (objects, "not numbers"),
        (named_type, "Datatype"),
        (not_finite, "no finite number"),
        (of_theano, "theano"),
        (of_keras_1, "1.2.2"),
        (no_architecture, "no architecture"),
        (not_json, "not JSON"),
        (deep_json, "not JSON"),
    ],
)
def test_a_file_with_more_than_keras_writes(
    tmp_path: Path, spoil: Callable[[h5py.File], None], reason: str
) -> None:
    refused(write_h5(tmp_path / "evil.h5", spoil=spoil), reason)


def with_layer(entry: dict[str, Any]) -> dict[str, Any]:
    config = architecture()
    config["config"]["layers"].insert(1, entry)
    return config


def with_setting(number: int, **settings: Any) -> dict[str, Any]:
    config = architecture()
    config["config"]["layers"][number]["config"].update(settings)
    return config


CODE = ["4wEAAAAAAAAA", None, None]  # the form of a marshalled function; it is never decoded

LAMBDA = layer("Lambda", "scale", function=CODE, function_type="lambda", arguments={})
CUSTOM = {**layer("Dense", "mine", units=4), "module": "os", "registered_name": "os>system"}


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (with_layer(LAMBDA), "Lambda layer, which is a program"),
        (with_layer(layer("TFOpLambda", "tf.math", function="math.truediv")), "of TensorFlow"),
        (with_layer(layer("Custom>Attention", "mine")), "not understood"),
        (with_layer(CUSTOM), "layer of one's own"),
        (with_layer(layer("LSTM", "lstm", units=3)), "not understood"),
        (with_setting(3, activation="my_activation"), "is none of"),
        (with_setting(3, activation={"class_name": "function", "config": "f"}), "is none of"),
        (with_setting(3, activation="linear"), "ends with sigmoid or softmax"),
        (with_setting(0, unheard_of=3), "unheard_of"),
        (with_setting(0, data_format="channels_first"), "channels_first"),
        (with_setting(0, padding="causal"), "causal"),
        (with_setting(0, dtype="int8"), "int8"),
        (with_setting(0, filters=5), "should be"),
        (with_setting(0, filters=-1), "not a count"),
        (with_setting(0, strides=[2.5, 2]), "not a count"),
        (with_layer(layer("MaxPooling2D", "far", pool_size=[30, 30])), "does not fit"),
        (with_setting(3, name="dense_9"), "belong to no layer|no weight"),
        (with_layer(layer("ZeroPadding2D", "pad", padding=[[0, 4096], [4000, 4096]])), "shape"),
        ({"class_name": "MyModel", "config": {"name": "m", "layers": []}}, "not a Sequential"),
        ({"class_name": "Sequential", "config": {"name": "m", "layers": []}}, "as Keras writes"),
        ({"class_name": "Sequential"}, "as Keras writes"),
    ],
)
def test_an_architecture_that_is_not_understood(
    tmp_path: Path, config: dict[str, Any], reason: str
) -> None:
    refused(write_h5(tmp_path / "odd.h5", config), reason)


def test_weights_that_do_not_fit(tmp_path: Path) -> None:
    for change, reason in (
        ({"dense/kernel:0": np.ones((4, 6), np.float32)}, "should be"),
        ({"dense/gamma:0": np.ones(7, np.float32)}, "too many"),
        ({"dense/kernel:0": np.ones((4, 7), np.int64)}, "not an array of floating"),
    ):
        weights = arrays()
        weights["dense"].update(change)  # type: ignore[arg-type]
        refused(write_h5(tmp_path / "odd.h5", weights=weights), reason)
    weights = arrays()
    del weights["dense"]["dense/bias:0"]
    refused(write_h5(tmp_path / "odd.h5", weights=weights), "has no weight bias")


def functional(calls: dict[str, list[Any]]) -> dict[str, Any]:
    """The same layers, wired as `calls` tells."""
    entries = [
        {
            "class_name": "InputLayer",
            "config": {"batch_input_shape": [None, 12, 10, 3], "name": "start"},
        },
        *architecture()["config"]["layers"],
    ]
    for entry in entries:
        entry["name"] = entry["config"]["name"]
        entry["inbound_nodes"] = calls.get(entry["name"], [])
    return {
        "class_name": "Functional",
        "config": {
            "name": "model",
            "layers": entries,
            "input_layers": [["start", 0, 0]],
            "output_layers": [["dense", 0, 0]],
        },
    }


CHAIN: dict[str, list[Any]] = {
    "conv2d": [[["start", 0, 0, {}]]],
    "pool": [[["conv2d", 0, 0, {}]]],
    "dropout": [[["pool", 0, 0, {"training": False}]]],
    "dense": [[["dropout", 0, 0, {}]]],
}


def test_the_functional_form_is_read(tmp_path: Path) -> None:
    graph = read_graph(read_keras_file(write_h5(tmp_path / "fine.h5", functional(CHAIN))))
    assert [one.kind for one in graph.layers] == [
        "Conv2D",
        "GlobalAveragePooling2D",
        "Dropout",
        "Dense",
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"dropout": [[["pool", 0, 0, {"training": True}]]]}, "called with"),
        ({"dropout": [[["dense", 0, 0, {}]]]}, "circle"),
        ({"dropout": [[["nobody", 0, 0, {}]]]}, "circle"),
        ({"dropout": []}, "reads nothing"),
        ({"dropout": [[["pool", 0, 1, {}]]]}, "second output"),
        ({"dropout": [[["pool", 0, 0, {}]], [["pool", 0, 0, {}]]]}, "more than once"),
        ({"dense": [[["pool", 0, 0, {}]]]}, "nothing reads"),
        ({"dropout": [[["pool", 0, 0, {}], ["pool", 0, 0, {}]]]}, "reads 2 layers"),
    ],
)
def test_wiring_that_makes_no_sense(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    refused(write_h5(tmp_path / "odd.h5", functional({**CHAIN, **change})), reason)


def test_what_is_no_hdf5(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(pickle.dumps(list(range(999))))
    refused(path, "not HDF5")
    path.write_bytes(b"PK\x03\x04 a zip")
    refused(path, ".keras format")
    whole = write_h5(tmp_path / "whole.h5").read_bytes()
    for end in range(0, len(whole), len(whole) // 25):
        path.write_bytes(whole[:end])
        with pytest.raises(BundleError):
            import_keras(path, Terms(ALS7, "0-255"), tmp_path / "bundle")


def test_names_from_the_file_cannot_speak_to_a_terminal(tmp_path: Path) -> None:
    config = with_layer(layer("Lambda", "\x1b[2Jgone\n"))
    with pytest.raises(BundleError) as caught:
        import_keras(
            write_h5(tmp_path / "evil.h5", config), Terms(ALS7, "0-255"), tmp_path / "bundle"
        )
    assert str(caught.value).isprintable()


def test_no_module_of_the_file_is_imported(tmp_path: Path) -> None:
    entry = {**layer("Dense", "mine", units=4), "module": "this", "registered_name": "x"}
    refused(write_h5(tmp_path / "evil.h5", with_layer(entry)), "layer of one's own")
    assert "this" not in sys.modules
