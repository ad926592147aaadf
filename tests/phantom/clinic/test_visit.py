from dataclasses import replace

import numpy as np
import pytest

from spinescan.phantom.clinic.recipe import STYLES, ClinicRecipe
from spinescan.phantom.clinic.tone import clouds
from spinescan.phantom.clinic.visit import at_the_clinic
from tests.phantom.clinic.test_pose import PLACES, SHAPE, distance_to_dot, dotted

NOTHING = ClinicRecipe(
    **{
        name: 0.0
        for name in ClinicRecipe.__dataclass_fields__
        if name.endswith("_chance") or name in ("turn_deg", "gamma_spread")
    }
)
COBB = np.array([[[[60.0, 80.0], [90.0, 90.0]], [[60.0, 200.0], [90.0, 190.0]]]])


def visit(seed, **options):
    return at_the_clinic(dotted(), PLACES, np.random.default_rng(seed), **options)[:3]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", range(12))
def test_a_film_comes_back_valid_named_and_the_same_each_time(style, seed):
    options = {"style": style, "spacing_mm": 1.5, "cobb_xy": COBB}
    picture, points, effects = visit(seed, **options)
    assert picture.dtype == np.float32
    assert picture.ndim == 2
    assert 0 <= picture.min() < picture.max() <= 1
    assert points.shape == PLACES.shape
    assert effects[0] == style
    again, points_again, effects_again = visit(seed, **options)
    np.testing.assert_array_equal(picture, again)
    np.testing.assert_array_equal(points, points_again)
    assert effects == effects_again


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", range(6))
def test_points_follow_the_pixels_all_the_way(style, seed):
    """With what only covers or blurs left out, so that the dots can be found again."""
    recipe = replace(NOTHING, crop_chance=1.0, border_chance=1.0, shutter_chance=0.5, turn_deg=3.0)
    picture, points, _ = visit(seed, style=style, recipe=recipe)
    rows, columns = picture.shape
    clear = ((points > 8) & (points < [columns - 8, rows - 8])).all(axis=1)
    if style == "long":
        clear[1:3] = False  # a seam may run over them
    if style == "teaching":
        clear &= (points[:, 1] > 60) & (points[:, 1] < rows - 60)  # text may
    assert clear.any()
    assert all(distance_to_dot(picture, point) < 0.7 for point in points[clear])


def test_a_recipe_of_nothing_moves_nothing_and_shows_the_film():
    picture, points, effects = visit(1, style="export", recipe=NOTHING)
    assert effects == ("export",)
    np.testing.assert_array_equal(points, PLACES)
    assert np.corrcoef(picture.ravel(), dotted().ravel())[0, 1] > 0.99


@pytest.mark.parametrize("right", ["left", "right"])
def test_letters_tell_the_truth_wherever_they_are(right):
    recipe = replace(NOTHING, lead_marker_chance=0.5, typed_marker_chance=1.0)
    seen = set()
    for seed in range(20):
        _, _, effects = visit(seed, style="export", recipe=recipe, patient_right=right)
        seen |= {effect for effect in effects if effect.startswith("letter")}
    other = "left" if right == "right" else "right"
    assert seen == {f"letter R {right}", f"letter L {other}"}


def test_a_letter_cropped_away_is_not_named():
    recipe = replace(NOTHING, lead_marker_chance=1.0, crop_chance=1.0)
    spine = np.array([[79.0, 20.0], [81.0, 280.0]])
    named = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        picture, _, effects, letter = at_the_clinic(
            np.full(SHAPE, 0.2, np.float32), spine, rng, recipe, style="export"
        )
        assert (letter is not None) == any(effect.startswith("letter") for effect in effects)
        named += letter is not None
        assert letter or (picture > 0.7).mean() < 0.005
        if letter:  # something bright lies where the letter is said to be
            x, y = round(letter.x), round(letter.y)
            assert picture[max(0, y - 8) : y + 8, max(0, x - 8) : x + 8].max() > 0.7
    assert 0 < named < 20


def test_crops_and_shutters_leave_the_points_to_be_kept():
    recipe = replace(NOTHING, crop_chance=1.0, shutter_chance=1.0)
    keep = np.array([True, True, True, False])
    lost = 0
    for seed in range(20):
        picture, points, _ = visit(seed, style="export", recipe=recipe, keep=keep)
        inside = ((points > 0) & (points < picture.shape[::-1])).all(axis=1)
        assert inside[:3].all()
        assert all(picture[int(y), int(x)] > 0.5 for x, y in points[:3])
        lost += not inside[3]
    assert lost > 0


def test_no_scale_is_drawn_where_none_is_known():
    recipe = replace(NOTHING, ruler_chance=1.0, scale_chance=1.0)
    _, _, unknown = visit(0, style="long", recipe=recipe)
    _, _, known = visit(0, style="long", recipe=recipe, spacing_mm=1.2)
    assert not [effect for effect in unknown if effect.startswith(("ruler", "scale"))]
    assert len([effect for effect in known if effect.startswith(("ruler", "scale"))]) == 2


def test_cobb_lines_come_on_teaching_pictures_and_photographs_alone():
    recipe = replace(NOTHING, lines_chance=1.0)
    drawn = {
        style
        for style in STYLES
        for seed in range(8)
        if any("Cobb" in e for e in visit(seed, style=style, recipe=recipe, cobb_xy=COBB)[2])
    }
    assert drawn == {"photo", "teaching"}


def test_styles_come_by_their_weights():
    recipe = replace(NOTHING, export_weight=3.0, long_weight=0.0, photo_weight=1.0)
    recipe = replace(recipe, teaching_weight=0.0)
    counts = [visit(seed, recipe=recipe)[2][0] for seed in range(60)]
    assert set(counts) == {"export", "photo"}
    assert 35 <= counts.count("export") <= 55


@pytest.mark.parametrize(
    "wrong",
    [
        {"crop_chance": 1.2},
        {"jpeg_quality": (90.0, 20.0)},
        {"jpeg_quality": (90.0,)},
        {"jpeg_quality": 90.0},
        {"turn_deg": -1.0},
        {"long_weight": -1},
        {"export_weight": 0.0, "long_weight": 0.0, "photo_weight": 0.0, "teaching_weight": 0.0},
    ],
)
def test_a_recipe_that_cannot_be_followed_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        ClinicRecipe(**wrong)


def test_a_film_without_truth_points_can_go_too():
    rng = np.random.default_rng(0)
    film = np.clip(0.4 + 0.1 * clouds(rng, (200, 90), 6), 0, 1)
    for style in STYLES:
        picture, points, _, _ = at_the_clinic(film, np.empty((0, 2)), rng, style=style)
        assert points.shape == (0, 2)
        assert picture.size
