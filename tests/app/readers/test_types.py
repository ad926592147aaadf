"""The form's scripts are type-checked by what their comments say, and ask nobody for anything."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from spinescan.app.readers.form import SCRIPTS

PROJECT = Path(__file__).parent / "typescript"
STATIC = Path(__file__).parents[3] / "src" / "spinescan" / "app" / "readers" / "static"


@pytest.mark.slow
def test_typescript_finds_nothing() -> None:
    tsc = os.environ.get("SPINESCAN_TSC") or shutil.which("tsc")
    if tsc is None:
        pytest.skip("no tsc here: npm install in tests/app/web/typescript, and set SPINESCAN_TSC")
    ran = subprocess.run([tsc, "-p", str(PROJECT)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_scripts_are_small_and_all_of_them_are_in_the_form() -> None:
    scripts = {script.name: script.read_text() for script in STATIC.glob("*.js")}
    assert set(scripts) == set(SCRIPTS)
    for name, text in scripts.items():
        assert text.count("\n") < 300, name
        banned = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "</")
        for word in (*banned, "http:", "https:", "fetch(", "XMLHttpRequest", "sendBeacon"):
            assert word not in text, name
