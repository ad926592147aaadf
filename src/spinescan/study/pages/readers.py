"""A reader study as one self-contained HTML page: no script, nothing fetched, text escaped."""

import base64
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from jinja2 import Template

from spinescan.io.html import page_environment
from spinescan.io.words import product


def render_readers(values: Mapping[str, Any]) -> str:
    """The page of `study.readers.figures.study_figures`, as HTML text.

    Without matplotlib (extra `study`) it has no plots, and says so.
    """
    draws = find_spec("matplotlib") is not None
    return _template().render(
        values=values,
        product=product(),
        draws=draws,
        question_plots=[_kappas(level) if draws else "" for level in values["questions"]],
        angle_plots=[list(_limits(angle)) if draws else [] for angle in values["angles"]],
    )


def _kappas(level: Mapping[str, Any]) -> str:
    from spinescan.study.pages.reader_plots import kappa_plot

    rows = [("all readers", level["between"]["fleiss_kappa"])]
    rows += [(f"{p['first']} and {p['second']}", p["cohen_kappa"]) for p in level["pairs"]]
    rows += [(f"{one['reader']}, twice", one["cohen_kappa"]) for one in level["within"]]
    if level["spinescan"] is not None:
        against = [*level["spinescan"]["readers"], level["spinescan"]["consensus"]]
        rows += [(f"{p['first']} and {p['second']}", p["cohen_kappa"]) for p in against]
    return _svg(kappa_plot(rows)) if any(told["value"] is not None for _, told in rows) else ""


def _limits(angle: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Bland-Altman plots: of the pairs of readers, and of the consensus with SpineScan."""
    from spinescan.study.pages.reader_plots import bland_altman_plot

    pairs = list(angle["pairs"])
    if angle["spinescan"] is not None:
        pairs.append(angle["spinescan"]["consensus"])
    for pair in pairs[:7]:
        if len(pair["points"]) > 2:
            title = f"{pair['second']} less {pair['first']}, {pair['n_films']} films"
            yield title, _svg(bland_altman_plot(pair, pair["first"], pair["second"]))


def _svg(text: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(text.encode()).decode("ascii")


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = page_environment("spinescan.study.pages")
    environment.filters["figure"] = _figure
    environment.filters["between"] = _between
    return environment.get_template("readers.html")


def _figure(told: Mapping[str, Any], digits: int = 2) -> str:
    return "n/a" if told["value"] is None else f"{told['value']:.{digits}f}"


def _between(told: Mapping[str, Any], digits: int = 2) -> str:
    if told["value"] is None:
        return str(told.get("reason") or "")
    if told["interval_95"] is None:
        return "no interval"
    low, high = told["interval_95"]
    return f"{low:.{digits}f} to {high:.{digits}f}"
