"""Training from a folder of films to bundles and Reports, on phantoms, a few steps long."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

from spinescan.app.main import cli
from spinescan.core.errors import DataError
from spinescan.data.sources import CornerFilm, read_aasce, read_phantoms
from spinescan.infer.bundle import Bundle
from spinescan.phantom.set_recipe import SetRecipe
from spinescan.phantom.sets import write_set
from spinescan.phantom.shape import Bend
from spinescan.train import landmarks
from spinescan.train.landmarks import cross_validate, train_bundle
from spinescan.train.recipe import LandmarkRecipe
from tests.data.layouts import Sheet, write_aasce
from tests.phantom.films import film_of

# Worker processes are forked from a process in which onnxruntime and the progress bar have threads.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")

LATERAL_LIMITS = "least_lateral = 0.0\nleast_facing = 0.5\nleast_last = 0.0\nthoracic_factor = 1.0"
RECIPE = """
name = "tiny"
version = "0"
seed = 3
folds = 2
backbone = "mobilenetv2_035"

[finder]
rows = 64
columns = 32
steps = 2
batch = 2
learning_rate = 1e-3
weight_decay = 1e-2
channels = 8
extra_share = 0.5

[refiner]
rows = 32
columns = 32
steps = 2
batch = 1
learning_rate = 1e-3
weight_decay = 1e-2
channels = 8
extra_share = 0.5

[settings]
pitch_px = 16.0
spread_factor = 1.0
least_confidence = 0.5
least_frontal = 0.5
most_unrest = 0.15
most_roughness = 0.25
least_point = 0.5
point_spread_px = 4.0
least_hardware = 0.5
least_brace = 0.5
interval_factor = 1.0
"""
BENDS = ([Bend("T5", "T11", 40, "left")], [Bend("T12", "L4", 30, "right")], [])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five films of four cases; the landmarks of the last one are said to be wrong."""
    sheets = []
    for seed, bends in enumerate(BENDS):
        film = film_of(bends, rows=256, seed=seed)
        corners = film.landmarks.frontal_corners()[1]
        sheets.append(Sheet(film.pixels, corners, f"case{seed}"))
    sheets.append(sheets[0])
    sheets.append(replace(sheets[1], case="case3", suspect=True))
    return write_aasce(tmp_path_factory.mktemp("data"), sheets)


@pytest.fixture(scope="module")
def recipe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def first_fold(
    data: Path, recipe_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Result]:
    """The folder of a run of which the first fold is done, by the command, and what it printed."""
    run = tmp_path_factory.mktemp("run") / "tiny"
    command = ["train", "landmarks", str(recipe_file), "--data", str(data), "--out", str(run)]
    return run, CliRunner().invoke(cli, [*command, "--fold", "0"], catch_exceptions=False)


