import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.phantom.beam import Beam, outline_ends, tilt_on_film_deg
from spinescan.phantom.shape import Bend, SpinePlan, build_spine
from tests.phantom.test_shape import plans

MIDDLE = np.array([0.0, 0.0, 200.0])
BEAMS = {
    "pa": Beam.frontal(MIDDLE, (1200, 600), 0.5),
    "ap": Beam.frontal(MIDDLE, (1200, 600), 0.5, anteroposterior=True),
    "right": Beam.lateral(MIDDLE, (1200, 600), 0.5, facing="right"),
    "left": Beam.lateral(MIDDLE, (1200, 600), 0.5, facing="left"),
}
ANY_BEAM = st.sampled_from(list(BEAMS.values()))
PLACES = st.tuples(*[st.floats(-150, 150)] * 3).map(np.array)


@pytest.mark.parametrize(
    ("name", "place", "towards"),
    [
        ("pa", [50, 0, 200], "right"),  # the patient's left
        ("ap", [50, 0, 200], "right"),
        ("right", [0, -50, 200], "right"),  # the front
        ("left", [0, -50, 200], "left"),
        ("pa", [0, 0, 250], "up"),
        ("left", [0, 0, 250], "up"),
    ],
)
def test_where_things_appear(name, place, towards):
    beam = BEAMS[name]
    assert beam.project(MIDDLE) == pytest.approx([300, 600])
    x, y = beam.project(np.array(place, float)) - [300, 600]
    expected = 100 * beam.magnification(MIDDLE)  # 50 mm at half a millimetre a pixel
    wanted = {"right": (expected, 0), "left": (-expected, 0), "up": (0, -expected)}[towards]
    assert (x, y) == pytest.approx(wanted)


def test_what_is_nearer_to_the_source_is_larger():
    pa, ap = BEAMS["pa"], BEAMS["ap"]
    front, back = MIDDLE - [0, 100, 0], MIDDLE + [0, 100, 0]
    assert pa.magnification(back) > pa.magnification(front) > 1
    assert ap.magnification(front) > ap.magnification(back) > 1


@given(ANY_BEAM, PLACES, PLACES, st.floats(0.1, 0.9))
def test_straight_lines_stay_straight(beam, a, b, share):
    on_line = beam.project(a + share * (b - a))
    start, end = beam.project(a), beam.project(b)
    along, off = end - start, on_line - start
    assert along[0] * off[1] - along[1] * off[0] == pytest.approx(0, abs=1e-5)


@given(ANY_BEAM, st.integers(0, 599), st.integers(0, 1199))
def test_pixel_centres_project_onto_themselves(beam, x, y):
    place = beam.pixel_centres((x, y, x + 1, y + 1))[0, 0]
    assert beam.project(place) == pytest.approx([x + 0.5, y + 0.5])
    assert (place - beam.source) @ beam.normal == pytest.approx(beam.distance_mm)


@given(plans(), ANY_BEAM)
def test_ends_are_the_outermost_points_of_a_rim_and_their_line_has_the_closed_form(plan, beam):
    spine = build_spine(plan)
    for vertebra in (spine["T3"], spine["T9"], spine["L2"]):
        for plate in (vertebra.superior, vertebra.inferior):
            axis = vertebra.frame[2]
            ends = beam.project(outline_ends(plate, axis, beam))
            # Outermost across the image of the body's axis.
            up = beam.project(plate.centre + 0.01 * axis) - beam.project(plate.centre)
            across = np.array([-up[1], up[0]]) / np.linalg.norm(up)
            reach = (beam.project(plate.rim(720)) - beam.project(plate.centre)) @ across
            found = np.sort((ends - beam.project(plate.centre)) @ across)
            assert found == pytest.approx([reach.min(), reach.max()], abs=0.05)
            x, y = ends[np.argmax(ends[:, 0])] - ends[np.argmin(ends[:, 0])]
            assert tilt_on_film_deg(plate, axis, beam) == pytest.approx(
                np.degrees(np.arctan2(y, x)), abs=1e-6
            )


def test_far_away_a_tilt_is_that_of_the_endplate_itself():
    spine = build_spine(SpinePlan(bends=(Bend("T5", "T11", 40, "right"),), twist=0.0))
    far = Beam.frontal(MIDDLE, (1200, 600), 0.5, source_mm=1e7)
    top, bottom = spine["T5"], spine["T11"]
    cobb = tilt_on_film_deg(bottom.inferior, bottom.frame[2], far)
    cobb -= tilt_on_film_deg(top.superior, top.frame[2], far)
    # Seen along a level ray, the outline of a tipped disc is not quite its frontal trace.
    assert cobb == pytest.approx(-40, abs=1.5)
