"""The generalist-against-specialists study: protocol, trainings, answers, analysis.

Every step leaves a file and is passed over when its file is there. Beside what `study.generalist`
reads, a study's folder holds

    films/, listed.csv   phantoms that were drawn, or the list of a folder's films
    maps-DIGEST.npz      feature maps of all films (fast mode)
    trainings/           of each network, seed and fold: its predictions, rounds, and in full mode
                         what `train classify` leaves
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.fabric import Fabric
from numpy.typing import NDArray

from spinescan.core.task import SAGITTAL3, Task
from spinescan.data.checks import label_of
from spinescan.data.manifest import Manifest, ManifestFilm, write_manifest
from spinescan.study.generalist import PREDICTIONS, analyse_folder
from spinescan.study.generalist_films import (
    FILMS,
    choose_films,
    describe,
    fold_of,
)
from spinescan.study.generalist_protocol import (
    MEASURED,
    NETWORKS,
    Settings,
    claim_protocol,
    make_protocol,
)
from spinescan.study.generalist_source import (
    FAST,
    FULL,
    draw_source,
    read_source,
    shipped_recipe,
)
from spinescan.study.learning import ROUNDS, Round, read_rounds, write_rounds
from spinescan.study.measure_threshold import describe_bundle, find_lateral, measure_films
from spinescan.study.pages.generalist import write_study
from spinescan.study.predictions import read_predictions, write_predictions
from spinescan.train.classify import Start, make_network, make_records, start_weights, train_part
from spinescan.train.classify_films import PreparedFilms, prepare_inputs
from spinescan.train.classify_recipe import ClassifyRecipe
from spinescan.train.epochs import make_fabric, read_epochs
from spinescan.train.frozen import frozen_maps
from spinescan.train.generalist_lessons import Lesson, budget_of, lessons_of
from spinescan.train.head_steps import Budget, Maps, head_logits, teach_head
from spinescan.train.progress import bar

TRAININGS = "trainings"


@dataclass(slots=True)
class Clock:
    """Seconds by step."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, step: str) -> Iterator[None]:
        """Add what it takes to `step`."""
        began = time.perf_counter()
        yield
        spent = self.seconds.get(step, 0.0) + time.perf_counter() - began
        self.seconds[step] = round(spent, 1)


def run_study(
    source: Path | None,
    out: Path,
    settings: Settings | None = None,
    *,
    recipe: ClassifyRecipe | None = None,
    weights: Path | None = None,
    landmarks: Path | None = None,
    films: int = 700,
    group: str | None = None,
    jobs: int = 1,
    workers: int = 2,
    accelerator: str = "auto",
) -> dict[str, Any]:
    """Run the study in `out`, or carry on there; its result, as in `out/study.json`.

    Parameters
    ----------
    source
        A manifest with the column sagittal3, a folder with the folders healthy, kyphosis, lordosis
        and perhaps both, or None for `films` phantoms, which `jobs` processes draw.
    recipe, weights
        Of the networks (the mode's own by default), and what they start from (the recipe's).
    landmarks
        The lateral landmark bundle that is the rival; the shipped one by default, if there is one.
    group
        Of a folder: `generalist_source.read_source`.

    Raises
    ------
    DataError, BundleError
        If the films cannot teach the three networks, `out` holds another study, or what is asked
        for cannot be had.
    """
    settings = settings or Settings()
    clock = Clock()
    if source is None:
        with clock.timing("drawing"), bar("phantoms", films) as show:
            listed = draw_source(out, films, jobs=jobs, on_film=lambda: show("", 1))
    else:
        listed = read_source(source, out, group=group)
    chosen = choose_films(listed, out, folds=settings.folds, seed=settings.split_seed)
    recipe = recipe or ClassifyRecipe.read(
        shipped_recipe(FAST if settings.mode == "fast" else FULL)
    )
    lessons = lessons_of(chosen, settings)
    budget = budget_of(lessons, recipe)
    start = start_weights(recipe, SAGITTAL3, weights)
    start = replace(
        start, state={k: v for k, v in start.state.items() if k.startswith("backbone.")}
    )
    bundle = find_lateral(landmarks)
    teaching = describe_teaching(settings, recipe, start, budget)
    claim_protocol(
        out,
        make_protocol(
            settings,
            describe(chosen, settings.margin_deg),
            teaching,
            None if bundle is None else describe_bundle(bundle),
        ),
    )
    write_manifest(chosen, out / FILMS)
    (out / PREDICTIONS).mkdir(exist_ok=True)
    if bundle is not None:
        tested = [film for film in chosen.films if fold_of(film) in settings.tested_folds]
        with clock.timing("measuring"), bar("films measured", len(tested)) as show:
            path = out / PREDICTIONS / f"{MEASURED}.jsonl"
            measure_films(chosen, tested, bundle, path, on_film=lambda: show("", 1))
    if settings.mode == "fast":
        fabric = Fabric(accelerator=accelerator, devices=1)
        teach: Callable[[Lesson], None] = _Heads(
            chosen, recipe, start, budget, out, clock, workers, fabric.device
        )
    else:
        teach = _Networks(chosen, recipe, start, budget, out, workers, accelerator)
    # The bench's loop has a bar of its own.
    shown = settings.mode == "fast"
    with clock.timing("teaching"), bar("trainings", len(lessons), shown=shown) as show:
        for lesson in lessons:
            show(lesson.name, 0)
            teach(lesson)
            show("", 1)
    _collect(lessons, settings, out)
    with clock.timing("analysis"):
        study = analyse_folder(out)
    study["seconds_of_this_run"] = clock.seconds
    write_study(study, out)
    return study


