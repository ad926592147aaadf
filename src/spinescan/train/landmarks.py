"""Training a landmark model: fold by fold, and the model that ships.

Every step leaves a file and is passed over when its file is there, so a run that was cut off goes
on where it stopped: within a network at its last checkpoint, in a cross-validation at the next
fold. A folder of a run holds

    run.json        what is trained here: recipe, films, initial weights
    finder.pt       checkpoints, and finder.jsonl, the log of every step; likewise the refiner's
    bundle/         the networks, exported
    reports.jsonl   in a cross-validation: one Report for each film that was held out
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

import spinescan
from spinescan.core.errors import DataError
from spinescan.data.sources import CornerFilm
from spinescan.data.split import grouped_folds
from spinescan.infer.bundle import BUNDLE_FILE, Bundle
from spinescan.infer.preprocess import InputSpec
from spinescan.infer.scanner import Scanner
from spinescan.io.read import read_radiograph
from spinescan.train.checkpoint import RUN_FILE, load_weights, taught_on, weights_note
from spinescan.train.export import export_bundle
from spinescan.train.facts import fit_facts
from spinescan.train.films import Pool, load_films
from spinescan.train.finder import FinderFilms, finder_loss
from spinescan.train.loop import fit
from spinescan.train.network import Finder, Refiner
from spinescan.train.recipe import LandmarkRecipe, StageRecipe
from spinescan.train.refiner import RefinerFilms, refiner_loss

FINDER_FILM_ROWS = 576
REFINER_FILM_ROWS = 1024
"""Films are held at about the resolution that a stage sees: augmentation costs by the pixel."""


def cross_validate(
    films: Sequence[CornerFilm],
    recipe: LandmarkRecipe,
    weights: Path | None,
    run: Path,
    *,
    fold: int | None = None,
    extra: Sequence[CornerFilm] = (),
) -> list[Path]:
    """Train on all folds but one, scan the films of that one, for every fold (or only `fold`).

    Films of which no corners are known, or of another view, teach in every fold, too, and cannot be
    scored. `extra`
    films, such as phantoms, teach in every fold, as often as the recipe's `extra_share` says, and
    are never scored.

    Returns the files of Reports (JSON Lines), one for each fold, that `spinescan bench aasce
    --reports` scores.

    Raises
    ------
    DataError
        If there are fewer groups of films than folds, or `run` holds another training.
    """
    scored = [film for film in films if film.corners_told and film.view == recipe.view]
    also = [film for film in films if not film.corners_told or film.view != recipe.view]
    parts = grouped_folds([film.group for film in scored], recipe.folds, recipe.seed)
    reports = []
    for k, part in enumerate(parts):
        if fold is not None and k != fold:
            continue
        folder = run / f"fold-{k}"
        held_out = set(part)
        training = [film for i, film in enumerate(scored) if i not in held_out]
        bundle = train_bundle([*training, *also], recipe, weights, folder, extra=extra)
        reports.append(folder / "reports.jsonl")
        if not reports[-1].is_file():
            scan_films([scored[i] for i in part], bundle, reports[-1])
    return reports


def train_bundle(
    films: Sequence[CornerFilm],
    recipe: LandmarkRecipe,
    weights: Path | None,
    folder: Path,
    *,
    extra: Sequence[CornerFilm] = (),
) -> Path:
    """Train both networks on `films` (and `extra` ones) and write `folder/bundle`.

    Films whose landmarks are known to be wrong (`suspect`), or that show fewer than four levels,
    teach nothing and are left out; those of which the points alone are known teach the finder.
    `weights` are those of `checkpoint.load_weights`.

    Raises
    ------
    DataError
        If `folder` holds a training with another recipe, other films or other initial weights.
    BundleError
        If an exported network does not answer as the trained one does.
    """
    teachers, others = (_teachers(part, recipe.view) for part in (films, extra))
    plan = {
        "films": len(teachers),
        "extra_films": len(others),
        "films_sha256": _digest([*teachers, *others]),
        "initial_weights": weights_note(weights),
        "recipe": recipe.to_dict(),
    }
    # The gate's limits teach nothing: they may change, and `bundle` be removed to write it anew.
    taught = {**recipe.to_dict(), "settings": {"pitch_px": recipe.settings["pitch_px"]}}
    _claim(folder, {**plan, "recipe": taught})
    bundle = folder / "bundle"
    if (bundle / BUNDLE_FILE).is_file():
        return bundle
    networks = {
        "finder": (
            train_finder(teachers, recipe, weights, folder, extra=others),
            input_spec(recipe.finder),
        ),
        "refiner": (
            train_refiner(teachers, recipe, weights, folder, extra=others),
            input_spec(recipe.refiner),
        ),
    }
    export_bundle(
        bundle,
        networks,
        name=recipe.name,
        version=recipe.version,
        task=recipe.kind.task,
        settings=recipe.settings,
        provenance={
            "trained_on": sorted(
                {film.source for film in (*teachers, *others)} | taught_on(weights)
            ),
            **plan,
            "spinescan": spinescan.__version__,
            "torch": torch.__version__,
        },
        summary={},
    )
    return bundle


def _teachers(films: Sequence[CornerFilm], view: str) -> list[CornerFilm]:
    return [
        film if film.view == view else _from_elsewhere(film)
        for film in films
        if not film.suspect
        and (
            film.view != view
            or (_levels_shown(film) >= 4 if film.corners_told else film.points_px is not None)
        )
    ]


def _from_elsewhere(film: CornerFilm) -> CornerFilm:
    """A film of another view, which teaches that and nothing else."""
    return replace(film, corners_px=np.full_like(film.corners_px, np.nan), points_px=None)


def _digest(films: Sequence[CornerFilm]) -> str:
    """Of the films' names and landmarks: other corrections are another training."""
    digest = hashlib.sha256()
    for film in sorted(films, key=lambda film: film.file):
        digest.update(film.file.encode())
        for told in (film.corners_px, film.points_px):
            digest.update(b"" if told is None else np.round(told, 2).tobytes())
    return digest.hexdigest()


