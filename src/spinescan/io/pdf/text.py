"""Text on the page: one size for everything, and no mark-up from what a stranger wrote."""

import re
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Flowable, Paragraph, Table

INK: Final = HexColor("#14181d")
SOFT: Final = HexColor("#545c66")
RULE: Final = HexColor("#aab2bc")

_LONGEST: Final = 5000
_WORD: Final = 70
"""The longest word in characters, which a digest is below; longer ones take long to break."""


def printable(text: str) -> str:
    """Text in the characters that PDF's own fonts have (WinAnsi); others as their escapes."""
    line = "".join(  # far longer texts than a page holds are not worth the while
        c if c.isprintable() else c.encode("unicode_escape", "replace").decode()
        for c in " ".join(text[:_LONGEST].split())
    )
    line = line.encode("cp1252", "backslashreplace").decode("cp1252")
    return re.sub(rf"(\S{{{_WORD}}})(?=\S)", r"\1 ", line)


def _clipped(text: str, characters: int) -> str:
    """The text, or its beginning and an ellipsis."""
    if len(text) <= characters:
        return text
    return text[:characters].rstrip() + " \N{HORIZONTAL ELLIPSIS}"


class Look:
    """Makes the parts of a page, whose text has one size (points) and a greatest length."""

    def __init__(self, text_pt: float, characters: int) -> None:
        self.text_pt, self.characters = text_pt, characters

    def text(
        self,
        text: str,
        *,
        colour: Color = INK,
        bold: bool = False,
        factor: float = 1.0,
        after: float = 0.25,
        before: float = 0.0,
        characters: int = 0,
    ) -> Paragraph:
        """A paragraph; lengths are in units of the text's size."""
        size = self.text_pt * factor
        style = ParagraphStyle(
            "spinescan",
            fontName="Helvetica-Bold" if bold else "Helvetica",
            fontSize=size,
            leading=1.2 * size,
            textColor=colour,
            spaceAfter=after * size,
            spaceBefore=before * size,
            splitLongWords=1,
        )
        return Paragraph(escape(_clipped(printable(text), characters or self.characters)), style)

    def title(self, text: str) -> Paragraph:
        """The page's heading, which leaves room for the date."""
        paragraph = self.text(text, bold=True, factor=1.6, characters=90)
        paragraph.style.rightIndent = 90
        return paragraph

    def heading(self, text: str) -> Paragraph:
        """The heading of a section."""
        return self.text(text, bold=True, factor=1.1, after=0.3, before=0.75)

    def answer(self, text: str) -> Paragraph:
        """What the reader looks for first."""
        return self.text(text, bold=True, factor=1.9, after=0.25)

    def small(self, text: str) -> Paragraph:
        """What limits an answer, or tells where it comes from."""
        return self.text(text, colour=SOFT, factor=0.88)

    def row(self, cells: Sequence[str], shares: Sequence[float], width: float) -> Table:
        """One row of a table without a header."""
        pad = 0.14 * self.text_pt
        total = sum(shares)
        return Table(
            [[self.text(cell, after=0) for cell in cells]],
            colWidths=[width * share / total for share in shares],
            style=self._style(pad),
            hAlign="LEFT",
        )

    def table(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[str]],
        shares: Sequence[float],
        width: float,
        *,
        bold: int | None = None,
        colours: Sequence[Color] = (),
    ) -> Table:
        """A table; `shares` of the width by column, one column in bold, a colour bar by row."""
        cells: list[list[Flowable]] = [
            [self.text(name, colour=SOFT, factor=0.88, after=0) for name in header]
        ]
        cells += [
            [self.text(cell, bold=i == bold, after=0) for i, cell in enumerate(row)] for row in rows
        ]
        style = self._style(0.18 * self.text_pt)
        for row, colour in enumerate(colours, start=1):
            style.append(("LINEBEFORE", (0, row), (0, row), 3, colour))
            style.append(("LEFTPADDING", (0, row), (0, row), 0.7 * self.text_pt))
        total = sum(shares)
        return Table(
            cells,
            colWidths=[width * share / total for share in shares],
            style=style,
            hAlign="LEFT",
            spaceAfter=0.4 * self.text_pt,
        )

    def _style(self, pad: float) -> list[tuple[object, ...]]:
        """A line below each row; `pad` above and below its text, in points."""
        everywhere = (0, 0), (-1, -1)
        return [
            ("LINEBELOW", *everywhere, 0.35, RULE),
            ("VALIGN", *everywhere, "TOP"),
            ("LEFTPADDING", *everywhere, 0),
            ("RIGHTPADDING", *everywhere, 0.4 * self.text_pt),
            ("TOPPADDING", *everywhere, pad),
            ("BOTTOMPADDING", *everywhere, pad + 0.8),
        ]
