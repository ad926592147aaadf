"""How light and quick the page is in a browser: `python benchmarks/page.py`; prints JSON.

A server runs on loopback, and Chromium (named in SPINESCAN_CHROMIUM, or found) opens its page: the
size of the first page's files as they lie on the disk and as they are sent, the time until it can
be used, and the time from a corner's move to its angle on the screen, for moves of the mouse 20 ms
apart. Only one move is measured at a time, the newest next, so there are fewer answers than moves.
"""

import json
import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import web_load
from playwright.sync_api import Page, sync_playwright

CORNER = '[data-point="T5_superior_right"] .hit'
TURNS, MOVES = 4, 60
FILES = (
    "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
    ".map(e => [e.decodedBodySize, e.transferSize])"
)


def main() -> None:
    """Open the page, move a corner, print what it took."""
    chromium = os.environ.get("SPINESCAN_CHROMIUM") or shutil.which("chromium")
    with (
        tempfile.TemporaryDirectory() as folder,
        web_load.server(Path(folder) / "data", jobs=2) as (port, _),
        sync_playwright() as running,
    ):
        browser = running.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        address, ready, sizes = f"http://127.0.0.1:{port}/", [], []
        for _ in range(TURNS):
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.goto(address)
            page.wait_for_selector(".drop")
            ready.append(page.evaluate("performance.getEntriesByName('interactive')[0].startTime"))
            sizes.append([sum(size) for size in zip(*page.evaluate(FILES), strict=True)])
        film = Path(folder) / "film.png"
        film.write_bytes(web_load.films()["frontal-1280.png"])
        page.set_input_files("#film-file", str(film))
        page.wait_for_selector(".overlay .body", state="attached")
        moved_ms = [took for _ in range(TURNS) for took in moves(page)]
        browser.close()
    print(
        json.dumps(
            {
                "benchmark": "page",
                "cores": os.cpu_count(),
                "first_page_bytes": max(size for size, _ in sizes),
                "first_page_bytes_sent": max(sent for _, sent in sizes),
                "interactive_ms": times(ready),
                "move_to_angle_ms": times(moved_ms),
            },
            indent=2,
        )
    )


def moves(page: Page) -> list[float]:
    """The time of each answered move of one drag, in milliseconds."""
    page.wait_for_timeout(500)
    page.evaluate("performance.clearMeasures()")
    box = page.locator(CORNER).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for i in range(MOVES):
        page.mouse.move(x + 0.1 * i, y + 0.1 * i)
        page.wait_for_timeout(20)
    page.mouse.up()
    page.wait_for_selector(".answers:not([aria-busy=true])", state="attached")
    page.wait_for_timeout(200)
    took = page.evaluate("performance.getEntriesByName('edit-to-angle').map(e => e.duration)")
    return list(took)


def times(values: list[float]) -> dict[str, Any]:
    """Count, median, 95th percentile and the longest."""
    return {
        "n": len(values),
        "median": round(statistics.median(values), 1),
        "p95": round(float(np.percentile(values, 95)), 1),
        "max": round(max(values), 1),
    }


if __name__ == "__main__":
    main()
