"""The contract of `spinescan scan`."""

import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from dicom_films import film_file, person
from pydicom import dcmread

from spinescan.app.main import cli
from spinescan.core.report import RESEARCH_USE
from spinescan.core.told import NOTHING, Told
from tests.app.fakes import ABSTAIN, DEFECT, FakeScanner, write_film


@pytest.fixture
def scanner(monkeypatch: pytest.MonkeyPatch) -> FakeScanner:
    fake = FakeScanner()
    monkeypatch.setattr(
        "spinescan.infer.scanner.Scanner.default", staticmethod(lambda threads: fake)
    )
    return fake


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of a good film, a film that is no spine, a text with a film's name, and a table."""
    films = tmp_path / "films"
    write_film(films / "a.png")
    write_film(films / "deeper" / "a.png", ABSTAIN)
    (films / "broken.png").write_text("this is no picture")
    (films / "table.csv").write_text("a,b\n")
    return films


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["scan", *map(str, words)])


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


pytestmark = pytest.mark.usefixtures("scanner")


def test_json_is_one_report_a_line_and_nothing_else(folder: Path) -> None:
    result = run(folder, "--json")
    records = lines(result)
    assert [Path(r["file"]).relative_to(folder).as_posix() for r in records] == [
        "a.png", "broken.png", "deeper/a.png",
    ]  # fmt: skip
    assert [r.get("decision") for r in records] == ["accepted", None, "abstained"]
    assert set(records[1]) == {"schema_version", "file", "error"}
    assert set(records[1]["error"]) == {"kind", "message"}
    assert result.stderr == ""


def test_exit_codes(folder: Path) -> None:
    assert run(folder / "a.png").exit_code == 0
    assert run(folder / "deeper" / "a.png").exit_code == 0  # abstaining is an answer
    assert run(folder).exit_code == 1
    assert run(folder / "absent.png").exit_code == 1
    assert run().exit_code == 2
    assert run(folder, "--jobs", 0).exit_code == 2
    assert run(folder, "--max-pixels", 0).exit_code == 2
    assert run(folder, "--nonsense").exit_code == 2


