"""How fast networks learnt: figures of each round of a training, and time to a named accuracy."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spinescan.core.errors import DataError

ROUNDS = "rounds.jsonl"


@dataclass(frozen=True, slots=True)
class Round:
    """A training after so many steps.

    Parameters
    ----------
    network, seed, fold
        Whose training.
    steps, epochs, seconds
        Since it began: gradient steps; films seen over films of the training part; time, that of
        judging the validation films included.
    loss
        Mean over the round's steps.
    """

    network: str
    seed: int
    fold: int
    steps: int
    epochs: float
    seconds: float
    loss: float
    validation_loss: float
    validation_accuracy: float


def best_round(rounds: Sequence[Round]) -> Round:
    """The round of the highest validation accuracy, the first one of equals."""
    return max(rounds, key=lambda one: one.validation_accuracy)


def write_rounds(rounds: Iterable[Round], path: Path) -> None:
    """Write rounds, one a line."""
    path.write_text("".join(json.dumps(asdict(one)) + "\n" for one in rounds), encoding="utf-8")


def read_rounds(path: Path) -> tuple[Round, ...]:
    """The rounds of a file.

    Raises
    ------
    DataError
        If it cannot be read or a line is not understood.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return tuple(Round(**json.loads(line)) for line in lines)
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path}: not the rounds of trainings ({error})") from error


def by_training(rounds: Iterable[Round]) -> dict[tuple[int, int], list[Round]]:
    """Rounds of one network by seed and fold, in the order of steps."""
    found: dict[tuple[int, int], list[Round]] = {}
    for one in sorted(rounds, key=lambda one: (one.seed, one.fold, one.steps)):
        found.setdefault((one.seed, one.fold), []).append(one)
    return found


def learning_figures(
    rounds: Sequence[Round], named_accuracy: float, tolerance: float
) -> dict[str, Any]:
    """Of one network's trainings, as plain JSON types.

    A training that never reached the accuracy counts as one that takes forever: the median is None
    where half of them or more did not.
    """
    trainings = by_training(rounds)
    best = {key: best_round(some) for key, some in trainings.items()}
    reached = [
        next((one for one in some if one.validation_accuracy >= named_accuracy), None)
        for some in trainings.values()
    ]
    accuracies = np.array([one.validation_accuracy for one in best.values()])
    curve = _curve(list(trainings.values()))
    return {
        "n_trainings": len(trainings),
        "validation_accuracy": {
            "mean": round(float(accuracies.mean()), 4),
            "sd": round(float(accuracies.std(ddof=1)), 4) if len(accuracies) > 1 else None,
            "lowest": round(float(accuracies.min()), 4),
            "highest": round(float(accuracies.max()), 4),
        },
        "to_named_accuracy": {
            "accuracy": named_accuracy,
            "n_reached": sum(one is not None for one in reached),
            "n_not_reached": sum(one is None for one in reached),
            "median_steps": _median([None if one is None else one.steps for one in reached]),
            "median_epochs": _median([None if one is None else one.epochs for one in reached]),
            "median_seconds": _median([None if one is None else one.seconds for one in reached]),
        },
        "seconds_in_all": round(sum(some[-1].seconds for some in trainings.values()), 1),
        "chosen": asdict(chosen(list(best.values()), tolerance)),
        "curve": curve,
    }


def chosen(best: Sequence[Round], tolerance: float) -> Round:
    """Of the best rounds of trainings, the one to keep: by validation accuracy, then by speed."""
    highest = max(one.validation_accuracy for one in best)
    able = [one for one in best if one.validation_accuracy >= highest - tolerance - 1e-12]
    return min(able, key=lambda one: (one.steps, -one.validation_accuracy, one.seconds))


def _curve(trainings: Sequence[Sequence[Round]]) -> list[dict[str, float]]:
    """Validation accuracy by steps: mean, lowest and highest over trainings.

    As far as the shortest of them goes.
    """
    parts = list(zip(*trainings, strict=False))
    return [
        {
            "steps": float(np.mean([one.steps for one in part])),
            "mean": round(float(np.mean([one.validation_accuracy for one in part])), 4),
            "lowest": min(one.validation_accuracy for one in part),
            "highest": max(one.validation_accuracy for one in part),
        }
        for part in parts
    ]


def _median(values: Sequence[float | None]) -> float | None:
    middle = float(np.median([math.inf if value is None else value for value in values]))
    return round(middle, 2) if math.isfinite(middle) else None
