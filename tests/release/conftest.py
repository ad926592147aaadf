"""The two files of a release, built once, and an empty environment with the wheel in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Any fixed time: two buildings have to agree on it.
EPOCH = {"SOURCE_DATE_EPOCH": "1795392000"}


def build(source: Path, target: Path, *options: str) -> None:
    """Build from `source` into `target`, with the pinned hatchling of this environment."""
    words = [sys.executable, "-m", "build", "--no-isolation", "--outdir", target, *options, source]
    done = subprocess.run(words, env=EPOCH | os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was made from it.

    SPINESCAN_DIST names one that is there already, as `make dist` leaves it.
    """
    if named := os.environ.get("SPINESCAN_DIST"):
        return Path(named).resolve()
    pytest.importorskip("build", reason="needs the extra dev")
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, folder)
    return folder


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def sdist(dist: Path) -> Path:
    (found,) = dist.glob("*.tar.gz")
    return found


class Installed:
    """What is installed in an environment of its own, run in a folder of its own."""

    def __init__(self, environment: Path, folder: Path) -> None:
        self.bin, self.folder = environment / "bin", folder
        self.variables = {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(folder)}

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Nothing of the checkout is within reach: no PYTHONPATH, no HOME, another folder."""
        program, *rest = words
        return subprocess.run(
            [self.bin / program, *rest],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
        )


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel and what it asks for, in an environment that was empty."""
    folder = tmp_path_factory.mktemp("elsewhere")
    environment = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    copied = shutil.copy2(wheel, folder)  # as one who was given the file alone
    pins = ROOT / "constraints.txt"
    words = [environment / "bin/pip", "--quiet", "install", "--constraint", pins, copied]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Installed(environment, folder)
