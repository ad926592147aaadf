"""Training classifiers on labelled films: one split, a cross-validation, and the network to export.

Every step leaves a file and is passed over when its file is there, so a run that was cut off goes
on where it stopped. A folder of a run holds

    run.json           what is trained here: recipe, task, films, initial weights
    predictions.jsonl  what the networks answered for validation and test films
    PART/              of each network: single, repeat-0-fold-0 and so on, final

and a network's folder, beside what `epochs` leaves there,

    part.json          how many films teach, choose and test
    test_opened.json   when its test films were looked at: once, after everything was chosen
    validation.json    logits of the validation films, which calibrate a bundle
    predictions.jsonl  its own predictions
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from lightning.fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor

from spinescan.core.errors import DataError
from spinescan.core.task import Task
from spinescan.data.checks import check_task, label_of, labelled
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.infer.bundle import shipped, shipped_bundles
from spinescan.study.predictions import Part as PredictionPart
from spinescan.study.predictions import PredictionRecord, write_predictions
from spinescan.train.backbones import Backbone, timm_name
from spinescan.train.checkpoint import weights_note
from spinescan.train.classifier import Classifier
from spinescan.train.classify_films import PreparedFilms, prepare_films
from spinescan.train.classify_parts import (
    FINAL,
    Part,
    cross_validation_parts,
    final_part,
    manifest_part,
)
from spinescan.train.classify_recipe import NONE, PRETRAINED, SMALL_CNN, ClassifyRecipe
from spinescan.train.classify_run import (
    PREDICTIONS,
    VALIDATION,
    claim,
    claim_part,
    make_note,
    note_test_opened,
)
from spinescan.train.classify_weights import load_start
from spinescan.train.epochs import fit_epochs, make_fabric, predict_logits
from spinescan.train.progress import bar


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """The weights that every network of a run starts from, by name; the others are drawn.

    `origin` tells where they come from, `trained_on` the sets they were taught on, as far as known.
    """

    state: Mapping[str, Tensor] = field(default_factory=dict)
    origin: str = NONE
    trained_on: tuple[str, ...] = ()


def train_classifiers(
    manifest: Manifest,
    task: Task,
    recipe: ClassifyRecipe,
    run: Path,
    *,
    weights: Path | None = None,
    folds: int | None = None,
    repeats: int = 1,
    final: bool = False,
    workers: int = 2,
    accelerator: str = "auto",
    devices: int = 1,
) -> Path:
    """Train on the manifest's splits, or by cross-validation, and answer for what was held out.

    With `folds` every film is tested once in each of `repeats`; films of the split "test" take no
    part. With `final` a network is trained on all films but those, too (or alone, without `folds`).
    `weights` are those of `load_start`; None leaves it to the recipe. Nothing about the data is
    left to be found out after the training has begun.

    Returns `run/predictions.jsonl`.

    Raises
    ------
    DataError
        If the films cannot teach or test the task (`data.checks`), the weights cannot be had, or
        `run` holds another training.
    """
    if task.kind != "one_of":
        raise DataError(f"task {task.name!r}: films with several labels cannot be taught")
    check_task(manifest, task, read=False)
    films = labelled(manifest, task)
    share, seed = recipe.validation_share, recipe.seed
    parts = []
    if folds is not None:
        parts += cross_validation_parts(
            films, task, folds=folds, repeats=repeats, validation_share=share, seed=seed
        )
    elif not final:
        parts.append(manifest_part(films, task, validation_share=share, seed=seed))
    if final:
        parts.append(final_part(films, task, validation_share=share, seed=seed))
    start = start_weights(recipe, task, weights)
    claim(run, make_note(films, task, recipe, start.origin, start.trained_on))
    fabric = make_fabric(recipe, accelerator=accelerator, devices=devices)
    with bar("films", len(films), shown=fabric.is_global_zero) as show:
        prepared = prepare_films(
            manifest,
            films,
            task,
            recipe.input,
            workers=workers,
            on_film=lambda: show("", 1),
        )
    for part in parts:
        train_part(fabric, prepared, part, task, recipe, start, run, workers=workers)
    if fabric.is_global_zero:
        lines = [
            (run / part.name / PREDICTIONS).read_text(encoding="utf-8")
            for part in parts
            if part.name != FINAL or len(parts) == 1
        ]
        (run / PREDICTIONS).write_text("".join(lines), encoding="utf-8")
    return run / PREDICTIONS


def train_part(
    fabric: Fabric,
    films: PreparedFilms,
    part: Part,
    task: Task,
    recipe: ClassifyRecipe,
    start: Start,
    run: Path,
    *,
    workers: int = 2,
) -> None:
    """Train one network and let it answer for its validation films, then for its test films."""
    folder = run / part.name
    if fabric.is_global_zero:
        claim_part(folder, part, films.films)
    if (folder / PREDICTIONS).is_file():
        return
    recipe = replace(recipe, seed=recipe.seed + part.repeat)
    network = make_network(recipe, task, start)
    fit_epochs(fabric, network, films, part, task, recipe, folder, workers=workers)
    network = network.to(fabric.device)
    if fabric.is_global_zero:
        shown, name = films.films, recipe.name
        logits = predict_logits(network, films, part.validation, recipe.batch, fabric.device)
        _write_validation(folder / VALIDATION, films, part, logits)
        scores = _softmax(logits)
        records = make_records(shown, part, part.validation, "validation", scores, task, name)
        if part.test:
            note_test_opened(folder, len(part.test))
            logits = predict_logits(network, films, part.test, recipe.batch, fabric.device)
            scores = _softmax(logits)
            records += make_records(shown, part, part.test, "test", scores, task, name)
        write_predictions(records, folder / PREDICTIONS)
    fabric.barrier()


def start_weights(recipe: ClassifyRecipe, task: Task, weights: Path | None) -> Start:
    """The weights that networks of a recipe start from.

    Raises
    ------
    DataError, BundleError
        If they cannot be had or do not fit.
    """
    if weights is None and recipe.weights not in (PRETRAINED, NONE):
        weights = Path(recipe.weights)
    if weights is not None and not weights.exists():
        if str(weights) not in (folder.name for folder in shipped_bundles()):
            raise DataError(
                f"no initial weights {weights}: give a file (safetensors), the folder of an "
                f"earlier run or of a bundle, the name of a shipped bundle, {PRETRAINED!r} or "
                f"{NONE!r}"
            )
        weights = shipped(str(weights))
    download = weights is None and recipe.weights == PRETRAINED and recipe.backbone != SMALL_CNN
    network = make_network(recipe, task, Start(), download=download)
    trained_on: tuple[str, ...] = ()
    if weights is not None:
        taken, trained_on = load_start(network, weights, task)
        names = ("backbone.", "head.") if "head" in taken else ("backbone.",)
        origin = f"{weights_note(weights)} ({taken})"
    elif download:
        names, origin = ("backbone.",), f"timm {timm_name(recipe.backbone)}"
    else:
        return Start()
    kept = {name: value for name, value in network.state_dict().items() if name.startswith(names)}
    return Start(kept, origin, trained_on)


def make_network(
    recipe: ClassifyRecipe, task: Task, start: Start, *, download: bool = False
) -> Classifier:
    """A recipe's network before its training; what `start` does not hold is drawn by its seed."""
    torch.manual_seed(recipe.seed)
    backbone = Backbone(
        recipe.backbone,
        (recipe.rows, recipe.columns),
        options=recipe.backbone_options,
        mean=recipe.mean,
        std=recipe.std,
        pretrained=download,
    )
    network = Classifier(backbone, len(task.labels), recipe.head)
    network.load_state_dict(dict(start.state), strict=False)
    return network


