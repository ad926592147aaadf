"""The page of files explains every field of files that the product has really written."""

import csv
from dataclasses import fields
from pathlib import Path
from typing import Any

import generate_files
import jsonschema
import pytest
import report_schema

from spinescan.audit import confound
from spinescan.data.manifest import COLUMNS, ManifestFilm
from spinescan.phantom.sets import MANIFEST_COLUMNS
from spinescan.study.predictions import PredictionRecord
from tests.docs_reference import written

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "files.md"
REPORT = jsonschema.Draft202012Validator(report_schema.schema())


def untold(name: str, records: list[dict[str, Any]]) -> list[str]:
    """The fields of a file that the page does not explain."""
    words = generate_files.fields()[name]
    found = {path for record in records for path in written.paths(record)}
    return sorted(path for path in found if not generate_files.is_told(path, words))


def unused(name: str, records: list[dict[str, Any]]) -> list[str]:
    """The fields that the page explains and the file has not."""
    found = {path for record in records for path in written.paths(record)}
    words = (key.removesuffix(".**") for key in generate_files.fields()[name])
    return sorted(word for word in words if word not in found)


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == generate_files.reference(), "run `make docs`"


def test_columns_are_those_of_the_types() -> None:
    text = PAGE.read_text("utf-8")
    assert {f.name for f in fields(ManifestFilm)} - {"labels"} == set(COLUMNS)
    assert set(MANIFEST_COLUMNS) == {*COLUMNS, *generate_files.OF_PHANTOMS}
    assert all(f"`{f.name}`" in text for f in fields(PredictionRecord))


@pytest.mark.slow
def test_files_of_phantoms_and_scans(tmp_path: Path) -> None:
    found = written.drawn(tmp_path)
    for name in ("truth.jsonl", "truth.json"):
        for record in found[name]:
            own = {"phantom": record.pop("phantom")}
            assert REPORT.is_valid(record), [e.message for e in REPORT.iter_errors(record)]
            assert untold(name, [own]) == []
            assert unused(name, [own]) == []
    for name in ("set.json", "index.jsonl"):
        assert untold(name, found[name]) == []
        assert unused(name, found[name]) == []
    with (tmp_path / "set" / "manifest.csv").open(newline="") as table:
        assert tuple(next(csv.reader(table))) == MANIFEST_COLUMNS


@pytest.mark.slow
def test_files_of_judgements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn", reason="needs the extra study")
    monkeypatch.setattr(confound, "REPEATS", 1)
    found = written.judged(tmp_path)
    for record in found["predictions.jsonl"]:
        assert set(record) == {f.name for f in fields(PredictionRecord)}
    for name in ("evaluate.json", "audit.json"):
        assert untold(name, found[name]) == []
        assert unused(name, found[name]) == []


@pytest.mark.slow
def test_files_of_a_study(tmp_path: Path) -> None:
    found = written.studied(tmp_path)
    assert untold("study.json", found["study.json"]) == []
    assert unused("study.json", found["study.json"]) == []


def test_a_field_that_is_not_explained_is_found() -> None:
    assert untold("index.jsonl", [{"name": "a", "odd": 1}]) == ["odd"]
    assert untold("audit.json", [{"sets": [{"name": "a"}], "odd": [{"a": 1}]}]) == [
        "odd",
        "odd[].a",
    ]