def describe_teaching(
    settings: Settings, recipe: ClassifyRecipe, start: Start, budget: Budget
) -> dict[str, Any]:
    """How networks are taught, for the protocol."""
    fast = settings.mode == "fast"
    return {
        "recipe": recipe.to_dict(),
        "initial_weights": start.origin,
        "initial_weights_taught_on": list(start.trained_on),
        "films": "of the training folds, less those held out for validation; the same for all "
        "networks, for a specialist those of its two classes",
        "balance": "classes by weights in the loss, of the training films alone"
        if recipe.balance == "weights"
        else recipe.balance,
        "augmentation": "none: feature maps are computed once" if fast else "in training alone",
        "budget": {"steps": budget.steps, "batch": recipe.batch, "round_steps": budget.round_steps}
        if fast
        else {
            "steps": budget.steps,
            "batch": recipe.batch,
            "rounding": "to whole epochs of each network's own films",
        },
        "learning_rate": "the same for all, by the recipe; the validation loss steers a plateau",
        "selection": "the round of the highest validation accuracy, the first of equals"
        if fast
        else "the epoch of the lowest validation loss, the first of equals",
    }


class _Heads:
    """Fast mode: heads on maps that are computed once."""

    def __init__(
        self,
        films: Manifest,
        recipe: ClassifyRecipe,
        start: Start,
        budget: Budget,
        out: Path,
        clock: Clock,
        workers: int,
        device: torch.device,
    ) -> None:
        self.films, self.recipe, self.budget = films.films, recipe, budget
        self.out, self.device = out, device
        backbone = make_network(recipe, SAGITTAL3, start).backbone
        with clock.timing("features"):
            self.maps: Maps = frozen_maps(
                films,
                films.films,
                backbone,
                recipe.input,
                out,
                batch=recipe.batch,
                workers=workers,
                device=device,
            )

    def __call__(self, lesson: Lesson) -> None:
        folder = self.out / TRAININGS / lesson.name
        if (folder / "predictions.jsonl").is_file():
            return
        folder.mkdir(parents=True, exist_ok=True)
        task, part = lesson.task, lesson.part
        own = replace(self.recipe, seed=lesson.seed)
        head, rounds = teach_head(
            self.maps,
            _truth(self.films, task),
            part,
            len(task.labels),
            own,
            self.budget,
            network=lesson.network,
            device=self.device,
        )
        logits = head_logits(head, self.maps, part.test, device=self.device)
        scores = torch.softmax(torch.from_numpy(logits).double(), 1).numpy()
        name = f"{self.recipe.name}-{lesson.network}"
        write_rounds(rounds, folder / ROUNDS)
        records = make_records(self.films, part, part.test, "test", scores, task, name)
        write_predictions(records, folder / "predictions.part")
        (folder / "predictions.part").replace(folder / "predictions.jsonl")


