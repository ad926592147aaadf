"""Results are sent until they are acknowledged; what one receiver refuses holds up no other."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spinescan.app.archive import brought_back, send_all
from spinescan.app.batch import Film, Scanned, Settings
from spinescan.cases.errors import CaseError
from spinescan.pacs.deliver import deliver_due
from spinescan.pacs.errors import PacsError
from spinescan.pacs.queue import PacsQueue
from tests.pacs.round_trip import film


class Receiver:
    """A destination that fails as it is told, and keeps what it took."""

    name = "https://pacs.example"

    def __init__(self, fails: dict[bytes, str] | None = None) -> None:
        self.fails, self.asked, self.taken = fails or {}, [], []
        self.asked: list[bytes]
        self.taken: list[bytes]

    def send(self, data: bytes) -> None:
        self.asked.append(data)
        if data in self.fails:
            raise PacsError("no", kind=self.fails[data])
        self.taken.append(data)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[PacsQueue]:
    with PacsQueue(tmp_path / "queue", clock=Clock()) as queue:
        for name in (b"a", b"b", b"c"):
            queue.add_results(name.decode(), {"report.dcm": name}, Receiver.name)
        yield queue


def test_what_is_refused_holds_up_nothing(queue: PacsQueue) -> None:
    receiver = Receiver({b"a": "refused"})
    done = deliver_due(queue, receiver)
    assert receiver.taken == [b"b", b"c"]
    assert (done.sent, [error.kind for error in done.postponed]) == (2, ["refused"])
    assert deliver_due(queue, receiver).sent == 0  # its pause is not over
    receiver.fails.clear()
    assert send_all(queue, receiver).sent == 1  # somebody asks: it need not be
    assert send_all(queue, receiver).waiting == 0


def test_a_call_ends_though_what_is_refused_falls_due_again(tmp_path: Path) -> None:
    clock = Clock()
    receiver = Receiver({b"a": "refused", b"b": "refused"})
    send = receiver.send

    def slowly(data: bytes) -> None:
        assert len(receiver.asked) < 20, "it does not end"
        clock.now += timedelta(hours=1)
        send(data)

    receiver.send = slowly  # type: ignore[method-assign]
    with PacsQueue(tmp_path / "slow", clock=clock) as queue:
        for name in (b"a", b"b", b"c"):
            queue.add_results(name.decode(), {"report.dcm": name}, Receiver.name)
        done = deliver_due(queue, receiver)
        assert receiver.asked == [b"a", b"b", b"c"]
        assert (done.sent, len(done.postponed)) == (1, 2)


@pytest.mark.parametrize("kind", ["unreachable", "slow"])
def test_nobody_is_asked_again_and_again(queue: PacsQueue, kind: str) -> None:
    receiver = Receiver({b"a": kind, b"b": kind, b"c": kind})
    told = send_all(queue, receiver)
    assert receiver.asked == [b"a"]
    assert (told.sent, told.waiting, told.why) == (0, 3, "no")


def test_what_was_taken_is_not_sent_again_for_a_full_disk(
    queue: PacsQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, failures = (
        Receiver(),
        iter([OSError(28, "full"), CaseError("full"), OSError(28, "f")]),
    )
    done = queue.delivered

    def delivered(delivery: object) -> None:
        if (failure := next(failures, None)) is not None:
            raise failure
        done(delivery)  # type: ignore[arg-type]

    def stubborn(write: Callable[[], None]) -> None:
        for _ in range(5):
            try:
                return write()
            except (OSError, CaseError):
                continue

    monkeypatch.setattr(queue, "delivered", delivered)
    assert deliver_due(queue, receiver, note=stubborn).sent == 3
    assert receiver.taken == [b"a", b"b", b"c"]
    assert queue.counts().deliveries_waiting == 0


def test_a_film_whose_results_cannot_be_kept_has_failed(
    queue: PacsQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(queue, "add_results", full)
    scanned = Scanned(Film(1, "https://pacs.example/1"), {"sha256": "x"}, {"report.dcm": film(0)})
    bare = Scanned(Film(2, "https://pacs.example/2"), {"sha256": "y"})
    for settings, named in ((Settings(), True), (Settings(anonymous=True), False)):
        films = [scanned, bare]
        record, other = brought_back(films, settings, queue, Receiver(), known=[])
        assert record["error"]["kind"] == "storage"
        assert ("No space left" in record["error"]["message"]) == ("file" in record) == named
        assert other == bare.record
