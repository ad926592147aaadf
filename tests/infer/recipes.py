"""Whether a shipped classifier is the one that its recipe makes."""

import tomllib
from pathlib import Path

from spinescan.infer.bundle import Bundle

RECIPES = Path(__file__).parents[2] / "recipes"


def check_recipe(bundle: Bundle, name: str) -> None:
    """The bundle was taught with every setting that the recipe names."""
    recipe = tomllib.loads((RECIPES / name).read_text("utf-8"))
    told = bundle.provenance["recipe"]
    for key, value in recipe.items():
        if isinstance(value, dict):
            assert value.items() <= told[key].items()
        else:
            assert told[key] == value
