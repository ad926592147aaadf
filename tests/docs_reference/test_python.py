"""Every public name and every field of a public type is explained, and stands on the page."""

import dataclasses
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from described import comments_of, fields_of, summary

import spinescan

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "python.md"
NAMES = re.findall(r"^::: ([\w.]+)$", PAGE.read_text("utf-8"), re.MULTILINE)


def thing(name: str) -> Any:
    module, _, last = name.rpartition(".")
    return getattr(import_module(module), last)


def with_name(kind: type, wanted: Any) -> list[str]:
    return [name for name in NAMES if isinstance(thing(name), kind) and wanted(thing(name))]


FUNCTIONS = with_name(object, inspect.isfunction)
CLASSES = with_name(type, lambda kind: True)
DATACLASSES = with_name(type, dataclasses.is_dataclass)


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that a class defines itself."""
    for name, value in vars(kind).items():
        if name.startswith("_") or not (
            callable(value) or isinstance(value, (property, classmethod))
        ):
            continue
        yield name, value


def test_every_public_name_is_on_the_page() -> None:
    public = {f"spinescan.{name}" for name in spinescan.__all__} - {"spinescan.__version__"}
    assert public <= set(NAMES)
    assert len(set(NAMES)) == len(NAMES)


def test_types_that_public_ones_lead_to_are_on_the_page() -> None:
    """A type of ours in the signature or a field of what is there is there, too."""
    known = {thing(name).__name__ for name in NAMES}
    ours = {
        "Curve",
        "Verdict",
        "Measurement",
        "Notice",
        "View",
        "Told",
        "Task",
        "Bundle",
        "Network",
    }
    assert ours <= known
    for name in DATACLASSES:
        for field in dataclasses.fields(thing(name)):
            for word in re.findall(r"\b[A-Z][a-z]\w+", str(field.type)):
                found = getattr(import_module(thing(name).__module__), word, None)
                if inspect.isclass(found) and found.__module__.startswith("spinescan"):
                    assert word in known, f"{name}.{field.name}"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_explained(name: str) -> None:
    assert len(summary(thing(name))) > 10


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_explains_its_parameters_and_errors(name: str) -> None:
    function = thing(name)
    assert set(inspect.signature(function).parameters) == set(fields_of(function)), name
    assert "Raises" in inspect.getdoc(function)


@pytest.mark.parametrize("name", DATACLASSES)
def test_a_type_explains_its_fields(name: str) -> None:
    kind = thing(name)
    told = {**fields_of(kind), **comments_of(kind)}
    fields = {field.name for field in dataclasses.fields(kind)}
    assert fields == set(told), f"{name}: {sorted(fields ^ set(told))}"
    assert all(len(words) > 5 for words in told.values())


@pytest.mark.parametrize("name", CLASSES)
def test_a_type_explains_its_methods(name: str) -> None:
    kind = thing(name)
    if issubclass(kind, Enum):
        assert set(comments_of(kind)) in (set(), {member.name for member in kind})
        return
    for member, value in members(kind):
        text = inspect.getdoc(value if isinstance(value, property) else getattr(kind, member))
        assert text, f"{name}.{member}"


def test_a_field_that_is_not_explained_would_be_found() -> None:
    @dataclasses.dataclass
    class Odd:
        """One.

        Parameters
        ----------
        told
            This one is.
        """

        told: int
        silent: int

    assert set(fields_of(Odd)) == {"told"}
