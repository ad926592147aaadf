from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinescan.core.errors import DataError
from spinescan.core.task import ALS7, FRAIWAN3
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.study.margin import accuracy_by_margin, margins_of
from tests.study.simulated import predictions

RECORDS = predictions(ALS7, 200, skill=1.5)


def wrong_near_zero() -> tuple[tuple, dict[str, float]]:
    """Films whose answers are right exactly from a margin of 0.3 on."""
    margins = {r.sha256: i / 200 for i, r in enumerate(RECORDS)}
    records = tuple(
        replace(
            r,
            label=r.truth if margins[r.sha256] >= 0.3 else None,
            decision="accepted" if margins[r.sha256] >= 0.3 else "abstained",
        )
        for r in RECORDS
    )
    return records, margins


def test_accuracy_rises_where_it_should() -> None:
    records, margins = wrong_near_zero()
    told = accuracy_by_margin(records, ALS7, margins, samples=200)
    assert (told["n_films"], told["n_without_margin"]) == (200, 0)
    for part in told["between"]:
        expected = 1.0 if part["from"] >= 0.295 else 0.0
        assert part["accuracy"]["value"] == expected
        low, high = part["accuracy"]["interval_95"]
        assert low < high  # Wilson's: ten groups that agree are not certainty
    whole, *rest = told["at_least"]
    assert whole["accuracy"]["value"] == pytest.approx(0.7)
    values = [part["accuracy"]["value"] for part in rest]
    assert values == sorted(values)
    assert values[-1] == 1


def test_parts_hold_each_film_once() -> None:
    margins = {
        r.sha256: float(v)
        for r, v in zip(RECORDS, np.random.default_rng(0).random(200), strict=True)
    }
    told = accuracy_by_margin(RECORDS, ALS7, margins, samples=200)
    assert sum(part["n_films"] for part in told["between"]) == 200
    assert told["at_least"][0]["n_films"] == 200
    accuracy = np.mean([r.label == r.truth for r in RECORDS])
    assert told["at_least"][0]["accuracy"]["value"] == pytest.approx(accuracy, abs=1e-4)
    for part in told["between"]:
        assert part["family_accuracy"]["value"] >= part["accuracy"]["value"]


def test_films_without_a_margin_are_counted() -> None:
    margins = {r.sha256: 1.0 for r in RECORDS[:50]}
    told = accuracy_by_margin(RECORDS, ALS7, margins, samples=200)
    assert (told["n_films"], told["n_without_margin"]) == (50, 150)
    assert len(told["between"]) == len(told["at_least"]) == 1
    assert told["between"][0]["n_films"] == 50
    with pytest.raises(DataError, match="has a margin"):
        accuracy_by_margin(RECORDS, ALS7, {}, samples=200)


def test_a_task_without_families_has_none() -> None:
    records = predictions(FRAIWAN3, 40)
    told = accuracy_by_margin(
        records, FRAIWAN3, {r.sha256: i for i, r in enumerate(records)}, bins=3, samples=200
    )
    assert "family_accuracy" not in told["between"][0]
    assert len(told["between"]) == 3


def manifest(*values: str) -> Manifest:
    return Manifest(
        Path(),
        tuple(
            ManifestFilm(f"{i}.png", f"{i:064x}", str(i), labels={"margin": v} if v else {})
            for i, v in enumerate(values)
        ),
    )


def test_margins_are_numbers_of_a_column() -> None:
    assert margins_of(manifest("0.5", "", "2"), "margin") == {f"{0:064x}": 0.5, f"{2:064x}": 2.0}
    for bad in ("wide", "nan"):
        with pytest.raises(DataError, match=f"row 3: margin must be a number, got '{bad}'"):
            margins_of(manifest("1", bad), "margin")
    with pytest.raises(DataError, match="no column 'als_margin'"):
        margins_of(manifest("1"), "als_margin")
