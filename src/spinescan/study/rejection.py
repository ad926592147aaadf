"""Whether a scan declines films that are no frontal spine at all."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from spinescan.core.errors import DataError
from spinescan.study.answers import Record, outcome
from spinescan.study.metrics import share_with_interval


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
    outcomes = [outcome(record) for record in records]
    return {
        "n": len(records),
        "accepted": share_with_interval(outcomes.count("accepted"), len(records)),
        "n_abstained": outcomes.count("abstained"),
        "n_failed": outcomes.count("failed"),
        "reasons": dict(
            Counter(reason for record in records for reason in record.get("reasons", ()))
        ),
    }
