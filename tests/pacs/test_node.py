"""Films in, results out: once each, whatever is down, slow, full or broken meanwhile."""

import errno
import logging
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import SecondaryCaptureImageStorage

from spinescan.cases.errors import CaseError
from spinescan.core.errors import ReadError, SpineScanError
from spinescan.pacs import node as node_module
from spinescan.pacs.access import AllowList, Sender
from spinescan.pacs.errors import PacsError
from spinescan.pacs.listener import Address
from spinescan.pacs.node import Node, NodeSettings
from spinescan.pacs.queue import PacsQueue
from spinescan.pacs.spool import Spool
from spinescan.pacs.store_scu import StoreDestination, StoreTimes
from tests.pacs.films import Pacs, echo, film, free_port, like, object_of, store, uid_of, until

TIMES = StoreTimes(connect=1.0, answer=2.0, whole=5.0)
OUT_OF_RESOURCES = 0xA700
AT = Address("127.0.0.1", 0, "SPINESCAN")


class Scanning:
    """Stands in for the scanner: one result a film, of the same UID each time."""

    def __init__(self) -> None:
        self.scanned: Counter[str] = Counter()
        self.error: Exception | None = None
        self.delay_s = 0.0
        self._lock = threading.Lock()

    def __call__(self, path: Path) -> Mapping[str, bytes]:
        data = path.read_bytes()
        with self._lock:
            self.scanned[uid_of(data)] += 1
        time.sleep(self.delay_s)
        if self.error is not None:
            raise self.error
        return {"report.dcm": result_of(data)}


def result_of(data: bytes) -> bytes:
    found = object_of(data)
    out = BytesIO()
    uid = f"{found.SOPInstanceUID}.1"[-64:].lstrip(".0")
    capture = like(data, SOPInstanceUID=uid, SOPClassUID=SecondaryCaptureImageStorage)
    capture.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    capture.save_as(out, enforce_file_format=True)
    return out.getvalue()


def results_of(*films: bytes) -> set[str]:
    return {uid_of(result_of(each)) for each in films}


@pytest.fixture
def scanning() -> Scanning:
    return Scanning()


