"""`spinescan import-keras`: its options and messages. tests/train has the conversion."""

import importlib.util
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import spinescan.train
from spinescan.app.main import cli
from spinescan.core.report import RESEARCH_USE
from spinescan.infer.bundle import Bundle

SAVED = Path(__file__).parents[1] / "train" / "keras_saved" / "tf-2.12-sequential.h5"
INSTALLED = all(map(importlib.util.find_spec, ("h5py", "keras", "onnx", "torch")))
needs_keras = pytest.mark.skipif(
    not INSTALLED, reason="needs the extra: pip install 'spinescan[keras]'"
)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["import-keras", *map(str, arguments)])


@pytest.mark.parametrize("missing", ["h5py", "keras", "onnx"])
def test_without_the_extra_one_line_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name in [n for n in sys.modules if n.startswith("spinescan.train.keras_")]:
        monkeypatch.delitem(sys.modules, name)
        monkeypatch.delattr(spinescan.train, name.split(".")[2], raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    out = tmp_path / "bundle"
    result = run(SAVED, "--task", "als7", "--input-range", "0-255", "--out", out)
    assert result.exit_code == 1
    assert "pip install 'spinescan[keras]'" in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_input_range_is_never_guessed(tmp_path: Path) -> None:
    result = run(SAVED, "--task", "als7", "--out", tmp_path / "bundle")
    assert result.exit_code == 2
    assert "--input-range" in result.stderr


def test_a_task_of_ones_own_needs_labels(tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    result = run(SAVED, "--task", "mine", "--input-range", "0-255", "--out", out)
    assert result.exit_code == 2
    assert "--labels" in result.stderr
    result = run(SAVED, "--task", "mine", "--labels", "a,a", "--input-range", "0-255", "--out", out)
    assert result.exit_code == 2
    assert "differ" in result.stderr


@pytest.mark.training
@needs_keras
def test_a_bundle_is_made_and_its_terms_are_told(tmp_path: Path) -> None:
    out = tmp_path / "als7-old"
    result = run(
        *(SAVED, "--task", "als7", "--input-range", "-1-1", "--out", out),
        *("--fit", "letterbox", "--view", "frontal"),
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == str(out)
    assert "add up to 1" in result.stdout
    assert "-1 to 1" in result.stdout
    assert RESEARCH_USE in result.stdout
    bundle = Bundle.load(out)
    assert bundle.name == "als7-old"
    assert bundle.networks["classifier"].input.fit == "letterbox"
    assert bundle.classifier is not None
    assert bundle.classifier.views == ("frontal",)
    assert bundle.classifier.activation == "sigmoid"


@pytest.mark.training
@needs_keras
def test_a_refusal_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(b"nothing of the kind")
    result = run(path, "--task", "als7", "--input-range", "0-1", "--out", tmp_path / "bundle")
    assert result.exit_code == 1
    assert "refused, because" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "bundle").exists()
