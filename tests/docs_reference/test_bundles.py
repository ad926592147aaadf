"""The page of bundles explains every key, and names every bundle that ships."""

import json
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import generate_bundles
import generate_recipes
import hooks
import pytest
from described import comments_of, fields_of

from spinescan.infer.bundle import shipped_bundles
from spinescan.infer.views import SETTINGS, VIEWS
from spinescan.train.classify_recipe import ClassifyRecipe
from spinescan.train.recipe import LandmarkRecipe

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


@pytest.mark.parametrize("name", ["bundles", "recipes"])
def test_the_page_is_up_to_date(name: str) -> None:
    made = {"bundles": generate_bundles, "recipes": generate_recipes}[name].reference()
    assert (REFERENCE / f"{name}.md").read_text("utf-8") == made, "run `make docs`"


def described(bundle: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The parts of a description by the page's headings."""
    top, found = dict(bundle), {}
    if "labels" in bundle:
        own = ("labels", "calibration", "views", "activation", "on_request")
        found["Of a classifier"] = {key: top.pop(key) for key in own if key in top}
        found["labels"], found["calibration"] = bundle["labels"], bundle["calibration"]
        found["labels.labels"] = bundle["labels"]["labels"][0]
    network = next(iter(bundle["networks"].values()))
    return {
        "bundle.json": top,
        **found,
        "networks.NAME": network,
        "networks.NAME.input": network["input"],
        "settings": bundle["settings"],
    }


def test_every_key_of_the_bundles_that_ship_is_explained() -> None:
    told = generate_bundles.described_keys()
    bundles = generate_bundles.shipped_files()
    assert len(bundles) > 5
    for bundle in bundles:
        for part, values in described(bundle).items():
            assert set(values) <= told[part], f"{bundle['name']}: {part}"


def test_a_key_that_is_not_explained_would_be_found() -> None:
    bundle: dict[str, Any] = {**generate_bundles.shipped_files()[0], "odd": 1}
    assert not set(described(bundle)["bundle.json"]) <= set(
        generate_bundles.described_keys()["bundle.json"]
    )


def test_every_setting_of_a_landmark_model_is_explained() -> None:
    assert set(SETTINGS) == {name for kind in VIEWS.values() for name in kind.settings}


def test_every_bundle_that_ships_is_named_with_its_digests() -> None:
    text = (REFERENCE / "bundles.md").read_text("utf-8")
    for folder in shipped_bundles():
        assert f"(models/{folder.name}.md)" in text
        for network in json.loads((folder / "bundle.json").read_text())["networks"].values():
            assert network["sha256"] in text


def test_every_card_is_a_page() -> None:
    cards = hooks.cards()
    nav = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert set(cards) == {folder.name for folder in shipped_bundles()}
    for name, card in cards.items():
        assert f"reference/models/{name}.md" in nav
        assert card.startswith(f"# {name} ")


@pytest.mark.parametrize("part", generate_recipes.PARTS, ids=lambda part: part[0])
def test_every_key_of_a_recipe_is_explained(part: Any) -> None:
    for _, kind in part[2]:
        told = {**fields_of(kind), **comments_of(kind)}
        assert {field.name for field in fields(kind)} == set(told)


@pytest.mark.parametrize("path", sorted((ROOT / "recipes").glob("*.toml")), ids=lambda p: p.stem)
def test_every_key_of_the_recipes_that_ship_is_on_the_page(path: Path) -> None:
    text = (REFERENCE / "recipes.md").read_text("utf-8")
    values = tomllib.loads(path.read_text("utf-8"))
    for key, value in values.items():
        assert f"`{key}`" in text or f"[{key}]" in text
        if isinstance(value, dict) and key in ("head", "augment", "finder", "refiner", "clinic"):
            assert all(f"`{inner}`" in text for inner in value)


def test_recipes_are_read_without_torch() -> None:
    """The documentation is built where no torch is."""
    assert LandmarkRecipe.read(ROOT / "recipes" / "lateral-landmarks.toml").folds > 1
    assert ClassifyRecipe.read(ROOT / "recipes" / "classify-als7.toml").rows > 0
