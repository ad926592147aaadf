"""A classifier that anybody can follow: in which third of the film is the light?

Its network averages the light over squares of 8 x 8 pixels, keeps of each label's map one third,
and takes the mean: linear over global average pooling, so the maps are its class activation.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.radiograph import Radiograph
from spinescan.core.task import Label, Task
from spinescan.infer.bundle import CLASSIFIER, Bundle, Network, file_digest
from spinescan.infer.classifier import Answer, Classifier
from spinescan.infer.classifier_spec import Calibration, ClassifierSpec
from spinescan.infer.preprocess import InputSpec
from tests.infer.wire import field, ints, model, node, tensor, value_info

Floats = NDArray[np.float32]

SIDE, CELL = 96, 8
THIRDS = Task(
    "light3",
    (Label("upper", "in the upper third"), Label("middle"), Label("lower")),
    mirror="keeps",
)
CALIBRATED = Calibration(
    "synthetic",
    temperature=2.0,
    n={"upper": 40, "middle": 41, "lower": 42},
    thresholds={"upper": 0.5, "middle": 0.5, "lower": 0.5},
)
_GAIN = 120.0


def weights() -> Floats:
    """(1, 3, 12, 12): what each label's map keeps of the averages."""
    side = SIDE // CELL
    kept = np.zeros((1, 3, side, side), np.float32)
    for k in range(3):
        kept[0, k, k * side // 3 : (k + 1) * side // 3] = _GAIN
    return kept


def network(*, maps: bool = True, labels: int = 3) -> bytes:
    """The classifier as an ONNX file, with or without its maps as an output."""
    cells = SIDE // CELL
    outputs = field(12, value_info("logits", ("batch", labels)))
    if maps:
        outputs += field(12, value_info("maps", ("batch", labels, cells, cells)))
    return model(
        node("AveragePool", ["input"], ["mean"], ints("kernel_shape", CELL, CELL),
             ints("strides", CELL, CELL)),
        node("Add", ["mean", "one"], ["light"]),
        node("Mul", ["light", "kept"], ["maps"]),
        node("GlobalAveragePool", ["maps"], ["pooled"]),
        node("Flatten", ["pooled"], ["logits"]),
        more_graph=field(5, tensor("kept", weights()))
        + field(5, tensor("one", np.ones((1, 1, 1, 1), np.float32)))
        + field(11, value_info("input", ("batch", 1, SIDE, SIDE)))
        + outputs,
    )  # fmt: skip


def answers(inputs: Floats, *, maps: bool = True) -> Answer:
    """The same network in numpy."""
    n, _, rows, columns = inputs.shape
    mean = inputs.reshape(n, 1, rows // CELL, CELL, columns // CELL, CELL).mean(axis=(3, 5))
    found = (mean + 1) * weights()
    return Answer(found.mean(axis=(2, 3)), found if maps else None)


def spec(**changes: Any) -> ClassifierSpec:
    return ClassifierSpec(**{"task": THIRDS, "calibration": CALIBRATED, **changes})


def classifier(*, maps: bool = True, input: InputSpec | None = None, **changes: Any) -> Classifier:
    """One whose network is numpy's; `changes` are those of its description."""
    bundle = Bundle(
        folder=Path("nowhere"),
        name="light",
        version="1",
        task=CLASSIFIER,
        networks={CLASSIFIER: Network(Path("nowhere"), "", input or InputSpec(SIDE, SIDE))},
        settings={},
        provenance={},
        summary={},
        classifier=spec(**changes),
    )
    return Classifier(bundle, lambda inputs: answers(inputs, maps=maps))


def description(folder: Path) -> dict[str, Any]:
    """A classifier's bundle.json, of the network in its folder."""
    return {
        "name": "light",
        "version": "1",
        "task": CLASSIFIER,
        "networks": {
            CLASSIFIER: {
                "file": "classifier.onnx",
                "sha256": file_digest(folder / "classifier.onnx"),
                "input": {"rows": SIDE, "columns": SIDE, "fit": "letterbox"},
            }
        },
        "labels": {
            "name": "light3",
            "labels": [
                {"code": "upper", "text": "in the upper third"},
                {"code": "middle", "text": ""},
                {"code": "lower", "text": ""},
            ],
            "kind": "one_of",
            "mirror": "keeps",
            "families": {},
        },
        "calibration": {
            "origin": "synthetic",
            "temperature": 2.0,
            "n": {"upper": 40, "middle": 41, "lower": 42},
            "thresholds": {"upper": 0.5, "middle": 0.5, "lower": 0.5},
            "coverage": 0.9,
        },
        "settings": {},
        "provenance": {"trained_on": ["nothing"]},
        "summary": {"accuracy": "1.0 (n = 3)"},
    }


def write_classifier(folder: Path, data: bytes | None = None, **changes: Any) -> Path:
    """A bundle folder; `changes` are keys of its bundle.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "classifier.onnx").write_bytes(network() if data is None else data)
    values = {**description(folder), **changes}
    (folder / "bundle.json").write_text(json.dumps(values), encoding="utf-8")
    (folder / "CARD.md").write_text("# Light\n\n<script>alert(1)</script>\n", encoding="utf-8")
    return folder


def film_with_light(
    third: int, *, size: tuple[int, int] = (300, 300), light: float = 1.0, aspect: float = 1.0
) -> Radiograph:
    """A dark film with a light spot in the middle of one third."""
    rows, columns = size
    at = film_spot(third, size)
    y, x = (np.arange(n) + 0.5 for n in size)
    across = np.abs(x - at[0]) < columns / 10
    down = np.abs(y - at[1]) < rows / 10
    pixels = np.full(size, 0.1, np.float32)
    pixels[np.outer(down, across)] = light
    return Radiograph(pixels, "1c" * 32, pixel_aspect=aspect)


def film_spot(third: int, size: tuple[int, int]) -> tuple[float, float]:
    """Where the light is, (x, y); not in the middle of the film's width."""
    return 0.4 * size[1], size[0] * (2 * third + 1) / 6
