"""A SQLite file for what must not be lost: opened alone, kept private, its schema up to date.

A commit is on the disk when it returns (WAL with synchronous=FULL: https://sqlite.org/pragma.html).
What is deleted is overwritten (secure_delete) and, by `Database.compact`, cleared out of the
write-ahead log as well.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, String, create_engine, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

from spinescan.cases.errors import CaseError

Json = dict[str, Any]

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
)
_BUSY_S = 30
_CHUNK = 1 << 24


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one kind of file, and how they came about.

    `steps` are lists of SQL statements; a file's `user_version` counts those it has seen. A step
    that was released is never changed: a later one alters what it made. `application_id` tells
    the file from other SQLite files.
    """

    name: str
    application_id: int
    steps: tuple[tuple[str, ...], ...]


class Instant(TypeDecorator[datetime]):
    """A moment, kept as ISO 8601 in UTC: it sorts as text."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Database:
    """An open file; only one process at a time has it.

    Raises
    ------
    CaseError
        "in_use", "version", or "storage" where the file is damaged or may not be written.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = path
        self._lock: int | None = _locked(path.with_name(path.name + ".lock"))
        try:
            # SQLite gives its log files the mode of the file itself.
            os.close(_open_private(path, os.O_RDWR | os.O_CREAT))
            sync_folder(path.parent)
            self._engine = _engine(path)
            with _plainly(path):
                _migrate(self._engine, path, schema)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Write the log back into the file and let others open it."""
        if hasattr(self, "_engine"):
            self._engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the file throughout."""
        with _plainly(self.path), Session(self._engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that nobody else writes beside; committed, and on the disk, at the end."""
        engine = self._engine.execution_options(writes=True)
        with _plainly(self.path), Session(engine) as session, session.begin():
            yield session

    def compact(self) -> None:
        """Rewrite the file from what is in it, and empty the write-ahead log.

        `secure_delete` overwrites what is deleted, but not what SQLite has copied before: about one
        deletion in a thousand left its id in the gap of an index page that had been split.

        Raises
        ------
        CaseError
            "not_deleted" if somebody kept reading an older state all the while.
        """
        with _plainly(self.path):
            connection = self._engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("VACUUM")
                emptied = _emptied_log(cursor)
            finally:
                connection.close()
        if not emptied:
            raise CaseError(
                f"{self.path.name} is being read: what was deleted may still be in its log until"
                " the server is restarted",
                kind="not_deleted",
            )

    def traces(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the texts that the raw bytes of the file or its log still hold."""
        paths = (self.path, self.path.with_name(self.path.name + "-wal"))
        return tuple({text for path in paths for text in _texts_in(path, texts)})


def private_folder(folder: Path) -> None:
    """Make a folder that only this user may enter, or make sure that it is one.

    Raises
    ------
    CaseError
        If it cannot be made or closed to others.
    """
    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(folder.parent)
        if folder.stat().st_mode & 0o777 != 0o700:
            folder.chmod(0o700)
    except OSError as error:
        raise CaseError(
            f"{folder} must be a folder for this user alone, and cannot be ({error.strerror})"
        ) from error


def sync_folder(folder: Path) -> None:
    """Put a folder's list of names on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _emptied_log(cursor: Any) -> bool:
    """Whether the write-ahead log could be emptied; other threads may write to it meanwhile."""
    deadline = time.monotonic() + _BUSY_S
    while True:
        (busy, *_), *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if not busy or time.monotonic() > deadline:
            return not busy
        time.sleep(0.01)


def _texts_in(path: Path, texts: Sequence[str]) -> Iterator[str]:
    longest, end = max(len(text.encode()) for text in texts), b""
    if not path.is_file():
        return
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            data = end + chunk
            yield from (text for text in texts if text.encode() in data)
            end = data[-longest:]


def _open_private(path: Path, flags: int) -> int:
    handle = os.open(path, flags, 0o600)
    os.fchmod(handle, 0o600)
    return handle


def _locked(path: Path) -> int:
    try:
        handle = _open_private(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise CaseError(f"{path.parent} cannot be written ({error.strerror})") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise CaseError(
            f"{path.parent} is in use by another SpineScan: stop it, or choose another folder",
            kind="in_use",
        ) from error
    return handle


def _engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": _BUSY_S},
        max_overflow=-1,  # a connection is a file handle; threads wait for SQLite, not for the pool
        hide_parameters=True,  # errors are logged
        json_serializer=partial(json.dumps, allow_nan=False, ensure_ascii=False),
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Who writes takes the lock at once: one that reads first may find it taken later.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _migrate(engine: Engine, path: Path, schema: Schema) -> None:
    with engine.execution_options(writes=True).begin() as connection:

        def ask(question: str) -> int:
            return int(connection.exec_driver_sql(question).scalar_one())

        version, kind = ask("PRAGMA user_version"), ask("PRAGMA application_id")
        known, tables = len(schema.steps), ask("SELECT count(*) FROM sqlite_schema")
        if kind != schema.application_id and (kind or version or tables):
            raise CaseError(f"{path} is no file of SpineScan's {schema.name}", kind="version")
        if version > known:
            raise CaseError(
                f"{path} was written by a newer SpineScan (version {version} of its tables, this"
                f" one knows {known}): update SpineScan",
                kind="version",
            )
        for step in schema.steps[version:]:
            for statement in step:
                connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"PRAGMA application_id={schema.application_id}")
        connection.exec_driver_sql(f"PRAGMA user_version={known}")


@contextmanager
def _plainly(path: Path) -> Iterator[None]:
    """Failures of the disk and of SQLite as one line; contradictions in the data stay errors."""
    try:
        yield
    except OperationalError as error:
        raise CaseError(f"{path.name} cannot be used ({error.orig})") from error
    except DatabaseError as error:
        if type(error) is not DatabaseError:
            raise
        raise CaseError(f"{path} is damaged, or no database ({error.orig})") from error
