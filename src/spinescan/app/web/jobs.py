"""Jobs of many films: kept on the disk until they are done, also over a restart of the server."""

import asyncio
import contextlib
from datetime import timedelta

from spinescan.app.web.films import Films
from spinescan.cases.errors import CaseError
from spinescan.cases.job_records import Claim, Job
from spinescan.cases.jobs import JobStore
from spinescan.core.errors import SpineScanError
from spinescan.core.told import Told

KIND = "scan"
_IDLE_SECONDS = 2.0
_LEASE_FACTOR = 20
"""Of the time that a scan may take: others wait for the same processes."""


class ScanJobs:
    """The jobs of a server, done by as many loops as there are processes that scan."""

    def __init__(self, store: JobStore, films: Films) -> None:
        self.store = store
        self._films = films
        self._wake = asyncio.Event()

    def add(self, scans: list[str], told: dict[str, object]) -> Job:
        """Ask for films to be scanned that were received."""
        return self.store.add(KIND, [{"scan": scan} for scan in scans], payload={"told": told})

    def wake(self) -> None:
        """Look for work at once."""
        self._wake.set()

    async def work(self) -> None:
        """Do one item after the other, for ever."""
        lease = _LEASE_FACTOR * self._films.settings.scan_seconds
        while True:
            claim = await asyncio.to_thread(self.store.claim, KIND, lease_s=lease)
            if claim is not None:
                await self._do(claim)
                continue
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _IDLE_SECONDS)

    async def _do(self, claim: Claim) -> None:
        scan_id, told = claim.payload["scan"], Told(**claim.job_payload["told"])
        film = self._films.unsaved.film(scan_id)
        with contextlib.suppress(CaseError):  # it was cancelled meanwhile
            try:
                await self._films.scanned(scan_id, film, told)
            except SpineScanError as error:
                told_error = {"kind": error.kind, "message": str(error)}
                await asyncio.to_thread(self.store.fail, claim, told_error)
            else:
                await asyncio.to_thread(self.store.finish, claim, {"scan": scan_id})

    def open_scans(self) -> frozenset[str]:
        """The films that still wait to be scanned."""
        return frozenset(
            item.payload["scan"]
            for job in self.store.jobs(KIND)
            if job.state in ("waiting", "running")
            for item in self.store.items(job.id)
            if item.state in ("waiting", "running")
        )

    def cancel(self, job_id: str) -> None:
        """Give up what is open of a job, and delete those films; CaseError ("not_found")."""
        self.store.cancel(job_id)
        for item in self.store.items(job_id):
            if item.state == "cancelled":  # one that was done just before stays
                self._films.unsaved.delete(item.payload["scan"])

    def purge(self) -> None:
        """Forget jobs as old as films may get."""
        self.store.purge(timedelta(minutes=self._films.settings.keep_minutes))
