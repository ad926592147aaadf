"""A DICOM node: films that are sent to it are scanned, and the results sent on.

Three kinds of threads share a `PacsQueue` and know nothing of each other: the listener puts films
in, scanners turn films into results, and a deliverer sends results. Each takes up its work where it
was after a fault or a restart. Whatever goes wrong in one of them is a line in the log.
"""

import contextlib
import logging
import shutil
import ssl
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from spinescan.cases.errors import CaseError
from spinescan.core.errors import SpineScanError
from spinescan.pacs.access import THIS_COMPUTER, AllowList, is_loopback
from spinescan.pacs.connection import DEFAULT_LIMITS, ConnectionLimits
from spinescan.pacs.deliver import deliver_due
from spinescan.pacs.destination import Destination
from spinescan.pacs.errors import PacsError
from spinescan.pacs.listener import TALLIED, Address, Listener, Taken
from spinescan.pacs.queue import FilmClaim, PacsQueue
from spinescan.pacs.received import Received

log = logging.getLogger("spinescan.node")

T = TypeVar("T")

Scan = Callable[[Path], Mapping[str, bytes]]
"""Reads a film and gives its results, files of DICOM by their names; none for a film that needs no
answer (our own overlay that came back). Raises SpineScanError, within a bounded time. Called by as
many threads as there are `NodeSettings.jobs`."""

_LEASE_S = 3600.0
"""Threads never die of their work, and what a dead process had waits again once its successor
begins; so this only has to be longer than a full disk may hold up a scanner."""

_AGAIN = frozenset(("crashed", "timeout", "internal"))
"""Kinds of failed scans that another try may mend; what a film lacks, it lacks for good."""

_IDLE_S = 2.0
_FAULT_S = 5.0
_LONGEST_S = 60.0
_SWEEP_S = 3600.0
_TELL_S = 5.0
_END_S = 2.0


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """How a node listens and works.

    Parameters
    ----------
    at
        Where it listens, and its own AE title, which senders must use.
    allowed
        Who may send. Beyond this computer, somebody has to be named.
    limits
        Of each connection.
    tls
        Speak TLS only, as this context says.
    jobs
        How many films are scanned at once.
    films_waiting
        How many films may wait for their scan; the next is told to come back.
    free_bytes
        How much room is left on the disk.
    status_s
        How often the counts are told in the log.
    """

    at: Address
    allowed: AllowList = THIS_COMPUTER
    limits: ConnectionLimits = DEFAULT_LIMITS
    tls: ssl.SSLContext | None = None
    jobs: int = 1
    films_waiting: int = 1000
    free_bytes: int = 2**30
    status_s: float = 600.0

    def __post_init__(self) -> None:
        if not is_loopback(self.at.host) and self.allowed == THIS_COMPUTER:
            raise PacsError("others may reach this address: name who may send", kind="refused")


