"""Splitting films so that one person is never on both sides."""

from collections.abc import Sequence

import numpy as np

from spinescan.core.errors import DataError


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
