"""An evaluation: one or more models' predictions for the films of a manifest, with notes."""

from collections.abc import Sequence
from typing import Any

from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import Task
from spinescan.data.manifest import Manifest
from spinescan.study.classes import Cost
from spinescan.study.compare import compare_predictions
from spinescan.study.evaluate import SAMPLES, evaluate_predictions, judged_part
from spinescan.study.judged import NO_LINE, with_truth
from spinescan.study.margin import accuracy_by_margin, margins_of
from spinescan.study.origin import origin_of
from spinescan.study.predictions import PredictionRecord
from spinescan.study.subgroups import columns_of, facts_of

SCHEMA_VERSION = "1.0"

FEW_GROUPS = 20
"""A label with films of fewer groups than this is named in a note."""


def evaluate_models(
    models: Sequence[Sequence[PredictionRecord]],
    manifest: Manifest,
    task: Task,
    *,
    by: Sequence[str] = (),
    margin: str | None = None,
    cost: Cost | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Figures of each model, and the differences of all others from the first.

    Parameters
    ----------
    models
        The records of each model; truth and groups are those of the manifest.
    by
        Columns of the manifest to tell figures apart by, beside the usual ones.
    margin
        A column of numbers along which accuracy is told as a curve.

    Returns
    -------
    Plain JSON types: `models` as `evaluate_predictions` gives them, each with its `origin`,
    `margin` and `notes`; and `comparisons` as `compare_predictions` does.

    Raises
    ------
    DataError
        The predictions are not of these films and this task, or the models' films differ.
    """
    known = [with_truth(records, manifest, task) for records in models]
    differences = [
        compare_predictions(known[0], other, task, cost=cost, samples=samples, seed=seed)
        for other in known[1:]
    ]
    columns = columns_of(manifest, task, by)
    facts = facts_of(manifest, columns)
    told = []
    for records in known:
        figures = evaluate_predictions(
            records, task, facts=facts, cost=cost, samples=samples, seed=seed
        )
        _, judged = judged_part(records, task)
        figures["origin"] = origin_of(
            [record for films in judged for record in films.records], manifest, task
        )
        figures["margin"] = None
        if margin is not None:
            figures["margin"] = {
                "column": margin,
                **accuracy_by_margin(
                    records, task, margins_of(manifest, margin), samples=samples, seed=seed
                ),
            }
        told.append({**figures, "notes": notes_of(figures)})
    return {
        "schema_version": SCHEMA_VERSION,
        "research_use": RESEARCH_USE,
        "task": {
            "name": task.name,
            "labels": [{"code": label.code, "text": label.text} for label in task.labels],
            "families": dict(task.families),
        },
        "intervals": f"95 %, percentile, {samples} bootstrap draws of groups, seed {seed}",
        "models": told,
        "comparisons": differences,
    }


def notes_of(figures: dict[str, Any]) -> list[dict[str, str]]:
    """What a reader must know before believing a figure: stable codes and sentences."""
    films, origin, part = figures["set"], figures["origin"], figures["part"]
    notes = []

    def note(code: str, text: str) -> None:
        notes.append({"code": code, "text": text})

    if origin["films"] == "synthetic":
        note("synthetic", "All films are synthetic. These figures tell nothing of films of people.")
    if origin["films"] == "mixed":
        note("mixed", "Some films are synthetic, some are not: see the subgroups by source.")
    if part == "validation":
        note(
            "validation",
            "These are validation films: models are chosen on them, so the figures may be too "
            "good. No test film was predicted.",
        )
    if films["n_folds"] > 1 or films["n_repeats"] > 1:
        note(
            "cross_validation",
            f"Cross-validation: the answers come from {films['n_folds']} models"
            f"{_repeated(films['n_repeats'])}, each judged on films that it has not learnt from; "
            "a model that has learnt from all films is another one.",
        )
    missed = films["reasons"].get(NO_LINE, 0)
    if missed:
        note("no_prediction", f"{missed} predictions are missing: these films count as failed.")
    elsewhere = {
        split: n
        for split, n in origin["n_labelled_without_prediction"].items()
        if split in (part, "not split")
    }
    if elsewhere:
        note(
            "left_out",
            f"{sum(elsewhere.values())} of {origin['n_labelled']} labelled films were not "
            "predicted, and are not in the figures.",
        )
    if films["n_without_truth"]:
        note("no_truth", f"{films['n_without_truth']} predicted films have no label: not judged.")
    if films["labels_without_films"]:
        note(
            "label_without_films",
            f"No film is {' or '.join(films['labels_without_films'])}: of these labels nothing is "
            "known.",
        )
    few = [code for code, label in figures["labels"].items() if 0 < label["n_groups"] < FEW_GROUPS]
    if few:
        note(
            "few_films",
            f"Fewer than {FEW_GROUPS} groups stand for {', '.join(few)}: figures of these labels, "
            "and averages over labels, are rough.",
        )
    return notes


def _repeated(repeats: int) -> str:
    return f" in each of {repeats} repeats" if repeats > 1 else ""
