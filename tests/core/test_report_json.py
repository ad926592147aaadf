"""A Report comes back from its JSON."""

import json

import pytest

from spinescan.core.errors import DataError
from spinescan.core.report_json import report_from_dict
from tests.core.test_report import full_report


def test_a_report_survives_its_json() -> None:
    record = full_report().to_dict("film.png")
    again = report_from_dict(json.loads(json.dumps(record)))
    assert again.to_dict("film.png") == record


def test_an_anonymous_report_has_no_digest() -> None:
    again = report_from_dict(full_report().to_dict())
    assert again.sha256 == ""
    assert again.to_dict() == full_report().to_dict()


def test_an_older_record_has_what_it_lacks_by_default() -> None:
    record = {**full_report().to_dict(), "schema_version": "1.0"}
    del record["edited"], record["sagittal"]
    for curve in record["curves"]:
        del curve["ends_by"]
    again = report_from_dict(record)
    assert (again.edited, again.sagittal) == (False, None)
    assert {curve.ends_by for curve in again.curves} == {"machine"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema_version", "2.0"),
        ("schema_version", None),
        ("view", "sideways"),
        ("size", [1, 2, 3]),
        ("curves", [{"region": "lumbar"}]),
        ("landmarks", {"names": ["T1_superior_left"]}),
        ("edited", "yes"),
        ("als", []),
    ],
)
def test_what_is_no_report_is_refused(field: str, value: object) -> None:
    with pytest.raises(DataError):
        report_from_dict({**full_report().to_dict(), field: value})


def test_a_missing_field_is_refused() -> None:
    record = full_report().to_dict()
    del record["view"]
    with pytest.raises(DataError):
        report_from_dict(record)
