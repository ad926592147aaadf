import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.app.results import (
    Done,
    add_to_index,
    folder_name,
    is_result,
    read_index,
    read_report,
)

DONE = Done("film-1", "ab" * 32, "1.0")


def test_equal_stems_in_different_folders_have_different_names() -> None:
    names = {
        folder_name(s) for s in ("a/film.png", "b/film.png", "a/film.jpg", "http://x/film.png")
    }
    assert len(names) == 4
    assert all(name.startswith("film-") for name in names)


def test_a_place_has_one_name_however_it_is_written() -> None:
    assert folder_name("film.png") == folder_name(str(Path.cwd() / "film.png"))
    assert folder_name("./film.png") == folder_name("film.png")


@given(st.text(min_size=1, max_size=300).filter(lambda s: "\0" not in s))
def test_any_source_gives_a_name_that_any_disk_takes(source: str) -> None:
    name = folder_name(source.encode("utf-8", "replace").decode())
    assert name[0] not in ".-"
    assert len(name) < 80
    assert all(c.isascii() and (c.isalnum() or c in "._-") for c in name)


def test_a_name_that_is_no_unicode_is_no_obstacle() -> None:
    assert folder_name("film\udcff.png").startswith("film")


def test_index_keeps_what_is_done(tmp_path: Path) -> None:
    assert read_index(tmp_path) == frozenset()
    add_to_index(tmp_path, DONE)
    other = Done("film-2", "cd" * 32, "1.0")
    add_to_index(tmp_path, other)
    assert read_index(tmp_path) == {DONE, other}


def test_a_half_written_last_line_costs_that_line_only(tmp_path: Path) -> None:
    add_to_index(tmp_path, DONE)
    index = tmp_path / "index.jsonl"
    whole = index.read_bytes()
    index.write_bytes(whole + whole[: len(whole) // 2])
    assert read_index(tmp_path) == {DONE}
    other = Done("film-2", "cd" * 32, "1.0")
    add_to_index(tmp_path, other)
    assert read_index(tmp_path) == {DONE, other}


@pytest.mark.parametrize("line", ["", "[]", "3", "{}", '{"name": 1}', "\x00\xff"])
def test_lines_that_are_no_entries_are_passed_over(tmp_path: Path, line: str) -> None:
    (tmp_path / "index.jsonl").write_text(line + "\n", encoding="latin-1")
    add_to_index(tmp_path, DONE)
    assert read_index(tmp_path) == {DONE}


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b"\xff"])
def test_a_report_that_cannot_be_read_is_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "report.json").write_bytes(content)
    assert read_report(tmp_path) is None


def test_a_report_is_read_back(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps({"view": "frontal"}))
    assert read_report(tmp_path) == {"view": "frontal"}


def test_own_overlays_are_no_films(tmp_path: Path) -> None:
    assert not is_result(str(tmp_path / "overlay.png"))
    (tmp_path / "report.json").touch()
    assert is_result(str(tmp_path / "overlay.png"))
    assert not is_result(str(tmp_path / "film.png"))
