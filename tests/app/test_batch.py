import json
from pathlib import Path
from typing import Any

import pytest

from spinescan.app.batch import Settings, scan_batch
from spinescan.app.results import read_index
from tests.app.fakes import (
    ABSTAIN,
    CRASH,
    DEFECT,
    FakeScanner,
    load_fake,
    load_nothing,
    write_film,
)


@pytest.fixture
def films(tmp_path: Path) -> list[str]:
    """Six sources: good, empty, defect in the scanner, abstained, absent, good again."""
    empty = tmp_path / "in" / "empty.png"
    empty.parent.mkdir()
    empty.touch()
    return [
        str(write_film(tmp_path / "in" / "one.png")),
        str(empty),
        str(write_film(tmp_path / "in" / "defect.png", DEFECT)),
        str(write_film(tmp_path / "in" / "other.png", ABSTAIN)),
        str(tmp_path / "in" / "absent.png"),
        str(write_film(tmp_path / "in" / "two.png", mark=2)),
    ]


def kinds(records: list[dict[str, Any]]) -> list[str]:
    return [r["error"]["kind"] if "error" in r else r["decision"] for r in records]


EXPECTED = ["accepted", "empty", "internal", "abstained", "not_found", "accepted"]


def test_every_film_has_its_record_in_order(films: list[str]) -> None:
    records = list(scan_batch(films, Settings(), load=load_fake))
    assert kinds(records) == EXPECTED
    assert [record["file"] for record in records] == films


def test_a_defect_is_one_line_with_its_class(films: list[str]) -> None:
    record = list(scan_batch(films, Settings(), load=load_fake))[2]
    assert "RuntimeError" in record["error"]["message"]
    assert "defect.png" in record["error"]["message"]
    assert "\n" not in record["error"]["message"]
    assert "secret" not in record["error"]["message"]


def test_two_workers_give_what_one_gives(films: list[str]) -> None:
    alone = list(scan_batch(films, Settings(), load=load_fake))
    assert list(scan_batch(films, Settings(), jobs=2, load=load_fake)) == alone


def test_a_killed_worker_costs_one_film(tmp_path: Path) -> None:
    greys = [40, 40, CRASH, 40, ABSTAIN, 40, 40]
    films = [str(write_film(tmp_path / f"{i}.png", g)) for i, g in enumerate(greys)]
    records = list(scan_batch(films, Settings(), jobs=2, load=load_fake))
    assert kinds(records) == [
        "accepted", "accepted", "crashed", "accepted", "abstained", "accepted", "accepted",
    ]  # fmt: skip
    assert [record["file"] for record in records] == films


def test_without_models_each_film_says_so(films: list[str]) -> None:
    records = list(scan_batch(films[:2], Settings(), load=load_nothing))
    assert kinds(records) == ["bundle", "empty"]


def test_models_are_loaded_once_and_only_for_a_film(films: list[str]) -> None:
    loaded = []

    def load(threads: int | None) -> FakeScanner:
        loaded.append(1)
        return FakeScanner()

    list(scan_batch(films[1:2], Settings(), load=load))
    assert loaded == []
    list(scan_batch(films, Settings(), load=load))
    assert loaded == [1]


def test_a_film_above_the_pixel_limit_is_refused(films: list[str]) -> None:
    records = list(scan_batch(films[:1], Settings(max_pixels=19_999), load=load_fake))
    assert kinds(records) == ["too_large"]
    records = list(scan_batch(films[:1], Settings(max_pixels=20_000), load=load_fake))
    assert kinds(records) == ["accepted"]


