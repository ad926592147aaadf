"""Figures of lateral films, against readers whose errors are known."""

import copy
from typing import Any

import pytest

from spinescan.core.anatomy import LATERAL_POINTS, LEVELS, Landmarks, lateral_name
from spinescan.core.errors import DataError
from spinescan.measure.sagittal import sagittal_measurements
from spinescan.phantom.vertebrae import PITCH_MM
from spinescan.study.lateral import ANGLES, score_laterals
from spinescan.study.phantoms import read_truth
from tests.measure.spines import PITCH, profile, spine


def truth(i: int, *, extent: str = "whole", first: str = "T1") -> dict[str, Any]:
    """A film of a patient who looks to the right, from one level down to the hips."""
    column = spine(profile(T1=25, T4=22, T12=-18, L3=0, L5=22))
    end = column.points_xy[-2:].mean(axis=0)
    places = {
        lateral_name(name, faces_left=False): point
        for name, point in zip(column.names, column.points_xy, strict=True)
        if LEVELS.index(name.split("_")[0]) >= LEVELS.index(first)
    }
    places |= {
        "S1_posterior": end + [-15, PITCH / 2 - 10],
        "S1_anterior": end + [15, PITCH / 2 + 10],
        "femoral_head_left": end + [10, 110],
        "femoral_head_right": end + [28, 114],
    }
    if first == "T1":
        places["C7_centre"] = column.points_xy[:2].mean(axis=0) - [0, PITCH]
    return {
        "schema_version": "1.0",
        "file": f"images/{i}.png",
        "view": "lateral",
        "decision": "accepted",
        "landmarks": {
            "names": list(places),
            "points_xy": [list(map(float, p)) for p in places.values()],
            "levels_certain": True,
        },
        "measurements": [],
        "phantom": {"extent": extent},
    }


def answer(film: dict[str, Any]) -> dict[str, Any]:
    """What a perfect reader says of it."""
    given = copy.deepcopy(film)
    del given["phantom"]
    return measured(given)


def measured(given: dict[str, Any]) -> dict[str, Any]:
    """With the angles of the points it has."""
    marks = given["landmarks"]
    points = Landmarks.from_points(marks["names"], marks["points_xy"])
    given["measurements"] = [
        {"name": m.name, "value": m.value, "interval": [m.value - 2, m.value + 2]}
        for m in sagittal_measurements(points)
    ]
    return given


def shifted(given: dict[str, Any], start: str, x: float, y: float) -> None:
    marks = given["landmarks"]
    for name, point in zip(marks["names"], marks["points_xy"], strict=True):
        if name.startswith(start):
            point[0] += x
            point[1] += y


def drop(record: dict[str, Any], *starts: str) -> None:
    marks = record["landmarks"]
    kept = [k for k, name in enumerate(marks["names"]) if not name.startswith(starts)]
    for key in ("names", "points_xy"):
        marks[key] = [marks[key][k] for k in kept]


def test_a_perfect_reader_is_right_in_all() -> None:
    truths = [truth(0), truth(1, extent="lumbar", first="L1")]
    told = score_laterals(truths, [answer(t) for t in truths])
    assert told["synthetic"] is True
    every = told["all_films"]
    assert every["facing_right"]["share"] == 1
    names = every["level_names"]
    assert names["levels_exact"]["n"] == 17 + 5
    assert names["levels_exact"]["share"] == 1
    assert names["films_with_every_level_exact_and_none_invented"]["count"] == 2
    assert names["absent_levels_left_out"]["n"] == 12
    assert names["absent_levels_left_out"]["share"] == 1
    points = every["points"]
    assert points["corners"]["within"]["n"] == 4 * 22
    assert all(points[key]["near"]["share"] == 1 for key in ("corners", "S1", "femoral_heads"))
    assert points["C7_centre"]["near"]["n"] == 1
    for name in ANGLES:
        figures = every["angles"][name]
        assert figures["n_shown"] == (1 if name == "TK_T4_T12" else 2)
        assert figures["mean_error_deg"]["value"] == pytest.approx(0, abs=1e-6)
        assert figures["interval_covers"]["share"] == 1
    assert {extent: part["n"] for extent, part in told["by_extent"].items()} == {
        "lumbar": 1,
        "whole": 1,
    }


@pytest.mark.parametrize("first", ["T1", "L1"])
def test_distances_are_shares_of_the_whole_spines_length(first: str) -> None:
    film = truth(0, first=first)
    # From T1's centre to L5's, of which a lumbar film shows the usual part.
    gaps = [PITCH_MM[level] for level in LEVELS[:-1]]
    part = gaps[LEVELS.index(first) :]
    length = len(part) * PITCH * sum(gaps) / sum(part)
    for share, near, within in ((0.018, 1, 1), (0.025, 0, 1), (0.034, 0, 0)):
        given = answer(film)
        shifted(given, "S1_anterior", share * length, 0)
        points = score_laterals([film], [given])["all_films"]["points"]["S1"]
        assert points["near"]["count"] == 1 + near
        assert points["within"]["count"] == 1 + within


