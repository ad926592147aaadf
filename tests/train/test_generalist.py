"""`spinescan study generalist` from films to the page, on a few small phantoms drawn plain."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spinescan.app.main import cli
from spinescan.data.manifest import Manifest, read_manifest, write_manifest
from spinescan.phantom.set_recipe import SetRecipe
from spinescan.phantom.sets import write_set
from spinescan.study.generalist_films import choose_films, fold_of, truth_of
from spinescan.study.generalist_protocol import NETWORKS, Settings
from spinescan.study.generalist_source import FAST, FULL, PHANTOMS, shipped_recipe
from spinescan.study.predictions import read_predictions
from spinescan.train.classify_parts import Part
from spinescan.train.classify_recipe import ClassifyRecipe
from spinescan.train.generalist_lessons import budget_of, lessons_of
from tests.study.studies import manifest_of

ROOT = Path(__file__).parents[2]
RECIPE = """
name = "tiny"
backbone = "small_cnn"
rows = 64
columns = 32
weights = "none"
epochs = 3
batch = 6
[head]
kind = "spatial"
conv_units = 4
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of phantoms; most lateral, a few of them too flat for a class."""
    recipe = SetRecipe.from_dict(
        {
            "rows": 192,
            "plain": True,
            "clinic": False,
            "view": {"lateral": 9, "frontal": 1},
            "als": {"healthy": 1},
            "sagittal": {"healthy": 3, "hyperkyphosis": 3, "hyperlordosis": 3, "both": 1,
                         "hypokyphosis": 0.5},
            "extent": {"lateral": {"whole": 1}, "frontal": {"whole": 1}},
        }
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("phantoms") / "set"
    write_set(recipe, folder, 40, seed=4)
    return folder / "manifest.csv"


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.toml"
    path.write_text(RECIPE)
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)


def study(source: Path, recipe: Path, out: Path, *more: object) -> Result:
    words = ["study", "generalist", source, "--out", out, "--recipe", recipe, "--folds", 2]
    return run(*words, "--workers", 0, "--accelerator", "cpu", *more)


Done = tuple[Path, Result]


@pytest.fixture(scope="module")
def done(data: Path, recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    out = tmp_path_factory.mktemp("study") / "out"
    return out, study(data, recipe, out, "--seeds", 1)


def test_it_answers_and_leaves_its_files(done: Done) -> None:
    out, result = done
    assert result.exit_code == 0, result.output
    told = json.loads((out / "study.json").read_text("utf-8"))
    assert told["answer"]["sentence"] in result.stdout
    assert "synthetic" in told["title"]
    assert "synthetic" in (out / "study.html").read_text("utf-8")
    assert json.loads((out / "protocol.json").read_text("utf-8")) == told["protocol"]
    films = read_manifest(out / "films.csv").films
    assert told["protocol"]["films"]["n_films"] == len(films)
    assert all((out / film.image).is_file() for film in films)


def test_every_tested_film_has_one_answer_of_each_network(done: Done) -> None:
    out, _ = done
    films = read_manifest(out / "films.csv").films
    assert {truth_of(film) for film in films} == {"healthy", "kyphosis", "lordosis", "both"}
    fold = {film.image: fold_of(film) for film in films}
    for name, task in NETWORKS.items():
        records = read_predictions(out / "predictions" / f"{name}.jsonl")
        assert sorted(record.image for record in records) == sorted(fold)
        assert all(record.fold == fold[record.image] for record in records)
        assert all(tuple(record.scores or ()) == task.codes for record in records)


def test_the_networks_have_one_budget(done: Done) -> None:
    out, _ = done
    rounds = [json.loads(line) for line in (out / "rounds.jsonl").read_text().splitlines()]
    steps = {
        (one["network"], one["fold"]): max(
            r["steps"] for r in rounds if (r["network"], r["fold"]) == (one["network"], one["fold"])
        )
        for one in rounds
    }
    assert len(steps) == 6
    assert len(set(steps.values())) == 1


def test_the_same_command_carries_on_and_another_protocol_is_refused(
    done: Done, data: Path, recipe: Path
) -> None:
    out, _ = done
    before = {path: path.stat().st_mtime_ns for path in out.glob("trainings/*/predictions.jsonl")}
    page = (out / "study.html").read_bytes()
    assert study(data, recipe, out, "--seeds", 1).exit_code == 0
    assert before == {path: path.stat().st_mtime_ns for path in before}
    refused = study(data, recipe, out, "--seeds", 2)
    assert refused.exit_code == 1
    assert "another protocol" in refused.output
    assert (out / "study.html").read_bytes() == page


def test_the_analysis_can_be_done_again_alone(done: Done, tmp_path: Path) -> None:
    out, _ = done
    copy = tmp_path / "copy"
    shutil.copytree(out, copy, ignore=shutil.ignore_patterns("trainings", "*.npz", "study.*"))
    assert run("study", "generalist", "--out", copy, "--analyse-only").exit_code == 0
    again, first = (json.loads((at / "study.json").read_text("utf-8")) for at in (copy, out))
    assert again == {name: value for name, value in first.items() if name in again}


def test_full_mode_teaches_networks(data: Path, recipe: Path, tmp_path: Path) -> None:
    result = study(data, recipe, tmp_path, "--mode", "full", "--seeds", 1, "--only-folds", 1)
    assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "study.json").read_text("utf-8"))
    assert {note["code"] for note in told["notes"]} >= {"some_folds"}
    assert len(list(tmp_path.glob("trainings/*/fold-0/fitted.json"))) == 3


def test_a_folder_for_each_class(data: Path, recipe: Path, tmp_path: Path) -> None:
    films = choose_films(read_manifest(data), tmp_path, folds=2, seed=1).films
    for k, film in enumerate(films):
        folder = tmp_path / "classes" / str(truth_of(film)).capitalize()
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(tmp_path / film.image, folder / f"p{k // 2}_{k}.png")
    out = tmp_path / "out"
    result = study(tmp_path / "classes", recipe, out, "--seeds", 1, "--group", r"/(p\d+)_")
    assert result.exit_code == 0, result.output
    told = json.loads((out / "study.json").read_text("utf-8"))
    assert told["protocol"]["films"]["n_groups"] < told["protocol"]["films"]["n_films"]
    assert told["both"]["n_films"] > 0
    assert "synthetic" not in told["title"]


def test_nobody_is_on_both_sides_and_specialists_share_the_generalists_films(
    tmp_path: Path,
) -> None:
    films = choose_films(manifest_of(tmp_path, 160), tmp_path, folds=4, seed=1)
    lessons = lessons_of(films, Settings(folds=4, seeds=(1, 2)))
    assert len(lessons) == 4 * 2 * 3
    groups = [film.group for film in films.films]
    for lesson in lessons:
        train, validation, test = (
            {groups[k] for k in places}
            for places in (lesson.part.train, lesson.part.validation, lesson.part.test)
        )
        assert not train & validation
        assert not (train | validation) & test
        taught = {truth_of(films.films[k]) for k in (*lesson.part.train, *lesson.part.validation)}
        assert taught == set(lesson.task.codes)
    by_fold: dict[int, dict[str, Part]] = {}
    for lesson in lessons:
        by_fold.setdefault(lesson.part.fold, {})[lesson.network] = lesson.part
    for parts in by_fold.values():
        both = set(parts["kyphosis"].train) | set(parts["lordosis"].train)
        assert both == set(parts["generalist"].train)


def test_the_shipped_recipes_can_be_read(tmp_path: Path) -> None:
    fast, full = (ClassifyRecipe.read(shipped_recipe(name)) for name in (FAST, FULL))
    seed = ClassifyRecipe.read(ROOT / "recipes" / "classify-seed-resnet50.toml")
    assert {**full.to_dict(), "name": ""} == {**seed.to_dict(), "name": ""}
    films = choose_films(manifest_of(tmp_path, 160), tmp_path, folds=4, seed=1)
    budget = budget_of(lessons_of(films, Settings(folds=4)), fast)
    assert budget.rounds == fast.epochs
    phantoms = SetRecipe.read(shipped_recipe(PHANTOMS))
    assert set(phantoms.view) == {"lateral"}
    assert set(phantoms.extent["lateral"]) <= {"trunk", "whole"}


def test_films_that_cannot_teach_are_told_before_anything_is_written(
    recipe: Path, tmp_path: Path
) -> None:
    manifest = manifest_of(tmp_path, 40)
    rows = tuple(film for film in manifest.films if truth_of(film) != "lordosis")
    write_manifest(Manifest(tmp_path, rows), tmp_path / "manifest.csv")
    result = study(tmp_path / "manifest.csv", recipe, tmp_path / "out")
    assert result.exit_code == 1
    assert "no film of class lordosis" in result.output
    assert not (tmp_path / "out").exists()
