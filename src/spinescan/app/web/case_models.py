"""The JSON of the routes of cases."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from spinescan.app.web.models import Answer, Asked, EditJson
from spinescan.app.web.store import SCAN_ID
from spinescan.cases.follow_up import Compared, Moment
from spinescan.cases.records import Case, Entry, Scan
from spinescan.core.report import Region, Side
from spinescan.measure.change import Difference, Exceeds

Degrees = tuple[float, float]
_FIRST_FILMS = date(1896, 1, 1)


def _written(day: object) -> object:
    """Nothing but YYYY-MM-DD: a number would be taken for seconds."""
    if not isinstance(day, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", day, re.ASCII):
        raise ValueError("expected a day as YYYY-MM-DD")
    return day


def _past(day: date) -> date:
    """A day that has begun somewhere on Earth."""
    if not _FIRST_FILMS <= day <= (datetime.now(UTC) + timedelta(hours=14)).date():
        raise ValueError("expected the day on which the film was taken")
    return day


class NewCase(Asked):
    """A case to begin. The pseudonym must name nobody; the server refuses what looks like it."""

    pseudonym: str = Field(max_length=200)
    """What the case is called."""


class SaveRequest(Asked):
    """A film to save to a case, with what a reader has changed already."""

    scan: str = Field(pattern=f"^{SCAN_ID.pattern}$")
    """Id of the film."""
    taken_on: Annotated[date, BeforeValidator(_written), AfterValidator(_past)]
    """The day on which the film was taken (YYYY-MM-DD)."""
    edit: EditJson | None = None
    """What a reader has changed; null for nothing."""


class ScanLineJson(Answer):
    """A film of a case."""

    id: str
    """Of the film."""
    taken_on: str
    """The day on which it was taken (YYYY-MM-DD)."""
    view: Literal["frontal", "lateral", "other"]
    """As the models see it."""
    edited: bool
    """Whether an edit is saved."""
    saved_at: str
    """When it was saved (ISO 8601)."""


class CaseAnswer(Answer):
    """A case, its films by the day they were taken."""

    id: str
    """Names the case in the addresses."""
    pseudonym: str
    """What the case is called."""
    created_at: str
    """When it was begun (ISO 8601)."""
    scans: list[ScanLineJson]
    """Its films."""


class EntryJson(Answer):
    """What was done."""

    at: str
    """When (ISO 8601)."""
    by: str
    """Name of the token; empty where the server has none."""
    what: str
    """A code, explained in /about."""
    scan: str | None
    """The film; null where it was the case."""
    edit: int | None
    """Number of the film's edit; null where it was none."""


class FollowedFilm(Answer):
    """One of two films."""

    scan: str
    """Id of the film."""
    taken_on: str
    """The day on which it was taken (YYYY-MM-DD)."""
    edited: bool
    """Whether an edit is saved."""


class CurveChangeJson(Answer):
    """A curve of the first film on both: angles are positive to its convex side, in degrees."""

    region: Region
    """Of the curve on the first film."""
    convex_side: Side
    """Side of the picture, on the first film."""
    upper: str
    """End vertebra on the first film."""
    lower: str
    """End vertebra on the first film."""
    first_deg: float
    """On the first film."""
    first_interval_deg: Degrees | None
    """90 % interval; null where it is not known."""
    second_deg: float | None
    """At the same levels on the second film; null where they are not visible."""
    second_interval_deg: Degrees | None
    """90 % interval; null where it is not known."""
    change_deg: float | None
    """Second less first; null without a second."""
    change_interval_deg: Degrees | None
    """90 % interval; null where it is not known."""
    exceeds_5_deg: Exceeds
    """Whether the change exceeds 5 degrees, as far as the interval tells."""
    text: str
    """A sentence for the reader."""


class MeasurementChangeJson(Answer):
    """An angle that two lateral films both show, in degrees."""

    name: str
    """Of the angle, as in a Report."""
    levels: list[str]
    """That it was measured at."""
    first_deg: float
    """On the first film."""
    first_interval_deg: Degrees | None
    """90 % interval; null where it is not known."""
    second_deg: float | None
    """At the same levels on the second film; null where they are not visible."""
    second_interval_deg: Degrees | None
    """90 % interval; null where it is not known."""
    change_deg: float | None
    """Second less first; null without a second."""
    change_interval_deg: Degrees | None
    """90 % interval; null where it is not known."""
    exceeds_5_deg: Exceeds
    """Whether the change exceeds 5 degrees, as far as the interval tells."""
    text: str
    """A sentence for the reader."""


