"""What the generated references share: descriptions from docstrings, and tables of Markdown."""

import ast
import dataclasses
import inspect
import re
import sys
import textwrap
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from griffe import Docstring, DocstringSectionAttributes, DocstringSectionParameters

UNITS = {
    "_deg": "degrees",
    "_mm": "mm",
    "_ms": "ms",
    "_px": "pixels",
    "_xy": "pixels",
    "_years": "years",
    "_bytes": "bytes",
    "_seconds": "s",
}
"""The unit that a name ends with."""


def summary(thing: Any) -> str:
    """The text of a docstring before its sections."""
    sections = _sections(thing)
    return str(sections[0].value) if sections and sections[0].kind.value == "text" else ""


def fields_of(kind: type) -> dict[str, str]:
    """The description of each parameter of a class, as its docstring gives them."""
    found: dict[str, str] = {}
    for section in _sections(kind):
        if isinstance(section, DocstringSectionParameters | DocstringSectionAttributes):
            for item in section.value:
                found |= {name.strip(): line(item.description) for name in item.name.split(",")}
    return found


def comments_of(kind: type) -> dict[str, str]:
    """The description of each field of a class, from the string that follows it."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for before, after in zip(tree.body, tree.body[1:], strict=False):
        match before, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = line(text)
    return found


def _sections(thing: Any) -> list[Any]:
    text = inspect.getdoc(thing)
    return [] if text is None else Docstring(text, parser="numpy").parse(warnings=False)


def line(text: str) -> str:
    """Text on one line."""
    return " ".join(text.split())


def as_json(words: str) -> str:
    """A description without what is of Python alone."""
    words = re.sub(r"^float64 \([^)]*\)(?: in \[0, 1\])?: (\w)", lambda m: m[1].upper(), words)
    return re.sub(r"\b(?:None|NaN)\b", "null", words).replace("False", "false")


def unit_of(name: str) -> str:
    """The unit that a field's name tells, or nothing."""
    return next((unit for end, unit in UNITS.items() if name.endswith(end)), "")


def type_in_words(kind: Any) -> str:
    """A field's type as JSON or TOML has it."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " or ".join(f'"{value}"' for value in inner)
    if origin in (Union, types.UnionType):
        return " or ".join(type_in_words(k) for k in inner)
    if origin is tuple and inner[-1] is not Ellipsis:
        return "[" + ", ".join(type_in_words(k) for k in inner) + "]"
    if origin in (tuple, list):
        return f"list of {type_in_words(inner[0])}"
    if origin is not None and len(inner) == 2:
        return f"table of {type_in_words(inner[1])} by name"
    plain = {bool: "true or false", int: "whole number", float: "number", str: "text"}
    named = {type(None): "null", Path: "file name", Any: "anything"}
    known = {**plain, **named}
    return known.get(kind, "table")


def fields_table(kind: type, *, heads: tuple[str, ...] = ("key", "type", "default")) -> str:
    """The fields of a dataclass: name, type, default, meaning."""
    words, hints = {**fields_of(kind), **comments_of(kind)}, get_type_hints(kind)
    told: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for f in dataclasses.fields(kind):  # those that are explained together stand together
        same = told.setdefault((type_in_words(hints[f.name]), words[f.name]), [])
        same.append((f"`{f.name}`", _default(f)))
    rows = [
        (", ".join(n for n, _ in same), sort, ", ".join({d: 0 for _, d in same if d}), meaning)
        for (sort, meaning), same in told.items()
    ]
    return table((*heads, "meaning"), rows)


def _default(field: "dataclasses.Field[Any]") -> str:
    if field.default is not dataclasses.MISSING:
        value = field.default
    elif field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    else:
        return "needed"
    if value is None or dataclasses.is_dataclass(value) or value in ({}, (), ""):
        return ""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, tuple):
        value = list(value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of Markdown."""
    head = tuple(heads)
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(c) for c in row) + " |" for row in lines) + "\n"


def _cell(text: str) -> str:
    return line(text).replace("|", "\\|")


def write(text: str) -> None:
    """A page, to standard output, whatever the terminal's encoding is."""
    sys.stdout.buffer.write(text.encode("utf-8"))
