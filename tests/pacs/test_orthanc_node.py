"""Films that a real archive sends to the node, and results back into their studies: each once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.pacs.orthanc import Orthanc, free_port
from tests.pacs.round_trip import by_study, complete, film, wait_for

pytest.importorskip("highdicom", reason="needs the extra dicom")

COMMAND = [sys.executable, "-c", "from spinescan.app.main import cli; cli()"]


class NodeProgram:
    """`spinescan node` in a process of its own, at one port and in one folder."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder, self.port = folder, free_port()
        self._words = [*COMMAND, "node", "--port", str(self.port), "--data", str(folder / "data"),
                       "--leave-megabytes", "0", *more]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.folder / "node.log").read_text()

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        began = self.log.count("listens") if (self.folder / "node.log").exists() else 0
        with (self.folder / "node.log").open("ab") as log:
            self._process = subprocess.Popen(self._words, stdout=log, stderr=log)
        assert wait_for(lambda: self.log.count("listens") > began), self.log

    def kill(self) -> None:
        """SIGKILL; its workers end as their pipe does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)

    def spooled(self) -> list[Path]:
        return list((self.folder / "data" / "node" / "spool").iterdir())


@contextmanager
def node(orthanc: Orthanc, folder: Path, *more: str) -> Iterator[NodeProgram]:
    program = NodeProgram(folder, *more)
    program.start()
    orthanc.connect("spinescan", "SPINESCAN", program.port)
    try:
        yield program
    finally:
        program.stop()


def by_c_store(orthanc: Orthanc) -> tuple[str, str]:
    return ("--send-to", f"{orthanc.aet}@127.0.0.1:{orthanc.dicom_port}")


def everything_once(orthanc: Orthanc, count: int) -> bool:
    try:
        return by_study(orthanc) == complete(range(count))
    except requests.RequestException:
        return False


@pytest.mark.parametrize("way", ["C-STORE", "STOW"])
@pytest.mark.slow
def test_results_come_back_into_the_films_study(orthanc: Orthanc, tmp_path: Path, way: str) -> None:
    films = [orthanc.add(film(0)), orthanc.add(film(1, "lateral"))]
    to = by_c_store(orthanc) if way == "C-STORE" else ("--stow", orthanc.url)
    with node(orthanc, tmp_path / "node", *to) as program:
        orthanc.send("spinescan", films)
        assert wait_for(lambda: everything_once(orthanc, 2)), program.log
        # The archive sends the whole study on, with our overlay, and again: nothing comes of it.
        for again in (films, orthanc.instances(SOPClassUID="1.2.840.10008.5.1.4.1.1.7")):
            orthanc.send("spinescan", again)
        time.sleep(2)
        assert everything_once(orthanc, 2)
        assert program.spooled() == []
    kept = b"".join(p.read_bytes() for p in (tmp_path / "node").rglob("*") if p.is_file())
    for secret in (b"Zyx", b"ID-0", b"ACC0", b"2.25.7"):
        assert secret not in kept


@pytest.mark.slow
def test_a_kill_in_the_middle_loses_nothing(orthanc: Orthanc, tmp_path: Path) -> None:
    count = 4
    films = [orthanc.add(film(n)) for n in range(count)]
    with node(orthanc, tmp_path / "node", *by_c_store(orthanc)) as program:
        orthanc.send("spinescan", films)  # once it says so, they are on the node's disk
        program.kill()
        assert len(program.spooled()) >= 1
        program.start()
        assert wait_for(lambda: len(orthanc.instances()) > count), program.log
        program.kill()  # between two results, perhaps
        program.start()
        assert wait_for(lambda: everything_once(orthanc, count)), program.log
        assert wait_for(lambda: program.spooled() == [], 10)


@pytest.mark.slow
def test_results_wait_for_an_archive_that_is_down(orthanc: Orthanc, tmp_path: Path) -> None:
    films = [orthanc.add(film(n)) for n in range(2)]
    with node(orthanc, tmp_path / "node", "--stow", orthanc.url) as program:
        orthanc.send("spinescan", films)
        orthanc.kill()
        assert wait_for(lambda: "results wait" in program.log), program.log
        orthanc.start()
        assert wait_for(lambda: everything_once(orthanc, 2), 90), program.log
        assert wait_for(lambda: program.spooled() == [], 10)


@pytest.mark.slow
def test_an_unknown_sender_is_not_let_in(orthanc: Orthanc, tmp_path: Path) -> None:
    sent = orthanc.add(film(0))
    to = by_c_store(orthanc)
    with node(orthanc, tmp_path / "node", *to, "--allow", "MODALITY1@127.0.0.1") as program:
        with pytest.raises(requests.HTTPError):
            orthanc.send("spinescan", [sent])
        assert program.spooled() == []
    assert os.listdir(tmp_path / "node" / "data") == ["node"]  # noqa: PTH208