def test_resume_needs_a_folder_and_names(folder: Path, tmp_path: Path) -> None:
    assert run(folder, "--resume").exit_code == 2
    result = run(folder, "--resume", "--anonymous", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "digests" in result.stderr


def test_out_that_cannot_be_a_folder_is_wrong_usage(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert run(folder, "--out", tmp_path / "file").exit_code == 2
    assert run(folder, "--out", tmp_path / "file" / "below").exit_code == 2


def test_an_empty_folder_is_a_failure_with_a_reason(tmp_path: Path) -> None:
    result = run(tmp_path, "--json")
    assert result.exit_code == 1
    assert lines(result)[0]["error"]["kind"] == "not_found"


def test_a_person_reads_curves_type_and_the_limits(folder: Path) -> None:
    result = run(folder)
    text = result.stdout
    assert "Cobb 31 (26 to 36) degrees, T5 to T11, apex T8" in text
    assert "convex to the picture's left" in text
    assert "3CH, or 3CN (provisional)" in text
    assert "no answer\n  No spine could be found on the film.\n" in text
    assert "failed (not_an_image)" in text
    assert text.count(RESEARCH_USE) == 2
    assert str(folder / "deeper" / "a.png") in text


def test_help_says_research_use_only() -> None:
    for words in (["--help"], ["scan", "--help"]):
        assert "Research use only" in CliRunner().invoke(cli, words).stdout


def test_out_holds_a_folder_for_each_film_even_of_equal_names(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    records = lines(run(folder, "--json", "--out", out))
    reports = [json.loads(path.read_text("utf-8")) for path in out.glob("a-*/report.json")]
    assert len(reports) == 2
    assert sorted(r["file"] for r in reports) == [records[0]["file"], records[2]["file"]]
    assert len(list(out.glob("a-*/overlay.png"))) == len(list(out.glob("a-*/page.html"))) == 2


def test_results_inside_the_folder_of_films_are_no_films(folder: Path) -> None:
    first = lines(run(folder, "--json", "--out", folder / "out"))
    assert lines(run(folder, "--json", "--out", folder / "out")) == first
    assert lines(run(folder, "--json")) == first


def test_what_is_told_of_the_patients_reaches_the_scanner(
    folder: Path, tmp_path: Path, scanner: FakeScanner
) -> None:
    run(folder, "--out", tmp_path / "out")
    films = len(scanner.told)
    assert scanner.told == [NOTHING] * films
    options = ("--in-brace", "--age", "adolescent", "--posture", "standing")
    run(folder, "--out", tmp_path / "out", "--resume", *options)  # that report did not know
    assert scanner.told[films:] == [Told(True, "adolescent", "standing")] * films


def test_resume_scans_only_what_is_new(folder: Path, tmp_path: Path, scanner: FakeScanner) -> None:
    out = tmp_path / "out"
    first = lines(run(folder, "--json", "--out", out))
    assert len(scanner.scanned) == 2
    write_film(folder / "new.png", mark=7)
    second = lines(run(folder, "--json", "--out", out, "--resume"))
    assert len(scanner.scanned) == 3
    assert [r for r in second if not r["file"].endswith("new.png")] == first
    run(folder, "--out", out)
    assert len(scanner.scanned) == 6


def test_a_pdf_of_each_film_where_asked_for(
    folder: Path, tmp_path: Path, scanner: FakeScanner
) -> None:
    out = tmp_path / "out"
    run(folder, "--out", out)
    assert list(out.rglob("*.pdf")) == []
    run(folder, "--out", out, "--pdf", "--resume")  # what has no page yet is scanned again
    assert len(scanner.scanned) == 4
    assert [path.read_bytes()[:5] for path in out.glob("a-*/report.pdf")] == [b"%PDF-"] * 2
    run(folder, "--out", out, "--pdf", "--resume")
    assert len(scanner.scanned) == 4
    assert run(folder, "--pdf").exit_code == 2


def test_a_pdf_without_the_extra_is_one_line_of_wrong_usage(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "reportlab", None)
    result = run(folder, "--out", tmp_path / "out", "--pdf")
    assert result.exit_code == 2
    assert "pip install 'spinescan[pdf]'" in result.stderr
    assert not (tmp_path / "out").exists()


def test_anonymous_output_tells_no_name(folder: Path, tmp_path: Path) -> None:
    named = lines(run(folder, "--json"))
    for i, words in enumerate(([], ["--json"])):
        out = tmp_path / f"out{i}"
        result = run(folder, "--anonymous", "--pdf", "--out", out, *words)
        assert result.exit_code == 1
        files = [path for path in out.rglob("*") if path.is_file()]
        everything = result.output + "".join(path.read_text("latin-1") for path in files)
        everything += "".join(str(path.relative_to(out)) for path in files)
        for secret in ("a.png", "broken", "deeper", str(folder), named[0]["sha256"]):
            assert secret not in everything
        assert not (out / "index.jsonl").exists()
        assert run(folder, "--anonymous", "--out", out).exit_code == 2  # would overwrite


def test_max_pixels_is_a_limit(folder: Path) -> None:
    result = run(folder / "a.png", "--json", "--max-pixels", 100)
    assert lines(result)[0]["error"]["kind"] == "too_large"


def test_a_defect_shows_no_traceback(tmp_path: Path) -> None:
    result = run(write_film(tmp_path / "x.png", DEFECT), "--json")
    assert result.exit_code == 1
    assert lines(result)[0]["error"]["kind"] == "internal"
    assert "Traceback" not in result.output


def test_a_name_that_cannot_be_printed_does_not_stop_the_batch(tmp_path: Path) -> None:
    try:
        write_film(tmp_path / "odd\udcff\n.png")
    except (OSError, UnicodeEncodeError):
        pytest.skip("this disk takes no such name")
    result = run(tmp_path, "--json")
    assert result.exit_code == 0
    assert len(lines(result)) == 1
    assert run(tmp_path).exit_code == 0


@pytest.fixture
def dicom(tmp_path: Path) -> Path:
    """A folder with one DICOM film of somebody."""
    films = tmp_path / "dicom"
    films.mkdir()
    pixels = np.random.default_rng(1).random((200, 100), dtype=np.float32)
    (films / "film.dcm").write_bytes(film_file(pixels, person))
    return films


def results_of(out: Path, name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(out.rglob(name))]


def test_dicom_results_where_asked_for(dicom: Path, tmp_path: Path, scanner: FakeScanner) -> None:
    out = tmp_path / "out"
    assert run(dicom, "--out", out).exit_code == 0
    assert results_of(out, "*.dcm") == []
    assert run(dicom, "--out", out, "--sr", "--sc", "--resume").exit_code == 0
    assert len(scanner.scanned) == 2  # what has no report.dcm yet is scanned again
    (report,), (overlay,) = results_of(out, "report.dcm"), results_of(out, "overlay.dcm")
    film = dcmread(dicom / "film.dcm")
    for result in (report, overlay):
        assert dcmread(io.BytesIO(result)).StudyInstanceUID == film.StudyInstanceUID
        assert dcmread(io.BytesIO(result)).PatientName == "Doe^Jane"
    assert run(dicom, "--out", out, "--sr", "--sc", "--resume").exit_code == 0
    assert len(scanner.scanned) == 2
    next(out.rglob("report.dcm")).unlink()
    run(dicom, "--out", out, "--sr", "--sc", "--resume")
    assert len(scanner.scanned) == 3
    assert len(results_of(out, "report.dcm")) == 1


def test_no_result_of_another_film_or_answer_stays(dicom: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(dicom, "--out", out, "--sr", "--sc", "--pdf").exit_code == 0
    (folder,) = [path for path in out.iterdir() if path.is_dir()]
    (folder / "heat-als7.png").write_bytes(b"of the earlier answer")
    pixels = np.random.default_rng(2).random((200, 100), dtype=np.float32)
    (dicom / "film.dcm").write_bytes(film_file(pixels, person))
    assert run(dicom, "--out", out).exit_code == 0
    assert sorted(p.name for p in folder.iterdir()) == ["overlay.png", "page.html", "report.json"]


def test_one_of_the_dicom_results_alone(dicom: Path, tmp_path: Path) -> None:
    run(dicom, "--out", tmp_path / "sr", "--sr")
    run(dicom, "--out", tmp_path / "sc", "--sc")
    assert [p.name for p in (tmp_path / "sr").rglob("*.dcm")] == ["report.dcm"]
    assert [p.name for p in (tmp_path / "sc").rglob("*.dcm")] == ["overlay.dcm"]


def test_dicom_results_are_no_films(dicom: Path, scanner: FakeScanner) -> None:
    assert run(dicom, "--out", dicom / "results", "--sr", "--sc").exit_code == 0
    again = run(dicom, "--json")
    assert [Path(r["file"]).name for r in lines(again)] == ["film.dcm"]
    copied = dicom / "elsewhere.dcm"
    shutil.copy(next(dicom.rglob("overlay.dcm")), copied)
    (record,) = lines(run(copied, "--json"))
    assert record["error"]["kind"] == "unsupported"


def test_a_film_without_a_study_fails_and_says_what_to_do(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(folder / "a.png", "--out", out, "--sr", "--json")
    assert result.exit_code == 1
    (record,) = lines(result)
    assert record["error"]["kind"] == "no_study"
    assert "scan its DICOM file, or do without" in record["error"]["message"]
    assert record["error"]["message"].startswith(str(folder / "a.png"))
    assert list(out.rglob("report.*")) == []


def test_the_bytes_of_the_results_are_those_that_were_scanned(
    dicom: Path, tmp_path: Path, scanner: FakeScanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = dicom / "film.dcm"
    scan = scanner.scan

    def replaced(*told: Any) -> Any:
        film.write_bytes(b"another film by now")
        return scan(*told)

    monkeypatch.setattr(scanner, "scan", replaced)
    assert run(film, "--out", tmp_path / "out", "--sr").exit_code == 0
    assert len(results_of(tmp_path / "out", "report.dcm")) == 1


@pytest.mark.parametrize("option", ["--sr", "--sc"])
def test_dicom_results_need_a_folder(dicom: Path, option: str) -> None:
    result = run(dicom, option)
    assert result.exit_code == 2
    assert "--out" in result.stderr


def test_dicom_results_without_the_extra_are_one_line_of_wrong_usage(
    dicom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "highdicom", None)
    result = run(dicom, "--out", tmp_path / "out", "--sr")
    assert result.exit_code == 2
    assert "pip install 'spinescan[dicom]'" in result.stderr
