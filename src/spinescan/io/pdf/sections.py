"""What the page tells, as parts to lay out; each as long as it is allowed to be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from reportlab.lib.colors import Color
from reportlab.platypus import Flowable

from spinescan.core.report import (
    Curve,
    Measurement,
    Prediction,
    Report,
    SagittalAxis,
    SagittalVerdict,
    Slip,
    Verdict,
)
from spinescan.io.overlay import CURVE_COLOURS
from spinescan.io.pdf.text import Look
from spinescan.io.words import (
    CAVEATS,
    LEVELS_COUNTED,
    POSITIONS,
    REGIONS,
    SAGITTAL,
    SAGITTAL_CAVEAT,
    explain,
    measurement,
    quantity,
    question,
)
from spinescan.measure.intervals import LEVEL

T = TypeVar("T")

Groups = list[list[Flowable]]
"""Parts; those of one group stay together."""

_SHAPE = (3.2, 1.3, 2, 1.9, 1.9)
_DEGREE = "\N{DEGREE SIGN}"
_ELSEWHERE = "in the page and in the JSON."


@dataclass(frozen=True, slots=True)
class Details:
    """How many rows of a section are told."""

    rows: int

    def first(self, items: Sequence[T], *, at_least: int = 0) -> tuple[Sequence[T], int]:
        """The first of the items, and how many are left out."""
        kept = items[: max(self.rows, at_least)]
        return kept, len(items) - len(kept)

    def lines(self, look: Look, texts: Sequence[str], *, soft: bool = False) -> list[Flowable]:
        """A paragraph for each text, and what is left out."""
        shown, more = self.first(texts)
        make = look.small if soft else look.text
        return [make(text) for text in shown] + self.told(look, more)

    def told(self, look: Look, more: int) -> list[Flowable]:
        """That so many are left out, if any."""
        return [look.small(f"{more} more {_ELSEWHERE}")] if more else []


def answers(report: Report, look: Look, details: Details, width: float) -> list[Flowable]:
    """Beside the picture: what was found, or why there is no answer; then what decided."""
    parts: list[Flowable] = []
    if report.decision == "abstained":
        parts += [look.answer("No answer"), look.text("Nothing was measured on this film:")]
        parts += details.lines(look, explain(report.reasons) or ("No reason was given.",))
    if report.decision == "accepted" and report.view == "frontal":
        parts += _curves(report, look, details, width)
    if report.als is not None:
        parts += _als(report.als, look, details)
    if report.sagittal is not None:
        parts += _sagittal(report.sagittal, look, details, width)
    return parts


def _curves(report: Report, look: Look, details: Details, width: float) -> list[Flowable]:
    heading = look.heading("Curves")
    if not report.curves:
        return [heading, look.answer("No curve of 10 degrees or more")]
    curves, more = details.first(report.curves, at_least=6)
    sides_known = any(curve.patient_side for curve in report.curves)
    by_reader = any(curve.ends_by == "reader" for curve in report.curves)
    header = ["Region", "Cobb", "Interval", "Ends", "Apex", "Convex to"]
    shares = [2.6, 1.2, 2.2, 1.7, 1.2, 2.2]
    rows = [
        [
            REGIONS[curve.region],
            quantity(curve.cobb_deg, "deg"),
            _between(curve.interval_deg, "deg"),
            f"{curve.upper} to {curve.lower}{'*' * (curve.ends_by == 'reader')}",
            curve.apex,
            _side(curve),
        ]
        for curve in curves
    ]
    colours = [_paper(CURVE_COLOURS[i % len(CURVE_COLOURS)]) for i in range(len(rows))]
    said = ["* End vertebrae chosen by a person."] if by_reader else []
    said.append(f"Intervals of {LEVEL:.0%}.")
    sources = {c.side_source for c in report.curves if c.patient_side and c.side_source}
    if sources:
        told = " and ".join(sorted(source.replace("_", " ") for source in sources))
        said.append(f"The patient's side is told by: {told}.")
    if not sides_known:
        said.append("Left and right are those of the picture; the patient's side is not known.")
    if report.landmarks is not None and not report.landmarks.levels_certain:
        said.append(LEVELS_COUNTED)
    return [
        heading,
        look.table(header, rows, shares, width, bold=1, colours=colours),
        *details.told(look, more),
        look.small(" ".join(said)),
    ]


def _side(curve: Curve) -> str:
    if curve.patient_side is None:
        return f"picture's {curve.convex_side}"
    return f"patient's {curve.patient_side}"


def _als(als: Verdict, look: Look, details: Details) -> list[Flowable]:
    family = f", family {als.family}" if als.family else ""
    parts: list[Flowable] = [
        look.heading("ALS type (provisional)"),
        look.answer((als.type or "No type") + family),
    ]
    if als.alternatives:
        told = f"Could also be {' or '.join(als.alternatives)}: a small change of what was"
        parts.append(look.text(f"{told} measured would change the type."))
    parts += details.lines(look, explain(als.reasons))
    # The curves themselves stand in their table.
    facts = [f"\N{BULLET} {fact.text}" for fact in als.facts if fact.code != "curves"]
    if facts:
        parts += [look.text("The facts that decided", bold=True, before=0.3)]
        parts += details.lines(look, facts)
    return [
        *parts,
        look.small("Rules and thresholds are not tested against films with known ALS types."),
    ]


def _sagittal(shape: SagittalVerdict, look: Look, details: Details, width: float) -> list[Flowable]:
    label = SAGITTAL.get(shape.label or "", "no class").partition(":")
    parts: list[Flowable] = [
        look.heading("Sagittal shape (provisional)"),
        look.answer(label[0].capitalize()),
    ]
    if label[2]:
        parts.append(look.text(f"{label[2].strip().capitalize()}."))
    if shape.alternatives:
        parts.append(look.text(f"Could also be {' or '.join(shape.alternatives)}."))
    parts += details.lines(look, explain(shape.reasons))
    rows = [_axis(axis) for axis in shape.axes]
    parts.append(
        look.table(
            ["Curve", "Measured", "Interval", "Normal", "Found"], rows, _SHAPE, width, bold=1
        )
    )
    slips, more = details.first(shape.slips, at_least=3)
    if slips:
        told = [
            [
                f"{slip.upper} on {slip.lower}",
                quantity(abs(slip.percent), "%"),
                _between(_size(slip), "%"),
                "front" if slip.direction == "forward" else "back",
                _or_could_be(slip.grade or "not sure", slip.alternatives),
            ]
            for slip in slips
        ]
        header = [
            "Slip, in % of the endplate below",
            "Slip",
            "Interval",
            "To the",
            "Grade (Meyerding)",
        ]
        parts.append(look.table(header, told, _SHAPE, width, bold=1))
        parts += details.told(look, more)
    parts.append(look.text("The facts that decided", bold=True, before=0.3))
    parts += details.lines(look, [f"\N{BULLET} {fact.text}" for fact in shape.facts])
    parts.append(look.small(SAGITTAL_CAVEAT))
    return parts


def _size(slip: Slip) -> tuple[float, float] | None:
    """The interval of a slip's size in its direction."""
    if slip.interval is None or slip.percent >= 0:
        return slip.interval
    return -slip.interval[1], -slip.interval[0]


