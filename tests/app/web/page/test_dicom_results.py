"""DICOM results in the page: offered where there are some, and of the points on the screen."""

import io
from pathlib import Path

import pytest
from dicom_films import film_file, person
from pydicom import dcmread

from spinescan.phantom.film import sample_film
from tests.app.web.page.conftest import Open
from tests.app.web.page.viewer import Viewer
from tests.io.sr.reading import answers, groups_of, srread

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dicom") / "film.dcm"
    path.write_bytes(film_file(sample_film().pixels, person))
    return path


def offered(viewer: Viewer) -> list[str]:
    """The kinds of files that the open menu offers."""
    viewer.page.click("text=Download")
    viewer.page.wait_for_selector("[data-kind='report.pdf']")
    kinds = viewer.page.locator("[data-kind]:visible")
    found = [str(kinds.nth(i).get_attribute("data-kind")) for i in range(kinds.count())]
    viewer.page.keyboard.press("Escape")
    return found


def test_they_are_of_the_points_on_the_screen(open_page: Open, film: Path) -> None:
    viewer = open_page()
    viewer.open_film(film)
    viewer.drag("T5_superior_right", 3, 8)
    got = {}
    for kind in ("report.dcm", "overlay.dcm"):
        viewer.page.click("text=Download")
        with viewer.page.expect_download() as coming:
            viewer.page.click(f"[data-kind='{kind}']")
        assert coming.value.suggested_filename == f"spinescan-{kind}"
        got[kind] = Path(coming.value.path()).read_bytes()
    document = srread(got["report.dcm"])
    angles = [g.get_measurements()[0].value for g in groups_of(document, "curve")]
    shown = sorted(f"{angle:.1f}\N{DEGREE SIGN}" for angle in angles)
    assert shown == sorted(viewer.angles())
    (about,) = groups_of(document, "film")
    assert answers(about, "source") == ["EDITED"]
    assert dcmread(io.BytesIO(got["overlay.dcm"])).StudyInstanceUID == document.StudyInstanceUID


def test_they_are_offered_for_films_of_a_study_alone(
    open_page: Open, film: Path, films: dict[str, Path]
) -> None:
    viewer = open_page()
    viewer.open_film(films["frontal"])
    assert not any(kind.endswith(".dcm") for kind in offered(viewer))
    viewer.open_film(film)
    assert {"report.dcm", "overlay.dcm"} <= set(offered(viewer))
    viewer.save_to_case("Dicom-2", "2026-03-01")
    assert not any(kind.endswith(".dcm") for kind in offered(viewer))
