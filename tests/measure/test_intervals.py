import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.anatomy import LEVELS, Landmarks
from spinescan.core.report import Curve
from spinescan.measure.curves import find_curves
from spinescan.measure.intervals import (
    CORRELATION,
    REACH,
    angle_near,
    endplate_correlation,
    endplate_spread_deg,
    with_intervals,
)
from tests.measure.spines import WIDTH, mirrored, profile, replaced, spine, transformed, without

DOUBLE = profile(T1=-8, T5=-16, T11=20, L4=-20, L5=-10)
SPINES = st.lists(st.floats(-40, 40), min_size=17, max_size=17)


def intervals(landmarks: Landmarks, factor: float = 1.0) -> dict[str, tuple[float, float] | None]:
    """By end vertebrae: curves of like size may change places."""
    curves = with_intervals(landmarks, find_curves(landmarks), factor=factor)
    return {f"{c.upper}-{c.lower}": c.interval_deg for c in curves}


def flat(landmarks: Landmarks, factor: float = 1.0) -> dict[str, float]:
    found = intervals(landmarks, factor)
    assert None not in found.values()
    return {f"{name} {end}": v for name, ends in found.items() for end, v in enumerate(ends or ())}


@given(SPINES, st.floats(0, 10), st.floats(0.1, 2))
def test_an_interval_holds_its_angle_and_nothing_below_zero(
    tilts: list[float], spread: float, factor: float
) -> None:
    landmarks = spine(tilts, spread_px=spread)
    for curve in with_intervals(landmarks, find_curves(landmarks), factor=factor):
        assert curve.interval_deg is not None
        low, high = curve.interval_deg
        assert 0 <= low <= curve.cobb_deg <= high


@given(st.floats(0.2, 5), st.floats(1, 4))
def test_a_wider_spread_never_narrows(spread: float, times: float) -> None:
    narrow = intervals(spine(DOUBLE, spread_px=spread))
    wide = intervals(spine(DOUBLE, spread_px=spread * times))
    for name, inner in narrow.items():
        outer = wide[name]
        assert inner is not None
        assert outer is not None
        # As near as draws tell that are put around their own mean.
        assert outer[0] <= inner[0] + 0.05
        assert outer[1] >= inner[1] - 0.05


@given(st.floats(-180, 180), st.floats(0.1, 10), st.tuples(*[st.floats(-1000, 1000)] * 2))
def test_turn_size_and_place_of_the_film_change_no_interval(
    turn_deg: float, scale: float, shift: tuple[float, float]
) -> None:
    landmarks = spine(DOUBLE, spread_px=2.0)
    moved = transformed(landmarks, turn_deg=turn_deg, scale=scale, shift=shift)
    assert flat(moved) == pytest.approx(flat(landmarks), abs=1e-4)


@given(SPINES)
def test_mirroring_changes_no_interval(tilts: list[float]) -> None:
    landmarks = spine(tilts, spread_px=2.0)
    curves = find_curves(landmarks)
    flipped = [
        Curve(c.region, "left" if c.convex_side == "right" else "right", c.upper, c.apex, c.lower,
              c.cobb_deg)
        for c in curves
    ]  # fmt: skip
    there = with_intervals(landmarks, curves, factor=1.0)
    back = with_intervals(mirrored(landmarks), tuple(flipped), factor=1.0)
    for one, other in zip(there, back, strict=True):
        assert one.interval_deg == pytest.approx(other.interval_deg, abs=1e-4)


def test_factor_and_spread_are_one() -> None:
    assert flat(spine(DOUBLE, spread_px=2.0), 0.5) == pytest.approx(
        flat(spine(DOUBLE, spread_px=1.0), 1.0), rel=1e-3
    )


def test_more_certainty_is_wider() -> None:
    landmarks = spine(DOUBLE, spread_px=1.0)
    (curve, *_) = find_curves(landmarks)
    widths = [
        np.diff(with_intervals(landmarks, (curve,), factor=1.0, level=level)[0].interval_deg or ())
        for level in (0.5, 0.9, 0.99)
    ]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_known_points_leave_no_doubt() -> None:
    landmarks = spine(DOUBLE, spread_px=0.0)
    for curve in with_intervals(landmarks, find_curves(landmarks), factor=1.0):
        assert curve.interval_deg == pytest.approx((curve.cobb_deg, curve.cobb_deg))


