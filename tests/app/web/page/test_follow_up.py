"""Cases on the page: save, edit, compare, follow, take away, delete."""

import zipfile
from pathlib import Path

import pytest

from tests.app.web.page.conftest import Open

pytestmark = pytest.mark.slow


def test_a_case_from_its_first_film_to_its_end(open_page: Open, films: dict[str, Path]) -> None:
    viewer = open_page()
    page = viewer.page
    viewer.open_film(films["frontal"])
    viewer.save_to_case("Kiel-7", "2024-03-01")
    machine = viewer.angles()
    viewer.drag("T5_superior_right", 3, 5)
    edited = viewer.angles()
    assert edited != machine
    viewer.click("#save-edits")
    page.wait_for_selector("#save-edits:disabled")
    first = page.url.rpartition("/")[2]

    viewer.open_film(films["later"])
    viewer.save_to_case("Kiel-7", "2024-09-01")
    second = page.url.rpartition("/")[2]

    page.click("text=Open the case")
    page.wait_for_selector(".plot")
    assert page.locator(".plot circle").count() >= 4
    assert "film edited" in page.inner_text("section[aria-labelledby=trail]").lower()
    assert page.locator(".films .pill.edited").count() == 1

    with page.expect_response(lambda answer: "follow-up" in answer.url) as asked:
        page.click("#compare-go")
    change = asked.value.json()
    assert (change["first"]["scan"], change["second"]["scan"]) == (first, second)
    page.wait_for_selector(".pair .curve", state="attached")
    page.wait_for_selector(".pair figure:nth-child(2) .curve", state="attached")
    rows = page.locator("section[aria-labelledby=changes] tbody tr")
    assert rows.count() == len(change["curves"])
    row, curve = rows.nth(0).inner_text(), change["curves"][0]
    assert f"{curve['first_deg']:.1f}\N{DEGREE SIGN}" in row
    assert f"{curve['second_deg']:.1f}\N{DEGREE SIGN}" in row
    assert f"{abs(curve['change_deg']):.1f}\N{DEGREE SIGN}" in row
    assert curve["exceeds_5_deg"] in row
    labels = page.locator(".pair .stage")
    ends = f"{curve['upper']}\N{EN DASH}{curve['lower']}"
    assert all(ends in labels.nth(i).inner_text() for i in (0, 1))

    page.set_viewport_size({"width": 360, "height": 740})  # on a phone both are whole
    box, stages = page.locator(".pair").bounding_box(), page.locator(".pair .stage")
    for i in (0, 1):
        inner = stages.nth(i).bounding_box()
        assert inner["y"] + inner["height"] <= box["y"] + box["height"]
        assert inner["width"] > 0.4 * box["width"]
    page.set_viewport_size({"width": 1440, "height": 900})

    page.goto(f"{viewer.base}#film/{first}")  # what was saved is opened with its edit
    page.wait_for_selector("#edited-pill")
    assert viewer.angles() == edited
    viewer.click("#reset")
    viewer.click("#save-edits")
    page.wait_for_selector("#save-edits:disabled")

    page.click("text=Open the case")
    page.wait_for_selector("#case-export")
    with page.expect_download() as coming:
        page.click("#case-export")
    with zipfile.ZipFile(coming.value.path()) as archive:
        assert any(first in name for name in archive.namelist())
    page.click("#case-delete")
    page.click("dialog >> text=Cancel")
    assert page.locator("#case-delete").is_visible()
    page.click("#case-delete")
    page.click("dialog >> text=Delete everything")
    page.wait_for_selector("h1:text-is('Cases')")
    assert "Kiel-7" not in page.inner_text("main")
    assert page.request.get(f"{viewer.base}api/v1/scans/{first}").status == 404


def test_several_films_become_a_job(open_page: Open, films: dict[str, Path]) -> None:
    viewer = open_page()
    viewer.upload(films["frontal"], films["lateral"], films["noise"])
    viewer.page.wait_for_selector("text=All 3 read.")
    assert viewer.page.locator(".films li").nth(1).inner_text().startswith("lateral.png")
    viewer.page.locator(".films a").nth(1).click()
    viewer.page.wait_for_selector("#sagittal-label")