@pytest.mark.slow
def test_misnamed_invented_and_missed_levels_are_counted() -> None:
    films = [truth(0, first="T10"), truth(1), truth(2)]
    given = [answer(film) for film in films]
    drop(films[0], "T10_", "T11_")  # which the reader invents
    drop(given[1], "L5_")
    marks = given[2]["landmarks"]
    marks["names"] = [
        f"{LEVELS[LEVELS.index(level) - 1]}_{rest}" if level in LEVELS[1:] else name
        for name in marks["names"]
        for level, _, rest in [name.partition("_")]
    ]  # every level one off
    kept = dict(zip(marks["names"][4:], marks["points_xy"][4:], strict=True))
    marks["names"], marks["points_xy"] = list(kept), list(kept.values())
    names = score_laterals(films, given)["all_films"]["level_names"]
    assert names["absent_levels_left_out"]["count"] == 9
    assert names["absent_levels_left_out"]["n"] == 11
    assert names["levels_exact"]["count"] == 6 + 16 + 0
    assert names["levels_exact"]["n"] == 6 + 17 + 17
    assert names["films_with_every_level_exact_and_none_invented"]["count"] == 0


@pytest.mark.slow
def test_films_without_an_answer_count_as_missed() -> None:
    films = [truth(k) for k in range(4)]
    abstained = {**answer(films[1]), "decision": "abstained", "reasons": ["unsteady"]}
    frontal = {**answer(films[2]), "view": "frontal"}
    figures = score_laterals(films, [answer(films[0]), abstained, frontal])["all_films"]
    assert figures["accepted"]["count"] == 2
    assert figures["n_accepted_as_another_view"] == 1
    assert (figures["n_abstained"], figures["n_failed"]) == (1, 1)
    assert figures["points"]["corners"]["within"]["share"] == pytest.approx(0.25)
    assert figures["points"]["corners"]["n_missed"] == 3 * 68
    assert figures["angles"]["SS"]["n_missed"] == 3
    assert figures["angles"]["SS"]["within_5_deg_of_shown"]["share"] == pytest.approx(0.25)


@pytest.mark.slow
def test_errors_of_angles_and_their_intervals() -> None:
    films = [truth(0), truth(1)]
    given = [answer(film) for film in films]
    for record, off in zip(given, (1.5, -4.5), strict=True):
        for told in record["measurements"]:
            told["value"] += off
            told["interval"] = [told["value"] - 2, told["value"] + 2]
    figures = score_laterals(films, given)["all_films"]["angles"]["LL_L1_S1"]
    assert figures["mean_error_deg"]["value"] == pytest.approx(3.0)
    assert figures["mean_signed_error_deg"] == pytest.approx(-1.5)
    assert figures["interval_covers"]["count"] == 1
    assert figures["within_5_deg_of_shown"]["count"] == 2


@pytest.mark.slow
def test_a_patient_who_is_turned_round_is_told() -> None:
    film = truth(0)
    given = answer(film)
    swap = {"anterior": "posterior", "posterior": "anterior"}
    marks = given["landmarks"]
    marks["names"] = [
        f"{stem}_{swap.get(end, end)}"
        for stem, _, end in (n.rpartition("_") for n in marks["names"])
    ]
    figures = score_laterals([film], [measured(given)])["all_films"]
    assert figures["facing_right"]["count"] == 0
    assert figures["points"]["corners"]["within"]["share"] == 0
    assert figures["angles"]["SS"]["mean_error_deg"]["value"] > 30


@pytest.mark.slow
def test_points_that_the_film_does_not_show_are_invented() -> None:
    film = truth(0)
    given = answer(film)
    drop(film, "femoral_head")
    figures = score_laterals([film], [given])["all_films"]
    assert figures["points"]["femoral_heads"]["n_invented"] == 2
    assert figures["angles"]["PT"]["n_given_but_not_shown"] == 1
    assert figures["points"]["femoral_heads"]["within"]["share"] is None
    assert set(LATERAL_POINTS[2:4]) == {"femoral_head_left", "femoral_head_right"}


def test_there_must_be_films(tmp_path: Any) -> None:
    with pytest.raises(DataError, match="no film"):
        score_laterals([], [])
    (tmp_path / "truth.jsonl").write_text('{"schema_version": "1.0", "view": "frontal"}\n')
    with pytest.raises(DataError, match="no lateral film"):
        read_truth(tmp_path, "lateral")


@pytest.mark.slow
def test_the_length_needs_two_vertebrae() -> None:
    film = truth(0, first="L5")
    figures = score_laterals([film], [answer(film)])["all_films"]
    assert figures["points"]["corners"]["near"]["share"] == 1
    off = answer(film)
    shifted(off, "L5", 0.01, 0)
    figures = score_laterals([film], [off])["all_films"]
    assert figures["points"]["corners"]["near"]["share"] == 0
