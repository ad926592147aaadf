"""Nothing lost, nothing twice, whatever is cut off; what names a patient does not stay."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import spinescan
from spinescan.cases.errors import CaseError
from spinescan.cases.jobs import JobStore
from spinescan.core.errors import ReadError, SpineScanError
from spinescan.pacs.queue import Delivery, FilmClaim, PacsQueue
from spinescan.pacs.spool import Spool

PACS = "dicom:PACS@192.0.2.1:104"
KEEP = timedelta(days=7)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(tmp_path: Path, clock: Clock) -> Iterator[PacsQueue]:
    with PacsQueue(tmp_path / "queue", keep=KEEP, clock=clock) as queue:
        yield queue


def film_of(queue: PacsQueue) -> FilmClaim:
    film = queue.next_film(60)
    assert film is not None
    return film


def delivery_of(queue: PacsQueue, destination: str = PACS) -> Delivery:
    delivery = queue.next_delivery(destination, 60)
    assert delivery is not None
    return delivery


def spooled(folder: Path) -> list[Path]:
    return sorted((folder / "queue" / "spool").iterdir())


def test_a_film_from_beginning_to_end(queue: PacsQueue, tmp_path: Path) -> None:
    assert queue.receive(b"film of DOE^JANE", "1.2.3")
    assert queue.counts().films_waiting == 1
    film = film_of(queue)
    assert film.path.read_bytes() == b"film of DOE^JANE"
    queue.answered(film, {"report.dcm": b"sr", "overlay.dcm": b"sc"}, PACS)
    assert not film.path.exists()
    sent = {}
    while (delivery := queue.next_delivery(PACS, 60)) is not None:
        sent[delivery.kind] = delivery.data
        queue.delivered(delivery)
    assert sent == {"report.dcm": b"sr", "overlay.dcm": b"sc"}
    assert spooled(tmp_path) == []
    counts = queue.counts()
    assert (counts.films_answered, counts.deliveries_done) == (1, 2)
    assert (counts.films_waiting, counts.films_failed, counts.deliveries_waiting) == (0, 0, 0)


def test_a_film_that_is_known_is_not_taken_again(queue: PacsQueue, tmp_path: Path) -> None:
    assert queue.receive(b"film", "1.2.3")
    assert not queue.receive(b"film", "1.2.3")
    queue.answered(film_of(queue), {"report.dcm": b"sr"}, PACS)
    assert not queue.receive(b"film", "1.2.3")
    queue.delivered(delivery_of(queue))
    assert not queue.receive(b"film", "1.2.3")
    assert queue.receive(b"film", "1.2.4")
    assert len(spooled(tmp_path)) == 1


def test_a_film_whose_patient_was_corrected_is_another_film(queue: PacsQueue) -> None:
    assert queue.receive(b"film of DOE^JANE", "1.2.3")
    assert queue.receive(b"film of ROE^JANE", "1.2.3")
    assert queue.counts().films_waiting == 2


def test_a_newer_version_answers_a_film_anew(
    queue: PacsQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert queue.receive(b"film", "1.2.3")
    monkeypatch.setattr(spinescan, "__version__", "99.0")
    assert queue.receive(b"film", "1.2.3")


def test_a_film_without_results_is_only_deleted(queue: PacsQueue, tmp_path: Path) -> None:
    queue.receive(b"an overlay of ours that came back", "1.2.3")
    queue.answered(film_of(queue), {}, PACS)
    assert queue.next_delivery(PACS, 60) is None
    assert spooled(tmp_path) == []


def test_a_film_that_fails_three_times_has_failed_and_may_come_again(
    queue: PacsQueue, tmp_path: Path, clock: Clock
) -> None:
    queue.receive(b"film", "1.2.3")
    again = []
    for _ in range(3):
        again.append(queue.failed(film_of(queue), ReadError("killed"), retry=True))
        assert queue.next_film(60) is None  # not at once
        clock.move(minutes=10)
    assert again == [True, True, False]
    assert queue.next_film(60) is None
    assert queue.counts().films_failed == 1
    assert spooled(tmp_path) == []
    assert queue.receive(b"film", "1.2.3")
    assert queue.counts().films_failed == 0


def test_a_film_that_cannot_be_read_is_not_tried_again(queue: PacsQueue) -> None:
    queue.receive(b"film", "1.2.3")
    assert not queue.failed(film_of(queue), ReadError("no film"), retry=False)
    assert queue.counts().films_failed == 1


@pytest.mark.slow
def test_pauses_grow_up_to_ten_minutes_and_never_end(queue: PacsQueue, clock: Clock) -> None:
    queue.add_results("1.2.3", {"report.dcm": b"sr"}, PACS)
    pauses = []
    for _ in range(14):
        queue.postponed(delivery_of(queue), SpineScanError("down"))
        waited = 0
        while (delivery := queue.next_delivery(PACS, 60)) is None:
            clock.move(seconds=1)
            waited += 1
        queue._jobs.give_back(delivery.claim)
        pauses.append(waited)
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 512, *[600] * 5]


def test_results_go_to_their_destination_only(queue: PacsQueue) -> None:
    other = "https://pacs.example/dicom-web"
    assert queue.add_results("1.2.3", {"report.dcm": b"sr"}, PACS)
    assert not queue.add_results("1.2.3", {"report.dcm": b"sr"}, PACS)
    assert queue.next_delivery(other, 60) is None
    assert (queue.waiting_elsewhere(other), queue.waiting_elsewhere(PACS)) == (1, 0)
    assert queue.add_results("1.2.3", {"report.dcm": b"other"}, other)
    assert delivery_of(queue, other).data == b"other"
    assert delivery_of(queue).data == b"sr"


def test_what_is_too_old_is_deleted_and_the_film_may_come_again(
    queue: PacsQueue, tmp_path: Path, clock: Clock
) -> None:
    queue.receive(b"film", "1.2.3")
    queue.answered(film_of(queue), {"report.dcm": b"sr", "overlay.dcm": b"sc"}, PACS)
    queue.delivered(delivery_of(queue))
    clock.move(days=1)
    queue.receive(b"another", "1.2.4")
    swept = queue.sweep()
    assert (swept.films, swept.deliveries) == (0, 0)
    clock.move(days=6, hours=1)
    swept = queue.sweep()
    assert (swept.films, swept.deliveries) == (0, 1)
    assert len(spooled(tmp_path)) == 1
    assert queue.receive(b"film", "1.2.3")
    clock.move(days=7, hours=1)
    assert queue.sweep().films == 2
    assert spooled(tmp_path) == []


def test_the_folder_is_for_this_user_alone(queue: PacsQueue, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        queue.receive(b"film", "1.2.3")
    finally:
        os.umask(before)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "queue").rglob("*")
    }
    assert modes.pop("spool") == 0o700
    assert set(modes.values()) == {0o600}
    assert len(modes) >= 3


def test_the_database_names_nobody(queue: PacsQueue, tmp_path: Path) -> None:
    queue.receive(b"film of DOE^JANE", "1.2.826.0.1.3680043.10.1474.77")
    error = ReadError("a damaged DICOM file (value 'DOE^JANE')")
    queue.failed(film_of(queue), error, retry=False)
    raw = b"".join(path.read_bytes() for path in (tmp_path / "queue").glob("jobs.sqlite*"))
    assert b"DOE" not in raw
    assert b"1.2.826.0.1.3680043.10.1474.77" not in raw


def test_one_process_at_a_time(queue: PacsQueue, tmp_path: Path) -> None:
    with pytest.raises(CaseError) as refused:
        PacsQueue(tmp_path / "queue")
    assert refused.value.kind == "in_use"


def test_a_full_disk_leaves_everything_as_it_was(
    queue: PacsQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.receive(b"film", "1.2.3")
    film = film_of(queue)
    before = spooled(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("spinescan.pacs.spool.os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            queue.receive(b"second", "1.2.4")
        with pytest.raises(OSError, match="No space"):
            queue.answered(film, {"report.dcm": b"sr"}, PACS)
    assert spooled(tmp_path) == before
    assert queue.receive(b"second", "1.2.4")
    queue.answered(film, {"report.dcm": b"sr"}, PACS)
    assert delivery_of(queue).data == b"sr"


def test_a_result_that_is_gone_is_told_and_holds_nothing_up(
    queue: PacsQueue, tmp_path: Path
) -> None:
    queue.add_results("1", {"report.dcm": b"sr"}, PACS)
    spooled(tmp_path)[0].unlink()
    queue.add_results("2", {"report.dcm": b"second"}, PACS)
    with pytest.raises(CaseError) as told:
        queue.next_delivery(PACS, 60)
    assert told.value.kind == "storage"
    assert delivery_of(queue).data == b"second"


class Cut(BaseException):
    """The process is killed here."""


class Killed:
    """Makes the process die before or after one of the steps that touch the disk."""

    steps = (
        (Spool, "put"),
        (Spool, "delete"),
        (JobStore, "add"),
        (JobStore, "claim"),
        (JobStore, "finish"),
        (JobStore, "forget"),
    )

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.left: int | None = None
        self.dead = False
        for owner, name in self.steps:
            patch.setattr(owner, name, self._watched(getattr(owner, name)))

    def _watched(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            self._count()
            done = step(*args, **kwargs)
            self._count()
            return done

        return watched

    def _count(self) -> None:
        if self.dead:  # nothing that cleans up after a kill is ever run
            raise Cut
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.dead = True
                raise Cut


@given(cuts=st.lists(st.integers(0, 60), max_size=4), films=st.integers(1, 3))
@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@pytest.mark.slow
def test_whatever_is_cut_off_all_arrives_and_nothing_stays(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], films: int
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    clock, archive = Clock(), Counter[bytes]()
    to_send = [str(number) for number in range(films)]

    with pytest.MonkeyPatch.context() as patch:
        killed = Killed(patch)
        for limit in [*cuts, None]:
            clock.move(hours=1)  # leases of the dead have run out
            killed.left, killed.dead = None, False
            queue = PacsQueue(folder / "queue", keep=KEEP, clock=clock)
            killed.left = limit
            try:
                while to_send:
                    queue.receive(to_send[0].encode(), to_send[0])
                    del to_send[0]  # only what was acknowledged is not sent again
                while (film := queue.next_film(60)) is not None:
                    name = film.path.read_bytes()
                    queue.answered(film, {"a": b"a" + name, "b": b"b" + name}, PACS)
                while (delivery := queue.next_delivery(PACS, 60)) is not None:
                    archive[delivery.data] += 1
                    queue.delivered(delivery)
            except Cut:
                pass
            killed.left, killed.dead = None, False
            counts = queue.counts()
            queue.close()

    wanted = {kind + str(n).encode() for kind in (b"a", b"b") for n in range(films)}
    lost = counts.films_failed  # killed too often over one film: given up, and said so
    assert len(archive) == 2 * (films - lost)
    assert set(archive) <= wanted
    # A result is sent again only where the kill came between sending and noting it.
    assert sum(archive.values()) <= len(archive) + len(cuts)
    assert (counts.films_waiting, counts.deliveries_waiting) == (0, 0)
    PacsQueue(folder / "queue", clock=clock).close()
    assert list((folder / "queue" / "spool").iterdir()) == []


def test_somebody_who_asks_need_not_wait_for_the_pause(queue: PacsQueue, clock: Clock) -> None:
    queue.add_results("1.2.3", {"report.dcm": b"sr", "overlay.dcm": b"sc"}, PACS)
    queue.add_results("1.2.3", {"report.dcm": b"sr"}, "https://elsewhere")
    for destination in (PACS, PACS, "https://elsewhere"):
        queue.postponed(delivery_of(queue, destination), SpineScanError("no"))
    assert queue.next_delivery(PACS, 60) is None
    assert queue.hurry(PACS) == queue.waiting(PACS) == 2
    assert queue.next_delivery("https://elsewhere", 60) is None
    for _ in range(2):
        queue.delivered(delivery_of(queue))
    assert queue.hurry(PACS) == queue.waiting(PACS) == 0
