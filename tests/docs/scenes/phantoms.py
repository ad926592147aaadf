"""Phantoms, a few of the sets'."""

import json

from tests.docs.pages import ROOT, read_page
from tests.docs.scene import Scene, Stage, json_lines

PAGE = "docs/how-to/phantoms.md"


def set_up(stage: Stage) -> None:
    stage.checkout("recipes")


def afterwards(stage: Stage) -> None:
    for folder, film in (("film", "film.png"), ("lateral", "film.png"), ("plain", "film.dcm")):
        made = {path.name for path in (stage.folder / folder).iterdir()}
        assert made == {film, "truth.json", "overlay.png"}
    truth = json.loads((stage.folder / "film" / "truth.json").read_text("utf-8"))
    assert set(truth["phantom"]) <= set(read_page(ROOT / PAGE).spans)
    for folder in ("set", "lateral-set", "my-set"):
        made = {path.name for path in (stage.folder / folder).iterdir()}
        assert made == {"images", "truth.jsonl", "manifest.csv", "set.json"}
        assert len(list(json_lines(stage.folder / folder / "truth.jsonl"))) == 2


SCENE = Scene(
    PAGE,
    set_up=set_up,
    instead={
        "--count 1000 --jobs 2": "--count 2 --rows 256 --jobs 2",
        "--count 200 --view lateral --rows 768": "--count 2 --view lateral --rows 256",
        "--count 1000 --recipe": "--count 2 --rows 256 --recipe",
    },
    afterwards=afterwards,
)
