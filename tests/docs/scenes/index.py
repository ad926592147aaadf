"""The first page: the demo, and a film."""

from tests.docs.scene import Scene, Stage


def set_up(stage: Stage) -> None:
    stage.clone()
    stage.props.film(stage.folder / "film.png")


SCENE = Scene("docs/index.md", set_up=set_up)
