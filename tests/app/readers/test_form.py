"""The form in a real browser: two readers fill it, and their answers become figures."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from spinescan.app.main import cli
from spinescan.study.readers.key import read_key
from tests.app.readers.films import write_films

pytestmark = pytest.mark.slow
FILMS = 5


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("form")
    write_films(folder / "films", FILMS)
    words = ["readers", "new", str(folder / "films"), "--out", str(folder / "set"), "--seed", "3"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    return folder / "set"


Open = Callable[..., Any]


@pytest.fixture
def open_form(browser: Any, made: Path) -> Iterator[Open]:
    """Opens a reader's file in a browser without a network; its errors are failures in the end."""
    wrong: list[str] = []
    contexts = []

    def opened(reader: str, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, **options)
        context.set_offline(True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: line.type == "error" and wrong.append(line.text))
        page.on("request", lambda asked: _at_home(asked.url) or wrong.append(asked.url))
        page.goto((made / reader / f"form-{reader}.html").as_uri())
        page.wait_for_selector("text=Film 1 of")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong


def _at_home(url: str) -> bool:
    return url.startswith(("file:", "data:", "blob:"))


def draw_angle(page: Any, degrees: float) -> None:
    """Two lines on the film, half the angle up and half of it down."""
    page.click("button.measure")
    box = page.locator("#stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    reach = 50
    for offset, sign in ((-120, 1), (80, -1)):
        rise = reach * math.tan(math.radians(degrees / 2)) * sign
        page.mouse.move(x - reach, y + offset - rise)
        page.mouse.down()
        page.mouse.move(x + reach, y + offset + rise, steps=3)
        page.mouse.up()


def download(page: Any, to: Path) -> dict[str, Any]:
    with page.expect_download() as waited:
        page.click("#save")
    to.mkdir(parents=True, exist_ok=True)
    path = to / waited.value.suggested_filename
    waited.value.save_as(path)
    return dict(json.loads(path.read_text()))


def test_two_readers_fill_the_form_and_collect_reads_it(
    open_form: Open, made: Path, tmp_path: Path
) -> None:
    key = read_key(made)
    truth = ("3CH", "3CN", "4C", "4CL", "3CTL")
    for reader in ("A", "B"):
        page = open_form(reader)
        for number, place in enumerate(key.readers[reader], start=1):
            page.wait_for_selector(f"text=Film {number} of {FILMS}")
            if reader == "B" and place == 4:
                page.check("input[name=readable][value=no]")
                page.check("input[name=reason][value=covered]")
            else:
                page.check("input[name=readable][value=yes]")
                page.click("#add-curve")
                draw_angle(page, 20 + 8 * place)
                page.get_by_label("Upper end").select_option("T5")
                page.get_by_label("Apex").select_option("T8/T9")
                page.get_by_label("Lower end").select_option("T11")
                page.get_by_label("Convex to the").select_option("right")
                page.check(f"input[name=als7][value='{truth[place]}']")
            page.check("input[name=confidence][value=high]")
            if number < FILMS:
                page.click("#next")
        assert page.inner_text("#progress") == f"{FILMS} of {FILMS} films answered"
        given = download(page, tmp_path)
        assert given["reader"] == reader
        assert [one["film"] for one in given["answers"]] == list(range(1, FILMS + 1))
    files = [str(tmp_path / f"answers-{reader}.json") for reader in ("A", "B")]
    words = ["readers", "collect", str(made), *files, "--out", str(tmp_path / "report")]
    result = CliRunner().invoke(cli, [*words, "--no-scan", "--draws", "200"])
    assert result.exit_code == 0, result.output
    values = json.loads((tmp_path / "report" / "readers.json").read_text())
    told = values["questions"][1]["pairs"][0]
    assert told["percent_agreement"]["value"] == 0.8
    assert told["where_both_told"]["cohen_kappa"]["value"] == 1
    cobb = values["angles"][0]["pairs"][0]
    assert sorted(a for a, _ in cobb["points"]) == pytest.approx([20, 28, 36, 44], abs=0.6)
    assert cobb["icc_2_1"]["value"] > 0.99
    assert values["end_vertebrae"][0]["apex"]["exact"]["share"] == 1


def test_answers_stay_and_can_be_opened_elsewhere(
    open_form: Open, made: Path, tmp_path: Path
) -> None:
    page = open_form("A")
    page.check("input[name=readable][value=yes]")
    page.check("input[name=als7][value='4C']")
    page.reload()
    assert page.is_checked("input[name=als7][value='4C']")
    download(page, tmp_path)
    other = open_form("A")  # another browser: nothing is kept there
    assert not other.is_checked("input[name=als7][value='4C']")
    other.set_input_files("#import", tmp_path / "answers-A.json")
    other.wait_for_selector("input[name=als7][value='4C']:checked")
    wrong = open_form("B")
    wrong.set_input_files("#import", tmp_path / "answers-A.json")
    wrong.wait_for_selector("text=These are the answers of reader A.")


def test_an_answer_can_be_taken_back(open_form: Open, tmp_path: Path) -> None:
    page = open_form("A")
    back = page.locator("button.clear:visible")
    assert back.count() == 0
    page.check("input[name=readable][value=no]")
    page.check("input[name=reason][value=covered]")
    page.get_by_label("Take back: Can this film be read?").click()
    page.check("input[name=als7][value='4C']")
    page.check("input[name=confidence][value=high]")
    assert back.count() == 2
    page.get_by_label("Take back: How sure are you?").click()
    (left,) = download(page, tmp_path)["answers"]
    assert (left["readable"], left["reason"], left["confidence"]) == (None, "", "")
    assert left["labels"] == {"als7": "4C"}
    back.press("Enter")
    assert page.evaluate("document.activeElement.name") == "als7"
    assert back.count() == 0
    assert download(page, tmp_path)["answers"] == []


def test_everything_can_be_done_by_keys(open_form: Open) -> None:
    page = open_form("A")
    page.locator("#stage").focus()
    for key in ("m", "Enter"):
        page.keyboard.press(key)
    page.keyboard.press("ArrowUp")  # the cross comes to the middle, then moves
    page.keyboard.press("Enter")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    for _ in range(10):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert float(page.input_value("#cobb-0")) == pytest.approx(45, abs=0.5)
    page.keyboard.press("i")
    assert "invert(1)" in page.get_attribute("#canvas", "style")
    page.keyboard.press("n")
    page.wait_for_selector("text=Film 2 of")


def test_an_end_can_be_dragged_and_a_typed_angle_wins(open_form: Open) -> None:
    page = open_form("B")
    page.check("input[name=readable][value=yes]")
    page.click("#add-curve")
    draw_angle(page, 30)
    assert float(page.input_value("#cobb-0")) == pytest.approx(30, abs=0.6)
    box = page.locator("#stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    rise = 50 * math.tan(math.radians(15))
    page.mouse.move(x + 50, y - 120 + rise)
    page.mouse.down()
    page.mouse.move(x + 50, y - 120 - rise, steps=3)
    page.mouse.up()
    assert float(page.input_value("#cobb-0")) == pytest.approx(15, abs=0.6)
    page.fill("#cobb-0", "33")
    page.locator("#cobb-0").blur()
    page.click("#next")
    page.wait_for_selector("text=Film 2 of")
    page.click("#previous")
    page.wait_for_selector("text=Film 1 of")
    assert page.input_value("#cobb-0") == "33"


@pytest.mark.parametrize("size", [(1280, 800), (390, 800)])
def test_axe_finds_nothing_serious(open_form: Open, size: tuple[int, int]) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="needs axe (dev extra)"
    )
    page = open_form("A", bypass_csp=True)  # axe is a script from outside the page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.check("input[name=readable][value=yes]")
    page.click("#add-curve")
    page.check("input[name=als7][value='4C']")
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    found = axe.Axe().run(page).response["violations"]
    assert [
        f"{v['id']}: {v['nodes'][0]['html']}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ] == []
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
