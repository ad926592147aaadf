"""The schema of a Report: made from the code, true of real reports, and refusing others."""

import ast
import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import generate_report
import jsonschema
import numpy as np
import pytest
import report_schema
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import spinescan
from spinescan.app.main import cli
from spinescan.core import codes
from spinescan.core.edit import Edit
from spinescan.core.report import failure_dict
from spinescan.core.told import Told
from spinescan.infer.views import VIEWS
from spinescan.io.words import REASONS
from spinescan.phantom.film import Order, draw_phantom
from tests.core.test_report import full_report

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "spinescan"
LINE = jsonschema.Draft202012Validator(json.loads(report_schema.PLACE.read_text("utf-8")))

Json = dict[str, Any]
Record = Any


def part(name: str) -> jsonschema.Draft202012Validator:
    return LINE.evolve(schema={**LINE.schema, "oneOf": [{"$ref": f"#/$defs/{name}"}]})


def test_the_schema_is_up_to_date() -> None:
    assert report_schema.PLACE.read_text("utf-8") == report_schema.text(), "run `make docs`"


def test_the_page_is_up_to_date() -> None:
    page = ROOT / "docs" / "reference" / "report.md"
    assert page.read_text("utf-8") == generate_report.reference(), "run `make docs`"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(LINE.schema)


def test_the_command_prints_it() -> None:
    done = CliRunner().invoke(cli, ["schema"])
    assert done.exit_code == 0
    assert json.loads(done.output) == LINE.schema


def test_every_field_of_a_report_is_described() -> None:
    made = report_schema.schema()["$defs"]
    record = full_report().to_dict("film.png")
    assert set(made["Report"]["properties"]) == set(record)
    assert set(made["Landmarks"]["properties"]) == set(record["landmarks"])
    failure = failure_dict("empty", "is empty", "film.png")
    assert set(made["Failure"]["properties"]) == set(failure)
    for name, piece in made.items():
        for field, value in piece["properties"].items():
            assert len(value["description"]) > 4, f"{name}.{field}"


def test_what_may_be_null_says_when() -> None:
    for name, piece in report_schema.schema()["$defs"].items():
        for field, value in piece["properties"].items():
            if {"type": "null"} in value.get("anyOf", ()):
                assert "null" in value["description"], f"{name}.{field}"


def test_every_number_tells_its_unit() -> None:
    """By its name, or in words."""
    told = ("degrees", "percent", "pixel", "rows", "`unit`", "(0 to 1)", "in [0, 1]", "sure")
    for name, piece in report_schema.schema()["$defs"].items():
        for field, value in piece["properties"].items():
            if '"number"' not in json.dumps(value) or generate_report.unit_of(field):
                continue
            assert any(word in value["description"] for word in told), f"{name}.{field}"


# real reports


def phantom(folder: Path, name: str, order: Order, seed: int) -> Path:
    pixels = draw_phantom(order, seed=seed).pixels
    path = folder / f"{name}.png"
    Image.fromarray(np.round(pixels * 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Json]:
    """One line of each kind."""
    folder = tmp_path_factory.mktemp("films")
    frontal = phantom(folder, "frontal", Order(als="4C", rows=900), 3)
    lateral = phantom(folder, "lateral", Order(view="lateral", rows=900), 4)
    noise = folder / "noise.png"
    grey = np.random.default_rng(1).integers(0, 255, (400, 300), dtype=np.uint8)
    Image.fromarray(grey).save(noise)
    text = folder / "text.png"
    text.write_text("no film")

    def printed(*arguments: str | Path) -> Json:
        done = CliRunner().invoke(cli, ["scan", *map(str, arguments), "--json"])
        (line,) = (line for line in done.output.splitlines() if line.startswith("{"))
        return dict(json.loads(line))

    report = spinescan.scan(frontal)
    assert report.landmarks is not None
    points = report.landmarks.points_xy.copy()
    points[0] += 9
    edit = Edit("frontal", report.landmarks.names, points, told=Told(in_brace=True))
    curve = report.curves[0]
    chosen = Edit("frontal", report.landmarks.names, points, ends=((curve.upper, curve.lower),))
    return {
        "frontal": printed(frontal),
        "lateral": printed(lateral),
        "abstained": printed(noise),
        "failure": printed(text),
        "anonymous": printed(frontal, "--anonymous"),
        "anonymous failure": printed(text, "--anonymous"),
        "in brace": printed(frontal, "--in-brace"),
        "told": printed(lateral, "--age", "adult", "--posture", "standing"),
        "edited": spinescan.remeasure(report, edit).to_dict("frontal.png"),
        "ends chosen": spinescan.remeasure(report, chosen).to_dict(),
    }


@pytest.mark.slow
def test_real_lines_are_as_the_schema_says(lines: dict[str, Json]) -> None:
    for kind, line in lines.items():
        assert [e.message for e in LINE.iter_errors(line)] == [], kind


@pytest.mark.slow
def test_the_lines_are_of_all_kinds(lines: dict[str, Json]) -> None:
    assert lines["frontal"]["als"]["type"]
    assert lines["frontal"]["predictions"]
    assert lines["lateral"]["sagittal"]["axes"]
    assert lines["abstained"]["decision"] == "abstained"
    assert lines["failure"]["error"]["kind"] == "not_an_image"
    assert "sha256" not in lines["anonymous"]
    assert "file" not in lines["anonymous failure"]
    assert lines["in brace"]["als"]["reasons"][0] == "in_brace"
    assert lines["edited"]["edited"]
    assert lines["ends chosen"]["curves"][0]["ends_by"] == "reader"


FREE = ("scores", "shares")
"""Objects whose keys are names, and not fields."""


def places(value: Record, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path to each value within a record."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in inside:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


@pytest.mark.slow
@settings(max_examples=40)
@given(st.data())
def test_a_record_with_one_thing_wrong_is_refused(
    lines: dict[str, Json], data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(sorted(lines)))
    record = copy.deepcopy(lines[kind])
    *way, last = data.draw(st.sampled_from(list(places(record))))
    holder: Record = record
    for key in way:
        holder = holder[key]
    what = data.draw(st.sampled_from(["another type", "a field more", "a field less"]))
    fields = isinstance(holder, dict) and not set(way) & set(FREE)
    if what == "a field less" and fields and ("error" not in record or last != "file"):
        del holder[last]  # but of a failure, which without its file is an anonymous one
    elif what == "a field more" and isinstance(holder, dict):
        holder["odd"] = ["odd"]
    else:
        holder[last] = {"odd": ["odd"]}
    assert not LINE.is_valid(record)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema_version", "1.1"),
        ("view", "oblique"),
        ("pixel_aspect", 0),
        ("size", [1280]),
        ("size", [1280.5, 540]),
        ("spacing_mm", [0.1, 0.1, 0.1]),
        ("reasons", ["odd_code"]),
        ("warnings", [{"code": "odd_code", "text": "odd"}]),
        ("research_use", "For all uses."),
        ("sha256", "ab"),
    ],
)
def test_a_wrong_value_is_refused(field: str, value: Any) -> None:
    record = {
        **full_report().to_dict("film.png"),
        "als": None, "sagittal": None, "warnings": [], "measurements": [],
    }  # fmt: skip
    assert part("Report").is_valid(record)
    assert not part("Report").is_valid({**record, field: value})


