"""`spinescan scan` with bundles of one's own: a real scanner, a classifier and its heat maps."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from spinescan.app.main import cli
from spinescan.core.report import RESEARCH_USE
from spinescan.infer.bundle import shipped
from tests.infer.classifiers import film_with_light, network, write_classifier


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "films" / "light.png"
    path.parent.mkdir()
    Image.fromarray((film_with_light(1).pixels * 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_classifier(tmp_path / "model")


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["scan", *map(str, words)])


def record(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.splitlines()
    return json.loads(line)


def test_the_contract_holds_for_predictions(film: Path, model: Path) -> None:
    found = record(run(film, "--bundle", model, "--json"))
    answer = found["predictions"][-1]
    assert list(answer) == [
        "task", "label", "scores", "prediction_set", "decision", "reasons", "bundle",
    ]  # fmt: skip
    assert (answer["task"], answer["label"], answer["bundle"]) == ("light3", "middle", "light")
    assert {"name": "light", "version": "1"} in found["bundles"]
    assert found["decision"] == "abstained"  # of the landmarks: this is no spine
    assert [w["code"] for w in found["warnings"]][-1] == "calibration"


def test_a_person_reads_label_set_scores_and_what_limits_them(film: Path, model: Path) -> None:
    text = run(film, "--bundle", model).stdout
    assert "light3             middle; set {middle}; scores middle 1.00, upper 0.00" in text
    assert "Synthetic calibration: of real films the set promises nothing." in text
    assert "note: light3 (light): synthetic calibration (n: upper 40, middle 41, lower 42)" in text
    assert text.count(RESEARCH_USE) == 1


def test_a_second_opinion_is_called_so(film: Path, tmp_path: Path) -> None:
    labels = {
        "name": "als7",
        "labels": [{"code": code} for code in ("3CH", "3CN", "4C")],
        "kind": "one_of",
        "mirror": "keeps",
    }
    calibration = {"origin": "none"}
    asked = write_classifier(tmp_path / "als", labels=labels, calibration=calibration)
    text = run(film, "--bundle", asked).stdout
    assert "ALS type, by image 3CN; scores" in text
    assert "Second opinion, not evidence" in text
    assert "%" not in text
    gated = write_classifier(
        tmp_path / "gated", labels=labels, calibration=calibration, views=["frontal"]
    )
    text = run(film, "--bundle", gated).stdout
    assert "ALS type, by image no answer\n    This classifier is for films of another view" in text


@pytest.mark.slow
def test_results_hold_a_heat_map_when_asked_for(film: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    record(run(film, "--bundle", model, "--out", out, "--json"))
    (folder,) = (path for path in out.iterdir() if path.is_dir())
    assert not (folder / "heat-light.png").exists()
    # An earlier run without the pictures does not count as done.
    first = record(run(film, "--bundle", model, "--out", out, "--heat-map", "--resume", "--json"))
    heat = folder / "heat-light.png"
    drawn = heat.stat().st_mtime_ns
    again = record(run(film, "--bundle", model, "--out", out, "--heat-map", "--resume", "--json"))
    assert again == first
    assert heat.stat().st_mtime_ns == drawn
    page = (folder / "page.html").read_text("utf-8")
    assert "heat map of light" in page
    assert "does not show that the answer is right" in page
    assert "&lt;script&gt;alert(1)" in page  # the card
    assert "<script>" not in page
    # Its own pictures are no films.
    assert run(out, film, "--bundle", model, "--json").stdout.count("\n") == 1


def test_a_network_without_maps_is_explained_by_occlusion(film: Path, tmp_path: Path) -> None:
    model = write_classifier(tmp_path / "model", network(maps=False))
    out = tmp_path / "out"
    record(run(film, "--bundle", model, "--out", out, "--heat-map", "--json"))
    assert len(list(out.glob("*/heat-light.png"))) == 1


def test_workers_load_the_bundles_too(film: Path, model: Path, tmp_path: Path) -> None:
    alone = record(run(film, "--bundle", model, "--json"))
    work = record(run(film, "--bundle", model, "--json", "--jobs", 2))
    alone.pop("timing_ms")
    work.pop("timing_ms")
    assert work == alone


def test_heat_maps_need_a_folder(film: Path, model: Path) -> None:
    result = run(film, "--bundle", model, "--heat-map")
    assert result.exit_code == 2
    assert "--out" in result.stderr


def test_a_model_that_ships_is_asked_by_its_name(
    film: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ships = model.parent / "ships"
    shutil.copytree(shipped("frontal-landmarks"), ships / "frontal-landmarks")
    write_classifier(ships / "light", on_request=True)
    monkeypatch.setattr("spinescan.infer.bundle._SHIPPED", ships)
    assert record(run(film, "--json"))["predictions"] == []
    (answer,) = record(run(film, "--json", "--bundle", "light"))["predictions"]
    assert answer["bundle"] == "light"
    unknown = run(film, "--bundle", "dark")
    assert unknown.exit_code == 2
    assert "shipped: frontal-landmarks, light" in unknown.stderr


def test_a_bundle_that_cannot_be_used_is_wrong_usage(film: Path, model: Path) -> None:
    assert run(film, "--bundle", film).exit_code == 2
    assert run(film, "--bundle", model, "--bundle", model).exit_code == 2
    (model / "classifier.onnx").write_bytes(b"others")
    result = run(film, "--bundle", model)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "SHA-256 does not match" in result.stderr
