"""One film through the server: the answers are those of the Python calls."""

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

import spinescan
from spinescan.core.edit import Edit
from tests.app.fakes import ABSTAIN, CRASH, DEFECT, NORMAL, SLOW
from tests.app.web.conftest import API, grey_film

Json = dict[str, Any]


def scanned(client: TestClient, film: bytes, **told: str) -> Json:
    answer = client.post(f"{API}/scans", files={"film": ("a film.png", film)}, data=told)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def untimed(report: Json) -> Json:
    return {k: v for k, v in report.items() if k != "timing_ms"}


def edit_of(report: Json) -> Json:
    marks = report["landmarks"]
    return {
        "view": report["view"],
        "names": marks["names"],
        "points_xy": [list(point) for point in marks["points_xy"]],
        "levels_certain": marks["levels_certain"],
        "ends": None,
        "told": None,
    }


@pytest.fixture(scope="module")
def frontal(client: TestClient, frontal_png: bytes) -> Json:
    return scanned(client, frontal_png)


@pytest.fixture(scope="module")
def lateral(client: TestClient, lateral_png: bytes) -> Json:
    return scanned(client, lateral_png, age="adult", posture="standing")


def test_a_scan_is_the_scan_of_the_python_call(frontal: Json, frontal_png: bytes) -> None:
    report = spinescan.scan(frontal_png)
    assert untimed(frontal["report"]) == untimed(report.to_dict())
    assert frontal["sha256"] == report.sha256
    assert "file" not in frontal["report"]
    assert frontal["edit"] is None
    assert frontal["case_id"] is None


def test_what_is_told_reaches_the_scanner(lateral: Json, lateral_png: bytes) -> None:
    report = spinescan.scan(lateral_png, age="adult", posture="standing")
    assert untimed(lateral["report"]) == untimed(report.to_dict())
    assert lateral["told"] == {"in_brace": False, "age": "adult", "posture": "standing"}
    assert lateral["marks"] == {"csl": None, "transitional_point_xy": None}


def test_the_marks_lie_on_the_film(frontal: Json) -> None:
    rows, columns = frontal["report"]["size"]
    assert 0 < frontal["marks"]["csl"]["x"] < columns
    x, y = frontal["marks"]["transitional_point_xy"]
    assert 0 < x < columns
    assert 0 < y < rows


def test_an_edit_is_measured_as_the_python_call_does(
    client: TestClient, frontal: Json, frontal_png: bytes
) -> None:
    edit = edit_of(frontal["report"])
    curve = frontal["report"]["curves"][0]
    edit["points_xy"][edit["names"].index(f"{curve['upper']}_superior_left")][1] -= 7
    answer = client.post(f"{API}/scans/{frontal['id']}/measure", json=edit)
    assert answer.status_code == 200
    again = answer.json()["report"]
    expected = spinescan.remeasure(spinescan.scan(frontal_png), Edit.from_dict(edit)).to_dict()
    assert again["edited"]
    assert [c["cobb_deg"] for c in again["curves"]] == pytest.approx(
        [c["cobb_deg"] for c in expected["curves"]], abs=1e-4
    )
    assert again["als"]["type"] == expected["als"]["type"]
    assert again["curves"][0]["cobb_deg"] != pytest.approx(curve["cobb_deg"], abs=1)
    assert client.get(f"{API}/scans/{frontal['id']}").json()["report"] == frontal["report"]


def test_an_edit_is_measured_within_the_time_of_a_glance(client: TestClient, frontal: Json) -> None:
    edit, took = edit_of(frontal["report"]), []
    for _ in range(11):
        began = time.perf_counter()
        client.post(f"{API}/scans/{frontal['id']}/measure", json=edit)
        took.append(time.perf_counter() - began)
    assert np.median(took) < 0.1


def test_end_vertebrae_are_chosen(client: TestClient, frontal: Json) -> None:
    edit = {**edit_of(frontal["report"]), "ends": [{"upper": "T6", "lower": "T12"}]}
    report = client.post(f"{API}/scans/{frontal['id']}/measure", json=edit).json()["report"]
    (curve,) = report["curves"]
    assert (curve["upper"], curve["lower"], curve["ends_by"]) == ("T6", "T12", "reader")


