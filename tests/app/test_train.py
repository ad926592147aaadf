"""`spinescan train` where the extra is not installed. tests/train has the rest."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import spinescan.train
from spinescan.app.main import cli

COMMANDS = {
    "landmarks": "train landmarks recipe.toml --data . --out run",
    "classify": "train classify --backbone resnet50 --data recipe.toml --task als7 --out run",
    "tune": "tune --backbone resnet50 --data recipe.toml --task als7 --out run",
    "automl": "automl --backbone resnet50 --data recipe.toml --task als7 --out run",
    "export": "export . --out bundle",
}


@pytest.mark.parametrize("missing", ["torch", "lightning", "timm", "safetensors"])
@pytest.mark.parametrize("command", COMMANDS)
def test_without_the_extra_one_line_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, command: str
) -> None:
    for name in [n for n in sys.modules if n.startswith("spinescan.train.")]:
        monkeypatch.delitem(sys.modules, name)
        monkeypatch.delattr(spinescan.train, name.split(".")[2], raising=False)
    for name in [n for n in sys.modules if n.startswith(f"{missing}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.chdir(tmp_path)
    Path("recipe.toml").write_text("")
    result = CliRunner().invoke(cli, COMMANDS[command].split())
    assert result.exit_code == 1
    assert "pip install 'spinescan[train]'" in result.stderr
    assert " is not installed" in result.stderr
    assert "None" not in result.stderr
    assert result.stderr.count("\n") == 1
