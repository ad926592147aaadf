from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.errors import DataError
from spinescan.core.task import FRAIWAN3
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.study.judged import repeats_of
from spinescan.study.subgroups import NOT_KNOWN, bands, columns_of, facts_of, subgroup_figures
from tests.study.simulated import predictions


def test_ages_and_cobb_angles_have_their_bands() -> None:
    assert bands("age", ["7", "10", "17.5", "18", "90", NOT_KNOWN]) == [
        "under 10", "10 to under 18", "10 to under 18", "18 to under 40", "65 and over", NOT_KNOWN
    ]  # fmt: skip
    assert bands("cobb_deg", ["9.9", "10", "25", "40"]) == [
        "under 10", "10 to under 25", "25 to under 40", "40 and over"
    ]  # fmt: skip


def test_words_and_few_numbers_are_kept() -> None:
    assert bands("sex", ["F", "M", NOT_KNOWN]) == ["F", "M", NOT_KNOWN]
    assert bands("grade", ["1", "2", "1"]) == ["1", "2", "1"]
    assert bands("age", ["12", "about 12"]) == ["12", "about 12"]


@given(st.lists(st.integers(0, 1000), min_size=30, max_size=90, unique=True))
def test_many_numbers_become_thirds(values: list[int]) -> None:
    told = bands("height", [str(value) for value in values])
    counts = [told.count(name) for name in dict.fromkeys(told)]
    assert len(counts) == 3
    assert max(counts) - min(counts) <= 2
    by_band = sorted(zip(values, told, strict=True))
    changes = sum(a[1] != b[1] for a, b in pairwise(by_band))
    assert changes == 2


def test_columns_are_those_in_which_films_differ() -> None:
    films = tuple(
        ManifestFilm(
            f"{i}.png", f"{i:064x}", str(i), source="one", view="frontal",
            labels={"sex": "FM"[i % 2], "age": "12", "fraiwan3": "normal", "width": str(i)},
        )
        for i in range(4)
    )  # fmt: skip
    manifest = Manifest(Path(), films)
    assert columns_of(manifest, FRAIWAN3) == ("sex",)
    assert columns_of(manifest, FRAIWAN3, ("width", "sex")) == ("sex", "width")
    with pytest.raises(DataError, match="no column 'weight'"):
        columns_of(manifest, FRAIWAN3, ("weight",))
    facts = facts_of(manifest, ("sex", "view", "weight"))
    assert facts[f"{1:064x}"] == {"sex": "M", "view": "frontal", "weight": NOT_KNOWN}


def test_each_subgroup_has_its_own_figures() -> None:
    records = predictions(FRAIWAN3, 90)
    ages = {r.sha256: {"age": str(5 + i % 60)} for i, r in enumerate(records)}
    repeats = repeats_of(records, FRAIWAN3, "test")
    told = subgroup_figures(repeats, FRAIWAN3, ages, samples=200, seed=0)["age"]
    assert [part["value"] for part in told] == [
        "under 10", "10 to under 18", "18 to under 40", "40 to under 65"
    ]  # fmt: skip
    assert sum(part["n_films"] for part in told) == 90
    young = [r for r in records if float(ages[r.sha256]["age"]) < 10]
    assert told[0]["n_films"] == len(young)
    assert told[0]["accuracy"]["value"] == pytest.approx(
        np.mean([r.label == r.truth for r in young]), abs=1e-4
    )
    right = sum(part["accuracy"]["value"] * part["n_films"] for part in told)
    assert right == pytest.approx(sum(r.label == r.truth for r in records), abs=0.02)


def test_what_is_not_known_is_told_last() -> None:
    records = predictions(FRAIWAN3, 30)
    facts = {r.sha256: {"sex": "Z"} for r in records[:20]}
    repeats = repeats_of(records, FRAIWAN3, "test")
    told = subgroup_figures(repeats, FRAIWAN3, facts, samples=200, seed=0)["sex"]
    assert [(part["value"], part["n_films"]) for part in told] == [("Z", 20), (NOT_KNOWN, 10)]
