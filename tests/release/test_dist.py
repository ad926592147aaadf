"""Wheel and source distribution: whole, no more than that, and the same however they are made."""

import email
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import spinescan
from spinescan.core.report import RESEARCH_USE
from tests.release.conftest import ROOT, build

pytestmark = pytest.mark.slow

LARGEST_WHEEL = 60_000_000  # bytes


def tracked(*under: str) -> set[str]:
    """What git holds; without git (in an unpacked sdist) nothing can be held against it."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout")
    words = ["git", "-c", "core.quotePath=off", "ls-files", *under]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines())


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_is_under_its_limit(wheel: Path) -> None:
    assert wheel.stat().st_size < LARGEST_WHEEL


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    packed = names_in(wheel)
    own = {name for name in packed if ".dist-info/" not in name}
    assert own == {name.removeprefix("src/") for name in tracked("src")}
    described = {name.split(".dist-info/")[1] for name in packed - own}
    assert described == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}


@pytest.mark.parametrize(
    "ending", [".onnx", "bundle.json", "CARD.md", "page.html", "index.html", ".js", ".css",
               ".toml", "py.typed"],
)  # fmt: skip
def test_the_wheel_holds_what_is_no_python(wheel: Path, ending: str) -> None:
    assert any(name.endswith(ending) for name in names_in(wheel))


def test_the_source_distribution_is_the_checkout(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        packed = {member.name.split("/", 1)[1] for member in archive if member.isfile()}
    assert packed - {"PKG-INFO"} == tracked()


def test_the_wheel_from_the_source_distribution_is_the_wheel_from_the_tree(
    dist: Path, sdist: Path, wheel: Path, tmp_path: Path
) -> None:
    tracked()  # a folder without git holds files that no release would
    build(ROOT, tmp_path / "tree", "--wheel", "--sdist")
    (again,) = (tmp_path / "tree").glob("*.whl")
    assert again.read_bytes() == wheel.read_bytes()
    (again,) = (tmp_path / "tree").glob("*.tar.gz")
    assert again.read_bytes() == sdist.read_bytes()


def test_the_description_says_what_it_is_and_for_whom(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        described = email.message_from_bytes(archive.read(name))
    assert described["Version"] == spinescan.__version__
    assert described["License-Expression"] == "Apache-2.0"
    assert RESEARCH_USE in " ".join(str(described.get_payload()).split())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(described.get_all("Provides-Extra", [])) == set(project["optional-dependencies"])
    assert not [
        word
        for line in described.get_all("Requires-Dist", [])
        for word in line.split()
        if "@" in word
    ]  # a dependency by address is none that an index takes
