"""Write the JSON Schema of a Report: types from the code, words from its docstrings.

python docs/report_schema.py    # writes src/spinescan/core/report.schema.json
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from described import as_json, comments_of, fields_of, summary
from pydantic import TypeAdapter

from spinescan.app.web import models
from spinescan.core import findings
from spinescan.core.anatomy import LEVELS, Landmarks
from spinescan.core.codes import FACTS, FAILURES, MEASUREMENTS, REFUSALS, WARNINGS
from spinescan.core.radiograph import SpacingOrigin
from spinescan.core.report import RESEARCH_USE, SCHEMA_VERSION, Report
from spinescan.io.words import REASONS

PLACE = Path(__file__).parents[1] / "src" / "spinescan" / "core" / "report.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

KINDS: dict[str, type] = {
    "Report": Report,
    "Landmarks": Landmarks,
    **{
        name: kind
        for name, kind in vars(findings).items()
        if isinstance(kind, type) and kind.__module__ == findings.__name__
    },
    "Failure": models.FailureJson,
    "ErrorDetail": models.ErrorDetail,
}
"""Where the words of each part of the schema come from."""

ONLY_JSON = {
    "file": "The path or address as it was given. Left out of anonymous JSON.",
    "research_use": "What the answer is not for.",
}
"""Fields of a Report's JSON that a Report has not."""


def schema() -> Schema:
    """The schema of one line: a Report or a failure."""
    made = TypeAdapter(models.ReportJson | models.FailureJson).json_schema(mode="serialization")
    parts = {name.removesuffix("Json"): part for name, part in made["$defs"].items()}
    for name, part in parts.items():
        _describe(name, part)
    _name_file(parts["Report"])
    _name_file(parts["Failure"])
    _narrow(parts)
    whole = {
        "$schema": DIALECT,
        "$id": f"urn:spinescan:report:{SCHEMA_VERSION}",
        "title": "A line of spinescan scan --json",
        "description": f"A Report, or what stands for a film that failed. {RESEARCH_USE}",
        "oneOf": [{"$ref": "#/$defs/Report"}, {"$ref": "#/$defs/Failure"}],
        "$defs": dict(sorted(parts.items())),
    }
    return json.loads(json.dumps(whole).replace('Json"', '"'))  # type: ignore[no-any-return]


def text() -> str:
    """The file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _describe(name: str, part: Schema) -> None:
    """Nothing but the fields that are there, each with its words."""
    kind = KINDS[name]
    words = {**ONLY_JSON, **fields_of(kind), **comments_of(kind)}
    part["title"] = name
    part["description"] = " ".join(summary(kind).split())
    part["additionalProperties"] = False
    part["required"] = list(part["properties"])  # a Report tells all its fields, null or not
    for field, value in part["properties"].items():
        value.pop("title", None)
        value.pop("default", None)
        value["description"] = as_json(words[field])


def _name_file(part: Schema) -> None:
    """File and digest are there together, or, in anonymous JSON, neither is."""
    own = {"file": {"type": "string", "description": ONLY_JSON["file"]}}
    if part["title"] == "Report":
        digest = fields_of(Report)["sha256"]
        own["sha256"] = {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": digest}
        part["dependentRequired"] = {"file": ["sha256"], "sha256": ["file"]}
    first, *others = part["properties"].items()
    part["properties"] = dict([first, *own.items(), *others])


def _narrow(parts: Mapping[str, Schema]) -> None:
    """Closed sets of words that are plain strings in the code, and the sizes of numbers."""
    for part in parts.values():
        fields = part["properties"]
        if "schema_version" in fields:
            fields["schema_version"] |= {"const": SCHEMA_VERSION}
        if "reasons" in fields:
            fields["reasons"]["items"]["enum"] = list(REASONS)
    codes = (
        ("Notice", "code", WARNINGS),
        ("Fact", "code", FACTS),
        ("Measurement", "name", MEASUREMENTS),
        ("ErrorDetail", "kind", {**FAILURES, **REFUSALS}),
    )
    for name, field, table in codes:
        parts[name]["properties"][field] |= one_of(table)
    report, landmarks = parts["Report"]["properties"], parts["Landmarks"]["properties"]
    report["research_use"] |= {"const": RESEARCH_USE}
    report["spacing_origin"] |= {"enum": [origin.value for origin in SpacingOrigin]}
    report["pixel_aspect"] |= {"exclusiveMinimum": 0}
    report["timing_ms"] |= {"minimum": 0}
    landmarks["score"]["items"] |= {"minimum": 0, "maximum": 1}
    landmarks["names"] |= {"uniqueItems": True}


def one_of(table: Mapping[str, str]) -> Schema:
    """The codes of a table; LEVEL in one stands for any level."""
    if not any("LEVEL" in code for code in table):
        return {"enum": list(table)}
    level = f"(?:{'|'.join((*LEVELS, 'S1'))})"
    return {"pattern": "^(?:" + "|".join(c.replace("LEVEL", level) for c in table) + ")$"}


if __name__ == "__main__":
    PLACE.write_text(text(), "utf-8")
