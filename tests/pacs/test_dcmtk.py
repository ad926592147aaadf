"""DCMTK's programs as senders: another implementation of the same standard."""

import shutil
import subprocess
from pathlib import Path

import pytest

from spinescan.pacs.access import AllowList, Sender
from tests.pacs.films import film, uid_of
from tests.pacs.test_listener import Taking, listening

pytestmark = pytest.mark.skipif(
    shutil.which("storescu") is None or shutil.which("echoscu") is None,
    reason="needs DCMTK's echoscu and storescu (Debian's package dcmtk)",
)


def run(*words: str | Path) -> int:
    return subprocess.run(list(map(str, words)), capture_output=True, timeout=30).returncode


def test_dcmtk_sends_films(tmp_path: Path) -> None:
    films = [film(seed, rows=300, columns=200) for seed in range(3)]
    for number, each in enumerate(films):
        (tmp_path / f"{number}.dcm").write_bytes(each)
    taking = Taking()
    paths = sorted(tmp_path.glob("*.dcm"))
    with listening(taking, allowed=AllowList((Sender.parse("CR1@127.0.0.1"),))) as listener:
        to = ("127.0.0.1", str(listener.port))
        ours = ("-aet", "CR1", "-aec", "SPINESCAN")
        assert run("echoscu", *ours, *to) == 0
        assert run("echoscu", "-aet", "CR2", "-aec", "SPINESCAN", *to) != 0
        assert run("echoscu", "-aet", "CR1", "-aec", "OTHER", *to) != 0
        assert run("storescu", *ours, *to, *paths) == 0
        assert run("storescu", "-aet", "CR2", "-aec", "SPINESCAN", *to, *paths) != 0
        # In the largest and the smallest pieces that it makes.
        assert run("storescu", *ours, "-pdu", "131072", *to, paths[0]) == 0
        assert run("storescu", *ours, "-pdu", "4096", *to, paths[0]) == 0
        taking.answer = "full"
        assert run("storescu", *ours, *to, paths[0]) != 0
    expected = [*map(uid_of, films), uid_of(films[0]), uid_of(films[0])]
    assert [each.uid for each in taking.films] == expected
