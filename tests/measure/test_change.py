"""What changed between two films: laws, and the words for what is not sure."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.anatomy import Landmarks
from spinescan.core.report import Curve, Measurement, Notice, Report
from spinescan.core.told import Told
from spinescan.measure.answers import lateral_answers
from spinescan.measure.change import (
    Difference,
    Seen,
    curve_change,
    difference,
    exceeds,
    follow_up,
    measurement_changes,
)
from spinescan.measure.curves import find_curves
from tests.measure.spines import mirrored, profile, replaced, spine, transformed, without
from tests.measure.test_sagittal import side_view, side_views

SINGLE = profile(T1=-15, T5=-15, T11=15, L5=15)
WORSE = profile(T1=-20, T5=-20, T11=22, L5=22)
SPINES = st.lists(st.floats(-35, 35), min_size=17, max_size=17)
VALUES = st.floats(-60, 60)
WIDTHS = st.floats(0, 20)


def report(landmarks: Landmarks | None, view: Any = "frontal", **change: Any) -> Report:
    """A film's Report, with what is needed here."""
    lateral = view == "lateral" and landmarks is not None
    told = Report(
        sha256="",
        size=(1000, 1000),
        pixel_aspect=1.0,
        spacing_mm=None,
        spacing_origin="unknown",
        view=view,
        decision="accepted",
        reasons=(),
        landmarks=landmarks,
        curves=find_curves(landmarks) if view == "frontal" and landmarks is not None else (),
        measurements=lateral_answers(landmarks, factor=1.0, told=Told()).measurements
        if lateral and landmarks is not None
        else (),
    )
    return replace(told, **change)


def seen(landmarks: Landmarks | None, view: Any = "frontal", **change: Any) -> Seen:
    told, factor = change.pop("told", Told()), change.pop("factor", 1.0)
    return Seen(report(landmarks, view, **change), factor=factor, told=told)


def with_patient_side(film: Seen, *, alike: bool) -> Seen:
    """The film with the patient's side of every curve told."""
    other = {"left": "right", "right": "left"}
    curves = tuple(
        replace(c, patient_side=c.convex_side if alike else other[c.convex_side])
        for c in film.report.curves
    )
    return replace(film, report=replace(film.report, curves=curves))


def flat(angle: Difference) -> list[float]:
    assert angle.second is not None
    assert angle.change is not None
    assert angle.second_interval is not None
    assert angle.change_interval is not None
    assert angle.first_interval is not None
    return [
        angle.first, *angle.first_interval, angle.second, *angle.second_interval,
        angle.change, *angle.change_interval,
    ]  # fmt: skip


def test_a_curve_by_hand() -> None:
    first, second = seen(spine(SINGLE, spread_px=0.5)), seen(spine(WORSE, spread_px=0.5))
    found = follow_up(first, second)
    assert found.comparable
    (curve,) = found.curves
    assert (curve.region, curve.convex_side, curve.upper, curve.lower) == (
        "main_thoracic", "right", "T5", "T11",
    )  # fmt: skip
    assert curve.angle.first == pytest.approx(first.report.curves[0].cobb_deg)
    assert curve.angle.change == pytest.approx(12)
    low, high = curve.angle.change_interval or (np.nan, np.nan)
    own = curve.angle.first_interval or (np.nan, np.nan)
    # Two films of one width: the change is as unsure as the root of two of them.
    assert high - low == pytest.approx(np.sqrt(2) * (own[1] - own[0]), rel=0.01)
    assert curve.angle.exceeds == "yes"
    assert curve.text.startswith("main thoracic curve T5 to T11: 30.0°, then 42.0°: +12.0°")
    assert curve.text.endswith("more than 5°")


@given(SPINES, st.floats(0, 3))
def test_the_same_film_twice_has_not_changed(tilts: list[float], spread: float) -> None:
    film = seen(spine(tilts, spread_px=spread))
    for curve in follow_up(film, film).curves:
        assert curve.angle.change == 0
        low, high = curve.angle.change_interval or (np.nan, np.nan)
        assert low == pytest.approx(-high)
        assert curve.angle.exceeds in ("no", "not sure")


@given(VALUES, WIDTHS, WIDTHS, VALUES, WIDTHS, WIDTHS)
def test_swapping_the_films_negates(
    a: float, a_down: float, a_up: float, b: float, b_down: float, b_up: float
) -> None:
    one, other = (a - a_down, a + a_up), (b - b_down, b + b_up)
    there, back = difference(a, one, b, other), difference(b, other, a, one)
    assert there.change == -(back.change or 0)
    assert there.change_interval is not None
    assert back.change_interval is not None
    assert there.change_interval[0] == pytest.approx(-back.change_interval[1])
    assert there.change_interval[1] == pytest.approx(-back.change_interval[0])
    assert there.exceeds == back.exceeds


@given(SPINES, SPINES)
def test_swapping_two_films_negates_the_change_between_given_ends(
    one: list[float], other: list[float]
) -> None:
    first, second = seen(spine(one, spread_px=1.0)), seen(spine(other, spread_px=1.0))
    curve = Curve("lumbar", "right", "T9", "L1", "L4", 20.0)
    there, back = (curve_change(*films, curve) for films in ((first, second), (second, first)))
    assert there.angle.change == pytest.approx(-(back.angle.change or 0))
    assert there.angle.change_interval == pytest.approx(
        tuple(-v for v in reversed(back.angle.change_interval or ()))
    )