@pytest.mark.parametrize(
    "change",
    [
        {"names": ["T1_superior_left", "T1_superior_left"], "points_xy": [[1, 1], [2, 2]]},
        {"names": ["nose"], "points_xy": [[1, 1]]},
        {"names": ["T1_superior_left"], "points_xy": [[1e9, 1]]},
        {"names": ["T1_superior_left"], "points_xy": []},
        {"names": ["T1_superior_left"], "points_xy": [["NaN", 1]]},
        {"ends": [{"upper": "T1", "lower": "S1"}]},
        {"view": "other"},
        {"names": ["T1_superior_left"] * 500},
        {"told": {"age": "old"}},
    ],
)
def test_an_edit_that_cannot_be_is_refused(client: TestClient, frontal: Json, change: Json) -> None:
    edit = {**edit_of(frontal["report"]), **change}
    answer = client.post(f"{API}/scans/{frontal['id']}/measure", json=edit)
    assert answer.status_code == 422
    assert set(answer.json()["error"]) == {"kind", "message"}


def test_the_film_comes_back_as_it_was_read(
    client: TestClient, frontal: Json, frontal_png: bytes
) -> None:
    film = spinescan.read_radiograph(frontal_png)
    answer = client.get(f"{API}/scans/{frontal['id']}/film.gray16")
    size = int(answer.headers["X-Rows"]), int(answer.headers["X-Columns"])
    assert size == film.size
    grey = np.frombuffer(answer.content, "<u2").reshape(size) / 65535
    assert np.abs(grey - film.pixels).max() < 1e-4
    picture = Image.open(io.BytesIO(client.get(f"{API}/scans/{frontal['id']}/film.png").content))
    assert picture.size == (film.size[1], film.size[0])


@pytest.mark.slow
def test_heat_maps_are_those_of_the_classifiers(client: TestClient, frontal: Json) -> None:
    (answered,) = [p["bundle"] for p in frontal["report"]["predictions"] if p["scores"]]
    heat = client.get(f"{API}/scans/{frontal['id']}/heat/{answered}.png")
    assert Image.open(io.BytesIO(heat.content)).mode == "RGB"
    assert client.get(f"{API}/scans/{frontal['id']}/heat/fraiwan3.png").status_code == 404


def test_a_declined_film_says_why(client: TestClient) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 200), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "PNG")
    report = scanned(client, out.getvalue())["report"]
    assert report["decision"] == "abstained"
    words = client.get(f"{API}/about").json()["words"]["reasons"]
    assert all(reason in words for reason in report["reasons"])
    assert report["reasons"]


@pytest.mark.parametrize("kind", ["report.json", "overlay.png", "page.html"])
def test_files_are_of_the_edit(client: TestClient, frontal: Json, kind: str) -> None:
    edit = edit_of(frontal["report"])
    edit["points_xy"][0][1] -= 3
    place = f"{API}/scans/{frontal['id']}/render/{kind}"
    machine, edited = (client.post(place, json={"edit": e}) for e in (None, edit))
    assert (machine.status_code, edited.status_code) == (200, 200)
    assert machine.content != edited.content
    assert edited.headers["content-disposition"] == f'attachment; filename="spinescan-{kind}"'
    if kind == "report.json":
        assert json.loads(machine.content) == frontal["report"]
        assert json.loads(edited.content)["edited"]
    if kind == "page.html":
        assert "Edited by hand" in edited.text
        assert "Edited by hand" not in machine.text
        assert "sandbox" in edited.headers["content-security-policy"]


@pytest.mark.parametrize("model", ["scoliosis", "generalist", "als7"])
@pytest.mark.slow
def test_a_named_model_answers_as_in_python(
    client: TestClient, frontal_png: bytes, model: str
) -> None:
    answer = client.post(f"{API}/predictions?model={model}", files={"film": frontal_png})
    expected = spinescan.predict_image(frontal_png, model)
    assert answer.status_code == 200
    assert answer.json()["label"] == expected.label
    assert answer.json()["decision"] == expected.decision
    assert answer.json()["scores"] == pytest.approx(dict(expected.scores), abs=1e-4)


@pytest.mark.parametrize("model", ["", "nothing", "../als7", "/etc", "frontal-landmarks"])
def test_only_models_of_the_server_are_asked(client: TestClient, model: str) -> None:
    answer = client.post(f"{API}/predictions", params={"model": model}, files={"film": grey_film()})
    assert answer.status_code == 404


