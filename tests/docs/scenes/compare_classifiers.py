"""From labelled films to a model that a scan uses, on tiny films and with tiny networks."""

import json
import shutil

from spinescan.infer.bundle import Bundle
from tests.docs.scene import NotRun, Scene, Stage

TWO = "--backbone small_cnn --backbone resnet10t --epochs 1 --batch 4 --workers 0 --weights none"


def set_up(stage: Stage) -> None:
    stage.props.film(stage.folder / "film.png")
    stage.props.als_films(stage.folder / "sorted", each=6)
    (stage.folder / "films").mkdir()
    for film in (stage.folder / "sorted").glob("*/*.png"):  # named as the page says
        shutil.copy(film, stage.folder / "films" / f"{film.parent.name}_{film.name}")


def afterwards(stage: Stage) -> None:
    als = stage.folder / "als"
    page = (als / "report" / "evaluate.html").read_text("utf-8")
    assert "small_cnn" in page
    assert "resnet10t" in page
    bundle = Bundle.load(als / "bundle")
    (report,) = (stage.folder / "answers").glob("*/report.json")
    answers = json.loads(report.read_text("utf-8"))["predictions"]
    (answer,) = [each for each in answers if each["bundle"] == bundle.name]
    assert answer["task"] == "als7"
    assert len(list(report.parent.glob("heat-*.png"))) >= 1
    heads = {path.parent.name for path in (als / "heads").glob("*/predictions.jsonl")}
    assert heads == {"logistic", "svm-linear", "svm-rbf", "forest", "neighbours"}
    assert list((als / "heads").glob("logistic/*/pipeline.py"))
    assert (als / "report-heads" / "evaluate.html").is_file()


SCENE = Scene(
    "docs/how-to/compare-classifiers.md",
    set_up=set_up,
    instead={
        # Two small networks, from nothing, for a round: the page's four take hours.
        "--backbone inception_v3 --backbone xception --backbone resnet50 --backbone resnet101": TWO,
        "automl --backbone resnet50": "automl --backbone small_cnn --weights none --workers 0",
        "als/runs/resnet50": "als/runs/resnet10t",
        "--folds 5": "--folds 2",
    },
    not_run=(
        NotRun(
            "spinescan audit",
            "it takes minutes, and the page of audits runs it",
            "tests/docs/scenes/audit.py:docs/how-to/audit.md",
        ),
    ),
    afterwards=afterwards,
    extras=("train", "study"),
)
