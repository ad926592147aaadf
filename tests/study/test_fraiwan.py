from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.errors import DataError
from spinescan.data.fraiwan import FraiwanFilm, named_curves
from spinescan.study.fraiwan import balanced_accuracy, score_fraiwan

TEXTS = ("Rt TAIS", "Rt TAIS", "Lt TL AIS", "Lt LAIS", "Rt T and Lt L AIS", "Rt AIS")
REGION = {"thoracic": "main_thoracic", None: "main_thoracic"}


def film(i: int, text: str = "", label: str = "scoliosis", style: str = "photo") -> FraiwanFilm:
    return FraiwanFilm(f"{i}.jpg", Path(f"{i}.jpg"), f"g{i}", label, style, named_curves(text))


def answer(
    i: int, region: str = "main_thoracic", side: str = "right", cobb_deg: float = 40.0
) -> dict[str, Any]:
    curve = {
        "region": region, "convex_side": side, "patient_side": None, "side_source": None,
        "upper": "T5", "apex": "T8", "lower": "T12", "cobb_deg": cobb_deg, "interval_deg": None,
    }  # fmt: skip
    return {"file": f"{i}.jpg", "decision": "accepted", "curves": [curve]}


FILMS = [film(i, TEXTS[i % len(TEXTS)]) for i in range(36)]


def perfect(films: list[FraiwanFilm], *, swapped: bool) -> list[dict[str, Any]]:
    other = {"left": "right", "right": "left"}
    records = []
    for i, f in enumerate(films):
        named = f.curves[0]
        side = str(named.side)
        region = REGION.get(named.region, named.region)
        records.append(answer(i, str(region), other[side] if swapped else side))
    return records


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.slow
def test_a_perfect_reader_is_right_however_the_set_is_displayed(swapped: bool) -> None:
    told = score_fraiwan(FILMS, perfect(FILMS, swapped=swapped))["named_curves"]
    for half in ("both_halves", "half_a", "half_b", "one_curve_named"):
        assert told[half]["region"]["balanced_accuracy"]["value"] == 1
        assert told[half]["side"]["balanced_accuracy"]["value"] == 1
    assert told["both_halves"]["side"]["n"] == 36
    assert told["both_halves"]["region"]["n"] == 30  # "Rt AIS" tells no region
    assert told["one_curve_named"]["region"]["n"] == 24
    for half in ("a", "b"):
        assert told["display"][half]["patient_left_is_picture_right"] is swapped
        assert told["display"][half]["found_on_half"] != half


@pytest.mark.slow
def test_the_constant_answer_stands_beside() -> None:
    always = score_fraiwan(FILMS, [answer(i) for i in range(36)])["named_curves"]["both_halves"]
    region, side = always["region"], always["side"]
    assert region["balanced_accuracy"]["value"] == pytest.approx(1 / 3, abs=1e-3)
    assert region["accuracy"]["share"] == region["constant_answer"]["accuracy"]
    assert side["balanced_accuracy"]["value"] == side["constant_answer"]["balanced_accuracy"] == 0.5


@pytest.mark.slow
def test_films_without_an_answer_or_a_curve_are_wrong() -> None:
    records = perfect(FILMS, swapped=False)
    records[0]["decision"] = "abstained"  # Rt T
    records[1]["curves"] = []  # Rt T
    told = score_fraiwan(FILMS, records)["named_curves"]
    assert (told["n_abstained"], told["n_accepted_without_a_curve"]) == (1, 1)
    region = told["both_halves"]["region"]
    assert region["accuracy"]["count"] == 28
    assert region["balanced_accuracy"]["value"] == pytest.approx((16 / 18 + 2) / 3, abs=1e-3)
    assert region["balanced_accuracy_of_accepted"] == pytest.approx((16 / 17 + 2) / 3, abs=1e-3)
    assert region["found_as"]["thoracic"]["none"] == 2


@pytest.mark.slow
def test_normal_films_are_told_by_how_the_picture_was_made() -> None:
    films = [film(i, label="normal", style="pacs_crop") for i in range(4)]
    films.append(film(4, "Rt TAIS"))
    records = [answer(i, cobb_deg=d) for i, d in enumerate([12.0, 14.9, 15.0])]
    records += [{"file": "3.jpg", "decision": "abstained", "curves": []}, answer(4)]
    told = score_fraiwan(films, records)
    crop = told["by_source_style"]["pacs_crop"]["normal"]
    assert (crop["n"], crop["n_abstained"]) == (4, 1)
    assert crop["largest_curve_below_15_deg"]["count"] == 2
    assert crop["largest_curve_below_15_deg"]["share"] == 0.5
    assert crop["largest_curve_below_15_deg_of_accepted"]["share"] == pytest.approx(0.6667)
    assert told["by_source_style"]["photo"]["scoliosis"]["n"] == 1
    assert told["named_curves_by_source_style"]["pacs_crop"] == {"n": 0}


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1), st.integers(1, 5))
def test_balanced_accuracy_does_not_count_how_often_a_class_occurs(
    rows: list[tuple[int, bool]], times: int
) -> None:
    plain = np.array(rows, dtype=float)
    more = np.concatenate([plain, *[plain[plain[:, 0] == plain[0, 0]]] * times])
    assert balanced_accuracy(more) == pytest.approx(balanced_accuracy(plain))


def test_no_films_are_an_error() -> None:
    with pytest.raises(DataError, match="no film"):
        score_fraiwan([], [])
