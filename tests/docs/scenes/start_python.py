"""The first lesson in Python; it draws its own film."""

from tests.docs.scene import Scene, Stage


def afterwards(stage: Stage) -> None:
    assert (stage.folder / "overlay.png").is_file()
    assert any("not_an_image" in text for text in stage.printed)
    assert any("-> " in text and text.strip().endswith("True") for text in stage.printed)


SCENE = Scene("docs/start/python.md", afterwards=afterwards)
