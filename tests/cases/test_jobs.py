"""Work is done once, whatever restarts, and what fails is tried again as often as was said."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import create_engine

from spinescan.cases.database import Database
from spinescan.cases.errors import CaseError
from spinescan.cases.job_records import LOST, Claim
from spinescan.cases.job_tables import SCHEMA, Table
from spinescan.cases.jobs import JobStore
from tests.cases.test_store import described, refused

START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jobs(tmp_path: Path, clock: Clock) -> Iterator[JobStore]:
    with JobStore(tmp_path / "jobs" / "jobs.sqlite", clock=clock) as jobs:
        yield jobs


def claimed(jobs: JobStore, *kinds: str, **options: Any) -> Claim:
    claim = jobs.claim(*kinds, **options)
    assert claim is not None
    return claim


def test_a_job_from_beginning_to_end(jobs: JobStore) -> None:
    job = jobs.add("scan", [{"film": 1}, {"film": 2}], payload={"told": "nothing"})
    assert (job.state, job.total, job.ended) == ("waiting", 2, 0)
    first = claimed(jobs)
    assert (first.job, first.kind, first.number, first.attempt) == (job.id, "scan", 1, 1)
    assert (first.payload, first.job_payload) == ({"film": 1}, {"told": "nothing"})
    assert jobs.job(job.id).state == "running"
    second = claimed(jobs)
    assert second.number == 2
    assert jobs.claim() is None
    jobs.fail(second, {"kind": "empty"})
    assert (jobs.job(job.id).state, jobs.job(job.id).ended) == ("running", 1)
    jobs.finish(first, {"scan": "abc"})
    assert (jobs.job(job.id).state, jobs.job(job.id).ended) == ("done", 2)
    assert [(i.number, i.state, i.result, i.error) for i in jobs.items(job.id)] == [
        (1, "done", {"scan": "abc"}, None),
        (2, "failed", None, {"kind": "empty"}),
    ]


def test_one_key_is_one_job(jobs: JobStore) -> None:
    job = jobs.add("receive", [{"file": "a"}], key="1.2.3")
    assert jobs.add("receive", [{"file": "b"}], key="1.2.3") == job
    assert jobs.add("receive", [{"file": "b"}], key="1.2.4") != job
    assert jobs.add("receive", [{"file": "b"}]) != jobs.add("receive", [{"file": "b"}])
    jobs.finish(claimed(jobs))
    assert jobs.add("receive", [{"file": "a"}], key="1.2.3").state == "done"
    assert len(jobs.jobs("receive")) == 4


def test_workers_ask_for_their_kinds(jobs: JobStore) -> None:
    jobs.add("send", [{}])
    jobs.add("scan", [{}, {}])
    assert claimed(jobs, "scan").kind == "scan"
    assert (jobs.waiting(), jobs.waiting("scan"), jobs.waiting("send", "scan")) == (2, 1, 2)
    assert jobs.claim("other") is None
    assert claimed(jobs, "send", "other").kind == "send"
    assert {job.kind for job in jobs.jobs()} == {"send", "scan"}


def test_what_failed_is_tried_again_later(jobs: JobStore, clock: Clock) -> None:
    job = jobs.add("send", [{}], attempts=2)
    jobs.fail(claimed(jobs), {"kind": "refused"}, retry_at=START + timedelta(seconds=60))
    (item,) = jobs.items(job.id)
    assert (item.state, item.error, item.not_before - START) == (
        "waiting",
        {"kind": "refused"},
        timedelta(seconds=60),
    )
    clock.move(59.9)
    assert jobs.claim() is None
    clock.move(0.1)
    again = claimed(jobs)
    assert again.attempt == 2
    jobs.fail(again, {"kind": "refused"}, retry_at=START + timedelta(seconds=600))
    assert jobs.items(job.id)[0].state == "failed"  # the last attempt is for good


def test_a_job_may_begin_later(jobs: JobStore, clock: Clock) -> None:
    jobs.add("send", [{}], not_before=START + timedelta(seconds=10))
    assert jobs.claim() is None
    clock.move(10)
    assert jobs.claim() is not None


def test_who_hangs_loses_the_work(jobs: JobStore, clock: Clock) -> None:
    job = jobs.add("scan", [{}])
    slow = claimed(jobs, lease_s=30)
    clock.move(29)
    jobs.renew(slow, lease_s=30)
    clock.move(29)
    assert jobs.claim() is None
    clock.move(1)
    other = claimed(jobs)
    assert other.attempt == 2
    for call in (jobs.finish, jobs.renew, jobs.give_back):
        with refused("conflict", "given to somebody else"):
            call(slow)
    with refused("conflict", "given to somebody else"):
        jobs.fail(slow, {})
    jobs.finish(other)
    assert jobs.job(job.id).state == "done"
    with refused("conflict"):
        jobs.finish(other)


def test_a_restart_puts_running_work_back_once(jobs: JobStore, clock: Clock) -> None:
    job = jobs.add("scan", [{}, {}, {}])
    jobs.finish(claimed(jobs))
    lost = claimed(jobs)
    path = jobs._database.path
    jobs.close()
    for _ in range(3):
        with JobStore(path, clock=clock) as again:
            states = [(item.state, item.attempts) for item in again.items(job.id)]
            assert states == [("done", 1), ("waiting", 1), ("waiting", 0)]
    with JobStore(path, clock=clock) as again:
        with refused("conflict"):
            again.finish(lost)
        assert {claimed(again).number, claimed(again).number} == {2, 3}
        assert again.claim() is None


def test_what_kills_the_server_is_not_tried_for_ever(jobs: JobStore, clock: Clock) -> None:
    job = jobs.add("scan", [{}], attempts=2)
    path = jobs._database.path
    claimed(jobs)
    jobs.close()
    with JobStore(path, clock=clock) as again:
        claimed(again)
    with JobStore(path, clock=clock) as again:
        (item,) = again.items(job.id)
        assert (item.state, item.error, item.attempts) == ("failed", LOST, 2)
        assert again.claim() is None


def test_work_given_back_was_not_an_attempt(jobs: JobStore) -> None:
    jobs.add("scan", [{}], attempts=1)
    jobs.give_back(claimed(jobs))
    assert claimed(jobs).attempt == 1


def test_a_cancelled_job_is_not_carried_on(jobs: JobStore) -> None:
    job = jobs.add("scan", [{}, {}, {}])
    jobs.finish(claimed(jobs))
    running = claimed(jobs)
    assert jobs.cancel(job.id).state == "cancelled"
    assert [item.state for item in jobs.items(job.id)] == ["done", "cancelled", "cancelled"]
    with refused("conflict"):
        jobs.finish(running)
    assert jobs.claim() is None
    assert jobs.cancel(job.id).state == "cancelled"


def test_a_job_that_has_ended_is_not_cancelled(jobs: JobStore) -> None:
    job = jobs.add("scan", [{}])
    jobs.finish(claimed(jobs))
    assert jobs.cancel(job.id).state == "done"


def test_old_jobs_are_removed_without_a_trace(jobs: JobStore, clock: Clock) -> None:
    old = jobs.add("scan", [{"secret": "Nightingale"}], key="Nightingale-key")
    still = jobs.add("scan", [{}])
    jobs.finish(claimed(jobs), {"secret": "Nightingale"})
    clock.move(3600)
    recent = jobs.add("scan", [{}])
    running = claimed(jobs)
    assert running.job == still.id
    jobs.finish(claimed(jobs))
    assert jobs.purge(timedelta(hours=2)) == 0
    assert jobs.purge(timedelta(hours=1)) == 0
    clock.move(1)
    assert jobs.purge(timedelta(hours=1)) == 1
    assert {job.id for job in jobs.jobs()} == {still.id, recent.id}
    with refused("not_found"):
        jobs.items(old.id)
    folder = jobs._database.path.parent
    assert all(b"Nightingale" not in path.read_bytes() for path in folder.iterdir())


def test_a_job_is_found_by_its_key_until_it_is_forgotten(jobs: JobStore) -> None:
    job = jobs.add("deliver", [{"to": 1}], key="1.2.3")
    assert jobs.find("1.2.3") == job
    assert jobs.find("1.2.4") is None
    jobs.forget(job.id)
    assert jobs.find("1.2.3") is None
    assert jobs.claim() is None
    assert jobs.add("deliver", [{"to": 2}], key="1.2.3").id != job.id


def test_what_waits_for_too_long_is_given_up(jobs: JobStore, clock: Clock) -> None:
    old = jobs.add("deliver", [{"n": 1}, {"n": 2}, {"n": 3}])
    done = jobs.add("scan", [{"n": 4}])
    jobs.finish(claimed(jobs, "deliver"))
    jobs.finish(claimed(jobs, "scan"))
    held = claimed(jobs, "deliver")
    clock.move(100)
    young = jobs.add("deliver", [{"n": 5}])
    assert jobs.cancel_older(timedelta(seconds=100)) == ()
    clock.move(1)
    (given_up,) = jobs.cancel_older(timedelta(seconds=100))
    assert (given_up.id, given_up.state) == (old.id, "cancelled")
    assert given_up.counts["cancelled"] == 2
    assert jobs.cancel_older(timedelta(seconds=100)) == ()
    with refused("conflict"):
        jobs.finish(held)
    assert jobs.payloads("cancelled") == ({"n": 2}, {"n": 3})
    assert jobs.payloads("waiting", "done") == ({"n": 1}, {"n": 4}, {"n": 5})
    assert jobs.tally() == {
        "deliver": {"done": 1, "cancelled": 2, "waiting": 1},
        "scan": {"done": 1},
    }
    assert (jobs.job(young.id).state, jobs.job(done.id).state) == ("waiting", "done")


def test_what_is_not_there_or_not_possible(jobs: JobStore) -> None:
    for call in (jobs.job, jobs.items, jobs.cancel):
        with refused("not_found", "no such job"):
            call("none")
    for items, attempts in (([], 1), ([{}], 0)):
        with pytest.raises(ValueError, match="one item or more"):
            jobs.add("scan", items, attempts=attempts)


def test_a_case_store_is_no_job_store(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "jobs.sqlite") as file:
        file.execute("CREATE TABLE cases (id)")
    file.close()
    with refused("version", "is no file of SpineScan's jobs"):
        JobStore(tmp_path / "jobs.sqlite")


def test_the_steps_give_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    Database(tmp_path / "stepped.sqlite", SCHEMA).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'declared.sqlite'}")
    Table.metadata.create_all(engine)
    engine.dispose()
    assert described(tmp_path / "stepped.sqlite") == described(tmp_path / "declared.sqlite")


def test_many_workers_do_everything_once(jobs: JobStore) -> None:
    job = jobs.add("scan", [{"n": n} for n in range(60)])

    def work(_: int) -> list[int]:
        mine = []
        while (claim := jobs.claim("scan")) is not None:
            mine.append(claim.payload["n"])
            jobs.finish(claim, {"n": claim.payload["n"]})
        return mine

    with ThreadPoolExecutor(6) as threads:
        done = [n for mine in threads.map(work, range(6)) for n in mine]
    assert sorted(done) == list(range(60))
    assert [i.result for i in jobs.items(job.id)] == [{"n": n} for n in range(60)]


@dataclass
class Expected:
    """What an item should be."""

    job: str
    number: int
    allowed: int
    state: str = "waiting"
    attempts: int = 0
    due: datetime = START
    leased_until: datetime | None = None
    token: str = ""
    changed: datetime = START
    finished: int = 0

    def release(self, at: datetime) -> None:
        """The worker is gone."""
        self.state = "waiting" if self.attempts < self.allowed else "failed"
        self.token, self.changed = "", at


class Work(RuleBasedStateMachine):
    """A store and a simple model of it, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.jobs = JobStore(self.folder / "jobs.sqlite", clock=self.clock)
        self.items: list[Expected] = []
        self.keys: dict[str, str] = {}
        self.claims: list[Claim] = []

    def teardown(self) -> None:
        self.jobs.close()
        shutil.rmtree(self.folder)

    def of(self, claim: Claim) -> Expected | None:
        """The item that a claim still has."""
        return next((i for i in self.items if i.token == claim.token), None)

    @rule(count=st.integers(1, 3), key=st.sampled_from([None, "a", "b"]), tries=st.integers(1, 3))
    def add(self, count: int, key: str | None, tries: int) -> None:
        job = self.jobs.add("scan", [{"n": n} for n in range(count)], key=key, attempts=tries)
        if key in self.keys:
            assert job.id == self.keys[key]
            return
        if key:
            self.keys[key] = job.id
        at = self.clock.now
        self.items += [Expected(job.id, n + 1, tries, due=at, changed=at) for n in range(count)]

    @rule(lease=st.integers(1, 100))
    def claim(self, lease: int) -> None:
        at = self.clock.now
        for item in self.items:
            if item.state == "running" and item.leased_until <= at:  # type: ignore[operator]
                item.release(at)
        due = [i for i in self.items if i.state == "waiting" and i.due <= at]
        claim = self.jobs.claim(lease_s=lease)
        if claim is None:
            assert not due
            return
        item = min(due, key=lambda i: i.due)  # the first of those
        assert (claim.job, claim.number, claim.attempt) == (
            item.job,
            item.number,
            item.attempts + 1,
        )
        item.state, item.token, item.attempts = "running", claim.token, claim.attempt
        item.leased_until, item.changed = at + timedelta(seconds=lease), at
        self.claims.append(claim)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), how=st.sampled_from(["finish", "fail", "retry", "give_back", "renew"]))
    def end(self, data: st.DataObject, how: str) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        item, at = self.of(claim), self.clock.now
        later = at + timedelta(seconds=30)
        calls = {
            "finish": lambda: self.jobs.finish(claim, {"n": 1}),
            "fail": lambda: self.jobs.fail(claim, {"kind": "no"}),
            "retry": lambda: self.jobs.fail(claim, {"kind": "no"}, retry_at=later),
            "give_back": lambda: self.jobs.give_back(claim),
            "renew": lambda: self.jobs.renew(claim, lease_s=50),
        }
        if item is None:
            with pytest.raises(CaseError):
                calls[how]()
            return
        calls[how]()
        item.changed = at
        if how == "renew":
            item.leased_until = at + timedelta(seconds=50)
            return
        item.token = ""
        if how == "finish":
            item.state, item.finished = "done", item.finished + 1
        elif how == "give_back":
            item.state, item.attempts = "waiting", item.attempts - 1
        elif how == "retry" and item.attempts < item.allowed:
            item.state, item.due = "waiting", later
        else:
            item.state = "failed"

    @rule(seconds=st.integers(1, 60))
    def wait(self, seconds: int) -> None:
        self.clock.move(seconds)

    @rule()
    def restart(self) -> None:
        self.jobs.close()
        self.jobs = JobStore(self.folder / "jobs.sqlite", clock=self.clock)
        for item in self.items:
            if item.state == "running":
                item.release(self.clock.now)

    @precondition(lambda self: self.items)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        # In the order of their making: sorted by their random names, a replay would draw another.
        job = data.draw(st.sampled_from(list(dict.fromkeys(item.job for item in self.items))))
        self.jobs.cancel(job)
        for item in self.items:
            if item.job == job and item.state in ("waiting", "running"):
                item.state, item.token, item.changed = "cancelled", "", self.clock.now

    @rule()
    def purge(self) -> None:
        limit = self.clock.now - timedelta(seconds=60)
        kept = {
            item.job
            for item in self.items
            if item.state in ("waiting", "running") or item.changed >= limit
        }
        gone = {item.job for item in self.items} - kept
        assert self.jobs.purge(timedelta(seconds=60)) == len(gone)
        self.items = [item for item in self.items if item.job in kept]
        self.keys = {key: job for key, job in self.keys.items() if job in kept}

    @invariant()
    def the_store_is_as_the_model_says(self) -> None:
        there = {job.id for job in self.jobs.jobs()}
        assert there == {item.job for item in self.items}
        for job in there:
            mine = [item for item in self.items if item.job == job]
            found = self.jobs.items(job)
            assert [(i.number, i.state, i.attempts) for i in found] == [
                (i.number, i.state, i.attempts) for i in mine
            ]
            ended = sum(i.state not in ("waiting", "running") for i in mine)
            assert self.jobs.job(job).ended == ended
        assert all(item.finished <= 1 for item in self.items)


TestWork = Work.TestCase
TestWork.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)
