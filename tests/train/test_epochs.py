"""The classifier's loop: repeats itself, carries on, learns, freezes, never changes validation."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from spinescan.core.errors import DataError
from spinescan.core.task import Task
from spinescan.data.checks import labelled, task_of
from spinescan.data.manifest import read_manifest
from spinescan.train import classify_films, epochs
from spinescan.train.classifier import Classifier
from spinescan.train.classify import Start, make_network
from spinescan.train.classify_films import PreparedFilms, prepare_films
from spinescan.train.classify_parts import Part
from spinescan.train.classify_recipe import AugmentRecipe, ClassifyRecipe, HeadRecipe
from spinescan.train.epochs import Epoch, best_epoch, fit_epochs, make_fabric, read_epochs
from tests.train.discs import CODES, TASK, write_discs

HALVES = Task.of_codes(TASK, CODES)
RECIPE = ClassifyRecipe(
    name="tiny",
    backbone="small_cnn",
    rows=48,
    columns=48,
    weights="none",
    epochs=4,
    batch=5,
    learning_rate=2e-3,
    precision="32-true",
    augment=AugmentRecipe(5, 0.05, 0, 0.05, (0.9, 1.1)),
)
PART = Part("single", tuple(range(12)), tuple(range(12, 20)), tuple(range(20, 24)))


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> PreparedFilms:
    manifest = read_manifest(write_discs(tmp_path_factory.mktemp("discs")))
    task = task_of(manifest, TASK)
    return prepare_films(manifest, labelled(manifest, task), task, RECIPE.input)


def train(
    films: PreparedFilms, folder: Path, recipe: ClassifyRecipe = RECIPE, **options: Any
) -> tuple[Classifier, list[Epoch]]:
    network = make_network(recipe, HALVES, Start())
    fabric = make_fabric(recipe, accelerator="cpu")
    options = {"workers": 0, **options}
    return network, fit_epochs(fabric, network, films, PART, HALVES, recipe, folder, **options)


def untimed(done: list[Epoch]) -> list[Epoch]:
    return [replace(epoch, seconds=0.0) for epoch in done]


def assert_same(first: nn.Module, second: nn.Module) -> None:
    ours, theirs = first.state_dict(), second.state_dict()
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]), name


@pytest.fixture(scope="module")
def whole(
    films: PreparedFilms, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Classifier, list[Epoch], Path]:
    """A run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole") / "single"
    return *train(films, folder), folder


Whole = tuple[Classifier, list[Epoch], Path]


def test_a_finished_run_leaves_its_files(whole: Whole) -> None:
    _, done, folder = whole
    names = {path.name for path in folder.iterdir() if not path.name.startswith("events")}
    assert names == {"best.pt", "epochs.jsonl", "curves.png", "fitted.json"}
    assert any(path.name.startswith("events.out.tfevents") for path in folder.iterdir())
    assert read_epochs(folder) == done
    assert [epoch.epoch for epoch in done] == [0, 1, 2, 3]
    assert json.loads((folder / "fitted.json").read_text()) == {
        "best_epoch": best_epoch(done).epoch,
        "epochs": 4,
    }


def test_tensorboard_reads_the_figures(whole: Whole) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    _, done, folder = whole
    events = EventAccumulator(str(folder))
    events.Reload()
    logged = events.Scalars("validation_loss")
    assert [event.step for event in logged] == [epoch.epoch for epoch in done]
    assert [event.value for event in logged] == pytest.approx(
        [epoch.validation_loss for epoch in done]
    )


def test_the_same_seed_gives_the_same_run(
    whole: Whole, films: PreparedFilms, tmp_path: Path
) -> None:
    network, done = train(films, tmp_path / "single")
    assert_same(network, whole[0])
    assert untimed(done) == untimed(whole[1])


def test_another_seed_gives_another_run(whole: Whole, films: PreparedFilms, tmp_path: Path) -> None:
    _, done = train(films, tmp_path / "single", replace(RECIPE, seed=2))
    assert untimed(done) != untimed(whole[1])


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_workers_change_nothing(whole: Whole, films: PreparedFilms, tmp_path: Path) -> None:
    network, done = train(films, tmp_path / "single", workers=2)
    assert_same(network, whole[0])
    assert untimed(done) == untimed(whole[1])


@pytest.mark.parametrize("cut_after", [0, 2])
def test_a_run_that_was_cut_off_ends_like_one_that_was_not(
    whole: Whole, films: PreparedFilms, tmp_path: Path, cut_after: int
) -> None:
    def cut(epoch: Epoch) -> None:
        if epoch.epoch == cut_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(films, tmp_path / "single", on_epoch=cut)
    assert len(read_epochs(tmp_path / "single")) == cut_after + 1
    network, done = train(films, tmp_path / "single")
    assert_same(network, whole[0])
    assert untimed(done) == untimed(whole[1])


def test_a_finished_run_is_taken_as_it_is(
    whole: Whole, films: PreparedFilms, tmp_path: Path
) -> None:
    train(films, tmp_path / "single")
    before = (tmp_path / "single" / "best.pt").read_bytes()
    network, done = train(films, tmp_path / "single", on_epoch=lambda epoch: 1 / 0)
    assert untimed(done) == untimed(whole[1])
    assert (tmp_path / "single" / "best.pt").read_bytes() == before
    assert_same(network, whole[0])


