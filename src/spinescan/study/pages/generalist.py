"""The generalist-against-specialists study as one self-contained HTML page."""

import base64
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Template

from spinescan.io.html import page_environment
from spinescan.io.words import product
from spinescan.study.generalist_words import QUESTION_TEXTS, named
from spinescan.study.pages import study_plots

PAGE, FIGURES = "study.html", "study.json"

AVOIDED = (
    "Classes are balanced by weights in the loss of the training films. No film is copied: copies "
    "made before a split put the same film on both sides.",
    "Folds are of persons, and each is used. Validation films are held out of the training folds, "
    "test films are asked once.",
    "Validation and test films are never changed; all films come to the networks by the same one "
    "function.",
    "The generalist and a specialist are compared on the same films and the same question, never "
    "three classes against two.",
    "Every figure has its number of films and an interval; five seeds show what chance does.",
    "Films are letterboxed, not squashed: their angles stay.",
    "Films that are both are told apart, not forced into one class.",
    "The protocol was written before anything was taught.",
)
"""What the study before this one (Spine Scan) got wrong, and this one does not."""


def render_study(study: Mapping[str, Any]) -> str:
    """The page of `study.generalist.analyse`'s result, as HTML text."""
    settings = study["protocol"]["settings"]
    plots = {
        "differences": study_plots.differences_plot(study["comparisons"], settings["equivalence"])
    }
    if study["learning"]:
        plots["learning"] = study_plots.learning_plot(study["learning"], settings["named_accuracy"])
    drawn = {
        name: "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")
        for name, svg in plots.items()
    }
    return _template().render(
        study=study,
        settings=settings,
        plots=drawn,
        questions=QUESTION_TEXTS,
        avoided=AVOIDED,
        product=product(),
    )


def write_study(study: Mapping[str, Any], folder: Path) -> tuple[Path, Path]:
    """Write `study.html` and `study.json`; their paths."""
    text = json.dumps(study, indent=1, allow_nan=False, ensure_ascii=False)
    (folder / FIGURES).write_text(text + "\n", encoding="utf-8")
    (folder / PAGE).write_text(render_study(study), encoding="utf-8")
    return folder / PAGE, folder / FIGURES


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = page_environment("spinescan.study.pages")
    environment.filters["named"] = named
    environment.filters["percent"] = _percent
    environment.filters["points"] = _points
    return environment.get_template("generalist.html")


def _percent(figure: Mapping[str, Any] | float | None) -> str:
    """A share; with its interval if it has one."""
    if figure is None or isinstance(figure, int | float):
        return "n/a" if figure is None else f"{100 * figure:.1f} %"
    value = figure["value"] if "value" in figure else figure["share"]
    if value is None:
        return "n/a"
    if figure["interval_95"] is None:
        return f"{100 * value:.1f} %"
    low, high = figure["interval_95"]
    return f"{100 * value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _points(figure: Mapping[str, Any]) -> str:
    """A difference in points, with its interval if it has one."""
    if figure["value"] is None:
        return "n/a"
    if figure["interval_95"] is None:
        return f"{100 * figure['value']:+.1f}"
    low, high = figure["interval_95"]
    return f"{100 * figure['value']:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"