class FollowUpAnswer(Answer):
    """What changed between two films."""

    first: FollowedFilm
    """The earlier film."""
    second: FollowedFilm
    """The later film."""
    comparable: bool
    """Whether anything was compared."""
    reasons: list[str]
    """Why not, or what limits it; codes, explained in /about."""
    curves: list[CurveChangeJson]
    """Of frontal films."""
    measurements: list[MeasurementChangeJson]
    """Of lateral films."""


class AngleJson(Answer):
    """A curve of the first film on another one; negative where that bends the other way."""

    upper: str
    """End vertebra on the first film."""
    lower: str
    """End vertebra on the first film."""
    region: Region
    """Of the curve on the first film."""
    cobb_deg: float | None
    """On this film; null where its levels are not visible."""
    interval_deg: Degrees | None
    """90 % interval; null where it is not known."""


class MomentJson(Answer):
    """A frontal film in the course of a case."""

    scan: str
    """Id of the film."""
    taken_on: str
    """The day on which it was taken (YYYY-MM-DD)."""
    edited: bool
    """Whether an edit is saved."""
    in_brace: bool
    """It was taken in a brace."""
    curves: list[AngleJson]
    """Those of the first film, on this one."""


def case_json(case: Case) -> dict[str, Any]:
    """A case as the API tells it."""
    return {
        "id": case.id,
        "pseudonym": case.pseudonym,
        "created_at": case.created_at.isoformat(),
        "scans": [
            {
                "id": scan.id,
                "taken_on": scan.taken_on.isoformat(),
                "view": scan.view,
                "edited": scan.edited,
                "saved_at": scan.saved_at.isoformat(),
            }
            for scan in case.scans
        ],
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    """A line of the audit trail as the API tells it."""
    return {
        "at": entry.at.isoformat(),
        "by": entry.by,
        "what": entry.what,
        "scan": entry.scan,
        "edit": entry.edit,
    }


def follow_up_json(compared: Compared) -> dict[str, Any]:
    """Two films side by side as the API tells it."""
    found = compared.found
    return {
        "first": _film_json(compared.first),
        "second": _film_json(compared.second),
        "comparable": found.comparable,
        "reasons": list(found.reasons),
        "curves": [
            {
                "region": curve.region,
                "convex_side": curve.convex_side,
                "upper": curve.upper,
                "lower": curve.lower,
                **_difference_json(curve.angle),
                "text": curve.text,
            }
            for curve in found.curves
        ],
        "measurements": [
            {
                "name": each.name,
                "levels": list(each.levels),
                **_difference_json(each.value),
                "text": each.text,
            }
            for each in found.measurements
        ],
    }


def moment_json(moment: Moment) -> dict[str, Any]:
    """A film in the course of a case as the API tells it."""
    return {
        **_film_json(moment.scan),
        "in_brace": moment.in_brace,
        "curves": [
            {
                "upper": curve.upper,
                "lower": curve.lower,
                "region": curve.region,
                "cobb_deg": _rounded(curve.angle.second),
                "interval_deg": _rounded_pair(curve.angle.second_interval),
            }
            for curve in moment.curves
        ],
    }


def _film_json(scan: Scan) -> dict[str, Any]:
    return {
        "scan": scan.id,
        "taken_on": scan.taken_on.isoformat(),
        "edited": scan.change is not None,
    }


def _difference_json(angle: Difference) -> dict[str, Any]:
    return {
        "first_deg": _rounded(angle.first),
        "first_interval_deg": _rounded_pair(angle.first_interval),
        "second_deg": _rounded(angle.second),
        "second_interval_deg": _rounded_pair(angle.second_interval),
        "change_deg": _rounded(angle.change),
        "change_interval_deg": _rounded_pair(angle.change_interval),
        "exceeds_5_deg": angle.exceeds,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _rounded_pair(values: Degrees | None) -> list[float] | None:
    return None if values is None else [round(value, 4) for value in values]
