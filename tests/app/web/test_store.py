"""Films in no case: a folder that is not what it should be stops nothing."""

import os
import time
from pathlib import Path

import pytest

from spinescan.app.web.store import SCAN, UnsavedScans
from spinescan.core.errors import ReadError
from spinescan.core.told import NOTHING


def kept(scans: UnsavedScans) -> str:
    scan_id, film = scans.reserve()
    film.write_bytes(b"film")
    scans.add(scan_id, "0" * 64, {"view": "frontal"}, NOTHING)
    return scan_id


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"told": {"unknown": 1}}'])
def test_a_scan_that_cannot_be_read_is_deleted_after_its_time_and_so_are_others(
    tmp_path: Path, text: str
) -> None:
    scans = UnsavedScans(tmp_path, keep_seconds=60)
    broken, whole = kept(scans), kept(scans)
    (tmp_path / broken / SCAN).write_text(text)
    scans = UnsavedScans(tmp_path, keep_seconds=60)  # after a restart
    assert scans.find(broken) is None
    assert scans.expire() == 0
    os.utime(tmp_path / broken, (time.time() - 61,) * 2)
    assert scans.expire() == 1
    assert [path.name for path in tmp_path.iterdir()] == [whole]


def test_what_is_no_scan_is_left_alone(tmp_path: Path) -> None:
    scans = UnsavedScans(tmp_path, keep_seconds=0.0)
    (tmp_path / "notes.txt").write_text("of somebody else")
    time.sleep(0.01)
    assert scans.expire() == 0


def test_a_film_that_was_deleted_while_it_was_scanned_is_not_found(tmp_path: Path) -> None:
    scans = UnsavedScans(tmp_path, keep_seconds=60)
    scan_id, _ = scans.reserve()
    scans.delete(scan_id)
    with pytest.raises(ReadError) as refused:
        scans.add(scan_id, "0" * 64, {}, NOTHING)
    assert refused.value.kind == "not_found"
