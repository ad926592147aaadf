"""The page's modules are type-checked by what their comments say."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1] / "typescript"
STATIC = Path(__file__).parents[4] / "src" / "spinescan" / "app" / "web" / "static"


@pytest.mark.slow
def test_typescript_finds_nothing() -> None:
    named = os.environ.get("SPINESCAN_TSC")
    tsc = named or shutil.which("tsc")
    if tsc is None:
        pytest.skip("no tsc here: npm install in tests/app/web/typescript, and set SPINESCAN_TSC")
    ran = subprocess.run([tsc, "-p", str(PROJECT)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_modules_are_small_and_load_nothing_from_elsewhere() -> None:
    modules = sorted(STATIC.glob("*.js"))
    assert len(modules) > 20
    for module in modules:
        text = module.read_text()
        assert text.count("\n") < 300, module.name
        for banned in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert banned not in text, module.name
    for file in STATIC.iterdir():
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, file.name
        assert "https://" not in text.replace('"https://"', ""), file.name  # a field's placeholder
