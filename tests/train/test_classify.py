"""From a manifest to predictions and a bundle that a scan's classifier reads; by the commands."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import save_file

from spinescan.app.main import cli
from spinescan.core.errors import BundleError, DataError
from spinescan.core.task import Task
from spinescan.data.checks import task_of
from spinescan.data.manifest import Manifest, read_manifest, write_manifest
from spinescan.infer.bundle import Bundle, shipped
from spinescan.infer.classifier import Classifier
from spinescan.io.read import read_radiograph
from spinescan.study.predictions import read_predictions
from spinescan.train.checkpoint import onnx_weights
from spinescan.train.classify import Start, make_network, start_weights, train_classifiers
from spinescan.train.classify_export import calibrate, export_classifier
from spinescan.train.classify_recipe import ClassifyRecipe
from tests.train.discs import CODES, TASK, write_discs

HALVES = Task.of_codes(TASK, CODES)
RECIPES = Path(__file__).parents[2] / "recipes"
RECIPE = """
name = "tiny"
backbone = "small_cnn"
rows = 48
columns = 48
weights = "none"
epochs = 3
batch = 5
learning_rate = 2e-3

[head]
kind = "linear"
"""


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_discs(tmp_path_factory.mktemp("data"), 24)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.toml"
    path.write_text(RECIPE)
    return path


def command(recipe: Path, data: Path, out: Path, *more: object) -> list[object]:
    words = ["train", "classify", recipe, "--data", data, "--task", TASK, "--out", out]
    return [*words, "--workers", 0, *more]


@pytest.fixture(scope="module")
def crossed(
    recipe: Path, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Result]:
    """A run of two folds and a final network, by the command."""
    out = tmp_path_factory.mktemp("crossed") / "run"
    return out, run(*command(recipe, data, out, "--folds", 2, "--final"))


Crossed = tuple[Path, Result]


def test_every_film_is_answered_once_as_a_test_film(crossed: Crossed, data: Path) -> None:
    out, result = crossed
    assert result.exit_code == 0
    assert result.stdout == f"{out / 'predictions.jsonl'}\n"
    records = read_predictions(out / "predictions.jsonl")
    films = read_manifest(data).films
    tested = {r.image: r for r in records if r.part == "test"}
    assert sorted(tested) == sorted(film.image for film in films)
    assert len([r for r in records if r.part == "test"]) == len(films)
    for film in films:
        record = tested[film.image]
        assert (record.sha256, record.group) == (film.sha256, film.group)
        assert (record.truth, record.task) == (film.labels[TASK], TASK)
        assert record.model == "tiny"
        assert record.label == max(record.scores or {}, key=(record.scores or {}).__getitem__)
        assert sum((record.scores or {}).values()) == pytest.approx(1, abs=1e-5)
    assert {(r.fold, r.repeat) for r in records} == {(0, 0), (1, 0)}
    for fold in (0, 1):  # who is validated in a fold is not tested in it
        sides = [
            {r.group for r in records if (r.fold, r.part) == (fold, part)}
            for part in ("validation", "test")
        ]
        assert not sides[0] & sides[1]


def test_the_run_notes_that_test_films_were_opened_once(crossed: Crossed) -> None:
    out, _ = crossed
    for fold in (0, 1):
        note = json.loads((out / f"repeat-0-fold-{fold}" / "test_opened.json").read_text())
        assert [time["films"] for time in note] == [12]
    assert not (out / "final" / "test_opened.json").exists()


def test_a_task_that_may_not_be_mirrored_is_told(crossed: Crossed) -> None:
    assert "warning: films are not mirrored: task 'half'" in crossed[1].stderr


def test_the_same_command_again_changes_nothing(crossed: Crossed, recipe: Path, data: Path) -> None:
    out, _ = crossed
    before = {path: path.read_bytes() for path in out.rglob("*.*") if path.is_file()}
    assert run(*command(recipe, data, out, "--folds", 2, "--final")).exit_code == 0
    assert {path: path.read_bytes() for path in before} == before


def test_the_same_seed_gives_the_same_predictions(
    crossed: Crossed, recipe: Path, data: Path, tmp_path: Path
) -> None:
    run(*command(recipe, data, tmp_path / "run", "--folds", 2))
    assert (tmp_path / "run" / "predictions.jsonl").read_text() == (
        crossed[0] / "predictions.jsonl"
    ).read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("--folds", 3, "--seed", 9), "holds another training"),
        (("--folds", 2, "--epochs", 9), "holds another training"),
    ],
)
def test_a_folder_of_another_training_is_refused(
    crossed: Crossed, recipe: Path, data: Path, change: Sequence[object], message: str
) -> None:
    result = run(*command(recipe, data, crossed[0], *change))
    assert result.exit_code == 1
    assert message in result.stderr


def test_other_folds_in_the_same_folder_are_refused(
    crossed: Crossed, recipe: Path, data: Path
) -> None:
    result = run(*command(recipe, data, crossed[0], "--folds", 3))
    assert result.exit_code == 1
    assert "was trained on other splits" in result.stderr


def test_the_manifests_splits_are_used(recipe: Path, tmp_path: Path) -> None:
    data = write_discs(tmp_path / "data", 24, splits=("train", "train", "validation", "test"))
    result = run(*command(recipe, data, tmp_path / "run"))
    assert result.exit_code == 0
    split = {film.image: film.split for film in read_manifest(data).films}
    records = read_predictions(tmp_path / "run" / "predictions.jsonl")
    assert {(r.image, r.part) for r in records} == {
        (image, part) for image, part in split.items() if part in ("validation", "test")
    }
    bundle = run("export", tmp_path / "run", "--out", tmp_path / "bundle")
    assert bundle.exit_code == 0
    assert "test_accuracy" in Bundle.load(tmp_path / "bundle").summary


def test_squashing_warns(recipe: Path, data: Path, tmp_path: Path) -> None:
    words = command(recipe, data, tmp_path / "run", "--final", "--fit", "squash", "--epochs", 1)
    result = run(*words)
    assert result.exit_code == 0
    assert "warning: films are squashed" in result.stderr
    run("export", tmp_path / "run", "--out", tmp_path / "bundle")
    assert Bundle.load(tmp_path / "bundle").networks["classifier"].input.fit == "squash"


def relabel(data: Path, out: Path, **labels: str) -> Path:
    """The manifest with other labels for some films (and all of them beside their files)."""
    shutil.copytree(data.parent, out)
    manifest = read_manifest(out / data.name)
    from dataclasses import replace

    films = tuple(
        replace(film, labels={TASK: labels[film.image.split(".")[0]]})
        if film.image.split(".")[0] in labels
        else film
        for film in manifest.films
    )
    write_manifest(Manifest(out, films), out / data.name)
    return out / data.name


def test_bad_data_is_told_before_any_training(recipe: Path, data: Path, tmp_path: Path) -> None:
    everything = {str(k): "upper" for k in range(24)}
    one_class = relabel(data, tmp_path / "one", **everything)
    rare = relabel(data, tmp_path / "rare", **{**everything, "0": "lower"})
    unreadable = relabel(data, tmp_path / "unreadable")
    (unreadable.parent / "3.png").write_bytes(b"nothing")
    for manifest, message in (
        (one_class, "needs two classes or more"),
        (rare, "as many groups of films of class 'lower', got 1"),
        (unreadable, "3.png"),
    ):
        out = tmp_path / "run"
        result = run(*command(recipe, manifest, out, "--folds", 2))
        assert result.exit_code == 1
        assert message in result.stderr
        assert not list(out.glob("*/*.pt"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Give a RECIPE or a --backbone"),
        (("--backbone", "small_cnn", "--repeats", 2), "--repeats goes with --folds"),
        (("--backbone", "nonesuch"), "no backbone 'nonesuch'"),
        (("--backbone", "small_cnn", "--weights", "absent"), "no initial weights absent"),
    ],
)
def test_wrong_usage_is_told(
    data: Path, tmp_path: Path, words: Sequence[object], message: str
) -> None:
    given = words if not words or "--repeats" in words else (*words, "--folds", 2)
    fixed = ["--data", data, "--task", TASK, "--out", tmp_path / "run"]
    result = run("train", "classify", *given, *fixed)
    assert result.exit_code in (1, 2)
    assert message in result.stderr


def test_the_bundle_answers_as_the_network_does(crossed: Crossed, data: Path) -> None:
    out, _ = crossed
    bundle = out.parent / "bundle"
    result = run("export", out, "--out", bundle)
    assert result.exit_code == 0
    assert result.stdout == f"{bundle}\n"
    loaded = Bundle.load(bundle)
    assert (loaded.name, loaded.version, loaded.task) == ("tiny", "1", "classifier")
    assert loaded.classifier is not None
    assert loaded.classifier.task == HALVES
    assert not loaded.classifier.on_request
    assert [view.value for view in loaded.classifier.views] == ["frontal"]
    assert "Research use only" in loaded.card
    classifier = Classifier.load(loaded)
    validation = [
        r for r in read_predictions(out / "final" / "predictions.jsonl") if r.part == "validation"
    ]
    assert validation
    for record in validation:
        scores = classifier.predict(read_radiograph(data.parent / record.image)).scores
        assert scores == pytest.approx(record.scores, abs=2e-3)


def test_the_bundle_tells_how_it_came_about(crossed: Crossed) -> None:
    bundle = export_classifier(crossed[0], crossed[0].parent / "told", on_request=True)
    told = Bundle.load(bundle)
    assert told.classifier is not None
    assert told.classifier.on_request
    assert told.provenance["trained_on"] == ["clinic"]
    assert told.provenance["films"] == 24
    assert told.provenance["recipe"]["backbone"] == "small_cnn"
    assert told.provenance["initial_weights"] == "none"
    tested = [r for r in read_predictions(crossed[0] / "predictions.jsonl") if r.part == "test"]
    figure = told.summary["cross_validated_accuracy"]
    assert figure["n"] == len(tested) == 24
    assert figure["count"] == sum(r.label == r.truth for r in tested)
    low, high = figure["interval_95"]
    assert low <= figure["share"] <= high
    part = told.provenance["parts"]
    assert part["train"]["films"] + part["validation"]["films"] == 24
    assert (
        f"Taught on {part['train']['films']} films, and {part['validation']['films']}" in told.card
    )
    assert "Too few films for sets that could leave out" in told.card


def test_one_of_several_networks_must_be_named(crossed: Crossed, tmp_path: Path) -> None:
    out = shutil.copytree(crossed[0], tmp_path / "run", ignore=shutil.ignore_patterns("final"))
    with pytest.raises(DataError, match="holds 2 networks and no final one"):
        export_classifier(out, tmp_path / "bundle")
    made = export_classifier(out, tmp_path / "bundle", part="repeat-0-fold-1", name="one")
    assert Bundle.load(made).provenance["network"] == "repeat-0-fold-1"


def test_a_card_is_kept(crossed: Crossed, tmp_path: Path) -> None:
    export_classifier(crossed[0], tmp_path / "bundle")
    (tmp_path / "bundle" / "CARD.md").write_text("# Mine\n")
    assert Bundle.load(export_classifier(crossed[0], tmp_path / "bundle")).card == "# Mine\n"


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    result = run("export", tmp_path, "--out", tmp_path / "bundle")
    assert result.exit_code == 1
    assert "no finished training of a classifier" in result.stderr


@pytest.mark.parametrize(
    ("source", "origin"), [("clinic", "real"), ("spinescan phantom", "synthetic")]
)
def test_calibration_says_whether_its_films_were_real(
    recipe: Path, tmp_path: Path, source: str, origin: str
) -> None:
    data = write_discs(tmp_path / "data", 12, source=source)
    manifest = read_manifest(data)
    plan = ClassifyRecipe.read(recipe)
    train_classifiers(
        manifest, task_of(manifest, TASK), plan, tmp_path / "run", final=True, workers=0
    )
    bundle = Bundle.load(export_classifier(tmp_path / "run", tmp_path / "bundle"))
    assert bundle.classifier is not None
    assert bundle.classifier.calibration.origin == origin


def test_sets_hold_the_label_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        truth = rng.integers(0, 2, n)
        logits = rng.normal(0, 2, (n, 2))
        logits[np.arange(n), truth] += 2
        return 3 * logits, truth  # too sure of itself

    values = calibrate(*draw(400), HALVES, synthetic=False)
    assert values["n"]["lower"] + values["n"]["upper"] == 400
    assert values["temperature"] > 1.5
    logits, truth = draw(4000)
    scaled = torch.softmax(torch.from_numpy(logits) / values["temperature"], 1).numpy()
    limits = np.array([values["thresholds"][code] for code in CODES])
    held = (1 - scaled <= limits)[np.arange(len(truth)), truth]
    for k in (0, 1):
        assert 0.85 <= held[truth == k].mean() <= 0.95


def test_a_training_starts_from_a_file_an_earlier_run_or_a_bundle(
    crossed: Crossed, tmp_path: Path
) -> None:
    out, _ = crossed
    bundle = export_classifier(out, tmp_path / "bundle")
    stored = torch.load(out / "final" / "best.pt", weights_only=True)["network"]
    body = {
        name.removeprefix("backbone.body."): value.contiguous()
        for name, value in stored.items()
        if name.startswith("backbone.")
    }
    file = tmp_path / "weights.safetensors"
    save_file({**body, "fc.weight": torch.zeros(1000, 3)}, file)
    plan = ClassifyRecipe.from_dict(
        {"name": "n", "backbone": "small_cnn", "rows": 48, "columns": 48}
    )
    for weights, taken in ((file, "backbone"), (out, "head"), (bundle, "head")):
        start = start_weights(plan, HALVES, weights)
        network = make_network(plan, HALVES, start).state_dict()
        for name, value in stored.items():
            if name.startswith("backbone.") or taken == "head":
                if "num_batches_tracked" not in name:
                    assert torch.equal(network[name], value), name
            else:
                assert not torch.equal(network[name], value), name
        assert start.trained_on == (() if weights == file else ("clinic",))
    other = Task.of_codes("other", ("a", "b"))
    assert all(name.startswith("backbone.") for name in start_weights(plan, other, out).state)


def test_a_training_starts_from_the_encoder_of_a_landmark_bundle() -> None:
    plan = ClassifyRecipe.from_dict(
        {
            "name": "n",
            "backbone": "mobilenetv2_100",
            "rows": 64,
            "columns": 32,
            "weights": "frontal-landmarks",
            "backbone_options": {"pad_type": "same"},
        }
    )
    bundle = Bundle.load(shipped("frontal-landmarks"))
    start = start_weights(plan, HALVES, None)
    stored = onnx_weights(bundle.networks["finder"].path)
    for name in ("conv_stem.weight", "blocks.6.0.bn3.running_var"):
        taken = start.state[f"backbone.body.{name}"].numpy()
        if name == "conv_stem.weight":  # one grey channel there, three alike here
            taken = taken.sum(1, keepdims=True)
        np.testing.assert_allclose(taken, stored[f"pyramid.encoder.{name}"], rtol=1e-5)
    assert "phantoms" in start.trained_on
    assert start.origin.endswith("(encoder)")
    assert not any(name.startswith("head.") for name in start.state)


def test_colours_are_summed_or_shared_so_that_a_grey_film_looks_the_same(tmp_path: Path) -> None:
    grey = {"name": "n", "backbone": "small_cnn", "rows": 48, "columns": 48, "weights": "none"}
    plan = ClassifyRecipe.from_dict(grey)
    body = make_network(plan, HALVES, Start()).backbone.body.state_dict()
    first = next(iter(body))
    coloured = body[first].repeat(1, 3, 1, 1) / 3
    save_file({**body, first: coloured}, tmp_path / "colours.safetensors")
    start = start_weights(plan, HALVES, tmp_path / "colours.safetensors")
    torch.testing.assert_close(start.state[f"backbone.body.{first}"], body[first])
    timms = ClassifyRecipe.from_dict({**grey, "backbone": "mobilenetv2_035"})
    body = make_network(timms, HALVES, Start()).backbone.body.state_dict()
    one = body["conv_stem.weight"].sum(1, keepdim=True)
    save_file({**body, "conv_stem.weight": one}, tmp_path / "grey.safetensors")
    start = start_weights(timms, HALVES, tmp_path / "grey.safetensors")
    taken = start.state["backbone.body.conv_stem.weight"]
    assert taken.shape[1] == 3
    torch.testing.assert_close(taken.sum(1, keepdim=True), one)


def test_weights_of_another_backbone_are_told(crossed: Crossed, tmp_path: Path) -> None:
    plan = ClassifyRecipe.from_dict(
        {"name": "n", "backbone": "mobilenetv2_035", "rows": 48, "columns": 48}
    )
    with pytest.raises(DataError, match="are these weights of another backbone"):
        start_weights(plan, HALVES, crossed[0])
    (tmp_path / "file.safetensors").write_bytes(b"none")
    with pytest.raises(DataError, match="not a safetensors file"):
        start_weights(plan, HALVES, tmp_path / "file.safetensors")
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "bundle.json").write_text("{}")
    with pytest.raises(BundleError):
        start_weights(plan, HALVES, tmp_path / "bundle")


@pytest.mark.parametrize("path", sorted(RECIPES.glob("classify-*.toml")), ids=lambda p: p.stem)
def test_the_recipes_that_come_along_are_read(path: Path) -> None:
    plan = ClassifyRecipe.read(path)
    assert plan.name in (path.stem, path.stem.removeprefix("classify-"))
    assert ClassifyRecipe.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fit": "crop"}, "fit must be one of letterbox, squash"),
        ({"epochs": 0}, "epochs must be whole and positive"),
        ({"frozen_epochs": 50}, "frozen_epochs"),
        ({"head": {"kind": "wide"}}, "head.kind must be one of"),
        ({"augment": {"brightness": [1.2, 0.8]}}, "brightness must rise"),
        ({"colour": 1}, "colour"),
        ({"name": "../x"}, "name and version become those of a bundle"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_told(change: dict[str, Any], message: str) -> None:
    values = {"name": "n", "backbone": "small_cnn", "rows": 48, "columns": 48, **change}
    with pytest.raises((ValueError, TypeError), match=message):
        ClassifyRecipe.from_dict(values)


@pytest.mark.slow
def test_several_devices_share_the_batches(recipe: Path, data: Path, tmp_path: Path) -> None:
    words = command(recipe, data, tmp_path / "run", "--folds", 2)
    code = "from spinescan.app.main import cli\ncli()"
    script = tmp_path / "command.py"
    script.write_text(code)
    told = subprocess.run(
        [sys.executable, script, *map(str, words), "--accelerator", "cpu", "--devices", "2"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert told.returncode == 0, told.stderr
    tested = [
        r for r in read_predictions(tmp_path / "run" / "predictions.jsonl") if r.part == "test"
    ]
    assert len(tested) == 24
    note = json.loads((tmp_path / "run" / "repeat-0-fold-0" / "test_opened.json").read_text())
    assert len(note) == 1  # by one of the two processes
