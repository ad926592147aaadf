"""Scans in cases, as the routes of films know scans."""

from spinescan.app.web.store import StoredScan
from spinescan.cases.errors import CaseError
from spinescan.cases.records import Scan
from spinescan.cases.store import CaseStore
from spinescan.core.told import Told


class SavedFilms:
    """The films of a case store."""

    def __init__(self, cases: CaseStore) -> None:
        self._cases = cases

    def find(self, scan_id: str) -> StoredScan | None:
        """The scan of that id with its newest edit, or None."""
        try:
            return self.of(self._cases.scan(scan_id))
        except CaseError as error:
            if error.kind != "not_found":
                raise
            return None

    def of(self, scan: Scan) -> StoredScan:
        """A saved scan as the routes of films know it; it does not expire."""
        change = scan.change
        return StoredScan(
            id=scan.id,
            film=self._cases.file(scan.id),
            sha256=scan.sha256,
            record=scan.report,
            told=Told(**scan.told),
            edit=None if change is None else change.edit,
            edited_record=None if change is None else change.report,
            case_id=scan.case_id,
            taken_on=scan.taken_on.isoformat(),
        )