@pytest.fixture
def pacs() -> Iterator[Pacs]:
    with Pacs().listening() as pacs:
        yield pacs


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses after faults are for fractions of a second."""
    monkeypatch.setattr(node_module, "_FAULT_S", 0.1)
    monkeypatch.setattr(node_module, "_LONGEST_S", 0.4)
    monkeypatch.setattr(node_module, "_IDLE_S", 0.1)
    monkeypatch.setattr("spinescan.pacs.queue._FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr("spinescan.pacs.queue._LONGEST_PAUSE_S", 0.4)


@contextmanager
def running(
    folder: Path, scanning: Scanning, pacs: Pacs, settings: NodeSettings | None = None
) -> Iterator[tuple[Node, PacsQueue]]:
    destination = StoreDestination(pacs.title, "127.0.0.1", pacs.port, times=TIMES)
    settings = settings or NodeSettings(AT, free_bytes=0)
    with (
        PacsQueue(folder) as queue,
        Node(settings, folder, queue, scanning, destination) as node,
    ):
        yield node, queue


def files(folder: Path) -> int:
    return sum(1 for _ in (folder / "spool").iterdir())


def test_films_are_answered(tmp_path: Path, scanning: Scanning, pacs: Pacs) -> None:
    films = [film(seed) for seed in range(5)]
    with running(tmp_path, scanning, pacs) as (node, queue):
        assert store(node.port, *films) == [0] * 5
        until(lambda: len(pacs.objects) == 5)
        until(lambda: queue.counts().deliveries_done == 5)
        until(lambda: files(tmp_path) == 0)
    assert set(pacs.objects) == results_of(*films)
    assert set(pacs.times.values()) == {1}


def test_a_film_that_comes_again_is_a_success_and_not_scanned_again(
    tmp_path: Path, scanning: Scanning, pacs: Pacs
) -> None:
    with running(tmp_path, scanning, pacs) as (node, _):
        assert store(node.port, film(), film()) == [0, 0]
        until(lambda: pacs.objects)
        assert store(node.port, film()) == [0]
    with running(tmp_path, scanning, pacs) as (node, queue):
        assert store(node.port, film()) == [0]
        time.sleep(0.3)
        assert queue.counts().films_waiting == 0
    assert set(scanning.scanned.values()) == {1}
    assert set(pacs.times.values()) == {1}


def test_a_film_that_needs_no_answer(
    tmp_path: Path, scanning: Scanning, pacs: Pacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Scanning, "__call__", lambda self, path: {})
    with running(tmp_path, scanning, pacs) as (node, queue):
        assert store(node.port, film()) == [0]
        until(lambda: queue.counts().films_answered == 1)
        until(lambda: files(tmp_path) == 0)
    assert not pacs.objects


def test_a_film_that_cannot_be_read_costs_itself_only(
    tmp_path: Path, scanning: Scanning, pacs: Pacs, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "spinescan.node")
    with running(tmp_path, scanning, pacs) as (node, queue):
        scanning.error = ReadError("SECRET^NAME is damaged", kind="damaged")
        assert store(node.port, film(1)) == [0]
        until(lambda: queue.counts().films_failed == 1)
        scanning.error = SpineScanError("its process died", kind="crashed")
        assert store(node.port, film(2)) == [0]
        until(lambda: queue.counts().films_failed == 2)
        scanning.error = RuntimeError("a defect with SECRET^NAME")
        assert store(node.port, film(3)) == [0]
        until(lambda: queue.counts().films_failed == 3)
        scanning.error = None
        assert store(node.port, film(4)) == [0]
        until(lambda: pacs.objects)
        until(lambda: files(tmp_path) == 0)
        # One that failed may come again.
        assert store(node.port, film(2)) == [0]
        until(lambda: len(pacs.objects) == 2)
    times = {seed: scanning.scanned[uid_of(film(seed))] for seed in (1, 2, 3, 4)}
    assert times == {1: 1, 2: 4, 3: 3, 4: 1}
    assert set(pacs.objects) == results_of(film(2), film(4))
    failed = [record for record in caplog.records if "FAILED" in record.message]
    assert [record.levelno for record in failed] == [logging.ERROR] * 3
    for secret in ("SECRET", "PHANTOM", "MODALITY", uid_of(film(1)), "2.25."):
        assert secret not in caplog.text


def test_the_pacs_is_down_and_comes_back(tmp_path: Path, scanning: Scanning) -> None:
    films = [film(seed) for seed in range(4)]
    pacs = Pacs(port=free_port())
    with running(tmp_path, scanning, pacs) as (node, queue):
        assert store(node.port, *films) == [0] * 4
        until(lambda: queue.counts().deliveries_waiting == 4)
        time.sleep(0.5)
        with pacs.listening():
            until(lambda: len(pacs.objects) == 4)
            until(lambda: queue.counts().deliveries_done == 4)
    assert set(pacs.objects) == results_of(*films)


def test_the_pacs_refuses_for_a_while(tmp_path: Path, scanning: Scanning, pacs: Pacs) -> None:
    films = [film(seed) for seed in range(4)]
    pacs.status = OUT_OF_RESOURCES
    with running(tmp_path, scanning, pacs) as (node, queue):
        assert store(node.port, *films) == [0] * 4
        until(lambda: queue.counts().deliveries_waiting == 4)
        time.sleep(0.5)
        assert not pacs.objects
        pacs.status = 0
        until(lambda: queue.counts().deliveries_done == 4)
    assert set(pacs.times.values()) == {1}


@pytest.mark.slow
def test_the_pacs_is_slow(tmp_path: Path, scanning: Scanning, pacs: Pacs) -> None:
    pacs.delay_s = 2.5  # longer than an answer may take: it has the object, and we do not know
    with running(tmp_path, scanning, pacs) as (node, queue):
        assert store(node.port, film()) == [0]
        until(lambda: pacs.objects)
        pacs.delay_s = 0.0
        until(lambda: queue.counts().deliveries_done == 1)
    assert set(pacs.objects) == results_of(film())  # the same object, however often it came


@pytest.mark.slow
def test_what_waits_goes_on_after_a_restart(tmp_path: Path, scanning: Scanning) -> None:
    films = [film(seed) for seed in range(6)]
    pacs = Pacs(port=free_port())
    scanning.delay_s = 0.3
    with running(tmp_path, scanning, pacs) as (node, queue):
        assert store(node.port, *films) == [0] * 6
        until(lambda: queue.counts().deliveries_waiting >= 2)
    with pacs.listening(), running(tmp_path, scanning, pacs) as (_, queue):
        until(lambda: queue.counts().deliveries_done == 6)
    assert set(pacs.objects) == results_of(*films)
    assert set(pacs.times.values()) == {1}
    assert set(scanning.scanned.values()) == {1}


def test_a_scan_that_its_own_end_cut_off_is_not_the_films_fault(
    tmp_path: Path, scanning: Scanning, pacs: Pacs
) -> None:
    for _ in range(4):  # more often than a film is tried
        with ExitStack() as stack:
            node, _ = stack.enter_context(running(tmp_path, scanning, pacs))
            scanning.delay_s, scanning.error = 0.3, SpineScanError("killed", kind="crashed")
            seen = scanning.scanned.total()
            store(node.port, film())
            until(lambda seen=seen: scanning.scanned.total() > seen)  # type: ignore[misc]
    scanning.delay_s, scanning.error = 0.0, None
    with running(tmp_path, scanning, pacs):
        until(lambda: pacs.objects)


def test_nothing_is_taken_while_it_stops(tmp_path: Path, scanning: Scanning, pacs: Pacs) -> None:
    answers: list[list[int | None]] = []
    with running(tmp_path, scanning, pacs) as (node, queue):
        node._stopping.set()
        answers.append(store(node.port, film()))
        assert queue.counts().films_waiting == 0
    assert answers == [[OUT_OF_RESOURCES]]


def test_too_many_films_wait(tmp_path: Path, scanning: Scanning, pacs: Pacs) -> None:
    scanning.delay_s = 0.5
    settings = NodeSettings(AT, films_waiting=2, free_bytes=0)
    with running(tmp_path, scanning, pacs, settings) as (node, _):
        films = [film(seed) for seed in range(4)]
        answers = store(node.port, *films)
        assert answers == [0, 0, OUT_OF_RESOURCES, OUT_OF_RESOURCES]
        for each in films[2:]:  # its sender tries again
            until(lambda each=each: store(node.port, each) == [0])  # type: ignore[misc]
        until(lambda: len(pacs.objects) == 4)


def test_a_disk_that_is_nearly_full(tmp_path: Path, scanning: Scanning, pacs: Pacs) -> None:
    settings = NodeSettings(AT, free_bytes=shutil.disk_usage(tmp_path).total)
    with running(tmp_path, scanning, pacs, settings) as (node, _):
        assert store(node.port, film()) == [OUT_OF_RESOURCES]
        assert echo(node.port)


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), CaseError("database or disk is full")],
)
def test_a_disk_that_is_full_for_a_while(
    tmp_path: Path,
    scanning: Scanning,
    pacs: Pacs,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    full = threading.Event()
    real = Spool.put

    def put(spool: Spool, data: bytes) -> str:
        if full.is_set():
            raise error
        return real(spool, data)

    monkeypatch.setattr(Spool, "put", put)
    scanning.delay_s = 0.3
    with running(tmp_path, scanning, pacs) as (node, queue):
        assert store(node.port, film(1)) == [0]
        until(lambda: scanning.scanned)
        full.set()  # while it is scanned: its results find no room
        assert store(node.port, film(2)) == [OUT_OF_RESOURCES]
        time.sleep(1.0)
        assert queue.counts().films_waiting == 1
        full.clear()
        until(lambda: len(pacs.objects) == 1)
        assert store(node.port, film(2)) == [0]
        until(lambda: len(pacs.objects) == 2)
    assert set(pacs.objects) == results_of(film(1), film(2))
    assert set(scanning.scanned.values()) == {1}  # its results were kept until there was room


def test_a_database_that_fails_for_a_while(
    tmp_path: Path, scanning: Scanning, pacs: Pacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = [film(seed) for seed in range(3)]
    with running(tmp_path, scanning, pacs) as (node, _):
        with monkeypatch.context() as patch:
            for method in ("next_film", "next_delivery", "sweep", "counts"):

                def fails(*_: object, **__: object) -> None:
                    raise CaseError("jobs.sqlite cannot be used (database is locked)")

                patch.setattr(PacsQueue, method, fails)
            time.sleep(0.3)
            assert store(node.port, film(0)) == [OUT_OF_RESOURCES]
            assert echo(node.port)
        assert store(node.port, *films) == [0] * 3
        until(lambda: len(pacs.objects) == 3)


def test_beyond_this_computer_somebody_has_to_be_named() -> None:
    with pytest.raises(PacsError, match="name who may send"):
        NodeSettings(Address("0.0.0.0", 0, "SPINESCAN"))
    allowed = AllowList((Sender.parse("CR1@192.0.2.1"),))
    NodeSettings(Address("0.0.0.0", 0, "SPINESCAN"), allowed=allowed)


def test_films_in_the_queue_are_for_this_user_alone(
    tmp_path: Path, scanning: Scanning, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "tmp"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    scanning.delay_s = 1.0
    folder = tmp_path / "queue"
    with running(folder, scanning, Pacs(port=free_port())) as (node, _):
        assert store(node.port, film()) == [0]
        modes = {path.stat().st_mode & 0o777 for path in (folder / "spool").iterdir()}
        assert modes == {0o600}
        assert folder.stat().st_mode & 0o777 == 0o700
        assert not list(elsewhere.iterdir())
        (spooled,) = (folder / "spool").iterdir()
        assert dcmread(spooled).SOPInstanceUID == uid_of(film())


def test_what_is_too_old_is_deleted_and_said_aloud(
    tmp_path: Path, scanning: Scanning, caplog: pytest.LogCaptureFixture
) -> None:
    nobody = StoreDestination("PACS", "127.0.0.1", free_port(), times=TIMES)
    settings = NodeSettings(AT, free_bytes=0)
    with (
        PacsQueue(tmp_path, keep=timedelta(seconds=1)) as queue,
        Node(settings, tmp_path, queue, scanning, nobody) as node,
    ):
        assert store(node.port, film()) == [0]
        until(lambda: queue.counts().deliveries_waiting == 1)
        until(lambda: files(tmp_path) == 1)
        time.sleep(1.1)
        node._sweeping()  # as it does each hour
        assert files(tmp_path) == 0
        told = [record for record in caplog.records if "TOO OLD" in record.message]
        assert [record.levelno for record in told] == [logging.ERROR]
        assert "1 results not delivered" in told[0].message
        assert store(node.port, film()) == [0]  # it may come again
        until(lambda: scanning.scanned.total() == 2)


def test_who_is_refused_is_told_in_the_log_by_number(
    tmp_path: Path, scanning: Scanning, pacs: Pacs, caplog: pytest.LogCaptureFixture
) -> None:
    allowed = AllowList((Sender.parse("CR1@127.0.0.1"),))
    settings = NodeSettings(AT, allowed=allowed, free_bytes=0)
    with running(tmp_path, scanning, pacs, settings) as (node, _):
        assert store(node.port, film(1), calling="STRANGER") == [None]
        assert store(node.port, film(1), calling="CR1", address="127.0.0.9") == [None]
        node._telling()
        node._telling()  # the same is not told twice
    told = [record.message for record in caplog.records if "refused" in record.message]
    assert told == [
        "refused: 1 connections from addresses that are not allowed, "
        "1 titles that are not allowed there"
    ]
    assert "STRANGER" not in caplog.text
    assert "127.0.0.9" not in caplog.text
