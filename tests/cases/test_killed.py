"""A server that is killed in the middle of a save has kept what it acknowledged, and no half film.

The process is killed (SIGKILL), not the machine: what the system holds for a file survives that.
A machine's fall would test the order of fsync and commit; `test_films_are_synced_first` holds it.
"""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spinescan.cases.database import Database
from spinescan.cases.store import DATABASE, CaseStore
from tests.cases import saving
from tests.cases.saving import film_of
from tests.cases.scans import new_scan, raw_bytes

ROUNDS = 8


def acknowledged(folder: Path, word: str, after_s: float) -> dict[str, list[str]]:
    """What a program printed until it was killed, some time after its first line."""
    child = subprocess.Popen(
        [sys.executable, saving.__file__, folder, word], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    lines = [child.stdout.readline()]
    time.sleep(after_s)
    child.kill()
    lines += child.stdout.readlines()
    child.stdout.close()
    assert child.wait() == -9
    told: dict[str, list[str]] = {}
    for what, name in (line.split() for line in lines if line.endswith("\n")):
        told.setdefault(what, []).append(name)
    return told


@pytest.mark.slow
def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    folder, moments = tmp_path / "cases", random.Random(7)
    kept: dict[str, bool] = {}
    for turn in range(ROUNDS):
        told = acknowledged(folder, f"turn-{turn}", moments.uniform(0.0, 0.4))
        edited, deleting = set(told.get("edited", ())), set(told.get("deleting", ()))
        kept |= {name: name in edited for name in told.get("saved", ()) if name not in deleting}
        with CaseStore(folder) as store:
            assert store.check() == ()
            assert list((folder / "films").glob(".*")) == []
            (case,) = (case for case in store.cases() if case.id == told["case"][0])
            there = {scan.id for each in store.cases() for scan in each.scans}
            assert kept.keys() <= there
            for scan in case.scans:
                assert store.file(scan.id).read_bytes() == film_of(scan.id)
                assert store.file(scan.id, "film.gray16").read_bytes() == film_of(scan.id)[:1000]
                assert store.scan(scan.id).report["name"] == scan.id
                assert scan.edited >= kept.get(scan.id, False)
            # One scan at most was saved, or deleted, and not acknowledged any more.
            mine = {name for name in there if name.startswith(f"turn-{turn}-")}
            expected = {name for name in kept if name.startswith(f"turn-{turn}-")}
            assert len(mine - expected) <= 1
        raw = raw_bytes(folder)
        assert not [name for name in told.get("deleted", ()) if name.encode() in raw]
    assert len(kept) > ROUNDS  # some were saved at all


def test_films_are_synced_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    real_fsync, real_rename = os.fsync, Path.rename

    def fsync(handle: int) -> None:
        events.append(f"sync {Path(f'/proc/self/fd/{handle}').readlink().name}")
        real_fsync(handle)

    def rename(path: Path, target: Path) -> Path:
        events.append(f"rename to {target.name}")
        return real_rename(path, target)

    with CaseStore(tmp_path / "cases") as store:
        case = store.create_case("P-017", by="clinic")
        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(Path, "rename", rename)
        store.save_scan(case.id, new_scan(files={"film.gray16": b"\0"}), by="clinic")
        events.append("acknowledged")
        part = next(e for e in events if e.startswith("sync .part"))
        assert events == [
            "sync film",
            "sync film.gray16",
            part,
            "rename to scan-001",
            "sync films",
            "acknowledged",
        ]


def test_commits_are_on_the_disk_when_they_return(tmp_path: Path) -> None:
    with CaseStore(tmp_path / "cases") as store, store._database.read() as session:
        asked = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        pragmas = [session.connection().exec_driver_sql(f"PRAGMA {p}").scalar() for p in asked]
    assert pragmas == ["wal", 2, 1, 1]  # 2: FULL
    assert isinstance(store._database, Database)
    assert (tmp_path / "cases" / DATABASE).is_file()
