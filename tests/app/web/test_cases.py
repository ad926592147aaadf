"""Cases through the server: films saved, edited, followed, taken away, deleted."""

import hashlib
import io
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from sample_files import dicom_bytes, film_values
from starlette.testclient import TestClient

from spinescan.app.web.case_models import (
    CaseAnswer,
    EntryJson,
    FollowUpAnswer,
    MomentJson,
)
from spinescan.app.web.models import ScanAnswer
from spinescan.app.web.server import create_app
from spinescan.app.web.settings import WebSettings
from spinescan.app.web.store import UnsavedScans
from spinescan.cases.records import Deed
from spinescan.data.manifest_films import read_manifest_films
from spinescan.io.words import DEEDS, REASONS
from tests.app.web.conftest import API, HOST, Serve, grey_film, load_fake, wait_ready
from tests.app.web.test_scans import edit_of, scanned
from tests.cases.scans import raw_bytes

Json = dict[str, Any]
DAY = "2026-03-01"


def begun(client: TestClient, pseudonym: str) -> str:
    answer = client.post(f"{API}/cases", json={"pseudonym": pseudonym})
    assert answer.status_code == 201, answer.text
    CaseAnswer.model_validate(answer.json())
    return str(answer.json()["id"])


def saved(client: TestClient, case: str, scan: str, **more: Any) -> Json:
    body = {"scan": scan, "taken_on": DAY, **more}
    answer = client.post(f"{API}/cases/{case}/scans", json=body)
    assert answer.status_code == 201, answer.text
    ScanAnswer.model_validate(answer.json())
    return dict(answer.json())


def refused(answer: Any, status: int, kind: str) -> str:
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["kind"] == kind
    return str(answer.json()["error"]["message"])


def shifted(edit: Json, name: str, dy: float) -> Json:
    """The edit with one point moved down."""
    k = edit["names"].index(name)
    points = [list(point) for point in edit["points_xy"]]
    points[k][1] += dy
    return {**edit, "points_xy": points}


def test_a_film_is_saved_and_does_not_expire(serve_fake: Serve) -> None:
    client = serve_fake(keep_minutes=0.01)
    case = begun(client, "P-017")
    scan = scanned(client, grey_film())
    assert scan["expires_at"] is not None
    kept = saved(client, case, scan["id"])
    assert (kept["id"], kept["case_id"], kept["taken_on"]) == (scan["id"], case, DAY)
    assert kept["expires_at"] is None
    same = ("sha256", "told", "report", "marks", "edit", "edited_report", "timing_ms")
    assert {k: kept[k] for k in same} == {k: scan[k] for k in same}
    assert client.get(f"{API}/scans/{scan['id']}").json() == kept
    assert client.get(f"{API}/scans/{scan['id']}/film.gray16").status_code == 200
    (line,) = client.get(f"{API}/cases/{case}").json()["scans"]
    assert (line["id"], line["taken_on"], line["edited"]) == (scan["id"], DAY, False)
    (listed,) = client.get(f"{API}/cases").json()
    assert listed["pseudonym"] == "P-017"


def test_a_film_in_a_case_names_nobody(serve_fake: Serve, tmp_path: Path) -> None:
    client = serve_fake()
    case, film = begun(client, "P-018"), dicom_bytes(film_values(rows=200, columns=100))
    assert b"Secret" in film
    scan = scanned(client, film)
    kept = saved(client, case, scan["id"])
    assert kept["report"] == scan["report"]
    for path in (tmp_path / "data").rglob("*"):
        assert path.is_dir() or b"Secret" not in path.read_bytes()
    before, after = (  # the same picture
        client.get(f"{API}/scans/{other['id']}/film.gray16").content
        for other in (scanned(client, film), kept)
    )
    assert before == after


def test_a_saved_film_is_there_after_a_restart(tmp_path: Path) -> None:
    settings = WebSettings(data=tmp_path / "data", hosts=(HOST,), jobs=1)
    with TestClient(create_app(settings, load=load_fake)) as client:
        case = begun(wait_ready(client), "P-017")
        scan = scanned(client, grey_film())["id"]
        kept = saved(client, case, scan)
    with TestClient(create_app(settings, load=load_fake)) as client:
        assert client.get(f"{API}/scans/{scan}").json() == kept


