"""What docs/how-to/serve.md tells programs to do works."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from spinescan.app.web.server import create_app
from spinescan.app.web.settings import WebSettings
from tests.app.web.conftest import HOST
from tests.app.web.listening import listening

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "serve.md").read_text("utf-8")
ADDRESS = "localhost:8000"

pytestmark = pytest.mark.slow


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_programs_run(
    tmp_path: Path,
    frontal_png: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "film.png").write_bytes(frontal_png)
    monkeypatch.chdir(tmp_path)
    (program,) = blocks("python")
    shell = next(block for block in blocks("sh") if "report.pdf" in block)
    settings = WebSettings(data=tmp_path / "data", hosts=("localhost", "127.0.0.1", HOST), jobs=1)
    with listening(create_app(settings)) as port:
        exec(program.replace(ADDRESS, f"localhost:{port}"), {})
        found, measured = (eval(line) for line in capsys.readouterr().out.splitlines())
        assert found[0][2] != measured[0][2]
        assert list((tmp_path / "data" / "cases").rglob("*"))
        subprocess.run(
            ["sh", "-euc", shell.replace(ADDRESS, f"localhost:{port}")],
            check=True,
            env={"SPINESCAN_TOKEN": "none", "PATH": "/usr/local/bin:/usr/bin:/bin"},
        )
    assert (tmp_path / "film.pdf").read_bytes().startswith(b"%PDF-")
    assert list((tmp_path / "data" / "unsaved").iterdir()) == []
