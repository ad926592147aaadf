"""The drawings of the documents show what the rules say of phantoms."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
from PIL import Image

from spinescan.core.report import AlsType

DOCS = Path(__file__).parents[1] / "docs"
LARGEST = 150_000
"""Bytes of a picture in a text."""


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(DOCS))
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def test_every_als_type_is_drawn_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    types = load("draw_als_types", monkeypatch)
    assert {cell.als for cell in types.CELLS} == set(get_args(AlsType))
    page = types.PAGE.read_text("utf-8")
    for cell in types.CELLS:
        picture = types.PICTURES / f"{cell.als}.jpg"
        assert f"](../images/als/{picture.name})" in page
        assert picture.stat().st_size < LARGEST
    assert (DOCS / "images" / "cobb.jpg").stat().st_size < LARGEST


@pytest.mark.slow
def test_the_facts_on_the_page_are_those_of_the_phantoms(monkeypatch: pytest.MonkeyPatch) -> None:
    types = load("draw_als_types", monkeypatch)
    page = types.PAGE.read_text("utf-8")
    for cell in types.CELLS:
        shown = types.Shown.of(cell)  # refuses another type than the one drawn
        assert page == types.with_facts(page, shown), f"{cell.als}: run `make docs`"
        assert set(cell.family) <= {fact.code for fact in shown.verdict.facts}
        picture = types.drawing(shown)
        with Image.open(types.PICTURES / f"{cell.als}.jpg") as drawn:
            assert picture.size == drawn.size


@pytest.mark.slow
def test_a_phantom_of_another_type_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    types = load("draw_als_types", monkeypatch)
    wrong = types.CELLS[0]._replace(als="4C")
    monkeypatch.setattr(types.Cell, "order", types.CELLS[1].order)
    with pytest.raises(ValueError, match="drawn as 4C"):
        types.Shown.of(wrong)


@pytest.mark.slow
def test_the_cobb_drawing_can_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    cobb = load("draw_cobb", monkeypatch)
    picture = cobb.drawing(cobb.draw_phantom(cobb.ORDER, cobb.SEED))
    with Image.open(DOCS / "images" / "cobb.jpg") as drawn:
        assert picture.size == drawn.size
