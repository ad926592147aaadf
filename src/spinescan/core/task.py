"""Tasks: a question about a film and its closed, ordered answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

Mirror = Literal["keeps", "changes"]
"""Whether the mirrored film has the same label. A class of one side ("left") has not."""


@dataclass(frozen=True, slots=True)
class Label:
    """One answer.

    Parameters
    ----------
    code
        What files and reports hold.
    text
        What people read; empty where the code says it.
    """

    code: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A question and its answers, of which a film has exactly one (`one_of`) or several (`any_of`).

    Parameters
    ----------
    name
        Of the task.
    labels
        The answers, in the order of a model's outputs.
    kind
        Whether a film has exactly one answer or several.
    mirror
        "keeps" where the mirrored film has the same label, so that a model may be taught on
        mirrored films; else "changes".
    families
        For each label a coarser one whose confusion costs more, such as 3CH to 3C; empty where
        there is none.
    within
        Name of the wider task of which this one is a part: films of its other classes have no label
        here. Empty where there is none.

    Raises
    ------
    ValueError
        Fewer than two labels, one twice or without a code, or families of other labels.
    """

    name: str
    labels: tuple[Label, ...]
    kind: Literal["one_of", "any_of"] = "one_of"
    mirror: Mirror = "keeps"
    families: Mapping[str, str] = field(default_factory=dict)
    within: str = ""

    def __post_init__(self) -> None:
        codes = self.codes
        if len(codes) < 2:
            raise ValueError(f"task {self.name!r} needs two labels or more, got {len(codes)}")
        if len(set(codes)) < len(codes) or not all(codes):
            raise ValueError(f"task {self.name!r}: labels must differ and have a code, got {codes}")
        if self.families and set(self.families) != set(codes):
            raise ValueError(f"task {self.name!r}: families must name every label and no other")

    @classmethod
    def of_codes(cls, name: str, codes: tuple[str, ...]) -> Self:
        """A task of one's own, whose mirrored films are not known to keep their label."""
        return cls(name, tuple(Label(code) for code in codes), mirror="changes")

    @property
    def codes(self) -> tuple[str, ...]:
        """The labels' codes, in order."""
        return tuple(label.code for label in self.labels)

    def index(self, code: str) -> int:
        """The place of a label.

        Raises
        ------
        ValueError
            If the task has no such label.
        """
        try:
            return self.codes.index(code)
        except ValueError:
            raise ValueError(
                f"task {self.name!r} has the labels {', '.join(self.codes)}, not {code!r}"
            ) from None


ALS7 = Task(
    "als7",
    tuple(map(Label, ("3CH", "3CTL", "3CN", "3CL", "4C", "4CL", "4CTL"))),
    families={
        "3CH": "3C",
        "3CTL": "3C",
        "3CN": "3C",
        "3CL": "3C",
        "4C": "4C",
        "4CL": "4C",
        "4CTL": "4C",
    },
)
"""The seven Augmented Lehnert-Schroth types, in the order of the classifiers before this one."""

FRAIWAN3 = Task(
    "fraiwan3",
    (
        Label("normal", "normal"),
        Label("scoliosis", "scoliosis"),
        Label("spondylolisthesis", "spondylolisthesis"),
    ),
)
"""The classes of Fraiwan's set (Mendeley Data, doi 10.17632/xkt857dsxk.1)."""

SAGITTAL3 = Task(
    "sagittal3",
    (
        Label("healthy", "healthy"),
        Label("kyphosis", "hyperkyphosis"),
        Label("lordosis", "hyperlordosis"),
    ),
)
"""What a lateral film is sorted into: the generalist's question."""

KYPHOSIS = Task("kyphosis", (SAGITTAL3.labels[0], SAGITTAL3.labels[1]), within="sagittal3")
LORDOSIS = Task("lordosis", (SAGITTAL3.labels[0], SAGITTAL3.labels[2]), within="sagittal3")
"""The specialists' questions: healthy or not, among films that have nothing else."""

SCOLIOSIS = Task(
    "scoliosis",
    (
        Label("normal", "no curve of 10 degrees or more"),
        Label("scoliosis", "a curve of 10 degrees or more"),
    ),
)
"""Answered by measured curves, on frontal films."""

VIEW = Task("view", (Label("frontal"), Label("lateral"), Label("other")))
"""From where a film was taken."""

TASKS = {
    task.name: task for task in (ALS7, FRAIWAN3, SAGITTAL3, KYPHOSIS, LORDOSIS, SCOLIOSIS, VIEW)
}
"""The tasks that are known by name."""
