import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinescan.core.anatomy import FRONTAL_NAMES, LEVELS
from spinescan.phantom.film import sample_film, spine_film
from spinescan.phantom.shape import ALL_LEVELS, Bend, build_spine


def tilt_deg(points):
    along = points[1] - points[0]
    return np.degrees(np.arctan2(along[1], along[0]))


@given(
    thoracic=st.floats(5, 80), lumbar=st.floats(5, 60), convex=st.sampled_from(["left", "right"])
)
@settings(deadline=None)
def test_bends_have_the_angles_that_were_asked_for(thoracic, lumbar, convex):
    other = "right" if convex == "left" else "left"
    spine = build_spine([Bend("T5", "T11", thoracic, convex), Bend("T12", "L4", lumbar, other)])
    sign = 1 if convex == "right" else -1
    for upper, lower, cobb, way in (("T5", "T11", thoracic, sign), ("T12", "L4", lumbar, -sign)):
        top = tilt_deg(spine.corners[ALL_LEVELS.index(upper), :2])
        bottom = tilt_deg(spine.corners[ALL_LEVELS.index(lower), 2:])
        assert way * (bottom - top) == pytest.approx(cobb, abs=1e-6)


def test_the_spine_is_balanced_and_grows_downwards():
    spine = build_spine([Bend("T5", "T11", 42, "left"), Bend("T12", "L4", 28, "right")])
    first, last = ALL_LEVELS.index("T1"), ALL_LEVELS.index("S1")
    assert spine.corners[first, :2].mean(axis=0)[0] == pytest.approx(0, abs=1e-6)
    assert spine.corners[last, :2].mean(axis=0) == pytest.approx([0, 0], abs=1e-9)
    heights = np.linalg.norm(
        spine.corners[:, :2].mean(axis=1) - spine.corners[:, 2:].mean(axis=1), axis=1
    )
    assert (np.diff(heights[first : last - 1]) > 0).all()
    # Convex to the left: the apex stands left of the line T1-S1.
    assert spine.corners[ALL_LEVELS.index("T8")].mean(axis=0)[0] < -0.03


@pytest.mark.parametrize(
    "bends",
    [
        [Bend("T12", "L4", 20, "left"), Bend("T5", "T11", 20, "right")],
        [Bend("T5", "T11", 20, "left"), Bend("T8", "L2", 20, "right")],
        [Bend("T8", "T5", 20, "left")],
    ],
)
def test_bends_out_of_order_are_refused(bends):
    with pytest.raises(ValueError, match="in order"):
        build_spine(bends)


def test_sample_film_is_a_film_with_its_truth():
    pixels, truth = sample_film()
    assert pixels.shape == (1280, 540)
    assert pixels.dtype == np.float32
    assert 0 <= pixels.min() < 0.1
    assert 0.8 < pixels.max() <= 1
    assert set(FRONTAL_NAMES) <= set(truth.names)
    assert set(truth.origin) == {"derived"}
    assert truth.levels_certain
    assert (truth.points_xy >= 0).all()
    assert (truth.points_xy <= [540, 1280]).all()


def test_vertebrae_are_brighter_than_the_discs_between_them():
    pixels, truth = spine_film([], seed=3)
    _, corners = truth.frontal_corners()
    for i in range(10, 16):
        body = corners[i].mean(axis=0)
        disc = (corners[i, 2:].mean(axis=0) + corners[i + 1, :2].mean(axis=0)) / 2
        x = int(body[0]) + 20  # beside the spinous process

        def level(y, x=x):
            return pixels[int(y) - 2 : int(y) + 3, x - 4 : x + 5].mean()

        assert level(body[1]) > level(disc[1]) + 0.02, LEVELS[i]


def test_the_same_seed_gives_the_same_film_and_another_does_not():
    a, truth_a = spine_film(rows=320, seed=5)
    b, truth_b = spine_film(rows=320, seed=5)
    c, truth_c = spine_film(rows=320, seed=6)
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert np.array_equal(truth_a.points_xy, truth_b.points_xy)
    assert np.array_equal(truth_a.points_xy, truth_c.points_xy)  # the seed draws no anatomy


def test_truth_scales_with_the_film():
    small, truth_small = spine_film(rows=200)
    large, truth_large = spine_film(rows=400)
    assert small.shape[0] * 2 == large.shape[0]
    assert truth_large.points_xy == pytest.approx(truth_small.points_xy * 2)
