"""The pages that explain the measurements say what the code does."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.measure.als import als_verdict
from spinescan.measure.als_thresholds import ALS_THRESHOLDS, Threshold
from spinescan.measure.balance import frontal_measurements
from spinescan.measure.curves import PLACES, REGIONS, find_curves, region_of
from spinescan.measure.sagittal import sagittal_measurements
from spinescan.measure.sagittal_norms import NORMS, SAGITTAL_THRESHOLDS, Norm
from tests.measure.spines import profile, spine
from tests.measure.test_sagittal import STANDING

EXPLAIN = Path(__file__).parents[2] / "docs" / "explain"
ALS = (EXPLAIN / "als.md").read_text("utf-8")
SAGITTAL = (EXPLAIN / "sagittal.md").read_text("utf-8")
COBB = (EXPLAIN / "cobb.md").read_text("utf-8")
REASONS = set(re.findall(r"^\| `(\w+)`", ALS, re.MULTILINE))


@pytest.mark.parametrize("name", [f.name for f in fields(ALS_THRESHOLDS)])
def test_every_threshold_stands_in_the_table(name: str) -> None:
    t: Threshold = getattr(ALS_THRESHOLDS, name)
    row = f"| {t.meaning} | {t.value:g} {t.unit} | {t.margin:g} | {t.origin} |"
    assert row in ALS.splitlines()


@given(st.lists(st.floats(-40, 40), min_size=17, max_size=17), st.none() | st.floats(-2, 2))
def test_every_reason_is_explained(tilts: list[float], sacrum: float | None) -> None:
    landmarks = spine(tilts, sacrum=sacrum)
    assert set(als_verdict(landmarks, find_curves(landmarks)).reasons) <= REASONS


def test_the_table_of_regions_holds_every_apex_once() -> None:
    explained = {}
    for region, _ in REGIONS:
        (row,) = re.findall(rf"^\| {region} \| (\S+) to (\S+) \|(.*)\|$", COBB, re.MULTILINE)
        first, last, beyond = row
        inside = PLACES[PLACES.index(first) : PLACES.index(last) + 1]
        explained |= dict.fromkeys((*inside, *re.findall(r"[^\s,]+", beyond)), region)
    assert explained == {place: region_of(place) for place in PLACES}


def test_every_measurement_is_explained() -> None:
    landmarks = spine(profile(T1=-8, T5=-16, T11=20, L4=-20, L5=-10), sacrum=0.0)
    rows = "".join(re.findall(r"^\| `.*", COBB, re.MULTILINE))
    named = set(re.findall(r"`(\w+)`", rows))
    assert {m.name for m in frontal_measurements(landmarks, find_curves(landmarks))} == named


@pytest.mark.parametrize("norm", NORMS, ids=lambda norm: norm.code)
def test_every_norm_stands_in_its_table(norm: Norm) -> None:
    row = (
        f"| {norm.code} | {norm.measurement} | {norm.low:g} to {norm.high:g} | {norm.people}"
        f" | {norm.origin} |"
    )
    assert row in SAGITTAL.splitlines()


@pytest.mark.parametrize("name", [f.name for f in fields(SAGITTAL_THRESHOLDS)])
def test_every_sagittal_threshold_stands_in_its_table(name: str) -> None:
    t = getattr(SAGITTAL_THRESHOLDS, name)
    assert f"| {t.meaning} | {t.value:g} {t.unit} | {t.origin} |" in SAGITTAL.splitlines()


def test_every_sagittal_measurement_is_explained() -> None:
    table = SAGITTAL.partition("## Measurements")[2].partition("##")[0]
    rows = re.findall(r"^\| ([A-Z]\w*(?:, \w+)*|slip_[\w, ]+) \|", table, re.MULTILINE)
    named = {name for row in rows for name in row.split(", ")}
    assert {m.name for m in sagittal_measurements(STANDING)} == named - {"name"}
