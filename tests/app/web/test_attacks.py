"""What a stranger, a neighbour or another site's page may try against the server."""

import io
import logging
import os
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from click.testing import CliRunner
from pydicom import dcmread
from starlette.testclient import TestClient

from spinescan.app.main import cli
from spinescan.app.web import guards
from spinescan.app.web.guards import SECURITY_HEADERS
from spinescan.app.web.server import create_app
from spinescan.app.web.settings import WebSettings
from spinescan.io.dicom_write import SyntheticHeader, dicom_bytes
from tests.app.fakes import CRASH, DEFECT
from tests.app.web.attackers import (
    SAMPLE_ID,
    TOKEN,
    TOKENS,
    WITH_TOKEN,
    Params,
    filled,
    films_of,
    guarded,
    plain,
    routes,
    scan,
)
from tests.app.web.conftest import API, HOST, Serve, grey_film, load_fake
from tests.app.web.listening import listening, raw

__all__ = ["guarded", "plain"]  # fixtures

# Tokens.


def test_nothing_but_health_and_about_is_open(guarded: TestClient) -> None:
    found = [path for _, path in routes(guarded)]
    assert len(found) > 12
    for method, path in routes(guarded):
        answer = guarded.request(method, filled(path))
        assert (answer.status_code == 401) == (path not in guards.OPEN), path
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"] == "Bearer"
    assert guarded.get(f"{API}/openapi.json").status_code == 401
    assert guarded.get(f"{API}/nothing").status_code == 401


@pytest.mark.parametrize(
    "sent",
    [
        *("", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", f"Bearer{TOKEN}"),
        *(f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN.upper()}", "Bearer null", "Bearer \x00"),
        *(f"Bearer {next(iter(TOKENS))}", "Bearer anna", f"Bearer {TOKEN}, Bearer {TOKEN}"),
        "Bearer " + "x" * 60_000,
        "Bearer \xff\xfe",
    ],
)
def test_a_wrong_token_is_refused(guarded: TestClient, sent: str) -> None:
    headers = {b"Authorization": sent.encode("latin-1")}
    assert guarded.get(f"{API}/bundles", headers=headers).status_code == 401
    params = {"token": TOKEN, "access_token": TOKEN}
    assert guarded.get(f"{API}/bundles", headers=headers, params=params).status_code == 401
    assert guarded.get(f"{API}/bundles", headers=WITH_TOKEN).status_code == 200


def test_tokens_are_compared_in_constant_time(
    guarded: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []

    def compare(own: str, sent: str) -> bool:
        compared.append((own, len(sent)))
        return own == sent

    monkeypatch.setattr(guards.hmac, "compare_digest", compare)
    for token in ("short", TOKEN, "x" * 5000):
        guarded.get(f"{API}/bundles", headers={"Authorization": f"Bearer {token}"})
    # Digests of one length, and all of them each time: nothing tells which one was near.
    assert compared == [(own, 64) for own in TOKENS] * 3


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "0", "127.0.0.1.nip.io"]
)
def test_beyond_loopback_only_with_a_token(host: str, tmp_path: Path) -> None:
    for environment in ({}, {"SPINESCAN_TOKEN": ""}, {"SPINESCAN_TOKEN": "short"}):
        words = ["serve", "--host", host, "--data", str(tmp_path / "data")]
        result = CliRunner(env={"SPINESCAN_TOKEN": None, **environment}).invoke(cli, words)
        assert result.exit_code == 2
        assert "token" in result.stderr
    assert not (tmp_path / "data").exists()


# Other hosts, other sites.


@pytest.mark.parametrize(
    ("host", "known"),
    [
        *((good, True) for good in (HOST, HOST.upper(), f"{HOST}:80", f"{HOST}:65535")),
        *((bad, False) for bad in ("evil.example", f"{HOST}.evil.example", f"evil.{HOST}", "")),
        *(
            (bad, False)
            for bad in (f"{HOST}:80x", f"{HOST}:", f"x@{HOST}", f"{HOST}/", f" {HOST}.")
        ),
        *((bad, False) for bad in ("127.0.0.1", "[::1]", "[::1", f"{HOST}#", f"{HOST},evil")),
    ],
)
def test_a_host_that_is_not_ours(plain: TestClient, host: str, known: bool) -> None:
    for path in ("/", "/health", f"{API}/about", "/static/index.html"):
        answer = plain.get(path, headers={"Host": host})
        assert (answer.status_code == 421) != known
        assert "evil" not in answer.text


