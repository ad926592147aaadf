"""The content items that SpineScan's groups are made of (PS3.16, TID 300, 310, 1501)."""

from collections.abc import Iterable, Sequence
from typing import Final

from highdicom.sr import (
    CodedConcept,
    ContentSequence,
    FindingSite,
    Measurement,
    NumContentItem,
    QualitativeEvaluation,
    RelationshipTypeValues,
    TextContentItem,
)
from pydicom.sr.coding import Code

from spinescan.io.sr import codes
from spinescan.io.words import explain
from spinescan.measure.intervals import LEVEL

INTERVAL_PERCENT: Final = 100 * LEVEL
"""Of the intervals, which should hold the truth."""


def evaluation(name: Code, value: Code) -> QualitativeEvaluation:
    """A coded answer to a coded question."""
    return QualitativeEvaluation(name=CodedConcept(*name), value=CodedConcept(*value))


def evaluations(name: str, kind: str, *keys: str | None) -> list[QualitativeEvaluation]:
    """Coded answers from the private table; a key that is None or unknown to it gives none."""
    found = [codes.private(kind, key) for key in keys if key is not None]
    return [evaluation(codes.concept(name), code) for code in found if code is not None]


def text(name: Code, words: str) -> TextContentItem:
    """A sentence."""
    return TextContentItem(
        name=CodedConcept(*name),
        value=printable(words),
        relationship_type=RelationshipTypeValues.CONTAINS,
    )


def printable(words: str) -> str:
    """Without what a text may not hold (PS3.5 6.1.3): labels and names of bundles are anybody's."""
    return " ".join("".join(c for c in words if c.isprintable() or c.isspace()).split())


def texts(name: str, sentences: Iterable[str]) -> list[TextContentItem]:
    """Sentences under one of SpineScan's own names; empty ones are left out."""
    return [text(codes.concept(name), words) for words in sentences if printable(words)]


def decided(
    decision: str, reasons: Sequence[str]
) -> tuple[list[QualitativeEvaluation], list[TextContentItem]]:
    """Whether there is an answer, and its reasons as codes and in words."""
    coded = evaluations("decision", "decision", decision)
    return coded + evaluations("reason", "reason", *reasons), texts("reason_text", explain(reasons))


def sites(levels: Iterable[str]) -> list[FindingSite]:
    """Levels as finding sites, each once; what is no level of the table is left out."""
    return [
        FindingSite(anatomic_location=CodedConcept(*codes.SITES[level]))
        for level in dict.fromkeys(levels)
        if level in codes.SITES
    ]


def measured(
    name: Code,
    value: float,
    unit: str,
    *,
    interval: tuple[float, float] | None = None,
    levels: Sequence[str] = (),
    method: str = "",
) -> Measurement:
    """A number with its unit and, where it is known, the range that its interval leaves around it.

    The range is told by the standard's upper and lower uncertainty, in the unit of the value, with
    the share of such intervals that should hold the truth.
    """
    found = Measurement(
        name=CodedConcept(*name),
        value=_figure(value),
        unit=CodedConcept(*codes.unit_code(unit)),
        finding_sites=sites(levels) or None,
    )
    properties: list[NumContentItem | TextContentItem] = []
    if interval is not None:
        low, high = interval
        for what, width in (
            (codes.UPPER_UNCERTAINTY, _figure(high) - _figure(value)),
            (codes.LOWER_UNCERTAINTY, _figure(value) - _figure(low)),
        ):
            properties.append(_property(what, width, codes.unit_code(unit)))
        level = codes.concept("confidence")
        properties.append(_property(level, INTERVAL_PERCENT, codes.PERCENT))
    if printable(method):
        properties.append(
            TextContentItem(
                name=CodedConcept(*codes.concept("method")),
                value=printable(method),
                relationship_type=RelationshipTypeValues.HAS_PROPERTIES,
            )
        )
    if properties:
        if "ContentSequence" not in found[0]:
            found[0].ContentSequence = ContentSequence()
        found[0].ContentSequence.extend(properties)
    return found


def _property(name: Code, value: float, unit: Code) -> NumContentItem:
    return NumContentItem(
        name=CodedConcept(*name),
        value=_figure(value),
        unit=CodedConcept(*unit),
        relationship_type=RelationshipTypeValues.HAS_PROPERTIES,
    )


def _figure(value: float) -> float:
    """To four decimals, as in a Report's JSON; a decimal string holds 16 characters."""
    return round(float(value), 4) + 0.0
