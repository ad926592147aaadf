"""Who may use the page: at every size, by keys and screen readers, with a token; and how fast."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.web.page.conftest import Open, serving
from tests.app.web.page.viewer import SIZES, Viewer

pytestmark = pytest.mark.slow

FIRST_PAGE_BYTES = 150_000
TOKEN = "a-token-of-32-characters-or-more."


def serious(viewer: Viewer) -> list[str]:
    """What axe finds to be serious or critical."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="needs axe (dev extra)"
    )
    found = axe.Axe().run(viewer.page).response["violations"]
    return [
        f"{v['id']}: {v['nodes'][0]['html']}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_serious(open_page: Open, films: dict[str, Path], size: str) -> None:
    viewer = open_page(size, bypass_csp=True)  # axe is a script from outside the page
    viewer.page.wait_for_selector(".drop")
    assert serious(viewer) == []
    viewer.open_film(films["frontal"])
    viewer.page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    assert serious(viewer) == []
    viewer.drag("L3_superior_left", 2, 5)
    assert serious(viewer) == []
    viewer.page.click("#save-case")
    viewer.page.wait_for_selector("dialog[open]")
    assert serious(viewer) == []
    viewer.page.keyboard.press("Escape")
    viewer.save_to_case(f"Axe-{size}", "2024-03-01")
    viewer.page.click("text=Open the case")
    viewer.page.wait_for_selector(".plot")
    assert serious(viewer) == []
    viewer.open_film(films["later"])
    viewer.save_to_case(f"Axe-{size}", "2024-09-01")
    viewer.page.click("text=Open the case")
    viewer.page.click("#compare-go")
    viewer.page.wait_for_selector(".pair .curve", state="attached")
    assert serious(viewer) == []
    viewer.open_film(films["lateral"])
    assert serious(viewer) == []


@pytest.mark.parametrize("size", SIZES)
def test_nothing_runs_over_the_edge(open_page: Open, films: dict[str, Path], size: str) -> None:
    viewer = open_page(size)
    wide = "document.documentElement.scrollWidth - innerWidth"
    viewer.page.wait_for_selector(".drop")
    assert viewer.page.evaluate(wide) <= 0
    viewer.open_film(films["frontal"])
    assert viewer.page.evaluate(wide) <= 0
    film = viewer.page.locator(".stage").bounding_box()
    width, height = SIZES[size]
    assert film["width"] * film["height"] > 0.4 * width * height  # the film dominates
    assert viewer.page.locator("#research").is_visible()


def test_what_a_hand_takes_is_large_enough(open_page: Open, films: dict[str, Path]) -> None:
    viewer = open_page("phone")
    viewer.open_film(films["frontal"])
    boxes = viewer.page.eval_on_selector_all(
        ".handle .hit", "all => all.map(n => n.getBoundingClientRect().width)"
    )
    assert min(boxes) >= 24
    heights = viewer.page.eval_on_selector_all(
        "button:not([disabled])",
        "all => all.filter(n => n.offsetParent).map(n => n.getBoundingClientRect().height)",
    )
    assert min(heights) >= 24


def test_the_first_page_is_small_and_soon_ready(open_page: Open, base: str) -> None:
    times = []
    for _ in range(4):  # a busy machine may need a quieter moment
        viewer = open_page()
        viewer.page.wait_for_selector(".drop")
        sizes: dict[str, int] = viewer.page.evaluate(
            "Object.fromEntries([...performance.getEntriesByType('navigation'),"
            " ...performance.getEntriesByType('resource')].map(e => [e.name, e.transferSize]))"
        )
        assert 20_000 < sum(sizes.values()) < FIRST_PAGE_BYTES
        times.append(
            viewer.page.evaluate("performance.getEntriesByName('interactive')[0].startTime")
        )
        if times[-1] < 1000:
            return
    assert min(times) < 1000


def test_names_that_look_like_html_stay_text(
    open_page: Open, films: dict[str, Path], tmp_path: Path
) -> None:
    viewer = open_page()
    name = "<img src=x onerror=document.title='hacked'>.png"
    for i, film in enumerate(("frontal", "noise")):
        (tmp_path / f"{i}{name}").write_bytes(films[film].read_bytes())
    viewer.upload(*sorted(tmp_path.iterdir()))
    viewer.page.wait_for_selector("text=All 2 read")
    assert f"0{name}" in viewer.page.inner_text(".films")
    assert viewer.page.locator("main img").count() == 0
    assert viewer.page.title() == "Films - SpineScan"


def test_what_a_server_says_stays_text(open_page: Open, films: dict[str, Path]) -> None:
    """Words, warnings and refusals come as text, whatever is in them."""
    viewer = open_page()
    evil = "<b id=evil>x</b>"

    def change(route: Any) -> None:
        answer = route.fetch()
        body = answer.json()
        body["report"]["warnings"] = [{"code": evil, "text": evil}]
        body["report"]["predictions"][0]["label"] = evil
        body["report"]["als"]["facts"][0]["text"] = evil
        route.fulfill(response=answer, json=body)

    scan = viewer.open_film(films["frontal"])["id"]
    viewer.page.goto(f"{viewer.base}#cases")
    viewer.page.wait_for_selector("h1:text-is('Cases')")
    viewer.page.route(f"**/api/v1/scans/{scan}", change)
    viewer.page.goto(f"{viewer.base}#film/{scan}")
    viewer.page.wait_for_selector(".curve-item")
    assert viewer.page.inner_text("main").count(evil) >= 3
    assert viewer.page.locator("#evil").count() == 0
    disagree = viewer.page.inner_text("section[aria-labelledby=p-disagree]")
    assert "measured 3CH" in disagree
    assert evil in disagree


def test_a_film_that_cannot_be_read(open_page: Open, tmp_path: Path) -> None:
    viewer = open_page()
    (tmp_path / "text.png").write_text("no film")
    with viewer.page.expect_response(lambda r: r.url.endswith("/scans")) as answer:
        viewer.upload(tmp_path / "text.png")
    said = answer.value.json()["error"]["message"]
    assert viewer.page.inner_text("[role=alert]") == said


def test_a_busy_server_is_asked_again(open_page: Open, films: dict[str, Path]) -> None:
    viewer = open_page()
    refused = []

    def refuse(route: Any) -> None:
        if refused:
            route.continue_()
            return
        refused.append(1)
        error = {"error": {"kind": "busy", "message": "come back"}}
        route.fulfill(status=429, json=error, headers={"Retry-After": "1"})

    viewer.page.route("**/api/v1/scans", refuse)
    viewer.upload(films["frontal"])
    viewer.page.wait_for_selector("text=The server is busy")
    viewer.page.wait_for_selector(".curve-item")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "tokens").write_text(f"reader:{TOKEN}\n")
    with serving(folder / "data", "--token-file", str(folder / "tokens")) as url:
        yield url


def test_a_token_is_asked_for_once(open_page: Open, films: dict[str, Path], guarded: str) -> None:
    viewer = open_page("desktop", guarded)
    page = viewer.page
    page.fill("dialog input[name=token]", TOKEN)
    page.click("dialog button[type=submit]")
    viewer.open_film(films["frontal"])
    assert viewer.angles()
    viewer.drag("T5_superior_right", 2, 5)
    page.reload()
    page.wait_for_selector(".curve-item")
    assert page.locator("dialog").count() == 0
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("localStorage.length") == 0