# codes


def calls(names: tuple[str, ...], arguments: int) -> Iterator[ast.expr]:
    """The first argument of each call of these names, with so many or more, in the source."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name)) if (
                    name in names and len(node.args) >= arguments
                ):
                    yield node.args[0]


def kinds() -> Iterator[str]:
    """The kinds of errors that are named in the source."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and "Error" in ast.unparse(node.func):
                for word in node.keywords:
                    if word.arg == "kind" and isinstance(word.value, ast.Constant):
                        yield str(word.value.value)
            if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
                for line in node.body:
                    if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant):
                        yield str(line.value.value)


def as_code(node: ast.expr) -> str | None:
    """A code that is written out, with LEVEL for what is put into it; else None."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(v.value) if isinstance(v, ast.Constant) else "LEVEL" for v in node.values
        )
    return None


def spelled(table: dict[str, str]) -> set[str]:
    axes = {re.sub("^(kyphosis|lordosis)_", "LEVEL_", code) for code in table}
    tilts = {re.sub(r"^(T1|L4|L5)_", "LEVEL_", code) for code in table}
    return set(table) | axes | tilts


@pytest.mark.parametrize(
    ("names", "arguments", "table"),
    [
        (("Notice",), 2, codes.WARNINGS),
        (("Fact", "_fact"), 4, codes.FACTS),
        (("Measurement", "offset"), 4, codes.MEASUREMENTS),
    ],
)
def test_every_code_that_the_source_gives_is_listed(
    names: tuple[str, ...], arguments: int, table: dict[str, str]
) -> None:
    given_ = {code for node in calls(names, arguments) if (code := as_code(node)) is not None}
    assert len(given_) > 4
    assert given_ <= spelled(table)


def test_every_kind_of_error_is_listed() -> None:
    given_ = set(kinds())
    assert len(given_) > 20
    assert given_ <= {*codes.FAILURES, *codes.REFUSALS}


def test_every_refusal_of_the_server_is_listed() -> None:
    guards = pytest.importorskip("spinescan.app.web.guards", reason="needs the extra web")
    assert set(guards._KINDS.values()) <= {*codes.FAILURES, *codes.REFUSALS}


@pytest.mark.parametrize(
    "table", [codes.WARNINGS, codes.FACTS, codes.MEASUREMENTS, codes.FAILURES, REASONS]
)
def test_no_code_is_listed_that_the_source_has_not(table: dict[str, str]) -> None:
    words = ("codes.py", "words.py", "schema.py")
    text = "\n".join(p.read_text("utf-8") for p in SOURCE.rglob("*.py") if p.name not in words)
    for code in table:
        stem = re.sub(
            r"_?LEVEL_?|^(kyphosis|lordosis|declared|not|T1|L4|L5|age_and_posture|age|posture)_|"
            r"_(norm|in_draws)$",
            "",
            code,
        )
        assert stem in text, code


REASONING = (
    "infer/gate.py",
    "infer/classifier.py",
    "infer/scoliosis.py",
    "measure/als.py",
    "measure/als_rules.py",
    "measure/sagittal_verdict.py",
    "measure/change.py",
)


def test_every_reason_that_the_source_gives_is_listed() -> None:
    """Words with an underscore in the modules that give reasons are reasons, or known others."""
    others = {*codes.FACTS, *codes.WARNINGS, *(s for v in VIEWS.values() for s in v.settings)}
    found = set()
    for path in (SOURCE / name for name in REASONING):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Tuple | ast.List):
                found |= {v.value for v in node.elts if isinstance(v, ast.Constant)}
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
                ("append", "_abstain")
            ):
                found |= {v.value for v in node.args if isinstance(v, ast.Constant)}
    given_ = {w for w in found if isinstance(w, str) and re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", w)}
    assert len(given_ & set(REASONS)) > 15
    assert given_ <= set(REASONS) | others
