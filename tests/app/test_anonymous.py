"""`spinescan scan --anonymous` tells what it cannot take out: text in the picture."""

import json
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydicom import dcmread
from pypdf import PdfReader

from spinescan.app.main import cli
from spinescan.infer.scanner import Scanner
from spinescan.io.deidentify import Pseudonyms, deidentified
from spinescan.io.read import read_radiograph
from spinescan.phantom.film import sample_film
from spinescan.phantom.record import image_bytes

SENTENCE = "Whether text in the picture names the patient is not known"
NAMES = Pseudonyms(bytes(32))


@pytest.fixture(scope="module")
def phantom() -> Any:
    return sample_film()


def dicom(phantom: Any, burned_in: str | None) -> bytes:
    header = dcmread(BytesIO(image_bytes(phantom, "dicom")))
    header.BurnedInAnnotation = burned_in
    header.PatientName, header.PatientID = "Meier^Anna", "SECRET-77"
    header.StudyDate, header.AccessionNumber = "20240229", "ACC-77"
    out = BytesIO()
    header.save_as(out)
    return out.getvalue()


EXPECTED = {
    "denied.dcm": set(),
    "none.png": {"burned_in_unknown"},
    "told.dcm": {"burned_in_annotation"},
    "untold.dcm": {"burned_in_unknown"},
}
"""What an anonymous report tells of text in the picture, by film."""


@pytest.mark.slow
def test_text_that_may_name_the_patient_is_told_of(phantom: Any, tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    (films / "none.png").write_bytes(image_bytes(phantom))
    for name, burned_in in (("told", "YES"), ("denied", "NO"), ("untold", "")):
        (films / f"{name}.dcm").write_bytes(dicom(phantom, burned_in))
    anonymous = scanned(films, tmp_path / "a", "--anonymous")
    assert [codes for codes, _ in anonymous] == list(EXPECTED.values())
    for codes, texts in anonymous:
        assert [SENTENCE in text for text in texts] == ["burned_in_unknown" in codes] * 2
    assert not any("burned_in_unknown" in codes for codes, _ in scanned(films, tmp_path / "b"))


def scanned(films: Path, out: Path, *words: str) -> list[tuple[set[str], list[str]]]:
    """By film the codes that warn of text, and the text of page and PDF."""
    result = CliRunner().invoke(
        cli, ["scan", str(films), "--json", "--out", str(out), "--pdf", *words]
    )
    records = [json.loads(line) for line in result.stdout.splitlines()]
    answers = []
    for record, folder in zip(records, sorted(p for p in out.iterdir() if p.is_dir()), strict=True):
        pdf = PdfReader(folder / "report.pdf").pages[0].extract_text()
        texts = [(folder / "page.html").read_text("utf-8"), " ".join(pdf.split())]
        codes = {w["code"] for w in record["warnings"] if w["code"].startswith("burned_in")}
        answers.append((codes, texts))
    return answers


@pytest.mark.slow
def test_dicom_results_of_a_deidentified_film_name_nobody(phantom: Any) -> None:
    """The report and the capture repeat the header of the film they are given."""
    pytest.importorskip("highdicom")
    made = pytest.importorskip("spinescan.app.dicom_results")
    data = dicom(phantom, None)
    film = deidentified(data, pseudonyms=NAMES)
    radiograph = read_radiograph(film)
    report = replace(Scanner.default().scan(radiograph), timing_ms=0.0)
    results = made.dicom_results(film, radiograph, report, written_at=datetime(2026, 1, 2, 3, 4))
    old, new = dcmread(BytesIO(data)), dcmread(BytesIO(film))
    assert len(results) == 2
    for result in results.values():
        header = dcmread(BytesIO(result))
        assert header.PatientID == header.PatientName == new.PatientID
        assert header.PatientIdentityRemoved == "YES"
        assert header.StudyInstanceUID == new.StudyInstanceUID
        assert not header.StudyDate
        secrets = ("Meier", "SECRET-77", "ACC-77", "20240229")
        secrets += (old.StudyInstanceUID, old.SeriesInstanceUID, old.SOPInstanceUID)
        assert not [secret for secret in secrets if secret.encode() in result]
        assert new.SOPInstanceUID.encode() in result  # it is of that film


@pytest.mark.slow
def test_anonymous_dicom_results_go_with_the_deidentified_film(
    phantom: Any, tmp_path: Path
) -> None:
    pytest.importorskip("highdicom", reason="needs the extra dicom")
    film, key = tmp_path / "meier.dcm", tmp_path / "key"
    data = dicom(phantom, "NO")
    film.write_bytes(data)

    def results(out: str, *words: str) -> list[bytes]:
        told = ["scan", str(film), "--out", str(tmp_path / out), "--anonymous", "--sr", "--sc"]
        run = CliRunner().invoke(cli, [*told, *words])
        assert run.exit_code == 0, run.output
        assert not key.exists() or key.read_text().strip() not in run.output
        (folder,) = (tmp_path / out).iterdir()
        return [(folder / name).read_bytes() for name in ("report.dcm", "overlay.dcm")]

    passed_on = dcmread(BytesIO(deidentified(data, pseudonyms=Pseudonyms.of_file(key))))
    for result in results("keyed", "--key", str(key)):
        header = dcmread(BytesIO(result))
        assert header.StudyInstanceUID == passed_on.StudyInstanceUID
        assert header.PatientID == passed_on.PatientID
        assert passed_on.SOPInstanceUID.encode() in result
    old = dcmread(BytesIO(data))
    secrets = ("Meier", "SECRET-77", "ACC-77", "20240229", old.StudyInstanceUID)
    random = results("random")
    assert not [secret for secret in secrets for result in random if secret.encode() in result]
    one, other = (dcmread(BytesIO(result)) for result in random)
    assert one.StudyInstanceUID == other.StudyInstanceUID != passed_on.StudyInstanceUID


@pytest.mark.slow
def test_a_picture_has_no_study_anonymous_or_not(phantom: Any, tmp_path: Path) -> None:
    pytest.importorskip("highdicom", reason="needs the extra dicom")
    film = tmp_path / "f.png"
    film.write_bytes(image_bytes(phantom))
    for more in ([], ["--anonymous"]):
        words = ["scan", str(film), "--json", "--out", str(tmp_path / "out"), "--sr", *more]
        record = json.loads(CliRunner().invoke(cli, words).stdout)
        assert record["error"]["kind"] == "no_study"


def test_a_key_is_for_anonymous_dicom_results(tmp_path: Path) -> None:
    words = ["scan", "film.dcm", "--out", str(tmp_path), "--key", str(tmp_path / "key")]
    for more in ([], ["--anonymous"], ["--sr"]):
        run = CliRunner().invoke(cli, [*words, *more])
        assert run.exit_code == 2
        assert "--key goes with" in run.output
