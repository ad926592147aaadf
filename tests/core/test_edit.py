"""A reader's corrections, checked where they come in."""

import json
from typing import Any

import numpy as np
import pytest

from spinescan.core.edit import Edit, same_points
from spinescan.core.errors import EditError
from spinescan.core.told import Told

NAMES = ["T5_superior_left", "T5_superior_right"]
GOOD: dict[str, Any] = {
    "view": "frontal",
    "names": NAMES,
    "points_xy": [[1.25, 2.0], [3.0, 4.5]],
    "levels_certain": True,
    "ends": [{"upper": "T5", "lower": "T11"}],
    "told": {"in_brace": True, "age": "adolescent", "posture": None},
}


def test_an_edit_survives_its_json() -> None:
    edit = Edit.from_dict(GOOD)
    assert edit.to_dict() == GOOD
    assert Edit.from_dict(json.loads(json.dumps(edit.to_dict()))).to_dict() == GOOD
    assert edit.told == Told(in_brace=True, age="adolescent")


def test_what_is_left_out_is_left_to_the_machine() -> None:
    edit = Edit.from_dict({"view": "lateral", "names": [], "points_xy": []})
    assert (edit.ends, edit.told, edit.levels_certain) == (None, None, False)
    assert edit.points_xy.shape == (0, 2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("view", "other"),
        ("view", ["frontal"]),
        ("names", ["T5_superior_left", "T5_superior_left"]),
        ("names", ["T5_superior_left", "T5_superior_anterior"]),
        ("names", ["T5_superior_left"]),
        ("points_xy", [[1, 2], [3, float("nan")]]),
        ("points_xy", "many"),
        ("ends", [{"upper": "T5", "lower": "T6"}]),
        ("ends", [{"upper": "T11", "lower": "T5"}]),
        ("ends", [{"upper": "C7", "lower": "T5"}]),
        ("ends", [{"upper": "T5"}]),
        ("ends", [{"upper": "T5", "lower": "T11"}] * 2),
        ("told", {"weight": 70}),
    ],
)
def test_what_no_film_can_show_is_refused(field: str, value: object) -> None:
    with pytest.raises(EditError):
        Edit.from_dict({**GOOD, field: value})


def test_end_vertebrae_belong_to_frontal_films() -> None:
    with pytest.raises(EditError, match="frontal"):
        Edit.from_dict({"view": "lateral", "names": [], "points_xy": [], "ends": []})


def test_rounding_is_no_edit() -> None:
    edit = Edit.from_dict(GOOD)
    near = np.array([[1.254, 1.996], [3.0, 4.6]])
    assert same_points(NAMES, near, edit) == [True, False]
    assert same_points(NAMES[:1], near[:1], edit) == [True, False]
