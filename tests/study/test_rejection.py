import pytest

from spinescan.core.errors import DataError
from spinescan.study.rejection import score_rejection


def record(decision: str, *reasons: str) -> dict[str, object]:
    return {"schema_version": "1.0", "decision": decision, "reasons": list(reasons)}


def test_accepted_films_are_counted_against_all_of_them() -> None:
    failed: dict[str, object] = {"schema_version": "1.0", "error": {"kind": "empty"}}
    scored = score_rejection(
        [
            record("accepted"),
            record("abstained", "no_spine"),
            record("abstained", "unsteady", "too_few_levels"),
            failed,
        ]
    )
    assert scored["n"] == 4
    assert scored["accepted"]["count"] == 1
    assert scored["accepted"]["share"] == 0.25
    low, high = scored["accepted"]["interval_95"]
    assert low < 0.25 < high
    assert (scored["n_abstained"], scored["n_failed"]) == (2, 1)
    assert scored["reasons"] == {"no_spine": 1, "unsteady": 1, "too_few_levels": 1}


def test_no_films_are_no_score() -> None:
    with pytest.raises(DataError):
        score_rejection([])
