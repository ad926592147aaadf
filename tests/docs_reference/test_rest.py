"""The REST reference is what the server says of itself, in full."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

import generate_rest

from spinescan.app.web.guards import OPEN
from spinescan.app.web.server import create_app
from spinescan.app.web.settings import WebSettings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rest.md"


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return generate_rest.openapi()


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == generate_rest.reference(), "run `make docs`"


def test_every_route_and_object_is_on_the_page(told: dict[str, Any]) -> None:
    text = PAGE.read_text("utf-8")
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            assert f"\n### {method.upper()} {path}\n" in text
            assert len(operation["description"]) > 5, path
    for name, schema in told["components"]["schemas"].items():
        if name in generate_rest.OF_A_REPORT:
            continue
        section = text.split(f"\n### {name}\n")[1].split("\n### ")[0]
        for field, value in schema["properties"].items():
            assert f"| `{field}` |" in section
            assert len(value["description"]) > 5, f"{name}.{field}"


def test_a_token_is_asked_for_where_the_guard_asks(told: dict[str, Any]) -> None:
    assert told["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    for path, methods in told["paths"].items():
        for operation in methods.values():
            assert bool(operation.get("security")) == (path not in OPEN), path


def test_a_server_without_tokens_asks_for_none(tmp_path: Path) -> None:
    told = create_app(WebSettings(data=tmp_path)).openapi()
    assert "securitySchemes" not in told["components"]
