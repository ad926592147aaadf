"""Whether a converted model answers as Keras does, on the same films."""

import copy
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spinescan.infer.classifier_spec import Activation
from spinescan.infer.session import Session
from spinescan.train.keras_graph import Graph
from spinescan.train.keras_range import PixelRange

os.environ.setdefault("KERAS_BACKEND", "torch")  # Keras asks when it is imported
import keras

Floats = NDArray[np.float32]

MOST_SCORE_DIFFERENCE = 1e-4
MOST_LOGIT_DIFFERENCE = 1e-3
"""Of a logit, as a share of how far it moves from one probe to another."""

_LEAST_MOVEMENT = 1e-5
"""Of the logits between probes, as a share of their size: below it there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a converted model is from Keras: the largest differences over `probes` films.

    `logits` is a share of the logits' largest movement between probes; `keras` tells the version
    and the backend.
    """

    keras: str
    probes: int
    scores: float
    logits: float


def check_against_keras(
    network: Path,
    graph: Graph,
    end: Activation,
    size: tuple[int, int],
    pixels: PixelRange,
    order: Sequence[int],
) -> Agreement:
    """Let Keras answer for probes and compare with an ONNX file.

    Keras builds the architecture with its own classes, from a config in which nothing is left that
    was not understood, and answers in its own way: a mistake in wiring or reckoning shows.

    Raises
    ------
    ValueError
        If Keras cannot build the model, the answers differ, or they do not depend on the film.
    """
    probes = probe_films(size)
    session = Session(network, threads=1)
    answers = [dict(zip(session.outputs, session.run(one[None]), strict=True)) for one in probes]
    logits = np.concatenate([answer["logits"] for answer in answers])
    keras_scores, keras_logits = _keras_answers(
        graph, _pictures(probes, graph.size[2], pixels), end
    )
    keras_scores, keras_logits = keras_scores[:, list(order)], keras_logits[:, list(order)]
    if not np.isfinite(keras_logits).all():
        raise ValueError("Keras's answers are no finite numbers")
    movement = float(np.ptp(keras_logits, axis=0).max())
    if movement <= _LEAST_MOVEMENT * float(np.abs(keras_logits).max()):
        raise ValueError(
            f"Keras answers the same for {len(probes)} different pictures, so a conversion cannot"
            " be checked (has the model learnt anything?)"
        )
    agreement = Agreement(
        keras=f"{keras.__version__}, {keras.config.backend()}",
        probes=len(probes),
        scores=float(np.abs(_scores(logits, end) - keras_scores).max()),
        logits=float(np.abs(logits - keras_logits).max()) / movement,
    )
    # So written that what is no number is refused too.
    if not (
        agreement.scores <= MOST_SCORE_DIFFERENCE and agreement.logits <= MOST_LOGIT_DIFFERENCE
    ):
        raise ValueError(
            f"converted, it differs from Keras by {agreement.scores:.2g} in its scores and by"
            f" {agreement.logits:.2g} of its logits' movement"
        )
    return agreement


def probe_films(size: tuple[int, int]) -> Floats:
    """Different pictures (n, 1, rows, columns) in [-1, 1], most unlike their mirror images."""
    rows, columns = size
    random = np.random.default_rng(0)
    down, across = np.mgrid[0 : 1 : rows * 1j, 0 : 1 : columns * 1j]
    films = [
        np.full(size, -1.0),
        np.full(size, 1.0),
        down * across * 2 - 1,
        np.sin(9 * down**2 + 4 * across),
        random.uniform(-1, 1, size),
        *(
            np.asarray(
                Image.fromarray(random.uniform(-1, 1, (cells, cells)).astype(np.float32)).resize(
                    (columns, rows), Image.Resampling.BILINEAR
                )
            )
            for cells in (4, 12)
        ),
    ]
    return np.stack(films)[:, None].astype(np.float32)


def _pictures(probes: Floats, channels: int, pixels: PixelRange) -> Floats:
    """Probes as a user of the old model would have given them: (n, rows, columns, channels).

    The scaling is Keras's own where it has one, so that ours is checked too.
    """
    grey = (probes[:, 0, :, :, None] + 1) * 127.5
    pictures = np.repeat(grey, channels, axis=-1)
    if pixels.preprocessing is not None:
        prepare = keras.applications.imagenet_utils.preprocess_input
        pictures = prepare(pictures, data_format="channels_last", mode=pixels.preprocessing)
    elif pixels.scale[0] < 1:
        pictures = pictures / 255
    return np.asarray(pictures, np.float32)


def _keras_answers(graph: Graph, pictures: Floats, end: Activation) -> tuple[Floats, Floats]:
    """Keras's prediction (n, outputs), and what its last activation is applied to."""
    try:
        with keras.device("cpu"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras's and torch's, of nothing that a user can do
            model = _build(graph)
            last = model
            while hasattr(last, "layers"):
                last = last.layers[-1]
            finish = last.activation
            if finish is not getattr(keras.activations, end):
                raise ValueError(f"its last layer is {last.name}, which ends otherwise")
            last.activation = keras.activations.linear
            made = [model(one[None], training=False) for one in pictures]
            logits = np.concatenate([keras.ops.convert_to_numpy(one) for one in made])
            return keras.ops.convert_to_numpy(finish(keras.ops.convert_to_tensor(logits))), logits
    except Exception as error:  # Keras has no base class for what it raises
        reason = " ".join(str(error).split())[:300]
        raise ValueError(f"Keras {keras.__version__} cannot run it ({reason})") from error


def _build(graph: Graph) -> Any:
    """The model as Keras builds it, with its weights."""
    maker = keras.Sequential if graph.config["class_name"] == "Sequential" else keras.Model
    model = maker.from_config(copy.deepcopy(graph.config["config"]))
    for layer in graph.layers:
        built = model
        for name in layer.path:
            built = built.get_layer(name)
        if {variable.name for variable in built.weights} != set(layer.weights):
            raise ValueError(f"the weights of {layer.path} are others in this Keras")
        for variable in built.weights:
            variable.assign(layer.weights[variable.name])
    return model


def _scores(logits: Floats, end: Activation) -> Floats:
    if end == "sigmoid":
        return np.asarray(0.5 * (1 + np.tanh(logits / 2)))
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))