def test_results_are_three_files_a_film(films: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    records = list(scan_batch(films, Settings(out=out), load=load_fake))
    folders = sorted(path for path in out.iterdir() if path.is_dir())
    assert [f.name.split("-")[0] for f in folders] == ["one", "other", "two"]
    for folder in folders:
        assert sorted(f.name for f in folder.iterdir()) == [
            "overlay.png", "page.html", "report.json",
        ]  # fmt: skip
    assert json.loads((folders[0] / "report.json").read_text("utf-8")) == records[0]
    assert {done.name for done in read_index(out)} == {folder.name for folder in folders}


def test_what_is_done_is_not_scanned_again(films: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = list(scan_batch(films, Settings(out=out), load=load_fake))
    scanner = FakeScanner()
    again = Settings(out=out, done=read_index(out))
    second = list(scan_batch(films, again, load=lambda threads: scanner))
    assert second == first
    assert len(scanner.scanned) == 1  # the film that failed for a defect is tried again
    assert len((out / "index.jsonl").read_text().splitlines()) == 3


def test_a_film_that_another_model_read_is_scanned_again(films: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    list(scan_batch(films[:1], Settings(out=out), load=load_fake))
    newer = FakeScanner("2")
    again = Settings(out=out, done=read_index(out))
    list(scan_batch(films[:1], again, load=lambda threads: newer))
    assert len(newer.scanned) == 1


def test_an_index_that_cannot_be_written_fails_its_film_only(
    films: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out / "index.jsonl").mkdir(parents=True)
    records = list(scan_batch(films, Settings(out=out), load=load_fake))
    plain = list(scan_batch(films, Settings(), load=load_fake))
    assert len(records) == len(films)
    for record, expected in zip(records, plain, strict=True):
        kind = expected["error"]["kind"] if "error" in expected else "output"
        assert record["error"]["kind"] == kind


def test_a_film_that_changed_is_scanned_again(films: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    list(scan_batch(films[:1], Settings(out=out), load=load_fake))
    write_film(Path(films[0]), ABSTAIN)
    again = Settings(out=out, done=read_index(out))
    assert kinds(list(scan_batch(films[:1], again, load=load_fake))) == ["abstained"]


def test_a_film_whose_report_is_gone_is_scanned_again(films: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    list(scan_batch(films[:1], Settings(out=out), load=load_fake))
    report = next(out.glob("*/report.json"))
    report.unlink()
    again = Settings(out=out, done=read_index(out))
    assert kinds(list(scan_batch(films[:1], again, load=load_fake))) == ["accepted"]
    assert report.exists()


def test_results_of_another_version_are_done_anew(
    films: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    list(scan_batch(films[:1], Settings(out=out), load=load_fake))
    monkeypatch.setattr("spinescan.__version__", "99.0")
    scanner = FakeScanner()
    again = Settings(out=out, done=read_index(out))
    list(scan_batch(films[:1], again, load=lambda threads: scanner))
    assert len(scanner.scanned) == 1


def test_a_folder_that_cannot_be_written_is_a_failure_of_its_film(
    films: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.touch()
    assert kinds(list(scan_batch(films[:1], Settings(out=out), load=load_fake))) == ["output"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_anonymous_output_holds_no_name_and_no_digest(
    films: list[str], tmp_path: Path, jobs: int
) -> None:
    out = tmp_path / "out"
    digests = [r["sha256"] for r in scan_batch(films, Settings(), load=load_fake) if "sha256" in r]
    assert len(digests) == 3
    settings = Settings(out=out, anonymous=True)
    records = list(scan_batch(films, settings, jobs=jobs, load=load_fake))
    assert kinds(records) == EXPECTED
    written = [p for p in out.rglob("*") if p.is_file()]
    assert len(written) == 9
    everything = json.dumps(records).encode() + b"".join(p.read_bytes() for p in written)
    everything += "\n".join(str(p.relative_to(out)) for p in out.rglob("*")).encode()
    for source in films:
        for secret in (source, Path(source).name, str(Path(source).parent)):
            assert secret.encode() not in everything
    for digest in digests:
        assert digest.encode() not in everything
        assert digest[:12].encode() not in everything
    assert sorted(p.name for p in out.iterdir()) == ["film-0001", "film-0004", "film-0006"]
