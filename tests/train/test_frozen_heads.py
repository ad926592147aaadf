"""`spinescan automl`: the parts of trained networks, predictions that evaluate reads, no pickle."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from spinescan.app.commands.automl import HEADS as NAMES
from spinescan.app.main import cli
from spinescan.core.errors import DataError
from spinescan.core.task import Task
from spinescan.data.manifest import Manifest, ManifestFilm, read_manifest, write_manifest
from spinescan.phantom.set_recipe import ALS_NAMES, SetRecipe
from spinescan.phantom.sets import write_set
from spinescan.study.predictions import read_predictions
from spinescan.train import frozen
from spinescan.train.classify import Start, make_network
from spinescan.train.classify_parts import Part
from spinescan.train.classify_recipe import ClassifyRecipe
from spinescan.train.frozen_heads import inner_folds
from spinescan.train.heads import HEADS
from tests.train.discs import CODES, TASK, write_discs

RECIPE = """
name = "tiny"
backbone = "small_cnn"
rows = 32
columns = 32
weights = "none"
epochs = 1
batch = 6
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_discs(tmp_path_factory.mktemp("data"), 24)


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)


def automl(recipe: Path, data: Path, out: Path, *more: object) -> Result:
    words = ["automl", recipe, "--data", data, "--task", TASK, "--out", out, "--folds", 2]
    return run(*words, "--workers", 0, "--accelerator", "cpu", *more)


