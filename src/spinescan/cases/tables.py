"""The tables of a case store, as they are now and as they came about."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from spinescan.cases.database import Instant, Json, Schema


class Table(DeclarativeBase):
    """What all tables share: how Python's types are kept."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        Json: JSON(none_as_null=True),
    }


class CaseRow(Table):
    """A person, by a pseudonym; pseudonyms that differ in capitals only are one."""

    __tablename__ = "cases"
    id: Mapped[str] = mapped_column(primary_key=True)
    pseudonym: Mapped[str] = mapped_column(String(collation="NOCASE"), unique=True)
    created_at: Mapped[datetime]


class ScanRow(Table):
    """A film and the machine's answer, which nobody changes. The film lies in a file."""

    __tablename__ = "scans"
    __table_args__ = (UniqueConstraint("case_id", "sha256"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    taken_on: Mapped[date]
    saved_at: Mapped[datetime]
    sha256: Mapped[str]
    view: Mapped[str]
    told: Mapped[Json]
    report: Mapped[Json]


class EditRow(Table):
    """One state that a reader left a scan in; without `edit`: back to the machine's answer."""

    __tablename__ = "edits"
    id: Mapped[int] = mapped_column(primary_key=True)
    scan_id: Mapped[str] = mapped_column(ForeignKey("scans.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    by: Mapped[str]
    edit: Mapped[Json | None]
    report: Mapped[Json | None]


class TrailRow(Table):
    """Something that was done to a case, or (without `case_id`) that one was deleted."""

    __tablename__ = "trail"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str]
    what: Mapped[str]
    case_id: Mapped[str | None] = mapped_column(
        ForeignKey("cases.id", ondelete="CASCADE"), index=True
    )
    scan_id: Mapped[str | None] = mapped_column(ForeignKey("scans.id", ondelete="CASCADE"))
    edit_id: Mapped[int | None] = mapped_column(ForeignKey("edits.id", ondelete="CASCADE"))


SCHEMA = Schema(
    name="cases",
    application_id=0x53704361,  # "SpCa"
    steps=(
        (
            """CREATE TABLE cases (
                id VARCHAR NOT NULL PRIMARY KEY,
                pseudonym VARCHAR COLLATE NOCASE NOT NULL UNIQUE,
                created_at VARCHAR NOT NULL
            )""",
            """CREATE TABLE scans (
                id VARCHAR NOT NULL PRIMARY KEY,
                case_id VARCHAR NOT NULL,
                taken_on DATE NOT NULL,
                saved_at VARCHAR NOT NULL,
                sha256 VARCHAR NOT NULL,
                "view" VARCHAR NOT NULL,
                told JSON NOT NULL,
                report JSON NOT NULL,
                UNIQUE (case_id, sha256),
                FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE CASCADE
            )""",
            """CREATE TABLE edits (
                id INTEGER NOT NULL PRIMARY KEY,
                scan_id VARCHAR NOT NULL,
                at VARCHAR NOT NULL,
                "by" VARCHAR NOT NULL,
                edit JSON,
                report JSON,
                FOREIGN KEY (scan_id) REFERENCES scans (id) ON DELETE CASCADE
            )""",
            "CREATE INDEX ix_edits_scan_id ON edits (scan_id)",
            """CREATE TABLE trail (
                id INTEGER NOT NULL PRIMARY KEY,
                at VARCHAR NOT NULL,
                "by" VARCHAR NOT NULL,
                what VARCHAR NOT NULL,
                case_id VARCHAR,
                scan_id VARCHAR,
                edit_id INTEGER,
                FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE CASCADE,
                FOREIGN KEY (scan_id) REFERENCES scans (id) ON DELETE CASCADE,
                FOREIGN KEY (edit_id) REFERENCES edits (id) ON DELETE CASCADE
            )""",
            "CREATE INDEX ix_trail_case_id ON trail (case_id)",
        ),
    ),
)
