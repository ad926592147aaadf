"""Searching a classifier's recipe: Optuna, pruned by Hyperband, judged on folds.

Every trial teaches one network a fold, on the other folds, and is judged by its validation loss on
the fold. Films of the manifest's split "test" take no part; whatever is found is to be judged on
those, or on folds of other films: a search has seen all of its own.

There is one study for each task, backbone and space, in a database (SQLite unless told otherwise),
with a note of the films and the recipe it is about. A search that was cut off goes on; processes
that are started with the same database share the work.
"""

import json
import shutil
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from spinescan.core.errors import DataError
from spinescan.core.task import Task
from spinescan.data.checks import check_folds, check_task, label_of, labelled
from spinescan.data.manifest import Manifest
from spinescan.data.split import stratified_folds
from spinescan.train.classify import Start, make_network, start_weights
from spinescan.train.classify_films import PreparedFilms, prepare_films
from spinescan.train.classify_parts import Part
from spinescan.train.classify_recipe import ClassifyRecipe, to_toml
from spinescan.train.classify_run import make_note
from spinescan.train.epochs import Epoch, best_epoch, fit_epochs, make_fabric
from spinescan.train.progress import bar

DATABASE = "tune.db"
BEST_RECIPE = "best.toml"
TRIALS = "trials.json"

_ABOUT = "about"
_FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)

SpaceName = Literal["default", "seed"]
Space = Callable[[Trial, ClassifyRecipe], ClassifyRecipe]


def seed_space(trial: Trial, recipe: ClassifyRecipe) -> ClassifyRecipe:
    """Spine Scan's: units of the convolution and of the dense layer, dropout, optimiser."""
    head = replace(
        recipe.head,
        kind="conv",
        conv_units=trial.suggest_int("conv_units", 32, 128, step=32),
        dense_units=trial.suggest_int("dense_units", 64, 256, step=64),
        dropout=trial.suggest_float("dropout", 0.3, 0.7, step=0.1),
    )
    optimiser = trial.suggest_categorical("optimiser", ["adam", "rmsprop"])
    return replace(recipe, head=head, optimiser=optimiser)


def default_space(trial: Trial, recipe: ClassifyRecipe) -> ClassifyRecipe:
    """What usually matters: rates, decay, dropout, balancing, freezing, how far films change."""
    strength = trial.suggest_float("augmentation", 0.0, 1.0)
    head = replace(recipe.head, dropout=trial.suggest_float("dropout", 0.0, 0.6))
    augment = replace(
        recipe.augment,
        rotation_deg=20 * strength,
        shift=0.2 * strength,
        shear=0.1 * strength,
        zoom=0.2 * strength,
    )
    frozen = trial.suggest_categorical("frozen_epochs", [0, 2, 5])
    return replace(
        recipe,
        head=head,
        augment=augment,
        learning_rate=trial.suggest_float("learning_rate", 1e-5, 3e-3, log=True),
        backbone_rate=trial.suggest_categorical("backbone_rate", [0.1, 0.3, 1.0]),
        weight_decay=trial.suggest_float("weight_decay", 1e-5, 1e-1, log=True),
        balance=trial.suggest_categorical("balance", ["weights", "sampler"]),
        frozen_epochs=min(frozen, recipe.epochs - 1),
    )