@given(SPINES, SPINES, st.floats(-30, 30), st.floats(0.3, 3), st.tuples(VALUES, VALUES))
def test_turn_size_and_place_of_a_film_change_nothing(
    one: list[float], other: list[float], turn: float, scale: float, shift: tuple[float, float]
) -> None:
    first, second = spine(one, spread_px=1.0), spine(other, spread_px=1.0)
    moved = transformed(second, turn_deg=turn, scale=scale, shift=shift)
    plain, found = (follow_up(seen(first), seen(film)).curves for film in (second, moved))
    for before, after in zip(plain, found, strict=True):
        assert flat(after.angle) == pytest.approx(flat(before.angle), abs=1e-3)


@given(SPINES, SPINES)
def test_mirroring_both_films_changes_nothing(one: list[float], other: list[float]) -> None:
    first, second = seen(spine(one, spread_px=1.0)), seen(spine(other, spread_px=1.0))
    curve = Curve("lumbar", "right", "T9", "L1", "L4", 20.0)
    flipped = [seen(mirrored(spine(tilts, spread_px=1.0))) for tilts in (one, other)]
    there = curve_change(first, second, curve)
    back = curve_change(*flipped, replace(curve, convex_side="left"))
    assert flat(back.angle) == pytest.approx(flat(there.angle), abs=1e-4)


def test_one_mirrored_film_is_compared_where_both_tell_the_patients_side() -> None:
    first, second = spine(SINGLE, spread_px=0.5), spine(WORSE, spread_px=0.5)
    plain = follow_up(seen(first), seen(second))
    films = (
        with_patient_side(seen(first), alike=True),
        with_patient_side(seen(mirrored(second)), alike=False),
    )
    found = follow_up(*films)
    assert flat(found.curves[0].angle) == pytest.approx(flat(plain.curves[0].angle), abs=1e-4)
    assert "bends_other_way" not in found.reasons


def test_one_mirrored_film_is_not_taken_for_a_change() -> None:
    first, second = spine(SINGLE, spread_px=0.5), spine(WORSE, spread_px=0.5)
    found = follow_up(seen(first), seen(mirrored(second)))
    assert "bends_other_way" in found.reasons
    assert found.curves[0].angle.second == pytest.approx(-42)
    assert found.curves[0].angle.exceeds == "not sure"


def test_the_end_vertebrae_are_those_of_the_first_film() -> None:
    higher = spine(profile(T1=-25, T3=-25, T9=25, L5=25), spread_px=0.5)
    first = seen(spine(SINGLE, spread_px=0.5))
    (curve,) = follow_up(first, seen(higher)).curves
    assert (curve.upper, curve.lower) == ("T5", "T11")
    assert curve.angle.second is not None
    assert curve.angle.second < find_curves(higher)[0].cobb_deg - 5
    (back,) = follow_up(seen(higher), first).curves
    assert (back.upper, back.lower) == ("T3", "T9")


@pytest.mark.parametrize(
    ("interval", "answer"),
    [
        (None, "not sure"),
        ((5.1, 9.0), "yes"),
        ((-9.0, -5.1), "yes"),
        ((5.0, 9.0), "not sure"),
        ((-5.0, 5.0), "no"),
        ((-5.1, 0.0), "not sure"),
        ((-6.0, 6.0), "not sure"),
        ((0.0, 0.0), "no"),
    ],
)
def test_yes_and_no_are_said_of_whole_intervals(
    interval: tuple[float, float] | None, answer: str
) -> None:
    assert exceeds(interval) == answer


def test_the_change_is_in_its_interval_as_often_as_that_says() -> None:
    # Two true spines, each read 400 times with the spreads that it tells; 3 percent of error.
    rng, held = np.random.default_rng(3), 0
    truth = [spine(tilts, spread_px=1.5) for tilts in (SINGLE, WORSE)]
    (curve, *_) = find_curves(truth[0])
    true = curve_change(*map(seen, truth), curve).angle.change
    assert true is not None
    for _ in range(400):
        read = [
            replaced(film, film.points_xy + rng.normal(0, 1.5, film.points_xy.shape))
            for film in truth
        ]
        angle = curve_change(*map(seen, read), curve).angle
        low, high = angle.change_interval or (np.nan, np.nan)
        held += low <= true <= high
    assert 0.85 <= held / 400 <= 0.95


def test_unknown_spreads_leave_it_open() -> None:
    (curve,) = follow_up(seen(spine(SINGLE, spread_px=1)), seen(spine(WORSE))).curves
    assert curve.angle.change == pytest.approx(12)
    assert curve.angle.change_interval is None
    assert curve.angle.exceeds == "not sure"
    assert "interval" not in curve.text


