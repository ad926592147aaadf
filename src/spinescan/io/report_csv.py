"""A Report as a table for spreadsheets: one figure or word a row, stable names, plain words."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from spinescan.core.report import (
    RESEARCH_USE,
    Curve,
    Fact,
    Prediction,
    Report,
    SagittalVerdict,
    Verdict,
)
from spinescan.io.words import explain, product, who_placed

COLUMNS = ("section", "name", "value", "unit", "low", "high", "threshold", "levels", "text")
"""`low` and `high` are the interval of `value`; several `levels` are parted by a space."""

_SIGNS = "=+@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH COMMERCIAL AT}"
_SIGNS += "\N{FULLWIDTH HYPHEN-MINUS}-"
_FORMULA = re.compile(rf"[{_SIGNS}]")
_FORMULA_IN_A_PART = re.compile(rf";(?=[\s\"']*[{_SIGNS}])")

Value = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class _Row:
    section: str
    name: str
    value: Value = None
    unit: str = ""
    interval: tuple[float, float] | None = None
    threshold: float | None = None
    levels: tuple[str, ...] = ()
    text: str = ""

    def cells(self) -> list[str]:
        low, high = self.interval or (None, None)
        values = (self.section, self.name, self.value, self.unit, low, high, self.threshold,
                  " ".join(self.levels), self.text)  # fmt: skip
        return [_cell(value) for value in values]


def report_csv(report: Report) -> str:
    """The report as CSV (RFC 4180, lines end in CR LF), without the film's name and digest.

    A cell of text that a spreadsheet would take for a formula begins with an apostrophe. Some part
    cells at semicolons: those become commas where a formula would begin behind them.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(row.cells() for row in _rows(report))
    return out.getvalue()


def _cell(value: Value) -> str:
    """A cell; numbers to four decimals, as in the JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:z.4f}".rstrip("0").rstrip(".")
    text = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    text = _FORMULA_IN_A_PART.sub(",", text)
    return f"'{text}" if _FORMULA.match(text) else text


def _rows(report: Report) -> Iterator[_Row]:
    yield from _about(report)
    for number, curve in enumerate(report.curves, start=1):
        yield from _curve(f"curve {number}", curve)
    if report.als is not None:
        yield from _als(report.als)
    if report.sagittal is not None:
        yield from _sagittal(report.sagittal)
    for m in report.measurements:
        yield _Row("measurement", m.name, m.value, m.unit, m.interval, None, m.levels, m.method)
    for answer in report.predictions:
        yield from _prediction(f"classifier {answer.bundle}", answer)
    for notice in report.warnings:
        yield _Row("warning", notice.code, text=notice.text)


def _about(report: Report) -> Iterator[_Row]:
    here = "report"
    yield _Row(here, "research_use", text=RESEARCH_USE)
    yield _Row(here, "product", product())
    yield _Row(here, "schema_version", report.schema_version)
    for bundle in report.bundles:
        yield _Row("model", bundle.name, bundle.version)
    yield _Row(here, "view", report.view)
    yield _Row(here, "rows", report.size[0], "px")
    yield _Row(here, "columns", report.size[1], "px")
    yield _Row(here, "pixel_aspect", report.pixel_aspect)
    for name, spacing in zip(("row", "column"), report.spacing_mm or (), strict=False):
        yield _Row(here, f"{name}_spacing", spacing, "mm", text=report.spacing_origin)
    yield _Row(here, "edited", report.edited, text=who_placed(report))
    if report.landmarks is not None:
        yield _Row(here, "levels_certain", report.landmarks.levels_certain)
    yield _Row(here, "decision", report.decision)
    yield from _reasons(here, report.reasons)


def _reasons(section: str, codes: Iterable[str]) -> Iterator[_Row]:
    for code in codes:
        yield _Row(section, "reason", code, text=explain([code])[0])


def _curve(here: str, curve: Curve) -> Iterator[_Row]:
    ends = curve.upper, curve.lower
    yield _Row(here, "cobb", curve.cobb_deg, "deg", curve.interval_deg, None, ends)
    yield _Row(here, "region", curve.region)
    yield _Row(here, "apex", curve.apex)
    yield _Row(here, "convex_side", curve.convex_side, text="of the picture")
    yield _Row(here, "patient_side", curve.patient_side, text=curve.side_source or "not known")
    yield _Row(here, "ends_by", curve.ends_by)


def _als(als: Verdict) -> Iterator[_Row]:
    here = "als"
    yield _Row(here, "type", als.type, text="provisional")
    yield _Row(here, "family", als.family)
    for other in als.alternatives:
        yield _Row(here, "alternative", other)
    yield _Row(here, "decision", als.decision)
    yield from _reasons(here, als.reasons)
    yield from _facts("als fact", als.facts)


def _facts(section: str, facts: Iterable[Fact]) -> Iterator[_Row]:
    for fact in facts:
        yield _Row(section, fact.code, fact.value, fact.unit, None, fact.threshold, text=fact.text)


def _sagittal(shape: SagittalVerdict) -> Iterator[_Row]:
    here = "sagittal"
    yield _Row(here, "class", shape.label, text="provisional")
    for other in shape.alternatives:
        yield _Row(here, "alternative", other)
    for name, share in shape.shares.items():
        yield _Row(here, f"share {name}", share, "share of draws")
    yield _Row(here, "decision", shape.decision)
    yield from _reasons(here, shape.reasons)
    for axis in shape.axes:
        there = f"sagittal {axis.name}"
        yield _Row(there, "angle", axis.value, "deg", axis.interval, text=axis.measurement or "")
        yield _Row(there, "normal", None, "deg", axis.borders, text=axis.norm or "no norm fits")
        yield _Row(there, "position", axis.position)
        for position in axis.alternatives:
            yield _Row(there, "alternative", position)
        yield from _reasons(there, axis.reasons)
    for slip in shape.slips:
        levels = slip.upper, slip.lower
        grades = " or ".join([*filter(None, [slip.grade]), *slip.alternatives])
        told = f"{slip.direction}; Meyerding grade {grades}"
        yield _Row(here, "slip", slip.percent, "%", slip.interval, None, levels, told)
    yield from _facts("sagittal fact", shape.facts)


def _prediction(here: str, answer: Prediction) -> Iterator[_Row]:
    yield _Row(here, "label", answer.label, text=answer.task)
    for label in answer.prediction_set:
        yield _Row(here, "label that fits", label)
    for label, score in answer.scores.items():
        yield _Row(here, f"score {label}", score)
    yield _Row(here, "decision", answer.decision)
    yield from _reasons(here, answer.reasons)
