"""The tables of a job store, as they are now and as they came about."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from spinescan.cases.database import Instant, Json, Schema


class Table(DeclarativeBase):
    """What both tables share: how Python's types are kept."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        Json: JSON(none_as_null=True),
    }


class JobRow(Table):
    """Something that was asked for, in items; `key` is that of `JobStore.add`."""

    __tablename__ = "jobs"
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str | None] = mapped_column(unique=True)
    payload: Mapped[Json]
    attempts: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(index=True)
    cancelled_at: Mapped[datetime | None]


class ItemRow(Table):
    """One piece of a job's work. `claim` is the token of the worker that has it."""

    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    payload: Mapped[Json]
    state: Mapped[str] = mapped_column(index=True)
    attempts: Mapped[int]
    not_before: Mapped[datetime]
    claim: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    result: Mapped[Json | None]
    error: Mapped[Json | None]
    changed_at: Mapped[datetime]


SCHEMA = Schema(
    name="jobs",
    application_id=0x53704A6F,  # "SpJo"
    steps=(
        (
            """CREATE TABLE jobs (
                id VARCHAR NOT NULL PRIMARY KEY,
                kind VARCHAR NOT NULL,
                "key" VARCHAR UNIQUE,
                payload JSON NOT NULL,
                attempts INTEGER NOT NULL,
                created_at VARCHAR NOT NULL,
                cancelled_at VARCHAR
            )""",
            "CREATE INDEX ix_jobs_created_at ON jobs (created_at)",
            """CREATE TABLE items (
                id INTEGER NOT NULL PRIMARY KEY,
                job_id VARCHAR NOT NULL,
                payload JSON NOT NULL,
                state VARCHAR NOT NULL,
                attempts INTEGER NOT NULL,
                not_before VARCHAR NOT NULL,
                claim VARCHAR,
                leased_until VARCHAR,
                result JSON,
                error JSON,
                changed_at VARCHAR NOT NULL,
                FOREIGN KEY (job_id) REFERENCES jobs (id) ON DELETE CASCADE
            )""",
            "CREATE INDEX ix_items_job_id ON items (job_id)",
            "CREATE INDEX ix_items_state ON items (state)",
        ),
    ),
)
