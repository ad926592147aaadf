"""The wheel reads a film in an environment that had nothing, out of the checkout's reach."""

import json
from pathlib import Path

import pytest

import spinescan
from spinescan.core.report import RESEARCH_USE
from tests.release.conftest import ROOT, Installed

pytestmark = pytest.mark.slow


def test_it_is_the_wheel_s_own_package_and_light(installed: Installed) -> None:
    told = "import spinescan; print(spinescan.__version__); print(spinescan.__file__)"
    version, place = installed.run("python", "-c", told).stdout.split()
    assert version == spinescan.__version__
    assert Path(place).is_relative_to(installed.folder)
    assert not Path(place).is_relative_to(ROOT)
    listed = installed.run("pip", "list", "--format=json").stdout
    names = {package["name"].lower() for package in json.loads(listed)}
    assert "onnxruntime" in names
    assert not names & {"torch", "fastapi", "highdicom", "pytest", "hatchling"}
    assert installed.run("pip", "check").returncode == 0


@pytest.mark.parametrize("options", [[], ["--dicom"]], ids=["png", "dicom"])
def test_it_reads_a_film_that_it_drew(installed: Installed, options: list[str]) -> None:
    drawn = installed.folder / f"drawn{len(options)}"
    done = installed.run(
        "spinescan", "phantom", "--als", "4C", "--cobb", "45", "--seed", "3", *options,
        "--out", drawn,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (film,) = drawn.glob("film.*")
    answers = drawn / "answers"
    done = installed.run("spinescan", "scan", film, "--json", "--out", answers)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["decision"] == "accepted"
    truth = json.loads((drawn / "truth.json").read_text("utf-8"))
    largest = max(curve["cobb_deg"] for curve in truth["curves"])
    assert report["curves"][0]["cobb_deg"] == pytest.approx(largest, abs=10)
    (folder,) = answers.glob("film-*")
    assert {path.name for path in folder.iterdir()} == {"report.json", "overlay.png", "page.html"}
    assert RESEARCH_USE in (folder / "page.html").read_text("utf-8")
    assert (folder / "overlay.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "extra"),
    [(["serve"], "web"), (["node"], "dicom"), (["scan", "film.png", "--out", "x", "--pdf"], "pdf")],
)
def test_a_missing_extra_is_one_line_that_names_it(
    installed: Installed, words: list[str], extra: str
) -> None:
    done = installed.run("spinescan", *words)
    assert done.returncode in (1, 2)
    assert f"spinescan[{extra}]" in done.stderr
    assert "Traceback" not in done.stderr
