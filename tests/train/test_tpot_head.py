"""TPOT on frozen features. Needs the extra `automl`, which is not among what CI installs."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from spinescan.app.main import cli
from spinescan.core.errors import DataError
from spinescan.study.predictions import read_predictions
from spinescan.train.tpot_head import fit_tpot
from tests.train.discs import TASK, write_discs
from tests.train.test_heads import made, points

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("tpot") is None, reason="extra automl"),
    pytest.mark.filterwarnings("ignore"),  # those of the many libraries that TPOT brings
]


def test_tpot_finds_a_pipeline_and_tells_it(tmp_path: Path) -> None:
    data, out = write_discs(tmp_path / "data", 32), tmp_path / "out"
    words = ["automl", "--backbone", "small_cnn", "--data", data, "--task", TASK, "--out", out]
    words += ["--folds", 2, "--head", "logistic", "--tpot", 1, "--workers", 0]
    result = CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert result.stdout.split()[1] == str(out / "tpot" / "predictions.jsonl")
    tested = [r for r in read_predictions(out / "tpot" / "predictions.jsonl") if r.part == "test"]
    assert len(tested) == 32
    assert {r.model for r in tested} == {"small_cnn-tpot"}
    for fold in (0, 1):
        folder = out / "tpot" / f"repeat-0-fold-{fold}"
        note = json.loads((folder / "chosen.json").read_text())
        assert note["tpot_minutes"] == 1
        assert note["tried"] >= 1
        assert made((folder / "pipeline.py").read_text()).steps
    suffixes = {path.suffix for path in out.rglob("*") if path.is_file()}
    assert suffixes == {".json", ".jsonl", ".npz", ".py"}


def test_nobody_is_asked_for_a_newer_version() -> None:
    code = (
        "import update_checker.core as core, sys\n"
        "core.query_pypi = lambda *_, **__: sys.exit('asked')\n"
        "from spinescan.train.tpot_head import need_tpot\n"
        "need_tpot()\n"
        "assert 'tpot' in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=300)


def test_a_search_without_time_is_told() -> None:
    features, truth, folds = points()
    with pytest.raises(DataError, match=r"TPOT found nothing in 1e-06 minutes"):
        fit_tpot(features, truth, folds, 1, minutes=1e-6)
