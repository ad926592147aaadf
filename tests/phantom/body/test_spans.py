"""Laws of spans: lengths agree with `Film`, unions with counting."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinescan.phantom.beam import Beam
from spinescan.phantom.body.spans import Span, Window, around_solid, left_of, overlap
from spinescan.phantom.render import Film, Quadric, ellipsoid

BEAMS = [
    Beam.frontal(np.zeros(3), (60, 50), 4.0),
    Beam.frontal(np.zeros(3), (60, 50), 4.0, anteroposterior=True),
    Beam.lateral(np.zeros(3), (60, 50), 4.0),
    Beam.lateral(np.zeros(3), (60, 50), 4.0, facing="left"),
]


def _turned(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) @ np.array(
        [[c, s, 0], [-s, c, 0], [0, 0, 1]]
    )


SOLIDS = {
    "ellipsoid": ellipsoid(np.array([8.0, -12.0, 20.0]), _turned(0.5), (30.0, 22.0, 44.0)),
    "cut cone": Quadric(
        np.array([-10.0, 5.0, -20.0]),
        _turned(-0.3),
        (1.0, 1.2),
        (400.0, 8.0, 0.04),
        (26.0, 31.0, 30.0),
        (
            (np.array([-10.0, 5.0, 10.0]), np.array([0.0, 0.0, 1.0])),
            (np.array([-10.0, 5.0, -45.0]), np.array([0.3, 0.0, -0.954])),
        ),
    ),
}


@pytest.mark.parametrize("beam", BEAMS)
@pytest.mark.parametrize("solid", SOLIDS.values(), ids=SOLIDS)
def test_quadric_agrees_with_film(beam: Beam, solid: Quadric) -> None:
    one, other = Film(beam), Film(beam)
    one.add_quadric(solid, 0.02)
    window = Window(other)
    window.add(window.quadric(solid).length, 0.02)
    assert one.attenuation.max() > 0.5
    # The window sees the whole film, `add_quadric` only the box of the solid's reach.
    assert np.abs(one.attenuation - other.attenuation)[one.attenuation > 0].max() < 1e-3


@pytest.mark.parametrize("view", ["frontal", "lateral"])
def test_a_stack_of_ellipses_is_an_elliptic_cylinder(view: str) -> None:
    aim = Beam.frontal if view == "frontal" else Beam.lateral
    beam = aim(np.zeros(3), (100, 200), 1.0, source_mm=1e6, film_mm=100)
    one, other = Film(beam), Film(beam)
    window = Window(one)
    sections = np.array([[30.0, 5, -8, 40, 40, 25, 25], [-30.0, 5, -8, 40, 40, 25, 25]])
    window.add(window.stack(sections).length, 1.0)
    centre, up = np.array([5.0, -8, 0]), np.array([0.0, 0, 1])
    ends = ((centre + 30 * up, up), (centre - 30 * up, -up))
    other.add_quadric(Quadric(centre, np.eye(3), (40, 25), (1, 0, 0), (40, 25, 30), ends), 1.0)
    assert one.attenuation.max() > 45
    np.testing.assert_allclose(one.attenuation, other.attenuation, atol=0.1)


def test_a_lopsided_stack_reaches_as_far_as_it_says() -> None:
    film = Film(Beam.frontal(np.zeros(3), (200, 200), 1.0, source_mm=1e6, film_mm=0))
    window = Window(film)
    sections = np.array([[20.0, 0, 0, 10, 50, 30, 10], [-20.0, 0, 0, 10, 50, 30, 10]])
    window.add(window.stack(sections, 4).length, 1.0)
    inside = np.flatnonzero(film.attenuation[100])
    assert (inside[0], inside[-1]) == (pytest.approx(90, abs=1), pytest.approx(149, abs=1))
    assert film.attenuation[100].max() == pytest.approx(40, rel=0.01)


@pytest.mark.parametrize("beam", BEAMS)
def test_window_around_a_solid_holds_all_of_it(beam: Beam) -> None:
    solid = SOLIDS["ellipsoid"]
    film = Film(beam)
    whole = Window(film).quadric(solid).length
    window = around_solid(film, solid)
    assert window is not None
    assert window.box != (0, 0, beam.columns, beam.rows)
    x0, y0, x1, y1 = window.box
    np.testing.assert_allclose(window.quadric(solid).length, whole[y0:y1, x0:x1], atol=1e-3)
    assert whole.sum() == pytest.approx(whole[y0:y1, x0:x1].sum())


def test_nothing_off_the_film() -> None:
    film = Film(BEAMS[0])
    far = ellipsoid(np.array([900.0, 0.0, 0.0]), np.eye(3), (10.0, 10.0, 10.0))
    assert around_solid(film, far) is None


ends = st.tuples(st.integers(-20, 60), st.integers(-20, 60))


@settings(max_examples=60)
@given(whole=ends, parts=st.lists(ends, min_size=1, max_size=6))
def test_left_of_counts_what_no_part_covers(
    whole: tuple[int, int], parts: list[tuple[int, int]]
) -> None:
    def span(pair: tuple[int, int]) -> Span:
        return Span(np.full((1, 1), pair[0], np.float32), np.full((1, 1), pair[1], np.float32))

    cells = set(range(*whole))
    for part in parts:
        cells -= set(range(*part))
    assert left_of(span(whole), [span(p) for p in parts])[0, 0] == len(cells)
    shared = set(range(*whole)) & set(range(*parts[0]))
    assert overlap(span(whole), span(parts[0]))[0, 0] == len(shared)


def test_taking_leaves_a_share() -> None:
    film = Film(BEAMS[0])
    film.attenuation[:] = 1.0
    film.attenuation[0] = 0.0
    window = Window(film)
    window.take(np.full((60, 50), 500, np.float32), 0.02, leave=0.25)
    assert (film.attenuation[0] == 0).all()
    np.testing.assert_allclose(film.attenuation[1:], 0.25)
