"""The result files of benchmarks/results, as the pages and cards read them, and the commands."""

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BUNDLES = ROOT / "src" / "spinescan" / "bundles"
SAGITTAL = ("generalist", "kyphosis", "lordosis")
BEGIN, END = "<!-- figures: written by make docs -->\n", "<!-- end of figures -->"
_FILE = re.compile(r"`([\w/-]+)\.json`")


def result(name: str) -> dict[str, Any]:
    """One benchmark's answer."""
    answer: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    return answer


def commands() -> dict[str, str]:
    """What makes each result file, by the last table of benchmarks/README.md."""
    table = (
        (ROOT / "benchmarks" / "README.md").read_text("utf-8").split("| result | command |\n")[1]
    )
    told = {}
    for line in table.splitlines()[1:]:
        files, command = line.strip("|").split("|", 1)
        told |= dict.fromkeys(_FILE.findall(files), command.strip())
    return told


def between_marks(text: str, figures: str) -> str:
    """A page with what stands between its marks renewed."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + figures + END + rest.split(END, 1)[1]
