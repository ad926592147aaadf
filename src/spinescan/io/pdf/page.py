"""Where everything lies on the one page, and how much of it fits."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
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
_HOPELESS: Final = 40_000
"""So many characters do not fit on a page, so that it is not tried."""
_BY_HAND: Final = ("Filed under", "Film taken on", "Checked by")


def one_page(
    film: Radiograph, report: Report, *, title: str, printed_on: date | None, paper: Paper
) -> bytes:
    """The PDF; see `render_pdf`."""
    size = _SIZES[paper]
    reader, shape = _picture(draw_overlay(film, report))
    layouts = (
        layout
        for look, details, heights in _attempts(report)
        for layout in _Frame(report, title, size, look, details).layouts(shape, heights)
    )
    layout = next((found for found in layouts if found.fits), None)
    assert layout is not None, "the last attempt holds any report"
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


def _attempts(report: Report) -> Iterator[tuple[Look, Details, tuple[float, ...]]]:
    """The best page first: how large the text is, how much it tells, how high the picture is.

    The last one holds any report.
    """
    if len(replace(report, landmarks=None).to_json()) < _HOPELESS:
        for text_pt in (9.0, 8.4, 7.8, 7.2, 6.6):
            yield Look(text_pt, 500), Details(40), (470.0, 420.0, 370.0, 320.0)
    for rows, characters in (
        (30, 400),
        (20, 300),
        (12, 240),
        (8, 200),
        (5, 150),
        (3, 100),
        (1, 60),
    ):
        yield Look(6.6, characters), Details(rows), (300.0,)


class _Frame:
    """A page's parts that do not depend on the picture's size."""

    def __init__(
        self, report: Report, title: str, size: tuple[float, float], look: Look, details: Details
    ) -> None:
        self.report, self.size, self.look, self.details = report, size, look, details
        self.width = size[0] - 2 * _MARGIN
        self.head = _Column(_head(report, title, look), self.width)
        self.foot = _Column(_foot(report, title, look), self.width)
        half = (self.width - _GAP) / 2
        self.values = [_Column(group, half) for group in measurements(report, look, details, half)]
        self.remarks = [*classifiers(report, look, details), *notes(report, look, details)]

    def layouts(self, shape: tuple[int, int], heights: Sequence[float]) -> Iterator["_Layout"]:
        """A layout for each height of the picture, which has this `shape` (width, height)."""
        for height in heights:
            # A wide film must leave a readable column beside it.
            scale = min(height / shape[1], 0.46 * self.width / shape[0])
            yield _Layout(self, (shape[0] * scale, shape[1] * scale))


class _Layout:
    """Where everything lies on the page; y points up, as in PDF."""

    def __init__(self, frame: _Frame, picture: tuple[float, float]) -> None:
        self.frame, self.picture = frame, picture
        width = frame.width - picture[0] - _GAP
        half = (frame.width - _GAP) / 2
        self.beside = [_Column(answers(frame.report, frame.look, frame.details, width), width)]
        rest = list(frame.remarks)
        while rest:  # what there is room for beside the picture
            column = _Column(rest[0], width)
            if _height([*self.beside, column]) > picture[1]:
                break
            self.beside.append(column)
            del rest[0]
        self.below = _balanced([*frame.values, *(_Column(group, half) for group in rest)])

    @property
    def fits(self) -> bool:
        """Whether it is one page."""
        frame = self.frame
        middle = max(self.picture[1], _height(self.beside))
        below = max(_height(columns) for columns in self.below)
        needed = frame.head.height + middle + below + frame.foot.height + 2.5 * _GAP
        return bool(needed + _LINES_PT + _BANNER_PT + 2 * _MARGIN <= frame.size[1])

    def draw(self, canvas: Canvas, reader: ImageReader, printed_on: date | None) -> None:
        """Draw the page."""
        frame, left = self.frame, _MARGIN
        top = frame.size[1] - _MARGIN
        _banner(canvas, left, top, frame.width)
        top -= _BANNER_PT
        if printed_on is not None:
            canvas.setFont("Helvetica", 9)
            canvas.setFillColor(SOFT)
            told = f"Printed {printed_on.isoformat()}"
            canvas.drawRightString(left + frame.width, top - 10, told)
        top = frame.head.draw(canvas, left, top) - _GAP / 2
        canvas.drawImage(reader, left, top - self.picture[1], *self.picture)
        _draw_all(canvas, self.beside, left + self.picture[0] + _GAP, top)
        top -= max(self.picture[1], _height(self.beside)) + _GAP
        for columns, x in zip(self.below, (0, (frame.width + _GAP) / 2), strict=True):
            _draw_all(canvas, columns, left + x, top)
        bottom = _MARGIN + frame.foot.height
        frame.foot.draw(canvas, left, bottom)
        _lines_to_write_on(canvas, left, bottom + 8, frame.width)


def _head(report: Report, title: str, look: Look) -> list[Flowable]:
    rows, columns = report.size
    spacing = (
        "pixel spacing not known"
        if report.spacing_mm is None
        else f"pixel spacing {report.spacing_mm[0]:.3f} x {report.spacing_mm[1]:.3f} mm "
        f"({report.spacing_origin})"
    )
    about = f"{report.view.capitalize()} view, {rows} x {columns} pixels, {spacing}."
    return [
        look.title(title or "Spine film"),
        look.text(about, colour=SOFT),
        look.text(who_placed(report), bold=report.edited),
    ]


def _foot(report: Report, title: str, look: Look) -> list[Flowable]:
    models = ", ".join(f"{b.name} {b.version}" for b in report.bundles)
    digest = f"Film SHA-256 {report.sha256}." if title and report.sha256 else ""
    told = f"{product()}, report schema {report.schema_version}. "
    told += f"Models: {models}." if models else "No model took part."
    return [look.small(told), *([look.small(digest)] if digest else [])]


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

    def __init__(self, parts: Sequence[Flowable], width: float) -> None:
        self._parts = [(part, part.wrap(width, 1e6)[1]) for part in parts]
        self.before: float = parts[0].getSpaceBefore() if parts else 0.0
        """The space that it wants above itself, unless it is the first."""
        heights = (h + p.getSpaceBefore() + p.getSpaceAfter() for p, h in self._parts)
        self.height: float = sum(heights) - self.before

    def draw(self, canvas: Canvas, left: float, top: float) -> float:
        """Draw below `top`; returns the height where it ends."""
        top += self.before
        for part, height in self._parts:
            top -= part.getSpaceBefore() + height
            part.drawOn(canvas, left, top)
            top -= part.getSpaceAfter()
        return top


def _height(columns: Sequence[_Column]) -> float:
    """Height of these below each other."""
    return sum(c.height for c in columns) + sum(c.before for c in columns[1:])


def _draw_all(canvas: Canvas, columns: Sequence[_Column], left: float, top: float) -> None:
    for i, column in enumerate(columns):
        top = column.draw(canvas, left, top - (column.before if i else 0))


def _balanced(columns: Sequence[_Column]) -> tuple[Sequence[_Column], Sequence[_Column]]:
    """Two halves, in order, of nearly the same height."""
    cuts = ((columns[:i], columns[i:]) for i in range(len(columns) + 1))
    return min(cuts, key=lambda cut: max(map(_height, cut)))
