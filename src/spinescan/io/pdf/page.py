"""Where everything lies on the one page, and how much of it fits."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Final

from PIL import Image
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable

from spinescan.core.radiograph import Radiograph
from spinescan.core.report import RESEARCH_USE, Report
from spinescan.io.overlay import draw_overlay
from spinescan.io.pdf import Paper
from spinescan.io.pdf.sections import Details, answers, classifiers, measurements, notes
from spinescan.io.pdf.text import INK, RULE, SOFT, Look, printable
from spinescan.io.words import product, who_placed

MAX_PICTURE: Final = 1800
"""The longer side of the picture, in pixels: some 270 dots an inch."""

_SIZES: Final[dict[Paper, tuple[float, float]]] = {"A4": A4, "Letter": LETTER}
_MARGIN, _GAP = 36.0, 14.0
_BY_HAND: Final = ("Filed under", "Film taken on", "Checked by")


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One way to lay the page out: the size of text, the picture's height, how much is told."""

    text_pt: float
    picture_pt: float
    details: Details


def one_page(
    film: Radiograph, report: Report, *, title: str, printed_on: date | None, paper: Paper
) -> bytes:
    """The PDF; see `render_pdf`."""
    size = _SIZES[paper]
    reader, shape = _picture(draw_overlay(film, report))
    for attempt in _attempts():
        layout = _Layout(report, title, size, shape, attempt)
        if layout.fits:
            break
    out = BytesIO()
    canvas = Canvas(out, pagesize=size, invariant=1, pageCompression=1, lang="en")
    canvas.setTitle("SpineScan report")
    canvas.setSubject(RESEARCH_USE)
    canvas.setCreator(product())
    canvas.setAuthor("")
    layout.draw(canvas, reader, printed_on)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _picture(overlay: Image.Image) -> tuple[ImageReader, tuple[int, int]]:
    overlay.thumbnail((MAX_PICTURE, MAX_PICTURE), Image.Resampling.LANCZOS)
    out = BytesIO()
    overlay.save(out, "JPEG", quality=90, subsampling=0, optimize=True)
    out.seek(0)
    return ImageReader(out), overlay.size


def _attempts() -> Iterator[_Attempt]:
    """The best page first: large text and a large picture; the last one holds any report."""
    for text_pt in (9.0, 8.4, 7.8, 7.2, 6.6):
        for picture_pt in (470.0, 420.0, 370.0, 320.0):
            yield _Attempt(text_pt, picture_pt, Details())
    for rows, characters in ((12, 300), (8, 220), (5, 160), (3, 110), (1, 60)):
        yield _Attempt(6.6, 300.0, Details(rows, characters))


