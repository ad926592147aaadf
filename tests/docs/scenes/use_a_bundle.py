"""A small classifier as somebody's bundle."""

from tests.docs.scene import Scene, Stage
from tests.infer.classifiers import write_classifier


def set_up(stage: Stage) -> None:
    stage.props.film(stage.folder / "film.png")
    stage.props.film(stage.folder / "folder" / "one.png")
    write_classifier(stage.folder / "my-classifier")


def afterwards(stage: Stage) -> None:
    assert (
        len(list((stage.folder / "results").glob("*/heat-*.png"))) == 2
    )  # its own, and the shipped classifier's


SCENE = Scene("docs/how-to/use-a-bundle.md", set_up=set_up, afterwards=afterwards)
