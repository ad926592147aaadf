"""The evidence table holds every figure that SpineScan shows of itself, and where it comes from."""

import json
import re
from functools import cache
from pathlib import Path

import generate_evidence
import generate_figures
import pytest
from evidence_rows import WILSON, Row
from results import BEGIN, END, RESULTS, commands

from spinescan.study.metrics import wilson_interval

ROOT = Path(__file__).parents[2]
BUNDLES = sorted((ROOT / "src" / "spinescan" / "bundles").glob("*/bundle.json"))
NUMBER = r"[+-]?\d+(?:\.\d+)?"
WITH_INTERVAL = re.compile(
    rf"({NUMBER}) ?(?:%|°)?(?: of \d+(?: [a-z]+)?)? \(({NUMBER}) to ({NUMBER})(?: %)?\)"
)
COUNTED = re.compile(r"(\d+) of (\d+) \((\d+) to (\d+) %\)")
DIFFERENCE = re.compile(rf"difference ({NUMBER}) points, 95 % interval ({NUMBER}) to ({NUMBER})")


@cache
def rows() -> tuple[tuple[str, Row], ...]:
    return tuple((q.name, row) for q in generate_evidence.QUESTIONS for row in q.rows())


def decimals(number: str) -> int:
    return len(number.partition(".")[2])


def shows(row: Row, value: str, low: str, high: str) -> bool:
    """Whether a row is what a page shows, to the page's decimals."""
    if row.interval is None:
        return False
    told = (row.value, *row.interval)
    return all(
        f"{number:.{decimals(shown)}f}" == f"{float(shown):.{decimals(shown)}f}"
        for number, shown in zip(told, (value, low, high), strict=True)
    )


def generated(page: Path) -> str:
    return page.read_text("utf-8").split(BEGIN)[1].split(END)[0]


def test_the_page_and_the_table_are_up_to_date() -> None:
    page = generate_evidence.PAGE.read_text("utf-8")
    table = generate_evidence.TABLE.read_text("utf-8")
    renewed = generate_evidence.between_marks(page, generate_evidence.figures())
    assert page == renewed, "run `make docs`"
    assert table == generate_evidence.table_text(), "run `make docs`"
    assert len(json.loads(table)["figures"]) == len(rows())


def test_every_result_file_is_in_the_table_and_has_a_command() -> None:
    files = {p.relative_to(RESULTS).with_suffix("").as_posix() for p in RESULTS.rglob("*.json")}
    assert {row.source.result for _, row in rows()} == files
    assert set(commands()) == files


def test_commands_name_programs_that_exist() -> None:
    for command in commands().values():
        named = re.findall(r"(?:benchmarks|recipes|src)/[\w/.-]+\.(?:py|toml|csv)", command)
        for path in named:
            assert (ROOT / path).is_file(), path
        assert named or "`spinescan " in command


def test_a_row_for_programs_has_all_of_it() -> None:
    for figure in json.loads(generate_evidence.TABLE.read_text("utf-8"))["figures"]:
        for key in ("question", "asked", "n", "data", "held_out", "model", "command"):
            assert figure[key], figure
        assert (ROOT / figure["result"]).is_file()


def test_every_row_has_an_interval_or_says_why_not() -> None:
    for _, row in rows():
        assert row.n[0].isdigit() or row.n == "one network", row
        assert row.source.data
        assert row.source.held_out
        if row.interval is None:
            assert row.kind.startswith("no interval: "), row
        else:
            low, high = row.interval
            assert low < high, row
            assert low - 1e-9 <= row.value <= high + 1e-9, row
            assert row.kind.startswith(("bootstrap by ", "Wilson", "least to most of ")), row


def test_intervals_that_are_called_wilsons_are_wilsons() -> None:
    counted = re.compile(r"(\d+) of (\d+) ")
    found = [
        (row, [int(number) for number in told.groups()])
        for _, row in rows()
        if row.kind == WILSON and row.interval and (told := counted.match(row.n))
    ]
    assert len(found) > 50
    for row, (count, n) in found:
        ends = [100 * end for end in wilson_interval(count, n)]
        assert row.interval == pytest.approx(ends, abs=0.1), row


def test_no_two_rows_of_a_question_ask_the_same() -> None:
    asked = [(name, row.source, row.asked) for name, row in rows()]
    assert len(asked) == len(set(asked))


def test_synthetic_films_are_called_synthetic() -> None:
    said = 0
    for path in RESULTS.rglob("*.json"):
        told = json.loads(path.read_text("utf-8"))
        drawn = (
            told.get("synthetic") or "phantoms" in told.get("title", "") or path.stem == "phantoms"
        )
        drawn = drawn or "synthetic" in told.get("title", "").lower()
        if drawn:
            said += 1
            name = path.relative_to(RESULTS).with_suffix("").as_posix()
            films = {row.source.films for _, row in rows() if row.source.result == name}
            assert films == {"SYNTHETIC"}, path
    assert said >= 7
    for _, row in rows():
        if "phantom" in row.source.data:
            assert row.source.films == "SYNTHETIC", row


