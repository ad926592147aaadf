"""A question that a model answers, and its closed, ordered list of answers."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Label:
    """One answer: a stable name for programs and a text for people."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Task:
    """A question with closed, ordered answers; `kind`: exactly one of them holds, or any number."""

    name: str
    labels: tuple[Label, ...]
    kind: Literal["one-of", "any-of"] = "one-of"

    def __post_init__(self) -> None:
        names = [label.name for label in self.labels]
        if len(names) < 2 or len(set(names)) != len(names):
            raise ValueError(f"task {self.name!r} needs two or more different labels, got {names}")
