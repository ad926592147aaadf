"""What two programs that are not ours say of the results."""

import shutil
from datetime import datetime
from pathlib import Path

import pytest
from dicom_films import HEADERS, cases, film_file
from dicom_validity import complaints, landmark_models
from hypothesis import given, settings
from PIL import Image

from spinescan.app.dicom_results import dicom_results
from spinescan.core.report import Report
from spinescan.infer.scanner import Scanner
from spinescan.io.sr import render_capture, render_sr
from tests.io.sr.reports import FILM, PIXELS, report, reports

AT = datetime(2026, 1, 2, 3, 4, 5)

UNSUPPORTED = "W: The VR checker does not support this Specific Character Set: ISO_IR 192"
"""DCMTK's own limit, told of every file in UTF-8; the text is shown all the same."""


def need(program: str) -> None:
    if shutil.which(program) is None:
        packages = {"dciodvfy": "dicom3tools", "dsrdump": "dcmtk"}
        pytest.skip(f"{program} is not installed (Debian's package {packages[program]})")


def check(data: bytes, place: Path, *programs: str) -> None:
    place.write_bytes(data)
    for program in programs:
        errors, warnings = complaints(program, place)
        assert errors == []
        if program == "dsrdump":
            assert set(warnings) <= {UNSUPPORTED}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dicom") / "result.dcm"


@pytest.mark.parametrize("program", ["dciodvfy", "dsrdump"])
def test_the_judges_find_a_fault(program: str, place: Path) -> None:
    need(program)
    data = render_sr(FILM, report(), written_at=AT)
    place.write_bytes(data.replace(b"UNVERIFIED", b"UNHEARD OF"))
    errors, warnings = complaints(program, place)
    assert errors or set(warnings) - {UNSUPPORTED}


@pytest.mark.parametrize("name", ["Mül^Jan", "Åse^à"])
def test_a_name_in_bytes_of_no_declared_set_is_valid(place: Path, name: str) -> None:
    need("dciodvfy")
    need("dsrdump")
    film = FILM.replace(b"Doe^Jane", name.encode().ljust(8))
    check(render_sr(film, report(), written_at=AT), place, "dciodvfy", "dsrdump")
    picture = Image.new("RGB", (20, 20))
    check(render_capture(film, picture, report(), written_at=AT), place, "dciodvfy")


@given(reports)
@settings(max_examples=8)
def test_any_report_is_valid(place: Path, told: Report) -> None:
    need("dciodvfy")
    need("dsrdump")
    check(render_sr(FILM, told, written_at=AT), place, "dciodvfy", "dsrdump")


@pytest.mark.parametrize("whose", sorted(HEADERS))
def test_results_are_valid_under_any_header(whose: str, place: Path) -> None:
    need("dciodvfy")
    need("dsrdump")
    film = film_file(PIXELS, HEADERS[whose])
    check(render_sr(film, report(), written_at=AT), place, "dciodvfy", "dsrdump")
    picture = Image.new("RGB", (31, 17), (200, 10, 10))
    check(render_capture(film, picture, report(), written_at=AT), place, "dciodvfy")


@pytest.mark.slow
def test_results_of_50_films_of_all_outcomes_are_valid(place: Path) -> None:
    need("dciodvfy")
    need("dsrdump")
    seen: set[tuple[str, str]] = set()
    for case in cases(50, Scanner.default(), landmark_models()):
        seen.add((case.report.view, case.report.decision))
        results = dicom_results(case.film, case.radiograph, case.report, written_at=AT)
        check(results["report.dcm"], place, "dciodvfy", "dsrdump")
        check(results["overlay.dcm"], place, "dciodvfy")
    assert seen >= {
        ("frontal", "accepted"),
        ("frontal", "abstained"),
        ("lateral", "accepted"),
        ("other", "abstained"),
    }
