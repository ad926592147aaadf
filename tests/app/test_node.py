"""`spinescan node`: what it refuses before it listens, what its processes do, and its own end."""

import logging
import socket
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

pytest.importorskip("pynetdicom", reason="needs the extra dicom")
pytest.importorskip("highdicom", reason="needs the extra dicom")

from spinescan.app import pacs_tasks, worker
from spinescan.app.commands import node as command
from spinescan.app.commands.node import node
from spinescan.app.pacs_tasks import Scans
from spinescan.core.errors import ReadError, SpineScanError
from spinescan.io.dicom_write import SyntheticHeader, dicom_bytes
from spinescan.io.limits import ReadLimits
from spinescan.io.sr.own import is_own_file
from spinescan.phantom.film import sample_film

TO = ["--send-to", "PACS@127.0.0.1:104"]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The nodes that would have listened."""
    nodes: list[Any] = []

    class NoScans:
        end = None

        def __enter__(self) -> "NoScans":
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(pacs_tasks, "scans", lambda *_, **__: NoScans())

    def runs_not(node: Any, *_: object) -> None:
        nodes.append(node)
        node.stop(0.0)  # while its queue is open

    monkeypatch.setattr(command, "_run", runs_not)
    monkeypatch.setattr(command, "_log_to_standard_error", lambda: None)
    for name in ("USER", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"SPINESCAN_DICOMWEB_{name}", raising=False)
    return nodes


def run(tmp_path: Path, *words: str) -> Any:
    return CliRunner().invoke(node, ["--port", "0", "--data", str(tmp_path / "data"), *words])


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_beyond_this_computer_senders_must_be_named(
    host: str, begun: list[Any], tmp_path: Path
) -> None:
    refused = run(tmp_path, *TO, "--host", host)
    assert refused.exit_code == 2
    assert "--allow" in refused.output
    assert begun == []
    assert run(tmp_path, *TO, "--host", host, "--allow", "CR1@192.0.2.1").exit_code == 0
    (listening,) = begun
    assert listening._settings.allowed.lets_send("CR1", "192.0.2.1")
    assert not listening._settings.allowed.lets_in("192.0.2.2")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "one of --send-to and --stow"),
        ([*TO, "--stow", "https://pacs.example.org/dicom-web"], "one of --send-to and --stow"),
        (["--send-to", "PACS"], "AET@HOST:PORT"),
        (["--stow", "ftp://pacs.example.org"], "http"),
        (["--stow", "https://me:word@pacs.example.org"], "SPINESCAN_DICOMWEB_USER"),
        ([*TO, "--allow", "CR1"], "AET@ADDRESS"),
        ([*TO, "--allow", "*@*"], "everybody"),
        ([*TO, "--aet", "A TITLE THAT IS TOO LONG"], "16 characters"),
        ([*TO, "--aet", " "], "16 characters"),
        (["--stow", "https://pacs.example.org", "--send-tls"], "--send-to"),
        ([*TO, "--tls-cert", __file__], "cannot be used"),
        ([*TO, "--tls-key", __file__], "--tls-cert"),
        ([*TO, "--tls-ca", __file__], "--tls-ca goes with"),
        ([*TO, "--ca-file", __file__], "--ca-file goes with"),
        ([*TO, "--aet", "A\nB"], "16"),
        (["--send-to", "\u00c4R@127.0.0.1:104"], "AET@HOST:PORT"),
    ],
)
def test_wrong_usage(words: list[str], told: str, begun: list[Any], tmp_path: Path) -> None:
    refused = run(tmp_path, *words)
    assert refused.exit_code == 2, refused.output
    assert told in refused.output
    assert "word@" not in refused.output
    assert begun == []


def test_options_reach_the_node(begun: list[Any], tmp_path: Path) -> None:
    words = ["--aet", "READER", "--max-megabytes", "3", "--max-associations", "6", "--jobs", "2",
             "--waiting", "5", "--leave-megabytes", "7"]  # fmt: skip
    assert run(tmp_path, *TO, *words).exit_code == 0
    settings = begun[0]._settings
    assert settings.at.title == "READER"
    assert settings.limits.object_bytes == 3 * 2**20
    assert (settings.limits.connections, settings.limits.connections_each) == (6, 3)
    assert (settings.jobs, settings.films_waiting, settings.free_bytes) == (2, 5, 7 * 2**20)
    assert begun[0]._destination.name == "dicom:PACS@127.0.0.1:104"


def test_a_port_that_is_taken(begun: list[Any], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run(tmp_path, *TO, "--port", str(port))
    assert refused.exit_code == 1
    assert f"127.0.0.1:{port}" in refused.output
    assert "Address already in use" in refused.output


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("spinescan.pacs.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pynetdicom", None)
    refused = run(tmp_path, *TO)
    assert refused.exit_code == 1
    assert "pip install 'spinescan[dicom]'" in refused.output
    assert len(refused.output.strip().splitlines()) == 1


def test_the_log_holds_no_words_of_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    import warnings

    loggers = [logging.getLogger(name) for name in ("spinescan.node", "pydicom", "pynetdicom")]
    kept = [(each.propagate, list(each.handlers), each.level) for each in loggers]
    try:
        with warnings.catch_warnings():
            command._log_to_standard_error()
            logging.getLogger("spinescan.node").info("a film has come")
            logging.getLogger("pynetdicom.acse").error("SECRET^NAME")
            logging.getLogger("pydicom").error("SECRET^NAME")
            warnings.warn("SECRET^NAME", UserWarning, stacklevel=1)
    finally:
        for each, (propagate, handlers, level) in zip(loggers, kept, strict=True):
            each.propagate, each.handlers = propagate, handlers
            each.setLevel(level)
    told = capsys.readouterr().err
    assert "a film has come" in told
    assert "SECRET" not in told


def hangs(path: Path) -> dict[str, bytes]:
    time.sleep(60)
    return {}


def dies(path: Path) -> dict[str, bytes]:
    import os

    os._exit(1)


def nothing() -> None: ...


@pytest.mark.parametrize(("task", "kind"), [(hangs, "timeout"), (dies, "crashed")])
@pytest.mark.slow
def test_a_film_that_hangs_or_kills_its_process(task: Any, kind: str, tmp_path: Path) -> None:
    with Scans(1, nothing, 1.0, task) as scans:
        for _ in range(2):  # there is another process for the next one
            with pytest.raises(SpineScanError) as caught:
                scans(tmp_path / "film")
            assert caught.value.kind == kind


def hangs_the_second_time(mark: Path) -> None:
    if mark.exists():
        time.sleep(60)
    mark.touch()


@pytest.mark.slow
def test_a_process_that_does_not_start_again_holds_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_START_S", 1.0)
    mark = tmp_path / "mark"
    with Scans(1, partial(hangs_the_second_time, mark), 0.5, dies) as scans:
        for kind in ("crashed", "timeout", "timeout"):
            with pytest.raises(SpineScanError) as caught:
                scans(tmp_path / "film")
            assert caught.value.kind == kind


@pytest.mark.slow
def test_what_its_processes_do(tmp_path: Path) -> None:
    pixels = sample_film("frontal").pixels
    header = SyntheticHeader(1, "PA", 0.2, "F", 14)
    film = tmp_path / "film"
    film.write_bytes(dicom_bytes(pixels, header))
    begin = partial(
        pacs_tasks.start, (), threads=1, limits=ReadLimits(max_pixels=10**7), overlay=True
    )
    with Scans(1, begin, 60.0) as scans:
        results = scans(film)
        assert set(results) == {"report.dcm", "overlay.dcm"}
        assert all(map(is_own_file, results.values()))
        assert not is_own_file(film.read_bytes())
        film.write_bytes(results["overlay.dcm"])  # a picture of ours came back
        assert scans(film) == {}
        film.write_bytes(b"no film")
        with pytest.raises(ReadError):
            scans(film)
        with pytest.raises(ReadError) as caught:
            scans(tmp_path / "nowhere")
        assert caught.value.kind == "not_found"
