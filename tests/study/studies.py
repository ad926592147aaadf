"""A study's folder without any training: films, protocol, simulated answers."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.study.generalist_films import MARGIN, choose_films, describe, truth_of
from spinescan.study.generalist_protocol import MEASURED, NETWORKS, Settings, make_protocol
from spinescan.study.learning import Round
from spinescan.study.measure_threshold import TASK
from spinescan.study.predictions import PredictionRecord

CLASSES = ("healthy", "kyphosis", "lordosis", "both")
SETTINGS = Settings(folds=2, seeds=(1, 2), draws=400)
TEACHING = {
    "recipe": {"backbone": "none", "head": {"kind": "spatial"}},
    "initial_weights": "none",
    "initial_weights_taught_on": [],
    "films": "of the training folds",
    "balance": "none",
    "augmentation": "none",
    "budget": {"steps": 20, "batch": 8, "round_steps": 10},
    "learning_rate": "one",
    "selection": "best",
}


@dataclass(frozen=True)
class Simulated:
    """What `analyse` takes."""

    protocol: dict[str, Any]
    films: Manifest
    predictions: dict[str, list[PredictionRecord]]
    rounds: list[Round]


def manifest_of(folder: Path, films: int, *, source: str = "spinescan phantom") -> Manifest:
    """So many films, two of a person, as a set of phantoms lists them."""
    rows = []
    for k in range(films):
        truth = CLASSES[k // 2 % 4]
        labels = {"sagittal": "both" if truth == "both" else "x", MARGIN: f"{k % 10}"}
        if truth != "both":
            labels["sagittal3"] = truth
        digest = hashlib.sha256(str(k).encode()).hexdigest()
        rows.append(
            ManifestFilm(
                f"{k}.png", digest, f"p{k // 2}", view="lateral", source=source, labels=labels
            )
        )
    return Manifest(folder, tuple(rows))


def simulated(
    folder: Path,
    films: int = 160,
    *,
    skill: dict[str, float] | None = None,
    source: str = "spinescan phantom",
    settings: Settings = SETTINGS,
    measured: bool = True,
    seed: int = 0,
) -> Simulated:
    """Answers whose scores favour the truth by `skill`, by contestant."""
    chosen = choose_films(
        manifest_of(folder, films, source=source), folder, folds=settings.folds, seed=1
    )
    rng = np.random.default_rng(seed)
    skill = dict.fromkeys((*NETWORKS, MEASURED), 1.5) | (skill or {})
    predictions: dict[str, list[PredictionRecord]] = {}
    for name, task in NETWORKS.items():
        predictions[name] = [
            _record(film, name, task.codes, skill[name], rng, repeat)
            for repeat in range(len(settings.seeds))
            for film in chosen.films
        ]
    if measured:
        predictions[MEASURED] = [
            replace(_record(film, MEASURED, CLASSES, skill[MEASURED], rng, 0), task=TASK)
            for film in chosen.films
        ]
        one = predictions[MEASURED][0]
        predictions[MEASURED][0] = replace(
            one, label=None, decision="abstained", reasons=("few_levels",)
        )
    rounds = [
        Round(name, s, fold, steps, steps / 10, steps / 5, 1.0, 1.0, 0.5 + steps / 100 + s / 50)
        for name in NETWORKS
        for s in settings.seeds
        for fold in range(settings.folds)
        for steps in (10, 20)
    ]
    bundle = {"name": "lateral-landmarks", "version": "1", "sha256": "0" * 64}
    protocol = make_protocol(
        settings, describe(chosen, settings.margin_deg), TEACHING, bundle if measured else None
    )
    return Simulated(protocol, chosen, predictions, rounds)


def _record(
    film: ManifestFilm,
    model: str,
    codes: tuple[str, ...],
    skill: float,
    rng: np.random.Generator,
    repeat: int,
) -> PredictionRecord:
    truth = truth_of(film)
    logits = rng.normal(0, 1, len(codes)) + skill * np.array([code == truth for code in codes])
    scores = np.exp(logits) / np.exp(logits).sum()
    return PredictionRecord(
        image=film.image,
        sha256=film.sha256,
        group=film.group,
        task=model,
        truth=truth if truth in codes else None,
        part="test",
        model=model,
        scores=dict(zip(codes, scores.tolist(), strict=True)),
        label=codes[int(scores.argmax())],
        decision="accepted",
        fold=int(film.labels["fold"]),
        repeat=repeat,
    )
