"""A Report as one self-contained HTML page: no script, nothing fetched, untrusted text escaped."""

from collections.abc import Mapping
from functools import lru_cache

from jinja2 import Template
from PIL import Image

from spinescan.core.radiograph import Radiograph
from spinescan.core.report import RESEARCH_USE, Report
from spinescan.io.html import embedded_jpeg, page_environment
from spinescan.io.overlay import draw_overlay, film_picture
from spinescan.io.words import (
    CAVEATS,
    POSITIONS,
    REGIONS,
    SAGITTAL,
    SAGITTAL_CAVEAT,
    WHERE_IT_LOOKED,
    explain,
    measurement,
    product,
    quantity,
    question,
)

MAX_PICTURE = 1600
"""The longer side of an embedded picture, in pixels."""


def render_page(
    film: Radiograph,
    report: Report,
    *,
    title: str,
    cards: Mapping[str, str] | None = None,
    heat_pictures: Mapping[str, Image.Image] | None = None,
) -> str:
    """The page of one film, as HTML text.

    Parameters
    ----------
    title
        What the reader knows the film by, such as its file name; untrusted. Empty for an anonymous
        page: then the film's digest is left out too.
    cards
        Text of the model card by the name of its bundle; a bundle without one is only named.
        Untrusted.
    heat_pictures
        Where a classifier looked (`io.heat.draw_heat`), by the name of its bundle.
    """
    return _template().render(
        report=report,
        title=title,
        cards=cards or {},
        product=product(),
        research_use=RESEARCH_USE,
        film_data=_embedded(film_picture(film)),
        overlay_data=_embedded(draw_overlay(film, report)),
        heat_data={name: _embedded(drawn) for name, drawn in (heat_pictures or {}).items()},
        caveats=CAVEATS,
        where_it_looked=WHERE_IT_LOOKED,
        shapes=SAGITTAL,
        positions=POSITIONS,
        sagittal_caveat=SAGITTAL_CAVEAT,
        sides_known=any(curve.patient_side for curve in report.curves),
    )


def _embedded(picture: Image.Image) -> str:
    return embedded_jpeg(picture, MAX_PICTURE, quality=88)


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = page_environment("spinescan.io")
    environment.filters["quantity"] = quantity
    environment.filters["explain"] = explain
    environment.filters["question"] = question
    environment.filters["measurement"] = measurement
    environment.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    environment.filters["region"] = REGIONS.__getitem__
    return environment.get_template("page.html")