class _Layout:
    """Where everything lies on the page; y points up, as in PDF."""

    def __init__(
        self,
        report: Report,
        title: str,
        size: tuple[float, float],
        shape: tuple[int, int],
        attempt: _Attempt,
    ) -> None:
        self.report, self.size = report, size
        look, details = Look(attempt.text_pt), attempt.details
        self.width = size[0] - 2 * _MARGIN
        self.look = look
        # A wide film must leave a readable column beside it.
        scale = min(attempt.picture_pt / shape[1], 0.46 * self.width / shape[0])
        self.picture = shape[0] * scale, shape[1] * scale
        beside = self.width - self.picture[0] - _GAP
        half = (self.width - _GAP) / 2
        self.head = _Column(self._head(title, details), self.width)
        self.beside = _Column(answers(report, look, details, beside), beside)
        self.below = (
            _Column(measurements(report, look, details, half), half),
            _Column(
                [*classifiers(report, look, details, half), *notes(report, look, details)], half
            ),
        )
        self.foot = _Column(self._foot(title, details), self.width)

    @property
    def fits(self) -> bool:
        """Whether it is one page."""
        middle = max(self.picture[1], self.beside.height)
        below = max(column.height for column in self.below)
        needed = self.head.height + middle + below + self.foot.height + 2.5 * _GAP
        return needed + _LINES_PT + _BANNER_PT + 2 * _MARGIN <= self.size[1]

    def _head(self, title: str, details: Details) -> list[Flowable]:
        report, look = self.report, self.look
        rows, columns = report.size
        spacing = (
            "pixel spacing not known"
            if report.spacing_mm is None
            else f"pixel spacing {report.spacing_mm[0]:.3f} x {report.spacing_mm[1]:.3f} mm "
            f"({report.spacing_origin})"
        )
        about = f"{report.view.capitalize()} view, {rows} x {columns} pixels, {spacing}."
        return [
            look.title(title[: details.title_characters] or "Spine film"),
            look.text(about, colour=SOFT),
            look.text(who_placed(report), bold=report.edited),
        ]

    def _foot(self, title: str, details: Details) -> list[Flowable]:
        report, look = self.report, self.look
        models = ", ".join(f"{b.name} {b.version}" for b in report.bundles)
        digest = f" Film SHA-256 {report.sha256}." if title else ""
        told = f"{product()}, report schema {report.schema_version}. "
        told += details.clip(f"Models: {models}.") if models else "No model took part."
        return [look.small(told + digest)]

    def draw(self, canvas: Canvas, reader: ImageReader, printed_on: date | None) -> None:
        left, top = _MARGIN, self.size[1] - _MARGIN
        _banner(canvas, left, top, self.width)
        top -= _BANNER_PT
        if printed_on is not None:
            canvas.setFont("Helvetica", 9)
            canvas.setFillColor(SOFT)
            told = f"Printed {printed_on.isoformat()}"
            canvas.drawRightString(left + self.width, top - 10, told)
        top = self.head.draw(canvas, left, top) - _GAP / 2
        canvas.drawImage(reader, left, top - self.picture[1], *self.picture)
        self.beside.draw(canvas, left + self.picture[0] + _GAP, top)
        top -= max(self.picture[1], self.beside.height) + _GAP
        for column, x in zip(self.below, (0, (self.width + _GAP) / 2), strict=True):
            column.draw(canvas, left + x, top)
        bottom = _MARGIN + self.foot.height
        self.foot.draw(canvas, left, bottom)
        _lines_to_write_on(canvas, left, bottom + 8, self.width)


_BANNER_PT, _LINES_PT = 34.0, 34.0


def _banner(canvas: Canvas, left: float, top: float, width: float) -> None:
    canvas.setFillColor(HexColor("#fff4d6"))
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(0.8)
    canvas.rect(left, top - 22, width, 22, stroke=1, fill=1)
    canvas.setFillColor(INK)
    canvas.setFont("Helvetica-Bold", 9.5)
    canvas.drawCentredString(left + width / 2, top - 14.5, RESEARCH_USE)


def _lines_to_write_on(canvas: Canvas, left: float, bottom: float, width: float) -> None:
    each = (width - 2 * _GAP) / 3
    canvas.setLineWidth(0.5)
    canvas.setStrokeColor(RULE)
    canvas.setFillColor(SOFT)
    canvas.setFont("Helvetica", 6.5)
    for i, name in enumerate(_BY_HAND):
        x = left + i * (each + _GAP)
        canvas.line(x, bottom + 9, x + each, bottom + 9)
        canvas.drawString(x, bottom + 1.5, printable(name))


class _Column:
    """Flowables one below the other, of one width."""

    def __init__(self, parts: list[Flowable], width: float) -> None:
        self._parts = [(part, *part.wrap(width, 1e6)) for part in parts]
        self.height = sum(
            height + part.getSpaceBefore() + part.getSpaceAfter()
            for part, _, height in self._parts
        )

    def draw(self, canvas: Canvas, left: float, top: float) -> float:
        """Draw below `top`; returns the height where it ends."""
        for part, _, height in self._parts:
            top -= part.getSpaceBefore() + height
            part.drawOn(canvas, left, top)
            top -= part.getSpaceAfter()
        return top
