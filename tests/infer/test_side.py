"""Which side of the picture shows the patient's left: examples, and laws of the witnesses."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.radiograph import Radiograph, Side
from spinescan.core.report import Curve
from spinescan.infer.side import (
    SIDE_LIMITS,
    SideFinding,
    SideLetter,
    patient_side,
    with_patient_side,
)

COLUMNS = 512
MID = 256.0
FILM = Radiograph(pixels=np.zeros((4, COLUMNS), np.float32), sha256="0" * 64)
OTHER: dict[Side, Side] = {"left": "right", "right": "left"}
R_LEFT: SideLetter = ("R", 40.0, 30.0, 0.9)
L_RIGHT: SideLetter = ("L", 470.0, 30.0, 0.9)
R_RIGHT: SideLetter = ("R", 470.0, 300.0, 0.9)
L_LEFT: SideLetter = ("L", 40.0, 300.0, 0.9)


def film(left: Side | None) -> Radiograph:
    return replace(FILM, patient_left=left)


def codes(finding: SideFinding) -> list[str]:
    return [notice.code for notice in finding.notices]


@pytest.mark.parametrize(
    ("header", "letters", "heart", "left", "source"),
    [
        (None, [], None, None, None),
        ("right", [], None, "right", "patient_orientation"),
        (None, [R_LEFT], None, "right", "markers"),
        (None, [L_RIGHT], None, "right", "markers"),
        (None, [R_RIGHT], None, "left", "markers"),
        (None, [L_LEFT], None, "left", "markers"),
        (None, [R_LEFT, L_RIGHT], None, "right", "markers"),
        (None, [], 0.95, "left", "heart"),
        (None, [], 0.05, "right", "heart"),
        (None, [], 0.89, None, None),
        (None, [], 0.11, None, None),
        (None, [("R", 250.0, 30.0, 0.9)], None, None, None),  # near the middle
        (None, [("R", 40.0, 30.0, 0.4)], None, None, None),  # hardly a letter
        (None, [R_LEFT], 0.05, "right", "markers"),
        ("left", [L_LEFT], 0.95, "left", "patient_orientation"),
    ],
)
def test_witnesses_that_agree(header, letters, heart, left, source):
    assert patient_side(film(header), MID, letters, heart) == SideFinding(left, source)


def test_letters_are_held_against_the_spine_not_the_pictures_middle():
    letter: SideLetter = ("R", 300.0, 30.0, 0.9)
    assert patient_side(FILM, 150.0, [letter]).left == "left"
    assert patient_side(FILM, 450.0, [letter]).left == "right"


@pytest.mark.parametrize("letters", [[R_LEFT, L_LEFT], [R_LEFT, R_RIGHT]])
def test_letters_that_contradict_each_other_tell_nothing_and_are_reported(letters):
    finding = patient_side(FILM, MID, letters)
    assert (finding.left, finding.source) == (None, None)
    assert codes(finding) == ["side_letters_conflict"]
    finding = patient_side(film("right"), MID, letters, 0.0)
    assert (finding.left, finding.source) == ("right", "patient_orientation")
    assert codes(finding) == ["side_letters_conflict"]


@pytest.mark.parametrize(
    ("header", "letters", "heart", "left"),
    [
        ("right", [L_LEFT], None, None),
        ("right", [L_LEFT], 1.0, None),
        ("right", [L_LEFT], 0.0, None),  # two against one settle nothing
        (None, [R_LEFT], 1.0, None),
        ("right", [], 1.0, "right"),  # the heart alone does not unseat the header
        ("right", [R_LEFT], 1.0, "right"),
    ],
)
def test_contradictions_are_reported_and_leave_the_side_open(header, letters, heart, left):
    finding = patient_side(film(header), MID, letters, heart)
    assert finding.left == left
    assert finding.source == (None if left is None else "patient_orientation")
    assert codes(finding) == ["side_conflict"]
    text = finding.notices[0].text
    assert ("header's patient orientation says right" in text) == (header is not None)
    assert ("side letters say" in text) == bool(letters)
    assert ("the heart says" in text) == (heart is not None)


@pytest.mark.parametrize("heart", [-0.1, 1.1, float("nan")])
def test_the_heart_is_a_probability(heart):
    with pytest.raises(ValueError, match="probability"):
        patient_side(FILM, MID, [], heart)


def test_every_limit_names_its_origin():
    for limit in SIDE_LIMITS:
        assert limit.origin
        assert limit.provisional


# Eighths and 1/256ths are exact in floating point, so that a mirrored figure is the exact mirror.
sides = st.sampled_from(["left", "right"])
headers = st.none() | sides
xs = st.integers(0, 8 * COLUMNS).map(lambda k: k / 8)
letter_lists = st.lists(
    st.tuples(st.sampled_from("LR"), xs, xs, st.sampled_from([0.2, 0.5, 0.9])), max_size=4
)
hearts = st.none() | st.integers(0, 256).map(lambda k: k / 256)
mids = st.integers(8 * 128, 8 * 384).map(lambda k: k / 8)


@given(headers, mids, letter_lists, hearts)
def test_mirroring_the_film_with_its_witnesses_swaps_the_side(header, mid, letters, heart):
    plain = patient_side(film(header), mid, letters, heart)
    mirrored = patient_side(
        film(header and OTHER[header]),
        COLUMNS - mid,
        [(letter, COLUMNS - x, y, score) for letter, x, y, score in letters],
        None if heart is None else 1 - heart,
    )
    assert mirrored.left == (plain.left and OTHER[plain.left])
    assert mirrored.source == plain.source
    assert codes(mirrored) == codes(plain)


@given(headers, mids, letter_lists, hearts, st.integers(0, 3))
def test_a_witness_that_agrees_never_changes_the_side(header, mid, letters, heart, who):
    before = patient_side(film(header), mid, letters, heart)
    left = before.left
    if left is None:
        return
    if who == 0:
        header = left
    elif who == 1:
        heart = 1.0 if left == "left" else 0.0
    else:
        place = 0.0 if (left == "left") == (who == 2) else float(COLUMNS)
        letters = [*letters, ("L" if who == 2 else "R", place, 0.0, 0.9)]
    after = patient_side(film(header), mid, letters, heart)
    assert after.left == left


@given(headers, mids, letter_lists, hearts, sides)
def test_a_weaker_witness_never_turns_the_side(header, mid, letters, heart, against):
    alone = patient_side(film(header), mid, letters)
    joined = patient_side(film(header), mid, letters, 1.0 if against == "left" else 0.0)
    if alone.left is not None:
        assert joined.left in (alone.left, None)
    if header is not None:
        assert patient_side(film(header), mid, letters, heart).left in (header, None)


@given(headers, mids, letter_lists, hearts)
def test_a_side_has_a_source_and_an_open_one_has_none(header, mid, letters, heart):
    finding = patient_side(film(header), mid, letters, heart)
    assert (finding.left is None) == (finding.source is None)


CURVE = Curve("main_thoracic", "right", "T5", "T8", "T11", 40.0)


def test_curves_are_told_the_patients_side():
    other = replace(CURVE, convex_side="left")
    told = with_patient_side((CURVE, other), SideFinding("left", "heart"))
    assert [(c.patient_side, c.side_source) for c in told] == [
        ("right", "heart"),
        ("left", "heart"),
    ]
    assert with_patient_side((CURVE,), SideFinding()) == (CURVE,)
