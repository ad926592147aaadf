"""A blinded set of a few films, which three readers answer between its two commands."""

import json

from spinescan.core.task import ALS7
from spinescan.data.manifest import read_manifest
from tests.docs.scene import Scene, Stage

FILL = """\
import json
key = json.load(open("set/key.json"))
codes = {codes!r}
for reader, order in key["readers"].items():
    answers = [{{"film": n, "readable": True, "labels": {{"als7": codes[place % 7]}}}}
               for n, place in enumerate(order, start=1)]
    values = {{"format": "spinescan-readers-answers", "version": 1, "set": key["set"],
               "reader": reader, "answers": answers}}
    json.dump(values, open(f"answers-{{reader}}.json", "w"))
"""


def set_up(stage: Stage) -> None:
    stage.props.als_films(stage.folder / "films", each=1)
    (stage.folder / "fill.py").write_text(FILL.format(codes=ALS7.codes))


def afterwards(stage: Stage) -> None:
    assert (stage.folder / "set" / "A" / "form-A.pdf").is_file()
    values = json.loads((stage.folder / "report" / "readers.json").read_text("utf-8"))
    assert values["questions"][1]["between"]["fleiss_kappa"]["value"] == 1
    labels = {film.labels["als7"] for film in read_manifest(stage.folder / "als7.csv").films}
    assert labels == set(ALS7.codes)


SCENE = Scene(
    "docs/how-to/readers.md",
    set_up=set_up,
    instead={"--repeat 0.2 --paper": "--repeat 0.2 --paper && python fill.py"},  # the readers
    afterwards=afterwards,
    extras=("pdf",),
)