def reports(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_fold_ends_with_a_bundle_and_reports(first_fold: tuple[Path, Result], data: Path) -> None:
    run, result = first_fold
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [str(run / "fold-0" / "reports.jsonl")]
    assert sorted(path.name for path in run.iterdir()) == ["fold-0"]
    bundle = Bundle.load(run / "fold-0" / "bundle")
    assert (bundle.name, bundle.version, bundle.task) == ("tiny", "0", "frontal-landmarks")
    assert set(bundle.networks) == {"finder", "refiner"}
    assert bundle.networks["finder"].input.rows == 64
    assert bundle.settings["pitch_px"] == 16
    told = bundle.provenance
    assert told["trained_on"] == ["aasce"]
    assert told["recipe"]["seed"] == 3
    films = read_aasce(data)
    scanned = {values["file"] for values in reports(run / "fold-0" / "reports.jsonl")}
    held_out = {film.group for film in films if film.file in scanned}
    teachers = [film for film in films if film.group not in held_out and not film.suspect]
    assert scanned == {film.file for film in films if film.group in held_out}
    assert told["films"] == len(teachers) > 0


def test_a_cross_validation_goes_on_at_the_next_fold(
    first_fold: tuple[Path, Result],
    data: Path,
    recipe_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = shutil.copytree(first_fold[0], tmp_path / "run")
    done = [path for path in (run / "fold-0").rglob("*") if path.name != "run.json"]
    before = {path: path.stat().st_mtime_ns for path in done}
    trained = []
    train_finder = landmarks.train_finder

    def noted(films: Any, recipe: Any, weights: Any, folder: Path, *, extra: Any) -> Any:
        trained.append(folder.name)
        return train_finder(films, recipe, weights, folder, extra=extra)

    monkeypatch.setattr(landmarks, "train_finder", noted)
    plan, films = LandmarkRecipe.read(recipe_file), read_aasce(data)
    plan = replace(plan, settings={**plan.settings, "most_unrest": 0.2})  # teaches nothing
    made = cross_validate(films, plan, None, run)
    assert made == [run / "fold-0" / "reports.jsonl", run / "fold-1" / "reports.jsonl"]
    assert trained == ["fold-1"]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    scanned = [values["file"] for path in made for values in reports(path)]
    assert sorted(scanned) == [film.file for film in films]  # every film, once


def test_another_training_is_not_carried_on(
    first_fold: tuple[Path, Result], data: Path, recipe_file: Path
) -> None:
    plan, films = LandmarkRecipe.read(recipe_file), read_aasce(data)
    folder = first_fold[0] / "fold-0"
    for other_films, other_plan, weights in (
        (films, plan, None),
        (films, replace(plan, seed=4), None),
        (films[:3], plan, Path("weights.safetensors")),
    ):
        with pytest.raises(DataError, match="holds another training"):
            train_bundle(other_films, other_plan, weights, folder)


def test_no_group_is_on_both_sides(
    data: Path, recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides: list[tuple[set[str], set[str]]] = []

    def taught(
        films: Sequence[CornerFilm], recipe: Any, weights: Any, folder: Path, *, extra: Any
    ) -> Path:
        assert extra == more
        sides.append(({film.group for film in films}, set()))
        return folder

    def scanned(films: Sequence[CornerFilm], bundle: Path, path: Path) -> None:
        sides[-1][1].update(film.group for film in films)

    monkeypatch.setattr(landmarks, "train_bundle", taught)
    monkeypatch.setattr(landmarks, "scan_films", scanned)
    films = read_aasce(data)
    more = [replace(films[0], group="elsewhere", source="drawn")]
    bare = replace(films[1], group="bare", corners_told=False)
    plan = replace(LandmarkRecipe.read(recipe_file), folds=4)
    cross_validate([*films, bare], plan, None, tmp_path, extra=more)
    assert len(sides) == 4
    groups = {film.group for film in films}
    for training, test in sides:
        assert training.isdisjoint(test)
        assert training | test == groups | {"bare"}
        assert "bare" in training  # it cannot be scored, so it teaches in every fold


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--fold", "2"], 2, "--fold must be below 2"),
        (["--fold", "-1"], 2, "--fold"),
        (["--final", "--fold", "0"], 2, "exclude each other"),
    ],
)
def test_options_that_make_no_sense(
    data: Path, recipe_file: Path, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    command = ["train", "landmarks", str(recipe_file), "--data", str(data), "--out", str(tmp_path)]
    result = CliRunner().invoke(cli, [*command, *arguments])
    assert result.exit_code == code
    assert message in result.stderr


def test_what_the_user_gave_wrong_is_told_in_one_line(
    data: Path, recipe_file: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(RECIPE.replace("pitch_px", "pich_px"))
    many = tmp_path / "many.toml"
    many.write_text(RECIPE.replace("folds = 2", "folds = 40"))
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"none")
    empty = tmp_path / "empty"
    empty.mkdir()
    for recipe, folder, more, message in (
        (broken, data, [], "settings lack pitch_px"),
        (many, data, [], "40 folds need as many groups of films, got 4"),
        (recipe_file, empty, [], "no images/ folder here"),
        (recipe_file, data, ["--weights", str(weights)], "not a safetensors file"),
    ):
        command = ["train", "landmarks", str(recipe), "--data", str(folder)]
        result = CliRunner().invoke(cli, [*command, "--out", str(tmp_path / "run"), *more])
        assert result.exit_code == 1, result.output
        assert message in result.stderr
        assert result.stderr.count("\n") == 1


def test_phantoms_teach_beside_real_films_and_are_not_scored(
    data: Path, recipe_file: Path, tmp_path: Path
) -> None:
    phantoms = tmp_path / "phantoms"
    write_set(SetRecipe(rows=(256, 256), view={"frontal": 1.0}, clinic=None), phantoms, 2, 1)
    run = tmp_path / "run"
    command = ["train", "landmarks", str(recipe_file), "--data", str(data), "--extra"]
    command += [str(phantoms), "--out", str(run), "--fold", "1"]
    result = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    bundle = Bundle.load(run / "fold-1" / "bundle")
    assert bundle.provenance["trained_on"] == ["aasce", "phantoms"]
    scored = {report["file"] for report in reports(run / "fold-1" / "reports.jsonl")}
    assert scored < {film.file for film in read_aasce(data)}


def test_a_training_can_start_from_an_earlier_one(
    first_fold: tuple[Path, Result], data: Path, recipe_file: Path, tmp_path: Path
) -> None:
    earlier = first_fold[0] / "fold-0"
    plan, films = LandmarkRecipe.read(recipe_file), read_aasce(data)
    still = replace(plan, finder=replace(plan.finder, learning_rate=0.0, weight_decay=0.0))
    train_bundle(films, still, earlier, tmp_path / "on")
    parts = [
        torch.load(folder / "finder.pt", weights_only=True)["network"]
        for folder in (earlier, tmp_path / "on")
    ]
    weights = [name for name in parts[0] if name.endswith("weight")]
    assert weights
    for name in weights:  # nothing was learnt, so they are still those it started from
        assert torch.equal(parts[0][name], parts[1][name])
    told = json.loads((tmp_path / "on" / "run.json").read_text())
    assert told["initial_weights"].startswith("earlier training")


def test_a_folder_without_a_training_is_no_start(
    data: Path, recipe_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"finder.pt: not a checkpoint of this finder"):
        train_bundle(
            read_aasce(data), LandmarkRecipe.read(recipe_file), tmp_path / "empty", tmp_path / "run"
        )


@pytest.fixture(scope="module")
def laterals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lateral phantoms, and a frontal one."""
    folder = tmp_path_factory.mktemp("laterals") / "set"
    extent = {"lateral": {"lumbar": 1.0, "trunk": 1.0}, "frontal": {"trunk": 1.0}}
    view = {"lateral": 2.0, "frontal": 1.0}
    write_set(SetRecipe(rows=(200, 200), view=view, extent=extent, clinic=None), folder, 6, 4)
    return folder


def test_a_lateral_model_is_trained_used_and_scored(
    laterals: Path, tmp_path: Path, recipe_file: Path
) -> None:
    truth = reports(laterals / "truth.jsonl")
    assert {line["view"] for line in truth} == {"lateral", "frontal"}
    recipe = tmp_path / "side.toml"
    text = RECIPE.replace("least_frontal = 0.5", LATERAL_LIMITS)
    recipe.write_text(f'view = "lateral"\n{text}')
    run = tmp_path / "run"
    command = ["train", "landmarks", str(recipe), "--data", str(laterals), "--out", str(run)]
    result = CliRunner().invoke(cli, [*command, "--final"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    bundle = run / "final" / "bundle"
    told = Bundle.load(bundle)
    assert told.task == "lateral-landmarks"
    assert told.provenance["recipe"]["view"] == "lateral"
    assert told.provenance["films"] == len(truth)  # the frontal ones teach what to decline
    assert {"frontal"} == {film.view for film in read_phantoms(laterals)}
    command = ["bench", "phantoms", str(laterals), "--view", "lateral", "--bundle", str(bundle)]
    result = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["trained_on"] == ["phantoms"]
    assert figures["all_films"]["n"] == sum(line["view"] == "lateral" for line in truth)
    started = ["train", "landmarks", str(recipe_file), "--data", str(laterals)]
    started += ["--out", str(tmp_path / "other"), "--weights", str(bundle), "--final"]
    assert CliRunner().invoke(cli, started).exit_code == 0  # the networks are of one kind


def test_a_cross_validation_of_lateral_films_scans_them_alone(
    laterals: Path, tmp_path: Path
) -> None:
    path = tmp_path / "side.toml"
    text = RECIPE.replace("least_frontal = 0.5", LATERAL_LIMITS)
    path.write_text(f'view = "lateral"\n{text}')
    films = read_phantoms(laterals, laterals=True)
    made = cross_validate(films, LandmarkRecipe.read(path), None, tmp_path / "run", fold=0)
    scanned = {report["file"] for path in made for report in reports(path)}
    assert scanned
    assert scanned <= {film.file for film in films if film.view == "lateral"}
