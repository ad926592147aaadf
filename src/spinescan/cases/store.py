"""Cases: a person's films under a pseudonym, what the machine said, and what readers changed.

A folder, for this user alone, with `cases.sqlite` and `films/<scan id>/`. What a method has
answered is on the disk. A film is written before its row, so a row always has its film; films
without a row, left by a save or a deletion that was cut off, are removed when the store is opened.
"""

import uuid
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from spinescan.cases.database import Database, private_folder
from spinescan.cases.errors import CaseError
from spinescan.cases.film_files import FilmFiles, digest_of
from spinescan.cases.pseudonym import checked_pseudonym
from spinescan.cases.records import FILM, Case, Change, Deed, Edit, Entry, NewScan, Scan, ScanLine
from spinescan.cases.tables import SCHEMA, CaseRow, EditRow, ScanRow, TrailRow

DATABASE = "cases.sqlite"
_OWN = {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}.lock", "films"}


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


class CaseStore(AbstractContextManager["CaseStore"]):
    """The cases in a folder, which is made if it is not there. Threads may share it.

    `by` is always the name of the token that asked, never a person's.

    Raises
    ------
    CaseError
        If the folder holds other files, is in use by another process, cannot be kept private, or
        was written by a newer version.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], datetime] = now) -> None:
        self.folder, self._clock = folder, clock
        if folder.is_dir() and not (folder / DATABASE).exists():
            others = sorted(path.name for path in folder.iterdir() if path.name not in _OWN)
            if others:
                raise CaseError(f"{folder} holds other files ({others[0]}): choose an empty folder")
        private_folder(folder)
        self._films = FilmFiles(folder / "films")
        self._database = Database(folder / DATABASE, SCHEMA)
        try:
            with self._database.write() as session:
                cut_off = self._films.remove_others(set(session.scalars(select(ScanRow.id))))
            if cut_off:
                self._database.compact()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the folder."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Cases

    def create_case(self, pseudonym: str, *, by: str) -> Case:
        """Begin a case.

        Raises
        ------
        CaseError
            "pseudonym" if it might name somebody, "conflict" if there is such a case.
        """
        row = CaseRow(
            id=uuid.uuid4().hex, pseudonym=checked_pseudonym(pseudonym), created_at=self._clock()
        )
        with self._database.write() as session:
            if session.scalar(select(CaseRow.id).where(CaseRow.pseudonym == row.pseudonym)):
                raise CaseError("There is a case with this pseudonym.", kind="conflict")
            session.add(row)
            session.flush()
            case = Case(row.id, row.pseudonym, row.created_at, ())
            self._note(session, "case_created", by, case.id)
        return case

    def cases(self) -> tuple[Case, ...]:
        """All cases, by pseudonym."""
        with self._database.read() as session:
            rows = session.scalars(select(CaseRow).order_by(CaseRow.pseudonym)).all()
            return tuple(_case(session, row) for row in rows)

    def case(self, case_id: str) -> Case:
        """One case; CaseError ("not_found")."""
        with self._database.read() as session:
            return _case(session, _row(session, case_id))

    def trail(self, case_id: str) -> tuple[Entry, ...]:
        """All that was done to a case, oldest first; CaseError ("not_found")."""
        with self._database.read() as session:
            _row(session, case_id)
            return _entries(session, case_id)

    def deletions(self) -> tuple[Entry, ...]:
        """When cases were deleted, and by whom; nothing tells which."""
        with self._database.read() as session:
            return _entries(session, None)

    def note_export(self, cases: Iterable[str], what: Deed, *, by: str) -> None:
        """Put into the trails of cases that they were handed out."""
        with self._database.write() as session:
            for case_id in cases:
                _row(session, case_id)
                self._note(session, what, by, case_id)

    def delete_case(self, case_id: str, *, by: str) -> None:
        """Remove a case with its scans, films, edits and trail, and check that they are gone.

        Of it stays only that a case was deleted, when and by whom.

        Raises
        ------
        CaseError
            "not_found", or "not_deleted" if something is left.
        """
        with self._database.write() as session:
            _row(session, case_id)
            scans = session.scalars(select(ScanRow.id).where(ScanRow.case_id == case_id)).all()
            session.execute(delete(CaseRow).where(CaseRow.id == case_id))
            self._note(session, "case_deleted", by, None)
        self._erase(scans, (case_id, *scans))

    # Scans

    def save_scan(self, case_id: str, new: NewScan, *, by: str) -> Scan:
        """Save a scan to a case: film, the machine's answer, and a first edit if there is one.

        Raises
        ------
        CaseError
            "not_found" without the case, "conflict" if the case has this film, or the scan is
            saved already, "storage" if the disk does not take it.
        ValueError
            If the film is not the one with that digest.
        """
        with self._films.written({FILM: new.film, **new.files}) as part:
            if digest_of(part / FILM) != new.sha256:
                raise ValueError("the film's bytes do not have the digest of its scan")
            return self._save(case_id, new, part, by)

    def _save(self, case_id: str, new: NewScan, part: Path, by: str) -> Scan:
        try:
            with self._database.write() as session:
                _row(session, case_id)
                self._check_new(session, case_id, new)
                self._films.put(part, new.id)
                session.add(
                    ScanRow(
                        id=new.id,
                        case_id=case_id,
                        taken_on=new.taken_on,
                        saved_at=self._clock(),
                        sha256=new.sha256,
                        view=new.report["view"],
                        told=new.told,
                        report=new.report,
                    )
                )
                session.flush()
                self._note(session, "scan_saved", by, case_id, new.id)
                if new.change is not None:
                    self._add_edit(session, new.id, case_id, new.change, by)
                return _scan(session, new.id)
        except BaseException:
            self._remove_unsaved(new.id)
            raise

    def scan(self, scan_id: str) -> Scan:
        """One scan; CaseError ("not_found")."""
        with self._database.read() as session:
            return _scan(session, scan_id)

    def edits(self, scan_id: str) -> tuple[Edit, ...]:
        """All states that readers left a scan in, oldest first; CaseError ("not_found")."""
        with self._database.read() as session:
            if session.get(ScanRow, scan_id) is None:
                raise CaseError("There is no such saved scan.", kind="not_found")
            rows = session.scalars(
                select(EditRow).where(EditRow.scan_id == scan_id).order_by(EditRow.id)
            )
            return tuple(
                Edit(number, row.at, row.by, _change(row)) for number, row in enumerate(rows, 1)
            )

    def file(self, scan_id: str, name: str = FILM) -> Path:
        """The film of a scan, or another file that was kept with it; CaseError ("not_found")."""
        return self._films.path(scan_id, name)

    def edit_scan(self, scan_id: str, change: Change | None, *, by: str) -> Scan:
        """Put an edit on top of the others; None goes back to the machine's answer.

        Raises
        ------
        CaseError
            "not_found".
        """
        with self._database.write() as session:
            self._add_edit(session, scan_id, _scan(session, scan_id).case_id, change, by)
            return _scan(session, scan_id)

    def delete_scan(self, scan_id: str, *, by: str) -> None:
        """Remove a scan with film, edits and what the trail tells of it, and check that it is gone.

        The trail of its case keeps that a scan was deleted. Raises as `delete_case`.
        """
        with self._database.write() as session:
            case_id = _scan(session, scan_id).case_id
            session.execute(delete(ScanRow).where(ScanRow.id == scan_id))
            self._note(session, "scan_deleted", by, case_id)
        self._erase((scan_id,), (scan_id,))

    # The whole

    def check(self) -> tuple[str, ...]:
        """What is wrong with the store, one line each: films that are missing or have changed."""
        with self._database.read() as session:
            rows = session.execute(select(ScanRow.id, ScanRow.sha256)).all()
        wrong = []
        for scan_id, sha256 in rows:
            try:
                if digest_of(self.file(scan_id)) != sha256:
                    wrong.append(f"the film of scan {scan_id} has changed")
            except (CaseError, OSError):
                wrong.append(f"the film of scan {scan_id} is missing")
        others = self._films.scans() - {scan_id for scan_id, _ in rows}
        return (*wrong, *(f"files of no scan: {name}" for name in sorted(others)))

    def _check_new(self, session: Session, case_id: str, new: NewScan) -> None:
        if session.get(ScanRow, new.id) is not None:
            raise CaseError("This scan is saved already.", kind="conflict")
        twin = select(ScanRow.id).where(ScanRow.case_id == case_id, ScanRow.sha256 == new.sha256)
        if session.scalar(twin):
            raise CaseError(
                "This film is in the case already; edit the scan that is there.", kind="conflict"
            )

    def _remove_unsaved(self, scan_id: str) -> None:
        """Remove the film of a save that failed; what cannot be now is removed at the opening."""
        with suppress(CaseError), self._database.write() as session:
            if session.get(ScanRow, scan_id) is None:
                self._films.remove(scan_id)

    def _add_edit(
        self, session: Session, scan_id: str, case_id: str, change: Change | None, by: str
    ) -> None:
        row = EditRow(
            scan_id=scan_id,
            at=self._clock(),
            by=by,
            edit=change and change.edit,
            report=change and change.report,
        )
        session.add(row)
        session.flush()
        what: Deed = "scan_reset" if change is None else "scan_edited"
        self._note(session, what, by, case_id, scan_id, row.id)

    def _note(
        self,
        session: Session,
        what: Deed,
        by: str,
        case_id: str | None,
        scan_id: str | None = None,
        edit_id: int | None = None,
    ) -> None:
        entry = TrailRow(at=self._clock(), by=by, what=what, case_id=case_id)
        entry.scan_id, entry.edit_id = scan_id, edit_id
        session.add(entry)

    def _erase(self, scans: Iterable[str], ids: tuple[str, ...]) -> None:
        """Clear the remains of deleted rows out of the file, remove their films, and look.

        Films last: where they are left, the next opening knows that a deletion was cut off.
        """
        self._database.compact()
        for scan_id in scans:
            self._films.remove(scan_id)
        left = [*self._database.traces(ids), *self._films.scans().intersection(ids)]
        if left:
            raise CaseError(
                f"Of what was deleted, {len(left)} traces are left.", kind="not_deleted"
            )


def _row(session: Session, case_id: str) -> CaseRow:
    row = session.get(CaseRow, case_id)
    if row is None:
        raise CaseError("There is no such case.", kind="not_found")
    return row


def _case(session: Session, row: CaseRow) -> Case:
    newest = (
        select(EditRow.edit.is_not(None))
        .where(EditRow.scan_id == ScanRow.id)
        .order_by(EditRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    lines = session.execute(
        select(ScanRow.id, ScanRow.taken_on, ScanRow.view, newest, ScanRow.sha256, ScanRow.saved_at)
        .where(ScanRow.case_id == row.id)
        .order_by(ScanRow.taken_on, ScanRow.saved_at)
    )
    scans = tuple(
        ScanLine(scan_id, day, view, bool(edited), sha256, at)
        for scan_id, day, view, edited, sha256, at in lines
    )
    return Case(row.id, row.pseudonym, row.created_at, scans)


def _scan(session: Session, scan_id: str) -> Scan:
    row = session.get(ScanRow, scan_id)
    if row is None:
        raise CaseError("There is no such saved scan.", kind="not_found")
    newest = session.scalar(
        select(EditRow).where(EditRow.scan_id == scan_id).order_by(EditRow.id.desc()).limit(1)
    )
    return Scan(
        id=row.id,
        case_id=row.case_id,
        taken_on=row.taken_on,
        saved_at=row.saved_at,
        sha256=row.sha256,
        view=row.view,
        told=row.told,
        report=row.report,
        change=None if newest is None else _change(newest),
    )


def _change(row: EditRow) -> Change | None:
    return None if row.edit is None or row.report is None else Change(row.edit, row.report)


def _entries(session: Session, case_id: str | None) -> tuple[Entry, ...]:
    mine = TrailRow.case_id.is_(None) if case_id is None else TrailRow.case_id == case_id
    rows = session.scalars(select(TrailRow).where(mine).order_by(TrailRow.id)).all()
    numbers: dict[str | None, int] = {}
    entries = []
    for row in rows:
        edit = None
        if row.edit_id is not None:
            edit = numbers[row.scan_id] = numbers.get(row.scan_id, 0) + 1
        entries.append(Entry(row.at, row.by, row.what, row.scan_id, edit))
    return tuple(entries)
