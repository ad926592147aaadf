"""What the tests of the server share."""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from spinescan.app.web.server import create_app
from spinescan.app.web.settings import WebSettings
from spinescan.phantom.film import sample_film
from spinescan.phantom.truth import View
from tests.app import fakes

API = "/api/v1"
HOST = "testserver"


def load_fake(bundles: tuple[Path, ...], threads: int | None) -> Any:
    return fakes.load_fake(threads)


def wait_ready(client: TestClient) -> TestClient:
    for _ in range(600):
        if client.get("/ready").status_code == 200:
            return client
        time.sleep(0.05)
    raise TimeoutError("the models were not loaded")


def png(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def grey_film(grey: int = fakes.NORMAL, mark: int = 0) -> bytes:
    """A film of which the fake scanner makes what its grey says."""
    pixels = np.full((200, 100), grey, np.uint8)
    pixels[20:180, 45:55] = 250
    pixels[-1, -1] = mark
    return png(pixels)


def sample_png(view: View = "frontal") -> bytes:
    return png(np.rint(sample_film(view).pixels * 255).astype(np.uint8))


@pytest.fixture(scope="session")
def frontal_png() -> bytes:
    return sample_png()


@pytest.fixture(scope="session")
def lateral_png() -> bytes:
    return sample_png("lateral")


Serve = Callable[..., TestClient]


@pytest.fixture
def serve_fake(tmp_path: Path) -> Iterator[Serve]:
    """Makes a server whose scanner has no network."""
    with ExitStack() as stack:

        def serve(**settings: Any) -> TestClient:
            values = {"data": tmp_path / "data", "hosts": (HOST,), "jobs": 1, **settings}
            app = create_app(WebSettings(**values), load=load_fake)
            return wait_ready(stack.enter_context(TestClient(app)))

        yield serve


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server with the models that ship."""
    settings = WebSettings(data=tmp_path_factory.mktemp("data"), hosts=(HOST,), jobs=1)
    with TestClient(create_app(settings)) as client:
        yield wait_ready(client)
