"""A Report as one page of PDF to file: the film, what was measured on it, and what decided."""

from datetime import date
from typing import Literal

from spinescan.core.errors import MissingExtraError
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import Report

Paper = Literal["A4", "Letter"]


def need_reportlab() -> None:
    """Raise MissingExtraError if reportlab is not installed."""
    try:
        import reportlab  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"a PDF needs the extra 'pdf' ({error.name} is not installed): "
            "pip install 'spinescan[pdf]'"
        ) from error


def render_pdf(
    film: Radiograph,
    report: Report,
    *,
    title: str,
    printed_on: date | None = None,
    paper: Paper = "A4",
) -> bytes:
    """The report of one film as a PDF of exactly one page, with text that can be searched.

    What does not fit is made smaller, then shortened, and the page says what it left out. The same
    arguments give the same bytes. Nothing of a header's patient data is in it; lines are left for
    what is written by hand.

    Parameters
    ----------
    title
        What the reader knows the film by; untrusted. Empty for an anonymous page: then the film's
        digest is left out too.
    printed_on
        The date that the page bears; without it, it bears none.

    Raises
    ------
    MissingExtraError
        reportlab (the extra `pdf`) is not installed.
    """
    need_reportlab()
    from spinescan.io.pdf.page import one_page

    return one_page(film, report, title=title, printed_on=printed_on, paper=paper)