def make_records(
    films: Sequence[ManifestFilm],
    part: Part,
    places: tuple[int, ...],
    split: PredictionPart,
    scores: NDArray[np.float64],
    task: Task,
    model: str,
) -> list[PredictionRecord]:
    """What `model` answered for the films at these places: `scores` (n, labels), probabilities."""
    return [
        PredictionRecord(
            image=films[place].image,
            sha256=films[place].sha256,
            group=films[place].group,
            task=task.name,
            truth=label_of(films[place], task),
            part=split,
            model=model,
            scores=dict(zip(task.codes, row.tolist(), strict=True)),
            label=task.codes[int(row.argmax())],
            decision="accepted",
            fold=part.fold,
            repeat=part.repeat,
        )
        for place, row in zip(places, scores, strict=True)
    ]


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    scores: NDArray[np.float64] = torch.softmax(torch.from_numpy(logits).double(), 1).numpy()
    return scores


def _write_validation(
    path: Path, films: PreparedFilms, part: Part, logits: NDArray[np.float32]
) -> None:
    values = {
        "logits": [[round(float(value), 6) for value in row] for row in logits],
        "truth": films.truth[list(part.validation)].tolist(),
        "sources": [films.films[place].source for place in part.validation],
    }
    path.write_text(json.dumps(values) + "\n", encoding="utf-8")
