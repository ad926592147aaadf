"""`spinescan deidentify`: films without their patients, and none of them silently."""

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from pydicom import dcmread
from sample_files import dicom_bytes, film_values, picture_bytes

from spinescan.app.deidentify import CleanFolder
from spinescan.app.main import cli
from spinescan.audit.marks import Marks
from spinescan.io.deidentify import Pseudonyms
from spinescan.io.read import read_radiograph

pytest.importorskip("dicomanonymizer")

DEEP = film_values(bits=12)
OLD_NAMES = ("Meier", "meier", "Schulz", "1.2.77", "SECRET", "Secret", "photo")


def film(patient: str, number: int, **told: Any) -> bytes:
    values = film_values(bits=12, seed=number)
    names = {"PatientID": patient, "PatientName": f"{patient}^Anna", "BurnedInAnnotation": "NO"}
    names |= {"StudyInstanceUID": f"1.2.77.{ord(patient[0])}", "ViewPosition": "PA"}
    names |= {"SOPInstanceUID": f"1.2.77.1.{number}", "StudyDate": "20240229"}
    return dicom_bytes(values, **(names | told))


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Two films of one patient, one of another, a picture, and a broken film."""
    folder = tmp_path / "clinic"
    (folder / "meier").mkdir(parents=True)
    (folder / "meier" / "one.dcm").write_bytes(film("Meier", 1))
    (folder / "meier" / "two.dcm").write_bytes(film("Meier", 2, ViewPosition="LL"))
    (folder / "Schulz.dcm").write_bytes(film("Schulz", 3))
    (folder / "photo.jpg").write_bytes(picture_bytes(film_values(bits=8), "JPEG", comment="Meier"))
    (folder / "broken.dcm").write_bytes(film("Meier", 4)[:900])
    return folder


@pytest.fixture
def no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spinescan.app.deidentify.can_look", lambda: False)


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["deidentify", *map(str, words)])


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "films.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.usefixtures("no_text")
def test_films_lie_by_patient_and_nothing_tells_their_names(films: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(films, "--out", out)
    assert result.exit_code == 1  # the broken one
    table = rows(out)
    assert sorted(r["file"] for r in table) == [
        str(p.relative_to(out)) for p in files(out) if p.name != "films.csv"
    ]
    assert [r["file"] for r in table] == [r["file"] for r in sorted(table, key=by_names)]
    patients = [r["patient"] for r in table]
    assert sorted(map(patients.count, set(patients))) == [1, 1, 2]
    meier = [r for r in table if patients.count(r["patient"]) == 2]
    assert {r["study"] for r in meier} == {meier[0]["study"]}
    assert {r["view_position"] for r in meier} == {"PA", "LL"}
    (picture,) = (r for r in table if not r["patient"])
    assert picture["file"].startswith("not-told/")
    assert picture["file"].endswith(".png")
    assert (picture["burned_in"], picture["text_seen"]) == ("not told", "not looked")
    everything = "".join(path.read_bytes().decode("latin-1") for path in files(out))
    everything += "".join(str(path.relative_to(out)) for path in out.rglob("*"))
    assert not [name for name in OLD_NAMES if name in everything]
    assert "Nobody looked for text" in result.stderr
    assert "4 films of 2 patients written; 1 failed" in result.stderr
    assert len({path.stat().st_mtime for path in files(out)}) == 1  # no order of reading
    for row in table:
        if row["patient"]:
            assert dcmread(out / row["file"]).PatientID == row["patient"]


def by_names(row: dict[str, str]) -> tuple[str, str]:
    return row["patient"], row["film"]


def test_json_is_one_record_a_line_and_names_only_what_failed(films: Path, tmp_path: Path) -> None:
    result = run(films, "--out", tmp_path / "out", "--json")
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(records) == 5
    (failed,) = (r for r in records if "error" in r)
    assert failed["file"] == str(films / "broken.dcm")
    assert failed["error"]["kind"] in ("truncated", "damaged")
    good = [r for r in records if "error" not in r]
    assert {r["file"] for r in good} == {r["file"] for r in rows(tmp_path / "out")}
    assert set(good[0]) == {"schema_version", "check", *rows(tmp_path / "out")[0]}


def test_exit_codes(films: Path, tmp_path: Path) -> None:
    one = films / "Schulz.dcm"
    assert run(one, "--out", tmp_path / "a").exit_code == 0
    assert run(one, "--out", tmp_path / "a").exit_code == 2  # not empty
    assert run(films, "--out", tmp_path / "b").exit_code == 1
    assert run(tmp_path / "absent", "--out", tmp_path / "c").exit_code == 1
    assert run("--out", tmp_path / "d").exit_code == 2
    assert run(one).exit_code == 2
    for option in ("--key", "--mapping"):
        inside = run(one, "--out", tmp_path / "e", option, tmp_path / "e" / "secret")
        assert inside.exit_code == 2
        assert not (tmp_path / "e").exists()
    (tmp_path / "key").write_text("no key")
    (tmp_path / "key").chmod(0o600)
    assert run(one, "--out", tmp_path / "f", "--key", tmp_path / "key").exit_code == 2


def test_without_the_extra_one_line_names_it(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dicomanonymizer", None)
    result = run(films, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "pip install 'spinescan[dicom]'" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_key_gives_the_same_names_again(films: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    outs = [tmp_path / name for name in ("a", "b", "c")]
    run(films / "meier", "--out", outs[0], "--key", key)
    assert key.stat().st_mode & 0o777 == 0o600
    run(films, "--out", outs[1], "--key", key)
    run(films / "meier", "--out", outs[2])
    names = [{str(p.relative_to(out)) for p in out.rglob("*.dcm")} for out in outs]
    assert len(names[0]) == 2
    assert names[0] < names[1]
    assert not names[0] & names[2]
    for name in names[0]:
        assert (outs[0] / name).read_bytes() == (outs[1] / name).read_bytes()


def test_a_mapping_is_written_only_if_asked_and_for_its_owner(films: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.csv"
    out = tmp_path / "out"
    run(films, "--out", out, "--mapping", mapping)
    assert mapping.stat().st_mode & 0o777 == 0o600
    with mapping.open(newline="") as stream:
        told = {row["source"]: row["file"] for row in csv.DictReader(stream)}
    assert set(told) == {str(p) for p in files(films) if p.name != "broken.dcm"}
    assert set(told.values()) == {row["file"] for row in rows(out)}
    again = run(films, "--out", tmp_path / "other", "--mapping", mapping)
    assert again.exit_code == 2  # never written over


@pytest.mark.parametrize("burned_in", ["YES", "NO", None])
@pytest.mark.parametrize("seen", [True, False])
def test_text_is_never_passed_on_silently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, burned_in: str | None, seen: bool
) -> None:
    pytest.importorskip("scipy")
    box = ((0.1, 0.1, 0.2, 0.12),) if seen else ()
    monkeypatch.setattr("spinescan.audit.marks.find_marks", lambda pixels: Marks(text=box))
    source = tmp_path / "film.dcm"
    source.write_bytes(film("Meier", 1, BurnedInAnnotation=burned_in))
    out = tmp_path / "out"
    result = run(source, "--out", out)
    (row,) = rows(out)
    assert row["burned_in"] == {"YES": "yes", "NO": "no", None: "not told"}[burned_in]
    assert row["text_seen"] == ("yes" if seen else "no")
    check = seen or burned_in == "YES"
    assert row["file"].startswith("check/") == check
    assert ("NOT removed" in result.stderr) == check
    assert ("there may be some" in result.stderr) == (not check)


def test_text_that_is_written_on_a_film_is_seen(tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    from spinescan.phantom.clinic.marks import burned_in_text
    from spinescan.phantom.film import Order, draw_phantom
    from spinescan.phantom.record import image_bytes

    phantom = draw_phantom(Order(rows=900, plain=True), 5)
    written = burned_in_text(phantom.pixels, np.random.default_rng(1))
    folder = CleanFolder(tmp_path, Pseudonyms.random())
    for name, pixels in (("plain.png", phantom.pixels), ("written.png", written)):
        (tmp_path / name).write_bytes(image_bytes(replace(phantom, pixels=pixels)))
    records = [folder.add(str(tmp_path / name)) for name in ("plain.png", "written.png")]
    assert [r["text_seen"] for r in records] == ["no", "yes"]
    assert [r["check"] for r in records] == [False, True]


def test_nothing_is_written_by_halves(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    out = tmp_path / "out"
    monkeypatch.setattr("os.fsync", full)
    folder = CleanFolder(out, Pseudonyms.random())
    record = folder.add(str(films / "Schulz.dcm"))
    assert record["error"]["kind"] == "output"
    assert files(out) == []
    assert folder.rows == {}


def test_a_film_that_reads_otherwise_afterwards_is_not_written(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spinescan.app import deidentify

    other = deidentify.clean_film(film("Schulz", 9))
    monkeypatch.setattr(deidentify, "clean_film", lambda data, **more: other)
    out = tmp_path / "out"
    record = CleanFolder(out, Pseudonyms.random()).add(str(films / "Schulz.dcm"))
    assert record["error"]["kind"] == "unsupported"
    assert not out.exists()


def test_the_same_film_twice_is_one_film(films: Path, tmp_path: Path) -> None:
    (films / "copy.dcm").write_bytes((films / "Schulz.dcm").read_bytes())
    out = tmp_path / "out"
    run(films / "copy.dcm", films / "Schulz.dcm", "--out", out)
    assert len(rows(out)) == len(list(out.rglob("*.dcm"))) == 1


def test_results_of_a_scan_are_no_films(tmp_path: Path) -> None:
    folder = tmp_path / "scan"
    folder.mkdir()
    (folder / "overlay.png").write_bytes(picture_bytes(film_values(bits=8), "PNG"))
    (folder / "report.json").write_text("{}")
    assert run(folder, "--out", tmp_path / "out").exit_code == 1
    assert rows(tmp_path / "out") == []


def test_the_films_read_as_before(films: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(films, "--out", out, "--mapping", tmp_path / "mapping.csv")
    with (tmp_path / "mapping.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            before, after = read_radiograph(row["source"]), read_radiograph(out / row["file"])
            np.testing.assert_array_equal(before.pixels, after.pixels)
            assert before.notices == after.notices


def test_nothing_of_a_header_reaches_the_log(
    films: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    odd = film("Schulz", 3, InstanceNumber="1234567890")
    (films / "odd.dcm").write_bytes(odd.replace(b"1234567890", b"Meier^Anna"))  # no number
    with caplog.at_level(0):
        result = run(films / "odd.dcm", "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "Meier" not in caplog.text + result.output
