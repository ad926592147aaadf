"""The page as a reader uses it."""

import json
import re
from pathlib import Path
from typing import Any

SIZES = {"phone": (360, 740), "tablet": (820, 1180), "desktop": (1440, 900)}
LATENCIES = 'performance.getEntriesByName("edit-to-angle").map(entry => entry.duration)'


class Viewer:
    """One open page; `measured` is what the server last answered an edit with."""

    def __init__(self, page: Any, base: str) -> None:
        self.page = page
        self.base = base
        self.asked: dict[str, Any] = {}
        self.answered: dict[str, Any] = {}
        page.on("requestfinished", self._note)

    def _note(self, request: Any) -> None:
        if request.url.endswith("/measure"):
            self.asked = json.loads(request.post_data)

    def upload(self, *films: Path) -> None:
        self.page.goto(f"{self.base}#")
        self.page.set_input_files("#film-file", [str(film) for film in films])

    def open_film(self, film: Path, **told: str) -> dict[str, Any]:
        """Scans a film and gives the server's answer."""
        self.page.goto(f"{self.base}#")
        for name, value in told.items():
            self.page.select_option(f"#{name}", value)
        with self.page.expect_response(lambda r: r.url.endswith("/scans")) as answer:
            self.page.set_input_files("#film-file", str(film))
        self.page.wait_for_selector(".panel h1")
        self.page.wait_for_selector(".overlay .body, .panel .warn", state="attached")
        return dict(answer.value.json())

    def at(self, point: str) -> tuple[float, float]:
        """Where a point is on the screen."""
        box = self.page.locator(f'[data-point="{point}"] .hit').bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, point: str, dx: float, dy: float, *, grip: float = 0.0, steps: int = 8) -> None:
        """By the mouse; `grip` is how far beside the point's middle it is taken."""
        mouse, (x, y) = self.page.mouse, self.at(point)
        mouse.move(x + grip, y)
        mouse.down()
        mouse.move(x + grip + dx, y + dy, steps=steps)
        mouse.up()
        self.settle()

    def settle(self) -> None:
        """Waits until the newest edit is measured and shown."""
        self.page.wait_for_selector(".answers:not([aria-busy=true])", state="attached")
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def angles(self) -> list[str]:
        return list(self.page.locator(".curve-figure .angle").all_inner_texts())

    def ends(self) -> list[tuple[str, str]]:
        values = self.page.eval_on_selector_all(".ends select", "all => all.map(s => s.value)")
        return list(zip(values[::2], values[1::2], strict=True))

    def place(self, point: str) -> tuple[float, float]:
        """A point's place on the film, in whole pixels, as a screen reader hears it."""
        said = self.page.get_attribute(f'[data-point="{point}"]', "aria-label")
        found = re.search(r"(-?\d+) right, (-?\d+) down", said)
        assert found, said
        return float(found[1]), float(found[2])

    def origin(self, point: str) -> str:
        return str(self.page.get_attribute(f'[data-point="{point}"]', "data-origin"))

    def levels(self) -> str:
        return str(self.page.inner_text("#p-levels + p"))

    def click(self, selector: str) -> None:
        self.page.click(selector)
        self.settle()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def save_to_case(self, pseudonym: str, day: str) -> None:
        self.page.click("#save-case")
        self.page.wait_for_selector("dialog[open]")
        cases = self.page.locator("dialog select option")
        known = [text.split(" (")[0] for text in cases.all_inner_texts()]
        if known:
            at = known.index(pseudonym) if pseudonym in known else len(known) - 1
            self.page.select_option("dialog select", index=at)
        if pseudonym not in known:
            self.page.fill("dialog input[name=pseudonym]", pseudonym)
        self.page.fill("dialog input[name=taken_on]", day)
        self.page.click("dialog button[type=submit]")
        self.page.wait_for_selector("#save-edits")
