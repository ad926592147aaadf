"""`spinescan phantom`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from spinescan.app.main import cli
from spinescan.app.results import is_result
from spinescan.io.read import read_radiograph
from spinescan.phantom.als_types import NoSuchSpineError


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["phantom", *map(str, words)])


def test_one_film_with_its_truth_and_a_picture_of_it(tmp_path: Path) -> None:
    words = ["--als", "4C", "--cobb", 45, "--seed", 3, "--rows", 128]
    result = run(*words, "--out", tmp_path / "a")
    assert result.exit_code == 0, result.output
    names = ["film.png", "truth.json", "overlay.png"]
    assert result.stdout.split() == [str(tmp_path / "a" / name) for name in names]
    truth = json.loads((tmp_path / "a" / "truth.json").read_text())
    assert truth["file"] == "film.png"
    assert truth["als"]["type"] == truth["phantom"]["als"] == "4C"
    assert truth["phantom"]["order"]["cobb_deg"] == 45
    assert truth["phantom"]["seed"] == 3
    assert truth["warnings"][0]["code"] == "synthetic"
    with Image.open(tmp_path / "a" / "overlay.png") as picture:
        assert picture.height >= 1000
    assert is_result(str(tmp_path / "a" / "overlay.png"))
    again = run(*words, "--out", tmp_path / "b")
    assert again.exit_code == 0
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_lateral_film_as_dicom(tmp_path: Path) -> None:
    result = run(
        *("--view", "lateral", "--sagittal", "hyperkyphosis", "--extent", "whole"),
        *("--rows", 200, "--plain", "--dicom", "--out", tmp_path),
    )
    assert result.exit_code == 0, result.output
    film = read_radiograph(tmp_path / "film.dcm")
    truth = json.loads((tmp_path / "truth.json").read_text())
    assert film.declared_view == truth["view"] == "lateral"
    assert film.sha256 == truth["sha256"]
    assert list(film.spacing_mm or ()) == pytest.approx(truth["spacing_mm"])
    assert {m["name"] for m in truth["measurements"]} >= {"TK_T4_T12", "LL_L1_S1", "SS"}


def test_a_set_from_a_recipe_and_options(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("plain = true\n[view]\nlateral = 1\n[als]\n3CH = 1\n4CL = 1\n")
    words = ["--recipe", recipe, "--als", "4CL", "--rows", 96, "--out", tmp_path / "set"]
    result = run(*words, "--count", 1)
    assert result.exit_code == 0, result.output
    assert "1 films, 1 of them drawn now" in result.stdout
    truth = json.loads((tmp_path / "set" / "truth.jsonl").read_text())
    assert (truth["view"], truth["phantom"]["als"]) == ("lateral", "4CL")
    assert truth["phantom"]["order"]["plain"] is True
    assert "0 of them drawn now" in run(*words, "--count", 1).stdout
    other = run(*words, "--count", 1, "--seed", 5)
    assert other.exit_code == 1
    assert "another set" in other.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--als 5C", "5C"),
        ("--view oblique", "oblique"),
        ("--als healthy --cobb 30", "healthy spine has no curve"),
        ("--cobb 5", "10 to 100"),
        ("--rows 20", "64 to 4096"),
        ("--extent lumbar", "a frontal film has spine, trunk, whole"),
        ("--view lateral --extent spine", "a lateral film has lumbar, thoracolumbar, trunk, whole"),
        ("--jobs 2", "give --count"),
        ("--count 0", "--count"),
        ("--count 2 --extent whole", "give --view"),
        ("--count 2 --jobs 0", "--jobs"),
        ("--count 2 --recipe no.toml", "no.toml"),
        ("--seed -1", "--seed"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(tmp_path: Path, words: str, says: str) -> None:
    result = run(*words.split(), "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert says in result.stderr
    assert not (tmp_path / "out").exists()


def test_recipes_and_options_that_leave_nothing_are_wrong_usage(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("[als]\nhealthy = 1\n")
    result = run("--recipe", recipe, "--cobb", 30, "--count", 1, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "above 0" in result.stderr


def test_nobody_who_fits_is_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(order: object, seed: int) -> None:
        raise NoSuchSpineError("no spine of type 4C found")

    monkeypatch.setattr("spinescan.phantom.film.draw_phantom", nobody)
    result = run("--als", "4C", "--out", tmp_path)
    assert result.exit_code == 2
    assert "no spine of type 4C found; choose" in result.stderr


def test_a_wrong_recipe_and_a_folder_that_cannot_be_are_failures(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("rows = 3")
    result = run("--recipe", recipe, "--count", 1, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "recipe.toml: not a recipe for phantoms" in result.stderr
    result = run("--rows", 96, "--plain", "--out", recipe / "below")
    assert result.exit_code == 1
    assert "--out" in result.stderr


def test_the_classes_are_those_that_are_drawn() -> None:
    from spinescan.app.commands.phantom import _CLASSES
    from spinescan.phantom.sample import SAGITTAL_CLASSES

    assert _CLASSES == SAGITTAL_CLASSES
