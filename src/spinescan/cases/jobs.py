"""Work that outlives a restart: jobs of one or many items, each done by one worker at a time.

An item is waiting, running, done, failed or cancelled. A worker *claims* the next one that waits,
and gets a lease; it finishes the item, fails it, or asks for another try later. Two things put a
running item back to waiting: its lease ran out (the worker hangs or its thread died), or the store
was opened anew (the server was restarted). Whoever had it before cannot finish it any more, so each
claim has one end at most. An item that was claimed `attempts` times and never came to an end has
failed: what kills the server is not tried for ever.

What a method has answered is on the disk. One process has the file open; its threads share it.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self, cast, get_args

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.orm import Session

from spinescan.cases.database import Database, Json, private_folder
from spinescan.cases.errors import CaseError
from spinescan.cases.job_records import LOST, OPEN, Claim, Item, Job, State
from spinescan.cases.job_tables import SCHEMA, ItemRow, JobRow
from spinescan.cases.store import now


class JobStore(AbstractContextManager["JobStore"]):
    """The jobs in a file, which is made if it is not there.

    Raises
    ------
    CaseError
        As `database.Database`.
    """

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = now) -> None:
        self._clock = clock
        private_folder(path.parent)
        self._database = Database(path, SCHEMA)
        try:
            with self._database.write() as session:
                self._put_back(session, ItemRow.state == "running")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(
        self,
        kind: str,
        items: Sequence[Json],
        *,
        payload: Json | None = None,
        key: str | None = None,
        attempts: int = 3,
        not_before: datetime | None = None,
    ) -> Job:
        """Ask for work; with a `key` that a job has already, that job is the answer.

        Parameters
        ----------
        kind
            What workers ask for.
        items
            One payload for each piece of work.
        payload
            What all of them share.
        key
            What makes the job the only one of its sort, such as the UID of what was received.
        attempts
            How often an item may be claimed.
        not_before
            No item is claimed before that.
        """
        if not items or attempts < 1:
            raise ValueError("a job has one item or more, and one attempt or more")
        at = self._clock()
        with self._database.write() as session:
            known = key and session.scalar(select(JobRow.id).where(JobRow.key == key))
            if known:
                return _job(session, known)
            row = JobRow(
                id=uuid.uuid4().hex,
                kind=kind,
                key=key,
                payload=payload or {},
                attempts=attempts,
                created_at=at,
            )
            session.add(row)
            session.flush()
            session.add_all(
                ItemRow(
                    job_id=row.id,
                    payload=item,
                    state="waiting",
                    attempts=0,
                    not_before=not_before or at,
                    changed_at=at,
                )
                for item in items
            )
            session.flush()
            return _job(session, row.id)

    def claim(self, *kinds: str, lease_s: float = 600.0) -> Claim | None:
        """The item that has waited longest of these kinds (any without), or None if none is due."""
        at = self._clock()
        with self._database.write() as session:
            self._put_back(session, (ItemRow.state == "running") & (ItemRow.leased_until <= at))
            due = (
                select(ItemRow, JobRow)
                .join(JobRow, JobRow.id == ItemRow.job_id)
                .where(ItemRow.state == "waiting", ItemRow.not_before <= at)
                .order_by(ItemRow.not_before, ItemRow.id)
                .limit(1)
            )
            found = session.execute(due.where(JobRow.kind.in_(kinds)) if kinds else due).first()
            if found is None:
                return None
            item, job = found
            item.state, item.claim = "running", uuid.uuid4().hex
            item.attempts += 1
            item.leased_until, item.changed_at = at + timedelta(seconds=lease_s), at
            earlier = select(func.count()).where(ItemRow.job_id == job.id, ItemRow.id <= item.id)
            return Claim(
                token=item.claim,
                item=item.id,
                job=job.id,
                kind=job.kind,
                number=session.scalar(earlier) or 1,
                job_payload=job.payload,
                payload=item.payload,
                attempt=item.attempts,
            )

    def renew(self, claim: Claim, lease_s: float = 600.0) -> None:
        """Keep an item longer; CaseError ("conflict") if it is not the claim's any more."""
        self._change(claim, leased_until=self._clock() + timedelta(seconds=lease_s))

    def finish(self, claim: Claim, result: Json | None = None) -> None:
        """An item is done; CaseError ("conflict") if it is not the claim's any more."""
        self._change(claim, state="done", result=result, error=None, **_LET_GO)

    def fail(self, claim: Claim, error: Json, *, retry_at: datetime | None = None) -> None:
        """An item did not work out: for good, or (`retry_at`) until it is tried again then.

        The last attempt is for good. CaseError ("conflict") if it is not the claim's any more.
        """
        with self._database.read() as session:
            job = session.get_one(JobRow, claim.job) if self._has(session, claim) else None
        again = job is not None and retry_at is not None and claim.attempt < job.attempts
        if again:
            self._change(claim, state="waiting", error=error, not_before=retry_at, **_LET_GO)
        else:
            self._change(claim, state="failed", error=error, **_LET_GO)

    def give_back(self, claim: Claim) -> None:
        """Put an item back as if it had not been claimed: the worker stops, or the job has to wait.

        CaseError ("conflict") if it is not the claim's any more.
        """
        self._change(claim, state="waiting", attempts=claim.attempt - 1, **_LET_GO)

    def job(self, job_id: str) -> Job:
        """One job; CaseError ("not_found")."""
        with self._database.read() as session:
            return _job(session, job_id)

    def items(self, job_id: str) -> tuple[Item, ...]:
        """The items of a job in their order; CaseError ("not_found")."""
        with self._database.read() as session:
            _job(session, job_id)
            rows = session.scalars(
                select(ItemRow).where(ItemRow.job_id == job_id).order_by(ItemRow.id)
            )
            return tuple(
                Item(
                    number,
                    cast(State, row.state),
                    row.payload,
                    row.attempts,
                    row.not_before,
                    row.result,
                    row.error,
                )
                for number, row in enumerate(rows, start=1)
            )

    def jobs(self, *kinds: str) -> tuple[Job, ...]:
        """All jobs (of these kinds), oldest first."""
        wanted = select(JobRow.id).order_by(JobRow.created_at, JobRow.id)
        with self._database.read() as session:
            ids = session.scalars(wanted.where(JobRow.kind.in_(kinds)) if kinds else wanted)
            return tuple(_job(session, job_id) for job_id in ids.all())

    def find(self, key: str) -> Job | None:
        """The job of a key, or None."""
        with self._database.read() as session:
            known = session.scalar(select(JobRow.id).where(JobRow.key == key))
            return None if known is None else _job(session, known)

    def forget(self, job_id: str) -> None:
        """Remove a job, whatever its state: its key may be used again."""
        with self._database.write() as session:
            session.execute(delete(JobRow).where(JobRow.id == job_id))

    def payloads(self, *states: State) -> tuple[Json, ...]:
        """Of all items in these states."""
        with self._database.read() as session:
            query = select(ItemRow.payload).where(ItemRow.state.in_(states))
            return tuple(session.scalars(query.order_by(ItemRow.id)))

    def tally(self) -> dict[str, Counter[State]]:
        """How many items of each kind are in which state."""
        query = (
            select(JobRow.kind, ItemRow.state, func.count())
            .join(JobRow, JobRow.id == ItemRow.job_id)
            .group_by(JobRow.kind, ItemRow.state)
        )
        found: dict[str, Counter[State]] = {}
        with self._database.read() as session:
            for kind, state, count in session.execute(query):
                found.setdefault(kind, Counter())[cast(State, state)] = count
        return found

    def waiting(self, *kinds: str) -> int:
        """How many items (of these kinds) wait, due or not."""
        query = (
            select(func.count())
            .select_from(ItemRow)
            .join(JobRow, JobRow.id == ItemRow.job_id)
            .where(ItemRow.state == "waiting")
        )
        with self._database.read() as session:
            return session.scalar(query.where(JobRow.kind.in_(kinds)) if kinds else query) or 0

    def hurry(self, *kinds: str) -> None:
        """What waits of these kinds (any without) is due now, whatever pause it was given."""
        of_kind = select(JobRow.id).where(JobRow.kind.in_(kinds))
        now_due = update(ItemRow).where(ItemRow.state == "waiting").values(not_before=self._clock())
        with self._database.write() as session:
            session.execute(
                (
                    now_due.where(ItemRow.job_id.in_(of_kind)) if kinds else now_due
                ).execution_options(synchronize_session=False)
            )

    def cancel(self, job_id: str) -> Job:
        """Give up what is open of a job; CaseError ("not_found").

        What runs cannot be finished any more. A job that has ended stays as it is.
        """
        with self._database.write() as session:
            if _job(session, job_id).state not in ("done", "cancelled"):
                self._cancel(session, job_id)
            return _job(session, job_id)

    def cancel_older(self, older_than: timedelta) -> tuple[Job, ...]:
        """Give up what is open of jobs asked for longer ago than that; those jobs, as they are."""
        limit = self._clock() - older_than
        is_open = exists().where(ItemRow.job_id == JobRow.id, ItemRow.state.in_(OPEN))
        old = select(JobRow.id).where(JobRow.created_at < limit, is_open)
        with self._database.write() as session:
            ids = session.scalars(old).all()
            for job_id in ids:
                self._cancel(session, job_id)
            return tuple(_job(session, job_id) for job_id in ids)

    def purge(self, older_than: timedelta) -> int:
        """Remove jobs whose last item ended longer ago than that; says how many.

        Their payloads and results are cleared out of the file as well.
        """
        limit = self._clock() - older_than
        kept = exists().where(
            ItemRow.job_id == JobRow.id,
            ItemRow.state.in_(OPEN) | (ItemRow.changed_at >= limit),
        )
        with self._database.write() as session:
            old = session.scalars(select(JobRow.id).where(~kept)).all()
            session.execute(delete(JobRow).where(JobRow.id.in_(old)))
        if old:
            self._database.compact()
        return len(old)

    def _put_back(self, session: Session, which: ColumnElement[bool]) -> None:
        """Items whose worker is gone wait again, or have failed if that was their last attempt."""
        at = self._clock()
        allowed = select(JobRow.attempts).where(JobRow.id == ItemRow.job_id).scalar_subquery()
        session.execute(
            update(ItemRow)
            .where(which, ItemRow.attempts >= allowed)
            .values(state="failed", error=LOST, changed_at=at, **_LET_GO)
            .execution_options(synchronize_session=False)
        )
        session.execute(
            update(ItemRow)
            .where(which)
            .values(state="waiting", changed_at=at, **_LET_GO)
            .execution_options(synchronize_session=False)
        )

    def _cancel(self, session: Session, job_id: str) -> None:
        at = self._clock()
        session.execute(
            update(ItemRow)
            .where(ItemRow.job_id == job_id, ItemRow.state.in_(OPEN))
            .values(state="cancelled", changed_at=at, **_LET_GO)
        )
        session.execute(update(JobRow).where(JobRow.id == job_id).values(cancelled_at=at))

    def _has(self, session: Session, claim: Claim) -> bool:
        mine = select(ItemRow.id).where(ItemRow.id == claim.item, ItemRow.claim == claim.token)
        return session.scalar(mine) is not None

    def _change(self, claim: Claim, /, **values: object) -> None:
        with self._database.write() as session:
            if not self._has(session, claim):
                raise CaseError(
                    "The work was given to somebody else, or given up.", kind="conflict"
                )
            session.execute(
                update(ItemRow)
                .where(ItemRow.id == claim.item)
                .values(changed_at=self._clock(), **values)
            )


_LET_GO: dict[str, object] = {"claim": None, "leased_until": None}


def _job(session: Session, job_id: str) -> Job:
    row = session.get(JobRow, job_id)
    if row is None:
        raise CaseError("There is no such job.", kind="not_found")
    found = session.execute(
        select(ItemRow.state, func.count()).where(ItemRow.job_id == job_id).group_by(ItemRow.state)
    )
    counts = Counter({cast(State, state): count for state, count in found})
    return Job(
        id=row.id,
        kind=row.kind,
        key=row.key,
        payload=row.payload,
        created_at=row.created_at,
        cancelled=row.cancelled_at is not None,
        counts={state: counts[state] for state in get_args(State)},
    )
