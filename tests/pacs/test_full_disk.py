"""A disk that is really full: a few megabytes of memory, where they may be mounted as one."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from spinescan.pacs.node import NodeSettings
from tests.pacs.films import Pacs, echo, film, free_port, store, until
from tests.pacs.test_node import AT, OUT_OF_RESOURCES, Scanning, quick, results_of, running

__all__ = ["quick"]  # a fixture, for all tests here


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("needs to be allowed to mount a file system in memory")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Somebody else's file, as large as it can be."""
    filler = disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as out:
        while out.write(bytes(4096)):
            pass
    return filler


@pytest.mark.slow
def test_nothing_that_was_acknowledged_is_lost(small_disk: Path) -> None:
    films = [film(seed, rows=500, columns=300) for seed in range(16)]  # 300 kB each
    scanning = Scanning()
    scanning.delay_s = 0.05
    pacs = Pacs(port=free_port())
    folder = small_disk / "queue"
    settings = NodeSettings(AT, free_bytes=500_000)  # results find room when films do not
    with running(folder, scanning, pacs, settings) as (node, queue):
        answers = [store(node.port, each)[0] for each in films]
        assert set(answers) == {0, OUT_OF_RESOURCES}
        taken = [each for each, answer in zip(films, answers, strict=True) if answer == 0]
        filler = fill(small_disk)  # and now there is no room at all
        assert store(node.port, films[-1]) == [OUT_OF_RESOURCES]
        assert echo(node.port)
        with pacs.listening():
            time.sleep(1.0)
            filler.unlink()
            until(lambda: results_of(*taken) <= set(pacs.objects), 30.0)
            for each in films:  # their sender tries again
                until(lambda each=each: store(node.port, each) == [0], 30.0)  # type: ignore[misc]
            until(lambda: set(pacs.objects) == results_of(*films), 60.0)
            until(lambda: not list((folder / "spool").iterdir()))
        counts = queue.counts()
    assert (counts.films_waiting, counts.films_failed, counts.deliveries_waiting) == (0, 0, 0)
    assert counts.films_answered == len(films)
