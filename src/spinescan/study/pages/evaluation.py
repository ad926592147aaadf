"""An evaluation as one self-contained HTML page: no script, nothing fetched, text escaped."""

import base64
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template

from spinescan.core.errors import SpineScanError
from spinescan.data.manifest import Manifest
from spinescan.io.html import embedded_jpeg, page_environment
from spinescan.io.overlay import film_picture
from spinescan.io.read import read_radiograph
from spinescan.io.words import explain, product
from spinescan.study.pages import plots

MAX_PICTURE = 360
"""The longer side of an embedded film, in pixels."""

HEADLINE = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_roc_auc": "Macro ROC-AUC",
    "macro_average_precision": "Macro average precision",
    "macro_f1": "Macro F1",
    "weighted_precision": "Weighted precision",
    "weighted_recall": "Weighted recall",
    "weighted_f1": "Weighted F1",
    "family_accuracy": "Family accuracy",
    "mean_cost": "Mean cost",
}


def render_evaluation(evaluation: Mapping[str, Any], manifest: Manifest, *, worst: int = 12) -> str:
    """The page, as HTML text.

    Parameters
    ----------
    evaluation
        Of `study.evaluation.evaluate_models`.
    manifest
        Where the pictures of the worst films are; one that cannot be read is named without.
    worst
        How many films are shown of each model.
    """
    families = evaluation["task"]["families"]
    return _template().render(
        evaluation=evaluation,
        names=HEADLINE,
        product=product(),
        models=[
            {
                "figures": model,
                "plots": {name: _svg(svg) for name, svg in _plots(model, families).items()},
                "worst": [_shown(film, manifest) for film in model["worst"][:worst]],
            }
            for model in evaluation["models"]
        ],
    )


def _plots(model: Mapping[str, Any], families: Mapping[str, str]) -> dict[str, str]:
    drawn = {
        "confusion": plots.confusion_plot(model["confusion"], families),
        "roc": plots.roc_plot(model),
        "precision_recall": plots.precision_recall_plot(model),
        "risk": plots.risk_plot(model),
    }
    if model["families"]:
        drawn["families"] = plots.confusion_plot(model["families"]["confusion"])
    if model["calibration"]:
        drawn["reliability"] = plots.reliability_plot(model["calibration"])
    if model["margin"]:
        drawn["margin"] = plots.margin_plot(model["margin"], model["margin"]["column"])
    return drawn


def _shown(film: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    """A film with its picture, or with the reason why there is none."""
    row = next((row for row in manifest.films if row.image == film["image"]), None)
    path = manifest.folder / film["image"]
    try:
        read = read_radiograph(path)
    except SpineScanError as error:
        # Folders of this machine are nothing for a page that is passed on.
        picture, why = "", str(error).replace(str(path), film["image"])
    else:
        same = read.sha256 == film["sha256"]
        picture = embedded_jpeg(film_picture(read), MAX_PICTURE) if same else ""
        why = "" if same else "the file is no longer the one that was predicted"
    return {**film, "source": row.source if row else "", "picture": picture, "why": why}


def _svg(text: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(text.encode()).decode("ascii")


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = page_environment("spinescan.study.pages")
    environment.filters["number"] = _number
    environment.filters["between"] = _between
    environment.filters["signed"] = lambda value: "n/a" if value is None else f"{value:+.3f}"
    environment.filters["explain"] = explain
    return environment.get_template("evaluate.html")


def _number(value: float | None, digits: int = 3) -> str:
    return "n/a" if value is None else f"{value:.{digits}f}"


def _between(figure: Mapping[str, Any], digits: int = 3) -> str:
    if figure["interval_95"] is None:
        return "no interval"
    low, high = figure["interval_95"]
    return f"{low:.{digits}f} to {high:.{digits}f}"
