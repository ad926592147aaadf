"""What a rater said of a film, in one form for readers and for SpineScan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from spinescan.core.anatomy import LEVELS
from spinescan.study.readers.answers import Answer, CurveAnswer
from spinescan.study.readers.questions import (
    APEXES,
    CANNOT_TELL,
    NO_TYPE,
    question,
)

ANGLES: Final = {
    "cobb_deg": "Largest Cobb angle",
    "cobb_thoracic_deg": "Largest Cobb angle of a curve with its apex down to T11/T12",
    "cobb_lumbar_deg": "Largest Cobb angle of a curve with its apex at T12 or below",
    "tk_deg": "Thoracic kyphosis",
    "ll_deg": "Lumbar lordosis",
}
"""The angles that raters are compared on, and what people call them."""

_MEASURED: Final = ("als7", "sagittal3", "scoliosis")
"""The tasks that SpineScan answers by measuring."""
_FIRST_LUMBAR: Final = APEXES.index("T12")
_SAGITTAL: Final = {"tk_deg": "TK_T4_T12", "ll_deg": "LL_L1_S1"}
"""SpineScan's measurements between the levels that readers are asked for."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A film as one rater read it; what was not answered is not in it.

    `labels` by task, `angles` by a name of `ANGLES`. `curve` is the one with the largest angle.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    angles: Mapping[str, float] = field(default_factory=dict)
    curve: CurveAnswer | None = None


def of_answer(answer: Answer | None, tasks: tuple[str, ...]) -> Reading | None:
    """A reader's answer; None where the reader said nothing of the film.

    A film that cannot be read, by the reader, is one whose label the reader cannot tell. A question
    about another view than the film's is none, and what was measured before the reader took the
    film for another view is not told.
    """
    if answer is None or not answer.said:
        return None
    fits = [t for t in tasks if not answer.view or question(t).view in ("", answer.view)]
    if answer.readable is False:
        return Reading(dict.fromkeys(fits, CANNOT_TELL))
    sagittal = {"tk_deg": answer.tk_deg, "ll_deg": answer.ll_deg}
    if answer.view in ("frontal", "other"):
        sagittal = {}
    curves = answer.curves if answer.view in ("", "frontal") else ()
    told = {name: value for name, value in sagittal.items() if value is not None}
    return Reading(
        {task: label for task, label in answer.labels.items() if task in fits},
        {**_cobb_angles(curves), **told},
        _largest(curves),
    )


def of_record(record: Mapping[str, Any] | None, tasks: tuple[str, ...]) -> Reading:
    """SpineScan's answer, from a scan's JSON; None is a film that failed.

    Where it failed or abstained it cannot tell the label. Where it declined the landmarks nothing
    is measured, but a classifier may have answered.
    """
    if record is None or "error" in record:
        return Reading(dict.fromkeys(tasks, CANNOT_TELL))
    if record["decision"] == "abstained":
        return Reading(
            {t: CANNOT_TELL if t in _MEASURED else _classified(record, t) for t in tasks}
        )
    curves = tuple(
        CurveAnswer(c["upper"], c["apex"], c["lower"], c["convex_side"], c["cobb_deg"])
        for c in record["curves"]
    )
    labels = {task: _label(record, task) for task in tasks}
    measured = {m["name"]: m["value"] for m in record["measurements"] if m["unit"] == "deg"}
    told = {name: measured[m] for name, m in _SAGITTAL.items() if m in measured}
    return Reading(labels, {**_cobb_angles(curves), **told}, _largest(curves))


def _label(record: Mapping[str, Any], task: str) -> str:
    """What was decided: measured where it can be, else by the classifier of the task."""
    if task == "als7":
        als = record["als"]
        if als is None or als["decision"] == "abstained":
            return CANNOT_TELL
        return als["type"] or (NO_TYPE if "no_curve" in als["reasons"] else CANNOT_TELL)
    if task == "sagittal3":
        shape = record.get("sagittal")
        label = None if shape is None or shape["decision"] == "abstained" else shape["label"]
        return label or CANNOT_TELL
    if task == "scoliosis" and record["view"] == "frontal":
        return "scoliosis" if record["curves"] else "normal"
    return _classified(record, task)


def _classified(record: Mapping[str, Any], task: str) -> str:
    answers = record.get("predictions", ())
    told = [p["label"] for p in answers if p["task"] == task and p["label"]]
    return told[0] if told else CANNOT_TELL


def _cobb_angles(curves: tuple[CurveAnswer, ...]) -> dict[str, float]:
    known = [c for c in curves if c.cobb_deg is not None]
    placed = [c for c in known if c.apex]
    parts = {
        "cobb_deg": known,
        "cobb_thoracic_deg": [c for c in placed if APEXES.index(c.apex) < _FIRST_LUMBAR],
        "cobb_lumbar_deg": [c for c in placed if APEXES.index(c.apex) >= _FIRST_LUMBAR],
    }
    return {name: max(c.cobb_deg or 0.0 for c in part) for name, part in parts.items() if part}


def _largest(curves: tuple[CurveAnswer, ...]) -> CurveAnswer | None:
    known = [c for c in curves if c.cobb_deg is not None]
    return max(known, key=lambda c: c.cobb_deg or 0.0, default=None)


def same_curve(one: CurveAnswer, other: CurveAnswer) -> bool:
    """Whether two raters speak of one curve: convex to the same side, and levels in common."""
    if not (one.upper and one.lower and other.upper and other.lower):
        return False
    if one.convex_side and other.convex_side and one.convex_side != other.convex_side:
        return False
    top = max(LEVELS.index(one.upper), LEVELS.index(other.upper))
    return top < min(LEVELS.index(one.lower), LEVELS.index(other.lower))


def levels_apart(one: str, other: str) -> float:
    """How many levels two vertebrae or discs lie apart; a disc is half a level from its two."""
    return abs(APEXES.index(one) - APEXES.index(other)) / 2
