"""A small classifier as TensorFlow 2.10 lays it out in HDF5, written without TensorFlow."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = 12, 10
LABELS = 7

Arrays = dict[str, dict[str, NDArray[np.float32]]]


def layer(kind: str, name: str, **settings: Any) -> dict[str, Any]:
    """A layer's entry, with what Keras 2 writes beside the settings that matter."""
    beside = {"name": name, "trainable": True, "dtype": "float32"}
    return {"class_name": kind, "config": {**beside, **settings}}


def dense(name: str, units: int, activation: str = "linear") -> dict[str, Any]:
    return layer(
        "Dense",
        name,
        units=units,
        activation=activation,
        use_bias=True,
        kernel_initializer={"class_name": "GlorotUniform", "config": {"seed": None}},
        bias_initializer={"class_name": "Zeros", "config": {}},
        kernel_regularizer={"class_name": "L2", "config": {"l2": 0.01}},
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
    )


def architecture(end: str = "sigmoid") -> dict[str, Any]:
    """A Sequential model: convolution, mean, a linear head; no InputLayer, as older files."""
    convolution = layer(
        "Conv2D",
        "conv2d",
        batch_input_shape=[None, ROWS, COLUMNS, 3],
        filters=4,
        kernel_size=[3, 3],
        strides=[2, 2],
        padding="same",
        data_format="channels_last",
        dilation_rate=[1, 1],
        groups=1,
        activation="relu",
        use_bias=False,
        kernel_initializer={"class_name": "GlorotUniform", "config": {"seed": None}},
    )
    return {
        "class_name": "Sequential",
        "config": {
            "name": "sequential",
            "layers": [
                convolution,
                layer("GlobalAveragePooling2D", "pool", data_format="channels_last"),
                layer("Dropout", "dropout", rate=0.5, noise_shape=None, seed=None),
                dense("dense", LABELS, end),
            ],
        },
    }


def arrays() -> Arrays:
    """Weights of `architecture`, by layer and by Keras's name."""
    random = np.random.default_rng(5)

    def draw(*shape: int) -> NDArray[np.float32]:
        return random.normal(0, 0.5, shape).astype(np.float32)

    return {
        "conv2d": {"conv2d/kernel:0": draw(3, 3, 3, 4)},
        "pool": {},
        "dropout": {},
        "dense": {"dense/kernel:0": draw(4, LABELS), "dense/bias:0": draw(LABELS)},
    }


def write_h5(
    path: Path,
    config: dict[str, Any] | None = None,
    weights: Arrays | None = None,
    *,
    spoil: Callable[[h5py.File], None] = lambda file: None,
) -> Path:
    """The whole file; `spoil` may put anything else in it."""
    with h5py.File(path, "w") as file:
        group = file.create_group("model_weights")
        for place in (file, group):
            place.attrs["keras_version"], place.attrs["backend"] = b"2.10.0", b"tensorflow"
        file.attrs["model_config"] = json.dumps(config or architecture()).encode()
        file.attrs["training_config"] = json.dumps({"loss": "categorical_crossentropy"}).encode()
        weights = arrays() if weights is None else weights
        group.attrs["layer_names"] = np.array([name.encode() for name in weights])
        for name, values in weights.items():
            inner = group.create_group(name)
            inner.attrs["weight_names"] = np.array([one.encode() for one in values])
            for key, value in values.items():
                inner.create_dataset(key, data=value)
        file.create_group("model_weights/top_level_model_weights").attrs["weight_names"] = []
        file.create_dataset("optimizer_weights/iteration:0", data=np.int64(12))
        spoil(file)
    return path
