"""A small crowd at a server as a user starts it; `benchmarks/web_load.py` sends a large one."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import web_load  # benchmarks/web_load.py

pytestmark = pytest.mark.slow


def small_crowd(data: Path) -> dict[str, Any]:
    sent = {name: film for name, film in web_load.films().items() if len(film) < 500_000}
    options = SimpleNamespace(clients=30, seconds=5.0)
    with web_load.server(data, jobs=2) as (port, pid):
        load, seconds = asyncio.run(web_load.crowd(port, pid, sent, options))
        missing = asyncio.run(web_load.lost(port, load))
    return web_load.told(load, seconds, missing)


def test_no_answer_but_a_film_or_come_back_and_no_film_is_lost(tmp_path: Path) -> None:
    # In a thread: a browser that another test has opened keeps a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        told = thread.submit(small_crowd, tmp_path / "data").result()
    assert told["errors"] == {}
    assert told["lost"] == 0
    assert told["accepted"] > 0
    assert told["refused_429"] > 0
    assert told["health_ms"]["n"] > 10
