"""Listing and auditing labelled films, on a few tiny ones."""

from spinescan.data.manifest import read_manifest
from tests.docs.scene import Scene, Stage


def set_up(stage: Stage) -> None:
    stage.props.als_films(stage.folder / "films")


def afterwards(stage: Stage) -> None:
    for name in ("manifest.csv", "joined.csv"):
        assert len(read_manifest(stage.folder / name).films) == 28
    assert (stage.folder / "audit" / "audit.html").is_file()
    assert (stage.folder / "audit" / "audit.json").is_file()


SCENE = Scene(
    "docs/how-to/audit.md",
    set_up=set_up,
    # That part takes minutes; tests/audit/test_sights.py covers it.
    instead={"--out audit": "--out audit --no-spine"},
    afterwards=afterwards,
    extras=("study",),
)
