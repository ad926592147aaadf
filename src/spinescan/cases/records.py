"""What goes into a case store, and what comes out of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from spinescan.cases.database import Json

Deed = Literal[
    "case_created",
    "scan_saved",
    "scan_edited",
    "scan_reset",
    "scan_deleted",
    "case_exported",
    "training_exported",
    "case_deleted",
]
"""What an audit trail tells. `scan_reset`: back to the machine's answer."""

FILM = "film"
"""The name of the film itself among the files that are kept of a scan."""

_SCAN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{7,63}")
_FILE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Change:
    """What a reader made of a scan: the Edit, and the Report that follows from it."""

    edit: Json
    report: Json


@dataclass(frozen=True, slots=True)
class NewScan:
    """A scan to be saved.

    Parameters
    ----------
    id
        The one it had before it was saved: 8 to 64 letters, digits, - or _.
    sha256
        Of the film's bytes; compared with what was written.
    taken_on
        The day of the film.
    told, report
        As JSON: what was told beside the film, and the machine's Report.
    film
        The bytes that were handed in, or a file of them.
    files
        What else is kept beside the film, by name (small letters, digits, ".", "-", "_").
    change
        What a reader had changed already.
    """

    id: str
    sha256: str
    taken_on: date
    told: Json
    report: Json
    film: bytes | Path
    files: Mapping[str, bytes | Path] = field(default_factory=dict)
    change: Change | None = None

    def __post_init__(self) -> None:
        if not _SCAN_ID.fullmatch(self.id):
            raise ValueError(f"not a scan's id: {self.id!r}")
        for name in self.files:
            if name == FILM or not _FILE.fullmatch(name):
                raise ValueError(f"not a name for a file beside a film: {name!r}")


@dataclass(frozen=True, slots=True)
class Edit:
    """One state that a reader left a scan in; without a `change`: back to the machine's answer."""

    number: int
    at: datetime
    by: str
    change: Change | None


@dataclass(frozen=True, slots=True)
class Scan:
    """A saved scan; `change` is what holds now, None if that is the machine's answer."""

    id: str
    case_id: str
    taken_on: date
    saved_at: datetime
    sha256: str
    view: str
    told: Json
    report: Json
    change: Change | None

    @property
    def told_now(self) -> Json:
        """What was told, as the newest edit has it."""
        edited = self.change and self.change.edit.get("told")
        return edited or self.told

    @property
    def report_now(self) -> Json:
        """The Report that holds now."""
        return self.report if self.change is None else self.change.report


@dataclass(frozen=True, slots=True)
class ScanLine:
    """A scan in the list of its case."""

    id: str
    taken_on: date
    view: str
    edited: bool
    sha256: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A person's scans by the day they were taken."""

    id: str
    pseudonym: str
    created_at: datetime
    scans: tuple[ScanLine, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the audit trail; `edit` is the number of the edit that was made."""

    at: datetime
    by: str
    what: str
    scan: str | None
    edit: int | None
