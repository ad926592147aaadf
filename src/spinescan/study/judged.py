"""Films with their truth and what was answered, as arrays that figures are made of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinescan.core.errors import DataError
from spinescan.core.task import Task
from spinescan.data.checks import label_of, labelled
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.study.predictions import Part, PredictionRecord

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_ANSWER = -1
NO_LINE = "no_prediction"
"""The reason of a film that should have been answered and has no line."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """n films, each answered once, of a task of k labels.

    Labels are told by their place in the task. `answer` is -1 for a film that failed or was
    abstained from; `probabilities` (n, k) are NaN for one that failed, and else sum to 1 only if
    the model's scores do. `fold` is the part of a cross-validation that the film was scored in.
    """

    records: tuple[PredictionRecord, ...]
    truth: Ints
    answer: Ints
    probabilities: Floats
    fold: Ints

    def __len__(self) -> int:
        return len(self.records)

    @property
    def groups(self) -> tuple[str, ...]:
        """Who or what each film shows, n names."""
        return tuple(record.group for record in self.records)

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which films have scores: all but those that failed."""
        return np.asarray(np.isfinite(self.probabilities).all(axis=1))

    @property
    def best(self) -> Ints:
        """The label of the highest score, whether or not it was accepted; -1 without scores."""
        filled = np.where(self.scored[:, None], self.probabilities, 0.0)
        return np.where(self.scored, filled.argmax(axis=1), NO_ANSWER)

    @property
    def confidence(self) -> Floats:
        """The highest score; -inf without scores."""
        return np.where(self.scored, self.probabilities.max(axis=1), -np.inf)

    def rows(self, chosen: NDArray[np.bool_]) -> "Judged":
        """Some of the films."""
        return Judged(
            tuple(self.records[i] for i in np.flatnonzero(chosen)),
            self.truth[chosen],
            self.answer[chosen],
            self.probabilities[chosen],
            self.fold[chosen],
        )


def judge(records: Iterable[PredictionRecord], task: Task) -> Judged:
    """The films of these records, in order of digest and name.

    Raises
    ------
    DataError
        A record is of another task, has no truth, or knows other labels than the task.
    """
    films = tuple(sorted(records, key=lambda record: (record.sha256, record.image)))
    for record in films:
        _check(record, task)
    none = dict.fromkeys(task.codes, np.nan)
    place = {code: i for i, code in enumerate(task.codes)}
    scores = [record.scores or none for record in films]
    return Judged(
        films,
        np.array([place[record.truth] for record in films if record.truth], dtype=np.int64),
        np.array([NO_ANSWER if r.label is None else place[r.label] for r in films], dtype=np.int64),
        np.array([[s[code] for code in task.codes] for s in scores], dtype=np.float64).reshape(
            len(films), len(task.codes)
        ),
        np.array([record.fold for record in films], dtype=np.int64),
    )


def repeats_of(records: Sequence[PredictionRecord], task: Task, part: Part) -> tuple[Judged, ...]:
    """The films of one part, repeat by repeat; those whose truth is not known are left out.

    Raises
    ------
    DataError
        As `judge`; and if a film is answered twice in one repeat.
    """
    repeats: dict[int, list[PredictionRecord]] = {}
    seen = set()
    for record in records:
        if record.part != part or record.truth is None:
            continue
        # One film may validate the models of several folds.
        fold = record.fold if part == "validation" else 0
        key = (record.repeat, fold, record.sha256, record.image)
        if key in seen:
            raise DataError(
                f"{record.image} is answered twice in repeat {record.repeat} of the {part} films; "
                "a file of predictions holds the answers of one model"
            )
        seen.add(key)
        repeats.setdefault(record.repeat, []).append(record)
    return tuple(judge(repeats[number], task) for number in sorted(repeats))


def with_truth(
    records: Sequence[PredictionRecord], manifest: Manifest, task: Task
) -> tuple[PredictionRecord, ...]:
    """The records, their truth and group as the manifest tells them, and one for each film missed.

    A film that the manifest puts into a part that was predicted, and that has a label but no line,
    counts as failed. Where the manifest is split otherwise or not at all, as for a
    cross-validation, so does one that is missed in some repeats only.

    Raises
    ------
    DataError
        A record is of a film that the manifest does not list, or tells another truth or group.
    """
    films: dict[str, list[ManifestFilm]] = {}
    for film in manifest.films:
        films.setdefault(film.sha256, []).append(film)
    known = [_joined(record, films.get(record.sha256, ()), task) for record in records]
    return (*known, *_missed(known, manifest, task))


def _joined(
    record: PredictionRecord, films: Sequence[ManifestFilm], task: Task
) -> PredictionRecord:
    if not films:
        raise DataError(f"{record.image} (SHA-256 {record.sha256[:12]}...) is not in the manifest")
    film = next((film for film in films if film.image == record.image), films[0])
    truth = label_of(film, task)
    if record.truth is not None and truth is not None and record.truth != truth:
        raise DataError(
            f"{record.image}: the predictions were made when its {task.name} was "
            f"{record.truth!r}, the manifest says {truth!r}"
        )
    if record.group != film.group:
        raise DataError(
            f"{record.image} is of group {record.group!r}, in the manifest of {film.group!r}"
        )
    return replace(record, image=film.image, truth=truth or record.truth)


def _missed(
    records: Sequence[PredictionRecord], manifest: Manifest, task: Task
) -> list[PredictionRecord]:
    runs: dict[tuple[Part, int], set[str]] = {}
    for record in records:
        runs.setdefault((record.part, record.repeat), set()).add(record.image)
    split_of = {film.image: film.split for film in manifest.films}
    somewhere = {record.image for record in records if record.part == "test"}
    model = next((record.model for record in records), "")
    return [
        PredictionRecord(
            film.image, film.sha256, film.group, task.name, label_of(film, task), part, model,
            None, None, "failed", (NO_LINE,), repeat=repeat,
        )
        for (part, repeat), answered in runs.items()
        for film in labelled(manifest, task)
        if label_of(film, task) in task.codes and film.image not in answered
        and (
            film.split == part
            if any(split_of[image] == part for image in answered)
            else part == "test" and film.image in somewhere
        )
    ]  # fmt: skip


def _check(record: PredictionRecord, task: Task) -> None:
    if record.task != task.name:
        raise DataError(f"{record.image}: predicted for task {record.task!r}, not {task.name!r}")
    if record.truth is None:
        raise DataError(f"{record.image}: its {task.name} is not known")
    told: Mapping[str, object] = (
        dict.fromkeys(task.codes) if record.scores is None else record.scores
    )
    other = {record.truth, *told} - set(task.codes)
    if other or set(told) != set(task.codes):
        got = f"{min(other)!r}" if other else f"no score for {min(set(task.codes) - set(told))!r}"
        raise DataError(
            f"{record.image}: task {task.name!r} has the labels {', '.join(task.codes)}, got {got}"
        )