def test_a_level_that_is_not_visible_later() -> None:
    second = seen(without(spine(WORSE, spread_px=1), "T11"))
    found = follow_up(seen(spine(SINGLE, spread_px=1)), second)
    assert found.reasons == ("level_missing",)
    assert not found.comparable
    (curve,) = found.curves
    assert curve.angle.change is None
    assert curve.angle.exceeds == "not sure"
    assert curve.text.endswith("not visible on the second film")


def test_films_that_cannot_be_compared() -> None:
    straight, bent = spine(np.zeros(17)), spine(SINGLE, spread_px=1.0)
    side = side_view(profile(T1=25, T12=-18, L5=22))
    refused = seen(bent, decision="abstained", reasons=("no_spine",))
    for first, second, reasons in (
        (seen(bent), seen(side, "lateral"), ("views_differ",)),
        (seen(straight), seen(bent), ("no_curve",)),
        (refused, seen(bent), ("first_not_measured",)),
        (seen(bent), seen(None), ("second_not_measured",)),
        (refused, seen(None), ("first_not_measured", "second_not_measured")),
    ):
        found = follow_up(first, second)
        assert not found.comparable
        assert found.reasons == reasons
        assert found.curves == ()


def test_a_change_by_a_brace_or_lying_down_is_none_of_the_spine() -> None:
    first, second = spine(SINGLE, spread_px=0.5), spine(WORSE, spread_px=0.5)
    shown = Notice("brace", "seen")
    for one, other, reason in (
        (seen(first), seen(second, told=Told(in_brace=True)), "brace_differs"),
        (seen(first, warnings=(shown,)), seen(second), "brace_differs"),
        (
            seen(first, told=Told(posture="standing")),
            seen(second, told=Told(posture="supine")),
            "posture_differs",
        ),
    ):
        found = follow_up(one, other)
        assert not found.comparable
        assert found.reasons == (reason,)
        assert found.curves[0].angle.change == pytest.approx(12)
        assert found.curves[0].angle.exceeds == "not sure"
        assert "not sure" in found.curves[0].text
    both = follow_up(seen(first, warnings=(shown,)), seen(second, told=Told(in_brace=True)))
    assert both.comparable
    assert follow_up(seen(first, told=Told(posture="supine")), seen(second)).comparable


def test_counted_level_names_are_a_limit_and_no_bar() -> None:
    first = spine(SINGLE, spread_px=0.5, levels_certain=False)
    found = follow_up(seen(first), seen(spine(WORSE, spread_px=0.5)))
    assert found.comparable
    assert found.reasons == ("levels_uncertain",)
    assert found.curves[0].angle.exceeds == "yes"


@given(side_views())
def test_a_lateral_film_twice_has_not_changed(landmarks: Landmarks) -> None:
    film = seen(replaced(landmarks, landmarks.points_xy, spread_px=np.ones(72)), "lateral")
    changes = follow_up(film, film).measurements
    assert {m.name.split("_")[0] for m in changes} == {"TK", "LL", "SS", "PT", "PI"}
    for each in changes:
        assert each.value.change == 0
        assert each.value.change_interval is not None
        assert each.value.change_interval[0] <= 0 <= each.value.change_interval[1]


def test_measurements_of_equal_names_are_compared() -> None:
    first = report(None, measurements=(
        Measurement("TK_T4_T12", 30.0, "deg", "", ("T4", "T12"), (27.0, 34.0)),
        Measurement("SS", 40.0, "deg", "", ("S1",)),
        Measurement("LL_against_PI", 1.0, "deg", ""),
        Measurement("slip_L4_L5", 3.0, "%", ""),
    ))  # fmt: skip
    second = report(None, measurements=(
        Measurement("PT", 12.0, "deg", ""),
        Measurement("SS", 41.0, "deg", "", ("S1",)),
        Measurement("LL_against_PI", 9.0, "deg", ""),
        Measurement("slip_L4_L5", 13.0, "%", ""),
        Measurement("TK_T4_T12", 45.0, "deg", "", ("T4", "T12"), (42.0, 49.0)),
    ))  # fmt: skip
    kyphosis, slope = measurement_changes(first, second)
    assert (kyphosis.name, kyphosis.levels, kyphosis.value.change) == (
        "TK_T4_T12", ("T4", "T12"), 15.0,
    )  # fmt: skip
    assert kyphosis.value.change_interval == (10.0, 20.0)  # 3, 4, 5
    assert kyphosis.value.exceeds == "yes"
    assert kyphosis.text == (
        "TK_T4_T12: 30.0°, then 45.0°: +15.0° (interval +10.0° to +20.0°), more than 5°"
    )
    assert (slope.name, slope.value.change, slope.value.exceeds) == ("SS", 1.0, "not sure")


def test_lateral_films_with_nothing_in_common() -> None:
    film = side_view(profile(T1=25, T12=-18, L5=22))
    empty = seen(film, "lateral", measurements=())
    found = follow_up(seen(film, "lateral"), empty)
    assert not found.comparable
    assert "nothing_in_common" in found.reasons


def test_the_first_film_must_show_the_curve() -> None:
    film = seen(without(spine(SINGLE), "T11"))
    with pytest.raises(ValueError, match="does not show T5 and T11"):
        curve_change(film, film, find_curves(spine(SINGLE))[0])