def _levels_shown(film: CornerFilm) -> int:
    return int(np.isfinite(film.corners_px).all(axis=(1, 2)).sum())


def _claim(folder: Path, plan: Mapping[str, Any]) -> None:
    """Note in `folder` what is trained there, so that nothing else is carried on by mistake."""
    note, text = folder / RUN_FILE, json.dumps(plan, indent=1) + "\n"
    begun = note.is_file() and any(folder.glob("*.pt"))
    if begun and note.read_text(encoding="utf-8") != text:
        raise DataError(f"{folder} holds another training ({note.name}): choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    note.write_text(text, encoding="utf-8")


def scan_films(films: Sequence[CornerFilm], bundle: Path, reports: Path) -> None:
    """Scan films with a bundle; one Report a line, with the film's name in the data set."""
    scanner = Scanner(Bundle.load(bundle))
    draft = reports.with_suffix(".tmp")
    with draft.open("w", encoding="utf-8") as lines:
        for film in films:
            lines.write(scanner.scan(read_radiograph(film.path)).to_json(film.file) + "\n")
    draft.replace(reports)


def input_spec(stage: StageRecipe) -> InputSpec:
    """What a stage's network will expect."""
    return InputSpec(rows=stage.rows, columns=stage.columns)


def train_finder(
    films: Sequence[CornerFilm],
    recipe: LandmarkRecipe,
    weights: Path | None,
    folder: Path,
    *,
    extra: Sequence[CornerFilm] = (),
) -> Finder:
    """Train the finder on `films`, resuming from `folder` if it holds a checkpoint.

    Films of another view teach only that (`fit_facts`).
    """
    stage = recipe.finder
    torch.manual_seed(recipe.seed)
    network = Finder(recipe.backbone, stage.channels)
    load_weights(network, weights, "finder")
    spec = input_spec(stage)
    shown, others = (load_films(part, FINDER_FILM_ROWS, recipe.view) for part in (films, extra))
    pool = Pool(
        [film for film in shown if film.in_view],
        [film for film in others if film.in_view and stage.extra_share],
        extra_share=stage.extra_share,
        seed=recipe.seed,
    )
    data = FinderFilms(pool, spec, items=stage.steps * stage.batch)
    fit(network, data, finder_loss, stage, folder, name="finder")
    fit_facts(network, shown, others, spec, seed=recipe.seed + 2)
    return network


def train_refiner(
    films: Sequence[CornerFilm],
    recipe: LandmarkRecipe,
    weights: Path | None,
    folder: Path,
    *,
    extra: Sequence[CornerFilm] = (),
) -> Refiner:
    """Train the refiner on `films`, resuming from `folder` if it holds a checkpoint."""
    stage = recipe.refiner
    films, extra = (
        [film for film in part if film.corners_told and film.view == recipe.view]
        for part in (films, extra)
    )
    pitch_px = recipe.settings["pitch_px"]
    torch.manual_seed(recipe.seed + 1)
    network = Refiner(recipe.backbone, stage.channels)
    load_weights(network, weights, "refiner")
    data = RefinerFilms(
        Pool(
            load_films(films, REFINER_FILM_ROWS, recipe.view),
            load_films(extra if stage.extra_share else (), REFINER_FILM_ROWS, recipe.view),
            extra_share=stage.extra_share,
            seed=recipe.seed + 1,
        ),
        input_spec(stage),
        pitch_px,
        items=stage.steps * stage.batch,
        sacrum=recipe.kind.reads_sacrum,
    )
    fit(
        network,
        data,
        partial(refiner_loss, pitch_px=pitch_px),
        stage,
        folder,
        name="refiner",
    )
    return network
