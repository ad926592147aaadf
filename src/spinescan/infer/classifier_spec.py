"""What a bundle says of a classifier: its question, how it was calibrated, what it may be shown."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from spinescan.core.radiograph import View
from spinescan.core.task import Label, Task

Origin = Literal["real", "synthetic", "none"]
Activation = Literal["softmax", "sigmoid"]

_LONGEST_TEXT = 200
_LEAST_SCORE = 1e-6


@dataclass(frozen=True, slots=True)
class Calibration:
    """How scores become a set of labels that holds the true one as often as promised.

    Class-conditional split conformal prediction (Vovk 2012, doi 10.1007/s10994-013-5355-6): with
    the probability p of a label at `temperature` (`probabilities`), the label is in the set where
    1 - p <= `thresholds[label]`, which is the `coverage` quantile (the ceil((n + 1) coverage)-th
    smallest) of 1 - p over the `n[label]` calibration films that are so labelled. Both are fitted
    by `spinescan.study.calibration`.

    Parameters
    ----------
    origin
        Whether those films were real; only then `coverage` may be promised. "none" without any.
    temperature
        What the logarithms of the scores are divided by.
    n
        How many calibration films have each label.
    thresholds
        For each label the largest 1 - p with which it is in the set; None keeps it in every set,
        for want of films. Empty: there are no sets.
    coverage
        The share (0 to 1) of films of a label whose set shall hold that label.

    Raises
    ------
    ValueError
        A number that makes no sense, or thresholds without the films they rest on.
    """

    origin: Origin = "none"
    temperature: float = 1.0
    n: Mapping[str, int] = field(default_factory=dict)
    thresholds: Mapping[str, float | None] = field(default_factory=dict)
    coverage: float = 0.9

    def __post_init__(self) -> None:
        if self.origin not in get_args(Origin):
            raise ValueError(f"origin is {' or '.join(get_args(Origin))}, not {self.origin!r}")
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise ValueError(f"temperature must be positive, got {self.temperature}")
        if not 0 < self.coverage < 1:
            raise ValueError(f"coverage lies between 0 and 1, got {self.coverage}")
        if any(q is not None and not q >= 0 for q in self.thresholds.values()):  # NaN too
            raise ValueError(f"thresholds are 0 or more, got {dict(self.thresholds)}")
        if self.thresholds and self.origin == "none":
            raise ValueError("thresholds without an origin of the calibration films")
        if self.thresholds and set(self.n) != set(self.thresholds):
            raise ValueError("calibration: n and thresholds must name the same labels")
        if any(type(n) is not int or n < 0 for n in self.n.values()):
            raise ValueError(f"calibration: n counts films, got {dict(self.n)}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from a bundle's JSON; TypeError or ValueError for what does not belong there."""
        return cls(**values)

    @property
    def gives_sets(self) -> bool:
        """Whether there are prediction sets."""
        return bool(self.thresholds)

    def probabilities(self, scores: Mapping[str, float]) -> dict[str, float]:
        """Scores at the temperature: their logarithms divided by it, and a softmax of that.

        Of softmax scores that is the softmax of the divided logits. Scores below a millionth count
        as one, since the files that a calibration is fitted on hold six decimals.
        """
        values = np.maximum(np.array(list(scores.values())), _LEAST_SCORE)
        powers = _softmax(np.log(values) / self.temperature)
        return dict(zip(scores, powers.tolist(), strict=True))

    def labels_in_set(self, scores: Mapping[str, float]) -> tuple[str, ...]:
        """The labels that a film with these scores may have, in the order of the scores."""
        return tuple(
            code
            for code, chance in self.probabilities(scores).items()
            if (limit := self.thresholds[code]) is None or 1 - chance <= limit
        )


@dataclass(frozen=True, slots=True)
class ClassifierSpec:
    """The classifier's part of a bundle.

    Parameters
    ----------
    task
        The question, whose labels are in the order of the network's outputs.
    calibration
        How its scores become a set of labels.
    views
        The views of films that it may be asked about; empty for all.
    activation
        What turns the network's logits into scores; "sigmoid" is for heads that were trained so,
        whose scores do not add up to 1.
    on_request
        A bundle that ships so answers only where it is named: its card tells why.

    Raises
    ------
    ValueError
        A task whose films have several labels, or a calibration of other labels.
    """

    task: Task
    calibration: Calibration = field(default_factory=Calibration)
    views: tuple[View, ...] = ()
    activation: Activation = "softmax"
    on_request: bool = False

    def __post_init__(self) -> None:
        if self.task.kind != "one_of":
            raise ValueError("a film gets one label; tasks of several labels cannot be asked")
        if self.activation not in get_args(Activation):
            raise ValueError(f"activation must be softmax or sigmoid, got {self.activation!r}")
        if type(self.on_request) is not bool:
            raise ValueError(f"on_request is true or false, got {self.on_request!r}")
        known = set(self.task.codes)
        if self.calibration.gives_sets and set(self.calibration.thresholds) != known:
            raise ValueError(f"calibration must name the labels {', '.join(self.task.codes)}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the whole of a bundle's JSON.

        Raises
        ------
        ValueError, KeyError, TypeError, AttributeError
            If a part is missing or wrong.
        """
        return cls(
            task=_task(values["labels"]),
            calibration=Calibration.from_dict(values["calibration"]),
            views=tuple(View(name) for name in values.get("views") or ()),
            activation=values.get("activation", "softmax"),
            on_request=values.get("on_request", False),
        )

    def scores(self, logits: NDArray[np.floating]) -> dict[str, float]:
        """Logits (labels,) as a score in [0, 1] for each label."""
        exact = np.asarray(logits, np.float64)
        # The sigmoid by its tanh, which does not overflow.
        values = _softmax(exact) if self.activation == "softmax" else 0.5 + np.tanh(exact / 2) / 2
        return dict(zip(self.task.codes, values.tolist(), strict=True))


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())


def _task(values: Mapping[str, Any]) -> Task:
    labels = tuple(
        Label(line_of_text(entry["code"]), line_of_text(entry.get("text", "")))
        for entry in values["labels"]
    )
    if values["kind"] not in ("one_of", "any_of") or values["mirror"] not in ("keeps", "changes"):
        raise ValueError(f"task of an unknown kind: {values['kind']!r}, {values['mirror']!r}")
    families = {
        line_of_text(code): line_of_text(name) for code, name in values.get("families", {}).items()
    }
    return Task(line_of_text(values["name"]), labels, values["kind"], values["mirror"], families)


def line_of_text(value: object) -> str:
    """Words from outside: one printable line, not long."""
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not value.isprintable():
        raise ValueError(f"expected a line of text, got {str(value)[:_LONGEST_TEXT]!r}")
    return value
