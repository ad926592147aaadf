"""Cases are kept, told apart, changed and removed, and the files tell nobody else."""

import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import StatementError

from spinescan.cases import film_files
from spinescan.cases.database import Database, Schema
from spinescan.cases.errors import CaseError
from spinescan.cases.store import DATABASE, CaseStore
from spinescan.cases.tables import SCHEMA, Table
from tests.cases.scans import change, new_scan, raw_bytes


class Clock:
    """A second later whenever it is asked."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cases"


@pytest.fixture
def store(folder: Path) -> Iterator[CaseStore]:
    with CaseStore(folder, clock=Clock()) as store:
        yield store


def refused(kind: str, match: str | None = None) -> "pytest.RaisesExc[CaseError]":
    return pytest.raises(CaseError, match=match, check=lambda error: error.kind == kind)


def test_a_case_is_there_after_the_store_was_closed(folder: Path) -> None:
    with CaseStore(folder) as store:
        case = store.create_case("  P-017 ", by="clinic")
        new = new_scan(files={"film.gray16": b"\0\1"}, taken_on=date(2025, 12, 31))
        saved = store.save_scan(case.id, new, by="clinic")
    with CaseStore(folder) as store:
        (kept,) = store.cases()
        assert (kept.id, kept.pseudonym, kept.created_at) == (case.id, "P-017", case.created_at)
        assert [(s.id, s.taken_on, s.view, s.edited) for s in kept.scans] == [
            ("scan-001", date(2025, 12, 31), "frontal", False)
        ]
        assert store.scan("scan-001") == saved
        assert store.file("scan-001").read_bytes() == b"a film"
        assert store.file("scan-001", "film.gray16").read_bytes() == b"\0\1"
        assert store.check() == ()


def test_scans_are_listed_by_the_day_they_were_taken(store: CaseStore) -> None:
    case = store.create_case("P-017", by="clinic")
    for name, day in (("scan-later", 9), ("scan-first", 1), ("scan-between", 5)):
        new = new_scan(name, film=name.encode(), taken_on=date(2026, 1, day))
        store.save_scan(case.id, new, by="clinic")
    names = [scan.id for scan in store.case(case.id).scans]
    assert names == ["scan-first", "scan-between", "scan-later"]


def test_a_film_may_come_from_a_file(store: CaseStore, tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(b"a film")
    case = store.create_case("P-017", by="clinic")
    new = replace(new_scan(film=b"a film"), film=tmp_path / "upload")
    store.save_scan(case.id, new, by="clinic")
    assert store.file("scan-001").read_bytes() == b"a film"


def test_edits_lie_beside_the_machines_answer(store: CaseStore) -> None:
    case = store.create_case("P-017", by="clinic")
    saved = store.save_scan(case.id, new_scan(), by="clinic")
    assert saved.change is None
    assert saved.report_now == saved.report

    store.edit_scan("scan-001", change("first"), by="reader A")
    second = store.edit_scan("scan-001", change("second"), by="reader B")
    assert second.change == change("second")
    assert second.report_now == change("second").report
    assert second.report == new_scan().report
    assert [(e.number, e.by, e.change) for e in store.edits("scan-001")] == [
        (1, "reader A", change("first")),
        (2, "reader B", change("second")),
    ]
    assert store.case(case.id).scans[0].edited

    back = store.edit_scan("scan-001", None, by="reader B")
    assert back.change is None
    assert [e.change for e in store.edits("scan-001")] == [change("first"), change("second"), None]
    assert not store.case(case.id).scans[0].edited
    assert back == store.scan("scan-001")


def test_the_newest_edit_tells_what_was_told(store: CaseStore) -> None:
    case = store.create_case("P-017", by="clinic")
    first = change()
    saved = store.save_scan(case.id, new_scan(change=first), by="clinic")
    assert saved.told_now == saved.told
    first.edit["told"] = {"in_brace": True, "age": None, "posture": None}
    assert store.edit_scan("scan-001", first, by="clinic").told_now["in_brace"]


def test_the_trail_tells_what_was_done_when_and_by_whom(store: CaseStore) -> None:
    case = store.create_case("P-017", by="clinic")
    store.save_scan(case.id, new_scan(change=change()), by="clinic")
    store.save_scan(case.id, new_scan("scan-002", film=b"another"), by="clinic")
    store.edit_scan("scan-001", change(), by="reader")
    store.edit_scan("scan-001", None, by="reader")
    store.delete_scan("scan-002", by="admin")
    store.note_export([case.id], "case_exported", by="clinic")
    trail = store.trail(case.id)
    assert [(e.what, e.by, e.scan, e.edit) for e in trail] == [
        ("case_created", "clinic", None, None),
        ("scan_saved", "clinic", "scan-001", None),
        ("scan_edited", "clinic", "scan-001", 1),
        ("scan_edited", "reader", "scan-001", 2),
        ("scan_reset", "reader", "scan-001", 3),
        ("scan_deleted", "admin", None, None),
        ("case_exported", "clinic", None, None),
    ]
    assert [e.at for e in trail] == sorted(e.at for e in trail)
    assert all(e.at.utcoffset() == timedelta(0) for e in trail)


def test_one_film_is_in_a_case_once(store: CaseStore) -> None:
    case, other = (store.create_case(name, by="clinic") for name in ("P-017", "P-018"))
    store.save_scan(case.id, new_scan(), by="clinic")
    with refused("conflict", "This film is in the case already"):
        store.save_scan(case.id, new_scan("scan-002"), by="clinic")
    with refused("conflict", "This scan is saved already"):
        store.save_scan(other.id, new_scan(film=b"another"), by="clinic")
    assert store.file("scan-001").read_bytes() == b"a film"
    store.save_scan(other.id, new_scan("scan-002"), by="clinic")
    assert store.check() == ()


def test_pseudonyms_that_differ_in_capitals_are_one(store: CaseStore) -> None:
    store.create_case("Case-a", by="clinic")
    with refused("conflict", "There is a case with this pseudonym"):
        store.create_case("CASE-A", by="clinic")


def test_what_is_not_there(store: CaseStore) -> None:
    case = store.create_case("P-017", by="clinic")
    for call in (
        lambda: store.case("none"),
        lambda: store.trail("none"),
        lambda: store.delete_case("none", by="clinic"),
        lambda: store.note_export([case.id, "none"], "case_exported", by="clinic"),
        lambda: store.save_scan("none", new_scan(), by="clinic"),
        lambda: store.scan("scan-001"),
        lambda: store.edits("scan-001"),
        lambda: store.file("scan-001"),
        lambda: store.edit_scan("scan-001", change(), by="clinic"),
        lambda: store.delete_scan("scan-001", by="clinic"),
    ):
        with refused("not_found", "There is no such"):
            call()
    assert len(store.trail(case.id)) == 1
    assert store.check() == ()


@pytest.mark.parametrize("name", ["../cases.sqlite", "..", "", "a/b", "\0"])
def test_no_file_beside_the_films_can_be_had(store: CaseStore, name: str) -> None:
    case = store.create_case("P-017", by="clinic")
    store.save_scan(case.id, new_scan(), by="clinic")
    for scan, file in (("scan-001", name), (name, "scan-001"), (name, DATABASE)):
        with refused("not_found"):
            store.file(scan, file)


@pytest.mark.parametrize("name", ["../../etc", "short", "a" * 65, ".part-12345678", "scan/001x"])
def test_ids_that_are_no_folders_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a scan's id"):
        new_scan(name)


@pytest.mark.parametrize("name", ["film", "../x", "X", "", ".hidden"])
def test_names_of_files_beside_a_film_are_plain(name: str) -> None:
    with pytest.raises(ValueError, match="not a name for a file"):
        new_scan(files={name: b""})


def test_other_bytes_than_the_scans_are_not_saved(store: CaseStore) -> None:
    case = store.create_case("P-017", by="clinic")
    with pytest.raises(ValueError, match="digest"):
        store.save_scan(case.id, new_scan(sha256="0" * 64), by="clinic")
    assert store.check() == ()
    assert store.case(case.id).scans == ()


def test_a_deleted_case_leaves_no_trace(store: CaseStore, folder: Path) -> None:
    gone = store.create_case("Nightingale-4711", by="clinic")
    kept = store.create_case("P-018", by="clinic")
    for k in range(30):
        for case in (gone, kept):
            name = f"scan-{k}-{case.id}"
            new = new_scan(name, film=f"film of {name}".encode(), change=change(name))
            store.save_scan(case.id, new, by="clinic")
    before = raw_bytes(folder)
    assert before.count(b"Nightingale-4711") > 0
    store.delete_case(gone.id, by="admin")
    after = raw_bytes(folder)
    assert b"Nightingale-4711" not in after
    assert gone.id.encode() not in after
    assert kept.id.encode() in after
    with store._database.read() as session:  # the file was written anew: see `Database.compact`
        assert session.connection().exec_driver_sql("PRAGMA freelist_count").scalar() == 0
    assert [case.pseudonym for case in store.cases()] == ["P-018"]
    assert len(store.case(kept.id).scans) == 30
    assert store.check() == ()
    assert [(e.what, e.by, e.scan) for e in store.deletions()] == [("case_deleted", "admin", None)]


def test_a_deleted_scan_leaves_no_trace(store: CaseStore, folder: Path) -> None:
    case = store.create_case("P-017", by="clinic")
    for name in ("scan-goes", "scan-stays"):
        new = new_scan(name, film=f"film of {name}".encode(), change=change(name))
        store.save_scan(case.id, new, by="clinic")
    store.delete_scan("scan-goes", by="admin")
    raw = raw_bytes(folder)
    assert b"scan-goes" not in raw
    assert b"scan-stays" in raw
    assert [scan.id for scan in store.case(case.id).scans] == ["scan-stays"]


def test_a_deletion_that_leaves_traces_says_so(
    store: CaseStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = store.create_case("P-017", by="clinic")
    store.save_scan(case.id, new_scan(), by="clinic")
    monkeypatch.setattr(film_files.FilmFiles, "remove", lambda *_: None)
    with refused("not_deleted", "1 traces are left"):
        store.delete_scan("scan-001", by="clinic")
    monkeypatch.undo()
    store.close()
    with CaseStore(folder) as again:  # the opening clears up
        assert not (folder / "films" / "scan-001").exists()
        assert again.check() == ()


def test_somebody_who_reads_meanwhile_keeps_the_log(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spinescan.cases.database._BUSY_S", 0.1)
    with CaseStore(folder) as store:
        case = store.create_case("P-017", by="clinic")
        reader = sqlite3.connect(folder / DATABASE, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM cases").fetchall()
        with refused("not_deleted", "is being read"):
            store.delete_case(case.id, by="clinic")
        reader.close()
    assert b"P-017" not in raw_bytes(folder)


def test_nobody_else_may_look(store: CaseStore, folder: Path) -> None:
    case = store.create_case("P-017", by="clinic")
    store.save_scan(case.id, new_scan(files={"film.gray16": b"\0"}), by="clinic")
    for path in (folder, *folder.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_folder_with_other_files_is_left_alone(folder: Path) -> None:
    folder.mkdir(mode=0o755)
    (folder / "letter.txt").write_text("to somebody")
    with refused("storage", r"holds other files \(letter\.txt\)"):
        CaseStore(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_one_server_at_a_time(store: CaseStore, folder: Path) -> None:
    with refused("in_use", "in use by another SpineScan"):
        CaseStore(folder)
    store.create_case("P-017", by="clinic")


def test_a_store_of_a_newer_version_is_refused(folder: Path) -> None:
    CaseStore(folder).close()
    with sqlite3.connect(folder / DATABASE) as file:
        file.execute("PRAGMA user_version=99")
    file.close()
    with refused("version", r"newer SpineScan \(version 99 of its tables, this one knows 1\)"):
        CaseStore(folder)


@pytest.mark.parametrize("statement", ["CREATE TABLE notes (a)", "PRAGMA application_id=7"])
def test_another_programs_database_is_refused(folder: Path, statement: str) -> None:
    folder.mkdir()
    with sqlite3.connect(folder / DATABASE) as file:
        file.execute(statement)
    file.close()
    with refused("version", "is no file of SpineScan's cases"):
        CaseStore(folder)


def test_a_damaged_database_is_one_line(folder: Path) -> None:
    folder.mkdir()
    (folder / DATABASE).write_bytes(b"not a database at all" * 100)
    with refused("storage", "is damaged, or no database"):
        CaseStore(folder)


def test_older_tables_are_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    first = ("CREATE TABLE notes (a INTEGER)", "INSERT INTO notes VALUES (1)")
    second = ("ALTER TABLE notes ADD COLUMN b INTEGER", "UPDATE notes SET b = a + 1")
    Database(path, Schema("notes", 42, (first,))).close()
    Database(path, Schema("notes", 42, (first, second))).close()
    with sqlite3.connect(path) as file:
        assert file.execute("SELECT a, b FROM notes").fetchall() == [(1, 2)]
        assert file.execute("PRAGMA user_version").fetchone() == (2,)
    file.close()


def test_a_step_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    first = ("CREATE TABLE notes (a INTEGER)",)
    Database(path, Schema("notes", 42, (first,))).close()
    broken = ("ALTER TABLE notes ADD COLUMN b INTEGER", "UPDATE elsewhere SET b = 1")
    with refused("storage", "no such table: elsewhere"):
        Database(path, Schema("notes", 42, (first, broken)))
    with sqlite3.connect(path) as file:
        assert [row[1] for row in file.execute("PRAGMA table_info(notes)")] == ["a"]
        assert file.execute("PRAGMA user_version").fetchone() == (1,)
    file.close()


def test_the_steps_give_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    stepped, declared = tmp_path / "stepped.sqlite", tmp_path / "declared.sqlite"
    Database(stepped, SCHEMA).close()
    engine = create_engine(f"sqlite:///{declared}")
    Table.metadata.create_all(engine)
    engine.dispose()
    assert described(stepped) == described(declared)


def described(path: Path) -> dict[str, object]:
    engine = create_engine(f"sqlite:///{path}")
    look = inspect(engine)
    found = {
        table: (
            sorted((c["name"], str(c["type"]), c["nullable"]) for c in look.get_columns(table)),
            look.get_pk_constraint(table)["constrained_columns"],
            sorted(
                (key["constrained_columns"], key["referred_table"], key["options"])
                for key in look.get_foreign_keys(table)
            ),
            sorted(unique["column_names"] for unique in look.get_unique_constraints(table)),
            sorted(
                (index["name"] or "", index["column_names"]) for index in look.get_indexes(table)
            ),
        )
        for table in look.get_table_names()
    }
    engine.dispose()
    return found


def test_threads_share_a_store(store: CaseStore) -> None:
    case = store.create_case("P-017", by="clinic")

    def save(k: int) -> None:
        name = f"scan-{k:04}"
        store.save_scan(case.id, new_scan(name, film=name.encode()), by="clinic")
        store.edit_scan(name, change(name), by="clinic")
        assert store.scan(name).report_now == change(name).report
        if k % 4 == 0:
            store.delete_scan(name, by="clinic")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(save, range(40)))
    assert len(store.case(case.id).scans) == 30
    assert store.check() == ()


def test_a_full_disk_is_one_line_and_leaves_nothing(
    store: CaseStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = store.create_case("P-017", by="clinic")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("spinescan.cases.film_files.os.fsync", full)
    with refused("storage", "No space left on device"):
        store.save_scan(case.id, new_scan(), by="clinic")
    monkeypatch.undo()
    assert list((folder / "films").iterdir()) == []
    store.save_scan(case.id, new_scan(), by="clinic")


def test_a_save_that_fails_at_its_last_step_leaves_no_film(store: CaseStore, folder: Path) -> None:
    case = store.create_case("P-017", by="clinic")
    with pytest.raises(StatementError, match="not JSON compliant") as caught:
        store.save_scan(
            case.id, new_scan(report={"view": "frontal", "cobb": float("nan")}), by="clinic"
        )
    assert "scan-001" not in str(caught.value)  # an error tells nothing of what it was about
    assert list((folder / "films").iterdir()) == []
    assert store.case(case.id).scans == ()


def test_check_finds_films_that_changed(store: CaseStore, folder: Path) -> None:
    case = store.create_case("P-017", by="clinic")
    for name in ("scan-001", "scan-002"):
        store.save_scan(case.id, new_scan(name, film=name.encode()), by="clinic")
    store.file("scan-001").write_bytes(b"retouched")
    store.file("scan-002").unlink()
    (folder / "films" / "scan-003").mkdir()
    assert store.check() == (
        "the film of scan scan-001 has changed",
        "the film of scan scan-002 is missing",
        "files of no scan: scan-003",
    )
