"""Every variable that is read is on the page, and none that is not."""

import re
from pathlib import Path

from spinescan.pacs import web_server

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "environment.md"
KINDS = (".py", ".sh", ".yaml", ".yml", ".ipynb", ".js", "")


def read() -> set[str]:
    """The variables that any source names."""
    found: set[str] = set()
    for folder in ("src", "tests", "docker", "notebooks", "benchmarks"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in KINDS and path != Path(__file__):
                found |= names_in(path)
    for path in (ROOT / "Dockerfile", *ROOT.glob("compose*.yaml"), ROOT / "Makefile"):
        found |= names_in(path)
    return found


def names_in(path: Path) -> set[str]:
    text = path.read_text("utf-8", "replace")
    return set(re.findall(r"SPINESCAN_[A-Z_]*[A-Z](?![A-Z_{])", text))


def test_every_variable_is_on_the_page() -> None:
    stems = {"SPINESCAN_DICOMWEB"}  # the beginning of the three
    told = set(re.findall(r"^\| `(SPINESCAN_\w+)`", PAGE.read_text("utf-8"), re.MULTILINE))
    logins = {web_server.USER, web_server.PASSWORD, web_server.TOKEN}
    assert told == (read() | logins) - stems
    assert {"SPINESCAN_TOKEN", "SPINESCAN_PORT"} <= told


def test_settings_are_read_from_no_other_variable() -> None:
    """Who reads the environment is known, and hands it to what looks for these names."""
    readers = {
        str(path.relative_to(ROOT / "src" / "spinescan"))
        for path in (ROOT / "src").rglob("*.py")
        if re.search(r"os\.environ|getenv", path.read_text("utf-8"))
    }
    assert readers <= {
        "app/cluster.py",  # Ray's own variables
        "app/commands/dicomweb.py",
        "app/commands/node.py",
        "app/commands/serve.py",
        "train/keras_check.py",  # sets KERAS_BACKEND, reads none
    }
