"""A trained classifier to a bundle, with what its validation films say of its scores."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import spinescan
from spinescan.core.errors import DataError
from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import Task
from spinescan.infer.bundle import CARD_FILE, CLASSIFIER
from spinescan.study.calibration import conformal_thresholds, fit_temperature, softmax
from spinescan.study.metrics import share_within_groups
from spinescan.study.origin import is_synthetic
from spinescan.study.predictions import read_predictions
from spinescan.train.classify import Start, make_network
from spinescan.train.classify_run import (
    PART,
    PREDICTIONS,
    VALIDATION,
    RunNote,
    network_folder,
    read_note,
    task_dict,
)
from spinescan.train.epochs import BEST, FITTED
from spinescan.train.export import export_bundle

AGREE_LOGIT = 0.005
"""Largest difference between torch and onnxruntime: a probability moves by a thousandth at most."""

COVERAGE = 0.9


def export_classifier(
    run: Path,
    out: Path,
    *,
    part: str | None = None,
    name: str | None = None,
    version: str | None = None,
    coverage: float = COVERAGE,
    on_request: bool = False,
    half: bool = False,
) -> Path:
    """Write the bundle `out` of a run's network: the final one, the only one, or the one named.

    One that ships `on_request` answers only where it is named. With `half` its weights are stored
    as 16-bit floats.
    It is calibrated on the films that were held out to choose its epoch, and on no others. A card
    that lies in `out` is kept; without one a first draft is written.

    Raises
    ------
    DataError
        If `run` holds no such network.
    BundleError
        If the exported network does not answer as the trained one does.
    """
    folder = network_folder(run, part)
    note = read_note(folder.parent)
    recipe, task = note.recipe, note.task
    network = make_network(recipe, task, Start())
    network.load_state_dict(
        torch.load(folder / BEST, map_location="cpu", weights_only=True)["network"]
    )
    validation = json.loads((folder / VALIDATION).read_text(encoding="utf-8"))
    calibration = calibrate(
        np.array(validation["logits"], np.float64),
        np.array(validation["truth"], np.int64),
        task,
        synthetic=any(is_synthetic(source) for source in validation["sources"]),
        coverage=coverage,
    )
    figures = _figures(folder)
    parts = json.loads((folder / PART).read_text(encoding="utf-8"))
    noted = note.to_dict()
    noted.pop("task")
    export_bundle(
        out,
        {CLASSIFIER: (network, recipe.input)},
        name=name or recipe.name,
        version=version or recipe.version,
        task=CLASSIFIER,
        settings={},
        provenance={
            **noted,
            "network": folder.name,
            "parts": parts,
            **json.loads((folder / FITTED).read_text(encoding="utf-8")),
            "calibrated_on": "the films that chose the epoch: sets may be a little too small",
            "spinescan": spinescan.__version__,
            "torch": torch.__version__,
            **({"weights_stored_as": "float16"} if half else {}),
        },
        summary=figures,
        more={
            "labels": task_dict(task),
            "calibration": calibration,
            # What it was not taught on it is not asked about.
            "views": list(note.views),
            **({"on_request": True} if on_request else {}),
        },
        agree=AGREE_LOGIT,
        half=half,
    )
    card = out / CARD_FILE
    if not card.is_file():
        text = _card(name or recipe.name, note, parts, calibration, figures)
        card.write_text(text, encoding="utf-8")
    return out


def calibrate(
    logits: NDArray[np.float64],
    truth: NDArray[np.int64],
    task: Task,
    *,
    synthetic: bool,
    coverage: float = COVERAGE,
) -> dict[str, Any]:
    """A bundle's "calibration" from the logits (n, labels) of validation films and their labels.

    Raises
    ------
    DataError
        If there is no film, or a logit is no number.
    """
    try:
        temperature = fit_temperature(logits, truth)
    except ValueError as error:
        raise DataError(f"the validation films cannot calibrate anything: {error}") from error
    thresholds = conformal_thresholds(softmax(logits / temperature), truth, coverage)
    count = np.bincount(truth, minlength=len(task.codes)).tolist()
    return {
        "origin": "synthetic" if synthetic else "real",
        "temperature": round(temperature, 6),
        "n": dict(zip(task.codes, count, strict=True)),
        "thresholds": dict(zip(task.codes, thresholds, strict=True)),
        "coverage": coverage,
    }


def _figures(folder: Path) -> dict[str, Any]:
    """Accuracy on the network's own films, and in the cross-validation beside it, if any."""
    figures = {}
    own = read_predictions(folder / PREDICTIONS)
    for part in ("validation", "test"):
        films = [record for record in own if record.part == part]
        if films:
            figures[f"{part}_accuracy"] = _accuracy(films)
    if "test_accuracy" not in figures and (folder.parent / PREDICTIONS).is_file():
        films = [r for r in read_predictions(folder.parent / PREDICTIONS) if r.part == "test"]
        if films:
            figures["cross_validated_accuracy"] = _accuracy(films)
    return figures


def _accuracy(records: Sequence[Any]) -> dict[str, Any]:
    """Share of films that are right, with an interval over groups: those of one are not many."""
    hits = [int(record.label == record.truth) for record in records]
    return share_within_groups(hits, [1] * len(hits), [record.group for record in records])


def _card(
    name: str,
    note: RunNote,
    parts: dict[str, Any],
    calibration: dict[str, Any],
    figures: dict[str, Any],
) -> str:
    films = {part: told["films"] for part, told in parts.items()}
    rare = [code for code, limit in calibration["thresholds"].items() if limit is None]
    counts = ", ".join(f"{code} {n}" for code, n in calibration["n"].items())
    lines = [
        f"# {name}",
        "",
        RESEARCH_USE,
        "",
        f"Answers `{note.task.name}` with one of {', '.join(note.task.codes)}. Backbone "
        f"{note.recipe.backbone}, head {note.recipe.head.kind}, films of {note.recipe.rows} x "
        f"{note.recipe.columns} pixels ({note.recipe.fit}); started from {note.initial_weights}.",
        "",
        f"Taught on {films['train']} films, and {films['validation']} others chose the epoch; "
        f"{films['test']} tested it. Of: "
        f"{', '.join(note.trained_on) or 'a source that the manifest does not name'}.",
        "",
        "## Figures",
        "",
        *(
            f"- {key.replace('_', ' ')}: {value['share']} ({value['count']} of {value['n']} films; "
            f"95 % interval, bootstrap by group: {value['interval_95'][0]} to "
            f"{value['interval_95'][1]})"
            for key, value in figures.items()
        ),
        "",
        "The validation films chose the epoch, so that their figure is a little too good.",
        "",
        "## Calibration",
        "",
        f"On {calibration['origin']} films ({counts}): temperature {calibration['temperature']}, "
        f"prediction sets for {calibration['coverage']:.0%} of each class"
        + ("." if calibration["origin"] == "real" else "; on real films nothing is promised."),
        *(
            [f"Too few films for sets that could leave out {', '.join(rare)}: every set has them."]
            if rare
            else []
        ),
        "",
        "This card is a draft: say here on whom the model fails, and who labelled the films.",
        "",
    ]
    return "\n".join(lines)
