"""Malformed associations and films: it keeps answering, and each film that was taken has an end.

These are a hundred each; `benchmarks/node_attacks.py` sends more, to `spinescan node` itself.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dicom_attacks import attack, mutated_object, play, store_objects

from spinescan.core.errors import ReadError, SpineScanError
from spinescan.pacs.connection import ConnectionLimits
from spinescan.pacs.listener import Address
from spinescan.pacs.node import Node, NodeSettings
from spinescan.pacs.queue import PacsQueue
from spinescan.pacs.store_scu import StoreDestination
from tests.pacs.films import Pacs, echo, film, store, until

# Both libraries warn of what is malformed; it is meant to be.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

LIMITS = ConnectionLimits(
    connections=32,
    connections_each=32,
    object_bytes=2_000_000,
    negotiate_s=2.0,
    pdu_s=2.0,
    idle_s=5.0,
)


def quick_scan(path: Path) -> Mapping[str, bytes]:
    """Stands in for the scanner: half of the films fail, by their length."""
    size = path.stat().st_size
    if size % 4 == 0:
        raise ReadError("damaged", kind="damaged")
    if size % 4 == 1:
        raise SpineScanError("its process died", kind="crashed")
    return {}


@pytest.fixture
def node_and_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setattr("spinescan.pacs.queue._FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr("spinescan.pacs.node._IDLE_S", 0.1)
    settings = NodeSettings(
        Address("127.0.0.1", 0, "SPINESCAN"), limits=LIMITS, jobs=2, free_bytes=0
    )
    with Pacs().listening() as pacs, PacsQueue(tmp_path) as queue:
        destination = StoreDestination(pacs.title, "127.0.0.1", pacs.port)
        with Node(settings, tmp_path, queue, quick_scan, destination) as node:
            yield node, queue


def open_handles() -> int:
    """Of this process; 0 where the system does not tell."""
    return sum(1 for _ in Path("/proc/self/fd").glob("*"))


@pytest.mark.slow
def test_malformed_associations(node_and_queue: tuple[Node, PacsQueue]) -> None:
    node, queue = node_and_queue
    heard: Counter[str] = Counter()
    with ThreadPoolExecutor(8) as pool:
        for number in range(2):
            indices = range(number * 44, number * 44 + 44)
            heard.update(pool.map(lambda i: play(node.port, attack(0, i), 0.2), indices))
            assert echo(node.port)
    assert {"abort", "closed", "answer"} <= heard.keys()  # they reach what they are meant for
    until(lambda: node._listener.connections == 0)
    handles, threads = open_handles(), threading.active_count()
    for index in range(22):
        play(node.port, attack(1, index), 0.0)
    until(lambda: node._listener.connections == 0)
    assert threading.active_count() <= threads
    assert open_handles() <= handles + 2
    assert store(node.port, film()) == [0]
    until(lambda: queue.counts().films_waiting == 0)


@pytest.mark.slow
def test_malformed_films(node_and_queue: tuple[Node, PacsQueue], tmp_path: Path) -> None:
    node, queue = node_and_queue
    objects = [mutated_object(0, index) for index in range(100)]
    statuses = Counter(store_objects(node.port, objects))
    assert statuses.keys() <= {0x0000, 0xC000}
    assert statuses[0] > 80
    assert echo(node.port)
    until(lambda: queue.counts().films_waiting == 0, 30.0)
    counts = queue.counts()
    assert counts.films_answered + counts.films_failed == statuses[0]
    assert counts.films_failed > 0 < counts.films_answered
    until(lambda: not list((tmp_path / "spool").iterdir()))


@pytest.mark.slow
def test_the_node_itself_with_its_scanner(tmp_path: Path) -> None:
    from node_attacks import attacked

    answer = attacked(tmp_path, associations=220, objects=200, seed=3)
    assert answer["unanswered_echoes"] == 0
    assert answer["films"]["taken"] == answer["films"]["answered"] + answer["films"]["failed"]
    assert answer["exit_code"] == 0
