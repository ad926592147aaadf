"""Write the reference of the REST API from the server's own OpenAPI, to standard output."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from described import line, table, unit_of, write
from generate_report import type_of

from spinescan.app.web.guards import OPEN, PREFIX
from spinescan.app.web.server import create_app
from spinescan.app.web.settings import WebSettings
from spinescan.core.codes import FAILURES, REFUSALS
from spinescan.core.report import RESEARCH_USE

Json = dict[str, Any]

HEADER = f"""\
# REST API

**{RESEARCH_USE}**

What `spinescan serve` answers under `{PREFIX}`. How it is started, and how requests look, is in
[Serve the page and the API](../how-to/serve.md). This page is written by `make docs` from the
server's own OpenAPI, which a running server gives at `{PREFIX}/openapi.json`.

A server with tokens wants one with each request (`Authorization: Bearer TOKEN`), but for
{", ".join(f"`{path}`" for path in OPEN)}. An answer that could not be given is
`{{"error": {{"kind": ..., "message": ...}}}}`; the kinds are [below](#errors). The parts of a
Report are described in [The JSON of a Report](report.md); it stands here as with `--anonymous`.
"""

USUAL = ("400", "401", "403", "413", "421", "422")
TITLES = {
    "server": "The server",
    "films": "Films",
    "jobs": "Many films",
    "cases": "Cases",
}
OF_A_REPORT = {
    "ReportJson": "Report",
    "LandmarksJson": "Landmarks",
    **{
        name: name
        for name in (
            "BundleRef",
            "Curve",
            "ErrorDetail",
            "Fact",
            "Measurement",
            "Notice",
            "Prediction",
            "SagittalAxis",
            "SagittalVerdict",
            "Slip",
            "Verdict",
        )
    },
}
"""Schemas that the page on Reports describes, and by which name."""


def openapi() -> Json:
    """What a server with tokens says of itself."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(WebSettings(data=Path(folder), tokens={"0" * 64: "anybody"}))
        return app.openapi()


def typed(value: Json) -> str:
    """A type in words, with links to where it is described."""
    if value.get("format") == "binary":
        return "file"
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        if name in OF_A_REPORT:
            shown = OF_A_REPORT[name]
            return f"[{shown}](report.md#{shown.lower()})"
        return f"[{name}](#{name.lower()})"
    if "anyOf" in value:
        return " or ".join(typed(option) for option in value["anyOf"])
    if "prefixItems" in value:
        return "[" + ", ".join(typed(item) for item in value["prefixItems"]) + "]"
    if value.get("type") == "array":
        return f"list of {typed(value['items'])}"
    if value.get("type") == "object" and "properties" not in value:
        return f"object of {typed(value.get('additionalProperties') or {})} by name"
    if not value:
        return "anything"
    return type_of({"type": "string", **{k: v for k, v in value.items() if k != "pattern"}})


def object_section(name: str, schema: Json) -> str:
    """One object, as a section."""
    wanted = schema.get("required", ())
    rows = [
        (
            f"`{field}`",
            typed(value),
            unit_of(field),
            value["description"] + _default(value, field in wanted),
        )
        for field, value in schema["properties"].items()
    ]
    words = line(schema["description"])
    return f"### {name}\n\n{words}\n\n" + table(("field", "type", "unit", "meaning"), rows)


def _default(value: Json, wanted: bool) -> str:
    if wanted or "default" not in value:
        return ""
    default = value["default"]
    told = {None: "null", True: "true", False: "false", "": "empty"}
    return (
        f" Default: {told.get(default, default) if not isinstance(default, dict) else 'nothing'}."
    )


def operation_section(method: str, path: str, operation: Json) -> str:
    """One method of an address, as a section."""
    parts = [f"### {method.upper()} {path}\n\n{operation['description']}\n"]
    rows = [
        (f"`{p['name']}`", p["in"], typed(p["schema"]), "yes" if p.get("required") else "no")
        for p in operation.get("parameters", ())
    ]
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        schema = body["schema"]
        if kind == "application/json":
            parts.append(f"The body is JSON: {typed(schema)}.\n")
        else:
            rows += [
                (f"`{field}`", "form", typed(value), "yes" if field in schema["required"] else "no")
                for field, value in schema["properties"].items()
            ]
    if rows:
        parts.append(table(("parameter", "in", "type", "needed"), rows))
    answers = [
        f"- **{status}**: {answer}"
        for status, response in operation["responses"].items()
        if status < "400" and (answer := _answer(response))
    ]
    parts.append("\n".join(answers) + "\n")
    errors = [s for s in operation["responses"] if s >= "400" and s not in USUAL]
    usual = set(USUAL) <= set(operation["responses"])
    told = [*(["the usual errors"] if usual else []), *errors]
    if told:
        parts.append(f"Errors: {', '.join(told)}.\n")
    if not operation.get("security"):
        parts.append("Needs no token.\n")
    return "\n".join(parts)


def _answer(response: Json) -> str:
    found = response.get("content", {})
    if not found:
        return "nothing"
    return ", or ".join(
        typed(content["schema"])
        if kind == "application/json" and content.get("schema")
        else f"`{kind}`"
        for kind, content in found.items()
    )


def sections() -> Iterator[str]:
    """The sections of the page."""
    told = openapi()
    yield HEADER
    tags: dict[str, list[str]] = {}
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            section = operation_section(method, path, operation)
            tags.setdefault(operation["tags"][0], []).append(section)
    for tag, found in tags.items():
        yield f"## {TITLES[tag]}\n"
        yield from found
    yield "## Objects\n"
    for name, schema in told["components"]["schemas"].items():
        if name not in OF_A_REPORT:
            yield object_section(name, schema)
    usual = ", ".join(USUAL)
    rows = ((f"`{kind}`", words) for kind, words in {**FAILURES, **REFUSALS}.items())
    yield f"## Errors\n\nThe usual errors are {usual}.\n\n" + table(("kind", "meaning"), rows)


def reference() -> str:
    """The whole page."""
    return "\n".join(sections())


if __name__ == "__main__":
    write(reference())
