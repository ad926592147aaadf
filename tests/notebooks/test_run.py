"""Both notebooks run from the first cell to the last, and compute what they say."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from spinescan.infer.bundle import Bundle

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.training,
    pytest.mark.slow,
    # Of the libraries that start kernels, not of ours.
    pytest.mark.filterwarnings("default"),
]


def run(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What each cell printed, by its name; pictures as the word "picture"."""
    monkeypatch.setenv("SPINESCAN_NOTEBOOK_QUICK", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    # The code under test, where it is not installed; settings of this machine's Jupyter stay away.
    source = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", source)
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(folder / "config"))
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    path = Path(shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", folder))
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    client = NotebookClient(
        notebook,
        timeout=1800,
        startup_timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": folder}},
    )
    client.execute()
    return {cell["id"]: told(cell) for cell in notebook["cells"] if cell["cell_type"] == "code"}


def told(cell: dict[str, Any]) -> str:
    parts = []
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            parts.append(output["text"])
        elif "image/png" in output["data"]:
            parts.append("picture")
        else:
            parts.append(output["data"]["text/plain"])
    return "\n".join(parts)


def test_quickstart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = run("quickstart", tmp_path, monkeypatch)
    assert "decision: accepted" in cells["scan"]
    # The film is drawn with a main curve of 45 degrees; it is measured within ten, and as a curve.
    angles = [
        float(line.split("measured ")[1].split(",")[0]) for line in cells["truth"].splitlines()
    ]
    assert 35 < max(angles) < 55
    assert "other | abstained" in cells["noise"]
    assert "overlay.png" in cells["cli"]
    for name in ("overlay", "folder", "figures", "films-needed"):
        assert "picture" in cells[name], name

    made = tmp_path / "quickstart"
    report = json.loads((made / "report" / "evaluate.json").read_text())
    assert [model["model"] for model in report["models"]] == ["network", "measured"]
    for model in report["models"]:
        assert model["set"]["n_films"] == 12  # each film tested once, by whoever answers
        assert model["origin"]["films"] == "synthetic"
        assert "synthetic" in [note["code"] for note in model["notes"]]
    # Curves of 25 degrees and more are measured as larger than what straight spines have.
    assert report["models"][1]["figures"]["macro_roc_auc"]["value"] > 0.75
    assert report["comparisons"][0]["n_films"] == 12
    bundle = Bundle.load(made / "bundle")
    assert bundle.classifier is not None
    assert cells["predict"].count("drawn ") == 2


def test_generalist_vs_specialists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = run("generalist_vs_specialists", tmp_path, monkeypatch)
    assert "10 of 15: 67% (95 % interval 42% to 85%)" in cells["few"]
    leaking, kept = (int(line.split(":")[1].split("%")[0]) for line in cells["leak"].splitlines())
    assert leaking > 65
    assert 45 <= kept <= 55

    study = json.loads((tmp_path / "generalist" / "study" / "study.json").read_text())
    assert "synthetic" in study["title"].lower()
    assert study["answer"]["sentence"] in cells["study"]
    assert study["answer"]["sentence"] in cells["verdict"]
    (primary,) = [
        pair for pair in study["comparisons"] if pair["name"] == study["protocol"]["primary"]
    ]
    assert primary["n_films"] == study["protocol"]["films"]["n_single_class"]
    # The coins thrown in the notebook say what the study's exact test says.
    thrown, exact, told = (
        float(word.split()[-1]) for word in cells["mcnemar"].splitlines()[2].split(",")
    )
    assert thrown == pytest.approx(exact, abs=0.01)
    assert exact == pytest.approx(told, abs=0.002)
    for name in ("films", "accuracy", "difference", "learning"):
        assert "picture" in cells[name], name
