"""A case is named by what names nobody."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.cases.errors import CaseError
from spinescan.cases.pseudonym import LEAST, MOST, checked_pseudonym


@pytest.mark.parametrize(
    "name", ["P-017", "heron 3", "2026-17", "Fälle 12", "x" * 64, "40-99-1234", "12345678", "a1"]
)
def test_a_code_is_fine(name: str) -> None:
    assert checked_pseudonym(name) == name


def test_it_is_kept_composed_and_without_blanks_around() -> None:
    assert checked_pseudonym("  Fa\u0308lle\n") == "F\u00e4lle"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "2 to 64 characters, got 0"),
        (" a ", "2 to 64 characters, got 1"),
        ("x" * 65, "got 65"),
        ("P\t17", "printed"),
        ("P\u202e17", "printed"),
        ("P\n17", "printed"),
        ("DOE^JANE", "name in DICOM"),
        ("DOE=JANE", "name in DICOM"),
        ("Doe, Jane", "name in a list"),
        ("P 2011-03-07", "date"),
        ("07.03.2011", "date"),
        ("3/7/11", "date"),
        ("20110307", "date"),
        ("J07032011", "date"),
        ("03072011X", "date"),
        ("7 3 2011", "date"),
    ],
)
def test_what_might_name_somebody_is_refused(name: str, why: str) -> None:
    with pytest.raises(CaseError, match=why) as caught:
        checked_pseudonym(name)
    assert caught.value.kind == "pseudonym"
    assert len(name) < 4 or name not in str(caught.value)


@given(st.text())
def test_what_passes_is_one_printable_line_and_passes_again(text: str) -> None:
    try:
        name = checked_pseudonym(text)
    except CaseError:
        return
    assert LEAST <= len(name) <= MOST
    assert name.isprintable()
    assert checked_pseudonym(name) == name


@given(
    st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%d%m%Y", "%d-%m-%y"]),
    st.sampled_from(["{}", "P-{}", "{} b", "x{}y"]),
)
def test_dates_are_found(day: date, form: str, around: str) -> None:
    with pytest.raises(CaseError, match="date"):
        checked_pseudonym(around.format(day.strftime(form)))
