"""Predictions: what a model, a person or another tool answered, one film a line.

JSON Lines, so that anybody can write them; `spinescan evaluate` and the comparisons read nothing
else.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from spinescan.core.errors import DataError

Part = Literal["validation", "test"]
Outcome = Literal["accepted", "abstained", "failed"]


@dataclass(frozen=True, slots=True)
class PredictionRecord:
    """One line.

    Parameters
    ----------
    image
        The film's file, as in the manifest.
    sha256
        Hexadecimal digest of that file; films are matched by it.
    group
        As in the manifest.
    task
        The task's name.
    truth
        The label in the manifest. None where it is not known.
    part
        Only validation films may calibrate anything.
    model
        A name for who answered.
    scores
        Probability (0 to 1) of each label, in the task's order, before any calibration. None where
        the film failed.
    label
        What was decided. None where nothing was.
    decision
        "accepted" with a label.
    reasons
        Codes that tell why there is no label, or what limits it.
    fold
        Of a cross-validation, counted from 0; 0 in a single split.
    repeat
        Of a cross-validation, counted from 0.
    """

    image: str
    sha256: str
    group: str
    task: str
    truth: str | None
    part: Part
    model: str
    scores: Mapping[str, float] | None
    label: str | None
    decision: Outcome
    reasons: tuple[str, ...] = ()
    fold: int = 0
    repeat: int = 0

    def __post_init__(self) -> None:
        if self.part not in get_args(Part):
            raise ValueError(f"part must be {' or '.join(get_args(Part))}, got {self.part!r}")
        if self.decision not in get_args(Outcome):
            raise ValueError(
                f"decision must be one of {', '.join(get_args(Outcome))}, got {self.decision!r}"
            )
        if (self.decision == "accepted") != (self.label is not None):
            raise ValueError("a label goes with an accepted answer, and with no other")
        if self.scores is None and self.decision != "failed":
            raise ValueError("only a film that failed has no scores")
        if self.scores is not None and not all(0 <= p <= 1 for p in self.scores.values()):
            raise ValueError(f"scores are probabilities in [0, 1], got {dict(self.scores)}")
        if self.scores is not None and self.label is not None and self.label not in self.scores:
            raise ValueError(f"label {self.label!r} has no score")

    def to_json(self) -> str:
        """The line, without its end."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["scores"] = self.scores and {k: round(float(v), 6) for k, v in self.scores.items()}
        return json.dumps(values, allow_nan=False, ensure_ascii=False)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "PredictionRecord":
        """A record from a parsed line; other keys are passed over.

        Raises
        ------
        ValueError, KeyError, TypeError
            If a field is missing or wrong.
        """
        known = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        for name in ("image", "sha256", "group", "task", "model"):
            if not isinstance(known.get(name), str):
                raise ValueError(f"{name} must be text, got {known.get(name)!r}")
        known["reasons"] = tuple(known.get("reasons", ()))
        return cls(**known)


def read_predictions(path: Path) -> tuple[PredictionRecord, ...]:
    """Read a file of predictions.

    Raises
    ------
    DataError
        If the file cannot be read, is empty, or a line is not understood.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    records = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            records.append(PredictionRecord.from_dict(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path}: line {number}: {error}") from error
    if not records:
        raise DataError(f"{path}: no prediction in it")
    return tuple(records)


def write_predictions(records: Iterable[PredictionRecord], path: Path) -> None:
    """Write predictions, one a line."""
    path.write_text("".join(record.to_json() + "\n" for record in records), encoding="utf-8")
