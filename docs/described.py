"""What the generated references share: descriptions from docstrings, and tables of Markdown."""

import inspect
import sys
from collections.abc import Iterable
from typing import Any

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
    import ast
    import textwrap

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


def unit_of(name: str) -> str:
    """The unit that a field's name tells, or nothing."""
    return next((unit for end, unit in UNITS.items() if name.endswith(end)), "")


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
