"""The films of the generalist study: their truth, folds and distance to borders.

They are kept as a manifest of their own, `films.csv` in the study's folder, with a column `fold`.
A film that is both (hyperkyphosis with hyperlordosis) has "both" in the column `sagittal` and no
label of `sagittal3`: neither single label is true of it.
"""

import hashlib
import json
import math
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from spinescan.core.errors import DataError
from spinescan.core.task import KYPHOSIS, LORDOSIS, SAGITTAL3
from spinescan.data.checks import check_task
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.data.split import stratified_folds
from spinescan.study.origin import is_synthetic

FILMS = "films.csv"
BOTH = "both"
FOLD, MARGIN = "fold", "sagittal_margin"
_SAGITTAL = "sagittal"
_OWN = (SAGITTAL3.name, KYPHOSIS.name, LORDOSIS.name, _SAGITTAL, FOLD)


def truth_of(film: ManifestFilm) -> str | None:
    """healthy, kyphosis, lordosis or both; None where nothing of it is known."""
    told = film.labels.get(SAGITTAL3.name)
    if told is not None and told != BOTH:
        return told
    return BOTH if BOTH in (told, film.labels.get(_SAGITTAL)) else None


def fold_of(film: ManifestFilm) -> int:
    """The fold that tests a film of `films.csv`."""
    return int(film.labels[FOLD])


def margin_of(film: ManifestFilm) -> float:
    """Degrees to the nearest border between classes; NaN where it is not told."""
    try:
        return float(film.labels[MARGIN])
    except (KeyError, ValueError):
        return math.nan


def choose_films(manifest: Manifest, folder: Path, *, folds: int, seed: int) -> Manifest:
    """The films that the study asks about, with their folds, as a manifest of `folder`.

    These are the films with a class, but for frontal ones and those of the split "test", which stay
    unseen. Folds have about equal shares of each class and keep a person together; a film that is
    both goes with its person, else by turns.

    Raises
    ------
    DataError
        If they cannot teach or test the three classes (`data.checks`), or a class has fewer groups
        than folds.
    """
    chosen = [_plain(film, manifest.folder, folder) for film in manifest.films if _taken(film)]
    check_task(Manifest(folder, tuple(chosen)), SAGITTAL3, read=False)
    single = [film for film in chosen if truth_of(film) != BOTH]
    groups = [film.group for film in single]
    parts = stratified_folds([str(truth_of(film)) for film in single], groups, folds, seed)
    home = {groups[place]: fold for fold, part in enumerate(parts) for place in part}
    others = sorted({film.group for film in chosen} - set(home))
    turns = np.random.default_rng(seed).permutation(len(others))
    home |= {others[place]: turn % folds for turn, place in enumerate(turns.tolist())}
    rows = [replace(f, labels={**f.labels, FOLD: str(home[f.group])}) for f in chosen]
    return Manifest(folder, tuple(rows))


def describe(films: Manifest, margin_deg: float) -> dict[str, Any]:
    """What the films are, as plain JSON types; `sha256` is over films, groups, truths and folds."""
    rows = [(f.sha256, f.group, truth_of(f), fold_of(f)) for f in films.films]
    truths = Counter(truth for _, _, truth, _ in rows)
    margins = np.array([margin_of(film) for film in films.films])
    known = np.isfinite(margins)
    single = np.array([truth_of(film) != BOTH for film in films.films])
    near = margins < margin_deg
    return {
        "sha256": hashlib.sha256(json.dumps(rows).encode()).hexdigest(),
        "origin": _origin(films),
        "n_films": len(rows),
        "n_single_class": int(single.sum()),
        "n_groups": len({group for _, group, _, _ in rows}),
        "n_by_class": {code: truths[code] for code in (*SAGITTAL3.codes, BOTH)},
        "near_a_border": {
            "within_deg": margin_deg,
            "n": int(near.sum()),
            "share": round(float(near[known].mean()), 4) if known.any() else None,
            "n_single_class": int((near & single).sum()),
            "share_single_class": round(float(near[known & single].mean()), 4)
            if (known & single).any()
            else None,
            "n_not_told": int((~known).sum()),
        },
    }


def _origin(films: Manifest) -> str:
    kinds = {
        "synthetic" if is_synthetic(film.source) else "real" if film.source else "not told"
        for film in films.films
    }
    if len(kinds) == 1:
        return kinds.pop()
    return "mixed" if "synthetic" in kinds else "not told"


def _taken(film: ManifestFilm) -> bool:
    return truth_of(film) is not None and film.view != "frontal" and film.split != "test"


def _plain(film: ManifestFilm, source: Path, folder: Path) -> ManifestFilm:
    """The film as `films.csv` lists it; folds take the place of any other split."""
    image = Path(os.path.relpath((source / film.image).absolute(), folder.absolute())).as_posix()
    labels = {name: told for name, told in film.labels.items() if name not in _OWN}
    truth = str(truth_of(film))
    labels[_SAGITTAL if truth == BOTH else SAGITTAL3.name] = truth
    try:
        return replace(film, image=image, split="", landmarks="", labels=labels)
    except ValueError as error:
        raise DataError(f"{film.image}: {error}") from error
