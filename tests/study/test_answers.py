import json
from pathlib import Path

import numpy as np
import pytest

from spinescan.core.anatomy import FRONTAL_NAMES, LEVELS
from spinescan.core.errors import DataError
from spinescan.core.report import failure_dict
from spinescan.study.answers import corners_xy, match_records, outcome, read_records

RECORD = {"schema_version": "1.0", "decision": "accepted"}


def test_records_of_several_files_are_put_together(tmp_path: Path) -> None:
    for fold in "01":
        line = json.dumps({**RECORD, "file": fold})
        (tmp_path / fold).write_text(f"{line}\n")
    records = read_records([tmp_path / "0", tmp_path / "1"])
    assert [record["file"] for record in records] == ["0", "1"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"schema_version": 1}\n\n', "\xff"])
def test_what_is_no_report_is_refused_by_its_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "reports.jsonl"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=r"reports\.jsonl"):
        read_records([path])


def test_a_file_that_is_not_there_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_records([tmp_path / "absent.jsonl"])


def test_records_are_matched_by_the_end_of_their_path() -> None:
    records = [{"file": f"/data/set/images/{name}"} for name in ("x/1.jpg", "y/1.jpg", "2.jpg")]
    matched = match_records(["2.jpg", "x/1.jpg", "3.jpg", "y/1.jpg"], records)
    assert matched == [records[2], records[0], None, records[1]]


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([{}], "anonymous"),
        ([{"file": "other.jpg"}], "not a film"),
        ([{"file": "1.jpg"}, {"file": "a/1.jpg"}], "more than one"),
    ],
)
def test_records_that_cannot_be_matched(records: list[dict[str, str]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        match_records(["1.jpg"], records)


def test_corners_need_all_four() -> None:
    points = np.arange(136.0).reshape(68, 2)
    landmarks = {"names": list(FRONTAL_NAMES[1:]), "points_xy": points[1:].tolist()}
    levels, corners = corners_xy({"landmarks": landmarks})
    assert levels == LEVELS[1:]
    np.testing.assert_array_equal(corners, points[4:].reshape(16, 4, 2))
    assert corners_xy({"landmarks": None})[1].shape == (0, 4, 2)


def test_a_film_without_a_record_failed() -> None:
    assert outcome(None) == outcome(failure_dict("empty", "x", "x")) == "failed"
    assert outcome({"decision": "abstained"}) == "abstained"