def test_the_models_are_listed_with_their_cards(client: TestClient) -> None:
    bundles = {b["name"]: b for b in client.get(f"{API}/bundles").json()}
    assert {"frontal-landmarks", "lateral-landmarks", "als7", "generalist"} <= set(bundles)
    assert len(bundles["als7"]["labels"]) == 7
    assert all("esearch use only" in b["card"] for b in bundles.values())


def test_a_film_can_be_deleted_at_once(client: TestClient, frontal_png: bytes) -> None:
    place = f"{API}/scans/{scanned(client, frontal_png)['id']}"
    assert client.delete(place).status_code == 204
    for answer in (client.get(place), client.get(f"{place}/film.png"), client.delete(place)):
        assert answer.status_code == 404


Serve = Callable[..., TestClient]


@pytest.mark.parametrize(
    ("film", "status", "kind"),
    [
        (b"", 422, "empty"),
        (b"This is no film.", 422, "not_an_image"),
        (grey_film()[:150], 422, "truncated"),
        (grey_film(DEFECT), 500, "internal"),
        (grey_film(CRASH), 500, "crashed"),
        pytest.param(grey_film(SLOW), 504, "timeout", marks=pytest.mark.slow),
    ],
)
def test_a_film_that_fails_costs_no_other(
    serve_fake: Serve, tmp_path: Path, film: bytes, status: int, kind: str
) -> None:
    client = serve_fake(scan_seconds=1.0)
    answer = client.post(f"{API}/scans", files={"film": film})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (status, kind)
    assert "secret" not in answer.text
    assert str(tmp_path) not in answer.text
    assert list((tmp_path / "data" / "unsaved").iterdir()) == []  # nothing of it is kept
    assert scanned(client, grey_film())["report"]["decision"] == "accepted"


def test_a_film_above_the_limit_of_pixels_is_not_decoded(serve_fake: Serve) -> None:
    answer = serve_fake(max_pixels=10_000).post(f"{API}/scans", files={"film": grey_film()})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (413, "too_large")


@pytest.mark.slow
def test_films_are_deleted_after_their_time(
    serve_fake: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spinescan.app.web.server._SWEEP_SECONDS", 0.1)
    client = serve_fake(keep_minutes=1 / 60)
    scan = scanned(client, grey_film())
    assert client.get(f"{API}/scans/{scan['id']}").status_code == 200
    time.sleep(1.5)
    assert client.get(f"{API}/scans/{scan['id']}").status_code == 404
    assert list((tmp_path / "data" / "unsaved").iterdir()) == []


@pytest.mark.slow
def test_a_film_is_still_there_after_a_restart(serve_fake: Serve, tmp_path: Path) -> None:
    client = serve_fake()
    scan = scanned(client, grey_film(ABSTAIN))
    client.__exit__(None, None, None)
    again = serve_fake().get(f"{API}/scans/{scan['id']}")
    assert again.json() == scan


def test_what_is_kept_is_for_this_user_alone(serve_fake: Serve, tmp_path: Path) -> None:
    scanned(serve_fake(), grey_film())
    (folder,) = (tmp_path / "data" / "unsaved").iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_the_told_must_be_known(serve_fake: Serve) -> None:
    answer = serve_fake().post(
        f"{API}/scans", files={"film": grey_film(NORMAL)}, data={"age": "ancient"}
    )
    assert answer.status_code == 422
    assert "age" in answer.json()["error"]["message"]


def test_a_film_at_an_address_is_scanned_where_the_server_allows_it(
    serve_fake: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def downloaded(url: str, films: Any) -> bytes:
        asked.append(url)
        return grey_film()

    monkeypatch.setattr("spinescan.app.web.scan_routes._downloaded", downloaded)
    place = "https://films.example.org/a.png?key=secret"
    told = {"in_brace": True, "age": "child", "posture": None}
    request = {"url": place, "told": told}
    client = serve_fake(allow_urls=True)
    answer = client.post(f"{API}/scans/url", json=request)
    assert answer.status_code == 200
    assert answer.json()["told"] == told
    assert "secret" not in answer.text
    assert asked == [place]
