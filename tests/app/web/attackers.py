"""What the attacks on the server share."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from spinescan.app.web.films import Films
from spinescan.app.web.server import create_app
from spinescan.app.web.settings import WebSettings
from tests.app.web.conftest import API, HOST, grey_film, load_fake, wait_ready

TOKEN = "correct horse battery staple"
TOKENS = {hashlib.sha256(TOKEN.encode()).hexdigest(): "anna",
          hashlib.sha256(b"a second token of the clinic").hexdigest(): "ben"}  # fmt: skip
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}
NAME = "Jane Doe 1990-01-01.png"
SAMPLE_ID = "0" * 32

Params = dict[str, str]


def scan(client: TestClient, film: bytes | None = None, **more: Any) -> Any:
    return client.post(f"{API}/scans", files={"film": (NAME, film or grey_film())}, **more)


def films_of(client: TestClient) -> Films:
    """What the server's routes share."""
    films: Films = client.app.state.films  # type: ignore[attr-defined]
    return films


def routes(client: TestClient) -> list[tuple[str, str]]:
    """Each method with each path of the API, as its documentation has them."""
    paths = client.get(f"{API}/openapi.json", headers=WITH_TOKEN).json()["paths"]
    return [(method.upper(), path) for path, ways in paths.items() for method in ways]


def filled(path: str, value: str = SAMPLE_ID) -> str:
    return re.sub(r"\{[a-z_]+\}", lambda _: value, path)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server that many attacks share, whose scanner has no network."""
    settings = WebSettings(data=tmp_path_factory.mktemp("data"), hosts=(HOST,), jobs=1)
    with TestClient(create_app(settings, load=load_fake)) as client:
        yield wait_ready(client)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The same with tokens."""
    data = tmp_path_factory.mktemp("data")
    settings = WebSettings(data=data, hosts=(HOST,), jobs=1, tokens=TOKENS)
    with TestClient(create_app(settings, load=load_fake)) as client:
        yield wait_ready(client)
