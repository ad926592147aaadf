import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.anatomy import Landmarks
from spinescan.core.report import Measurement
from spinescan.measure.balance import frontal_measurements
from spinescan.measure.frontal import FrontalSpine
from spinescan.measure.pelvis import TRUNK, hip_prominence, pelvic_line
from tests.measure.spines import mirrored, profile, spine, transformed, without

CRESTS = {"iliac_crest_left": (-2.5, 0.0), "iliac_crest_right": (3.0, 0.3)}
HEADS = {"femoral_head_left": (-1.8, 4.0), "femoral_head_right": (2.2, 3.8)}


def pelvis(landmarks: Landmarks) -> dict[str, Measurement]:
    names = ("pelvic_obliquity", "hip_prominence")
    return {m.name: m for m in frontal_measurements(landmarks, ()) if m.name in names}


def values(landmarks: Landmarks) -> dict[str, float]:
    return {name: m.value for name, m in pelvis(landmarks).items()}


@pytest.mark.parametrize(
    ("others", "sacrum", "said", "tilt_deg", "hip"),
    [
        (CRESTS | HEADS, 0.0, "iliac crests' tops", np.degrees(np.arctan(0.3 / 5.5)), 0.25),
        (HEADS, 0.0, "iliac crests not visible", -np.degrees(np.arctan(0.2 / 4)), 0.2),
        ({}, 0.1, "neither iliac crests nor femoral heads visible", 0.0, 0.1),
    ],
)
def test_the_best_line_across_the_pelvis_that_is_seen_is_taken_and_named(
    others: dict[str, tuple[float, float]], sacrum: float, said: str, tilt_deg: float, hip: float
) -> None:
    found = pelvis(spine(np.zeros(17), sacrum=sacrum, others=others))
    assert all(said in m.method for m in found.values())
    assert found["pelvic_obliquity"].value == pytest.approx(tilt_deg)
    assert found["hip_prominence"].value == pytest.approx(hip)
    assert "provisional" in found["hip_prominence"].method


def test_one_crest_makes_no_line() -> None:
    one = {"iliac_crest_left": CRESTS["iliac_crest_left"]}
    assert pelvic_line(spine(np.zeros(17), others=one)) is None
    assert pelvis(spine(np.zeros(17), others=one)) == {}


@pytest.mark.parametrize("level", TRUNK)
def test_without_the_trunk_no_hip_stands_out(level: str) -> None:
    landmarks = without(spine(np.zeros(17), others=CRESTS), level)
    line = pelvic_line(landmarks)
    assert line is not None
    assert hip_prominence(FrontalSpine.from_landmarks(landmarks), line) is None


def test_the_hip_stands_out_on_the_side_that_the_trunk_leaves() -> None:
    # A thoracic curve convex to the right over an upright lumbar spine: the trunk goes right.
    landmarks = spine(profile(T1=-15, T5=-25, T12=20, L3=0), sacrum=0.0, others=HEADS)
    assert values(landmarks)["hip_prominence"] < -0.2


@given(st.floats(0.1, 10), st.tuples(*[st.floats(-1000, 1000)] * 2))
def test_size_and_place_change_nothing(scale: float, shift: tuple[float, float]) -> None:
    landmarks = spine(profile(T1=-15, T5=-25, T12=20, L3=0), others=CRESTS)
    moved = transformed(landmarks, scale=scale, shift=shift)
    assert values(moved) == pytest.approx(values(landmarks), abs=1e-6)


def test_mirroring_changes_every_sign() -> None:
    landmarks = spine(profile(T1=-15, T5=-25, T12=20, L3=0), others=CRESTS)
    negated = {name: -v for name, v in values(landmarks).items()}
    assert len(negated) == 2
    assert values(mirrored(landmarks)) == pytest.approx(negated)


@given(st.floats(-20, 20))
def test_a_turn_of_the_film_adds_to_the_obliquity(turn_deg: float) -> None:
    landmarks = spine(np.zeros(17), others=CRESTS)
    turned = transformed(landmarks, turn_deg=turn_deg)
    before, after = (values(m)["pelvic_obliquity"] for m in (landmarks, turned))
    assert after == pytest.approx(before + turn_deg, abs=1e-6)
