"""Write the reference of a Report's JSON from its schema, to standard output."""

from collections.abc import Iterator
from typing import Any

from described import line, table, unit_of, write
from report_schema import schema

from spinescan.core.codes import FACTS, FAILURES, MEASUREMENTS, REFUSALS, WARNINGS
from spinescan.core.report import RESEARCH_USE, SCHEMA_VERSION
from spinescan.io.words import REASONS

HEADER = f"""\
# The JSON of a Report

**{RESEARCH_USE}**

`spinescan scan --json` prints one JSON object a line: a [Report](#report) for each film, or a
[failure](#failure). `report.json` of `spinescan scan --out` holds one Report, `report.to_dict()` in
Python and `report` in the answers of the [REST API](rest.md) are the same without `file` and
`sha256`. This page is written by `make docs` from the types in the code; version {SCHEMA_VERSION}.

The same as a [JSON Schema](report.schema.json) (draft 2020-12), which every installation has:

    spinescan schema > report.schema.json

A minor version of the schema adds fields and changes none; a program that reads reports should pass
over fields that it does not know. The schema itself knows those of its own version and refuses
others. All fields are there, null where they have nothing to tell, but `file` and `sha256`: with
`--anonymous` both are left out. Coordinates are (x, y) in pixels of the film as read, from the
top-left corner of its first pixel. Left and right are those of the *picture*, unless a name says
"patient". How often the 90 % intervals hold the truth is in the models' cards.
"""

ORDER = (
    "Report",
    "Landmarks",
    "Curve",
    "Verdict",
    "SagittalVerdict",
    "SagittalAxis",
    "Slip",
    "Fact",
    "Measurement",
    "Prediction",
    "BundleRef",
    "Notice",
    "Failure",
    "ErrorDetail",
)
CODES = (
    ("Reasons", "`reasons` of a Report, a verdict, an axis or a prediction.", REASONS),
    ("Warnings", "`code` of a [Notice](#notice).", WARNINGS),
    ("Facts", "`code` of a [Fact](#fact). LEVEL stands for a level, such as L5.", FACTS),
    ("Measurements", "`name` of a [Measurement](#measurement).", MEASUREMENTS),
    ("Failures", "`kind` of an [ErrorDetail](#errordetail), and of errors in Python.", FAILURES),
    ("Refusals", "The same, of a server of ours, of a PACS or a cluster.", REFUSALS),
)


def type_of(value: dict[str, Any]) -> str:
    """The type of a field in words."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in value:
        return " or ".join(type_of(option) for option in value["anyOf"])
    if "const" in value:
        return f'"{value["const"]}"'
    if "prefixItems" in value:
        return "[" + ", ".join(type_of(item) for item in value["prefixItems"]) + "]"
    if value.get("type") == "array":
        items = value["items"]
        if len(items.get("enum", ())) > 12:
            return "list of [codes](#reasons)"
        return f"list of {type_of(items)}"
    if value.get("type") == "object":
        return f"object of {type_of(value['additionalProperties'])} by name"
    if "pattern" in value and "?:" in value["pattern"]:
        return "code"
    if "enum" in value:
        return "code" if len(value["enum"]) > 12 else " or ".join(f'"{v}"' for v in value["enum"])
    return str(value["type"])


def part(name: str, made: dict[str, Any]) -> str:
    """One object of the schema, as a section."""
    rows = [
        (f"`{field}`", type_of(value), unit_of(field), value["description"])
        for field, value in made["properties"].items()
    ]
    words = line(made["description"])
    return f"## {name}\n\n{words}\n\n" + table(("field", "type", "unit", "meaning"), rows)


def pages() -> Iterator[str]:
    """The sections of the page."""
    yield HEADER
    made = schema()["$defs"]
    yield from (part(name, made[name]) for name in ORDER)
    for title, where, codes in CODES:
        rows = ((f"`{code}`", meaning) for code, meaning in codes.items())
        yield f"## {title}\n\n{where}\n\n" + table(("code", "meaning"), rows)


def reference() -> str:
    """The whole page."""
    return "\n".join(pages())


if __name__ == "__main__":
    write(reference())
