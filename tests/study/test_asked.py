"""Bundles answer for the films of a manifest as they answer for one film."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spinescan.core.errors import DataError
from spinescan.core.report import SagittalAxis, SagittalVerdict
from spinescan.core.task import ALS7, KYPHOSIS, LORDOSIS, SAGITTAL3
from spinescan.data.manifest import Manifest, ManifestFilm, read_manifest
from spinescan.infer.bundle import shipped
from spinescan.phantom.set_recipe import SetRecipe
from spinescan.phantom.sets import write_set
from spinescan.study.asked import ask, sagittal_answer
from spinescan.study.evaluate import evaluate_predictions
from tests.infer.classifiers import SIDE, THIRDS, write_classifier

FRONTAL = shipped("frontal-landmarks")


@pytest.fixture
def lights(tmp_path: Path) -> Manifest:
    """Films with the light in each third; the last one bears a wrong label."""
    listed = []
    for i, (third, label) in enumerate([(0, "upper"), (1, "middle"), (2, "lower"), (0, "lower")]):
        film = np.zeros((SIDE, SIDE), np.uint8)
        film[third * SIDE // 3 : (third + 1) * SIDE // 3] = 255
        Image.fromarray(film).save(tmp_path / f"{i}.png")
        digest = sha256((tmp_path / f"{i}.png").read_bytes()).hexdigest()
        listed.append(ManifestFilm(f"{i}.png", digest, f"g{i}", labels={"light3": label}))
    return Manifest(tmp_path, tuple(listed))


def test_a_classifier_answers_for_every_film(lights: Manifest, tmp_path: Path) -> None:
    records = list(ask(write_classifier(tmp_path / "light"), lights, THIRDS))
    assert [record.truth for record in records] == ["upper", "middle", "lower", "lower"]
    best = [max(r.scores, key=r.scores.__getitem__) for r in records if r.scores is not None]
    assert best == ["upper", "middle", "lower", "upper"]
    assert {record.model for record in records} == {"light"}
    accuracy = evaluate_predictions(records, THIRDS)["accepted"]["accuracy_if_always_answered"]
    assert accuracy["value"] == 0.75


def test_only_test_films_are_asked_about_where_there_are_any(
    lights: Manifest, tmp_path: Path
) -> None:
    films = tuple(
        replace(film, split="test" if i == 2 else "train") for i, film in enumerate(lights.films)
    )
    asked = ask(write_classifier(tmp_path / "light"), replace(lights, films=films), THIRDS)
    assert [record.image for record in asked] == ["2.png"]


def test_a_film_that_cannot_be_read_failed(lights: Manifest, tmp_path: Path) -> None:
    (lights.folder / "1.png").write_bytes(b"no film")
    records = list(ask(write_classifier(tmp_path / "light"), lights, THIRDS))
    assert [record.decision == "failed" for record in records] == [False, True, False, False]
    assert records[1].scores is None


def test_another_film_than_was_listed_is_told(lights: Manifest, tmp_path: Path) -> None:
    (lights.folder / "1.png").write_bytes((lights.folder / "2.png").read_bytes())
    with pytest.raises(DataError, match=r"1\.png: another file than was listed"):
        list(ask(write_classifier(tmp_path / "light"), lights, THIRDS))


def test_a_bundle_of_another_task_is_told(lights: Manifest, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="answers with upper, middle, lower; the task 'als7' has"):
        list(ask(write_classifier(tmp_path / "light"), lights, ALS7))
    with pytest.raises(DataError, match="answers only 'als7', got the task 'light3'"):
        list(ask(FRONTAL, lights, THIRDS))


@pytest.mark.slow
def test_the_landmark_model_answers_with_the_measured_type(tmp_path: Path) -> None:
    recipe = SetRecipe(
        rows=(400, 400), view={"frontal": 1.0}, als={"3CH": 1.0, "4C": 1.0}, clinic=None
    )
    write_set(recipe, tmp_path, 5, 5)
    (tmp_path / "images" / "000004.png").write_bytes(b"no film")
    records = list(ask(FRONTAL, read_manifest(tmp_path / "manifest.csv"), ALS7))
    assert records[4].decision == "failed"
    named = [r for r in records if r.decision == "accepted"]
    assert named
    for record in named:
        assert record.scores is not None
        assert record.label is not None
        assert record.scores[record.label] == 1
    families = [(r.truth or "")[:2] == (r.label or "")[:2] for r in named]
    assert sum(families) > len(families) / 2


def verdict(shares: dict[str, float], label: Any, kyphosis: Any, lordosis: Any) -> SagittalVerdict:
    axes = tuple(
        SagittalAxis(name, position, (), "abstained" if position is None else "accepted", (name,))
        for name, position in (("kyphosis", kyphosis), ("lordosis", lordosis))
    )
    decision = "abstained" if label is None else "accepted"
    return SagittalVerdict(label, (), shares, axes, (), (), decision, ("why",))


def test_a_sagittal_verdict_answers_generalist_and_specialists() -> None:
    clear = verdict({"kyphosis": 0.8, "healthy": 0.2}, "kyphosis", "hyper", "normal")
    scores, *rest = sagittal_answer(clear, SAGITTAL3)
    assert scores == pytest.approx({"healthy": 0.2, "kyphosis": 0.8, "lordosis": 0.0})
    assert rest == ["kyphosis", "accepted", ("why",)]
    scores, label, *_ = sagittal_answer(clear, KYPHOSIS)
    assert (scores, label) == (pytest.approx({"healthy": 0.2, "kyphosis": 0.8}), "kyphosis")
    assert sagittal_answer(clear, LORDOSIS)[:2] == ({"healthy": 1.0, "lordosis": 0.0}, "healthy")


def test_a_film_that_is_both_is_ill_for_either_specialist_alone() -> None:
    both = verdict({"both": 0.9, "kyphosis": 0.1}, "both", "hyper", "hyper")
    scores, label, decision, reasons = sagittal_answer(both, SAGITTAL3)
    assert (label, decision, reasons) == (None, "abstained", ("both", "why"))
    assert scores == {"healthy": 0.0, "kyphosis": 1.0, "lordosis": 0.0}
    assert sagittal_answer(both, KYPHOSIS)[:2] == ({"healthy": 0.0, "kyphosis": 1.0}, "kyphosis")
    told = sagittal_answer(both, LORDOSIS)
    assert told[1] == "lordosis"
    assert told[0] == pytest.approx({"healthy": 0.1, "lordosis": 0.9})


def test_an_axis_that_is_not_judged_is_abstained_from() -> None:
    """On a lumbar film only lordosis can be told."""
    half = verdict({}, None, None, "normal")
    scores, label, decision, reasons = sagittal_answer(half, KYPHOSIS)
    assert (scores, label) == ({"healthy": 0.5, "kyphosis": 0.5}, None)
    assert (decision, reasons) == ("abstained", ("kyphosis",))
    assert sagittal_answer(half, LORDOSIS)[:2] == ({"healthy": 1.0, "lordosis": 0.0}, "healthy")
    assert sagittal_answer(half, SAGITTAL3)[1:3] == (None, "abstained")
