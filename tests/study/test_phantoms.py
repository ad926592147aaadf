import copy
import json
from pathlib import Path
from typing import Any

import pytest

from spinescan.core.anatomy import FRONTAL_POINTS
from spinescan.core.errors import DataError
from spinescan.measure.curves import find_curves
from spinescan.study.phantoms import read_truth, score_phantoms
from tests.measure.spines import profile, spine

ROWS = 1000


def truth(i: int, *, extent: str = "whole", als: str | None = "3CH") -> dict[str, Any]:
    """A film of one bent spine, its pelvis and neck in a row below."""
    landmarks = spine(profile(T6=-20, L1=15))
    places = dict(zip(landmarks.names, landmarks.points_xy.tolist(), strict=True))
    places |= {name: [100.0 * k, 900.0] for k, name in enumerate(FRONTAL_POINTS)}
    (curve, *_) = find_curves(landmarks)
    told = {name: getattr(curve, name) for name in curve.__dataclass_fields__}
    return {
        "schema_version": "1.0",
        "file": f"images/{i}.png",
        "size": [ROWS, 600],
        "view": "frontal",
        "decision": "accepted",
        "landmarks": {
            "names": list(places),
            "points_xy": list(places.values()),
            "levels_certain": True,
        },
        "curves": [told],
        "als": {"type": als, "family": als and als[:2]},
        "phantom": {"extent": extent},
    }


def answer(film: dict[str, Any]) -> dict[str, Any]:
    """What a perfect reader says of it."""
    given = copy.deepcopy(film)
    del given["phantom"]
    return given


def place(record: dict[str, Any], name: str) -> list[float]:
    landmarks = record["landmarks"]
    point: list[float] = landmarks["points_xy"][landmarks["names"].index(name)]
    return point


def drop(record: dict[str, Any], *starts: str) -> None:
    landmarks = record["landmarks"]
    kept = [k for k, name in enumerate(landmarks["names"]) if not name.startswith(starts)]
    for key in ("names", "points_xy"):
        landmarks[key] = [landmarks[key][k] for k in kept]


@pytest.mark.slow
def test_a_perfect_reader_is_right_in_all() -> None:
    truths = [truth(0), truth(1, extent="spine", als="4C"), truth(2, als=None)]
    told = score_phantoms(truths, [answer(t) for t in truths])
    assert told["synthetic"] is True
    every = told["all_films"]
    names = every["level_names"]
    assert names["levels_exact"]["share"] == 1
    assert names["films_with_every_level_exact_and_none_invented"]["count"] == 3
    assert names["the_same_where_the_report_is_certain"]["n"] == 3
    assert every["points"]["all"]["found_near"]["count"] == 3 * len(FRONTAL_POINTS)
    assert every["points"]["all"]["n_missed"] == every["points"]["all"]["n_invented"] == 0
    assert every["cobb"]["largest_curve_mean_error_deg"]["value"] == pytest.approx(0, abs=1e-6)
    assert every["als"]["n_scoliotic"] == every["als"]["type_right"]["count"] == 2
    assert every["als"]["family_right"]["count"] == 2
    assert every["als"]["n_healthy"] == 1
    assert {extent: part["n"] for extent, part in told["by_extent"].items()} == {
        "spine": 1,
        "whole": 2,
    }


def test_points_too_far_missed_and_invented_are_counted_apart() -> None:
    film = truth(0)
    given = answer(film)
    place(given, "S1_left")[0] += 0.021 * ROWS
    place(given, "S1_right")[1] += 0.019 * ROWS
    drop(given, "C7")
    drop(film, "femoral_head_left")
    told = score_phantoms([film], [given])["all_films"]["points"]
    assert told["all"]["found_near"]["n"] == 6
    assert told["all"]["found_near"]["count"] == 4
    assert (told["all"]["n_too_far"], told["all"]["n_missed"], told["all"]["n_invented"]) == (
        1,
        1,
        1,
    )
    assert told["S1_left"]["n_too_far"] == 1
    assert told["C7_centre"]["n_missed"] == 1
    assert told["femoral_head_left"]["n_invented"] == 1
    assert told["femoral_head_left"]["found_near"]["share"] is None


def test_invented_and_missed_levels_spoil_a_film() -> None:
    films = [truth(0), truth(1)]
    given = [answer(film) for film in films]
    drop(films[0], "T1_")
    drop(given[1], "L5_")
    names = score_phantoms(films, given)["all_films"]["level_names"]
    assert (names["levels_exact"]["count"], names["levels_exact"]["n"]) == (16 + 16, 16 + 17)
    assert names["n_levels_invented"] == 1
    assert names["films_with_every_level_exact_and_none_invented"]["count"] == 0


def test_a_wrong_family_is_told_on_its_own() -> None:
    truths = [truth(0, als="3CH"), truth(1, als="3CH"), truth(2, als="4C"), truth(3, als=None)]
    given = [answer(t) for t in truths]
    given[0]["als"] = {"type": "4C", "family": "4C"}
    given[1]["als"] = {"type": None, "family": "3C"}
    given[3]["als"] = {"type": "4C", "family": "4C"}
    told = score_phantoms(truths, given)["all_films"]["als"]
    assert told["type_right"]["count"] == 1
    assert told["type_right_of_answered"]["share"] == 0.5
    assert told["family_right"]["count"] == 2
    assert told["family_wrong_of_answered"]["count"] == 1
    assert told["n_without_type"] == 1
    assert told["healthy_given_a_type"]["count"] == 1


def test_without_an_answer_all_is_missed() -> None:
    told = score_phantoms([truth(0)], [answer(truth(0)) | {"decision": "abstained"}])["all_films"]
    assert told["n_abstained"] == 1
    assert told["level_names"]["levels_exact"]["count"] == 0
    assert told["points"]["all"]["n_missed"] == len(FRONTAL_POINTS)
    assert told["cobb"]["largest_curve_mean_error_deg"] is None
    assert told["als"]["n_without_family"] == 1


def test_truth_is_that_of_the_frontal_films(tmp_path: Path) -> None:
    lines = [truth(0), truth(1) | {"view": "lateral"}]
    (tmp_path / "truth.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert [t["file"] for t in read_truth(tmp_path)] == ["images/0.png"]
    (tmp_path / "truth.jsonl").write_text(json.dumps(lines[1]))
    with pytest.raises(DataError, match="no frontal film"):
        read_truth(tmp_path)
    (tmp_path / "truth.jsonl").write_text(json.dumps(answer(truth(0))))
    with pytest.raises(DataError, match="not the truth"):
        read_truth(tmp_path)
