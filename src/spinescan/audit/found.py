"""What an audit has found, and its JSON."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from spinescan.audit.confound import Telling
from spinescan.audit.sights import Sight, Unread
from spinescan.audit.twins import Pair
from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import Task
from spinescan.data.checks import label_of
from spinescan.data.manifest import ManifestFilm

Severity = Literal["stop", "look", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: "stop" makes figures wrong, "look" may, "note" is good to know."""

    severity: Severity
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class DataSet:
    """A manifest of the audit."""

    name: str
    path: Path
    films: tuple[ManifestFilm, ...]


@dataclass(frozen=True, slots=True)
class ClassCount:
    """How much there is of a class; `recall_interval` is what a recall of 0.8 would be worth."""

    code: str
    films: int
    persons: int
    recall_interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spread:
    """A person, or films that are one, in two splits or with two labels."""

    data_set: str
    group: str
    values: tuple[str, ...]
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """All that was found. `task` is None where none was asked for; then labels are not judged."""

    sets: tuple[DataSet, ...]
    task: Task | None
    sights: tuple[Sight, ...]
    unread: tuple[Unread, ...]
    classes: tuple[ClassCount, ...]
    unknown_labels: tuple[Sight, ...]
    pairs: tuple[Pair, ...]
    leaks: tuple[Spread, ...]
    label_pairs: tuple[Pair, ...]
    label_groups: tuple[Spread, ...]
    tellings: tuple[Telling, ...]
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """The audit as plain JSON types."""
        return {
            "research_use": RESEARCH_USE,
            "task": None
            if self.task is None
            else {"name": self.task.name, "labels": list(self.task.codes)},
            "sets": [
                {
                    "name": one.name,
                    "manifest": str(one.path),
                    "films": len(one.films),
                    "persons": len({film.group for film in one.films}),
                    "licences": sorted({film.licence for film in one.films} - {""}),
                }
                for one in self.sets
            ],
            "findings": [asdict(finding) for finding in self.findings],
            "unreadable": [asdict(one) for one in self.unread],
            "classes": [asdict(one) for one in self.classes],
            "unknown_labels": [self._film(sight) for sight in self.unknown_labels],
            "duplicates": {"pairs": [self._pair(pair) for pair in self.pairs]},
            "groups_in_two_splits": [asdict(one) for one in self.leaks],
            "contradictory_labels": {
                "pairs": [self._pair(pair) for pair in self.label_pairs],
                "groups": [asdict(one) for one in self.label_groups],
            },
            "marks": [
                {**self._film(s), "text": list(s.marks.text), "lines": list(s.marks.lines)}
                for s in self.sights
                if s.marks.text or s.marks.lines
            ],
            "colour": [self._film(sight) for sight in self.sights if sight.colour],
            "confounds": [
                {**asdict(one), "chance": round(one.chance, 4), "tells": one.tells}
                for one in self.tellings
            ],
        }

    def _film(self, sight: Sight) -> dict[str, Any]:
        film = sight.film
        return {
            "set": sight.data_set,
            "row": sight.row,
            "image": film.image,
            "sha256": film.sha256,
            "group": film.group,
            "split": film.split,
            "label": None if self.task is None else label_of(film, self.task),
        }

    def _pair(self, pair: Pair) -> dict[str, Any]:
        return {
            "kind": pair.kind,
            "correlation": pair.correlation,
            "a": self._film(pair.a),
            "b": self._film(pair.b),
        }
