"""Readers whose agreement is known."""

from typing import Any

import numpy as np

from spinescan.study.readers.answers import FORMAT, Answer, CurveAnswer, ReaderAnswers
from spinescan.study.readers.key import Key, KeyFilm, draw_order

TYPES = ("3CH", "3CTL", "4C", "4CL")
BIASES = (0.0, 3.0, -3.0)
SPREAD, NOISE = 15.0, 4.0


def key_of(films: int, readers: tuple[str, ...], *, repeats: int = 0, seed: int = 1) -> Key:
    random = np.random.default_rng(seed)
    return Key(
        set_id="a1b2",
        seed=seed,
        tasks=("als7",),
        films=tuple(
            KeyFilm(f"/films/{i}.png", f"{i:064x}", f"P{i}", "frontal") for i in range(films)
        ),
        readers={reader: draw_order(films, repeats, random) for reader in readers},
    )


def readers_of(key: Key, *, knows: float, seed: int = 2) -> tuple[ReaderAnswers, ...]:
    """Readers who know the type with the probability `knows` and guess otherwise.

    The types are equally common, so any two agree with kappa `knows` squared. Angles have the
    variance SPREAD squared, the reader's bias and NOISE.
    """
    random = np.random.default_rng(seed)
    truth = [TYPES[i] for i in random.integers(0, len(TYPES), len(key.films))]
    angles = 45 + SPREAD * random.standard_normal(len(key.films))
    found = []
    for reader, bias in zip(key.readers, BIASES, strict=False):
        answers = {}
        for number, place in enumerate(key.readers[reader], start=1):
            guess = TYPES[random.integers(0, len(TYPES))]
            label = truth[place] if random.random() < knows else guess
            cobb = float(np.clip(angles[place] + bias + NOISE * random.standard_normal(), 0, 180))
            curve = CurveAnswer("T5", "T8", "T11", "right", cobb)
            answers[number] = Answer(
                number, "frontal", True, labels={"als7": label}, curves=(curve,), confidence="high"
            )
        found.append(ReaderAnswers(reader, answers))
    return tuple(found)


def file_of(key: Key, reader: str, answers: Any, /, **others: Any) -> dict[str, Any]:
    return {"format": FORMAT, "version": 1, "set": key.set_id, "reader": reader,
            "answers": answers} | others  # fmt: skip
