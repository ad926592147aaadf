"""Whether a scan declines films that are no frontal spine at all."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from spinescan.core.errors import DataError
from spinescan.study.answers import Record, acceptance


def score_rejection(records: Sequence[Record]) -> dict[str, Any]:
    """How many of the films are accepted (none should be), and why the others were not.

    A film that could not be read is counted apart: it was not taken for a spine, but not by the
    gate. The interval is Wilson's, 95 %.

    Raises
    ------
    DataError
        There is no film.
    """
    if not records:
        raise DataError("no film to score")
    reasons = Counter(reason for record in records for reason in record.get("reasons", ()))
    return {**acceptance(records), "reasons": dict(reasons)}
