"""The light tests in other environments: the oldest libraries that are allowed, and other Pythons.

    python tests/environments.py lowest 3.12 3.13           every light test in each
    python tests/environments.py lowest 3.12 3.13 --short   the wheel reads a film; core's tests
    python tests/environments.py write                      write constraints-lowest.txt anew

A Python that is not installed is passed over, and said so. Environments are `.venv-NAME` and are
made anew each time.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOWEST = ROOT / "constraints-lowest.txt"
PINNED = ROOT / "constraints.txt"
OLDEST_PYTHON = "3.11"
EXTRAS = ("web", "pdf", "dicom")
# What the short tests need beside it, and the whole ones where no newer tool fits an old library.
TOOLS = ("hypothesis", "pypdf", "pytest")
CORE = ("core", "measure", "io")
# Not on the oldest libraries: the documentation is written with new ones alone, and no Schemathesis
# that goes with old ones has what the test of the REST schema asks.
PASSED_OVER = ("docs", "docs_reference", "evidence", "test_docs.py", "app/web/test_schema.py")
HEAD = """\
# The oldest versions that pyproject.toml allows of what the light runtime and the extras web, pdf
# and dicom name; the rest is as new as can be. `make lowest` writes this.
"""


def main() -> int:
    """Each environment made, and tested; 1 if one failed."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("names", nargs="+", metavar="lowest|VERSION|write")
    words.add_argument("--short", action="store_true", help="a chosen part, in a few minutes")
    given = words.parse_args()
    if given.names == ["write"]:
        LOWEST.write_text(HEAD + resolve_lowest(), encoding="utf-8")
        return 0
    failed = []
    for name in given.names:
        python = find_python(OLDEST_PYTHON if name == "lowest" else name)
        if python is None:
            print(f"{name}: this Python is not installed here: not tested", flush=True)
            continue
        began = time.monotonic()
        held = test(name, python, short=given.short)
        print(
            f"{name}: {'held' if held else 'FAILED'}, {time.monotonic() - began:.0f} s", flush=True
        )
        failed += [] if held else [name]
    return 1 if failed else 0


def resolve_lowest() -> str:
    """The oldest versions that have wheels, as `uv` finds them."""
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    done = subprocess.run(
        [Path(sys.executable).with_name("uv"), "pip", "compile", "--quiet", "--no-header",
         "--no-annotate", "--resolution", "lowest-direct", "--only-binary", ":all:",
         "--python-version", OLDEST_PYTHON, *extras, ROOT / "pyproject.toml"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )  # fmt: skip
    return done.stdout


def find_python(version: str) -> str | None:
    """A program that is this version of Python: on PATH, or pyenv's."""
    named = [shutil.which(f"python{version}")]
    named += map(str, sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))
    for program in filter(None, named):
        asked = "import sys; print(*sys.version_info[:2], sep='.')"
        done = subprocess.run([program, "-c", asked], capture_output=True, text=True)
        if done.stdout.strip() == version:  # a shim of pyenv may be there and answer nothing
            return program
    return None


def test(name: str, python: str, *, short: bool) -> bool:
    """Make the environment, install into it, test in it."""
    place = ROOT / f".venv-{name}"
    subprocess.run([python, "-m", "venv", "--clear", place], check=True)
    pip = [place / "bin/pip", "--quiet", "--disable-pip-version-check", "install"]
    pins = ["--constraint", LOWEST if name == "lowest" else PINNED]
    extras = ",".join(EXTRAS)
    tests = [place / "bin/pytest", "-q", "-p", "no:cacheprovider"]
    if name == "lowest":  # what they call obsolete, newer versions have mended
        tests += ["-W", "ignore::DeprecationWarning", "-W", "ignore::PendingDeprecationWarning"]
        tests += [f"--ignore={ROOT / 'tests' / path}" for path in PASSED_OVER]
    steps: list[list[object]]
    if short:
        wheel = place / "wheel"
        tests += ["-m", "not training and not slow", "--hypothesis-profile", "quick"]
        steps = [
            [*pip, "hatchling", *TOOLS, *pins],
            [place / "bin/pip", "--quiet", "wheel", "--no-deps", "--no-build-isolation",
             "--wheel-dir", wheel, ROOT],
            [*pip, *pins, f"spinescan[{extras}]", "--find-links", wheel],
            [place / "bin/spinescan", "phantom", "--dicom", "--seed", "3", "--out", place / "film"],
            [place / "bin/spinescan", "scan", place / "film/film.dcm", "--sr", "--sc", "--pdf",
             "--out", place / "answers"],
            [*tests, *(ROOT / "tests" / room for room in CORE)],
        ]  # fmt: skip
    else:
        wanted = "dev" if name != "lowest" else extras
        old = [*TOOLS, "httpx", "httpx2", "matplotlib", "pyyaml", "scikit-learn"]
        steps = [
            [*pip, "hatchling", "editables", *(old if name == "lowest" else []), *pins],
            [*pip, "--no-build-isolation", "--editable", f"{ROOT}[{wanted}]", *pins],
            [*tests, "-m", "not training", ROOT / "tests"],
        ]
    return all(subprocess.run(list(map(str, step)), cwd=ROOT).returncode == 0 for step in steps)


if __name__ == "__main__":
    sys.exit(main())
