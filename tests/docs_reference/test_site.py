"""The built site stands alone, and says on every page what SpineScan is not."""

import html
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from spinescan.core.report import RESEARCH_USE

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


class Loaded(HTMLParser):
    """Collects the addresses that a browser fetches for a page, and not those of links."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "link" and values.get("rel") not in ("canonical", "prev", "next"):
            self.addresses.append(values.get("href", ""))
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed", "object"):
            self.addresses += [values[k] for k in ("src", "data", "srcset") if k in values]


def elsewhere(address: str) -> bool:
    return address.startswith(("http:", "https:", "//"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


def pages(site: Path) -> dict[str, str]:
    return {str(p.relative_to(site)): p.read_text("utf-8") for p in site.rglob("*.html")}


def test_every_page_of_the_sources_is_built(site: Path) -> None:
    sources = [p.relative_to(ROOT / "docs") for p in (ROOT / "docs").rglob("*.md")]
    assert len(sources) > 20
    for source in sources:
        assert (
            (site / source).with_suffix(".html").is_file()
            or (site / source.with_suffix("") / "index.html").is_file()
            or source.name == "index.md"
        ), source


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    for name, text in pages(site).items():
        page = Loaded()
        page.feed(text)
        assert page.addresses, name
        assert not [a for a in page.addresses if elsewhere(a)], name


def test_styles_load_nothing_from_elsewhere(site: Path) -> None:
    styles = list(site.rglob("*.css"))
    assert styles
    for path in styles:
        text = path.read_text("utf-8").replace(" ", "")
        for sign in ("url(http", "url(//", 'url("http', "url('http", '@import"http', "@font-face"):
            assert sign not in text, path.name


def test_every_page_says_what_it_is_not_for(site: Path) -> None:
    found = pages(site)
    assert len(found) > 20
    for name, text in found.items():
        assert html.unescape(text).count(RESEARCH_USE) >= 2, name


def test_a_page_of_elsewhere_would_be_found() -> None:
    page = Loaded()
    page.feed('<a href="https://a.example"></a><link rel="stylesheet" href="//b.example/x.css">')
    page.feed('<script src="https://c.example/x.js"></script><img src="images/a.png">')
    assert [a for a in page.addresses if elsewhere(a)] == [
        "//b.example/x.css",
        "https://c.example/x.js",
    ]
