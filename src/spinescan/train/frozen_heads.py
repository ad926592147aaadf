"""Heads on frozen features, taught on the very films that networks are, and asked the same ones.

Every step leaves a file and is passed over when its file is there. A folder of a run holds

    run.json                what the features are: recipe, task, films, weights
    features-DIGEST.npz     the features (`frozen`)
    HEAD/predictions.jsonl  what a head answered for validation and test films
    HEAD/PART/              of each part of the films, named as those of networks are

and a part's folder

    part.json          how many films teach, choose and test
    pipeline.py        Python that makes the pipeline that was chosen, before it is taught
    chosen.json        what it was chosen by
    test_opened.json   when its test films were looked at: once, after everything was chosen
    predictions.jsonl  its own predictions

What was taught is not kept: these heads are for comparing, and a bundle is made of a network.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from lightning.fabric import Fabric

from spinescan.core.errors import DataError
from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import Task
from spinescan.data.checks import check_folds, check_task, label_of, labelled
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.data.split import stratified_folds
from spinescan.study.predictions import write_predictions
from spinescan.train.classify import make_network, make_records, start_weights
from spinescan.train.classify_parts import Part, cross_validation_parts, manifest_part
from spinescan.train.classify_recipe import ClassifyRecipe
from spinescan.train.classify_run import (
    PIPELINE,
    PREDICTIONS,
    claim,
    claim_part,
    make_note,
    note_test_opened,
)
from spinescan.train.frozen import Floats, features_key, frozen_features
from spinescan.train.heads import HEADS, Chosen, Folds, Truth, fit_head, probabilities
from spinescan.train.progress import bar
from spinescan.train.tpot_head import TPOT, fit_tpot, need_tpot

CHOSEN = "chosen.json"

_INNER_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Lesson:
    """A part of the films, and the folds of its training films that a head is chosen on."""

    part: Part
    folds: Folds


def train_heads(
    manifest: Manifest,
    task: Task,
    recipe: ClassifyRecipe,
    run: Path,
    *,
    heads: Sequence[str] = tuple(HEADS),
    tpot_minutes: float | None = None,
    weights: Path | None = None,
    folds: int | None = None,
    repeats: int = 1,
    workers: int = 2,
    accelerator: str = "auto",
) -> list[Path]:
    """Teach heads on features of a recipe's backbone, and answer for what was held out.

    Films, splits, seeds and input are those of `train_classifiers` with this recipe: the same films
    teach, and the same are tested. The head's own settings are chosen on folds of the training
    films alone. With `tpot_minutes` TPOT searches so long in each part, besides.

    Returns each head's `predictions.jsonl`; the models there are named RECIPE-HEAD.

    Raises
    ------
    DataError
        If the films cannot teach or test the task, the weights cannot be had, `run` holds another
        training, or TPOT finished nothing.
    MissingExtraError
        If TPOT is asked for and not installed.
    """
    if task.kind != "one_of":
        raise DataError(f"task {task.name!r}: films with several labels cannot be taught")
    if tpot_minutes is not None:
        need_tpot()
        heads = [*heads, TPOT]
    check_task(manifest, task, read=False)
    films = labelled(manifest, task)
    share, seed = recipe.validation_share, recipe.seed
    if folds is None:
        parts = [manifest_part(films, task, validation_share=share, seed=seed)]
    else:
        parts = cross_validation_parts(
            films, task, folds=folds, repeats=repeats, validation_share=share, seed=seed
        )
    lessons = [Lesson(part, inner_folds(films, task, part, seed)) for part in parts]
    start = start_weights(recipe, task, weights)
    claim(run, make_note(films, task, recipe, start.origin, start.trained_on))
    fabric = Fabric(accelerator=accelerator, devices=1)
    backbone = make_network(recipe, task, start).backbone
    features = frozen_features(
        manifest,
        films,
        backbone,
        recipe.input,
        run,
        batch=recipe.batch,
        workers=workers,
        device=fabric.device,
    )
    key = features_key(films, backbone, recipe.input)
    with bar("heads", len(heads) * len(lessons)) as show:
        for head in heads:
            named = replace(recipe, name=f"{recipe.name}-{head}")
            asked = {"features": key, "tpot_minutes": tpot_minutes if head == TPOT else None}
            for lesson in lessons:
                show(f"{head} {lesson.part.name}", 0)
                _teach(run / head, head, features, films, lesson, task, named, asked)
                show("", 1)
    made = []
    for head in heads:
        texts = [
            (run / head / lesson.part.name / PREDICTIONS).read_text(encoding="utf-8")
            for lesson in lessons
        ]
        made.append(run / head / PREDICTIONS)
        made[-1].write_text("".join(texts), encoding="utf-8")
    return made


def _teach(
    folder: Path,
    head: str,
    features: Floats,
    films: Sequence[ManifestFilm],
    lesson: Lesson,
    task: Task,
    recipe: ClassifyRecipe,
    asked: Mapping[str, Any],
) -> None:
    """Choose and teach one head, and let it answer for validation films, then for test films.

    `asked` is noted: what was done for the same is not done again.
    """
    part = lesson.part
    folder = folder / part.name
    claim_part(folder, part, films)
    if (folder / PREDICTIONS).is_file() and asked.items() <= _noted(folder).items():
        return
    (folder / PREDICTIONS).unlink(missing_ok=True)
    truth = np.array([task.index(str(label_of(film, task))) for film in films], np.int64)
    places = list(part.train)
    began = time.perf_counter()
    minutes, seed = asked["tpot_minutes"], recipe.seed + part.repeat
    chosen = _choose(head, features[places], truth[places], lesson.folds, seed, minutes)
    note = {
        "head": head,
        "inner_folds": len(lesson.folds),
        "inner_macro_auc": round(chosen.inner_auc, 6),
        "tried": chosen.tried,
        "seconds": round(time.perf_counter() - began, 2),
        **asked,
    }
    (folder / CHOSEN).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
    told = (
        f"# {recipe.name}, {part.name}: the highest of {chosen.tried} by mean ROC-AUC on "
        f"{len(lesson.folds)} folds of its {len(places)} training films, untaught.\n"
        f"# {RESEARCH_USE}\n"
    )
    (folder / PIPELINE).write_text(told + chosen.code, encoding="utf-8")
    scores = probabilities(chosen.model, features[list(part.validation)])
    records = make_records(films, part, part.validation, "validation", scores, task, recipe.name)
    if part.test:
        note_test_opened(folder, len(part.test))
        scores = probabilities(chosen.model, features[list(part.test)])
        records += make_records(films, part, part.test, "test", scores, task, recipe.name)
    write_predictions(records, folder / PREDICTIONS)


def _noted(folder: Path) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads((folder / CHOSEN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values


def _choose(
    head: str, features: Floats, truth: Truth, folds: Folds, seed: int, minutes: float | None
) -> Chosen:
    if minutes is not None:
        return fit_tpot(features, truth, folds, seed, minutes=minutes)
    return fit_head(head, features, truth, folds, seed)


def inner_folds(films: Sequence[ManifestFilm], task: Task, part: Part, seed: int) -> Folds:
    """Folds of a part's training films, by their places among these; fewer for a small class."""
    labels = [str(label_of(films[k], task)) for k in part.train]
    groups = [films[k].group for k in part.train]
    persons = {
        code: len({g for g, label in zip(groups, labels, strict=True) if label == code})
        for code in task.codes
    }
    fewest = min(persons, key=lambda code: persons[code])
    if persons[fewest] < 2:
        raise DataError(
            f"{part.name}: a head is chosen on folds of its training films, and class {fewest!r} "
            f"has only {persons[fewest]} group there: two are needed"
        )
    judged = stratified_folds(labels, groups, min(_INNER_FOLDS, persons[fewest]), seed)
    check_folds(judged, labels, task)
    everything = np.arange(len(labels))
    return [(np.setdiff1d(everything, inside), np.array(inside)) for inside in judged]
