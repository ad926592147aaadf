"""What a case may be called: something that names nobody."""

import re
import unicodedata

from spinescan.cases.errors import CaseError

LEAST, MOST = 2, 64
"""Characters that a pseudonym has."""

_PLAIN_DATE = re.compile(r"(?<!\d)(\d{1,4})[./\- ](\d{1,2})[./\- ](\d{1,4})(?!\d)")
_EIGHT_DIGITS = re.compile(r"(?<!\d)\d{8}(?!\d)")
_YEARS = range(1900, 2100)


def checked_pseudonym(text: str) -> str:
    """The pseudonym as it is kept: without blanks around it, in Unicode's composed form.

    Raises
    ------
    CaseError
        "pseudonym" if it is too short or too long, cannot be printed, or looks like the name of a
        person as DICOM writes it (carets), as a list does (a comma), or like a date of birth.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not LEAST <= len(name) <= MOST:
        raise _refused(f"must have {LEAST} to {MOST} characters, got {len(name)}")
    if not name.isprintable():
        raise _refused("must be one line of characters that can be printed")
    if "^" in name or "=" in name:
        raise _refused("looks like a patient's name in DICOM (parts between ^); use a code")
    if "," in name:
        raise _refused("looks like a name in a list (a comma); use a code")
    if _dates(name):
        raise _refused("looks like it holds a date, such as one of birth; use a code")
    return name


def _refused(why: str) -> CaseError:
    # The text itself is not repeated: it may name somebody, and errors are logged.
    return CaseError(f"The pseudonym {why}.", kind="pseudonym")


def _dates(name: str) -> bool:
    """Whether some digits can be read as a day, in any of the usual orders."""
    plain = [tuple(map(int, match.groups())) for match in _PLAIN_DATE.finditer(name)]
    if any(_is_day(*parts) for parts in plain):
        return True
    return any(
        (int(d[:4]) in _YEARS and _is_month_day(int(d[4:6]), int(d[6:])))
        or (int(d[4:]) in _YEARS and _is_month_day(int(d[:2]), int(d[2:4])))
        for d in _EIGHT_DIGITS.findall(name)
    )


def _is_day(first: int, second: int, third: int) -> bool:
    if first > 31:
        return (first < 100 or first in _YEARS) and _is_month_day(second, third)
    return (third < 100 or third in _YEARS) and _is_month_day(first, second)


def _is_month_day(one: int, other: int) -> bool:
    """Whether two numbers are a month and a day, whichever comes first."""
    low, high = sorted((one, other))
    return 1 <= low <= 12 and 1 <= high <= 31
