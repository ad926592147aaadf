"""The command as a process of its own: streams, signals, workers."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.app.fakes import NORMAL, SLOW, write_film

ROOT = Path(__file__).parents[2]
# The command with the scanner of `fakes`, in workers too.
COMMAND = """
from spinescan.app import batch
from spinescan.app.main import cli
from tests.app.fakes import load_fake
batch.shipped_scanner = load_fake
cli()
"""


def start(*words: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "scan", *map(str, words)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@pytest.mark.parametrize("jobs", [1, 2])
def test_standard_output_is_json_lines_alone(tmp_path: Path, jobs: int) -> None:
    for i in range(5):
        write_film(tmp_path / f"{i}.png", mark=i)
    (tmp_path / "2.png").write_bytes(b"")
    process = start(tmp_path, "--json", "--jobs", jobs)
    out, err = process.communicate(timeout=60)
    records = [json.loads(line) for line in out.splitlines()]
    assert [Path(record["file"]).name for record in records] == [f"{i}.png" for i in range(5)]
    assert ["error" in record for record in records] == [False, False, True, False, False]
    assert err == b""
    assert process.returncode == 1


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    for i in range(40):
        write_film(tmp_path / f"{i}.png", mark=i)
    process = start(tmp_path, "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert err == b""


@pytest.mark.skipif(os.name == "nt", reason="signals differ")
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_ends_the_batch_quietly(tmp_path: Path, jobs: int) -> None:
    films = [write_film(tmp_path / "a.png", NORMAL)]
    films += [write_film(tmp_path / f"slow{i}.png", SLOW, i) for i in range(3)]
    process = start(*films, "--json", "--jobs", jobs)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["decision"] == "accepted"
    time.sleep(0.2)  # let the next film begin
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - began < 10
    assert (out, err) == (b"", b"")
