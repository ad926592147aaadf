"""Films of one case side by side, measured between the same end vertebrae (`measure.change`)."""

from collections.abc import Callable
from dataclasses import dataclass

from spinescan.cases.errors import CaseError
from spinescan.cases.records import Scan
from spinescan.cases.store import CaseStore
from spinescan.core.report import Report
from spinescan.core.report_json import report_from_dict
from spinescan.core.told import Told
from spinescan.measure.change import CurveChange, FollowUp, Seen, curve_change, follow_up

FactorOf = Callable[[Report], float]
"""The interval factor of the landmark model that read a film, or would."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two scans, and what changed from the first to the second."""

    first: Scan
    second: Scan
    found: FollowUp


@dataclass(frozen=True, slots=True)
class Moment:
    """A film on a time line: each curve's angle (`second` of the change), None if not visible."""

    scan: Scan
    in_brace: bool
    curves: tuple[CurveChange, ...]


def compare(
    store: CaseStore, case_id: str, first: str, second: str, factor_of: FactorOf
) -> Compared:
    """What changed between two scans of a case, as readers left them.

    Raises
    ------
    CaseError
        "not_found" if one of them is not in that case.
    """
    one, other = (_scan_of(store, case_id, scan) for scan in (first, second))
    return Compared(one, other, follow_up(_seen(one, factor_of), _seen(other, factor_of)))


def timeline(store: CaseStore, case_id: str, factor_of: FactorOf) -> tuple[Moment, ...]:
    """The frontal films of a case by date, with the curves of the first that has any.

    A film that was not measured is left out. CaseError ("not_found").
    """
    scans = [store.scan(line.id) for line in store.case(case_id).scans]
    films = [(scan, _seen(scan, factor_of)) for scan in scans]
    films = [(scan, seen) for scan, seen in films if _is_measured(seen.report)]
    first = next((seen for _, seen in films if seen.report.curves), None)
    if first is None:
        return tuple(Moment(scan, seen.braced, ()) for scan, seen in films)
    return tuple(
        Moment(
            scan,
            seen.braced,
            tuple(curve_change(first, seen, curve) for curve in first.report.curves),
        )
        for scan, seen in films
    )


def _is_measured(report: Report) -> bool:
    return (report.view, report.decision) == ("frontal", "accepted") and bool(report.landmarks)


def _seen(scan: Scan, factor_of: FactorOf) -> Seen:
    report = report_from_dict(scan.report_now)
    return Seen(report, factor_of(report), Told(**scan.told_now))


def _scan_of(store: CaseStore, case_id: str, scan_id: str) -> Scan:
    scan = store.scan(scan_id)
    if scan.case_id != case_id:
        raise CaseError("There is no such scan in this case.", kind="not_found")
    return scan