def test_an_unknown_spread_near_an_end_leaves_the_interval_open() -> None:
    landmarks = spine(DOUBLE, spread_px=1.0)
    largest, *_ = find_curves(landmarks)
    assert (largest.upper, largest.lower) == ("T11", "L4")
    for name, known in (("T8_superior_left", True), ("T9_superior_left", False)):
        spread = landmarks.spread_px.copy()
        spread[landmarks.names.index(name)] = np.nan
        (curve,) = with_intervals(
            replaced(landmarks, landmarks.points_xy, spread_px=spread), (largest,), factor=1.0
        )
        assert (curve.interval_deg is not None) == known


def test_the_interval_of_clear_end_vertebrae_is_that_of_two_tilts() -> None:
    # The ends are so clear that no draw moves them: a normal law of two nearly free tilts.
    tilts = np.zeros(17)
    tilts[: LEVELS.index("T6")] = np.linspace(0, -10, LEVELS.index("T6"))
    tilts[LEVELS.index("T6")] = -40
    tilts[LEVELS.index("L2")] = 40
    landmarks = spine(tilts, spread_px=0.3)
    curve = max(find_curves(landmarks), key=lambda c: c.cobb_deg)
    assert (curve.upper, curve.lower) == ("T6", "L2")
    (curve,) = with_intervals(landmarks, (curve,), factor=1.0, draws=20_000)
    assert curve.interval_deg is not None
    half = 1.645 * np.sqrt(2) * np.degrees(0.3 * np.sqrt(2) / WIDTH)
    low, high = curve.interval_deg
    assert high - low == pytest.approx(2 * half, rel=0.03)
    assert (low + high) / 2 == pytest.approx(curve.cobb_deg, abs=0.1 * half)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    # Truth is drawn as the intervals assume, and the angle read from it is not chosen again:
    # 400 spines, so the share is known to about 3 percent (two standard errors).
    rng = np.random.default_rng(1)
    true = spine(DOUBLE, spread_px=1.5)
    largest, *_ = find_curves(true)
    unit = np.linalg.cholesky(endplate_correlation(34))
    held = 0
    for _ in range(400):
        moves = np.einsum("ij,jkl->ikl", unit, rng.normal(size=(34, 2, 2))).reshape(-1, 2)
        seen = replaced(true, true.points_xy + 1.5 * moves)
        angle = angle_near(seen, largest)
        assert angle is not None
        found = Curve("lumbar", largest.convex_side, largest.upper, "L1", largest.lower, angle)
        (found,) = with_intervals(seen, (found,), factor=1.0, draws=400)
        assert found.interval_deg is not None
        held += found.interval_deg[0] <= largest.cobb_deg <= found.interval_deg[1]
    assert 0.85 <= held / 400 <= 0.95


def test_the_same_curve_is_found_within_reach_only() -> None:
    landmarks = spine(DOUBLE)
    for curve in find_curves(landmarks):
        assert angle_near(landmarks, curve) == pytest.approx(curve.cobb_deg)
        upper = LEVELS.index(curve.upper)
        for moved in (REACH, REACH + 1):
            if upper + moved < len(LEVELS) and curve.upper == "T11":
                other = Curve(
                    curve.region, curve.convex_side, LEVELS[upper - moved], curve.apex,
                    curve.lower, 0.0,
                )  # fmt: skip
                angle = angle_near(landmarks, other)
                assert angle is not None
                assert (angle == pytest.approx(curve.cobb_deg)) == (moved == REACH)


def test_other_landmarks_may_bend_the_other_way_or_not_be_there() -> None:
    (curve,) = find_curves(spine(profile(T5=-20, T12=20)))
    straight = angle_near(spine(np.zeros(17)), curve)
    assert straight == pytest.approx(0)
    other_way = angle_near(spine(profile(T5=20, T12=-20)), curve)
    assert other_way is not None
    assert other_way < 0
    assert angle_near(without(spine(np.zeros(17)), *LEVELS[:8]), curve) is None


def test_spreads_of_tilt_are_those_of_the_ends_over_the_length() -> None:
    found = endplate_spread_deg(without(spine(DOUBLE, spread_px=0.1), "T3"))
    assert found == pytest.approx(np.full(32, np.degrees(0.1 * np.sqrt(2) / WIDTH)), rel=1e-4)
    beyond = endplate_spread_deg(spine(DOUBLE, spread_px=1e6))
    assert (beyond < 90).all()


def test_errors_are_correlated_by_the_vertebra() -> None:
    table = endplate_correlation(4)
    assert table[0, 2] == pytest.approx(CORRELATION)
    assert np.diag(table) == pytest.approx(np.ones(4))
    assert (np.linalg.eigvalsh(table) > 0).all()
