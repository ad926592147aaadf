"""A small old Keras file."""

from spinescan.infer.bundle import Bundle
from tests.docs.scene import Scene, Stage


def set_up(stage: Stage) -> None:
    from tests.train.keras_files import write_h5

    write_h5(stage.folder / "model.h5")


def afterwards(stage: Stage) -> None:
    bundle = Bundle.load(stage.folder / "als7-old")
    assert bundle.classifier is not None
    assert bundle.classifier.task.name == "als7"


SCENE = Scene(
    "docs/how-to/import-keras.md", set_up=set_up, afterwards=afterwards, extras=("keras",)
)
