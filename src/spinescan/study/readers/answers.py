"""What one reader answered: the file that the form exports, checked against the key.

    {"format": "spinescan-readers-answers", "version": 1, "set": "9f0c...", "reader": "A",
     "answers": [{"film": 3, "view": "frontal", "readable": true, "reason": "",
                  "labels": {"als7": "3CH"}, "no_curve": false,
                  "curves": [{"upper": "T5", "apex": "T8", "lower": "T11",
                              "convex_side": "right", "cobb_deg": 41.5, "lines_xy": null}],
                  "tk_deg": null, "ll_deg": null, "confidence": "high", "remark": ""}]}

`film` is the number in the reader's form. A film that is left out, and a field that is left out,
null or empty, was not answered. `readable` false means that the reader looked and could not read
it; `reason` is one of `questions.REASONS`. `lines_xy`, if a reader drew them, are two endplates
[[[x, y], [x, y]], [[x, y], [x, y]]] in pixels of the picture in the form. Other fields are passed
over.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from spinescan.core.anatomy import LEVELS
from spinescan.core.errors import DataError
from spinescan.study.readers.key import Key
from spinescan.study.readers.questions import (
    APEXES,
    CONFIDENCES,
    MOST_CURVES,
    REASONS,
    SAGITTAL_ANGLES,
    SIDES,
    VIEWS,
    question,
)

FORMAT: Final = "spinescan-readers-answers"


@dataclass(frozen=True, slots=True)
class CurveAnswer:
    """One curve; what was not answered is empty or None. The side is that of the picture."""

    upper: str = ""
    apex: str = ""
    lower: str = ""
    convex_side: str = ""
    cobb_deg: float | None = None

    def __post_init__(self) -> None:
        _one_of("upper end vertebra", self.upper, LEVELS)
        _one_of("lower end vertebra", self.lower, LEVELS)
        _one_of("apex", self.apex, APEXES)
        _one_of("convex side", self.convex_side, SIDES)
        _angle("Cobb angle", self.cobb_deg, 0)
        if self.upper and self.lower and LEVELS.index(self.upper) >= LEVELS.index(self.lower):
            raise ValueError(f"the upper end {self.upper} is not above the lower end {self.lower}")


@dataclass(frozen=True, slots=True)
class Answer:
    """One film as one reader read it; the module's docstring tells the fields."""

    film: int
    view: str = ""
    readable: bool | None = None
    reason: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    no_curve: bool = False
    curves: tuple[CurveAnswer, ...] = ()
    tk_deg: float | None = None
    ll_deg: float | None = None
    confidence: str = ""
    remark: str = ""

    def __post_init__(self) -> None:
        _one_of("view", self.view, VIEWS)
        _one_of("reason", self.reason, tuple(REASONS))
        _one_of("confidence", self.confidence, CONFIDENCES)
        if self.readable not in (True, False, None):
            raise ValueError(f"readable must be true, false or null, got {self.readable!r}")
        for name in SAGITTAL_ANGLES:
            _angle(name, getattr(self, name), -180)
        if len(self.curves) > MOST_CURVES:
            raise ValueError(f"at most {MOST_CURVES} curves, got {len(self.curves)}")
        if self.no_curve and self.curves:
            raise ValueError("curves, and yet no curve")
        for task, label in self.labels.items():
            _one_of(task, label, question(task).codes)

    @property
    def said(self) -> bool:
        """Whether the reader said anything of the film."""
        angles = (self.tk_deg, self.ll_deg)
        return (
            self.readable is not None
            or bool(self.labels or self.curves or self.no_curve)
            or any(angle is not None for angle in angles)
        )


@dataclass(frozen=True, slots=True)
class ReaderAnswers:
    """All that one reader answered, by the number in the reader's form."""

    reader: str
    answers: Mapping[int, Answer]


def read_answers(path: Path, key: Key) -> ReaderAnswers:
    """A reader's answers: what the form exported, or the CSV that goes with the paper form.

    Raises
    ------
    DataError
        The file is of another set or reader, names a film that is not in the form or one twice,
        or holds what cannot be answered. One line that names the file and the film.
    """
    from spinescan.study.readers.typed import typed_answers

    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: expected answers as text in UTF-8") from error
    values = typed_answers(path) if path.suffix.lower() == ".csv" else _parsed(text, path)
    try:
        return _checked(values, key)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: not a reader's answers ({error!r})") from error
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error


