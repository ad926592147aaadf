"""The first lesson, from `make demo` to a file that is no film."""

from tests.docs.scene import Scene, Stage


def set_up(stage: Stage) -> None:
    stage.clone()


def afterwards(stage: Stage) -> None:
    scanned = "\n".join(stage.printed)
    assert "main thoracic" in scanned  # the demo
    assert "true [" in scanned
    assert "found [" in scanned
    assert "no answer" in scanned
    assert len(list((stage.folder / "demo").glob("*/page.html"))) == 2


SCENE = Scene(
    "docs/start/first-film.md",
    set_up=set_up,
    codes={".venv/bin/spinescan scan Makefile": 1},
    afterwards=afterwards,
)