def test_models_are_those_that_ship() -> None:
    described = (json.loads(path.read_text("utf-8")) for path in BUNDLES)
    shipped = {f"{told['name']} {told['version']}" for told in described}
    names = {name.split()[0] for name in shipped}
    for _, row in rows():
        for name, version in re.findall(r"([\w-]+) (\d+)\b", row.source.model):
            if name in names and not row.source.model.startswith("the version before"):
                assert f"{name} {version}" in shipped, row
    told = " ".join(row.source.model for _, row in rows())
    for name in shipped:
        assert name in told


@pytest.mark.parametrize("page", generate_figures.PAGES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_every_figure_that_a_page_shows_is_in_the_table(page: Path) -> None:
    text = generated(page)
    for count, n, low, high in COUNTED.findall(text):
        kept = [r for _, r in rows() if r.n.startswith(f"{count} of {n} ")]
        share = f"{100 * int(count) / int(n):.0f}"
        assert any(shows(r, share, low, high) for r in kept), f"{count} of {n} ({low} to {high} %)"
    text = COUNTED.sub("", text)
    for value, low, high in WITH_INTERVAL.findall(text) + DIFFERENCE.findall(text):
        assert any(shows(r, value, low, high) for _, r in rows()), f"{value} ({low} to {high})"


@pytest.mark.parametrize("page", generate_figures.PAGES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_numbers_without_an_interval_are_in_the_table(page: Path) -> None:
    told = " ".join(f"{row.number(row.value)} {row.n} {row.asked}" for _, row in rows())
    known = set(re.findall(r"\d+(?:\.\d+)?", told))
    text = WITH_INTERVAL.sub("", COUNTED.sub("", generated(page)))
    for line in text.splitlines():
        for cell in line.strip("|").split("|")[1:] if line.startswith("|") else ():
            for number in re.findall(r"(?<![\w.-])\d+(?:\.\d+)?(?![\w.-]*\w)", cell):
                assert number in known, f"{number} in {line}"


PROSE = [
    *(p for p in (ROOT / "docs").rglob("*.md") if p != generate_evidence.PAGE),
    ROOT / "models" / "MODELS.md",
    ROOT / "CHANGELOG.md",
]


@pytest.mark.parametrize("page", PROSE, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_intervals_in_prose_are_in_the_table(page: Path) -> None:
    text = COUNTED.sub("", page.read_text("utf-8"))
    for value, low, high in WITH_INTERVAL.findall(text):
        # An angle in whole degrees is of one film, not of us.
        assert "." not in value or any(shows(r, value, low, high) for _, r in rows()), (
            f"{value} ({low} to {high})"
        )


CARDS = [path.with_name("CARD.md") for path in BUNDLES]


@pytest.mark.parametrize("card", CARDS, ids=lambda p: p.parent.name)
def test_figures_in_a_cards_prose_are_in_the_table(card: Path) -> None:
    before, rest = card.read_text("utf-8").split(BEGIN)
    prose = before + rest.split(END)[1]
    values = {f"{row.value:.1f}" for _, row in rows()}
    published = generate_evidence.LITERATURE.read_text("utf-8")
    for number in re.findall(r"(\d+\.\d+) ?(?:%|°|degrees)", prose):
        assert number in values or number in published, number


def test_what_was_judged_by_eye_is_what_the_card_shows() -> None:
    told = json.loads((RESULTS / "wholespine-by-eye.json").read_text("utf-8"))
    card = next(c for c in CARDS if c.parent.name == "frontal-landmarks").read_text("utf-8")
    for name, by_film in told["points"].items():
        cells = (" / ".join(map(str, counts.values())) for counts in by_film.values())
        assert f"| {name} | {' | '.join(cells)} |" in card
        for films, counts in by_film.items():
            assert sum(counts.values()) == told["films"][films]
    assert f"On {told['row']['follows_the_spine']} of the {sum(told['row'].values())} films" in card


def test_published_work_answers_a_question_and_names_its_source() -> None:
    questions = {q.name for q in generate_evidence.QUESTIONS}
    for entry in generate_evidence.literature():
        assert entry["question"] in questions
        for key in ("asked", "value", "n", "comparable", "source"):
            assert entry[key], entry
        assert re.search(r"\d{4}", entry["source"]) or entry.get("recalled"), entry


def test_the_page_begins_with_what_was_never_measured() -> None:
    page = generate_evidence.PAGE.read_text("utf-8")
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    asked = [question.heading for question in generate_evidence.QUESTIONS]
    assert headings[:2] == ["How to read this", "What was never measured"]
    assert headings[2:-1] == asked
    slips = next(r for _, r in rows() if r.asked.startswith("slip told"))
    assert slips.n.startswith("1 of 9 ")  # the page's own words
    assert "was told on 1 of 9 films" in page.replace("\n", " ")
