"""The form on the screen: one HTML file a reader, that needs no server and no network."""

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Template
from markupsafe import Markup

from spinescan.app.readers.blind import BlindFilm
from spinescan.core.anatomy import LEVELS
from spinescan.core.report import RESEARCH_USE
from spinescan.io.html import page_environment
from spinescan.io.words import product
from spinescan.study.readers.answers import FORMAT
from spinescan.study.readers.key import Key
from spinescan.study.readers.questions import (
    APEXES,
    CONFIDENCES,
    MOST_CURVES,
    REASONS,
    asks_curves,
    asks_sagittal,
    question,
)

SCRIPTS: Final = (
    "dom.js",
    "geometry.js",
    "store.js",
    "viewer.js",
    "ruler.js",
    "fields.js",
    "curves.js",
    "form.js",
)
"""The form's scripts in the order in which they run; each may use those before it."""


def render_form(key: Key, reader: str, films: Sequence[BlindFilm]) -> str:
    """The form of one reader as HTML text.

    It holds the pictures in the reader's order, under numbers from 1, and nothing of the key.

    Parameters
    ----------
    films
        In the key's order.
    """
    script, style = _script(), _static("form.css")
    order = key.readers[reader]
    return _template().render(
        reader=reader,
        pictures=[base64.b64encode(films[place].png).decode("ascii") for place in order],
        setup=_embedded(_setup(key, reader, [films[place] for place in order])),
        script=Markup(script),
        style=Markup(style),
        policy="; ".join(
            (
                "default-src 'none'",
                "img-src data: blob:",
                f"script-src '{_digest(script)}'",
                f"style-src '{_digest(style)}'",
                "base-uri 'none'",
                "form-action 'none'",
            )
        ),
        product=product(),
        research_use=RESEARCH_USE,
    )


def _setup(key: Key, reader: str, shown: Sequence[BlindFilm]) -> dict[str, Any]:
    """What the form's script is told."""
    return {
        "format": FORMAT,
        "set": key.set_id,
        "reader": reader,
        "views": [film.known.view for film in shown],
        "questions": [question(task).to_dict() for task in key.tasks],
        "asks_curves": asks_curves(key.tasks),
        "asks_sagittal": asks_sagittal(key.tasks),
        "levels": list(LEVELS),
        "apexes": list(APEXES),
        "most_curves": MOST_CURVES,
        "reasons": REASONS,
        "confidences": list(CONFIDENCES),
    }


def _embedded(values: dict[str, Any]) -> Markup:
    """JSON that cannot end the element that it stands in."""
    text = json.dumps(values, ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c"))


@lru_cache(maxsize=1)
def _script() -> str:
    parts = "".join(_static(name) for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _static(name: str) -> str:
    return (files("spinescan.app.readers") / "static" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """How a content security policy names an inline script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=1)
def _template() -> Template:
    return page_environment("spinescan.app.readers").get_template("form.html")
