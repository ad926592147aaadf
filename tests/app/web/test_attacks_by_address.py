"""Addresses of films by which the server would ask the machines beside it."""

import logging
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from spinescan.io import reach as reach_module
from spinescan.io.reach import Reach
from tests.app.web.conftest import API, Serve
from tests.io.test_reach import PRIVATE, PUBLIC, SECRET, names, private, public

__all__ = ["names", "private", "public"]  # fixtures


def ask_url(client: TestClient, url: str) -> Any:
    return client.post(f"{API}/scans/url", json={"url": url})


@pytest.mark.slow
def test_no_address_is_fetched_unless_allowed(serve_fake: Serve, private: Any) -> None:
    answer = ask_url(serve_fake(), f"http://127.0.0.1:{private.server_port}/film")
    assert answer.status_code == 403
    assert private.asked == []


@pytest.mark.slow
def test_no_address_leads_to_the_machines_beside(
    serve_fake: Serve, public: Any, private: Any, names: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    client = serve_fake(allow_urls=True)
    port = private.server_port
    for url in (
        f"http://127.0.0.1:{port}/film{SECRET}",
        f"http://localhost:{port}/film{SECRET}",
        f"http://[::ffff:127.0.0.1]:{port}/film{SECRET}",
        f"http://hunter2:hunter2@127.0.0.1:{port}/",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
    ):
        assert (answer := ask_url(client, url)).status_code == 422
        assert "hunter2" not in answer.text
    # As if PUBLIC were the public internet: by name, by redirect, by a name that changes.
    ports = frozenset({port, public.server_port})
    allowed = Reach(allowed=lambda address: str(address) == PUBLIC, ports=ports)
    monkeypatch.setattr(reach_module, "Reach", lambda: allowed)
    names["inner.example"] = [[PRIVATE]]
    names["films.example"] = [[PUBLIC]]
    names["changing.example"] = [[PUBLIC], [PRIVATE]]
    public.target = f"http://127.0.0.1:{port}/film{SECRET}"
    for url in (
        f"http://inner.example:{port}/film",
        f"http://films.example:{public.server_port}/moved",
        f"http://changing.example:{port}/film",
        f"http://changing.example:{port}/film",
    ):
        answer = ask_url(client, url + SECRET)
        assert (answer.status_code, answer.json()["error"]["kind"]) == (422, "url")
        assert not any(word in answer.text for word in ("hunter2", "example", "127.0.0"))
    assert private.asked == []
    found = ask_url(client, f"http://films.example:{public.server_port}/film{SECRET}")
    assert found.json()["error"]["kind"] == "not_an_image"
    assert "hunter2" not in found.text + caplog.text
    assert list((tmp_path / "data" / "unsaved").iterdir()) == []
