import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinescan.core.anatomy import FRONTAL_NAMES
from spinescan.core.errors import DataError
from spinescan.core.report import failure_dict
from spinescan.data.sources import AasceFilm, read_aasce
from spinescan.measure.aasce import aasce_angles
from spinescan.study.aasce import score_aasce

WIDTH, HEIGHT = 40.0, 30.0


def bent_corners(angle_deg: float) -> np.ndarray:
    """17 boxes in a column, the tilt running from -angle/2 to +angle/2."""
    tilt = np.radians(np.linspace(-angle_deg / 2, angle_deg / 2, 17))
    across = np.stack([np.cos(tilt), np.sin(tilt)], axis=1) * WIDTH / 2
    centre = np.stack([np.full(17, 200.0), 50 + 40.0 * np.arange(17)], axis=1)
    down = np.array([0.0, HEIGHT / 2])
    return np.stack(
        [
            centre - across - down,
            centre + across - down,
            centre - across + down,
            centre + across + down,
        ],
        axis=1,
    )


def film(i: int, angle_deg: float, *, group: str | None = None, suspect: bool = False) -> AasceFilm:
    corners = bent_corners(angle_deg)
    return AasceFilm(
        file=f"{i}.jpg",
        path=Path(f"{i}.jpg"),
        group=group or str(i),
        corners_px=corners,
        angles_deg=aasce_angles(corners, 800),
        suspect=suspect,
        source="aasce",
        size=(800, 400),
    )


def answer(i: int, corners: np.ndarray, decision: str = "accepted") -> dict[str, Any]:
    landmarks = {"names": list(FRONTAL_NAMES), "points_xy": corners.reshape(68, 2).tolist()}
    return {"file": f"{i}.jpg", "decision": decision, "landmarks": landmarks}


FILMS = [film(i, angle) for i, angle in enumerate([20.0, 30.0, 40.0, 50.0])]


def test_a_perfect_reader_makes_no_error() -> None:
    figures = score_aasce(FILMS, [answer(i, f.corners_px) for i, f in enumerate(FILMS)])
    every = figures["all_films"]["every_film"]
    assert every["smape_percent"] == {"value": 0.0, "interval_95": [0.0, 0.0]}
    assert every["largest_angle_mean_error_deg"]["value"] == 0
    assert figures["all_films"]["corners"]["mean_error_px"]["value"] == 0
    assert figures["all_films"]["n_accepted"] == 4


def test_no_answer_at_all_is_the_worst_case() -> None:
    every = score_aasce(FILMS, [])["all_films"]
    assert every["n_failed"] == 4
    assert every["answered_films"] is None
    assert every["corners"] is None
    assert every["every_film"]["smape_percent"]["value"] == 100
    assert every["every_film"]["largest_angle_mean_error_deg"]["value"] == pytest.approx(35)


def test_each_way_of_not_answering_is_counted_apart_and_in_full() -> None:
    incomplete = answer(2, FILMS[2].corners_px)
    # Without T1 the tilt runs over 15 steps instead of 16: the largest angle is 37.5 instead of 40.
    incomplete["landmarks"]["names"] = incomplete["landmarks"]["names"][4:]
    incomplete["landmarks"]["points_xy"] = incomplete["landmarks"]["points_xy"][4:]
    records = [
        answer(0, FILMS[0].corners_px),
        answer(1, FILMS[1].corners_px, "abstained"),
        incomplete,
        failure_dict("empty", "3.jpg: empty", "3.jpg"),
    ]
    figures = score_aasce(FILMS, records)["all_films"]
    assert (figures["n"], figures["n_groups"]) == (4, 4)
    assert figures["n_accepted"] == 2
    assert figures["n_accepted_incomplete"] == 1
    assert figures["n_abstained"] == 1
    assert figures["n_failed"] == 1
    strict = figures["complete_or_nothing"]
    assert strict["smape_percent"]["value"] == 75
    assert strict["largest_angle_mean_error_deg"]["value"] == pytest.approx(30)
    assert strict["largest_angle_median_error_deg"]["value"] == pytest.approx(35)
    every = figures["every_film"]
    assert every["largest_angle_mean_error_deg"]["value"] == pytest.approx((30 + 50 + 2.5) / 4)
    assert 50 < every["smape_percent"]["value"] < 55
    assert figures["answered_films"]["n"] == 2
    assert figures["answered_films"]["largest_angle_mean_error_deg"]["value"] == pytest.approx(1.25)


