import re
import xml.etree.ElementTree as ET
from base64 import b64decode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import ALS7, FRAIWAN3, Label, Task
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.study.evaluation import evaluate_models
from spinescan.study.predictions import PredictionRecord
from tests.study.simulated import predictions

pytest.importorskip("matplotlib")
from spinescan.study.pages.evaluation import render_evaluation

Records = tuple[PredictionRecord, ...]


def on_disk(records: Records, folder: Path, **labels: str) -> tuple[Records, Manifest]:
    """The records with films of their own on disk, and the manifest that lists these."""
    films, told = {}, []
    for i, record in enumerate(records):
        name = f"film-{i}.png"
        grey = np.random.default_rng(i).integers(0, 255, (160, 120), np.uint8)
        Image.fromarray(grey).save(folder / name)
        digest = sha256((folder / name).read_bytes()).hexdigest()
        told.append(replace(record, image=name, sha256=digest))
        films[name] = ManifestFilm(
            name, digest, record.group, source="clinic",
            labels={
                record.task: record.truth or "", "sex": "FM"[i % 2], "margin": str(i), **labels
            },
        )  # fmt: skip
    return tuple(told), Manifest(folder, tuple(films.values()))


def page_of(models: list[Records], manifest: Manifest, task: Task, **how: Any) -> str:
    worst = how.pop("worst", 6)
    told = evaluate_models(models, manifest, task, samples=200, **how)
    return render_evaluation(told, manifest, worst=worst)


def drawings(page: str) -> list[str]:
    return [b64decode(data).decode() for data in re.findall(r"svg\+xml;base64,([^\"]+)", page)]


@pytest.mark.slow
def test_the_page_is_self_contained_and_says_research_use(tmp_path: Path) -> None:
    test = predictions(ALS7, 60, skill=1.0, failed=0.05)
    validation = predictions(ALS7, 60, part="validation", first=700)
    seen, manifest = on_disk((*test, *validation), tmp_path)
    page = page_of([seen], manifest, ALS7, margin="margin")
    assert page.count(RESEARCH_USE) >= 2
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert page.count("data:image/jpeg;base64,") == 6
    shown = drawings(page)
    assert len(shown) == 7  # two confusions, ROC, PR, risk, reliability, margin
    for svg in shown:
        assert ET.fromstring(svg).tag.endswith("svg")
    assert "test films" in page
    assert "Prediction sets" in page
    assert "margin" in page


@pytest.mark.slow
def test_every_headline_figure_is_on_the_page(tmp_path: Path) -> None:
    records, manifest = on_disk(predictions(FRAIWAN3, 40), tmp_path)
    told = evaluate_models([records], manifest, FRAIWAN3, samples=200)
    page = render_evaluation(told, manifest)
    model = told["models"][0]
    for name in ("accuracy", "balanced_accuracy", "macro_roc_auc", "weighted_f1"):
        figure = model["figures"][name]
        low, high = figure["interval_95"]
        assert f"<strong>{figure['value']:.3f}</strong>" in page
        assert f"{low:.3f} to {high:.3f}" in page
    assert f"40 films of {model['set']['n_groups']} groups" in page
    for note in model["notes"]:
        assert note["text"] in page


@pytest.mark.slow
def test_names_are_text(tmp_path: Path) -> None:
    """Whatever a manifest or a file of predictions calls things is shown, not obeyed."""
    bad = "<script>alert(1)</script>$\\frac{1$"
    task = Task("view of <b>", (Label("a" + bad), Label("b")), mirror="changes")
    records = predictions(task, 24, skill=0.5, model=bad)
    records, manifest = on_disk(records, tmp_path, sex=bad)
    page = page_of([records], manifest, task)
    assert "<script" not in page
    assert "<b>" not in page.replace("<b ", "")
    assert "&lt;script&gt;" in page
    for svg in drawings(page):
        root = ET.fromstring(svg)
        assert not [node for node in root.iter() if node.tag.endswith("script")]
    assert any(bad in "".join(ET.fromstring(svg).itertext()) for svg in drawings(page))


@pytest.mark.slow
def test_films_that_cannot_be_shown_are_named(tmp_path: Path) -> None:
    records, manifest = on_disk(predictions(FRAIWAN3, 40, skill=0.3), tmp_path)
    told = evaluate_models([records], manifest, FRAIWAN3, samples=200)
    gone, changed = (tmp_path / film["image"] for film in told["models"][0]["worst"][:2])
    gone.unlink()
    Image.fromarray(np.random.default_rng(99).integers(0, 255, (160, 120), np.uint8)).save(changed)
    page = render_evaluation(told, manifest, worst=4)
    assert page.count("No picture: ") == 2
    assert "no longer the one that was predicted" in page
    assert page.count("data:image/jpeg;base64,") == 2
    assert "data:image/jpeg" not in render_evaluation(told, manifest, worst=0)


@pytest.mark.slow
def test_models_stand_side_by_side(tmp_path: Path) -> None:
    one, manifest = on_disk(predictions(FRAIWAN3, 40, model="first"), tmp_path)
    two = tuple(
        replace(r, image=known.image, sha256=known.sha256)
        for r, known in zip(predictions(FRAIWAN3, 40, seed=1, model="second"), one, strict=True)
    )
    page = page_of([one, two], manifest, FRAIWAN3)
    assert "The models side by side" in page
    assert 'href="#model-2">second' in page
    assert re.search(r"p = [0-9.e-]+", page)


@pytest.mark.parametrize(
    "records",
    [
        predictions(FRAIWAN3, 3),
        predictions(FRAIWAN3, 12, failed=2.0),
        predictions(FRAIWAN3, 30, skill=50.0),
        tuple(replace(r, part="validation") for r in predictions(FRAIWAN3, 30)),
        tuple(r for r in predictions(FRAIWAN3, 30) if r.truth == "normal"),
    ],
    ids=["few", "all failed", "perfect", "validation", "one label"],
)
@pytest.mark.slow
def test_odd_sets_have_a_page(records: Records, tmp_path: Path) -> None:
    seen, manifest = on_disk(records, tmp_path)
    page = page_of([seen], manifest, FRAIWAN3, margin="margin")
    assert len(drawings(page)) >= 4
    assert "nan" not in re.sub(r"base64,[^\"]+", "", page).lower().replace("nano", "")


@pytest.mark.slow
def test_the_same_evaluation_gives_the_same_page(tmp_path: Path) -> None:
    records, manifest = on_disk(predictions(FRAIWAN3, 30), tmp_path)
    assert page_of([records], manifest, FRAIWAN3) == page_of([records], manifest, FRAIWAN3)
