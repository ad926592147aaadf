"""Listing and auditing labelled films, on a few tiny ones."""

from tests.docs.scene import Scene, Stage


def set_up(stage: Stage) -> None:
    stage.props.als_films(stage.folder / "films")


SCENE = Scene("docs/how-to/audit.md", set_up=set_up, extras=("study",))
