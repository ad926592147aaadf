"""The rival that measures: its answers from verdicts, its file that goes on where it stopped."""

import hashlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spinescan.core.errors import DataError
from spinescan.core.report import SagittalVerdict
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.study import measure_threshold
from spinescan.study.measure_threshold import find_lateral, measure_films, scores_of
from spinescan.study.predictions import read_predictions
from tests.infer.classifiers import write_classifier

SURE = SagittalVerdict(
    label="both", alternatives=(), shares={"both": 0.9, "none": 0.1}, axes=(), slips=(), facts=(),
    decision="accepted",
)  # fmt: skip


class Fake:
    """Says both of a bright film, abstains from a dark one."""

    def __init__(self) -> None:
        self.bundle = SimpleNamespace(name="lateral-landmarks")
        self.scanned = 0

    def scan(self, film: Any) -> Any:
        self.scanned += 1
        bright = float(film.pixels.mean()) > 0.5
        return SimpleNamespace(sagittal=SURE if bright else None, reasons=("few_levels",))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    scanner = Fake()
    monkeypatch.setattr(
        measure_threshold, "Scanner", SimpleNamespace(from_folder=lambda folder: scanner)
    )
    return scanner


@pytest.fixture
def films(tmp_path: Path) -> Manifest:
    rows = []
    for k, grey in enumerate((250, 5, 250)):
        path = tmp_path / f"{k}.png"
        noise = np.random.default_rng(k).integers(-4, 5, (80, 70))
        Image.fromarray((grey + noise).astype(np.uint8)).save(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        rows.append(ManifestFilm(path.name, digest, f"p{k}", labels={"sagittal": "both"}))
    path.write_bytes(b"no picture")
    rows[-1] = replace(rows[-1], sha256=hashlib.sha256(b"no picture").hexdigest())
    return Manifest(tmp_path, tuple(rows))


def test_shares_are_the_scores() -> None:
    assert scores_of(SURE) == {"healthy": 0.0, "kyphosis": 0.0, "lordosis": 0.0, "both": 0.9}
    plain = replace(SURE, shares={}, label="kyphosis")
    assert scores_of(plain) == {"healthy": 0.0, "kyphosis": 1.0, "lordosis": 0.0, "both": 0.0}
    assert set(scores_of(None).values()) == {0.0}


def test_each_film_is_scanned_once_and_a_failure_is_told(
    fake: Fake, films: Manifest, tmp_path: Path
) -> None:
    path = tmp_path / "predictions" / "measured.jsonl"
    measure_films(films, films.films[:1], tmp_path, path)
    with path.open("a") as stream:
        stream.write('{"cut o')
    measure_films(films, films.films, tmp_path, path)
    measure_films(films, films.films, tmp_path, path)
    assert fake.scanned == 2
    told = read_predictions(path)
    assert [one.decision for one in told] == ["accepted", "abstained", "failed"]
    assert [one.label for one in told] == ["both", None, None]
    assert told[1].reasons == ("few_levels",)
    assert {one.truth for one in told} == {"both"}


def test_without_a_lateral_model_there_is_no_rival(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spinescan.infer.bundle.shipped_bundles", lambda: ())
    assert find_lateral(None) is None


def test_a_bundle_that_does_not_measure_is_refused(tmp_path: Path) -> None:
    write_classifier(tmp_path)
    with pytest.raises(DataError, match="expected a bundle of lateral-landmarks"):
        find_lateral(tmp_path)