SPACES: Mapping[SpaceName, Space] = {"default": default_space, "seed": seed_space}


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched, where, and how far; `trials` counts those of every process together."""

    manifest: Manifest
    task: Task
    recipe: ClassifyRecipe
    out: Path
    space: SpaceName = "default"
    trials: int = 30
    folds: int = 3
    weights: Path | None = None
    storage: str | None = None
    workers: int = 2
    accelerator: str = "auto"

    @property
    def study_name(self) -> str:
        return f"{self.task.name}/{self.recipe.backbone}/{self.space}"

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.storage or f"sqlite:///{(self.out / DATABASE).absolute()}"


def tune(search: Search, *, jobs: int = 1) -> Path:
    """Search until so many trials are finished; `jobs` processes share them.

    Returns the best recipe's file; `trials.json` beside it holds every trial.

    Raises
    ------
    DataError
        If the films cannot teach the task, or the database's study is about other films or another
        recipe; or if no trial was finished.
    """
    check_task(search.manifest, search.task, read=False)
    search.out.mkdir(parents=True, exist_ok=True)
    study = _study(search, seed=0)
    _claim(study, search)
    if jobs == 1:
        run_trials(search)
    else:
        spawn = get_context("spawn")
        processes = [spawn.Process(target=run_trials, args=(search, k)) for k in range(jobs)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        failed = [process.exitcode for process in processes if process.exitcode]
        if failed:
            raise DataError(f"{len(failed)} of {jobs} processes failed; what they said is above")
    return _conclude(study, search)


def run_trials(search: Search, worker: int = 0) -> None:
    """Trials until the study has as many finished ones as were asked for."""
    films = labelled(search.manifest, search.task)
    start = start_weights(search.recipe, search.task, search.weights)
    parts = folds_of(search)
    with bar("films", len(films)) as show:
        prepared = prepare_films(
            search.manifest,
            films,
            search.task,
            search.recipe.input,
            workers=search.workers,
            on_film=lambda: show("", 1),
        )
    study = _study(search, seed=worker)
    enough = optuna.study.MaxTrialsCallback(search.trials, states=_FINISHED)
    if _count(study) < search.trials:
        study.optimize(
            lambda trial: _judge(trial, search, prepared, parts, start), None, callbacks=[enough]
        )


def folds_of(search: Search) -> list[Part]:
    """A part for each fold, which is judged on the fold; the test films are in none.

    Raises
    ------
    DataError
        If there are too few groups of films of a class.
    """
    films = labelled(search.manifest, search.task)
    open_places = [k for k, film in enumerate(films) if film.split != "test"]
    labels = [str(label_of(films[k], search.task)) for k in open_places]
    groups = [films[k].group for k in open_places]
    rounds = stratified_folds(labels, groups, search.folds, search.recipe.seed)
    check_folds(rounds, labels, search.task)
    parts = []
    for fold, inside in enumerate(rounds):
        judged = {open_places[k] for k in inside}
        train = tuple(place for place in open_places if place not in judged)
        parts.append(Part(f"fold-{fold}", train, tuple(sorted(judged)), fold=fold))
    return parts


def _judge(
    trial: Trial, search: Search, films: PreparedFilms, parts: list[Part], start: Start
) -> float:
    """The mean over folds of the lowest validation loss; pruned where that is going nowhere."""
    recipe = SPACES[search.space](trial, search.recipe)
    folder = search.out / "trials" / str(trial.number)
    shutil.rmtree(folder, ignore_errors=True)  # of a trial that was cut off
    losses: list[float] = []
    for part in parts:
        seen: list[float] = []
        step = part.fold * recipe.epochs

        def report(epoch: Epoch, step: int = step, seen: list[float] = seen) -> None:
            seen.append(epoch.validation_loss)
            # As if this fold ended here: every trial goes through the folds in the same order.
            so_far = [*losses, min(seen)]
            trial.report(sum(so_far) / len(so_far), step + len(seen))
            if trial.should_prune():
                raise optuna.TrialPruned

        network = make_network(recipe, search.task, start)
        fabric = make_fabric(recipe, accelerator=search.accelerator)
        place = folder / part.name
        try:
            done = fit_epochs(
                fabric,
                network,
                films,
                part,
                search.task,
                recipe,
                place,
                workers=search.workers,
                on_epoch=report,
            )
        finally:
            for weights in place.glob("*.pt"):  # a search's networks are not kept
                weights.unlink()
        losses.append(best_epoch(done).validation_loss)
    trial.set_user_attr("fold_losses", losses)
    return sum(losses) / len(losses)


def _study(search: Search, *, seed: int) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        # The heartbeat, by which a trial that was cut off is found and run again, and Hyperband
        # may change between versions of Optuna.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sqlite = search.database.startswith("sqlite")
        storage = optuna.storages.RDBStorage(
            search.database,
            # Several processes write: wait for each other.
            engine_kwargs={"connect_args": {"timeout": 60}} if sqlite else None,
            heartbeat_interval=30,
            grace_period=90,
            heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(
                max_retry=1
            ),
        )
        most = search.recipe.epochs * search.folds
        pruner = optuna.pruners.HyperbandPruner(
            min_resource=max(1, search.recipe.epochs // 3), max_resource=most, reduction_factor=3
        )
        study = optuna.create_study(
            study_name=search.study_name,
            storage=storage,
            direction="minimize",
            load_if_exists=True,
            pruner=pruner,
        )
        # Another worker, or the same one later, must not draw the same trials again.
        seed += 1000 * (len(study.get_trials(deepcopy=False)) + search.recipe.seed)
        study.sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
    return study


def _claim(study: optuna.Study, search: Search) -> None:
    """Note in the study what it is about, so that nothing else is carried on by mistake."""
    films = labelled(search.manifest, search.task)
    origin = "" if search.weights is None else str(search.weights.resolve())
    note = make_note(films, search.task, search.recipe, origin).to_dict()
    about = json.loads(json.dumps({**note, "folds": search.folds}))
    if study.user_attrs.setdefault(_ABOUT, about) != about:
        raise DataError(
            f"{search.database} holds a search {search.study_name!r} with other films, folds, "
            "weights or another recipe: choose another folder"
        )
    study.set_user_attr(_ABOUT, about)


def _conclude(study: optuna.Study, search: Search) -> Path:
    trials = study.get_trials(deepcopy=False)
    told = [_told(trial) for trial in trials]
    (search.out / TRIALS).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    done = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if not done:
        raise DataError(f"no trial of {search.study_name!r} was finished: give it more --trials")
    best = min(done, key=lambda trial: trial.value)
    recipe = SPACES[search.space](optuna.trial.FixedTrial(best.params), search.recipe)
    recipe = replace(recipe, name=f"{search.recipe.name}-tuned")
    head = (
        f"# Found by spinescan tune for {search.study_name}: trial {best.number}, validation loss "
        f"{best.value:.4f} (mean of {search.folds} folds); {len(done)} trials finished, "
        f"{len(trials) - len(done)} were pruned or failed.\n"
        "# The lowest of many: judge it on films that the search has not seen.\n"
    )
    path = search.out / BEST_RECIPE
    path.write_text(head + to_toml(recipe), encoding="utf-8")
    return path


def _told(trial: FrozenTrial) -> dict[str, Any]:
    return {
        "number": trial.number,
        "state": trial.state.name.lower(),
        "value": trial.value,
        "params": trial.params,
        "epochs": len(trial.intermediate_values),
        "fold_losses": trial.user_attrs.get("fold_losses"),
    }


def _count(study: optuna.Study) -> int:
    return len(study.get_trials(deepcopy=False, states=_FINISHED))
