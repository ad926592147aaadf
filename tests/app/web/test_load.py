"""A small crowd at a server as a user starts it; `benchmarks/web_load.py` sends a large one."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest
import web_load  # benchmarks/web_load.py

pytestmark = pytest.mark.slow


def test_no_answer_but_a_film_or_come_back_and_no_film_is_lost(tmp_path: Path) -> None:
    sent = {name: film for name, film in web_load.films().items() if len(film) < 500_000}
    options = SimpleNamespace(clients=30, seconds=5.0)
    with web_load.server(tmp_path / "data", jobs=2) as (port, pid):
        load, seconds = asyncio.run(web_load.crowd(port, pid, sent, options))
        missing = asyncio.run(web_load.lost(port, load))
    told = web_load.told(load, seconds, missing)
    assert told["errors"] == {}
    assert told["lost"] == 0
    assert told["accepted"] == len(load.accepted) > 0
    assert told["refused_429"] > 0
    assert told["health_ms"]["n"] > 10