@pytest.fixture(scope="module")
def compared(
    recipe: Path, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("compared") / "out"
    return out, automl(recipe, data, out, "--head", "logistic", "--head", "svm-linear")


Compared = tuple[Path, Result]


def test_each_head_answers_every_film_once(compared: Compared, data: Path) -> None:
    out, result = compared
    assert result.exit_code == 0
    paths = [out / head / "predictions.jsonl" for head in ("logistic", "svm-linear")]
    assert result.stdout == "".join(f"{path}\n" for path in paths)
    films = {film.image: film for film in read_manifest(data).films}
    for path in paths:
        records = read_predictions(path)
        tested = [r for r in records if r.part == "test"]
        assert sorted(r.image for r in tested) == sorted(films)
        assert {r.model for r in records} == {f"tiny-{path.parent.name}"}
        for record in records:
            film = films[record.image]
            assert (record.truth, record.group) == (film.labels[TASK], film.group)
            assert record.label == max(record.scores or {}, key=(record.scores or {}).__getitem__)
            assert sum((record.scores or {}).values()) == pytest.approx(1, abs=1e-5)
        for fold in (0, 1):
            sides = [
                {r.group for r in records if (r.fold, r.part) == (fold, part)}
                for part in ("validation", "test")
            ]
            assert not sides[0] & sides[1]


def test_the_same_films_teach_as_a_network(
    compared: Compared, recipe: Path, data: Path, tmp_path: Path
) -> None:
    words = ["train", "classify", recipe, "--data", data, "--task", TASK, "--folds", 2]
    words += ["--out", tmp_path / "run", "--workers", 0, "--accelerator", "cpu"]
    assert run(*words).exit_code == 0
    for fold in (0, 1):
        theirs = tmp_path / "run" / f"repeat-0-fold-{fold}" / "part.json"
        ours = compared[0] / "logistic" / f"repeat-0-fold-{fold}" / "part.json"
        assert ours.read_bytes() == theirs.read_bytes()
    report = tmp_path / "report"
    files = [tmp_path / "run" / "predictions.jsonl", *compared[0].glob("*/predictions.jsonl")]
    result = run("evaluate", *files, "--manifest", data, "--task", TASK, "--out", report)
    assert result.exit_code == 0
    told = json.loads((report / "evaluate.json").read_text())
    names = [model["model"] for model in told["models"]]
    assert sorted(names) == ["tiny", "tiny-logistic", "tiny-svm-linear"]
    assert len(told["comparisons"]) == 2


def test_nothing_is_kept_that_could_run_by_being_opened(compared: Compared) -> None:
    suffixes = {path.suffix for path in compared[0].rglob("*") if path.is_file()}
    assert suffixes == {".json", ".jsonl", ".npz", ".py"}


def test_what_was_chosen_is_told(compared: Compared) -> None:
    for fold in (0, 1):
        folder = compared[0] / "svm-linear" / f"repeat-0-fold-{fold}"
        note = json.loads((folder / "chosen.json").read_text())
        assert note["tried"] == len(HEADS["svm-linear"].settings["C"])
        assert 0 <= note["inner_macro_auc"] <= 1
        code = (folder / "pipeline.py").read_text()
        assert "Research use only" in code
        names: dict[str, object] = {}
        exec(code, names)
        assert type(names["pipeline"]).__name__ == "CalibratedClassifierCV"
        assert len(json.loads((folder / "test_opened.json").read_text())) == 1


def test_the_same_command_again_changes_nothing(
    compared: Compared, recipe: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, _ = compared
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    monkeypatch.setattr(frozen, "prepare_inputs", None)  # no film is looked at
    assert automl(recipe, data, out, "--head", "logistic").exit_code == 0
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_the_same_seed_gives_the_same_answers(
    compared: Compared, recipe: Path, data: Path, tmp_path: Path
) -> None:
    assert automl(recipe, data, tmp_path, "--head", "logistic").exit_code == 0
    ours, theirs = (
        (out / "logistic" / "predictions.jsonl").read_bytes() for out in (tmp_path, compared[0])
    )
    assert ours == theirs


def test_another_training_is_not_carried_on(compared: Compared, recipe: Path, data: Path) -> None:
    before = (compared[0] / "run.json").read_bytes()
    words = ["train", "classify", recipe, "--data", data, "--task", TASK, "--folds", 2]
    words += ["--out", compared[0], "--accelerator", "cpu"]
    for result in (automl(recipe, data, compared[0], "--seed", 2), run(*words, "--seed", 2)):
        assert result.exit_code == 1
        assert "choose another folder" in result.stderr
    assert (compared[0] / "run.json").read_bytes() == before


def test_other_weights_of_the_same_name_are_not_taken_for_the_same(
    recipe: Path, data: Path, tmp_path: Path
) -> None:
    task = Task.of_codes(TASK, CODES)
    weights, answers = tmp_path / "weights.safetensors", []
    for seed in (1, 2):
        plan = replace(ClassifyRecipe.read(recipe), seed=seed)
        body = make_network(plan, task, Start()).backbone.body
        save_file(body.state_dict(), weights)
        result = automl(recipe, data, tmp_path / "out", "--head", "logistic", "--weights", weights)
        assert result.exit_code == 0, result.output
        answers.append((tmp_path / "out" / "logistic" / "predictions.jsonl").read_bytes())
    assert answers[0] != answers[1]
    assert len(list((tmp_path / "out").glob("features-*.npz"))) == 2


def test_the_command_names_the_heads_there_are() -> None:
    assert tuple(HEADS) == NAMES


@given(
    persons=st.lists(st.tuples(st.sampled_from(CODES), st.integers(1, 3)), min_size=4, max_size=30),
    seed=st.integers(0, 99),
)
def test_nobody_is_on_both_sides_of_an_inner_fold(
    persons: list[tuple[str, int]], seed: int
) -> None:
    task = Task.of_codes(TASK, CODES)
    films = tuple(
        ManifestFilm(f"{k}-{j}.png", f"{k:032x}{j:032x}", f"p{k}", labels={TASK: code})
        for k, (code, count) in enumerate(persons)
        for j in range(count)
    )
    part = Part("single", tuple(range(1, len(films))), ())
    taught = [films[k] for k in part.train]
    groups = {code: {f.group for f in taught if f.labels[TASK] == code} for code in CODES}
    if min(map(len, groups.values())) < 2:
        with pytest.raises(DataError, match="two are needed"):
            inner_folds(films, task, part, seed)
        return
    folds = inner_folds(films, task, part, seed)
    assert sorted(k for _, judged in folds for k in judged) == list(range(len(taught)))
    for teaching, judged in folds:
        assert sorted([*teaching, *judged]) == list(range(len(taught)))
        assert not {taught[k].group for k in teaching} & {taught[k].group for k in judged}
        for side in (teaching, judged):
            assert {taught[k].labels[TASK] for k in side} == set(CODES)


def write_few(data: Path, folder: Path, keep: dict[str, int]) -> Path:
    """So many films of each class of a set of discs."""
    left = dict(keep)
    rows = []
    for film in read_manifest(data).films:
        code = film.labels[TASK]
        if left[code] > 0:
            left[code] -= 1
            rows.append(replace(film, image=film.image))
            shutil.copy(data.parent / film.image, folder)
    write_manifest(Manifest(folder, tuple(rows)), folder / "manifest.csv")
    return folder / "manifest.csv"


@pytest.mark.parametrize(
    ("upper", "complaint"),
    [
        (0, "needs two classes or more"),
        (2, "2 folds need as many groups of films of class 'upper', got 1"),
        (4, "2 folds need as many groups of films of class 'upper', got 1"),  # for validation
        (8, "has only 1 group there: two are needed"),
    ],
)
def test_too_few_films_are_told_before_any_is_read(
    upper: int,
    complaint: str,
    recipe: Path,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frozen, "prepare_inputs", None)
    few = write_few(data, tmp_path, {"lower": 12, "upper": upper})
    result = automl(recipe, few, tmp_path / "out")
    assert result.exit_code == 1
    assert complaint in result.stderr
    assert not (tmp_path / "out").exists()


def test_without_tpot_the_extra_is_named_before_any_work(
    recipe: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tpot", None)
    result = automl(recipe, data, tmp_path / "out", "--tpot", 1)
    assert result.exit_code == 1
    assert "pip install 'spinescan[train,automl]'" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_phantoms_from_films_to_a_report(tmp_path: Path) -> None:
    """All heads on a timm backbone with drawn weights, by the manifest's own splits."""
    (tmp_path / "films").mkdir()
    for code in ("3CH", "4CL"):
        odds = {name: float(name == code) for name in ALS_NAMES}
        drawn = SetRecipe.from_dict({"rows": 320, "view": {"frontal": 1}, "als": odds})
        write_set(drawn, tmp_path / code, count=10, seed=3)
        for film in sorted((tmp_path / code / "images").iterdir()):
            shutil.copy(film, tmp_path / "films" / f"{code}_{film.name}")
    table = tmp_path / "manifest.csv"
    task = ["--task", "shape"]
    listed = run("manifest", tmp_path / "films", "--layout", "prefix", *task, "--out", table)
    assert listed.exit_code == 0, listed.output
    words = ["automl", "--backbone", "mobilenetv3_small_050", "--weights", "none", "--data", table]
    words += [*task, "--folds", 2, "--out", tmp_path / "out", "--workers", 0]
    result = run(*words, "--accelerator", "cpu")
    assert result.exit_code == 0, result.output
    files = result.stdout.split()
    assert [Path(file).parent.name for file in files] == list(HEADS)
    words = ["evaluate", *files, "--manifest", table, *task, "--out", tmp_path / "report"]
    assert run(*words).exit_code == 0
    told = json.loads((tmp_path / "report" / "evaluate.json").read_text())
    assert [model["set"]["n_films"] for model in told["models"]] == [20] * len(HEADS)