class _Networks:
    """Full mode: networks by the bench's own loop."""

    def __init__(
        self,
        films: Manifest,
        recipe: ClassifyRecipe,
        start: Start,
        budget: Budget,
        out: Path,
        workers: int,
        accelerator: str,
    ) -> None:
        self.films, self.recipe, self.start, self.budget = films.films, recipe, start, budget
        self.out, self.workers = out, workers
        self.fabric = make_fabric(recipe, accelerator=accelerator)
        with bar("films", len(self.films)) as show:
            self.inputs = prepare_inputs(
                films, self.films, recipe.input, workers=workers, on_film=lambda: show("", 1)
            )

    def __call__(self, lesson: Lesson) -> None:
        task, part = lesson.task, lesson.part
        own, run = self._recipe(lesson), self.out / TRAININGS / lesson.name
        if (run / "predictions.jsonl").is_file():
            return
        prepared = PreparedFilms(self.films, self.inputs, _truth(self.films, task))
        train_part(
            self.fabric, prepared, part, task, own, self.start, run, workers=self.workers
        )  # fmt: skip
        per_epoch = math.ceil(len(part.train) / own.batch)
        rounds, seconds = [], 0.0
        for epoch in read_epochs(run / part.name):
            seconds += epoch.seconds
            rounds.append(
                Round(
                    network=lesson.network,
                    seed=lesson.seed,
                    fold=part.fold,
                    steps=(epoch.epoch + 1) * per_epoch,
                    epochs=epoch.epoch + 1.0,
                    seconds=round(seconds, 3),
                    loss=round(epoch.loss, 5),
                    validation_loss=round(epoch.validation_loss, 5),
                    validation_accuracy=round(epoch.validation_accuracy, 5),
                )
            )
        write_rounds(rounds, run / ROUNDS)
        records = read_predictions(run / part.name / "predictions.jsonl")
        write_predictions([one for one in records if one.part == "test"], run / "predictions.part")
        (run / "predictions.part").replace(run / "predictions.jsonl")

    def _recipe(self, lesson: Lesson) -> ClassifyRecipe:
        """The recipe in as many epochs as the budget's steps make of the network's own films.

        What counts epochs is stretched with them; nothing ends a training early, as all have the
        same budget.
        """
        per_epoch = math.ceil(len(lesson.part.train) / self.recipe.batch)
        epochs = max(1, round(self.budget.steps / per_epoch))
        stretch = epochs / self.recipe.epochs
        frozen = round(self.recipe.frozen_epochs * stretch)
        return replace(
            self.recipe,
            name=f"{self.recipe.name}-{lesson.network}",
            seed=lesson.seed,
            epochs=epochs,
            frozen_epochs=min(epochs, frozen),
            plateau_patience=max(1, round(self.recipe.plateau_patience * stretch)),
            stop_patience=epochs + 1,
        )


def _truth(films: tuple[ManifestFilm, ...], task: Task) -> NDArray[np.int64]:
    """The place of each film's label; -1 where the task has none for it."""
    labels = [label_of(film, task) for film in films]
    return np.array([-1 if code is None else task.index(code) for code in labels], np.int64)


def _collect(lessons: list[Lesson], settings: Settings, out: Path) -> None:
    """One file of predictions for each network, and one of all rounds."""
    place = {seed: k for k, seed in enumerate(settings.seeds)}
    for network in NETWORKS:
        records = [
            replace(record, repeat=place[lesson.seed])
            for lesson in lessons
            if lesson.network == network
            for record in read_predictions(out / TRAININGS / lesson.name / "predictions.jsonl")
        ]
        write_predictions(records, out / PREDICTIONS / f"{network}.jsonl")
    rounds = [
        one for lesson in lessons for one in read_rounds(out / TRAININGS / lesson.name / ROUNDS)
    ]
    write_rounds(rounds, out / ROUNDS)
