"""Which films figures are of: how many of the set, from where, synthetic or real."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from spinescan.core.task import Task
from spinescan.data.checks import label_of, labelled
from spinescan.data.manifest import Manifest
from spinescan.study.predictions import PredictionRecord


def is_synthetic(source: str) -> bool:
    """Whether a manifest's `source` names drawn films, as `spinescan phantom` writes it."""
    return any(word in source.lower() for word in ("phantom", "synthetic"))


def origin_of(
    records: Sequence[PredictionRecord], manifest: Manifest, task: Task
) -> dict[str, Any]:
    """What the answered films are of all labelled ones, as plain JSON types.

    `films` is "real", "synthetic", "mixed", or "not told" where some films have no source and all
    others are real.
    """
    known = labelled(manifest, task)
    answered = {record.image for record in records}
    films = [film for film in manifest.films if film.image in answered]
    told = Counter(film.source for film in films)
    kinds = {
        "synthetic" if is_synthetic(source) else "real" if source else "not told" for source in told
    }
    return {
        "films": kinds.pop()
        if len(kinds) == 1
        else "mixed"
        if "synthetic" in kinds
        else "not told",
        "sources": dict(told.most_common()),
        "licences": dict(Counter(film.licence or "not told" for film in films).most_common()),
        "n_labelled": len(known),
        "n_labelled_by_split": dict(Counter(film.split or "not split" for film in known)),
        "n_labelled_without_prediction": dict(
            Counter(film.split or "not split" for film in known if film.image not in answered)
        ),
        "n_labelled_with_another_label": sum(
            label_of(film, task) not in task.codes for film in known
        ),
    }
