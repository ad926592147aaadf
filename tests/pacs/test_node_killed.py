"""A node that is killed (SIGKILL) in the middle has kept what it acknowledged, and goes on.

The process is killed, not the machine; `tests/cases/test_killed.py` tells the difference.
"""

import random
import signal
import threading
import time
from pathlib import Path

import pytest
from node_process import Archive, RunningNode, started

from spinescan.pacs.queue import PacsQueue
from tests.pacs.films import film, object_of, store, until

pytest.importorskip("highdicom", reason="needs the extra dicom")

ROUNDS = 3
FILMS = 6


class Modality(threading.Thread):
    """Sends films, and each again until it is acknowledged, as the machines of a ward do."""

    def __init__(self, films: list[bytes]) -> None:
        super().__init__(daemon=True)
        self.films, self.port = films, 0
        self.acknowledged: list[bytes] = []
        self.over = threading.Event()

    def run(self) -> None:
        for each in self.films:
            while not self.over.is_set() and store(self.port, each) != [0]:
                time.sleep(0.1)
            self.acknowledged.append(each)
            time.sleep(0.1)


def kill(node: RunningNode, after_s: float) -> None:
    time.sleep(after_s)
    assert node.stop(signal.SIGKILL) == -9


@pytest.mark.slow
def test_a_node_that_is_killed_loses_nothing_and_answers_once(tmp_path: Path) -> None:
    films = [film(seed, rows=200, columns=120) for seed in range(FILMS)]
    studies = {str(object_of(each).StudyInstanceUID) for each in films}
    assert len(studies) == FILMS
    moments, modality = random.Random(5), Modality(films)
    with Archive(delay_s=0.05).listening() as archive:
        for turn in range(ROUNDS):
            node = started(tmp_path, archive.name)
            modality.port = node.port
            if turn == 0:
                modality.start()
            kill(node, moments.uniform(0.2, 1.5))
        node = started(tmp_path, archive.name)
        modality.port = node.port
        try:
            modality.join(60)
            assert len(modality.acknowledged) == FILMS
            until(lambda: set(archive.reports.values()) == studies, 60)
            until(lambda: set(archive.captures.values()) == studies, 60)
            until(lambda: not list((tmp_path / "node" / "spool").iterdir()))
        finally:
            modality.over.set()
            assert node.stop() == 0
    # One report and one capture of each film, whatever was done twice on the way.
    assert len(archive.reports) == len(archive.captures) == FILMS
    with PacsQueue(tmp_path / "node") as queue:
        counts = queue.counts()
    assert (counts.films_answered, counts.films_failed) == (FILMS, 0)
    assert (counts.films_waiting, counts.deliveries_waiting) == (0, 0)


@pytest.mark.slow
def test_it_ends_in_order_in_the_middle_of_a_scan(tmp_path: Path) -> None:
    films = [film(seed, rows=200, columns=120) for seed in range(4)]
    with Archive().listening() as archive:
        node = started(tmp_path, archive.name)
        assert store(node.port, *films) == [0] * 4
        began = time.monotonic()
        assert node.stop(signal.SIGTERM) == 0
        assert time.monotonic() - began < 20
        node = started(tmp_path, archive.name)
        until(lambda: len(archive.reports) == 4, 60)
        until(lambda: len(archive.captures) == 4, 60)
        assert node.stop(signal.SIGINT) == 0
    assert set(archive.times.values()) == {1}
    told = "".join(node.lines)
    for secret in ("PHANTOM", "SYNTHETIC", "MODALITY", "2.25.", ".dcm"):
        assert secret not in told
