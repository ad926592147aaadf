"""The first lesson, from `make demo` to a file that is no film."""

import re

from tests.docs.pages import ROOT, read_page
from tests.docs.scene import Scene, Stage

PAGE = "docs/start/first-film.md"
NUMBER = re.compile(r"(?<![A-Z])\b\d+\b")


def set_up(stage: Stage) -> None:
    stage.clone()


def afterwards(stage: Stage) -> None:
    scanned = "\n".join(stage.printed)
    assert "true [" in scanned
    assert "found [" in scanned
    assert "no answer" in scanned
    assert len(list((stage.folder / "demo").glob("*/page.html"))) == 2
    _is_what_the_page_shows(scanned.splitlines())


def _is_what_the_page_shows(printed: list[str]) -> None:
    """Each line of the page's sample was printed, up to a degree."""
    (sample,) = (b.code for b in read_page(ROOT / PAGE).blocks if b.code.startswith("demo/"))
    begin = printed.index("demo/sample.png")
    for shown, line in zip(sample.splitlines(), printed[begin:], strict=False):
        assert NUMBER.sub("#", shown) == NUMBER.sub("#", line)
        numbers = zip(NUMBER.findall(shown), NUMBER.findall(line), strict=True)
        assert all(abs(int(a) - int(b)) <= 1 for a, b in numbers), (shown, line)


SCENE = Scene(
    PAGE,
    set_up=set_up,
    codes={".venv/bin/spinescan scan Makefile": 1},
    afterwards=afterwards,
)
