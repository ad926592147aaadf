"""What the contestants of the study answer to each question, from their files of predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinescan.core.errors import DataError
from spinescan.core.task import SAGITTAL3, Task
from spinescan.data.manifest import ManifestFilm
from spinescan.study.generalist_films import BOTH, truth_of
from spinescan.study.generalist_protocol import GENERALIST, MEASURED, NETWORKS, SPECIALISTS
from spinescan.study.judged import NO_ANSWER
from spinescan.study.predictions import PredictionRecord

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FOUR = (*SAGITTAL3.codes, BOTH)
"""The answers of those who may say both, in the order of scores."""


@dataclass(frozen=True, slots=True, eq=False)
class Contestant:
    """What one contestant answers to a question.

    Parameters
    ----------
    by_seed
        int64 (seeds, n): places of labels, `NO_ANSWER` where it has none of the question's. One
        row for a contestant that does not learn.
    pooled
        int64 (n,): by the mean of the scores over seeds.
    """

    by_seed: Ints
    pooled: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of all contestants for the tested films, in one order.

    Parameters
    ----------
    films
        The n films.
    networks
        By name float64 (seeds, n, labels).
    measured
        float64 (n, 4) in the order of `FOUR`, zero where there is none; None without the rival.
    measured_label
        n labels, None for an abstention or a failure; and `measured_outcome`, n decisions.
    """

    films: tuple[ManifestFilm, ...]
    networks: Mapping[str, Floats]
    measured: Floats | None = None
    measured_label: tuple[str | None, ...] = ()
    measured_outcome: tuple[str, ...] = ()

    def places(self, task: Task) -> Ints:
        """The films that have one of the question's answers."""
        truths = [truth_of(film) in task.codes for film in self.films]
        return np.flatnonzero(truths)

    def truth(self, task: Task) -> Ints:
        """The places of these films' labels."""
        films = [self.films[place] for place in self.places(task)]
        return np.array([task.index(str(truth_of(film))) for film in films], np.int64)

    def groups(self, places: Ints) -> list[str]:
        """The groups of films."""
        return [self.films[place].group for place in places]

    def contestants(self, task: Task) -> dict[str, Contestant]:
        """All who answer a question, on its films."""
        places = self.places(task)
        columns = [SAGITTAL3.index(code) for code in task.codes]
        found = {GENERALIST: _of(restricted(self.networks[GENERALIST], columns)[:, places])}
        if task == SAGITTAL3:
            found[SPECIALISTS] = _of(restricted(self.combined(), columns)[:, places])
        else:
            found[task.name] = _of(self.networks[task.name][:, places])
        if self.measured is not None:
            answer = self._measured(task)[places]
            found[MEASURED] = Contestant(answer[None], answer)
        return found

    def combined(self) -> Floats:
        """The two specialists together, float64 (seeds, n, 4) in the order of `FOUR`."""
        kyphosis, lordosis = (name for name in NETWORKS if name != GENERALIST)
        return combined(self.networks[kyphosis], self.networks[lordosis])

    def _measured(self, task: Task) -> Ints:
        """The label that was decided where the question has it, else what its scores prefer."""
        assert self.measured is not None
        own = decided(restricted(self.measured, [FOUR.index(code) for code in task.codes]))
        for place, label in enumerate(self.measured_label):
            if label is None or (label not in task.codes and task == SAGITTAL3):
                own[place] = NO_ANSWER
            elif label in task.codes:
                own[place] = task.index(label)
        return own


def gather(
    films: Sequence[ManifestFilm],
    predictions: Mapping[str, Sequence[PredictionRecord]],
    seeds: int,
) -> Scores:
    """The scores of all contestants, film by film.

    Parameters
    ----------
    predictions
        By network, and by `MEASURED` where there is the rival; `repeat` is the place of the seed.

    Raises
    ------
    DataError
        If a film lacks an answer, has two, or scores are of other labels.
    """
    networks = {
        name: _network_scores(name, predictions.get(name, ()), films, task, seeds)
        for name, task in NETWORKS.items()
    }
    if MEASURED not in predictions:
        return Scores(tuple(films), networks)
    found = _by_film(MEASURED, predictions[MEASURED], films, 1)
    records = [found[0, film.image] for film in films]
    scores = [[(record.scores or {}).get(code, 0.0) for code in FOUR] for record in records]
    return Scores(
        tuple(films),
        networks,
        np.array(scores),
        tuple(record.label for record in records),
        tuple(record.decision for record in records),
    )


def restricted(scores: Floats, columns: Sequence[int]) -> Floats:
    """Some of the scores (..., k), divided by their sum; NaN where that is zero."""
    kept = scores[..., list(columns)]
    total = kept.sum(-1, keepdims=True)
    shares: Floats = np.divide(kept, total, out=np.full_like(kept, np.nan), where=total > 0)
    return shares


def combined(kyphosis: Floats, lordosis: Floats) -> Floats:
    """Two specialists' scores (..., 2), healthy first, as (..., 4) in the order of `FOUR`.

    Taken as independent; they sum to one where theirs do.
    """
    no_k, k = kyphosis[..., 0], kyphosis[..., 1]
    no_l, l_ = lordosis[..., 0], lordosis[..., 1]
    return np.stack([no_k * no_l, k * no_l, no_k * l_, k * l_], axis=-1)


def decided(scores: Floats) -> Ints:
    """The place of the highest of scores (..., k), the first of equals; without any, none."""
    unknown = np.isnan(scores).any(-1)
    best = np.where(np.isnan(scores), -np.inf, scores).argmax(-1)
    answer: Ints = np.where(unknown, NO_ANSWER, best).astype(np.int64)
    return answer


def _of(scores: Floats) -> Contestant:
    return Contestant(decided(scores), decided(scores.mean(0)))


def _network_scores(
    name: str,
    records: Sequence[PredictionRecord],
    films: Sequence[ManifestFilm],
    task: Task,
    seeds: int,
) -> Floats:
    found = _by_film(name, records, films, seeds)
    scores = np.full((seeds, len(films), len(task.codes)), np.nan)
    for seed in range(seeds):
        for place, film in enumerate(films):
            told = found[seed, film.image].scores
            if told is None:
                continue
            if set(told) != set(task.codes):
                raise DataError(
                    f"{name}: scores of {film.image} are of {', '.join(told)}; expected "
                    f"{', '.join(task.codes)}"
                )
            scores[seed, place] = [told[code] for code in task.codes]
    return scores


def _by_film(
    name: str, records: Sequence[PredictionRecord], films: Sequence[ManifestFilm], seeds: int
) -> dict[tuple[int, str], PredictionRecord]:
    found: dict[tuple[int, str], PredictionRecord] = {}
    for record in records:
        key = (record.repeat, record.image)
        if key in found:
            raise DataError(f"{name}: two answers to {record.image} with one seed")
        found[key] = record
    missing = [
        (seed, film.image)
        for seed in range(seeds)
        for film in films
        if (seed, film.image) not in found
    ]
    if missing:
        raise DataError(
            f"{name}: {len(missing)} answers are missing, such as that to {missing[0][1]} with "
            f"seed number {missing[0][0]}"
        )
    wrong = next((f for f in films if found[0, f.image].sha256 != f.sha256), None)
    if wrong is not None:
        raise DataError(f"{name}: {wrong.image} was another file when it was answered (SHA-256)")
    return found
