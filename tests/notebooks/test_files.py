"""Notebooks as they are kept: whole, without outputs, and honest about what they are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from spinescan.core.report import RESEARCH_USE

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return notebook


def test_there_are_two() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["generalist_vs_specialists", "quickstart"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_have_names_and_no_outputs(path: Path) -> None:
    notebook = read(path)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z-]+", name) for name in names)  # given by a person
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_say_synthetic_and_research_use_first_and_last(path: Path) -> None:
    texts = [
        "".join(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == "markdown"
    ]
    assert "synthetic" in texts[0]
    assert RESEARCH_USE in texts[0]
    assert RESEARCH_USE in texts[-1]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_need_no_place_and_no_network(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"https?://", text)
    assert not re.search(r"""["' ](/|~/|\.\./\.\.)[a-z]""", text)