class Node(AbstractContextManager["Node"]):
    """A node at work from `start` to `stop`.

    Parameters
    ----------
    folder
        That of the queue.

    Raises
    ------
    OSError
        If the address cannot be listened at.
    """

    def __init__(
        self,
        settings: NodeSettings,
        folder: Path,
        queue: PacsQueue,
        scan: Scan,
        destination: Destination,
    ) -> None:
        self._settings, self._folder, self._queue = settings, folder, queue
        self._scan, self._destination = scan, destination
        self._stopping = threading.Event()
        self._films = threading.Event()
        self._results = threading.Event()
        self._pause_s = _IDLE_S
        self._next_status = 0.0
        self._told_of: Counter[str] = Counter()
        self._listener = Listener(
            settings.at,
            self._take,
            allowed=settings.allowed,
            limits=settings.limits,
            tls=settings.tls,
        )
        scanners = [self._scanning] * settings.jobs
        self._threads = [
            threading.Thread(target=self._for_ever, args=(work,), name=name, daemon=True)
            for work, name in (
                *((scanner, "scanner") for scanner in scanners),
                (self._delivering, "deliverer"),
                (self._sweeping, "sweeper"),
                (self._telling, "status"),
            )
        ]

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._listener.port

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()
        self._listener.start()

    def stop(self, grace_s: float = 10.0, *, end_scans: Callable[[], None] | None = None) -> None:
        """Take nothing more, let end what runs for as long, and let the rest wait on the disk.

        Parameters
        ----------
        end_scans
            Called when the time is over: it ends the scans that still run, whose films then wait
            again.
        """
        self._stopping.set()
        self._films.set()
        self._results.set()
        deadline = time.monotonic() + grace_s
        self._listener.close(grace_s / 2)
        self._join(deadline)
        if end_scans is not None:
            end_scans()
            self._join(time.monotonic() + _END_S)
        self._tell_status()

    def _join(self, deadline: float) -> None:
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _take(self, received: Received) -> Taken:
        if self._stopping.is_set():
            return "full"
        size = len(received.film)
        try:
            if shutil.disk_usage(self._folder).free < self._settings.free_bytes + size:
                log.error("a film was refused for now: the disk is full")
                return "full"
            if self._queue.counts().films_waiting >= self._settings.films_waiting:
                log.warning("a film was refused for now: too many wait")
                return "full"
            new = self._queue.receive(received.film, received.uid)
        except Exception as error:
            log.error("a film was refused for now: %s", told(error))
            return "full"
        log.info("a film has come, %d bytes%s", size, "" if new else ", known already")
        self._films.set()
        return "taken"

    def _for_ever(self, work: Callable[[], float]) -> None:
        """Do some work, wait for as long as it says, and so on; a fault is told and waited out."""
        fault_s = _FAULT_S
        while not self._stopping.is_set():
            try:
                wait_s = work()
                fault_s = _FAULT_S
            except Exception as error:
                log.error("%s: %s", threading.current_thread().name, told(error))
                wait_s, fault_s = fault_s, min(2 * fault_s, _LONGEST_S)
            self._stopping.wait(wait_s)

    def _scanning(self) -> float:
        self._films.clear()
        while not self._stopping.is_set():
            claim = self._queue.next_film(_LEASE_S)
            if claim is None:
                self._films.wait(_IDLE_S)
                return 0.0
            self._scan_one(claim)
        return 0.0

    def _scan_one(self, claim: FilmClaim) -> None:
        name, began = claim.claim.job[:8], time.monotonic()
        try:
            results = self._scan(claim.path)
        except SpineScanError as error:
            self._not_scanned(claim, error)
            return
        except Exception as error:
            self._not_scanned(claim, SpineScanError(told(error), kind="internal"))
            return
        self._note(lambda: self._queue.answered(claim, results, self._destination.name))
        self._results.set()
        took_s = time.monotonic() - began
        what = f"{len(results)} results" if results else "needs no answer"
        log.info("film %s: %s, %.1f s", name, what, took_s)

    def _not_scanned(self, claim: FilmClaim, error: SpineScanError) -> None:
        if self._stopping.is_set():  # its process was ended, which is not the film's fault
            self._queue.put_back(claim)
            return
        retry = error.kind in _AGAIN
        again = self._note(lambda: self._queue.failed(claim, error, retry=retry))
        # Not the message: it may repeat words of the film's header.
        name, what = claim.claim.job[:8], "is tried again" if again else "FAILED, and is given up"
        log.log(
            logging.WARNING if again else logging.ERROR,
            "film %s: not scanned (%s), attempt %d; it %s",
            *(name, error.kind, claim.attempt, what),
        )

    def _note(self, note: Callable[[], T]) -> T:
        """Tell the queue how a film or a result fared, as often as it takes: disks fill up."""
        while True:
            try:
                return note()
            except (OSError, CaseError) as error:
                if self._stopping.is_set() or getattr(error, "kind", "") == "conflict":
                    raise
                log.error("what was done cannot be written: %s", told(error))
                self._stopping.wait(_FAULT_S)

    def _delivering(self) -> float:
        self._results.clear()
        done = deliver_due(
            self._queue,
            self._destination,
            going_on=lambda: not self._stopping.is_set(),
            note=self._note,
        )
        if done.sent:
            log.info("%d results delivered", done.sent)
        for text in dict.fromkeys(map(str, done.postponed)):
            log.warning("results wait: %s", text)
        if not done.postponed:
            self._pause_s = _IDLE_S
            self._results.wait(_IDLE_S)
            return 0.0
        wait_s = self._pause_s
        self._pause_s = _IDLE_S if done.sent else min(2 * wait_s, _LONGEST_S)
        return wait_s

    def _sweeping(self) -> float:
        swept = self._queue.sweep()
        if swept.films or swept.deliveries:
            log.error(
                "TOO OLD, deleted: %d films not scanned, %d results not delivered",
                *(swept.films, swept.deliveries),
            )
        return _SWEEP_S

    def _telling(self) -> float:
        refused = self._listener.tally
        del refused["taken"], refused["full"]  # each is told of when it comes
        new = refused - self._told_of
        if new:
            log.warning("refused: %s", _in_words(new))
        self._told_of = refused
        if time.monotonic() >= self._next_status:
            self._next_status = time.monotonic() + self._settings.status_s
            self._tell_status()
        return _TELL_S

    def _tell_status(self) -> None:
        with contextlib.suppress(SpineScanError, OSError):
            counts = self._queue.counts()
            log.info(
                "films: %d wait, %d answered, %d failed; results: %d wait, %d delivered; "
                "%d connections open; since the start: %s",
                *(counts.films_waiting, counts.films_answered, counts.films_failed),
                *(counts.deliveries_waiting, counts.deliveries_done),
                *(self._listener.connections, _in_words(self._listener.tally) or "nothing"),
            )


def _in_words(tally: Counter[str]) -> str:
    return ", ".join(f"{number} {TALLIED[what]}" for what, number in tally.items() if number)


def told(error: Exception) -> str:
    """An error in one line: ours as it is, a defect by its place in the code, without a value."""
    if isinstance(error, SpineScanError):
        return f"{error.kind}: {error}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, line {frame.lineno}"
