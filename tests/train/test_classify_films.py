"""Films are prepared as a scan prepares them, and changed in training alone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spinescan.core.errors import DataError
from spinescan.core.task import FRAIWAN3, Task
from spinescan.data.checks import labelled, task_of
from spinescan.data.manifest import read_manifest
from spinescan.infer.preprocess import InputSpec, prepare
from spinescan.io.read import read_radiograph
from spinescan.train.classify_films import (
    Batches,
    PreparedFilms,
    TrainingFilms,
    augment,
    class_weights,
    prepare_films,
)
from spinescan.train.classify_recipe import AugmentRecipe
from tests.train.discs import TASK, write_discs

SPEC = InputSpec(48, 40)
STILL = AugmentRecipe(0, 0, 0, 0, (1, 1), mirror=False)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> PreparedFilms:
    manifest = read_manifest(write_discs(tmp_path_factory.mktemp("discs")))
    task = task_of(manifest, TASK)
    return prepare_films(manifest, labelled(manifest, task), task, SPEC)


@pytest.mark.parametrize("fit", ["letterbox", "squash"])
def test_films_are_prepared_as_a_scan_prepares_them(tmp_path: Path, fit: str) -> None:
    manifest = read_manifest(write_discs(tmp_path, 4))
    task, spec = task_of(manifest, TASK), InputSpec(48, 40, fit=fit)  # type: ignore[arg-type]
    counted: list[int] = []
    prepared = prepare_films(
        manifest, manifest.films, task, spec, on_film=lambda: counted.append(1)
    )
    assert len(counted) == 4
    for film, given_to_network in zip(prepared.films, prepared.inputs, strict=True):
        expected, _ = prepare(read_radiograph(tmp_path / film.image), spec)
        assert np.array_equal(given_to_network, expected)
    assert [task.codes[k] for k in prepared.truth] == [f.labels[TASK] for f in prepared.films]


def test_films_that_cannot_be_used_are_named_together(tmp_path: Path) -> None:
    manifest = read_manifest(write_discs(tmp_path, 4))
    (tmp_path / "1.png").write_bytes(b"no picture")
    (tmp_path / "2.png").write_bytes((tmp_path / "3.png").read_bytes())
    task = task_of(manifest, TASK)
    with pytest.raises(DataError, match=r"2 films cannot be used: .*1\.png.*2\.png: another file"):
        prepare_films(manifest, manifest.films, task, SPEC)


def test_nothing_told_nothing_changed() -> None:
    film = np.random.default_rng(1).uniform(-1, 1, (40, 30)).astype(np.float32)
    same = augment(film, STILL, np.random.default_rng(0), may_mirror=False)
    np.testing.assert_allclose(same, film, atol=1e-6)


def test_mirrored_half_the_time_where_it_may_be() -> None:
    film = np.random.default_rng(1).uniform(-1, 1, (40, 30)).astype(np.float32)
    seen = [augment(film, STILL, np.random.default_rng(k), may_mirror=True) for k in range(60)]
    flipped = sum(np.allclose(one, film[:, ::-1], atol=1e-6) for one in seen)
    kept = sum(np.allclose(one, film, atol=1e-6) for one in seen)
    assert flipped + kept == 60
    assert 15 <= flipped <= 45


@pytest.mark.parametrize("task", [FRAIWAN3, Task.of_codes("side", ("left", "right"))])
def test_only_a_task_that_keeps_its_labels_is_mirrored(films: PreparedFilms, task: Task) -> None:
    taught = TrainingFilms(films, AugmentRecipe(0, 0, 0, 0, (1, 1)), task, seed=0)
    seen = [taught[epoch, 0][0][0].numpy() for epoch in range(20)]
    changed = any(not np.allclose(one, films.inputs[0], atol=1e-6) for one in seen)
    assert changed == (task.mirror == "keeps")


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32))
def test_a_changed_film_is_a_film(seed: int) -> None:
    film = np.random.default_rng(1).uniform(-1, 1, (40, 30)).astype(np.float32)
    rng = np.random.default_rng(seed)
    changed = augment(film, AugmentRecipe(), rng, may_mirror=True)
    assert changed.shape == film.shape
    assert changed.dtype == np.float32
    assert np.abs(changed).max() <= 1


def disc_at(x: float, y: float) -> np.ndarray:
    rows, columns = np.mgrid[:200, :160] + 0.5
    return np.where(np.hypot(rows - y, columns - x) < 6, 1, -1).astype(np.float32)


def middle_of(film: np.ndarray) -> np.ndarray:
    weight = film.astype(float) + 1
    rows, columns = np.mgrid[: film.shape[0], : film.shape[1]] + 0.5
    return np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_angles_turn_as_told_and_zoom_is_the_same_in_both_directions(seed: int) -> None:
    recipe = AugmentRecipe(20, 0.1, 0, 0.1, (1, 1), mirror=False)
    places = [(80.0, 100.0), (105.0, 100.0), (80.0, 125.0)]
    at = [
        middle_of(augment(disc_at(*p), recipe, np.random.default_rng(seed), may_mirror=False))
        for p in places
    ]
    across, down = at[1] - at[0], at[2] - at[0]
    assert abs(across @ down) < 0.02 * 25**2
    assert np.linalg.norm(across) == pytest.approx(np.linalg.norm(down), rel=0.02)
    assert 0.88 <= np.linalg.norm(across) / 25 <= 1.12
    assert abs(np.degrees(np.arctan2(across[1], across[0]))) <= 20.5
    assert (np.abs(at[0] - [80, 100]) <= [16.5, 20.5]).all()


def test_brightness_leaves_black_black() -> None:
    film = np.array([[-1.0, 0.0, 1.0]] * 3, np.float32)
    recipe = AugmentRecipe(0, 0, 0, 0, (0.8, 0.8), mirror=False)
    darker = augment(film, recipe, np.random.default_rng(0), may_mirror=False)
    np.testing.assert_allclose(darker[1], [-1, -0.2, 0.6], atol=1e-6)


def test_a_film_changes_from_epoch_to_epoch_and_by_its_seed(films: PreparedFilms) -> None:
    task = FRAIWAN3
    taught = TrainingFilms(films, AugmentRecipe(), task, seed=3)
    first, again, later = taught[0, 2][0], taught[0, 2][0], taught[1, 2][0]
    assert torch.equal(first, again)
    assert not torch.equal(first, later)
    assert not torch.equal(first, TrainingFilms(films, AugmentRecipe(), task, seed=4)[0, 2][0])


@settings(max_examples=40)
@given(n=st.integers(1, 40), batch=st.integers(1, 12), seed=st.integers(0, 99))
def test_an_epoch_shows_every_film_once(n: int, batch: int, seed: int) -> None:
    places = [3 * k for k in range(n)]
    truth = np.zeros(3 * n, np.int64)
    batches = Batches(places, truth, batch=batch, epochs=range(2, 4), seed=seed)
    shown = list(batches)
    assert len(shown) == len(batches)
    for epoch in (2, 3):
        inside = [part for part in shown if part[0][0] == epoch]
        assert len(inside) == batches.per_epoch
        assert sorted(place for part in inside for _, place in part) == places
        sizes = [len(part) for part in inside]
        assert max(sizes) <= batch
        assert max(sizes) - min(sizes) <= 1
    assert list(batches) == shown


def test_what_is_carried_on_shows_the_same_films() -> None:
    def stream(epochs: range) -> list[list[tuple[int, int]]]:
        return list(Batches(range(20), np.zeros(20, np.int64), batch=6, epochs=epochs, seed=1))

    assert stream(range(0, 3)) + stream(range(3, 5)) == stream(range(0, 5))


def test_processes_share_every_batch() -> None:
    truth = np.zeros(20, np.int64)
    alone = Batches(range(20), truth, batch=6, epochs=range(2), seed=1)
    both = [
        Batches(range(20), truth, batch=6, epochs=range(2), seed=1, rank=rank, world=2)
        for rank in (0, 1)
    ]
    for whole, *halves in zip(alone, *both, strict=True):
        assert sorted(whole) == sorted(key for half in halves for key in half)


def test_the_sampler_shows_classes_equally_often() -> None:
    truth = np.array([0] * 90 + [1] * 10)
    batches = Batches(range(100), truth, batch=10, epochs=range(20), seed=1, balance="sampler")
    shown = [truth[place] for part in batches for _, place in part]
    assert len(shown) == 2000
    assert 0.45 < np.mean(shown) < 0.55


@given(counts=st.lists(st.integers(0, 30), min_size=2, max_size=5).filter(any))
def test_weights_make_classes_count_alike(counts: list[int]) -> None:
    truth = np.repeat(np.arange(len(counts)), counts)
    weights = class_weights(truth, len(counts))
    sums = [weights[k] * count for k, count in enumerate(counts) if count]
    assert sums == pytest.approx([sums[0]] * len(sums))
    assert weights[truth].mean() == pytest.approx(1)
