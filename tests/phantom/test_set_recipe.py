"""What a set's films show."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinescan.core.errors import DataError
from spinescan.phantom.clinic.recipe import ClinicRecipe
from spinescan.phantom.film import Order
from spinescan.phantom.sample import SEVERITY
from spinescan.phantom.set_recipe import ALS_NAMES, SetRecipe

ROOT = Path(__file__).parents[2]


def orders(recipe, count=200):
    rng = np.random.default_rng(0)
    return [recipe.draw_order(rng) for _ in range(count)]


def written(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    return path


def test_the_documented_recipe_is_the_default():
    assert SetRecipe.read(ROOT / "recipes" / "phantoms.toml") == SetRecipe()


def test_a_recipe_survives_its_own_json():
    recipe = SetRecipe(
        view={"lateral": 2.0}, rows=(96, 128), cobb_deg=(20, 30.5), clinic=None, image="dicom"
    )
    assert SetRecipe.from_dict(recipe.to_dict()) == recipe
    assert SetRecipe.from_dict(SetRecipe().to_dict()) == SetRecipe()


def test_settings_in_toml_are_those_of_the_orders(tmp_path):
    recipe = SetRecipe.read(
        written(
            tmp_path,
            'rows = [96, 100]\nleast_margin = 0.2\nplain = true\nimage = "png16"\n'
            "severity = { severe = 1 }\n[view]\nfrontal = 1\n[als]\n4CL = 1\nhealthy = 1\n"
            "[sagittal]\nboth = 3\n[extent.frontal]\ntrunk = 1\n[clinic]\nturn_deg = 0\n"
            "photo_share = [0.9, 1.0]\n",
        )
    )
    drawn = orders(recipe)
    assert {o.view for o in drawn} == {"frontal"}
    assert {o.als for o in drawn} == {"4CL", "healthy"}
    assert {o.sagittal for o in drawn} == {"both"}
    assert {o.extent for o in drawn} == {"trunk"}
    assert {o.rows for o in drawn} == set(range(96, 101))
    assert {o.clinic for o in drawn} == {ClinicRecipe(turn_deg=0, photo_share=(0.9, 1.0))}
    assert all(o.plain and o.least_margin == 0.2 for o in drawn)
    low, high = SEVERITY["severe"]
    assert all(
        o.cobb_deg is None if o.als == "healthy" else low <= o.cobb_deg <= high for o in drawn
    )


def test_the_default_leaves_nothing_out():
    drawn = orders(SetRecipe(), 400)
    assert {o.als for o in drawn} == set(ALS_NAMES)
    assert {(o.view, o.extent) for o in drawn} == {
        ("frontal", "spine"), ("frontal", "trunk"), ("frontal", "whole"),
        ("lateral", "lumbar"), ("lateral", "trunk"), ("lateral", "whole"),
        ("lateral", "thoracolumbar"),
    }  # fmt: skip
    assert len({o.sagittal for o in drawn}) == 6
    assert {o.cobb_deg for o in drawn} == {None}  # each type's own range


def test_slipped_vertebrae_come_as_often_as_told():
    drawn = [o.slip for o in orders(SetRecipe(slip=0.3), 300)]
    slipped = [s for s in drawn if s is not None]
    assert 0.2 < len(slipped) / len(drawn) < 0.4
    assert {level for level, _ in slipped} == {"L4", "L5"}
    assert all(0.05 < share <= 0.5 for _, share in slipped)
    # The rest of a film does not depend on it.
    (with_slip,), (without,) = orders(SetRecipe(slip=1.0), 1), orders(SetRecipe(), 1)
    assert with_slip.slip is not None
    assert replace(with_slip, slip=None) == without


@pytest.mark.parametrize(("text", "off"), [("clinic = false", True), ("clinic = true", False)])
def test_the_clinic_can_be_switched_off(tmp_path, text, off):
    assert (SetRecipe.read(written(tmp_path, text)).clinic is None) is off


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("view = [", "Invalid value"),
        ("veiw = 1", "no setting veiw"),
        ("[als]\n5C = 1", "als: no 5C"),
        ("[als]\n4C = -1", "from 0 up"),
        ("[als]\n4C = 0", "above 0"),
        ("[als]\n4C = true", "must be numbers"),
        ("als = 3", "table of odds"),
        ("[extent.frontal]\nlumbar = 1", "extent.frontal: no lumbar"),
        ("[extent.oblique]\ntrunk = 1", "no view 'oblique'"),
        ("[view]\nlateral = 1\n[extent.frontal]\ntrunk = 1", "extent lacks lateral"),
        ("severity = 3", "severity must be a table of odds"),
        ("extent = 3", "table of tables"),
        ("slip = 2", "slip must lie in 0..1"),
        ("extent = { frontal = 1 }", "extent.frontal must be a table of odds"),
        ("rows = 10", "64 to 4096"),
        ("rows = [200, 100]", "must not fall"),
        ("rows = 128.5", "one number or two"),
        ("rows = [1, 2, 3]", "one number or two"),
        ("cobb_deg = [5, 50]", "10 to 100"),
        ("cobb_deg = 20\n[severity]\nmild = 1", "exclude each other"),
        ("severity = { huge = 1 }", "no huge"),
        ('image = "bmp"', "png, png16, dicom"),
        ('plain = "yes"', "true or false"),
        ('least_margin = "wide"', "must be a number"),
        ("clinic = 3", "clinic must be"),
        ("[clinic]\ncrop_chance = 2", "crop_chance"),
        ("[clinic]\ncrop_chances = 1", "crop_chances"),
        ("[clinic]\njpeg_quality = [90]", "jpeg_quality"),
        ("[clinic]\nlong_weight = -1", "long_weight"),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path, text, says):
    path = written(tmp_path, text)
    with pytest.raises(DataError, match=says) as caught:
        SetRecipe.read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_strange_json_are_data_errors(tmp_path):
    with pytest.raises(DataError, match=r"no\.toml"):
        SetRecipe.read(tmp_path / "no.toml")
    (tmp_path / "set.json").write_text("{}")
    with pytest.raises(DataError, match="recipe"):
        SetRecipe.read(tmp_path / "set.json")


def test_narrowing_to_an_order():
    order = Order(view="lateral", als="3CN", sagittal="both", extent="trunk", rows=96, plain=True)
    names = ("view", "als", "sagittal", "extent", "rows", "plain")
    drawn = orders(SetRecipe(severity={"mild": 1}).narrowed(order, *names))
    assert {(o.view, o.als, o.sagittal, o.extent, o.rows, o.plain) for o in drawn} == {
        ("lateral", "3CN", "both", "trunk", 96, True)
    }


def test_narrowing_to_an_angle_leaves_out_healthy_spines():
    drawn = orders(SetRecipe(severity={"mild": 1}).narrowed(Order(cobb_deg=33), "cobb_deg"))
    assert {o.cobb_deg for o in drawn} == {33}
    assert {o.als for o in drawn} == set(ALS_NAMES) - {"healthy"}
    with pytest.raises(ValueError, match="above 0"):
        SetRecipe(als={"healthy": 1}).narrowed(Order(cobb_deg=33), "cobb_deg")
