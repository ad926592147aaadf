import numpy as np
import pytest

from spinescan.phantom.beam import Beam, outline_ends
from spinescan.phantom.body.column import add_body, add_column, body_solid
from spinescan.phantom.person import Person
from spinescan.phantom.render import Film
from spinescan.phantom.shape import Bend, Profile, SpinePlan, build_spine

MIDDLE = np.array([0.0, 0.0, 220.0])
UPRIGHT = SpinePlan(profile=Profile(0, 0, 0, 0))


def frontal(size=(1000, 400), pixel_mm=0.6):
    return Beam.frontal(MIDDLE, size, pixel_mm)


@pytest.mark.parametrize("level", ["T4", "T9", "L3"])
def test_a_body_is_seen_between_its_corners_and_is_brightest_at_its_endplates(level):
    vertebra = build_spine(UPRIGHT)[level]
    film = Film(Beam.frontal(vertebra.centre, (200, 200), 0.6))
    add_body(film, vertebra, 1.0)
    beam = film.beam
    plates = (vertebra.superior, vertebra.inferior)
    corners = [beam.project(outline_ends(p, vertebra.frame[2], beam)) for p in plates]
    rows, columns = np.nonzero(film.attenuation > 0.01)
    for plate in corners:
        assert columns.min() == pytest.approx(np.min([c[:, 0].min() for c in corners]), abs=1.5)
        assert columns.max() == pytest.approx(np.max([c[:, 0].max() for c in corners]), abs=1.5)
        assert min(abs(rows.min() - plate[0, 1]), abs(rows.max() - plate[0, 1])) < 2.5
    middle = film.attenuation[:, int(corners[0][:, 0].mean())]
    lit = np.flatnonzero(middle > 0.01)
    inside = middle[lit[0] + 5 : lit[-1] - 4]
    assert middle[lit[0] : lit[0] + 4].max() > 1.3 * np.median(inside)
    assert middle[lit[-1] - 3 : lit[-1] + 1].max() > 1.3 * np.median(inside)


@pytest.mark.slow
def test_denser_bone_is_brighter_and_takes_the_same_place():
    vertebra = build_spine(UPRIGHT)["L2"]
    young, old = Film(frontal()), Film(frontal())
    add_body(young, vertebra, 1.0)
    add_body(old, vertebra, 0.6)
    assert old.attenuation == pytest.approx(0.6 * young.attenuation, abs=1e-4)


def test_a_body_has_a_waist():
    solid = body_solid(build_spine(UPRIGHT)["L3"])
    g0, g1, g2 = solid.g
    half = solid.reach[2] - 0.2 * solid.radii[0]
    widths = [np.sqrt(g0 + g1 * z + g2 * z * z) for z in (-half, 0.0, half)]
    assert widths[1] < min(widths[0], widths[2])


def test_all_vertebrae_are_drawn_and_the_same_seed_draws_the_same():
    spine = build_spine(SpinePlan(bends=(Bend("T5", "T11", 40, "right"),)))
    films = [Film(frontal((500, 240), 1.2)) for _ in range(3)]
    for film, seed in zip(films, (1, 1, 2), strict=True):
        add_column(film, spine, Person(), np.random.default_rng(seed))
    assert (films[0].attenuation == films[1].attenuation).all()
    assert (films[0].attenuation != films[2].attenuation).any()
    for vertebra in spine.vertebrae:
        x, y = films[0].beam.project(vertebra.centre)
        if 0 < y < 500:
            assert films[0].attenuation[int(y), int(x)] > 0.1
