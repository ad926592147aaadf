"""A Keras classifier to a bundle: read as data, rewritten as ONNX, held against Keras."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spinescan.core.errors import BundleError
from spinescan.core.radiograph import View
from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import Task
from spinescan.infer.bundle import BUNDLE_FILE, CARD_FILE, CLASSIFIER, Bundle, file_digest
from spinescan.infer.classifier_spec import Activation, Calibration
from spinescan.infer.preprocess import Fit, InputSpec
from spinescan.train.keras_check import Agreement, check_against_keras
from spinescan.train.keras_file import read_keras_file
from spinescan.train.keras_graph import Graph, read_graph
from spinescan.train.keras_onnx import end_activation, to_onnx
from spinescan.train.keras_range import RANGES

VERSION = "1"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a Keras file does not tell of its model, and somebody must.

    task
        The question.
    input_range
        The pixel values that the model was taught on: a key of `RANGES`.
    labels
        The label of each output; None where they are in the task's order.
    fit
        How a film comes to the model's size. Old models squashed it.
    size
        Rows and columns, for a model that takes any.
    views
        The views of films that it may be asked about; empty for all.
    """

    task: Task
    input_range: str
    labels: tuple[str, ...] | None = None
    fit: Fit = "squash"
    size: tuple[int, int] | None = None
    views: tuple[View, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """A bundle that was made, and how it answers."""

    folder: Path
    end: Activation
    agreement: Agreement


def import_keras(path: Path, terms: Terms, folder: Path) -> Imported:
    """Convert a model to a bundle in `folder`, which must not be there yet.

    Raises
    ------
    BundleError
        If the file is refused, with the reason, or the folder is there.
    """
    if folder.exists():
        raise BundleError(f"{folder}: is there already")
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True)
        try:
            end, agreement = _write(path, terms, folder.name, draft)
        except ValueError as error:
            raise BundleError(f"{path}: refused, because {error}") from error
        except OSError as error:
            raise BundleError(f"{path}: cannot be read ({error.strerror or error})") from error
        Bundle.load(draft)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Imported(folder, end, agreement)


def _write(path: Path, terms: Terms, name: str, draft: Path) -> tuple[Activation, Agreement]:
    file = read_keras_file(path)
    graph = read_graph(file)
    end = end_activation(graph)
    size, order = _size(graph, terms), _order(terms)
    pixels = RANGES[terms.input_range]
    network = draft / f"{CLASSIFIER}.onnx"
    network.write_bytes(to_onnx(graph, size, *pixels.folded(graph.size[2]), order))
    agreement = check_against_keras(network, graph, end, size, pixels, order)
    values = {
        "name": name,
        "version": VERSION,
        "task": CLASSIFIER,
        "networks": {
            CLASSIFIER: {
                "file": network.name,
                "sha256": file_digest(network),
                # The darkest and the brightest pixel are the ends: nearest to the bytes of a
                # picture file, which is what the old model was given.
                "input": asdict(InputSpec(*size, low=0.0, high=100.0, fit=terms.fit)),
            }
        },
        "labels": asdict(terms.task),
        "calibration": asdict(Calibration()),
        "activation": end,
        "views": [view.value for view in terms.views],
        "settings": {},
        "provenance": {
            "imported_from": {
                "file": path.name,
                "sha256": file_digest(path),
                "keras": f"{file.version}, {file.backend}",
                "layers": len(graph.layers),
                "weights": sum(
                    array.size for layer in graph.layers for array in layer.weights.values()
                ),
            },
            "trained_on": "not told by the file",
            "input_range": terms.input_range,
            "outputs": list(terms.labels or terms.task.codes),
            "checked_against_keras": asdict(agreement),
        },
        "summary": {},
    }
    (draft / BUNDLE_FILE).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    (draft / CARD_FILE).write_text(_card(values, terms, agreement), encoding="utf-8")
    return end, agreement


def _order(terms: Terms) -> Sequence[int]:
    """The model's output for each label of the task."""
    labels = terms.labels or terms.task.codes
    if sorted(labels) != sorted(terms.task.codes):
        raise ValueError(
            f"its outputs are said to be {', '.join(labels)}, where {terms.task.name} has"
            f" {', '.join(terms.task.codes)}"
        )
    return [labels.index(code) for code in terms.task.codes]


def _size(graph: Graph, terms: Terms) -> tuple[int, int]:
    rows, columns, _ = graph.size
    if rows is None or columns is None:
        if terms.size is None:
            raise ValueError("it takes pictures of any size; say which it was taught on (--size)")
        rows, columns = rows or terms.size[0], columns or terms.size[1]
    if terms.size is not None and terms.size != (rows, columns):
        raise ValueError(f"it takes pictures of {rows} x {columns}, not of {terms.size}")
    return rows, columns


SCORES = {
    "sigmoid": "each label has a sigmoid of its own, as the model was made; they are kept so, not"
    " made to add up to 1, and the answer is the label with the highest",
    "softmax": "a softmax, as the model was made; they add up to 1",
}
"""How logits become scores."""


_FITS = {"squash": "squashed (its angles change)", "letterbox": "unbent between bands"}


def _card(values: dict[str, Any], terms: Terms, agreement: Agreement) -> str:
    source = values["provenance"]["imported_from"]
    codes = ", ".join(terms.task.codes)
    return f"""\
# {values["name"]}

{RESEARCH_USE}

A classifier that somebody else taught, imported from a Keras file. What it was taught on is not
known here, and **nothing was measured**: neither how often it is right, nor on whom. Evaluate it on
films that it has not seen before you believe it.

- Task `{terms.task.name}`: {codes}.
- Scores: {SCORES[values["activation"]]}. They are not calibrated.
- Input: the whole film, {_FITS[terms.fit]}, at {_sides(values)}; pixel values
  {RANGES[terms.input_range].text}, as whoever imported it said. Another scaling than
  the one it was taught on makes its answers meaningless, and nothing would show it.
- File: SHA-256 `{source["sha256"]}`, Keras {source["keras"]}, {source["layers"]} layers,
  {source["weights"]} weights.
- Checked: on {agreement.probes} probe pictures its scores differ from Keras's own
  ({agreement.keras}) by at most {agreement.scores:.1g}. That tells that the conversion is right,
  not the model.
"""


def _sides(values: dict[str, Any]) -> str:
    spec = values["networks"][CLASSIFIER]["input"]
    return f"{spec['rows']} x {spec['columns']}"
