"""The form on paper: one film and its fields a sheet, as a PDF (extra `pdf`)."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Final

from PIL import Image

from spinescan.app.readers.blind import BlindFilm
from spinescan.core.report import RESEARCH_USE
from spinescan.io.pdf import Paper, need_reportlab
from spinescan.io.words import product
from spinescan.study.readers.key import Key
from spinescan.study.readers.questions import (
    CONFIDENCES,
    REASONS,
    asks_curves,
    asks_sagittal,
    question,
)
from spinescan.study.readers.typed import PAPER_CURVES

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_MARGIN: Final = 36.0
_GAP: Final = 16.0
_FIELDS: Final = 206.0
"""Width of the column of fields, in points."""
_PRINTED: Final = 1800
"""The longer side of a printed picture, in pixels."""


def render_paper(
    key: Key, reader: str, films: Sequence[BlindFilm], *, paper: Paper = "A4"
) -> bytes:
    """The sheets of one reader, in the reader's order.

    Parameters
    ----------
    films
        In the key's order.

    Raises
    ------
    MissingExtraError
        reportlab (the extra `pdf`) is not installed.
    """
    need_reportlab()
    from reportlab.lib.pagesizes import A4, LETTER
    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    size = {"A4": A4, "Letter": LETTER}[paper]
    canvas = Canvas(out, pagesize=size, invariant=1, pageCompression=1, lang="en")
    canvas.setTitle(f"Films for reader {reader}")
    canvas.setSubject(RESEARCH_USE)
    canvas.setCreator(product())
    canvas.setAuthor("")
    order = key.readers[reader]
    for number, place in enumerate(order, start=1):
        _Sheet(canvas, size).draw(key, reader, number, len(order), films[place])
        canvas.showPage()
    canvas.save()
    return out.getvalue()


class _Sheet:
    """One sheet; `y` is where the next field of the right column begins, from below."""

    def __init__(self, canvas: "Canvas", size: tuple[float, float]) -> None:
        self.canvas, (self.width, self.height) = canvas, size
        self.left = self.width - _MARGIN - _FIELDS
        self.y = self.height - _MARGIN - 44

    def draw(self, key: Key, reader: str, number: int, of: int, film: BlindFilm) -> None:
        """Draw the sheet."""
        self._head(key.set_id, reader, number, of)
        self._picture(film)
        several = len({question(t).view for t in key.tasks} - {""}) > 1
        self._ticks("Can this film be read?", ("yes", "no"), columns=2)
        self._ticks("If not, why?", tuple(REASONS), columns=2)
        if several:
            self._ticks("View", ("frontal", "lateral", "other"), columns=3)
        if asks_curves(key.tasks):
            self._curves()
        if asks_sagittal(key.tasks):
            self._heading("Angles, degrees")
            self._line("TK, T4 to T12 (tk_deg)", 118)
            self._line("LL, L1 to S1 (ll_deg)", 118)
        for task in key.tasks:
            asked = question(task)
            self._ticks(f"{asked.title} ({task})", asked.codes, columns=2)
        self._ticks("How sure are you?", CONFIDENCES, columns=3)
        self._heading("Remark (no names)")
        for _ in range(2):
            self.y -= 16
            self._rule(self.left, self.y, _FIELDS)

    def _head(self, set_id: str, reader: str, number: int, of: int) -> None:
        canvas, top = self.canvas, self.height - _MARGIN
        canvas.setFont("Helvetica-Bold", 17)
        canvas.drawString(_MARGIN, top - 14, f"Film {number}")
        canvas.setFont("Helvetica", 10)
        told = f"Reader {reader}, sheet {number} of {of}, set {set_id}"
        canvas.drawRightString(self.width - _MARGIN, top - 11, told)
        canvas.setFont("Helvetica", 8)
        canvas.drawString(_MARGIN, top - 28, RESEARCH_USE)
        canvas.setLineWidth(0.8)
        canvas.line(_MARGIN, top - 34, self.width - _MARGIN, top - 34)

    def _picture(self, film: BlindFilm) -> None:
        from reportlab.lib.utils import ImageReader

        picture = Image.open(BytesIO(film.png))
        picture.thumbnail((_PRINTED, _PRINTED), Image.Resampling.LANCZOS)
        out = BytesIO()
        picture.save(out, "JPEG", quality=90, optimize=True)
        room = self.left - _GAP - _MARGIN, self.height - 2 * _MARGIN - 44
        scale = min(room[0] / picture.width, room[1] / picture.height)
        width, height = picture.width * scale, picture.height * scale
        out.seek(0)
        top = self.height - _MARGIN - 44
        self.canvas.drawImage(ImageReader(out), _MARGIN, top - height, width, height)

    def _heading(self, text: str) -> None:
        self.y -= 15
        self.canvas.setFont("Helvetica-Bold", 9.5)
        self.canvas.drawString(self.left, self.y, text)

    def _ticks(self, title: str, codes: Sequence[str], *, columns: int) -> None:
        """A closed question; the words to tick are what is typed into the table."""
        self._heading(title)
        each = _FIELDS / columns
        for place, code in enumerate(codes):
            if place % columns == 0:
                self.y -= 14
            self._box(self.left + each * (place % columns), code)
        self.y -= 3

    def _box(self, x: float, word: str) -> None:
        self.canvas.setLineWidth(0.7)
        self.canvas.rect(x, self.y - 1, 8, 8)
        self.canvas.setFont("Helvetica", 9)
        self.canvas.drawString(x + 12, self.y, word)

    def _curves(self) -> None:
        self._heading("Curves of 10 degrees or more")
        self.y -= 14
        self._box(self.left, "no curve (no_curve)")
        for number in range(1, PAPER_CURVES + 1):
            self.y -= 17
            self.canvas.setFont("Helvetica-Bold", 9)
            self.canvas.drawString(self.left, self.y, f"Curve {number}")
            self._box(self.left + 62, "left")
            self._box(self.left + 110, "right")
            self.canvas.drawString(self.left + 152, self.y, "convex")
            self.y -= 19
            for name, x, width in self._of_a_curve():
                self._short(name, x, width)
        self.y -= 4

    def _of_a_curve(self) -> Iterator[tuple[str, float, float]]:
        each = _FIELDS / 4
        for place, name in enumerate(("upper", "apex", "lower", "Cobb")):
            yield name, self.left + place * each, each - 6

    def _short(self, name: str, x: float, width: float) -> None:
        self.canvas.setFont("Helvetica", 7.5)
        self.canvas.drawString(x, self.y + 1.5, name)
        label = self.canvas.stringWidth(name, "Helvetica", 7.5) + 2
        self._rule(x + label, self.y, width - label)

    def _line(self, name: str, label: float) -> None:
        self.y -= 18
        self.canvas.setFont("Helvetica", 9)
        self.canvas.drawString(self.left, self.y, name)
        self._rule(self.left + label, self.y - 1, _FIELDS - label)

    def _rule(self, x: float, y: float, width: float) -> None:
        self.canvas.setLineWidth(0.5)
        self.canvas.line(x, y, x + width, y)
