"""Films that were received and results that are to be delivered: nothing lost, nothing twice.

A folder, for this user alone, with `jobs.sqlite` and `spool/`. The database holds random file
names, states and digests; what names a patient is in the spooled files alone, and these are deleted
as soon as a film is answered or a result is acknowledged.

A file is on the disk before a row names it, and a row has ended before its file is deleted, so a
cut leaves at worst a file that no row names; those are deleted when the folder is opened. A stage
hands over to the next before it ends, under a key, so that what is done again after a cut adds
nothing.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import spinescan
from spinescan.cases.database import private_folder
from spinescan.cases.errors import CaseError
from spinescan.cases.job_records import OPEN, Claim, Job
from spinescan.cases.jobs import JobStore
from spinescan.cases.store import now
from spinescan.core.errors import SpineScanError
from spinescan.pacs.spool import Spool

DATABASE, SPOOL = "jobs.sqlite", "spool"
KEEP = timedelta(days=7)

_FILM = "film"
_DELIVER = "deliver "
_SCAN_ATTEMPTS = 3
_SCAN_CLAIMS = 20
"""Films are scanned in processes of their own, so a film is seldom to blame where the process that
has the queue is killed over it; one that always is must end too."""

_DELIVERY_ATTEMPTS = 2**31  # the age limit ends them
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 2.0, 600.0


@dataclass(frozen=True, slots=True)
class FilmClaim:
    """A film in a worker's hands, and the file that it lies in."""

    claim: Claim
    path: Path
    attempt: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A result in a sender's hands. `kind` is its name among the results, "report.dcm" say."""

    claim: Claim
    data: bytes
    kind: str
    attempt: int


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many films and results are where; what was delivered is forgotten after a while."""

    films_waiting: int
    films_answered: int
    films_failed: int
    deliveries_waiting: int
    deliveries_done: int


@dataclass(frozen=True, slots=True)
class Swept:
    """What was deleted because it was too old: films not scanned, and results not delivered."""

    films: int
    deliveries: int


class PacsQueue(AbstractContextManager["PacsQueue"]):
    """The queue in a folder, which is made if it is not there. Threads may share it.

    Parameters
    ----------
    folder
        One process at a time has it open.
    keep
        How long a film may wait for its scan and a result for its delivery, and for how long a film
        is known that was answered.

    Raises
    ------
    CaseError
        If the folder is in use by another process or cannot be kept private. All methods raise it,
        or OSError, where the disk is full or fails; what was there is then as it was.
    """

    def __init__(
        self, folder: Path, *, keep: timedelta = KEEP, clock: Callable[[], datetime] = now
    ) -> None:
        self._keep, self._clock = keep, clock
        private_folder(folder)
        self._jobs = JobStore(folder / DATABASE, clock=clock)
        try:
            self._spool = Spool(folder / SPOOL)
            named = {payload["file"] for payload in self._jobs.payloads(*OPEN)}
            self._spool.keep_only(named)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the folder."""
        self._jobs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def receive(self, film: bytes, key: str) -> bool:
        """Take a film in; it is on the disk when this returns.

        Parameters
        ----------
        film
            A DICOM file.
        key
            Its SOP Instance UID. With its bytes it makes it the only one of its sort: a film whose
            patient or study was corrected is another film.

        Returns
        -------
        bool
            False if it is known already, and so was not taken in again. A film whose scan failed,
            or whose results were not delivered in time, may come again.
        """
        digest = _digest(f"{key} {hashlib.sha256(film).hexdigest()}")
        known = self._jobs.find(f"{_FILM} {digest}")
        if known is not None and not _failed(known):
            return False
        payload = {"digest": digest}
        return self._add(_FILM, [(film, {})], f"{_FILM} {digest}", payload, _SCAN_CLAIMS)

    def next_film(self, lease_s: float) -> FilmClaim | None:
        """The film that has waited longest, or None; it is the caller's for so many seconds."""
        claim = self._jobs.claim(_FILM, lease_s=lease_s)
        if claim is None:
            return None
        return FilmClaim(claim, self._spool.path(claim.payload["file"]), claim.attempt)

    def answered(self, film: FilmClaim, results: Mapping[str, bytes], destination: str) -> None:
        """A film is scanned: its results wait for their delivery, and the film is deleted.

        Without results (a film that needs none) it is only deleted. CaseError ("conflict") if the
        film is not the claim's any more.
        """
        if results:
            self._queue(film.claim.job_payload["digest"], results, destination)
        self._jobs.finish(film.claim)
        self._spool.delete(film.claim.payload["file"])

    def failed(self, film: FilmClaim, error: SpineScanError, *, retry: bool) -> bool:
        """A film could not be scanned; whether it is tried again, which only `retry` allows."""
        again = retry and film.attempt < _SCAN_ATTEMPTS
        at = self._clock() + _pause(film.attempt) if again else None
        self._jobs.fail(film.claim, _told(error), retry_at=at)
        if not again:
            self._spool.delete(film.claim.payload["file"])
        return again

    def put_back(self, film: FilmClaim) -> None:
        """The film waits again, as if it had not been claimed."""
        self._jobs.give_back(film.claim)

    def add_results(self, key: str, results: Mapping[str, bytes], destination: str) -> bool:
        """Results of a film that was not received here; False if they are known already."""
        return self._queue(_digest(key), results, destination)

    def next_delivery(self, destination: str, lease_s: float) -> Delivery | None:
        """The result for this destination that is due longest, or None."""
        claim = self._jobs.claim(_DELIVER + destination, lease_s=lease_s)
        if claim is None:
            return None
        path, kind = self._spool.path(claim.payload["file"]), claim.payload["kind"]
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            lost = CaseError("a result is gone from the queue's folder", kind="storage")
            self._jobs.fail(claim, _told(lost))
            raise lost from error
        return Delivery(claim, data, kind, claim.attempt)

    def delivered(self, delivery: Delivery) -> None:
        """A result was acknowledged: it is deleted here."""
        self._jobs.finish(delivery.claim)
        self._spool.delete(delivery.claim.payload["file"])

    def postponed(self, delivery: Delivery, error: SpineScanError) -> None:
        """A result was not taken: it is tried again, after longer and longer pauses."""
        at = self._clock() + _pause(delivery.attempt)
        self._jobs.fail(delivery.claim, _told(error), retry_at=at)

    def hurry(self, destination: str) -> int:
        """All results for this destination are due now: somebody asks. How many there are."""
        self._jobs.hurry(_DELIVER + destination)
        return self.waiting(destination)

    def waiting(self, destination: str) -> int:
        """How many results wait for this destination, due or not."""
        return self._jobs.waiting(_DELIVER + destination)

    def waiting_elsewhere(self, destination: str) -> int:
        """How many results wait for other destinations than this, which it never gets."""
        tally = self._jobs.tally()
        others = [kind for kind in tally if kind not in (_FILM, _DELIVER + destination)]
        return sum(tally[kind][state] for kind in others for state in OPEN)

    def sweep(self) -> Swept:
        """Delete what is too old, whatever it is, and forget what came to an end long ago."""
        films = deliveries = 0
        for job in self._jobs.cancel_older(self._keep):
            if job.kind == _FILM:
                films += job.counts["cancelled"]
            else:
                deliveries += job.counts["cancelled"]
                answered = self._jobs.find(f"{_FILM} {job.payload['digest']}")
                if answered is not None:  # its results never arrived: the film may come again
                    self._jobs.forget(answered.id)
        for payload in self._jobs.payloads("cancelled", "failed"):
            self._spool.delete(payload["file"])
        self._jobs.purge(self._keep)
        return Swept(films, deliveries)

    def counts(self) -> QueueCounts:
        """How much there is, of all destinations."""
        tally = self._jobs.tally()
        films = tally.get(_FILM, Counter())
        results = [counts for kind, counts in tally.items() if kind.startswith(_DELIVER)]
        return QueueCounts(
            films_waiting=sum(films[state] for state in OPEN),
            films_answered=films["done"],
            films_failed=films["failed"] + films["cancelled"],
            deliveries_waiting=sum(counts[state] for counts in results for state in OPEN),
            deliveries_done=sum(counts["done"] for counts in results),
        )

    def _queue(self, digest: str, results: Mapping[str, bytes], destination: str) -> bool:
        key = f"{_DELIVER}{destination} {digest}"
        items = [(data, {"kind": kind}) for kind, data in results.items()]
        payload = {"digest": digest}
        return self._add(_DELIVER + destination, items, key, payload, _DELIVERY_ATTEMPTS)

    def _add(
        self,
        kind: str,
        items: list[tuple[bytes, dict[str, str]]],
        key: str,
        payload: dict[str, str],
        attempts: int,
    ) -> bool:
        """Spool the items and list them under a key; False, with nothing left, if it is taken."""
        earlier = self._jobs.find(key)
        if earlier is not None:
            if not _failed(earlier):
                return False
            self._jobs.forget(earlier.id)
        names: list[str] = []
        mine = False
        try:
            for data, _ in items:
                names.append(self._spool.put(data))
            files = [{"file": n, **more} for n, (_, more) in zip(names, items, strict=True)]
            payload = {**payload, "first": names[0]}
            job = self._jobs.add(kind, files, payload=payload, key=key, attempts=attempts)
            # Of two that came at once, the second is given the first one's job.
            mine = bool(job.payload["first"] == names[0])
        finally:
            if not mine:
                for name in names:
                    self._spool.delete(name)
        return mine


def _digest(key: str) -> str:
    """A newer version answers a film anew."""
    return hashlib.sha256(f"{spinescan.__version__} {key}".encode()).hexdigest()


def _failed(job: Job) -> bool:
    return job.cancelled or job.counts["failed"] > 0


def _pause(attempt: int) -> timedelta:
    doublings = min(attempt - 1, 16)
    return timedelta(seconds=min(_FIRST_PAUSE_S * 2**doublings, _LONGEST_PAUSE_S))


def _told(error: SpineScanError) -> dict[str, str]:
    return {"kind": error.kind}  # the message may hold words of a header