def read_all(paths: tuple[Path, ...], key: Key) -> tuple[ReaderAnswers, ...]:
    """The answers of several readers, in the key's order.

    Raises
    ------
    DataError
        As `read_answers`; or two files are of one reader.
    """
    found: dict[str, tuple[Path, ReaderAnswers]] = {}
    for path in paths:
        answers = read_answers(path, key)
        before = found.setdefault(answers.reader, (path, answers))
        if before[0] is not path:
            raise DataError(f"{before[0]} and {path} are both of reader {answers.reader}")
    return tuple(found[reader][1] for reader in key.readers if reader in found)


def _parsed(text: str, path: Path) -> Any:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise DataError(f"{path}: expected a reader's answers in JSON ({error})") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise DataError(f"{path}: not a reader's answers (no format {FORMAT!r})")
    if values.get("version") != 1:
        raise DataError(f"{path}: version 1 is understood, got {values.get('version')!r}")
    return values


def _checked(values: Mapping[str, Any], key: Key) -> ReaderAnswers:
    if values["set"] != key.set_id:
        raise ValueError(f"these answers are of set {values['set']}, the key of {key.set_id}")
    reader = values["reader"]
    if reader not in key.readers:
        known = ", ".join(key.readers)
        raise ValueError(f"no reader {reader!r} in the key, which has {known}")
    found: dict[int, Answer] = {}
    for given in values["answers"]:
        number = given["film"]
        if type(number) is not int or not 1 <= number <= len(key.readers[reader]):
            shown = len(key.readers[reader])
            raise ValueError(f"no film {number!r} in the form of {reader}, which has 1 to {shown}")
        if number in found:
            raise ValueError(f"film {number} is answered twice")
        try:
            answer = _answer(given)
            for task in answer.labels:
                if task not in key.tasks:
                    raise ValueError(f"{task} was not asked, but {', '.join(key.tasks)}")
        except ValueError as error:
            raise ValueError(f"film {number}: {error}") from error
        found[number] = answer
    return ReaderAnswers(reader, found)


def _answer(given: Mapping[str, Any]) -> Answer:
    return Answer(
        film=given["film"],
        view=given.get("view") or "",
        readable=given.get("readable"),
        reason=given.get("reason") or "",
        labels={task: label for task, label in (given.get("labels") or {}).items() if label},
        no_curve=bool(given.get("no_curve")),
        curves=tuple(_curve(one) for one in given.get("curves") or () if _filled(one)),
        tk_deg=given.get("tk_deg"),
        ll_deg=given.get("ll_deg"),
        confidence=given.get("confidence") or "",
        remark=str(given.get("remark") or ""),
    )


_CURVE_FIELDS: Final = ("upper", "apex", "lower", "convex_side", "cobb_deg")


def _filled(curve: Mapping[str, Any]) -> bool:
    return any(curve.get(name) not in (None, "") for name in _CURVE_FIELDS)


def _curve(curve: Mapping[str, Any]) -> CurveAnswer:
    return CurveAnswer(
        **{name: curve.get(name) or "" for name in _CURVE_FIELDS[:-1]},
        cobb_deg=curve.get("cobb_deg"),
    )


def _one_of(what: str, given: object, allowed: tuple[str, ...]) -> None:
    if given not in ("", *allowed):
        shown = ", ".join(allowed if len(allowed) < 12 else (*allowed[:2], "...", allowed[-1]))
        raise ValueError(f"{what} must be one of {shown}, got {given!r}")


def _angle(what: str, given: object, least: float) -> None:
    if given is None:
        return
    number = isinstance(given, int | float) and not isinstance(given, bool)
    if not number or not math.isfinite(given) or not least <= given <= 180:  # type: ignore[arg-type,operator]
        raise ValueError(f"{what} must be a number from {least:g} to 180 degrees, got {given!r}")
