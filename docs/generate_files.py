"""Write the reference of the files that SpineScan writes and reads, to standard output."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from described import as_json, fields_table, line, summary, table, write

from spinescan.app.deidentify import CleanRow
from spinescan.data.manifest import ManifestFilm
from spinescan.io.report_csv import COLUMNS
from spinescan.phantom.sets import MANIFEST_COLUMNS
from spinescan.study.predictions import PredictionRecord

WORDS = Path(__file__).with_name("files.toml")
HEADER = """\
# Files

What SpineScan writes, and what it reads. Text is UTF-8. JSON holds no NaN; a file that ends with
`.jsonl` holds one JSON object a line. This page is written by `make docs`, from the types where
there is one. More: [The JSON of a Report](report.md) (`report.json`, `reports.jsonl`, and what
`spinescan scan --json` prints), [Bundles](bundles.md), [Recipes](recipes.md), and
[Codes in DICOM reports](dicom-codes.md).

## The folder of a scan

`spinescan scan --out DIR` makes a folder for each film.
"""
FOLDER = (
    ("index.jsonl", "A [line](#indexjsonl) for each film that is done."),
    ("NAME/report.json", "The [Report](report.md); written last."),
    ("NAME/overlay.png", "The film with its curves."),
    ("NAME/heat-BUNDLE.png", "With `--heat-map`: where a classifier looked."),
    ("NAME/page.html", "All of it on one page that needs no other file."),
    ("NAME/report.pdf", "With `--pdf`: one sheet of paper."),
    ("NAME/report.dcm", "With `--sr`: the Report as a DICOM structured report."),
    ("NAME/overlay.dcm", "With `--sc`: the overlay as a DICOM picture."),
)
OF_PHANTOMS = {
    "als": 'ALS type, or "healthy".',
    "als7": "The same, empty for a healthy spine: the label of the task als7.",
    "als_margin": "How far the spine is from another type, in units of the rules' own doubt.",
    "sagittal": "Class of the sagittal shape.",
    "sagittal3": "Of a lateral film that has one of the three classes of the task sagittal3.",
    "sagittal_margin": "How far the spine is from another class, in degrees.",
}
"""Columns of a set of phantoms that are labels."""
OF_CSV = {
    "section": "What a row belongs to, such as `curve`, `als` or `prediction`.",
    "name": "Of the figure or word.",
    "value": "The figure or word itself.",
    "unit": "Of `value`, `low`, `high` and `threshold`.",
    "low": "Low end of the interval.",
    "high": "High end of the interval.",
    "threshold": "What the value was held against.",
    "levels": "That it was measured at, parted by a space.",
    "text": "A sentence for the reader.",
}
"""Columns of report.csv, which the page and the API give."""


def told() -> dict[str, dict[str, Any]]:
    """The files that no type describes, with the words for their fields."""
    return tomllib.loads(WORDS.read_text("utf-8"))


def fields() -> dict[str, dict[str, str]]:
    """The same, by the files' names."""
    return {name: part["fields"] for part in told().values() for name in part["file"].split(", ")}


def is_told(path: str, words: dict[str, str]) -> bool:
    """Whether the page explains a field, or says that it belongs to one above."""
    if path in words or f"{path}.**" in words:
        return True
    return any(
        key.endswith(".**") and path.startswith((key[:-2], f"{key[:-3]}[]")) for key in words
    ) or any(key.startswith((f"{path}.", f"{path}[]")) for key in words)


def sections() -> Iterator[str]:
    """The sections of the page."""
    yield HEADER
    yield table(("file", "content"), ((f"`{name}`", words) for name, words in FOLDER))
    yield (
        "## manifest.csv\n\nOne row a film of a data set; `spinescan manifest` writes it, and"
        f" trainings and judgements read it.\n\n{_table_of(ManifestFilm, 'column')}\nOf a set of"
        " phantoms these labels are told:\n"
    )
    yield table(("column", "meaning"), ((f"`{k}`", v) for k, v in OF_PHANTOMS.items()))
    yield (
        "## predictions.jsonl\n\nWhat a model, a person or another tool answered, one film a line."
        " `spinescan evaluate` reads it, so that anybody can write it.\n\n"
        + _table_of(PredictionRecord, "field")
    )
    yield "## report.csv\n\nA Report for spreadsheets: one figure or word a row.\n"
    yield table(("column", "meaning"), ((f"`{k}`", v) for k, v in OF_CSV.items()))
    yield (
        f"## films.csv\n\nOf `spinescan deidentify`. {line(summary(CleanRow))}\n\n"
        + _table_of(CleanRow, "column")
    )
    for part in told().values():
        yield f"## {part['file']}\n\n{part['about']}\n"
        rows = ((f"`{key.removesuffix('.**')}`", words) for key, words in part["fields"].items())
        yield table(("field", "meaning"), rows)


def _table_of(kind: type, head: str) -> str:
    return as_json(fields_table(kind, heads=(head, "type", "default")))


def reference() -> str:
    """The whole page."""
    assert set(OF_CSV) == set(COLUMNS)
    assert set(OF_PHANTOMS) <= set(MANIFEST_COLUMNS)
    return "\n".join(sections())


if __name__ == "__main__":
    write(reference())