def test_a_few_films_are_learned_by_heart(films: PreparedFilms, tmp_path: Path) -> None:
    recipe = replace(
        RECIPE,
        epochs=40,
        stop_patience=40,
        augment=AugmentRecipe(0, 0, 0, 0, (1, 1), mirror=False),
        head=HeadRecipe("linear", dropout=0),
    )
    by_heart = Part("single", PART.train, PART.train)
    network = make_network(recipe, HALVES, Start())
    fabric = make_fabric(recipe, accelerator="cpu")
    done = fit_epochs(
        fabric, network, films, by_heart, HALVES, recipe, tmp_path / "single", workers=0
    )
    assert best_epoch(done).validation_accuracy == 1
    assert best_epoch(done).validation_loss < 0.1


def test_only_training_films_are_changed(
    films: PreparedFilms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = []
    own = classify_films.augment

    def noted(film: Any, *args: Any, **options: Any) -> Any:
        changed.append(next(k for k in range(24) if np.shares_memory(film, films.inputs[k])))
        return own(film, *args, **options)

    seen = []
    judge = epochs.predict_logits

    def watched(network: Any, films: Any, places: Any, *args: Any) -> Any:
        hook = network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].clone()))
        try:
            return judge(network, films, places, *args)
        finally:
            hook.remove()

    monkeypatch.setattr(classify_films, "augment", noted)
    monkeypatch.setattr(epochs, "predict_logits", watched)
    train(films, tmp_path / "single", replace(RECIPE, epochs=1))
    assert sorted(changed) == list(PART.train)
    judged = torch.cat(seen)[:, 0].numpy()
    assert np.array_equal(judged, films.inputs[list(PART.validation)])


def test_a_frozen_backbone_stays_then_learns(films: PreparedFilms, tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=3, frozen_epochs=2)
    before = make_network(recipe, HALVES, Start()).state_dict()
    moved = []

    def look(epoch: Epoch) -> None:
        now = torch.load(tmp_path / "single" / "last.pt", weights_only=True)["network"]
        moved.append(any(not torch.equal(v, now[k]) for k, v in before.items() if "body" in k))

    _, done = train(films, tmp_path / "single", recipe, on_epoch=look)
    assert moved == [False, False, True]
    assert len(done) == 3


def test_training_ends_when_validation_no_longer_improves(
    films: PreparedFilms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([0.9, 0.5, 0.6, 0.6, 0.7, 0.7, 0.7, 0.1])
    monkeypatch.setattr(epochs, "judge", lambda *_: (next(losses), 0.5))
    recipe = replace(RECIPE, epochs=8, plateau_patience=1, plateau_factor=0.5, stop_patience=4)
    kept = {}

    def look(epoch: Epoch) -> None:
        path = tmp_path / "single" / "last.pt"
        kept[epoch.epoch] = torch.load(path, weights_only=True)["network"]

    network, done = train(films, tmp_path / "single", recipe, on_epoch=look)
    assert len(done) == 6
    assert best_epoch(done).epoch == 1
    for name, value in network.state_dict().items():
        assert torch.equal(value, kept[1][name])
    rates = [epoch.learning_rate for epoch in done]
    assert rates == pytest.approx([2e-3, 2e-3, 2e-3, 2e-3, 1e-3, 1e-3])


def test_a_cosine_falls_over_all_epochs_also_when_cut_off(
    films: PreparedFilms, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, epochs=4, schedule="cosine")

    def cut(epoch: Epoch) -> None:
        if epoch.epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(films, tmp_path / "single", recipe, on_epoch=cut)
    _, done = train(films, tmp_path / "single", recipe)
    shares = [(1 + np.cos(np.pi * number / 4)) / 2 for number in range(4)]
    rates = [epoch.learning_rate for epoch in done]
    assert rates == pytest.approx([recipe.learning_rate * share for share in shares])


def test_the_backbone_may_learn_more_slowly(films: PreparedFilms, tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=1, backbone_rate=0.0, optimiser="adam")
    network, _ = train(films, tmp_path / "single", recipe)
    before = make_network(recipe, HALVES, Start()).state_dict()
    for name, value in network.named_parameters():
        assert torch.equal(value, before[name]) == name.startswith("backbone."), name


@pytest.mark.parametrize("balance", ["weights", "sampler"])
def test_with_balance_classes_count_alike_in_the_validation_loss(balance: str) -> None:
    logits = np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 3.0]], np.float32)
    truth = np.array([0, 0, 0, 1])
    weights = torch.tensor([1 / 3, 1.0])
    recipe = replace(RECIPE, balance=balance)  # type: ignore[arg-type]
    loss, accuracy = epochs.judge(logits, truth, weights, recipe)
    low, high = np.log(2), np.log1p(np.exp(-3))
    assert loss == pytest.approx((low + high) / 2)
    assert accuracy == 1
    plain, _ = epochs.judge(logits, truth, weights, replace(RECIPE, balance="none"))
    assert plain == pytest.approx((3 * low + high) / 4)


def test_a_loss_that_is_no_number_is_told(films: PreparedFilms, tmp_path: Path) -> None:
    recipe = replace(RECIPE, learning_rate=1e20, epochs=6, optimiser="adam")
    with pytest.raises(DataError, match=r"loss of epoch .* is not a number; try a lower"):
        train(films, tmp_path / "single", recipe)
