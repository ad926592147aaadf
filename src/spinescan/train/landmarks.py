"""Training the frontal landmark model: fold by fold, and the model that ships.

Every step leaves a file and is passed over when its file is there, so a run that was cut off goes
on where it stopped: within a network at its last checkpoint, in a cross-validation at the next
fold.
"""

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

import spinescan
from spinescan.data.sources import AasceFilm
from spinescan.data.split import grouped_folds
from spinescan.infer.bundle import Bundle
from spinescan.infer.preprocess import InputSpec
from spinescan.infer.scanner import FRONTAL_BUNDLE, Scanner
from spinescan.io.read import read_radiograph
from spinescan.train.export import export_bundle
from spinescan.train.films import load_films
from spinescan.train.finder import FinderFilms, finder_loss
from spinescan.train.loop import fit
from spinescan.train.network import Finder, Refiner, load_encoder
from spinescan.train.recipe import LandmarkRecipe, StageRecipe
from spinescan.train.refiner import RefinerFilms, refiner_loss

FINDER_FILM_ROWS = 576
REFINER_FILM_ROWS = 1024
"""Films are held at about the resolution that a stage sees: augmentation costs by the pixel."""


def cross_validate(
    films: Sequence[AasceFilm],
    recipe: LandmarkRecipe,
    weights: Path | None,
    run: Path,
    *,
    fold: int | None = None,
) -> list[Path]:
    """Train on all folds but one, scan the films of that one, for every fold (or only `fold`).

    Returns the files of Reports (JSON Lines), one for each fold, that `spinescan bench aasce
    --reports` scores.
    """
    parts = grouped_folds([film.group for film in films], recipe.folds, recipe.seed)
    reports = []
    for k, part in enumerate(parts):
        if fold is not None and k != fold:
            continue
        folder = run / f"fold-{k}"
        held_out = set(part)
        training = [film for i, film in enumerate(films) if i not in held_out]
        train_bundle(training, recipe, weights, folder)
        reports.append(folder / "reports.jsonl")
        scan_films([films[i] for i in part], folder / "bundle", reports[-1])
    return reports


def train_bundle(
    films: Sequence[AasceFilm],
    recipe: LandmarkRecipe,
    weights: Path | None,
    folder: Path,
) -> Path:
    """Train both networks on `films` and write `folder/bundle`.

    Films whose landmarks are known to be wrong (`suspect`) teach nothing and are left out.
    """
    teachers = [film for film in films if not film.suspect]
    networks = {
        "finder": (train_finder(teachers, recipe, weights, folder), input_spec(recipe.finder)),
        "refiner": (train_refiner(teachers, recipe, weights, folder), input_spec(recipe.refiner)),
    }
    names = "\n".join(sorted(film.file for film in teachers))
    bundle = folder / "bundle"
    export_bundle(
        bundle,
        networks,
        name=recipe.name,
        version=recipe.version,
        task=FRONTAL_BUNDLE,
        settings=recipe.settings,
        provenance={
            "trained_on": ["aasce"],
            "films": len(teachers),
            "films_sha256": hashlib.sha256(names.encode()).hexdigest(),
            "initial_weights": None if weights is None else weights.name,
            "recipe": recipe.to_dict(),
            "spinescan": spinescan.__version__,
            "torch": torch.__version__,
        },
        summary={},
    )
    return bundle


def scan_films(films: Sequence[AasceFilm], bundle: Path, reports: Path) -> None:
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
    films: Sequence[AasceFilm], recipe: LandmarkRecipe, weights: Path | None, folder: Path
) -> Finder:
    """Train the finder on `films`, resuming from `folder` if it holds a checkpoint."""
    stage = recipe.finder
    torch.manual_seed(recipe.seed)
    network = Finder(recipe.backbone, stage.channels)
    load_encoder(network, weights)
    data = FinderFilms(
        load_films(films, FINDER_FILM_ROWS),
        input_spec(stage),
        items=stage.steps * stage.batch,
        seed=recipe.seed,
    )
    fit(network, data, finder_loss, stage, folder, name="finder")
    return network


def train_refiner(
    films: Sequence[AasceFilm], recipe: LandmarkRecipe, weights: Path | None, folder: Path
) -> Refiner:
    """Train the refiner on `films`, resuming from `folder` if it holds a checkpoint."""
    stage = recipe.refiner
    pitch_px = recipe.settings["pitch_px"]
    torch.manual_seed(recipe.seed + 1)
    network = Refiner(recipe.backbone, stage.channels)
    load_encoder(network, weights)
    data = RefinerFilms(
        load_films(films, REFINER_FILM_ROWS),
        input_spec(stage),
        pitch_px,
        items=stage.steps * stage.batch,
        seed=recipe.seed + 1,
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
