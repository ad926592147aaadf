"""Predictions of a model that does not exist, with scores such as a network gives."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import numpy as np

from spinescan.core.task import Task
from spinescan.study.predictions import Part, PredictionRecord


def predictions(
    task: Task,
    n: int,
    *,
    seed: int = 0,
    skill: float = 2.0,
    sharpness: float = 1.5,
    films_a_group: int = 2,
    part: Part = "test",
    model: str = "simulated",
    least: float = 0.0,
    failed: float = 0.0,
    repeat: int = 0,
    shares: Sequence[float] | None = None,
    first: int = 0,
) -> tuple[PredictionRecord, ...]:
    """One record a film.

    `skill` is how far the logit of the true label stands out of the noise; labels of one family are
    nearer to each other. `sharpness` multiplies the logits: above 1 the scores are too sure of
    themselves. A film of less confidence than `least` is abstained from, a share `failed` fails.
    Films and their labels depend on `first` and n alone, answers also on `seed` and `repeat`.
    """
    k = len(task.codes)
    labels = np.random.default_rng(first).choice(k, size=n, p=shares)
    rng = np.random.default_rng([seed, repeat, first])
    logits = rng.normal(0, 1, (n, k))
    logits[np.arange(n), labels] += skill
    for i, label in enumerate(labels):
        if task.families:
            own = task.families[task.codes[label]]
            near = [j for j, code in enumerate(task.codes) if task.families[code] == own]
            logits[i, near] += skill / 2
    odds = np.exp(sharpness * (logits - logits.max(axis=1, keepdims=True)))
    scores = odds / odds.sum(axis=1, keepdims=True)
    records = []
    for i in range(n):
        name = f"images/{first + i:04d}.png"
        truth, best = task.codes[labels[i]], task.codes[int(scores[i].argmax())]
        sure = float(scores[i].max()) >= least
        record = PredictionRecord(
            name,
            sha256(name.encode()).hexdigest(),
            f"person {(first + i) // films_a_group}",
            task.name,
            truth,
            part,
            model,
            {code: round(float(p), 6) for code, p in zip(task.codes, scores[i], strict=True)},
            best if sure else None,
            "accepted" if sure else "abstained",
            () if sure else ("low_score",),
            fold=i % 5 if repeat else 0,
            repeat=repeat,
        )
        if rng.random() < failed:
            record = replace(
                record, scores=None, label=None, decision="failed", reasons=("unreadable",)
            )
        records.append(record)
    return tuple(records)