def test_the_median_predictor_stands_beside() -> None:
    figures = score_aasce(FILMS, [])["all_films"]["median_predictor"]
    # Against 20, 30, 40, 50 the medians of the others are 40, 40, 30, 30.
    assert figures["largest_angle_mean_error_deg"]["value"] == pytest.approx(15)


def test_suspect_films_are_left_out_of_the_second_set_of_figures() -> None:
    films = [*FILMS, film(4, 60.0, suspect=True)]
    figures = score_aasce(films, [answer(i, f.corners_px) for i, f in enumerate(films[:4])])
    assert figures["all_films"]["n"] == 5
    assert figures["all_films"]["every_film"]["smape_percent"]["value"] == 20
    assert figures["without_suspect_landmarks"]["n"] == 4
    assert figures["without_suspect_landmarks"]["every_film"]["smape_percent"]["value"] == 0


def test_films_that_are_left_out_are_not_scored() -> None:
    answers = [answer(i, f.corners_px) for i, f in enumerate(FILMS[1:], start=1)]
    figures = score_aasce(FILMS, answers, left_out={FILMS[0].file})["all_films"]
    assert figures["n"] == len(FILMS) - 1
    assert figures["every_film"]["smape_percent"]["value"] == 0


def test_corner_errors_are_distances_and_shares_of_the_width() -> None:
    shifted = [answer(i, f.corners_px + [3.0, 4.0]) for i, f in enumerate(FILMS)]
    corners = score_aasce(FILMS, shifted)["all_films"]["corners"]
    assert corners["mean_error_px"]["value"] == 5
    assert corners["mean_error_percent_of_vertebra_width"]["value"] == 100 * 5 / WIDTH
    assert corners["median_error_percent_of_vertebra_width"]["value"] == 100 * 5 / WIDTH


def test_levels_named_one_or_two_off_are_counted() -> None:
    def named_lower(i: int, by: int) -> dict[str, Any]:
        moved = answer(i, FILMS[i].corners_px)
        moved["landmarks"]["names"] = moved["landmarks"]["names"][4 * by :]
        moved["landmarks"]["points_xy"] = moved["landmarks"]["points_xy"][: 4 * (17 - by)]
        return moved

    records = [named_lower(i, by) for i, by in enumerate([0, 0, 1, 2])]
    figures = json.loads(json.dumps(score_aasce(FILMS, records)))  # plain types throughout
    names = figures["all_films"]["level_names"]
    assert names["n"] == 4
    assert (names["row_exact"]["count"], names["row_within_one"]["count"]) == (2, 3)
    assert (names["every_level_exact"]["count"], names["every_level_within_one"]["count"]) == (2, 3)


def test_one_level_that_is_named_wrong_does_not_shift_the_row() -> None:
    moved = FILMS[0].corners_px.copy()
    moved[8] += [0, 40]  # onto the next vertebra
    names = score_aasce(FILMS[:1], [answer(0, moved)])["all_films"]["level_names"]
    assert names["row_exact"]["count"] == 1
    assert (names["every_level_exact"]["count"], names["every_level_within_one"]["count"]) == (0, 1)


def test_every_level_of_every_film_counts() -> None:
    """One film is right, one named one level off, one without an answer: 51 levels."""
    lower = answer(1, FILMS[1].corners_px)
    lower["landmarks"]["names"] = lower["landmarks"]["names"][4:]
    lower["landmarks"]["points_xy"] = lower["landmarks"]["points_xy"][:-4]
    names = score_aasce(FILMS[:3], [answer(0, FILMS[0].corners_px), lower])["all_films"]
    told = names["level_names"]
    assert told["n_levels_of_all_films"] == 51
    assert (told["levels_exact"]["count"], told["levels_exact"]["n"]) == (17, 51)
    assert told["levels_within_one"]["count"] == 17 + 16


