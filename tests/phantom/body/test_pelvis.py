"""The pelvis shows its marks where the truth says they are."""

import numpy as np
import pytest

from spinescan.phantom.beam import Beam
from spinescan.phantom.body.pelvis import add_pelvis
from spinescan.phantom.person import Person
from spinescan.phantom.render import Film
from spinescan.phantom.shape import Profile, SpinePlan, build_spine

ADULT = Person(age_years=30)


def render(plan=None, person=ADULT, view="frontal", rng=None, size=(340, 350), pixel_mm=1.0):
    spine = build_spine(plan or SpinePlan())
    beam = getattr(Beam, view)(spine.pelvis.hip_axis + [0, 0, 20], size, pixel_mm)
    film = Film(beam)
    marks = add_pelvis(film, spine, person, rng)
    return spine, film, marks


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize("plan", [SpinePlan(), SpinePlan(obliquity_deg=8.0, length_mm=390.0)])
@pytest.mark.slow
def test_the_crests_top_is_where_the_picture_ends(plan, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    spine, film, marks = render(plan, rng=rng)
    middle = film.beam.project(spine.pelvis.hip_axis)[0]
    for crest in (marks.crest_right, marks.crest_left):
        top = film.beam.project(crest)
        top = top[top[:, 1].argmin()]
        column = film.attenuation[:, int(top[0]) - 2 : int(top[0]) + 3].max(axis=1)
        first = np.flatnonzero(column > 0.3 * column[:150].max())[0]
        assert abs(first + 0.5 - top[1]) < 2
    right, left = (film.beam.project(c)[:, 0].mean() for c in (marks.crest_right, marks.crest_left))
    assert right < middle < left


def test_the_femoral_heads_edges_are_circles_about_their_centres():
    spine, film, _ = render()
    bare = film.attenuation
    for head in spine.pelvis.heads:
        x, y = film.beam.project(head)
        scale = film.beam.magnification(head) / film.beam.pixel_mm
        rows, columns = np.indices(bare.shape) + 0.5
        away = np.hypot(columns - x, rows - y) / scale
        means = [bare[(away >= r) & (away < r + 1)].mean() for r in range(18, 30)]
        assert 18 + int(np.argmin(np.diff(means))) in (22, 23, 24)


def test_the_sacral_endplate_is_the_brightest_line_of_the_sacrum_from_the_side():
    spine, film, _ = render(view="lateral")
    s1 = spine.pelvis.s1
    for along in (-0.6, 0.0, 0.6):
        at = s1.centre + along * s1.half_depth * s1.back
        depth = np.arange(-8, 8, 0.25)
        x, y = film.beam.project(at + depth[:, None] * s1.normal).astype(int).T
        assert -2.5 < depth[film.attenuation[y, x].argmax()] < 1.0


def test_right_and_left_are_mirror_images_without_chance():
    _, film, _ = render()
    picture = film.attenuation
    assert np.abs(picture - picture[:, ::-1]).mean() < 0.03 * picture.mean()


def test_chance_makes_the_sides_differ():
    _, film, _ = render(rng=np.random.default_rng(5))
    picture = film.attenuation
    assert np.abs(picture - picture[:, ::-1]).mean() > 0.06 * picture.mean()


@pytest.mark.slow
def test_the_pelvis_grows_with_the_spine():
    spans = []
    for length in (350.0, 437.0):
        _, _, marks = render(SpinePlan(length_mm=length))
        spans.append(marks.crest_left[:, 0].max() - marks.crest_right[:, 0].min())
    assert spans[1] / spans[0] == pytest.approx(437 / 350, rel=1e-3)
    assert 260 < spans[1] < 300


@pytest.mark.parametrize("slope", [20.0, 40.0, 60.0])
@pytest.mark.slow
def test_the_hip_bone_keeps_to_sacrum_and_hip_whatever_the_incidence(slope):
    plan = SpinePlan(profile=Profile(sacral_slope_deg=slope))
    spine, _, marks = render(plan)
    # The back end of the crest lies behind the sacral endplate, the front one before the hips.
    frame, middle = spine.pelvis.frame, spine.pelvis.hip_axis
    local = (marks.crest_left - middle) @ frame.T
    assert local[0, 1] < -30
    assert local[-1, 1] > 40
    joint = np.linalg.norm(marks.crest_left[-1] - spine.pelvis.s1.centre)
    assert joint == pytest.approx(86, abs=12)


@pytest.mark.slow
def test_only_the_young_have_growth_plates():
    pictures = [render(person=Person(age_years=age))[1].attenuation for age in (14, 17.9, 30)]
    young, nearly, adult = (p.astype(float) for p in pictures)
    assert np.abs(young - adult).max() > 0.03
    assert np.abs(young - nearly).max() > 0.01


def test_a_mans_pubic_arch_is_narrower():
    gaps = []
    for sex in ("female", "male"):
        spine, film, _ = render(person=Person(age_years=30, sex=sex))
        x, y = film.beam.project(spine.pelvis.at(0.0, 0.0, -80.0)).astype(int)
        dark = film.attenuation[y] < 0.03
        gaps.append(np.argmin(dark[x:]) + np.argmin(dark[x::-1]))
    assert 40 < gaps[1] < gaps[0] - 8
