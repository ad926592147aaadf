"""The share of draws in which a film shows a curve of 10 degrees or more."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.anatomy import Landmarks
from spinescan.measure.curves import find_curves
from spinescan.measure.scoliosis import scoliosis_share
from tests.measure.spines import mirrored, spine, without

TILTS = st.lists(st.floats(-40, 40), min_size=17, max_size=17)


def share(landmarks: Landmarks, factor: float = 1.0) -> float | None:
    return scoliosis_share(landmarks, find_curves(landmarks), factor=factor)


def one_curve(cobb_deg: float, spread_px: float = 1.0) -> Landmarks:
    return spine(
        list(np.interp(np.arange(17), [4, 12], [-cobb_deg / 2, cobb_deg / 2])), spread_px=spread_px
    )


@given(TILTS, st.floats(0, 5))
def test_mirroring_the_film_changes_no_share(tilts: list[float], spread: float) -> None:
    landmarks = spine(tilts, spread_px=spread)
    one, other = share(landmarks), share(mirrored(landmarks))
    assert one is not None
    assert other is not None
    assert 0 <= one <= 1
    assert abs(one - other) < 0.01


@given(TILTS)
def test_without_spread_the_curves_decide(tilts: list[float]) -> None:
    landmarks = spine(tilts, spread_px=0.0)
    assert share(landmarks) == (1.0 if find_curves(landmarks) else 0.0)


def test_a_larger_curve_is_surer() -> None:
    shares = [share(one_curve(angle)) for angle in (0, 6, 9, 11, 14, 30)]
    assert shares == sorted(shares, key=lambda s: s or 0.0)
    assert shares[0] == 0
    assert shares[-1] == 1
    near = share(one_curve(10.5))
    assert near is not None
    assert 0.05 < near < 0.95


def test_what_is_not_known_gives_no_share() -> None:
    assert share(spine([0.0] * 17, spread_px=float("nan"))) is None
    few = without(one_curve(30), *(f"T{k}" for k in range(1, 13)), "L1", "L2")
    assert share(few) is None
