"""Which films teach, which choose, which test: the parts that networks are trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spinescan.core.errors import DataError
from spinescan.core.task import Task
from spinescan.data.checks import check_folds, label_of
from spinescan.data.manifest import ManifestFilm
from spinescan.data.split import repeated_folds, stratified_folds

FINAL = "final"
SINGLE = "single"


@dataclass(frozen=True, slots=True)
class Part:
    """One network's films, by their places; no group is in two of the three."""

    name: str
    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...] = ()
    fold: int = 0
    repeat: int = 0


def manifest_part(
    films: Sequence[ManifestFilm], task: Task, *, validation_share: float, seed: int
) -> Part:
    """The manifest's own splits; validation films are drawn where it names none.

    Raises
    ------
    DataError
        If no film is in the split "train", or too few groups are there to hold some out.
    """
    places = {
        split: tuple(k for k, film in enumerate(films) if film.split == split)
        for split in ("train", "validation", "test")
    }
    if not places["train"]:
        raise DataError(
            "the manifest puts no film of this task in the split 'train': split it with `spinescan "
            "manifest`, or give --folds"
        )
    train, validation = places["train"], places["validation"]
    if not validation:
        train, validation = hold_out_some(films, task, train, validation_share, seed)
    return Part(SINGLE, train, validation, places["test"])


def cross_validation_parts(
    films: Sequence[ManifestFilm],
    task: Task,
    *,
    folds: int,
    repeats: int,
    validation_share: float,
    seed: int,
) -> list[Part]:
    """Every film tested once in a repeat, by a network that saw nobody of its group.

    Films of the manifest's split "test" take no part: they stay unseen.

    Raises
    ------
    DataError
        If a class has fewer groups than folds, or a part lacks a class.
    """
    places, labels, groups = _open(films, task)
    parts = []
    for repeat, rounds in enumerate(repeated_folds(labels, groups, folds, repeats, seed)):
        check_folds(rounds, labels, task)
        for fold, inside in enumerate(rounds):
            test = tuple(places[k] for k in inside)
            rest = tuple(sorted(set(places) - set(test)))
            train, validation = hold_out_some(
                films, task, rest, validation_share, seed + 1000 * repeat + fold
            )
            name = f"repeat-{repeat}-fold-{fold}"
            parts.append(Part(name, train, validation, test, fold, repeat))
    return parts


def final_part(
    films: Sequence[ManifestFilm], task: Task, *, validation_share: float, seed: int
) -> Part:
    """All films but those of the split "test": what is exported.

    The manifest's validation films are held out to choose the epoch, or some where it names none.
    """
    places, _, _ = _open(films, task)
    validation = tuple(k for k in places if films[k].split == "validation")
    train = tuple(k for k in places if k not in set(validation))
    if not (train and validation):
        train, validation = hold_out_some(films, task, places, validation_share, seed)
    return Part(FINAL, train, validation)


def _open(
    films: Sequence[ManifestFilm], task: Task
) -> tuple[tuple[int, ...], list[str], list[str]]:
    """Places, labels and groups of the films that are not set aside for a test."""
    places = tuple(k for k, film in enumerate(films) if film.split != "test")
    labels = [str(label_of(films[k], task)) for k in places]
    return places, labels, [films[k].group for k in places]


def hold_out_some(
    films: Sequence[ManifestFilm], task: Task, places: Sequence[int], share: float, seed: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Training and validation places: one of so many stratified folds is held out.

    A class of few groups makes the folds fewer, so that each of them has one of it.

    Raises
    ------
    DataError
        If too few groups are there.
    """
    labels = [str(label_of(films[k], task)) for k in places]
    groups = [films[k].group for k in places]
    least = min(
        len({group for group, one in zip(groups, labels, strict=True) if one == label})
        for label in set(labels)
    )
    folds = max(2, min(round(1 / share), least))
    parts = stratified_folds(labels, groups, folds, seed)
    check_folds(parts[:1], labels, task)
    inside = set(parts[0])
    train = tuple(place for k, place in enumerate(places) if k not in inside)
    return train, tuple(np.asarray(places)[parts[0]].tolist())
