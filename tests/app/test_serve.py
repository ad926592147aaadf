"""`spinescan serve`: what it refuses before it listens, and a server as a user starts it."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from click.testing import CliRunner

from spinescan.app.commands.serve import read_tokens, serve
from spinescan.app.main import cli
from spinescan.app.web import server
from tests.app.web.conftest import API, grey_film

TOKEN = "a-token-of-enough-length"


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Closes what a server that never runs has opened."""
    with ExitStack() as stores:
        for name in ("CaseStore", "JobStore"):
            kind = getattr(server, name)
            monkeypatch.setattr(
                server, name, lambda *given, kind=kind: stores.enter_context(kind(*given))
            )
        yield


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What would have been served."""
    served: list[dict[str, Any]] = []
    monkeypatch.setattr("uvicorn.run", lambda app, **options: served.append(options))
    monkeypatch.delenv("SPINESCAN_TOKEN", raising=False)
    return served


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "films.example.org"])
def test_it_listens_beyond_this_machine_only_with_a_token(
    host: str, no_server: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["--host", host, "--data", str(tmp_path / "data")]
    refused = CliRunner().invoke(serve, asked)
    assert refused.exit_code == 2
    assert "token" in refused.output
    assert no_server == []
    monkeypatch.setenv("SPINESCAN_TOKEN", TOKEN)
    assert CliRunner().invoke(serve, asked).exit_code == 0
    assert no_server[0]["host"] == host


def test_behind_a_proxy_a_token_is_needed_too(
    no_server: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["--allow-host", "Films.example.org", "--data", str(tmp_path / "data")]
    refused = CliRunner().invoke(serve, asked)
    assert refused.exit_code == 2
    assert "token" in refused.output
    monkeypatch.setenv("SPINESCAN_TOKEN", TOKEN)
    assert CliRunner().invoke(serve, asked).exit_code == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_on_this_machine_no_token_is_needed(
    host: str, no_server: list[Any], tmp_path: Path
) -> None:
    asked = ["--host", host, "--data", str(tmp_path / "data")]
    assert CliRunner().invoke(serve, asked).exit_code == 0
    assert no_server[0]["access_log"] is False  # it would hold paths and query strings


def test_tokens_have_names(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"anna:{TOKEN}\n\nben: {TOKEN}-2 \n")
    digests = [hashlib.sha256(t.encode()).hexdigest() for t in (TOKEN, f"{TOKEN}-2", "e" * 20)]
    assert read_tokens(path, {"SPINESCAN_TOKEN": "e" * 20}) == dict(
        zip(digests, ("anna", "ben", "token"), strict=True)
    )
    assert read_tokens(None, {}) == {}


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_a_file_without_a_token_does_not_open_the_server(
    text: str, tmp_path: Path, no_server: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tokens"
    path.write_text(text)
    answer = CliRunner().invoke(serve, ["--token-file", str(path), "--data", str(tmp_path)])
    assert answer.exit_code == 2
    monkeypatch.setenv("SPINESCAN_TOKEN", "")  # such as of a command that failed
    assert CliRunner().invoke(serve, ["--data", str(tmp_path)]).exit_code == 2
    assert no_server == []


@pytest.mark.parametrize(("host", "named"), [("127.0.0.2", "127.0.0.2"), ("fd00::5", "[fd00::5]")])
def test_it_is_known_by_the_address_that_it_listens_at(
    host: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps: list[Any] = []
    monkeypatch.setattr("uvicorn.run", lambda app, **options: apps.append(app))
    monkeypatch.setenv("SPINESCAN_TOKEN", TOKEN)
    asked = ["--host", host, "--data", str(tmp_path / "data")]
    assert CliRunner().invoke(serve, asked).exit_code == 0
    assert named in apps[0].state.films.settings.hosts


@pytest.mark.parametrize("line", [TOKEN, f":{TOKEN}", "anna:", "anna:short", "anna:" + "\xe4" * 20])
def test_a_token_that_could_be_guessed_is_refused(
    line: str, tmp_path: Path, no_server: list[Any]
) -> None:
    path = tmp_path / "tokens"
    path.write_text(line)
    answer = CliRunner().invoke(serve, ["--token-file", str(path), "--data", str(tmp_path)])
    assert answer.exit_code == 2
    assert TOKEN not in answer.output
    assert no_server == []


def test_a_model_that_cannot_be_used_is_told(no_server: list[Any], tmp_path: Path) -> None:
    asked = ["serve", "--data", str(tmp_path / "data"), "--bundle", str(tmp_path)]
    answer = CliRunner().invoke(cli, asked)
    assert answer.exit_code == 1
    assert "not a bundle" in answer.output
    assert no_server == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_a_server_as_a_user_starts_it(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "data"
    command = [sys.executable, "-c", "from spinescan.app.main import cli; cli()", "serve"]
    process = subprocess.Popen(
        [*command, "--jobs", "1", "--port", str(port), "--data", str(data)],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
    )
    place = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                if httpx.get(f"{place}/ready").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        answer = httpx.post(f"{place}{API}/scans", files={"film": grey_film()}, timeout=30)
        assert answer.status_code == 200
        assert answer.json()["report"]["decision"] == "abstained"
        assert "SpineScan" in httpx.get(place).text
    finally:
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert "research use only" in told
    assert answer.json()["id"] not in told
    assert "Traceback" not in told
