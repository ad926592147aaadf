"""A recipe is read whole, or refused with one line that says what is wrong with it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from spinescan.core.errors import DataError
from spinescan.infer.views import FRONTAL, LATERAL
from spinescan.train.recipe import LandmarkRecipe, StageRecipe

SHIPPED = Path(__file__).parents[2] / "recipes" / "frontal-landmarks.toml"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    copy = tmp_path / "recipe.toml"
    copy.write_bytes(SHIPPED.read_bytes())
    return copy


def test_the_recipe_of_the_shipped_model() -> None:
    recipe = LandmarkRecipe.read(SHIPPED)
    assert recipe.name == "frontal-landmarks"
    assert recipe.folds == 5
    assert isinstance(recipe.finder, StageRecipe)
    assert isinstance(recipe.refiner, StageRecipe)
    assert set(FRONTAL.settings) <= set(recipe.settings)
    plain = recipe.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["finder"]["rows"] == recipe.finder.rows


def test_the_recipe_of_the_lateral_model() -> None:
    recipe = LandmarkRecipe.read(SHIPPED.with_name("lateral-landmarks.toml"))
    assert recipe.kind is LATERAL
    assert recipe.to_dict()["view"] == "lateral"
    assert set(LATERAL.settings) <= set(recipe.settings)
    assert "view" not in LandmarkRecipe.read(SHIPPED).to_dict()


def test_without_a_share_extra_films_teach_nothing(path: Path) -> None:
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("extra_share")))
    recipe = LandmarkRecipe.read(path)
    assert recipe.finder.extra_share == recipe.refiner.extra_share == 0


def change(old: str, new: str) -> Callable[[Path], object]:
    def edit(path: Path) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return edit


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: p.unlink(), "No such file"),
        (lambda p: p.write_text("name = "), "not a landmark recipe"),
        (lambda p: p.write_bytes(b"\xff\xfe"), "not a landmark recipe"),
        (lambda p: p.write_text(""), "finder"),
        (change("seed = ", "sead = "), "sead"),
        (change("steps = ", "stepps = "), "stepps"),
        (change("[refiner]", "[rifiner]"), "refiner"),
        (change("steps = ", "steps = -"), "whole and positive"),
        (change("batch = ", "batch = 0."), "whole and positive"),
        (change("rows = ", "rows = 1"), None),
        (change("columns = 224", "columns = 223"), "multiples of 4"),
        (change("folds = 5", "folds = 1"), "two folds or more"),
        (change("pitch_px", "pitch"), "settings lack pitch_px"),
        (change("seed = ", 'view = "oblique"\nseed = '), "view must be frontal or lateral"),
        (change("seed = ", 'view = "lateral"\nseed = '), "settings lack least_lateral"),
        (change("most_unrest", "most_unresst"), "settings lack most_unrest"),
        (change("least_point", "most_point"), "settings lack least_point"),
        (change("extra_share = 0.", "extra_share = 1."), r"extra_share must lie in 0\.\.1"),
        (change("extra_share = 0.", "extra_share = -0."), r"extra_share must lie in 0\.\.1"),
    ],
)
def test_recipes_that_make_no_sense(
    path: Path, damage: Callable[[Path], object], message: str | None
) -> None:
    damage(path)
    if message is None:
        LandmarkRecipe.read(path)  # another size is no error
        return
    with pytest.raises(DataError, match=message) as caught:
        LandmarkRecipe.read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
