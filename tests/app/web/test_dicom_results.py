"""DICOM results from the page: of the film's study and the points on the screen, kept nowhere."""

import io
import logging
from typing import Any

import numpy as np
import pytest
from dicom_films import HEADERS, film_file, person
from pydicom import Dataset, dcmread
from starlette.testclient import TestClient

from spinescan.phantom.film import sample_film
from tests.app.web.conftest import API, Serve
from tests.app.web.test_cases import begun, refused, saved, shifted
from tests.app.web.test_scans import Json, edit_of, scanned
from tests.io.sr.reading import answers, groups_of, srread
from tests.io.sr.reports import PIXELS

KINDS = ("report.dcm", "overlay.dcm")


@pytest.fixture(scope="module")
def film() -> bytes:
    return film_file(sample_film().pixels, person)


@pytest.fixture(scope="module")
def scan(client: TestClient, film: bytes) -> Json:
    return scanned(client, film)


def rendered(client: TestClient, scan: Json, kind: str, **asked: Any) -> bytes:
    answer = client.post(f"{API}/scans/{scan['id']}/render/{kind}", json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/dicom"
    assert kind in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    return answer.content


def test_they_are_in_the_films_study(client: TestClient, scan: Json, film: bytes) -> None:
    header = dcmread(io.BytesIO(film))
    for kind in KINDS:
        result = dcmread(io.BytesIO(rendered(client, scan, kind)))
        assert result.StudyInstanceUID == header.StudyInstanceUID
        assert result.PatientName == "Doe^Jane"


def test_the_report_is_that_of_the_page(client: TestClient, scan: Json) -> None:
    document = srread(rendered(client, scan, "report.dcm"))
    angles = [g.get_measurements()[0].value for g in groups_of(document, "curve")]
    assert sorted(angles) == sorted(c["cobb_deg"] for c in scan["report"]["curves"])
    assert angles
    (about,) = groups_of(document, "film")
    assert answers(about, "source") == ["MACHINE"]


def test_edits_are_in_it_and_told(client: TestClient, scan: Json) -> None:
    edit = shifted(edit_of(scan["report"]), "T5_superior_left", 6)
    measured = client.post(f"{API}/scans/{scan['id']}/measure", json=edit).json()["report"]
    document = srread(rendered(client, scan, "report.dcm", edit=edit))
    angles = [g.get_measurements()[0].value for g in groups_of(document, "curve")]
    assert sorted(angles) == sorted(c["cobb_deg"] for c in measured["curves"])
    (about,) = groups_of(document, "film")
    assert answers(about, "source") == ["EDITED"]
    overlay = dcmread(io.BytesIO(rendered(client, scan, "overlay.dcm", edit=edit)))
    assert "EDITED BY HAND" in overlay.DerivationDescription


def test_the_server_keeps_none_of_it(client: TestClient, scan: Json) -> None:
    folder = client.app.state.films.unsaved.film(scan["id"]).parent  # type: ignore[attr-defined]
    before = sorted(p.name for p in folder.iterdir())
    for kind in KINDS:
        rendered(client, scan, kind)
    assert sorted(p.name for p in folder.iterdir()) == before == ["film", "scan.json"]


def test_a_picture_has_no_study(client: TestClient, frontal_png: bytes, scan: Json) -> None:
    picture = scanned(client, frontal_png)
    assert scan["dicom_results"]
    assert not picture["dicom_results"]
    for kind in KINDS:
        answer = client.post(f"{API}/scans/{picture['id']}/render/{kind}", json={})
        assert "no DICOM file" in refused(answer, 422, "no_study")


def test_a_dicom_film_without_identifiers_is_refused(client: TestClient) -> None:
    def nameless(header: Dataset) -> None:
        del header.StudyInstanceUID

    told = scanned(client, film_file(np.full((100, 80), 0.5, np.float32).cumsum(1) / 50, nameless))
    for kind in KINDS:
        answer = client.post(f"{API}/scans/{told['id']}/render/{kind}", json={})
        assert "StudyInstanceUID" in refused(answer, 422, "no_study")


@pytest.mark.slow
def test_nobody_is_named_in_a_log(
    serve_fake: Serve, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    client = serve_fake()
    told = scanned(client, film_file(PIXELS, HEADERS["odd"]))  # libraries complain of its values
    for kind in KINDS:
        rendered(client, told, kind)
    printed = caplog.text + "".join(capfd.readouterr())
    for secret in ("Doe", "Jane", "2010.02.03", "2.25.", "fourteen"):
        assert secret not in printed


def test_a_film_in_a_case_names_nobody_any_more(client: TestClient, film: bytes) -> None:
    told = scanned(client, film)
    kept = saved(client, begun(client, "Dicom-1"), told["id"])
    assert not kept["dicom_results"]
    for kind in KINDS:
        answer = client.post(f"{API}/scans/{told['id']}/render/{kind}", json={})
        assert "before it is saved" in refused(answer, 409, "conflict")
