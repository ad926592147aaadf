"""The shipped model carried on for two steps on a few films."""

import re

from tests.docs.pages import ROOT
from tests.docs.scene import Scene, Stage

RECIPE = "recipes/frontal-finetune.toml"


def set_up(stage: Stage) -> None:
    stage.props.film(stage.folder / "film.png")
    stage.props.answered_films(stage.folder / "films", count=5)
    shorter = re.sub(
        r"(?m)^(folds|steps|batch) = .*", r"\1 = 2", (ROOT / RECIPE).read_text("utf-8")
    )
    assert shorter.count("steps = 2") == 2
    (stage.folder / "recipes").mkdir()
    (stage.folder / RECIPE).write_text(shorter)


def afterwards(stage: Stage) -> None:
    assert len(list((stage.folder / "run").glob("fold-*/reports.jsonl"))) == 2
    assert (stage.folder / "run" / "final" / "bundle" / "bundle.json").is_file()


SCENE = Scene("docs/how-to/retrain.md", set_up=set_up, afterwards=afterwards, extras=("train",))