@pytest.mark.slow
def test_a_film_that_was_saved_before_a_kill_is_in_its_case(
    serve_fake: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server was killed when it had saved the film, and not yet removed the unsaved one."""
    client = serve_fake()
    case, scan = begun(client, "P-017"), scanned(client, grey_film())["id"]
    with monkeypatch.context() as killed:
        killed.setattr(UnsavedScans, "delete", lambda *_: None)
        saved(client, case, scan)
    assert client.get(f"{API}/scans/{scan}").json()["case_id"] == case
    body = {"scan": scan, "taken_on": DAY}
    refused(client.post(f"{API}/cases/{case}/scans", json=body), 409, "conflict")
    assert client.delete(f"{API}/cases/{case}").status_code == 204
    refused(client.get(f"{API}/scans/{scan}"), 404, "not_found")


def test_a_pseudonym_names_nobody(serve_fake: Serve) -> None:
    client = serve_fake()
    for name in ("DOE^JANE", "Doe, Jane", "P 2011-03-07", "x", ""):
        message = refused(client.post(f"{API}/cases", json={"pseudonym": name}), 422, "pseudonym")
        assert len(name) < 2 or name not in message
    begun(client, "P-017")
    again = client.post(f"{API}/cases", json={"pseudonym": "p-017"})
    assert "a case with this pseudonym" in refused(again, 409, "conflict")


def test_one_film_is_in_a_case_once(serve_fake: Serve) -> None:
    client = serve_fake()
    case, other = begun(client, "P-017"), begun(client, "P-018")
    first, second = (scanned(client, grey_film())["id"] for _ in range(2))
    saved(client, case, first)
    body = {"scan": second, "taken_on": DAY}
    message = refused(client.post(f"{API}/cases/{case}/scans", json=body), 409, "conflict")
    assert "This film is in the case already" in message
    assert client.get(f"{API}/scans/{second}").json()["case_id"] is None  # it stays for its time
    body["scan"] = first
    refused(client.post(f"{API}/cases/{other}/scans", json=body), 409, "conflict")
    body["scan"] = second
    assert client.post(f"{API}/cases/{other}/scans", json=body).status_code == 201


def test_the_day_of_a_film_has_begun(serve_fake: Serve) -> None:
    client = serve_fake()
    case, scan = begun(client, "P-017"), scanned(client, grey_film())["id"]
    later = (date.today() + timedelta(days=3)).isoformat()
    for day in (later, "1850-01-01", "2026-02-30", "soon", "03/01/26", "2026-03-01T00:00", 0, None):
        answer = client.post(f"{API}/cases/{case}/scans", json={"scan": scan, "taken_on": day})
        refused(answer, 422, "not_understood")


def test_edits_are_saved_beside_the_machines_answer(client: TestClient, frontal_png: bytes) -> None:
    case, scan = begun(client, "Edits-1"), scanned(client, frontal_png)
    first = shifted(edit_of(scan["report"]), "T5_superior_left", 6)
    second = shifted(first, "T11_inferior_right", -4)
    kept = saved(client, case, scan["id"], edit=first)
    assert kept["report"] == scan["report"]
    assert kept["edited_report"]["edited"]
    # A saved edit is what is measured without saving it.
    url = f"{API}/scans/{scan['id']}"
    for edit in (second, first):
        kept = client.put(f"{url}/edit", json=edit).json()
        measured = client.post(f"{url}/measure", json=edit).json()
        assert kept["edited_report"] == measured["report"]
        assert kept["edited_marks"] == measured["marks"]
        assert kept["edit"]["points_xy"] == edit["points_xy"]
        assert kept == client.get(url).json()
    back = client.delete(f"{url}/edit").json()
    assert (back["edit"], back["edited_report"], back["edited_marks"]) == (None, None, None)
    assert back["report"] == scan["report"]
    assert client.delete(f"{url}/edit").json() == back  # there is nothing to undo any more
    trail = client.get(f"{API}/cases/{case}/trail").json()
    for entry in trail:
        EntryJson.model_validate(entry)
    assert [(e["what"], e["edit"]) for e in trail] == [
        ("case_created", None),
        ("scan_saved", None),
        ("scan_edited", 1),
        ("scan_edited", 2),
        ("scan_edited", 3),
        ("scan_reset", 4),
    ]
    assert client.delete(f"{API}/cases/{case}").status_code == 204


def test_only_saved_films_have_saved_edits(client: TestClient, frontal_png: bytes) -> None:
    scan = scanned(client, frontal_png)
    url = f"{API}/scans/{scan['id']}/edit"
    refused(client.put(url, json=edit_of(scan["report"])), 409, "conflict")
    refused(client.delete(url), 409, "conflict")
    odd = {**edit_of(scan["report"]), "names": ["T1_superior_anterior"], "points_xy": [[1, 2]]}
    case = begun(client, "Odd-edit")
    body = {"scan": scan["id"], "taken_on": DAY, "edit": odd}
    assert client.post(f"{API}/cases/{case}/scans", json=body).status_code == 422
    assert client.get(f"{API}/cases/{case}").json()["scans"] == []
    client.delete(f"{API}/cases/{case}")


def test_two_films_are_followed(client: TestClient, frontal_png: bytes) -> None:
    case = begun(client, "Follow-1")
    first, second = scanned(client, frontal_png), scanned(client, frontal_png + b" later")
    saved(client, case, first["id"])
    (curve, *_) = first["report"]["curves"]
    worse = shifted(
        edit_of(second["report"]),
        f"{curve['upper']}_superior_{'right' if curve['convex_side'] == 'left' else 'left'}",
        9,
    )
    saved(client, case, second["id"], taken_on="2026-06-01", edit=worse)

    def follow(one: str, other: str) -> Json:
        asked = {"first": one, "second": other}
        answer = client.get(f"{API}/cases/{case}/follow-up", params=asked)
        assert answer.status_code == 200, answer.text
        FollowUpAnswer.model_validate(answer.json())
        return dict(answer.json())

    there = follow(first["id"], second["id"])
    assert there["comparable"]
    assert set(there["reasons"]) <= set(REASONS)
    assert there["second"] == {"scan": second["id"], "taken_on": "2026-06-01", "edited": True}
    found = there["curves"][0]
    assert (found["upper"], found["lower"]) == (curve["upper"], curve["lower"])
    assert found["first_deg"] == pytest.approx(curve["cobb_deg"], abs=0.1)
    # It is what the server measures between the same end vertebrae.
    ends = [{"upper": curve["upper"], "lower": curve["lower"]}]
    measured = client.post(
        f"{API}/scans/{second['id']}/measure", json={**worse, "ends": ends}
    ).json()["report"]["curves"]
    assert measured[0]["cobb_deg"] == pytest.approx(abs(found["second_deg"]), abs=0.01)
    assert found["change_deg"] == pytest.approx(found["second_deg"] - found["first_deg"], abs=0.001)
    low, high = found["change_interval_deg"]
    assert low < found["change_deg"] < high
    assert abs(found["change_deg"]) > 5

    course = client.get(f"{API}/cases/{case}/timeline").json()
    for moment in course:
        MomentJson.model_validate(moment)
    assert [moment["scan"] for moment in course] == [first["id"], second["id"]]
    assert course[0]["curves"][0]["cobb_deg"] == pytest.approx(found["first_deg"], abs=0.001)
    assert course[1]["curves"][0]["cobb_deg"] == pytest.approx(found["second_deg"], abs=0.001)
    same = follow(first["id"], first["id"])
    assert [c["change_deg"] for c in same["curves"]] == [0] * len(same["curves"])
    client.delete(f"{API}/cases/{case}")


def test_lateral_films_are_followed_by_their_measurements(
    client: TestClient, lateral_png: bytes, frontal_png: bytes
) -> None:
    case = begun(client, "Follow-2")
    for film in (lateral_png, lateral_png + b" later", frontal_png):
        saved(client, case, scanned(client, film)["id"])
    scans = client.get(f"{API}/cases/{case}").json()["scans"]
    one, other = (scan["id"] for scan in scans if scan["view"] == "lateral")
    frontal = next(scan["id"] for scan in scans if scan["view"] == "frontal")
    url = f"{API}/cases/{case}/follow-up"
    found = client.get(url, params={"first": one, "second": other}).json()
    assert found["curves"] == []
    assert {m["name"].split("_")[0] for m in found["measurements"]} >= {"TK", "LL"}
    assert {m["exceeds_5_deg"] for m in found["measurements"]} <= {"no", "not sure"}
    unlike = client.get(url, params={"first": one, "second": frontal}).json()
    assert (unlike["comparable"], unlike["reasons"]) == (False, ["views_differ"])
    client.delete(f"{API}/cases/{case}")


def test_a_case_is_taken_away_as_a_file(client: TestClient, frontal_png: bytes) -> None:
    case, scan = begun(client, "Export-1"), scanned(client, frontal_png)
    saved(client, case, scan["id"], edit=shifted(edit_of(scan["report"]), "T5_superior_left", 6))
    answer = client.get(f"{API}/cases/{case}/export")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="spinescan-case.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        assert files.read(f"films/{scan['id']}.png") == frontal_png
        assert json.loads(files.read(f"reports/{scan['id']}.json")) == scan["report"]
        assert json.loads(files.read(f"edits/{scan['id']}-1.json"))["report"]["edited"]
    assert client.get(f"{API}/cases/{case}/trail").json()[-1]["what"] == "case_exported"
    client.delete(f"{API}/cases/{case}")


def test_corrected_films_are_taken_away_for_training(
    client: TestClient, frontal_png: bytes, lateral_png: bytes, tmp_path: Path
) -> None:
    case = begun(client, "Train-1")
    for film in (frontal_png, lateral_png):
        scan = scanned(client, film)
        name = next(n for n in scan["report"]["landmarks"]["names"] if n.startswith("T12_"))
        saved(client, case, scan["id"], edit=shifted(edit_of(scan["report"]), name, 6))
    answer = client.get(f"{API}/export/manifest")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        files.extractall(tmp_path)
    films = read_manifest_films(tmp_path / "manifest.csv")
    assert {(film.view, film.group) for film in films} == {("frontal", case), ("lateral", case)}
    client.delete(f"{API}/cases/{case}")


def test_a_deleted_case_leaves_no_trace(serve_fake: Serve, tmp_path: Path) -> None:
    client = serve_fake()
    case, scan = begun(client, "Nightingale-4711"), scanned(client, grey_film())["id"]
    saved(client, case, scan)
    assert b"Nightingale-4711" in raw_bytes(tmp_path / "data" / "cases")
    assert client.delete(f"{API}/cases/{case}").status_code == 204
    raw = raw_bytes(tmp_path / "data")
    for trace in ("Nightingale-4711", case, scan):
        assert trace.encode() not in raw
    for url in (f"{API}/cases/{case}", f"{API}/scans/{scan}", f"{API}/cases/{case}/export"):
        refused(client.get(url), 404, "not_found")


def test_a_film_is_deleted_from_its_case(serve_fake: Serve) -> None:
    client = serve_fake()
    case, other = begun(client, "P-017"), begun(client, "P-018")
    scan = scanned(client, grey_film())["id"]
    saved(client, case, scan)
    refused(client.delete(f"{API}/scans/{scan}"), 409, "conflict")
    refused(client.delete(f"{API}/cases/{other}/scans/{scan}"), 404, "not_found")
    assert client.delete(f"{API}/cases/{case}/scans/{scan}").status_code == 204
    refused(client.get(f"{API}/scans/{scan}"), 404, "not_found")
    assert client.get(f"{API}/cases/{case}").json()["scans"] == []


def test_who_asked_is_in_the_trail(serve_fake: Serve) -> None:
    tokens = {hashlib.sha256(t.encode()).hexdigest(): n for t, n in (("a" * 20, "ward"),)}
    client = serve_fake(tokens=tokens)
    refused(client.get(f"{API}/cases"), 401, "token")
    refused(client.get(f"{API}/export/manifest"), 401, "token")
    client.headers["authorization"] = f"Bearer {'a' * 20}"
    case = begun(client, "P-017")
    (entry,) = client.get(f"{API}/cases/{case}/trail").json()
    assert (entry["what"], entry["by"], entry["scan"]) == ("case_created", "ward", None)


def test_what_is_not_there(serve_fake: Serve) -> None:
    client = serve_fake()
    case, none = begun(client, "P-017"), "0" * 32
    for url in (f"cases/{none}", f"cases/{none}/trail", f"cases/{none}/timeline"):
        refused(client.get(f"{API}/{url}"), 404, "not_found")
    refused(client.delete(f"{API}/cases/{none}"), 404, "not_found")
    body = {"scan": none, "taken_on": DAY}
    refused(client.post(f"{API}/cases/{case}/scans", json=body), 404, "not_found")
    body["scan"] = scanned(client, grey_film())["id"]
    refused(client.post(f"{API}/cases/{none}/scans", json=body), 404, "not_found")
    asked = {"first": none, "second": none}
    refused(client.get(f"{API}/cases/{case}/follow-up", params=asked), 404, "not_found")
    for odd in ("..", "%2e%2e%2fcases.sqlite", "' OR 1=1"):
        assert client.get(f"{API}/cases/{odd}").status_code in (404, 422)


def test_every_deed_has_words() -> None:
    assert set(DEEDS) == set(get_args(Deed))
