"""A job as it stands, its items, and an item in a worker's hands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from spinescan.cases.database import Json

State = Literal["waiting", "running", "done", "failed", "cancelled"]
OPEN: tuple[State, ...] = ("waiting", "running")

LOST: Json = {"kind": "lost", "message": "The work was cut off too often and is not tried again."}
"""The error of an item whose every attempt was cut off."""


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of work of a job, `number` from 1 on; `attempts` counts the claims so far."""

    number: int
    state: State
    payload: Json
    attempts: int
    not_before: datetime
    result: Json | None
    error: Json | None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands. It is done when all its items are, however they ended."""

    id: str
    kind: str
    key: str | None
    payload: Json
    created_at: datetime
    cancelled: bool
    counts: dict[State, int]

    @property
    def total(self) -> int:
        """How many items it has."""
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        """How many of them came to an end."""
        return self.total - sum(self.counts[state] for state in OPEN)

    @property
    def state(self) -> Literal["waiting", "running", "done", "cancelled"]:
        """Of the job as a whole."""
        if self.cancelled:
            return "cancelled"
        if self.ended == self.total:
            return "done"
        return "running" if self.counts["running"] or self.ended else "waiting"


@dataclass(frozen=True, slots=True)
class Claim:
    """An item in a worker's hands; `token` proves that it still is."""

    token: str
    item: int
    job: str
    kind: str
    number: int
    job_payload: Json
    payload: Json
    attempt: int