def _axis(axis: SagittalAxis) -> list[str]:
    name = measurement(axis.measurement or axis.name)
    named = name[:1].upper() + name[1:]
    if axis.value is None or axis.borders is None:
        return [named, "", "", "", "not judged: no norm fits"]
    found = "not sure" if axis.position is None else POSITIONS[axis.position]
    return [
        named,
        quantity(axis.value, "deg"),
        _between(axis.interval, "deg"),
        _between(axis.borders, "deg"),
        _or_could_be(found, [POSITIONS[p] for p in axis.alternatives]),
    ]


def measurements(report: Report, look: Look, details: Details, width: float) -> Groups:
    """Every value with its interval and levels, a row each."""
    shown, more = details.first(report.measurements)
    groups: Groups = []
    for found in shown:
        name = measurement(found.name)
        value = quantity(found.value, found.unit)
        cells = [
            f"{name[:1].upper()}{name[1:]}{_levels(found)}",
            value if found.unit in ("deg", "%") else value.removesuffix(found.unit).strip(),
            _between(found.interval, found.unit) if found.interval else _unit(found),
        ]
        groups.append([look.row(cells, (5.5, 1.3, 2.6), width)])
    if groups:
        groups[0].insert(0, look.heading(f"Measurements, with {LEVEL:.0%} intervals"))
        groups[-1] += details.told(look, more)
    return groups


def _levels(found: Measurement) -> str:
    """The levels behind a comma, unless the name tells them already."""
    levels = found.levels
    if not levels or all(level in found.name.split("_") for level in levels):
        return ""
    return f", {levels[0]} to {levels[-1]}" if len(levels) > 2 else f", {' and '.join(levels)}"


def _unit(found: Measurement) -> str:
    return "" if found.unit in ("deg", "%") else found.unit


def classifiers(report: Report, look: Look, details: Details) -> Groups:
    """What networks answered from the picture alone, and what limits that."""
    shown, more = details.first(report.predictions)
    if not shown:
        return []
    parts: list[Flowable] = [look.heading("Classifiers, asked about the picture alone")]
    for answer in shown:
        said = f"{question(answer.task)}: {answer.label or 'no answer'}"
        parts.append(look.text(said, bold=True, after=0.1))
        parts.append(look.small(_because(answer)))
    parts += details.told(look, more)
    told = [warning.text for warning in report.warnings if warning.code == "calibration"]
    return [[*parts, *details.lines(look, told, soft=True)]]


def _because(answer: Prediction) -> str:
    said = []
    if answer.prediction_set:
        said.append(f"Labels that fit: {', '.join(answer.prediction_set)}.")
    scores = sorted(answer.scores.items(), key=lambda item: -item[1])[:3]
    if scores:
        said.append(f"Scores: {', '.join(f'{label} {score:.2f}' for label, score in scores)}.")
        said += [CAVEATS[answer.task]] if answer.task in CAVEATS else []
    return " ".join([*said, *explain(answer.reasons), f"Model {answer.bundle}."])


def notes(report: Report, look: Look, details: Details) -> Groups:
    """The warnings; a classifier's calibration stands beside its answer."""
    texts = [warning.text for warning in report.warnings if warning.code != "calibration"]
    return [[look.heading("Please note"), *details.lines(look, texts)]] if texts else []


def _between(interval: tuple[float, float] | None, unit: str) -> str:
    if interval is None:
        return "not known"
    low, high = (quantity(end, unit) for end in interval)
    return f"{low.removesuffix(f' {unit}').removesuffix(_DEGREE)} to {high}"


def _or_could_be(found: str, others: Sequence[str]) -> str:
    return f"{found}, could be {' or '.join(others)}" if others else found


def _paper(colour: tuple[int, int, int]) -> Color:
    """The colour of a curve on the picture."""
    return Color(*(part / 255 for part in colour))
