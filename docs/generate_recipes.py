"""Write the reference of recipes from the types that read them, to standard output."""

from collections.abc import Iterator

from described import fields_table, line, summary, write

from spinescan.phantom.clinic.recipe import ClinicRecipe
from spinescan.phantom.set_recipe import SetRecipe
from spinescan.train.classify_recipe import AugmentRecipe, ClassifyRecipe, HeadRecipe
from spinescan.train.recipe import LandmarkRecipe, StageRecipe

HEADER = """\
# Recipes

A recipe is a TOML file that holds all that a training, or a set of phantoms, needs to be made
again. A key that is misspelt or makes no sense is refused. The recipes of the models that ship are
in `recipes/` of the source code. This page is written by `make docs` from the types that read
recipes.
"""

PARTS: tuple[tuple[str, str, tuple[tuple[str, type], ...]], ...] = (
    (
        "A landmark model",
        "`spinescan train landmarks RECIPE`, for instance `recipes/frontal-landmarks.toml`. What"
        " `settings` holds is in [Bundles](bundles.md#settings).",
        (
            ("Top level", LandmarkRecipe),
            ("Tables `[finder]` and `[refiner]`", StageRecipe),
        ),
    ),
    (
        "A classifier",
        "`spinescan train classify RECIPE`, `spinescan tune` and `spinescan automl`, for instance"
        " `recipes/classify-als7.toml`. `spinescan tune` writes the best one that it finds as"
        " `best.toml`.",
        (
            ("Top level of a classifier", ClassifyRecipe),
            ("Table `[head]`", HeadRecipe),
            ("Table `[augment]`", AugmentRecipe),
        ),
    ),
    (
        "A set of phantoms",
        "`spinescan phantom --recipe RECIPE`; `recipes/phantoms.toml` holds the defaults with"
        " comments. Odds are a table of numbers by name, held against each other.",
        (
            ("Top level of a set", SetRecipe),
            ("Table `[clinic]`", ClinicRecipe),
        ),
    ),
)


def sections() -> Iterator[str]:
    """The sections of the page."""
    yield HEADER
    for title, words, kinds in PARTS:
        yield f"## {title}\n\n{words}\n"
        for name, kind in kinds:
            yield f"### {name}\n\n{line(summary(kind))}\n\n{fields_table(kind)}"


def reference() -> str:
    """The whole page."""
    return "\n".join(sections())


if __name__ == "__main__":
    write(reference())
