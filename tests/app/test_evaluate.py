import builtins
import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from spinescan.app.main import cli
from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import FRAIWAN3
from spinescan.data.manifest import Manifest, ManifestFilm, write_manifest
from spinescan.study.predictions import PredictionRecord, write_predictions
from tests.infer.classifiers import write_classifier
from tests.study.simulated import predictions

Write = Callable[..., Path]


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A manifest of twenty films on disk; nothing else is known of them than label and source."""
    listed = []
    for i, record in enumerate(predictions(FRAIWAN3, 20)):
        grey = np.random.default_rng(i).integers(0, 255, (96, 72), np.uint8)
        Image.fromarray(grey).save(tmp_path / f"{i}.png")
        digest = sha256((tmp_path / f"{i}.png").read_bytes()).hexdigest()
        listed.append(
            ManifestFilm(
                f"{i}.png", digest, record.group, source=("a", "b")[i % 2],
                labels={"fraiwan3": record.truth or "", "width": str(i)},
            )
        )  # fmt: skip
    write_manifest(Manifest(tmp_path, tuple(listed)), tmp_path / "manifest.csv")
    return tmp_path / "manifest.csv"


@pytest.fixture
def write(films: Path) -> Write:
    """Writes predictions of those films into a file, with some fields changed."""

    def written(name: str, n: int = 20, change: dict[str, Any] | None = None, **how: Any) -> Path:
        records: list[PredictionRecord] = []
        for i, record in enumerate(predictions(FRAIWAN3, n, **how)):
            digest = sha256((films.parent / f"{i}.png").read_bytes()).hexdigest()
            records.append(
                replace(record, **{"image": f"{i}.png", "sha256": digest, **(change or {})})
            )
        write_predictions(records, films.parent / name)
        return films.parent / name

    return written


def run(films: Path, *words: object, task: str = "fraiwan3") -> Result:
    out = films.parent / "out"
    command = ["evaluate", *words, "--manifest", films, "--task", task, "--out", out]
    return CliRunner().invoke(cli, [*map(str, command), "--draws", "200"])


def test_one_model(films: Path, write: Write) -> None:
    pytest.importorskip("matplotlib")
    result = run(films, write("a.jsonl"), "--by", "width", "--margin", "width", "--worst", "2")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "simulated: 20 test films of 10 groups (real)"
    assert RESEARCH_USE in result.stdout
    assert "  note: " in result.stdout
    told = json.loads((films.parent / "out" / "evaluate.json").read_text())
    assert told["research_use"] == RESEARCH_USE
    assert told["task"]["name"] == "fraiwan3"
    model = told["models"][0]
    assert set(model["subgroups"]) == {"source", "width"}
    assert model["margin"]["column"] == "width"
    assert f"{model['figures']['accuracy']['value']:.3f}" in result.stdout
    page = (films.parent / "out" / "evaluate.html").read_text()
    assert RESEARCH_USE in page
    assert page.count("data:image/jpeg") <= 2
    assert result.stdout.splitlines()[-2:] == [
        str(films.parent / "out" / "evaluate.html"), str(films.parent / "out" / "evaluate.json")
    ]  # fmt: skip


def test_several_models_are_compared(films: Path, write: Write) -> None:
    pytest.importorskip("matplotlib")
    result = run(films, write("a.jsonl"), write("b.jsonl", seed=3, model="other"))
    assert result.exit_code == 0, result.output
    assert "other minus simulated: accuracy " in result.stdout
    told = json.loads((films.parent / "out" / "evaluate.json").read_text())
    assert len(told["models"]) == 2
    assert told["comparisons"][0]["mcnemar"]["p"] <= 1


def test_a_bundle_is_asked_and_compared(films: Path, write: Write) -> None:
    pytest.importorskip("matplotlib")
    labels = {"name": "fraiwan3", "kind": "one_of", "mirror": "keeps", "families": {}}
    labels["labels"] = [{"code": code, "text": ""} for code in FRAIWAN3.codes]
    each = dict.fromkeys(FRAIWAN3.codes, 0.5)
    calibration = {"origin": "real", "temperature": 2.0, "n": dict.fromkeys(FRAIWAN3.codes, 9)}
    bundle = write_classifier(
        films.parent / "light",
        labels=labels,
        calibration={**calibration, "thresholds": each, "coverage": 0.9},
    )
    result = run(films, write("a.jsonl"), bundle)
    assert result.exit_code == 0, result.output
    assert "light minus simulated: accuracy" in result.stdout
    assert len((films.parent / "out" / "light.jsonl").read_text("utf-8").splitlines()) == 20


def test_what_is_neither_predictions_nor_bundle_is_one_line(films: Path) -> None:
    pytest.importorskip("matplotlib")
    result = run(films, "missing.jsonl")
    assert result.exit_code == 1
    assert "missing.jsonl" in result.stderr
    assert "neither a file of predictions nor a bundle" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_models_of_one_name_are_told_apart(films: Path, write: Write) -> None:
    pytest.importorskip("matplotlib")
    a, b = write("a.jsonl"), write("b.jsonl", seed=3)
    assert f"simulated ({b}) minus simulated ({a})" in run(films, a, b).stdout


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"change": {"task": "als7"}}, "predicted for task 'als7', not 'fraiwan3'"),
        ({"change": {"group": "x"}}, "is of group 'x', in the manifest of 'person 0'"),
        ({"change": {"sha256": "0" * 64}}, "is not in the manifest"),
    ],
)
def test_wrong_predictions_are_one_line(
    films: Path, write: Write, how: dict[str, Any], message: str
) -> None:
    pytest.importorskip("matplotlib")
    result = run(films, write("a.jsonl", **how))
    assert result.exit_code == 1
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (films.parent / "out").exists()


def test_models_of_other_films_are_refused(films: Path, write: Write) -> None:
    pytest.importorskip("matplotlib")
    result = run(films, write("a.jsonl"), write("b.jsonl", n=12, model="other"))
    assert result.exit_code == 1
    assert "must answer the same films" in result.stderr


def test_an_unknown_task_or_column_is_one_line(films: Path, write: Write) -> None:
    pytest.importorskip("matplotlib")
    file = write("a.jsonl")
    assert "no column 'brace' in the manifest" in run(films, file, task="brace").stderr
    assert "no column 'depth'" in run(films, file, "--margin", "depth").stderr


def test_a_missing_extra_is_one_line(
    films: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("spinescan.study.pages"):
            raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    result = run(films, write("a.jsonl"))
    assert result.exit_code == 1
    assert "matplotlib is not installed" in result.stderr
    assert "pip install 'spinescan[study]'" in result.stderr
