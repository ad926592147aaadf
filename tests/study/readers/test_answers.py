"""What is refused in readers' answers, each in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from spinescan.core.errors import DataError
from spinescan.study.readers.answers import read_all, read_answers
from spinescan.study.readers.key import Key, read_key, write_key
from spinescan.study.readers.typed import columns, empty_table
from tests.study.readers.simulated import file_of, key_of


@pytest.fixture
def key() -> Key:
    return key_of(4, ("A", "B"))


def written(folder: Path, values: Any, name: str = "answers.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(values))
    return path


CURVE = {"upper": "T5", "apex": "T8/T9", "lower": "T11", "convex_side": "left", "cobb_deg": 30}


def test_a_full_answer_is_read(tmp_path: Path, key: Key) -> None:
    given = {"film": 2, "view": "frontal", "readable": True, "labels": {"als7": "3CN"},
             "curves": [CURVE, {"upper": "", "cobb_deg": None}], "unknown": 1}  # fmt: skip
    answer = read_answers(written(tmp_path, file_of(key, "A", [given])), key).answers[2]
    assert answer.labels == {"als7": "3CN"}
    assert [curve.apex for curve in answer.curves] == ["T8/T9"]  # an empty curve is none


@pytest.mark.parametrize("told", [{"tk_deg": 41.0}, {"ll_deg": -3}, {"no_curve": True}])
def test_one_measured_angle_is_an_answer(tmp_path: Path, key: Key, told: dict[str, Any]) -> None:
    path = written(tmp_path, file_of(key, "A", [{"film": 2, **told}, {"film": 3}]))
    answers = read_answers(path, key).answers
    assert answers[2].said
    assert not answers[3].said


@pytest.mark.parametrize(
    ("answers", "others", "says"),
    [
        ([{"film": 5}], {}, "no film 5 in the form of A, which has 1 to 4"),
        ([{"film": 0}], {}, "no film 0"),
        ([{"film": True}], {}, "no film True"),
        ([{"film": 1}, {"film": 1}], {}, "film 1 is answered twice"),
        ([{"film": 3, "labels": {"als7": "5C"}}], {}, "film 3: als7 must be one of 3CH.*'5C'"),
        ([{"film": 3, "labels": {"view": "other"}}], {}, "film 3: no question 'view'"),
        ([{"film": 3, "labels": {"sagittal3": "both"}}], {}, "sagittal3 was not asked"),
        ([{"film": 1, "curves": [CURVE | {"cobb_deg": 200}]}], {}, "0 to 180 degrees, got 200"),
        ([{"film": 1, "curves": [CURVE | {"cobb_deg": "30"}]}], {}, "number.*got '30'"),
        ([{"film": 1, "curves": [CURVE | {"upper": "T12"}]}], {}, "T12 is not above"),
        ([{"film": 1, "curves": [CURVE | {"apex": "S4"}]}], {}, "apex must be one of"),
        ([{"film": 1, "curves": [CURVE], "no_curve": True}], {}, "and yet no curve"),
        ([{"film": 1, "readable": "perhaps"}], {}, "readable must be"),
        ([], {"reader": "C"}, "no reader 'C' in the key, which has A, B"),
        ([], {"set": "other"}, "set other, the key of a1b2"),
        ([], {"version": 2}, "version 1 is understood, got 2"),
        ([], {"format": "x"}, "not a reader's answers"),
        ("x", {}, "not a reader's answers"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    tmp_path: Path, key: Key, answers: Any, others: dict[str, Any], says: str
) -> None:
    path = written(tmp_path, file_of(key, "A", answers, **others))
    with pytest.raises(DataError, match=says) as caught:
        read_answers(path, key)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_reader_twice_is_refused(tmp_path: Path, key: Key) -> None:
    one = written(tmp_path, file_of(key, "A", []), "one.json")
    other = written(tmp_path, file_of(key, "A", []), "other.json")
    with pytest.raises(DataError, match="are both of reader A"):
        read_all((one, other), key)


def test_a_typed_table_is_read_as_the_form_is(tmp_path: Path, key: Key) -> None:
    table = empty_table(key.set_id, "B", 4, key.tasks).splitlines()
    names = columns(key.tasks)
    cells = dict.fromkeys(names, "") | {
        "set": key.set_id, "reader": "B", "film": "2", "readable": "yes", "als7": "4C",
        "curve1_upper": "t5", "curve1_apex": "T8", "curve1_lower": "T11",
        "curve1_convex_side": "Right", "curve1_cobb_deg": "32,5", "confidence": "High",
    }  # fmt: skip
    quoted = ",".join(f'"{cells[name]}"' for name in names)
    path = tmp_path / "B.csv"
    path.write_text("\n".join([*table[:2], quoted, *table[3:]]))
    answers = read_answers(path, key).answers
    assert [n for n in answers if answers[n].said] == [2]
    assert answers[2].curves[0].cobb_deg == 32.5
    assert answers[2].curves[0].convex_side == "right"
    path.write_text(path.read_text().replace("32,5", "steep"))
    with pytest.raises(DataError, match="row 3: cobb_deg must be a number of degrees"):
        read_answers(path, key)


def test_a_column_that_is_not_of_the_table_is_refused_if_it_is_filled(
    tmp_path: Path, key: Key
) -> None:
    path = tmp_path / "A.csv"
    path.write_text(f"set,reader,film,curve4_cobb_deg\n{key.set_id},A,1,12\n")
    with pytest.raises(DataError, match="film 1: no question 'curve4_cobb_deg'"):
        read_answers(path, key)
    path.write_text(f"set,reader,film,curve4_cobb_deg\n{key.set_id},A,1,\n")
    assert list(read_answers(path, key).answers) == [1]


def test_a_key_is_read_as_it_was_written_and_is_private(tmp_path: Path) -> None:
    key = key_of(5, ("A", "B-2"), repeats=2)
    path = write_key(key, tmp_path)
    assert read_key(tmp_path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert "Keep this file from the readers" in path.read_text()
    path.write_text("{}")
    with pytest.raises(DataError, match="not a key"):
        read_key(tmp_path)
