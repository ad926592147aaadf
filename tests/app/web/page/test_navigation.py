"""Going from page to page, and what a reader must not be spared."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.app.web.page.conftest import Open

pytestmark = pytest.mark.slow

FOCUS = "document.activeElement.id"


def test_the_page_tells_where_one_is(open_page: Open) -> None:
    page = open_page().page
    page.wait_for_selector("h1")
    assert page.get_attribute("#nav-new", "aria-current") == "page"
    page.click("#nav-cases")
    page.wait_for_selector("h1:has-text('Cases')")
    assert page.get_attribute("#nav-cases", "aria-current") == "page"
    assert page.get_attribute("#nav-new", "aria-current") is None
    page.wait_for_selector("#main:focus")


def test_the_link_that_skips_to_the_content_keeps_the_address(open_page: Open) -> None:
    page = open_page().page
    page.click("#nav-cases")
    page.wait_for_selector("h1:has-text('Cases')")
    page.focus("#skip")
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUS) == "main"
    assert page.url.endswith("#cases")
    page.reload()
    page.wait_for_selector("h1:has-text('Cases')")


def test_measuring_and_classifier_that_disagree_are_shown(
    open_page: Open, films: dict[str, Path]
) -> None:
    viewer = open_page()

    def otherwise(route: Any) -> None:
        answer = route.fetch()
        told = json.loads(answer.text())
        told["report"]["als"].update(type="4C", family="4C")
        route.fulfill(response=answer, body=json.dumps(told))

    scan = viewer.open_film(films["frontal"])
    viewer.page.route(f"**/api/v1/scans/{scan['id']}", otherwise)
    viewer.page.reload()
    viewer.page.wait_for_selector("#p-disagree")
    shown = viewer.page.inner_text("section:has(#p-disagree)")
    assert "4C" in shown
    assert "3CH" in shown
    assert "different families" in shown


def test_nothing_is_said_where_both_agree(open_page: Open, films: dict[str, Path]) -> None:
    viewer = open_page()
    viewer.open_film(films["frontal"])
    assert viewer.page.locator("#p-disagree").count() == 0