@pytest.mark.slow
def test_expected_angles_stand_beside_the_plain_ones() -> None:
    records = [answer(i, f.corners_px) for i, f in enumerate(FILMS[:3])]
    figures = score_aasce(FILMS, records)["all_films"]
    told = figures["expected_angles"]
    assert told["every_film"] == figures["every_film"]  # no spread: the placed points themselves
    for record in records:
        record["landmarks"]["spread_px"] = [4.0] * 68
    told = score_aasce(FILMS, records)["all_films"]["expected_angles"]
    assert told["every_film"]["n"] == 4
    assert told["every_film"] != figures["every_film"]
    assert told["answered_films"]["n"] == 3
    assert sum(row["n_films"] for row in told["factors_chosen_on_other_groups"]) == 4


def curve(cobb_deg: float, interval_deg: list[float] | None) -> dict[str, Any]:
    return {
        "region": "main_thoracic", "convex_side": "right", "patient_side": None,
        "side_source": None, "upper": "T1", "apex": "T9", "lower": "L5",
        "cobb_deg": cobb_deg, "interval_deg": interval_deg,
    }  # fmt: skip


@pytest.mark.slow
def test_intervals_are_held_against_the_true_angle_of_the_same_curve() -> None:
    intervals: list[list[float] | None] = [[15, 25], [15, 25], None]
    records = [
        answer(i, FILMS[i].corners_px) | {"curves": [curve(20, interval)]}
        for i, interval in enumerate(intervals)
    ]
    records.append(answer(3, FILMS[3].corners_px) | {"curves": []})
    figures = score_aasce(FILMS, records)["all_films"]
    told = figures["curve_intervals"]
    assert (told["n_films"], told["n_films_without_a_curve"], told["n_curves"]) == (4, 1, 3)
    assert (told["n_curves_without_interval"], told["n_curves_judged"]) == (1, 2)
    assert (told["covered"]["count"], told["covered"]["n"]) == (1, 2)
    assert told["full_width_deg"]["median"]["value"] == 10
    assert told["curve_angle_mean_error_deg"]["value"] == pytest.approx((0 + 10 + 20) / 3)
    assert [third["n"] for third in figures["by_severity"]] == [1, 1, 2]
    assert [third["curve_intervals"]["n_curves_judged"] for third in figures["by_severity"]] == [
        1,
        1,
        0,
    ]


@pytest.mark.slow
def test_errors_are_told_by_severity_and_by_any_property() -> None:
    films = [film(i, 20.0 + 5 * i) for i in range(9)]
    records = [answer(i, f.corners_px) for i, f in enumerate(films[:6])]
    by = {
        "height": {f.file: str(1000 + 100 * i) for i, f in enumerate(films)},
        "style": {f.file: "even" if i % 2 == 0 else "odd" for i, f in enumerate(films)},
    }
    figures = score_aasce(films, records, by)["all_films"]
    smape = [third["smape_percent"]["value"] for third in figures["by_severity"]]
    assert smape == [0, 0, 100]
    heights = figures["by"]["height"]
    assert [part["range"] for part in heights] == [[1000, 1200], [1300, 1500], [1600, 1800]]
    assert [part["n"] for part in heights] == [3, 3, 3]
    styles = {part["value"]: part["n"] for part in figures["by"]["style"]}
    assert styles == {"even": 5, "odd": 4}


def test_a_property_that_a_film_lacks_is_an_error() -> None:
    with pytest.raises(DataError, match="height is not told"):
        score_aasce(FILMS, [], {"height": {"0.jpg": "1"}})


@pytest.mark.slow
def test_films_of_one_case_are_one_group() -> None:
    films = [film(i, 20.0 + i, group="a" if i < 3 else "b") for i in range(4)]
    assert score_aasce(films, [])["all_films"]["n_groups"] == 2


def test_no_films_are_an_error() -> None:
    with pytest.raises(DataError, match="no AASCE film"):
        score_aasce([], [])


@pytest.mark.slow
def test_the_published_landmarks_score_themselves(shared_data: Path) -> None:
    films = read_aasce(shared_data / "aasce")
    records = [answer(0, film.corners_px) | {"file": f"/somewhere/{film.file}"} for film in films]
    figures = score_aasce(films, records)["all_films"]
    assert figures["n_accepted"] == figures["n"] == 479
    assert figures["every_film"]["smape_percent"]["value"] < 0.05
    assert 20 < figures["median_predictor"]["smape_percent"]["value"] < 28
