"""From corrected reports to a model of one's own, a few steps long."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from spinescan.app.main import cli
from spinescan.data.manifest import Manifest, ManifestFilm, write_manifest
from spinescan.infer.bundle import BUNDLE_FILE, file_digest
from spinescan.infer.scanner import Scanner
from spinescan.io.read import read_radiograph
from spinescan.phantom.set_recipe import SetRecipe
from spinescan.phantom.sets import write_set
from spinescan.train.recipe import LandmarkRecipe
from tests.train.test_landmarks import RECIPE

# Worker processes are forked from a process in which onnxruntime and the progress bar have threads.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")

RECIPES = Path(__file__).parents[2] / "recipes"
FILMS = 6


def train(recipe: Path, *arguments: str | Path) -> list[Path]:
    command = ["train", "landmarks", str(recipe), *map(str, arguments)]
    result = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [Path(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="module")
def recipe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    write_set(SetRecipe(rows=(256, 256), view={"frontal": 1.0}, clinic=None), folder, FILMS, 1)
    return folder


@pytest.fixture(scope="module")
def base(films: Path, recipe_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle to start from."""
    (bundle,) = train(
        recipe_file, "--data", films, "--out", tmp_path_factory.mktemp("base"), "--final"
    )
    return bundle


def corrected(report: dict[str, Any], truth: dict[str, Any]) -> dict[str, Any]:
    """What an editor hands back: the scan's report with the points where a person put them."""
    marks = truth["landmarks"]
    return {**report, "landmarks": {**marks, "origin": ["edited"] * len(marks["names"])}}


def test_corrected_reports_carry_a_bundle_on(
    films: Path, base: Path, recipe_file: Path, tmp_path: Path
) -> None:
    scanner, rows = Scanner.from_folder(base), []
    truths = map(json.loads, (films / "truth.jsonl").read_text().splitlines())
    with (films / "corrected.jsonl").open("w") as lines:
        for truth in truths:
            image = truth["file"]
            report = json.loads(scanner.scan(read_radiograph(films / image)).to_json(image))
            lines.write(json.dumps(corrected(report, truth)) + "\n")
            rows.append(
                ManifestFilm(
                    image=image,
                    sha256=report["sha256"],
                    group=f"person {len(rows)}",
                    view="frontal",
                    source="our clinic",
                    split="test" if len(rows) == 0 else "train",
                    landmarks="corrected.jsonl",
                )
            )
    listed = films / "corrected.csv"
    write_manifest(Manifest(films, tuple(rows)), listed)

    start = ("--data", listed, "--weights", base)
    (bundle,) = train(recipe_file, *start, "--out", tmp_path, "--final")
    carried_on = Scanner.from_folder(bundle)
    told = carried_on.bundle.provenance
    assert told["films"] == FILMS - 1
    assert told["trained_on"] == ["our clinic", "phantoms"]  # the second before
    assert told["initial_weights"].startswith("bundle tiny 0, bundle.json ")
    assert file_digest(base / BUNDLE_FILE) in told["initial_weights"]
    before, after = scanner.bundle, carried_on.bundle
    for name in before.networks:
        assert before.networks[name].sha256 != after.networks[name].sha256
    carried_on.scan(read_radiograph(films / rows[0].image))

    (reports,) = train(recipe_file, *start, "--out", tmp_path, "--fold", "0")
    assert len(reports.read_text().splitlines()) in (2, 3)


def test_nobody_is_taught_and_scored(films: Path, recipe_file: Path, tmp_path: Path) -> None:
    listed = films / "manifest.csv"
    command = ["train", "landmarks", str(recipe_file), "--data", str(listed)]
    command += ["--extra", str(listed), "--out", str(tmp_path)]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 1
    assert f"must not share persons, got {FILMS} groups in both, such as 'phantom-" in result.stderr


def test_a_start_that_does_not_exist(films: Path, recipe_file: Path, tmp_path: Path) -> None:
    command = ["train", "landmarks", str(recipe_file), "--data", str(films / "manifest.csv")]
    command += ["--weights", "shiped", "--out", str(tmp_path)]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 2
    assert "shiped does not exist, and is not 'shipped'" in result.stderr


def test_the_recipe_for_fine_tuning_is_of_the_shipped_networks() -> None:
    whole = LandmarkRecipe.read(RECIPES / "frontal-landmarks.toml")
    tuned = LandmarkRecipe.read(RECIPES / "frontal-finetune.toml")
    assert (tuned.backbone, tuned.settings) == (whole.backbone, whole.settings)
    for ours, theirs in ((tuned.finder, whole.finder), (tuned.refiner, whole.refiner)):
        for name in ("rows", "columns", "channels"):
            assert getattr(ours, name) == getattr(theirs, name)
        assert ours.learning_rate < theirs.learning_rate
        assert ours.steps < theirs.steps
