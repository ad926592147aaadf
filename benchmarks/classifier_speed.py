"""What a classifier costs beside its network; prints JSON.

    python benchmarks/classifier_speed.py BUNDLE [--runs 60] [--film FILM]

For one film that was read before, on one thread, medians of the processor's time, which other
programs on the machine do not lengthen as they do the clock's: `raw_ms`, the network alone on
onnxruntime with a prepared input; `answer_ms`, the same input to a Prediction; `predict_ms`,
`Classifier.predict`, from the film's pixels to a Prediction; `prepare_ms`, of that the scaling of
the film. The ratios are to `raw_ms`, and the ways take turns.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import onnxruntime

from spinescan.core.radiograph import Radiograph
from spinescan.infer.bundle import CLASSIFIER, Bundle
from spinescan.infer.classifier import Classifier
from spinescan.infer.preprocess import prepare
from spinescan.io.read import read_radiograph
from spinescan.phantom.film import sample_film


def milliseconds(action: Callable[[], object]) -> float:
    """How long an action keeps the processor busy."""
    began = time.process_time()
    action()
    return 1000 * (time.process_time() - began)


def measure(bundle: Bundle, film: Radiograph, runs: int) -> dict[str, object]:
    """The figures of one classifier on one film."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    network = bundle.networks[CLASSIFIER]
    session = onnxruntime.InferenceSession(
        network.path, options, providers=["CPUExecutionProvider"]
    )
    classifier = Classifier.load(bundle, threads=1)
    inputs = prepare(film, network.input)[0][None, None]
    ways = {
        "raw_ms": lambda: session.run(None, {"input": inputs}),
        "answer_ms": lambda: classifier.decide(classifier.run(inputs).logits[0]),
        "predict_ms": lambda: classifier.predict(film),
        "prepare_ms": lambda: prepare(film, network.input),
    }
    for action in ways.values():
        action()
    turns = [{name: milliseconds(action) for name, action in ways.items()} for _ in range(runs)]
    took = {name: statistics.median(turn[name] for turn in turns) for name in ways}
    return {
        "bundle": bundle.name,
        "version": bundle.version,
        "input": [network.input.rows, network.input.columns],
        "film": list(film.size),
        "runs": runs,
        **{name: round(value, 2) for name, value in took.items()},
        "answer_ratio": round(took["answer_ms"] / took["raw_ms"], 3),
        "predict_ratio": round(took["predict_ms"] / took["raw_ms"], 3),
        "onnxruntime": onnxruntime.__version__,
        "machine": platform.machine(),
    }


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--film", help="default: the sample film, 1280 x 534 pixels")
    args = parser.parse_args()
    if args.film is None:
        film = Radiograph(sample_film().pixels, "00" * 32)
    else:
        film = read_radiograph(args.film)
    found = measure(Bundle.load(args.bundle), film, args.runs)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
