"""Two films of a case, and all of them over time."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from spinescan.cases.follow_up import compare, timeline
from spinescan.cases.records import Change
from spinescan.cases.store import CaseStore
from spinescan.core.report import Report
from tests.cases.films import SINGLE, WORSE, film_scan, marks, picture, report
from tests.cases.test_store import refused
from tests.measure.spines import mirrored, profile, without


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    with CaseStore(tmp_path / "cases") as store:
        yield store


@pytest.fixture
def case(store: CaseStore) -> str:
    """A case with three films; the second shows no T11, the third is worse."""
    case = store.create_case("P-017", by="clinic")
    for name, day, landmarks in (
        ("scan-third", 30, marks(WORSE)),
        ("scan-first", 10, marks(SINGLE)),
        ("scan-second", 20, without(marks(SINGLE), "T11")),
    ):
        film = film_scan(name, picture(day), report(landmarks), taken_on=date(2026, 1, day))
        store.save_scan(case.id, film, by="clinic")
    return case.id


def one(_: Report) -> float:
    return 1.0


def test_two_films_at_the_same_vertebrae(store: CaseStore, case: str) -> None:
    found = compare(store, case, "scan-first", "scan-third", one)
    assert (found.first.id, found.second.id) == ("scan-first", "scan-third")
    assert found.found.comparable
    (curve,) = found.found.curves
    assert (curve.upper, curve.lower) == ("T5", "T11")
    assert curve.angle.change == pytest.approx(12, abs=0.05)  # points are kept to 0.01 pixels
    back = compare(store, case, "scan-third", "scan-first", one).found.curves[0]
    assert back.angle.change == pytest.approx(-curve.angle.change, abs=1e-6)


def test_the_edit_counts_and_what_was_told_with_it(store: CaseStore, case: str) -> None:
    told = {"in_brace": True, "age": None, "posture": None}
    edited = Change({"view": "frontal", "told": told}, report(marks(SINGLE)))
    store.edit_scan("scan-third", edited, by="clinic")
    found = compare(store, case, "scan-first", "scan-third", one).found
    assert found.curves[0].angle.change == 0
    assert found.reasons == ("brace_differs",)
    store.edit_scan("scan-third", None, by="clinic")
    assert compare(store, case, "scan-first", "scan-third", one).found.comparable


def test_the_factor_is_that_of_the_films_model(store: CaseStore, case: str) -> None:
    widths = []
    for factor in (1.0, 2.0):
        found = compare(store, case, "scan-first", "scan-third", lambda _, f=factor: f).found
        low, high = found.curves[0].angle.change_interval or (0.0, 0.0)
        widths.append(high - low)
    assert widths[1] == pytest.approx(2 * widths[0])


def test_scans_of_another_case_are_not_compared(store: CaseStore, case: str) -> None:
    other = store.create_case("P-018", by="clinic").id
    film = film_scan("scan-other", picture(0), report(marks()))
    store.save_scan(other, film, by="clinic")
    for pair in (("scan-first", "scan-other"), ("scan-other", "scan-first"), ("a", "b")):
        with refused("not_found"):
            compare(store, case, *pair, one)


def test_a_time_line_has_the_end_vertebrae_of_the_first_film(store: CaseStore, case: str) -> None:
    film = film_scan("scan-side", picture(0), report(None, "lateral"), taken_on=date(2026, 1, 5))
    store.save_scan(case, film, by="clinic")
    moments = timeline(store, case, one)
    assert [moment.scan.id for moment in moments] == ["scan-first", "scan-second", "scan-third"]
    found = [moment.curves[0].angle.second for moment in moments]
    assert found == [pytest.approx(30, abs=0.05), None, pytest.approx(42, abs=0.05)]
    assert {(c.upper, c.lower) for moment in moments for c in moment.curves} == {("T5", "T11")}
    assert all(
        (moment.curves[0].angle.second_interval is None) == (moment.scan.id == "scan-second")
        for moment in moments
    )


def test_a_time_line_without_any_curve(store: CaseStore) -> None:
    case = store.create_case("P-017", by="clinic").id
    assert timeline(store, case, one) == ()
    straight = film_scan("scan-straight", picture(0), report(marks(profile(T1=0, L5=0))))
    store.save_scan(case, straight, by="clinic")
    (moment,) = timeline(store, case, one)
    assert moment.curves == ()
    curved = film_scan("scan-curved", picture(1), report(marks()), taken_on=date(2026, 2, 1))
    store.save_scan(case, curved, by="clinic")
    before, after = timeline(store, case, one)
    assert before.curves[0].angle.second == pytest.approx(0, abs=0.05)
    assert after.curves[0].angle.second == pytest.approx(30, abs=0.05)


def test_a_mirrored_film_on_the_time_line_is_negative(store: CaseStore, case: str) -> None:
    film = film_scan(
        "scan-mirrored", picture(0), report(mirrored(marks())), taken_on=date(2026, 3, 1)
    )
    store.save_scan(case, film, by="clinic")
    assert timeline(store, case, one)[-1].curves[0].angle.second == pytest.approx(-30, abs=0.05)
