"""A search tries recipes on real folds, prunes, carries on, and keeps studies apart."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from spinescan.app.main import cli
from spinescan.data.checks import labelled, task_of
from spinescan.data.manifest import read_manifest
from spinescan.train.classify_recipe import AugmentRecipe, ClassifyRecipe, HeadRecipe, to_toml
from spinescan.train.tune import SPACES, Search, folds_of
from tests.train.discs import TASK, write_discs

RECIPE = """
name = "tiny"
backbone = "small_cnn"
rows = 32
columns = 32
weights = "none"
epochs = 3
batch = 6
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    return write_discs(folder, 24, splits=("train", "train", "test"))


def run(recipe: Path, data: Path, out: Path, *more: object) -> Result:
    words = ["tune", recipe, "--data", data, "--task", TASK, "--out", out, "--folds", 2]
    words += ["--workers", 0, "--accelerator", "cpu", *more]
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)


def trials(out: Path) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads((out / "trials.json").read_text())
    return told


@pytest.fixture(scope="module")
def searched(
    recipe: Path, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("search") / "out"
    return out, run(recipe, data, out, "--trials", 2)


def test_the_best_trial_is_a_recipe(searched: tuple[Path, Result]) -> None:
    out, result = searched
    assert result.exit_code == 0
    assert result.stdout == f"{out / 'best.toml'}\n"
    done = [trial for trial in trials(out) if trial["state"] == "complete"]
    best = min(done, key=lambda trial: float(trial["value"]))
    found = ClassifyRecipe.read(out / "best.toml")
    assert found.name == "tiny-tuned"
    assert found.learning_rate == best["params"]["learning_rate"]
    assert found.head.dropout == best["params"]["dropout"]
    assert found.rows == 32
    for trial in done:
        assert len(trial["fold_losses"]) == 2
        assert trial["value"] == pytest.approx(sum(trial["fold_losses"]) / 2)
    assert not list(out.rglob("*.pt"))


def test_a_search_goes_on_where_it_stopped(
    searched: tuple[Path, Result], recipe: Path, data: Path
) -> None:
    out, _ = searched
    before = trials(out)
    assert run(recipe, data, out, "--trials", len(before) + 1).exit_code == 0
    after = trials(out)
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1
    drawn = [trial["params"] for trial in after]
    assert drawn[-1] not in drawn[:-1]
    assert run(recipe, data, out, "--trials", 1).exit_code == 0  # enough were tried already
    assert trials(out) == after


def test_each_space_has_a_study_of_its_own(
    searched: tuple[Path, Result], recipe: Path, data: Path
) -> None:
    out, _ = searched
    assert run(recipe, data, out, "--trials", 1, "--space", "seed").exit_code == 0
    assert set(trials(out)[0]["params"]) == {"conv_units", "dense_units", "dropout", "optimiser"}
    names = optuna.get_all_study_names(f"sqlite:///{out / 'tune.db'}")
    assert set(names) == {"half/small_cnn/default", "half/small_cnn/seed"}


def test_a_study_of_other_films_or_another_recipe_is_refused(
    searched: tuple[Path, Result], recipe: Path, data: Path, tmp_path: Path
) -> None:
    out, _ = searched
    other = write_discs(tmp_path / "data", 20)
    for films, more in ((other, ()), (data, ("--epochs", 2))):
        result = run(recipe, films, out, "--trials", 9, *more)
        assert result.exit_code == 1
        assert "choose another folder" in result.stderr


@pytest.mark.slow
def test_several_processes_share_the_trials(recipe: Path, data: Path, tmp_path: Path) -> None:
    result = run(recipe, data, tmp_path / "out", "--trials", 4, "--jobs", 2)
    assert result.exit_code == 0
    told = trials(tmp_path / "out")
    assert len([t for t in told if t["state"] in ("complete", "pruned")]) >= 4
    drawn = [json.dumps(trial["params"]) for trial in told]
    assert len(set(drawn)) == len(drawn)


def test_a_hopeless_trial_is_pruned(
    recipe: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optuna.Trial, "should_prune", lambda trial: trial.number == 1)
    assert run(recipe, data, tmp_path / "out", "--trials", 2).exit_code == 0
    told = trials(tmp_path / "out")
    assert [trial["state"] for trial in told] == ["complete", "pruned"]
    assert [trial["epochs"] for trial in told] == [6, 1]


def test_a_search_without_a_finished_trial_is_told(
    recipe: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optuna.Trial, "should_prune", lambda trial: True)
    result = run(recipe, data, tmp_path / "out", "--trials", 1)
    assert result.exit_code == 1
    assert "no trial of 'half/small_cnn/default' was finished" in result.stderr


def test_folds_judge_every_film_once_and_no_test_film(data: Path, tmp_path: Path) -> None:
    manifest = read_manifest(data)
    task = task_of(manifest, TASK)
    search = Search(manifest, task, ClassifyRecipe.of_backbone("small_cnn"), tmp_path, folds=2)
    films = labelled(manifest, task)
    parts = folds_of(search)
    judged = sorted(place for part in parts for place in part.validation)
    assert judged == [k for k, film in enumerate(films) if film.split != "test"]
    for part in parts:
        sides = [{films[k].group for k in places} for places in (part.train, part.validation)]
        assert not sides[0] & sides[1]
        assert part.test == ()


@pytest.mark.parametrize("name", SPACES)
def test_a_space_draws_what_it_names(name: Any) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    base = ClassifyRecipe.of_backbone("resnet50")
    for _ in range(20):
        trial = study.ask()
        drawn = SPACES[name](trial, base)
        assert SPACES[name](optuna.trial.FixedTrial(trial.params), base) == drawn
        if name == "seed":
            assert 32 <= drawn.head.conv_units <= 128
            assert 64 <= drawn.head.dense_units <= 256
            assert 0.3 <= drawn.head.dropout <= 0.7 + 1e-9
            assert drawn.optimiser in ("adam", "rmsprop")
            assert replace(drawn, head=base.head, optimiser=base.optimiser) == base


@given(
    rate=st.floats(1e-9, 1),
    dropout=st.floats(0, 0.99),
    shear=st.floats(0, 1),
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,9}", fullmatch=True),
)
def test_a_written_recipe_is_read_back(
    rate: float, dropout: float, shear: float, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    recipe = ClassifyRecipe(
        name=name,
        backbone="mobilenetv2_100",
        rows=96,
        columns=64,
        learning_rate=rate,
        backbone_options={"pad_type": "same"},
        head=HeadRecipe(dropout=dropout),
        augment=AugmentRecipe(shear=shear),
    )
    path = tmp_path_factory.getbasetemp() / "written.toml"
    path.write_text(to_toml(recipe), encoding="utf-8")
    assert ClassifyRecipe.read(path) == recipe
