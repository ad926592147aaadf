"""A real server in a process of its own, and a real browser."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.app.web.page.viewer import SIZES, Viewer

SERVE = "from spinescan.app.main import cli; cli()"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(data: Path, *options: str) -> Iterator[str]:
    """`spinescan serve`; gives its address."""
    port = _free_port()
    command = [sys.executable, "-c", SERVE, "serve", "--port", str(port), "--data", str(data)]
    with (data.parent / "serve.log").open("w") as log:
        process = subprocess.Popen([*command, "--jobs", "1", *options], stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/ready", process)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(30)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(1200):
        assert process.poll() is None, "the server has ended"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the models were not loaded")


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("page") / "data") as url:
        yield url


Open = Callable[..., Viewer]


@pytest.fixture
def open_page(browser: Any, base: str) -> Iterator[Open]:
    """Opens the page at a size. What the page logs or asks of others is a failure in the end."""
    wrong: list[str] = []
    contexts = []

    def opened(size: str = "desktop", url: str = base, **options: Any) -> Viewer:
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: _is_wrong(line) and wrong.append(line.text))
        page.on("request", lambda asked: _at_home(asked.url, url) or wrong.append(asked.url))
        page.goto(url)
        return Viewer(page, url)

    yield opened
    for context in contexts:
        context.close()
    assert not wrong


def _is_wrong(line: Any) -> bool:
    """That the server refuses something is an answer, and no error of the page."""
    return line.type == "error" and "Failed to load resource" not in line.text


def _at_home(asked: str, url: str) -> bool:
    return asked.startswith((url, "blob:", "data:"))


@pytest.fixture(scope="session")
def films(
    tmp_path_factory: pytest.TempPathFactory, frontal_png: bytes, lateral_png: bytes
) -> dict[str, Path]:
    """Two films of one phantom, a lateral one, and one that shows no spine."""
    import io

    import numpy as np
    from PIL import Image

    folder = tmp_path_factory.mktemp("films")
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (400, 300), np.uint8))
    later = Image.open(io.BytesIO(frontal_png))
    later = later.resize((int(later.width * 0.85), later.height))  # narrower: larger angles
    kept = {name: folder / f"{name}.png" for name in ("frontal", "lateral", "later", "noise")}
    kept["frontal"].write_bytes(frontal_png)
    kept["lateral"].write_bytes(lateral_png)
    later.save(kept["later"])
    noise.save(kept["noise"])
    return kept
