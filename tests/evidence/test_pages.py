"""Checklists, notes, cards and citation are complete, and what they point to exists."""

import re
from pathlib import Path

import pytest
import yaml
from generate_evidence import EVIDENCE
from markdown.extensions.toc import slugify

from spinescan.core.report import RESEARCH_USE
from spinescan.infer.bundle import Bundle

ROOT = Path(__file__).parents[2]
BUNDLES = sorted(p.parent for p in (ROOT / "src" / "spinescan" / "bundles").glob("*/bundle.json"))
PAGES = ("index", "data-sets", "tripod-ai", "claim")
LETTERS = {3: "abc", 5: "ab", 6: "abc", 8: "abc", 9: "abc", 12: "abcdefg", 18: "abcdef"}
LETTERS |= {20: "abc", 23: "ab", 27: "abc"}
TRIPOD = [f"{n}{letter}" for n in range(1, 28) for letter in LETTERS.get(n, [""])]
CLAIM = [str(n) for n in range(1, 45)]
FORM = (
    "Intended use",
    "Not for",
    "Model",
    "Data and terms",
    "Figures",
    "Known failures",
    "Limits",
    "How to reproduce",
    "Version",
)


def text_of(page: str) -> str:
    return (EVIDENCE / f"{page}.md").read_text("utf-8")


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)


@pytest.mark.parametrize(("page", "items"), [("tripod-ai", TRIPOD), ("claim", CLAIM)])
def test_every_item_is_there_in_order(page: str, items: list[str]) -> None:
    rows = re.findall(r"^\| (\d+[a-z]?) \| (.+?) \| (.+) \|$", text_of(page), re.MULTILINE)
    assert [item for item, _, _ in rows] == items
    for item, _, answer in rows:  # a place, or that there is none
        told = re.search(r"\]\(|`|\*\*(Not|None)|^(None|Does not apply)", answer)
        assert told, f"{item}: {answer}"


def test_tripod_has_its_items() -> None:
    assert len(TRIPOD) == 52
    assert TRIPOD[-1] == "27c"


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_links_to_exists(page: str) -> None:
    text = text_of(page)
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", text)
    assert links
    for file, anchor in links:
        target = (EVIDENCE / file) if file else EVIDENCE / f"{page}.md"
        if "/models/" in file:  # which the build makes of the cards
            target = ROOT / "src" / "spinescan" / "bundles" / Path(file).stem / "CARD.md"
        assert target.is_file(), file
        if anchor and target.suffix == ".md":
            kept = target.read_text("utf-8")
            known = {slugify(re.sub(r"[`*]", "", h), "-") for h in headings(kept)}
            assert anchor in known | set(re.findall(r'<a id="([^"]+)">', kept)), f"{file}#{anchor}"


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_exist(page: str) -> None:
    text = text_of(page)
    for path in re.findall(r"`((?:benchmarks|recipes|models|tests|docs)/[\w./-]*)`", text):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_it_is_for(page: str) -> None:
    assert RESEARCH_USE in text_of(page)


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda p: p.name)
def test_cards_are_of_one_form(folder: Path) -> None:
    bundle = Bundle.load(folder)
    kept = headings(bundle.card)
    assert kept[0] == f"{bundle.name} {bundle.version}"
    assert [heading for heading in kept if heading in FORM] == list(FORM)
    assert RESEARCH_USE in bundle.card
    for heading in FORM:
        told = bundle.card.split(f"\n## {heading}\n")[1].split("\n## ")[0]
        assert len(told.strip()) > 30, heading
    version = bundle.card.split("\n## Version\n")[1]
    changes = (ROOT / "models" / "MODELS.md").read_text("utf-8")
    day = re.search(r"^(\d+) \((\d{4}-\d\d-\d\d)\)", version.strip())
    assert day
    assert day[1] == bundle.version
    heads = [h for h in headings(changes) if f"{bundle.name} {bundle.version}" in h]
    assert any(day[2] in head for head in heads)


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda p: p.name)
def test_a_card_of_phantoms_alone_says_so_first(folder: Path) -> None:
    bundle = Bundle.load(folder)
    if set(bundle.provenance["trained_on"]) & {"fraiwan"} or bundle.name == "frontal-landmarks":
        return
    first = bundle.card.split("\n## ")[0]
    assert "synthetic films" in first
    assert "films of people has not been measured" in " ".join(first.split())


def test_the_notes_are_of_every_set_that_taught() -> None:
    kept = headings(text_of("data-sets"))
    named = {"aasce": "AASCE, training part (SpineWeb 16)", "fraiwan": "Fraiwan's set"}
    named |= {"wholespine": "Whole-spine test release of AASCE", "phantoms": "Phantoms"}
    named |= {"spinescan phantom": "Phantoms"}
    for folder in BUNDLES:
        for source in Bundle.load(folder).provenance["trained_on"]:
            assert named[source] in kept
    sections = re.split(r"^## ", text_of("data-sets"), flags=re.MULTILINE)[2:-1]
    for section in sections:
        for told in ("**What:**", "**Origin", "**Used for:**", "not in"):
            assert told in section, section[:40]


def test_the_citation_is_of_this_version() -> None:
    """Of the form of cff 1.2.0: the fields that its schema asks for, and the kinds it knows."""
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(told)
    assert (told["cff-version"], told["type"], told["license"]) == (
        "1.2.0",
        "software",
        "Apache-2.0",
    )
    assert "Research use only. Not a medical device" in " ".join(told["abstract"].split())
    assert re.fullmatch(r"\d+\.\d+\.\d+", str(told["version"]))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(told["date-released"]))
    for reference in told["references"]:
        assert reference["type"] in {"article", "conference-paper", "data", "software"}
        assert {"authors", "title", "scope"} <= set(reference)
        for author in reference["authors"]:
            assert set(author) in ({"name"}, {"family-names", "given-names"})
        if "doi" in reference:
            assert re.fullmatch(r"10\.\d{4,9}(\.\d+)?/\S+", reference["doi"])
    assert "[CITATION.cff](CITATION.cff)" in (ROOT / "README.md").read_text("utf-8")
