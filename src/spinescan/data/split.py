"""Splitting films so that one person is never on both sides."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spinescan.core.errors import DataError
from spinescan.core.task import Task
from spinescan.data.checks import label_of, labelled
from spinescan.data.manifest import Manifest, Split

SPLITS: tuple[Split, Split, Split] = ("train", "validation", "test")


def grouped_folds(groups: Sequence[str], folds: int, seed: int) -> list[list[int]]:
    """Divide indices into `folds` test parts of about equal size; a group lies in one part only.

    Groups are shuffled by `seed`, then the largest go first, each to the smallest part so far. The
    same groups and seed give the same parts.

    Raises
    ------
    DataError
        If there are fewer groups than folds.
    """
    members: dict[str, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    if len(members) < folds:
        raise DataError(f"{folds} folds need as many groups of films, got {len(members)}")
    names = sorted(members)
    order = [names[k] for k in np.random.default_rng(seed).permutation(len(names))]
    order.sort(key=lambda group: -len(members[group]))
    parts: list[list[int]] = [[] for _ in range(folds)]
    for group in order:
        min(parts, key=len).extend(members[group])
    return [sorted(part) for part in parts]


def stratified_folds(
    labels: Sequence[str], groups: Sequence[str], folds: int, seed: int
) -> list[list[int]]:
    """Divide indices into `folds` test parts with about equal shares of every class.

    A group lies in one part only. The same films and seed give the same parts, in whatever order
    the films come.

    Raises
    ------
    DataError
        If a class has fewer groups than folds, so that a part would have none of it.
    ValueError
        Fewer than two folds, or not one group a film.
    """
    if folds < 2:
        raise ValueError(f"need two folds or more, got {folds}")
    for label in sorted(set(labels)):
        have = len({g for g, one in zip(groups, labels, strict=True) if one == label})
        if have < folds:
            raise DataError(
                f"{folds} folds need as many groups of films of class {label!r}, got {have}"
            )
    return _deal(labels, groups, [1 / folds] * folds, seed)


def repeated_folds(
    labels: Sequence[str], groups: Sequence[str], folds: int, repeats: int, seed: int
) -> list[list[list[int]]]:
    """`stratified_folds`, `repeats` times with other seeds that follow from `seed`.

    Raises
    ------
    DataError, ValueError
        As `stratified_folds`.
    """
    seeds = np.random.SeedSequence(seed).generate_state(repeats).tolist()
    return [stratified_folds(labels, groups, folds, one) for one in seeds]


def hold_out(
    labels: Sequence[str],
    groups: Sequence[str],
    seed: int,
    *,
    validation: float = 0.0,
    test: float = 0.2,
) -> list[Split]:
    """The split of each film: about these shares of every class are held out, in whole groups.

    Raises
    ------
    DataError
        If a part would have no film of some class.
    ValueError
        If the shares are not in [0, 1), or leave nothing for training.
    """
    if not (0 <= validation < 1 and 0 <= test < 1 and 0 < validation + test < 1):
        raise ValueError(f"shares must leave films for training, got {validation} and {test}")
    shares: dict[Split, float] = {
        name: share
        for name, share in zip(SPLITS, (1 - validation - test, validation, test), strict=True)
        if share > 0
    }
    parts = _deal(labels, groups, list(shares.values()), seed)
    split: list[Split] = [""] * len(labels)
    for name, part in zip(shares, parts, strict=True):
        missing = sorted(set(labels) - {labels[index] for index in part})
        if missing:
            raise DataError(
                f"the split {name!r} would have no film of class {', '.join(missing)}: there are "
                "too few groups of films for these shares"
            )
        for index in part:
            split[index] = name
    return split


def with_split(
    manifest: Manifest, task: Task, seed: int, *, validation: float = 0.0, test: float = 0.2
) -> Manifest:
    """The manifest with the films of a task split by `hold_out`; the others are in no split.

    A film without a label follows its group, so that nobody is on both sides.

    Raises
    ------
    DataError, ValueError
        As `hold_out`.
    """
    films = labelled(manifest, task)
    codes = [str(label_of(film, task)) for film in films]
    parts = hold_out(codes, [film.group for film in films], seed, validation=validation, test=test)
    home = {film.group: part for film, part in zip(films, parts, strict=True)}
    rows = tuple(replace(film, split=home.get(film.group, "")) for film in manifest.films)
    return Manifest(manifest.folder, rows)


def _deal(
    labels: Sequence[str], groups: Sequence[str], shares: Sequence[float], seed: int
) -> list[list[int]]:
    """Deal groups to parts with these shares of every class: each to where it is missed most.

    Groups come in an order shuffled by `seed`, the largest first, as small ones fill gaps better.
    """
    if len(labels) != len(groups):
        raise ValueError(f"need one group a film, got {len(groups)} for {len(labels)}")
    members: dict[str, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    names = sorted(members)
    order = [names[k] for k in np.random.default_rng(seed).permutation(len(names))]
    order.sort(key=lambda group: -len(members[group]))
    codes = sorted(set(labels))
    place = {code: k for k, code in enumerate(codes)}
    total = np.bincount([place[label] for label in labels], minlength=len(codes))
    missed = np.outer(shares, total).astype(np.float64)  # (parts, classes), in films
    parts: list[list[int]] = [[] for _ in shares]
    for group in order:
        count = np.bincount([place[labels[i]] for i in members[group]], minlength=len(codes))
        # By class first, each in its own measure; among equals by all films.
        wanted = [
            (round(float((row / total) @ count), 9), round(float(row.sum()), 9)) for row in missed
        ]
        best = max(range(len(parts)), key=lambda part: wanted[part])
        missed[best] -= count
        parts[best].extend(members[group])
    return [sorted(part) for part in parts]