CROSS = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": f"http://{HOST}.evil.example"},
    {"Origin": f"http://{HOST}:8001"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": f"http://{HOST}"},
]


@pytest.mark.parametrize("headers", CROSS)
def test_a_page_of_another_site_changes_nothing(plain: TestClient, headers: Params) -> None:
    client, unsaved = plain, films_of(plain).unsaved._folder
    scan_id = scan(client).json()["id"]
    kept = sorted(unsaved.rglob("*"))
    for method, path in routes(client):
        if path.startswith("/api/"):
            answer = client.request(method, filled(path, scan_id), headers=headers)
            assert answer.status_code == 403, path
    navigated = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get("/", headers=navigated).status_code == 200  # a link to the page
    assert scan(client, headers=headers).status_code == 403
    plain = {**headers, "Content-Type": "text/plain"}  # what a form may send without asking first
    body = b'{"url": "http://a.example"}'
    assert client.post(f"{API}/scans/url", content=body, headers=plain).status_code == 403
    assert sorted(unsaved.rglob("*")) == kept


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_has_nothing_read_either(plain: TestClient, site: str) -> None:
    headers = {"Sec-Fetch-Site": site}  # an export costs time, and goes into the trail of a case
    for path in ("/export/manifest", f"/cases/{SAMPLE_ID}/export", "/cases", "/bundles"):
        assert plain.get(f"{API}{path}", headers=headers).status_code == 403, path
    assert plain.get("/", headers=headers).status_code == 200  # a link may lead to the page


def test_our_own_page_and_programs_may(plain: TestClient) -> None:
    own = {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}
    assert scan(plain, headers=own).status_code == 200
    assert scan(plain, headers={"Sec-Fetch-Site": "none"}).status_code == 200
    assert scan(plain).status_code == 200


def test_no_site_is_let_in_by_cors(plain: TestClient) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for path in ("/", f"{API}/about", f"{API}/scans", f"{API}/nothing"):
        for method in ("OPTIONS", "GET"):
            answer = plain.request(method, path, headers=asked)
            assert not any(name.startswith("access-control") for name in answer.headers)


# Headers of answers.


