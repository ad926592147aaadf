"""The five commands of docs/how-to/compare-classifiers.md, on a few small phantoms."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from spinescan.app.main import cli
from spinescan.core.task import ALS7
from spinescan.infer.bundle import Bundle
from spinescan.phantom.set_recipe import ALS_NAMES, SetRecipe
from spinescan.phantom.sets import write_set

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "compare-classifiers.md"

pytestmark = pytest.mark.training

SMALLER = {
    "inception_v3": "mobilenetv2_035",
    "xception": "small_cnn",
    "resnet50": "resnet10t",
    "resnet101": "mobilenetv3_small_050",
}
"""What stands for the page's backbones, so that the test ends within the day."""


def films(folder: Path) -> None:
    """Six phantoms of each type, named as the page says."""
    (folder / "films").mkdir()
    for code in ALS7.codes:
        odds = {name: float(name == code) for name in ALS_NAMES}
        recipe = SetRecipe.from_dict({"rows": 320, "view": {"frontal": 1}, "als": odds})
        write_set(recipe, folder / code, count=6, seed=3)
        for film in sorted((folder / code / "images").iterdir()):
            shutil.copy(film, folder / "films" / f"{code}_{film.name}")


def page_commands() -> list[list[str]]:
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return [shlex.split(line) for line in block.splitlines()]


def test_the_five_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    films(tmp_path)
    monkeypatch.chdir(tmp_path)
    commands = page_commands()
    assert len(commands) == 5
    for program, *words in commands:
        assert program == "spinescan"
        words = [SMALLER.get(word, word) for word in words]
        words = [word.replace("resnet50", SMALLER["resnet50"]) for word in words]
        if words[:2] == ["train", "classify"]:
            words[words.index("--folds") + 1] = "2"
            words += ["--epochs", "1", "--weights", "none", "--batch", "4", "--workers", "0"]
        if words[0] == "evaluate":  # what a shell does with *
            words = [
                name
                for word in words
                for name in (sorted(map(str, Path().glob(word))) if "*" in word else [word])
            ]
        result = CliRunner().invoke(cli, words)
        assert result.exit_code == 0, (words, result.output)
    assert (Path("als/audit/audit.html")).is_file()
    assert len(list(Path("als/runs").glob("*/predictions.jsonl"))) == 4
    page = Path("als/report/evaluate.html").read_text("utf-8")
    assert all(name in page for name in SMALLER.values())
    bundle = Bundle.load(Path("als/bundle"))
    assert bundle.classifier is not None

    film = next(Path("films").iterdir())
    words = ["scan", str(film), "--bundle", "als/bundle", "--json"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.splitlines()
    (answer,) = [p for p in json.loads(line)["predictions"] if p["bundle"] == bundle.name]
    assert answer["task"] == "als7"
