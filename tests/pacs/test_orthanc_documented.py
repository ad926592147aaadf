"""Orthanc set up as `docs/how-to/pacs.md` says: films are routed, and nothing in circles."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from spinescan.app.main import cli
from tests.pacs import orthanc as orthanc_program
from tests.pacs.orthanc import Orthanc
from tests.pacs.round_trip import film, wait_for
from tests.pacs.test_orthanc_node import by_c_store, everything_once, node

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "pacs.md"


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return str(found)


@pytest.fixture
def routing(tmp_path: Path) -> Iterator[Orthanc]:
    """An Orthanc with the documented settings, on ports of its own."""
    reason = orthanc_program.missing()
    if reason is not None:
        pytest.skip(reason)
    script = tmp_path / "spinescan.lua"
    script.write_text(block("lua"))
    told = json.loads(block("json"))
    assert told["LuaScripts"] == ["/etc/orthanc/spinescan.lua"]
    kept = {key: told[key] for key in ("OverwriteInstances", "DicomWeb", "DicomAet")}
    server = Orthanc(tmp_path / "orthanc", settings={**kept, "LuaScripts": [str(script)]})
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.mark.slow
def test_new_films_are_routed_and_nothing_goes_in_circles(routing: Orthanc, tmp_path: Path) -> None:
    with node(routing, tmp_path / "node", *by_c_store(routing)) as program:
        for number in range(2):
            routing.add(film(number))
        assert wait_for(lambda: everything_once(routing, 2)), program.log
        time.sleep(2)  # what went in circles would come again
        assert everything_once(routing, 2)
        assert program.spooled() == []
    assert program.log.count("a film has come") == 2
    # What the node stored, the nightly run finds stored.
    asked = ["--server", routing.url, "--query", "StudyDate=20260115", "--data", str(tmp_path)]
    nightly = CliRunner().invoke(cli, ["dicomweb", "scan", *asked, "--store"])
    assert nightly.exit_code == 0, nightly.output
    assert everything_once(routing, 2)