@pytest.mark.slow
def test_every_answer_has_the_security_headers(
    serve_fake: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = serve_fake(tokens=TOKENS, max_bytes=10_000, jobs=1)
    client.headers.update(WITH_TOKEN)
    answers = [
        *(client.get(path) for path in ("/", "/health", f"{API}/about", f"{API}/openapi.json")),
        *(client.get(path) for path in (f"{API}/scans/{SAMPLE_ID}", "/static/no", "/static/")),
        client.get(f"{API}/bundles", headers={"Authorization": ""}),
        client.get("/health", headers={"Host": "evil.example"}),
        client.head("/"),
        client.put(f"{API}/scans"),
        client.post(f"{API}/scans", headers={"Origin": "null"}),
        client.post(f"{API}/scans", content=b"x" * 200_000),
        client.post(f"{API}/scans", content=b"", headers={"Content-Length": "x"}),
        client.post(f"{API}/scans/{SAMPLE_ID}/measure", json={}),
        scan(client),
        scan(client, b"no film"),
        scan(client, grey_film(DEFECT)),
    ]
    found = {answer.status_code for answer in answers}
    assert {200, 401, 403, 404, 405, 413, 421, 422, 500} <= found
    for answer in answers:
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers[name] == value, answer.request.url
        assert answer.headers["cache-control"] in ("no-store", "no-cache")
        assert "server" not in answer.headers
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.slow
def test_a_defect_of_the_server_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def broken(*args: object) -> None:
        raise RuntimeError("Jane Doe")

    app = create_app(WebSettings(data=tmp_path, jobs=1), load=load_fake)
    monkeypatch.setattr("spinescan.app.web.store.UnsavedScans.find", broken)
    with listening(app) as port:
        answer = raw(port, f"GET {API}/scans/{SAMPLE_ID}?name=Jane HTTP/1.1".encode())
        assert b" 500 " in answer
        assert b"Jane" not in answer
        for name, value in SECURITY_HEADERS.items():
            assert f"{name}: {value}".lower().encode() in answer.lower()
    assert "Jane" not in caplog.text
    assert "RuntimeError" in caplog.text  # but that there was a defect is told


# Paths.

CLIMBING = ["..", "../../etc/passwd", "..%2f..%2fsecret", "%2e%2e%2fsecret", "..\\secret", "%00",
            "....//secret", "%252e%252e%252fsecret", "/etc/passwd", "~", ".", "secret.png",
            SAMPLE_ID + "/../secret", SAMPLE_ID + "\n", SAMPLE_ID.upper() + "g", "\u0660" * 32,
            "file:///etc/passwd", "'; DROP TABLE scans; --", "CON", "a" * 5000]  # fmt: skip


@pytest.mark.slow
def test_no_id_leads_out_of_the_folder(serve_fake: Serve, tmp_path: Path) -> None:
    client = serve_fake()
    scan(client)
    (tmp_path / "data" / "secret").mkdir()
    for folder in (tmp_path / "data" / "secret", tmp_path / "data" / "unsaved"):
        (folder / "film").write_bytes(b"hidden")
        (folder / "scan.json").write_bytes(b'{"hidden": 1}')
    before = sorted(tmp_path.rglob("*"))
    for method, path in routes(client):
        if "{" not in path:
            continue
        for bad in CLIMBING:
            quoted = bad if "%" in bad else "".join(f"%{b:02x}" for b in bad.encode())
            answer = client.request(method, filled(path, quoted), json={})
            assert answer.status_code in (404, 405, 422, 307), (path, bad)
            assert b"hidden" not in answer.content
    left = [
        p for p in sorted(tmp_path.rglob("*")) if p.suffix not in (".sqlite-wal", ".sqlite-shm")
    ]
    assert left == [p for p in before if p.suffix not in (".sqlite-wal", ".sqlite-shm")]


@pytest.mark.slow
def test_static_files_are_those_of_the_page_alone(tmp_path: Path) -> None:
    with listening(create_app(WebSettings(data=tmp_path, jobs=1), load=load_fake)) as port:
        for path in ("../server.py", "..%2fserver.py", "%2e%2e/server.py", "%2e%2e%2fserver.py",
                     "..%5cserver.py", "/etc/passwd", "%2fetc%2fpasswd", "....//server.py", "",
                     ".", "..", "x/../../server.py", "%00", "index.html%00.js"):  # fmt: skip
            answer = raw(port, f"GET /static/{path} HTTP/1.1".encode())
            assert b" 404 " in answer or b" 400 " in answer or b" 405 " in answer, path
            assert b"create_app" not in answer
            assert b"root:" not in answer
        assert b" 200 " in raw(port, b"GET /static/index.html HTTP/1.1")


@pytest.mark.slow
def test_links_among_the_films_are_not_followed(
    serve_fake: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = serve_fake(keep_minutes=0.02)
    old = scan(client).json()["id"]
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "film").write_bytes(grey_film())
    (outside / "scan.json").write_bytes(
        (tmp_path / "data" / "unsaved" / old / "scan.json").read_bytes()
    )
    link = tmp_path / "data" / "unsaved" / ("0" * 31 + "1")
    link.symlink_to(outside)
    assert client.get(f"{API}/scans/{link.name}").status_code == 404
    assert client.delete(f"{API}/scans/{link.name}").status_code == 404
    time.sleep(1.3)
    films_of(client).unsaved.expire()
    assert not (tmp_path / "data" / "unsaved" / old).exists()  # the link did not stop the sweep
    assert len(list(outside.iterdir())) == 2  # nor was anything deleted beyond it


# Names and headers.


def test_names_are_not_told_back_and_change_no_header(plain: TestClient) -> None:
    evil = '<script>alert(1)</script>".png\r\nSet-Cookie: a=b'
    answer = plain.post(f"{API}/scans", files={"film": (evil, grey_film())})
    assert answer.status_code == 200
    assert "script" not in answer.text
    place = f"{API}/scans/{answer.json()['id']}/render"
    for kind in ("report.json", "report.csv", "overlay.png", "page.html", "report.pdf"):
        file = plain.post(f"{place}/{kind}", json={"title": evil})
        assert file.status_code == 200
        assert file.headers["content-disposition"] == f'attachment; filename="spinescan-{kind}"'
        assert "set-cookie" not in file.headers
        assert b"<script>alert(1)" not in file.content
    page = plain.post(f"{place}/page.html", json={"title": evil})
    assert "sandbox" in page.headers["content-security-policy"]
    for kind in ("x%0d%0aSet-Cookie:%20a=b", "%3Cscript%3E", "report.exe"):
        refused = plain.post(f"{place}/{kind}", json={})
        assert refused.status_code in (404, 422)
        assert "set-cookie" not in refused.headers
        assert "<script>" not in refused.text


def test_wrong_input_is_not_told_back(plain: TestClient) -> None:
    place = f"{API}/scans/{scan(plain).json()['id']}"
    evil = "<script>alert(1)</script>"
    for body in ({"view": evil, evil: evil}, {"told": {"age": evil}}, {"names": [evil]},
                 {"view": "frontal", "names": [evil], "points_xy": [[1, 1]]},
                 {"view": "frontal", "names": [], "points_xy": [],
                  "ends": [{"upper": evil, "lower": evil}]}):  # fmt: skip
        answer = plain.post(f"{place}/measure", json=body)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.slow
def test_a_request_with_two_hosts_or_none_is_refused(tmp_path: Path) -> None:
    with listening(create_app(WebSettings(data=tmp_path, jobs=1), load=load_fake)) as port:
        get = b"GET /health HTTP/1.1"
        assert b" 200 " in raw(port, get)
        assert b" 400 " in raw(port, get + b"\r\nHost: evil.example")
        assert b" 400 " in raw(port, get, host=False)
        assert b" 421 " in raw(port, b"GET /health HTTP/1.0", host=False)
        assert b" 421 " in raw(port, get + b"\r\nHost: evil.example", host=False)
        forwarded = b"\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example"
        assert b"evil" not in raw(port, get + forwarded)
        long = raw(port, get + b"\r\nX: " + b"x" * 200_000)
        assert long == b"" or b" 400 " in long or b" 431 " in long
        assert b" 200 " in raw(port, get)


def test_web_sockets_are_refused(plain: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), plain.websocket_connect(f"{API}/scans"):
        pass
    assert "Traceback" not in caplog.text


# What remains.


def test_logs_hold_no_names_no_queries_and_no_tokens(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = WebSettings(data=tmp_path, jobs=1, tokens=TOKENS, scan_seconds=1.0)
    app = create_app(settings, load=load_fake)
    with TestClient(app, base_url="http://localhost", headers=WITH_TOKEN) as client:
        while client.get("/ready").status_code != 200:
            time.sleep(0.05)
        caplog.clear()
        good = scan(client, params={"patient": "Jane"})
        place = f"{API}/scans/{good.json()['id']}"
        for film in (b"no film", grey_film(DEFECT), grey_film(CRASH)):
            scan(client, film, params={"patient": "Jane"})
        client.get(f"{place}?name=Jane")
        client.get(f"{API}/scans/Jane Doe")
        client.get("/Jane")
        client.post(f"{place}/render/report.pdf", json={"title": "Jane Doe"})
        client.get(f"{API}/bundles", headers={"Authorization": "Bearer Jane"})
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith(("httpx", "asyncio"))]
    text = "\n".join(ours)
    assert "/scans/{scan_id}" in text
    assert not re.search(r"Jane|\.png|patient|correct horse|anna|\?", text)
    assert good.json()["id"] not in text
    assert good.json()["sha256"] not in text
    assert str(tmp_path) not in text


@pytest.mark.slow
@pytest.mark.slow
def test_no_answer_holds_the_patient_of_a_header(
    serve_fake: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = serve_fake()
    whole = named_dicom()
    assert b"Doe^Jane" in whole
    answer = scan(client, whole)
    assert answer.status_code == 200
    place = f"{API}/scans/{answer.json()['id']}"
    case = client.post(f"{API}/cases", json={"pseudonym": "K-1"}).json()["id"]
    told = [answer, scan(client, whole[: len(whole) // 2]), client.get(place)]
    told += [client.get(f"{place}/{name}") for name in ("film.png", "film.gray16")]
    kinds = ("report.json", "report.csv", "overlay.png", "page.html", "report.pdf")
    told += [client.post(f"{place}/render/{kind}", json={}) for kind in kinds]
    saved = {"scan": answer.json()["id"], "taken_on": "2026-01-02"}
    told += [client.post(f"{API}/cases/{case}/scans", json=saved)]
    told += [client.get(f"{API}/cases/{case}{more}") for more in ("", "/trail", "/timeline")]
    assert [a.status_code for a in told] == [200, 422, *[200] * 8, 201, 200, 200, 200]
    export = client.get(f"{API}/cases/{case}/export")
    with ZipFile(io.BytesIO(export.content)) as files:
        texts = [a.content for a in told] + [files.read(name) for name in files.namelist()]
    kept = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert len(kept) > 3
    texts += [path.read_bytes() for path in kept]
    for text in (*texts, caplog.text.encode()):
        for secret in (b"Doe", b"Jane", b"19900101", b"MRN-7", b"General Hospital"):
            assert secret not in text


def named_dicom() -> bytes:
    """A film whose header names a patient."""
    pixels = np.linspace(0, 1, 300 * 200, dtype=np.float32).reshape(300, 200)
    data = dcmread(io.BytesIO(dicom_bytes(pixels, SyntheticHeader(1, "PA", 0.2, "F", 14))))
    data.PatientName, data.PatientID, data.PatientBirthDate = "Doe^Jane", "MRN-7", "19900101"
    data.InstitutionName = "General Hospital"
    out = io.BytesIO()
    data.save_as(out)
    return out.getvalue()


def test_a_film_after_its_time_is_gone_at_once(serve_fake: Serve) -> None:
    client = serve_fake(keep_minutes=0.5 / 60)
    place = f"{API}/scans/{scan(client).json()['id']}"
    assert client.get(place).status_code == 200
    time.sleep(0.6)  # nothing has swept yet
    paths = ("", "/film.png", "/film.gray16", "/heat/fake.png")
    asked = [client.get(f"{place}{path}") for path in paths]
    edit = {"view": "frontal", "names": [], "points_xy": []}
    asked.append(client.post(f"{place}/measure", json=edit))
    asked.append(client.post(f"{place}/render/report.json", json={}))
    asked.append(client.delete(place))
    assert {answer.status_code for answer in asked} == {404}


def test_ids_are_not_guessed(plain: TestClient) -> None:
    ids = [scan(plain, grey_film(mark=i)).json()["id"] for i in range(4)]
    assert len(set(ids)) == 4
    assert all(re.fullmatch("[0-9a-f]{32}", found) for found in ids)  # 128 bits


def test_a_film_deleted_while_it_is_drawn_is_not_found(plain: TestClient) -> None:
    film = grey_film()
    ids = [scan(plain, film).json()["id"] for _ in range(8)]
    stop = threading.Event()

    def look(scan_id: str) -> set[int]:
        found = set()
        while not stop.is_set():
            found.add(plain.get(f"{API}/scans/{scan_id}/film.png").status_code)
            found.add(plain.get(f"{API}/scans/{scan_id}").status_code)
        return found

    with ThreadPoolExecutor(4) as pool:
        looking = [pool.submit(look, scan_id) for scan_id in ids[:4]]
        for scan_id in ids:
            time.sleep(0.1)
            assert plain.delete(f"{API}/scans/{scan_id}").status_code == 204
        stop.set()
    assert set().union(*(future.result() for future in looking)) <= {200, 404}


def test_data_of_other_users_is_not_readable(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    os.chmod(data, 0o755)  # noqa: PTH101 - past the umask
    create_app(WebSettings(data=data), load=load_fake)
    for path in (p for p in data.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
