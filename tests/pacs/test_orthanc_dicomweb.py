"""Films of a real archive by DICOMweb, and results back into their studies: each once."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pydicom import dcmread

from spinescan.app.main import cli
from spinescan.pacs.errors import PacsError
from spinescan.pacs.stow import StowDestination
from spinescan.pacs.web_server import PASSWORD, TOKEN, USER, Login, WebServer
from tests.pacs import orthanc as orthanc_program
from tests.pacs.orthanc import Orthanc
from tests.pacs.round_trip import by_study, complete, film, wait_for

pytest.importorskip("highdicom", reason="needs the extra dicom")

COMMAND = [sys.executable, "-c", "from spinescan.app.main import cli; cli()"]


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (USER, PASSWORD, TOKEN):
        monkeypatch.delenv(name, raising=False)


def words(orthanc: Orthanc, data: Path, *more: str) -> list[str]:
    asked = ["--server", orthanc.url, "--query", "StudyDate=20260101-20260131", "--data", str(data)]
    return ["dicomweb", "scan", *asked, *more]


def scan(orthanc: Orthanc, data: Path, *more: str) -> Result:
    return CliRunner().invoke(cli, words(orthanc, data, *more))


def send(orthanc: Orthanc, data: Path, *more: str) -> Result:
    given = ["dicomweb", "send", "--server", orthanc.url, "--data", str(data), *more]
    return CliRunner().invoke(cli, given)


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def spooled(data: Path) -> list[Path]:
    return list((data / "dicomweb" / "spool").iterdir())


def fill(orthanc: Orthanc, count: int) -> None:
    destination = StowDestination(WebServer(orthanc.url))
    for number in range(count):
        destination.send(film(number, "lateral" if number % 2 else "frontal"))


@pytest.mark.slow
def test_results_come_back_into_the_films_study(orthanc: Orthanc, tmp_path: Path) -> None:
    fill(orthanc, 2)
    orthanc.add(film(9).replace(b"20260115", b"20260215"))  # of another month
    result = scan(orthanc, tmp_path, "--store", "--json", "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    records = lines(result)
    assert sorted(record["view"] for record in records) == ["frontal", "lateral"]
    assert {record["file"] for record in records} == {
        f"{orthanc.url}/studies/2.25.7{n}1/series/2.25.7{n}2/instances/2.25.7{n}3" for n in (0, 1)
    }
    assert len(list((tmp_path / "out").glob("*/report.json"))) == 2
    there = by_study(orthanc)
    del there["2.25.791 ID-9"]
    assert there == complete(range(2))
    for number in range(2):
        source = dcmread(BytesIO(film(number, "lateral" if number else "frontal")))
        of_patient = orthanc.instances(PatientID=f"ID-{number}")
        for each in (dcmread(BytesIO(orthanc.file(i))) for i in of_patient):
            for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex",
                            "StudyInstanceUID", "StudyDate", "AccessionNumber"):  # fmt: skip
                assert each[keyword].value == source[keyword].value
            if each.Modality == "SR":
                assert each.VerificationFlag == "UNVERIFIED"
                assert "research use only" in str(each).lower()
    assert spooled(tmp_path) == []
    words_kept = b"".join(path.read_bytes() for path in (tmp_path / "dicomweb").rglob("*.*"))
    assert b"Zyx" not in words_kept


@pytest.mark.slow
def test_a_second_run_adds_nothing(orthanc: Orthanc, tmp_path: Path) -> None:
    fill(orthanc, 1)
    assert scan(orthanc, tmp_path, "--store").exit_code == 0
    first = sorted(orthanc.instances())
    again = scan(orthanc, tmp_path, "--store", "--json")
    assert again.exit_code == 0
    assert len(lines(again)) == 1  # the overlay is no film
    assert "1 films have the answer that an earlier run" in again.stderr
    by_kind = scan(orthanc, tmp_path, "--query", "ModalitiesInStudy=DX", "--json")
    assert len(lines(by_kind)) == 1
    assert scan(orthanc, tmp_path, "--query", "ModalitiesInStudy=CR").exit_code == 1
    # Nor does one that knows nothing of the first: the same answer is the same object.
    assert scan(orthanc, tmp_path / "elsewhere", "--store", "--jobs", "2").exit_code == 0
    assert sorted(orthanc.instances()) == first
    assert by_study(orthanc) == complete(range(1))


@pytest.mark.slow
def test_nothing_is_stored_unless_asked_for(orthanc: Orthanc, tmp_path: Path) -> None:
    fill(orthanc, 2)
    result = scan(orthanc, tmp_path, "--anonymous", "--json", "--limit", "1")
    assert result.exit_code == 0
    (record,) = lines(result)
    assert "file" not in record
    assert "2.25." not in result.output
    assert len(orthanc.instances()) == 2
    assert not (tmp_path / "dicomweb").exists()
    assert scan(orthanc, tmp_path, "--store", "--no-overlay").exit_code == 0
    assert by_study(orthanc) == complete(range(2), overlays=0)


def test_wrong_usage_names_no_patient(orthanc: Orthanc, tmp_path: Path) -> None:
    both = ["--store", "--anonymous"]
    for more in (both, ["--no-overlay"], ["--query", "Zyx0"], ["--query", "Patient=Zyx0"]):
        result = scan(orthanc, tmp_path, *more)
        assert result.exit_code == 2
        assert "Zyx0" not in result.output
    none = scan(orthanc, tmp_path, "--query", "PatientName=Zyx*", "--json")
    assert (none.exit_code, none.stdout) == (1, "")
    assert "No films found." in none.stderr


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Orthanc]:
    """An Orthanc that asks for a password and lets nobody write while `read-only` is there."""
    reason = orthanc_program.missing()
    if reason is not None:
        pytest.skip(reason)
    folder = tmp_path / "orthanc"
    folder.mkdir()
    script = folder / "guard.lua"
    script.write_text(
        "function IncomingHttpRequestFilter(method, uri, ip, username, headers)\n"
        f"  local file = io.open('{folder}/read-only', 'r')\n"
        "  if file then io.close(file) end\n"
        "  return method == 'GET' or file == nil\n"
        "end\n"
    )
    server = Orthanc(folder, login=True, settings={"LuaScripts": [str(script)]})
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.mark.slow
def test_what_a_server_refuses_waits(
    guarded: Orthanc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded.add(film(0))
    stranger = scan(guarded, tmp_path, "--store")
    assert stranger.exit_code == 1
    assert "401" in stranger.stderr
    monkeypatch.setenv(USER, orthanc_program.USER)
    monkeypatch.setenv(PASSWORD, orthanc_program.PASSWORD)
    (guarded.folder / "read-only").touch()
    refused = scan(guarded, tmp_path, "--store", "--json")
    assert refused.exit_code == 1
    assert "error" not in lines(refused)[0]
    assert "2 results wait" in refused.stderr
    assert "403" in refused.stderr
    assert orthanc_program.PASSWORD not in refused.output
    assert len(spooled(tmp_path)) == 2
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in spooled(tmp_path))

    # What waits for one server goes to no other.
    with pytest.raises(PacsError):
        StowDestination(WebServer(guarded.url)).send(film(1))
    other = Orthanc(tmp_path / "other", login=True)
    other.start()
    try:
        assert send(other, tmp_path).exit_code == 0
        assert other.instances() == []
    finally:
        other.kill()

    (guarded.folder / "read-only").unlink()
    sent = send(guarded, tmp_path)
    assert sent.exit_code == 0
    assert "2 results sent" in sent.stderr
    assert by_study(guarded) == complete(range(1))
    assert spooled(tmp_path) == []
    assert send(guarded, tmp_path).exit_code == 0
    assert by_study(guarded) == complete(range(1))


@pytest.mark.slow
def test_a_server_that_hangs_or_is_down_loses_nothing(
    guarded: Orthanc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(USER, orthanc_program.USER)
    monkeypatch.setenv(PASSWORD, orthanc_program.PASSWORD)
    guarded.add(film(0))
    (guarded.folder / "read-only").touch()
    assert scan(guarded, tmp_path, "--store").exit_code == 1
    (guarded.folder / "read-only").unlink()

    guarded.pause()
    hanging = send(guarded, tmp_path, "--timeout", "1")
    assert hanging.exit_code == 1
    assert "silent for 1 s" in hanging.stderr
    assert len(spooled(tmp_path)) == 2
    guarded.resume()  # it now stores what lay in its socket, and we send it again

    guarded.kill()
    down = send(guarded, tmp_path)
    assert down.exit_code == 1
    assert "cannot be reached" in down.stderr
    guarded.start()
    assert send(guarded, tmp_path).exit_code == 0
    assert by_study(guarded) == complete(range(1))


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["server", "command"])
def test_a_kill_in_the_middle_costs_a_second_run(
    orthanc: Orthanc, tmp_path: Path, victim: str
) -> None:
    count = 3
    fill(orthanc, count)
    asked = [*COMMAND, *words(orthanc, tmp_path, "--store", "--json")]
    with subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        first = json.loads(running.stdout.readline())
        assert "error" not in first
        if victim == "server":
            orthanc.kill()
        else:
            os.kill(running.pid, signal.SIGKILL)
        rest = [json.loads(line) for line in running.stdout if line.endswith(b"\n")]
    if victim == "server":
        assert running.returncode == 1
        assert len(rest) == count - 1
        assert rest[-1]["error"]["kind"] == "unreachable"
        orthanc.start()
    assert scan(orthanc, tmp_path, "--store").exit_code == 0
    assert wait_for(lambda: by_study(orthanc) == complete(range(count)), 5)
    assert spooled(tmp_path) == []


def test_an_object_that_is_there_already_counts_as_stored(orthanc: Orthanc) -> None:
    destination = StowDestination(WebServer(orthanc.url, Login()))
    for _ in range(2):
        destination.send(film(0))
    assert len(orthanc.instances()) == 1
