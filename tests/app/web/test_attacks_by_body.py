"""Uploads and other bodies that are too large, too slow, or not what they seem."""

import shutil
import socket
import struct
import tempfile
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from spinescan.app.web.server import create_app
from spinescan.app.web.settings import WebSettings
from spinescan.app.web.store import SPARE_BYTES
from tests.app.fakes import CRASH, SLOW
from tests.app.web.attackers import NAME, SAMPLE_ID, films_of, plain, scan
from tests.app.web.conftest import API, Serve, grey_film, load_fake
from tests.app.web.listening import listening, raw

__all__ = ["plain"]  # fixtures


def chunks(count: int, size: int = 65536) -> Any:
    for _ in range(count):
        yield b"x" * size


FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def streamed_form(count: int) -> Any:
    """A form without a Content-Length, whose film has no end."""
    yield b'--b\r\nContent-Disposition: form-data; name="film"; filename="a"\r\n\r\n'
    yield from chunks(count)


@pytest.mark.slow
def test_more_than_the_limit_is_refused_however_it_is_sent(serve_fake: Serve) -> None:
    client = serve_fake(max_bytes=100_000)
    for path in ("scans", "predictions?model=als7"):
        announced = client.post(f"{API}/{path}", content=b"x" * 1_000_000)
        streamed = client.post(f"{API}/{path}", content=streamed_form(40), headers=FORM)
        form = client.post(f"{API}/{path}", files={"film": b"x" * 1_000_000})
        assert {a.status_code for a in (announced, streamed, form)} == {413}
    for path in (f"scans/{SAMPLE_ID}/measure", f"scans/{SAMPLE_ID}/render/report.pdf", "scans/url"):
        assert client.post(f"{API}/{path}", content=b"x" * 2_000_000).status_code == 413
        assert client.post(f"{API}/{path}", content=chunks(40)).status_code == 413
    whole = client.post(f"{API}/jobs", content=streamed_form(60), headers=FORM)
    assert whole.status_code == 413
    assert scan(client).status_code == 200


@pytest.mark.slow
def test_what_is_refused_is_not_kept(serve_fake: Serve, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(spool))
        client = serve_fake(max_bytes=3_000_000)
        assert client.post(f"{API}/scans", files={"film": b"x" * 9_000_000}).status_code == 413
        assert client.post(f"{API}/scans", files={"film": b"x" * 2_000_000}).status_code == 422
        assert scan(client).status_code == 200
    assert list(spool.iterdir()) == []
    assert len(list((tmp_path / "data" / "unsaved").iterdir())) == 1


def test_a_disk_is_not_filled(plain: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    nearly_full = shutil.disk_usage("/")._replace(free=SPARE_BYTES - 1)
    monkeypatch.setattr("spinescan.app.web.store.shutil.disk_usage", lambda path: nearly_full)
    for path, name in (("scans", "film"), ("jobs", "films"), ("predictions?model=als7", "film")):
        answer = plain.post(f"{API}/{path}", files={name: grey_film()})
        assert (answer.status_code, answer.json()["error"]["kind"]) == (507, "storage")
    monkeypatch.undo()
    assert scan(plain).status_code == 200


def pixel_bomb(width: int, height: int) -> bytes:
    """A small PNG that says it is large, and is."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    rows = packer.compress(b"\0" * (2**24)) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


@pytest.mark.slow
def test_a_pixel_bomb_is_refused_before_it_is_decoded(serve_fake: Serve) -> None:
    client = serve_fake(max_pixels=20_000_000)
    for size in ((60_000, 60_000), (2**31 - 1, 2**31 - 1), (5_000, 5_000)):
        bomb = pixel_bomb(*size)
        began = time.monotonic()
        answer = scan(client, bomb)
        assert (answer.status_code, answer.json()["error"]["kind"]) == (413, "too_large")
        asked = client.post(f"{API}/predictions?model=generalist", files={"film": bomb})
        assert (asked.status_code, asked.json()["error"]["kind"]) == (413, "too_large")
        assert time.monotonic() - began < 5


@pytest.mark.slow
def test_a_slow_upload_is_cut_off_and_gives_its_place_back(tmp_path: Path) -> None:
    settings = WebSettings(data=tmp_path, jobs=1, waiting=0, upload_seconds=0.5)
    with listening(create_app(settings, load=load_fake)) as port:
        head = f"POST {API}/scans HTTP/1.1\r\nContent-Length: 5000\r\n"
        head += "Content-Type: multipart/form-data; boundary=b"
        began = time.monotonic()
        form = next(iter(streamed_form(0)))
        answer = raw(port, head.encode(), form, *[b"-"] * 20, pause=0.05)
        assert b" 408 " in answer
        assert time.monotonic() - began < 10
        assert b" 422 " in raw(
            port, head.encode(), form + b"x" * 4900 + b"\r\n--b--\r\n" + b"x" * 200
        )


@pytest.mark.slow
def test_a_client_that_leaves_is_no_defect(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(create_app(WebSettings(data=tmp_path, jobs=1), load=load_fake)) as port:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            head = f"POST {API}/scans HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n"
            form = (
                "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition:"
            )
            connection.sendall(f'{head}{form} form-data; name="film"; filename="{NAME}"'.encode())
            time.sleep(0.2)
        time.sleep(0.5)
        assert b" 200 " in raw(port, b"GET /health HTTP/1.1")
    assert "Traceback" not in caplog.text
    assert "defect" not in caplog.text
    assert "Jane" not in caplog.text
    assert list((tmp_path / "unsaved").iterdir()) == []


@pytest.mark.slow
def test_more_films_than_places_are_told_to_come_back(serve_fake: Serve) -> None:
    client = serve_fake(jobs=1, waiting=1, scan_seconds=2.0)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda i: scan(client, grey_film(SLOW, i)), range(6)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 4
    for answer in refused:
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json()["error"]["kind"] == "busy"
    assert [a.status_code for a in answers].count(504) == 2
    assert scan(client).status_code == 200


def test_more_pictures_than_places_are_told_to_come_back(plain: TestClient) -> None:
    films, scan_id = films_of(plain), scan(plain).json()["id"]
    films.desk._taken = 32
    try:
        answer = plain.get(f"{API}/scans/{scan_id}/film.png")
    finally:
        films.desk._taken = 0
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert plain.get(f"{API}/scans/{scan_id}/film.png").status_code == 200


@pytest.mark.slow
def test_health_is_told_while_films_hang_or_kill_their_reader(serve_fake: Serve) -> None:
    client = serve_fake(scan_seconds=1.0)
    with ThreadPoolExecutor(2) as pool:
        hanging = [pool.submit(scan, client, grey_film(kind)) for kind in (SLOW, CRASH)]
        began = time.monotonic()
        while not all(future.done() for future in hanging):
            assert client.get("/health").status_code == 200
            assert time.monotonic() - began < 10
            time.sleep(0.05)
    kinds = sorted(future.result().json()["error"]["kind"] for future in hanging)
    assert kinds == ["crashed", "timeout"]
    assert scan(client).status_code == 200


# Bodies that are not what they seem.


def nested(depth: int) -> bytes:
    return b'{"view": ' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    "body",
    [
        nested(100_000),
        b'{"names": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
        b'{"view": ' + b"1" * 100_000 + b"}",
        b'{"points_xy": [[1e999, -1e999]], "view": "frontal", "names": ["T1_superior_left"]}',
        b'{"points_xy": [[NaN, Infinity]], "view": "frontal", "names": ["T1_superior_left"]}',
        b'{"points_xy": [[1e308, -1e308]], "view": "frontal", "names": ["T1_superior_left"]}',
        *(b"\xff\xfe\x00", b"", b"null", b"[]", b'"\\ud800"', b"{", b"\0" * 1000),
        b"\xef\xbb\xbf{}",
        b"[" * 500_000,
    ],
)  # fmt: skip
def test_json_that_would_break_a_reader(plain: TestClient, body: bytes) -> None:
    place = f"{API}/scans/{scan(plain).json()['id']}"
    headers = {"Content-Type": "application/json"}
    for path in (f"{place}/measure", f"{API}/scans/url"):
        answer = plain.post(path, content=body, headers=headers)
        assert answer.status_code in (400, 422)
        assert set(answer.json()["error"]) == {"kind", "message"}
        assert len(answer.content) < 2000


def part(name: str, value: bytes = b"x", more: str = "") -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode("latin-1") + value + b"\r\n"


@pytest.mark.parametrize(
    "body",
    [
        b"".join(part(f"field{i}") for i in range(2000)),
        b"".join(part("film", b"x", '; filename="a"') for _ in range(2000)),
        part("age", b"x" * 50_000),
        part("x" * 50_000),
        part("film", b"x", "; filename=" + "a" * 60_000),
        part("film", b"", '; filename="a"\r\n' + "A: b\r\n" * 9000),
        *(part("film"), part("film", b"", '; filename=""'), b"--b--\r\n", b"--b", b""),
        b"\r\n" * 9000,
        b"--b\r\n\r\nx\r\n--b--\r\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("boundary", ["; boundary=b", "", "; boundary=" + "b" * 9000, None])
def test_forms_that_would_break_a_reader(
    plain: TestClient, body: bytes, boundary: str | None
) -> None:
    kind = "text/plain" if boundary is None else f"multipart/form-data{boundary}"
    headers = {"Content-Type": kind}
    for path in ("scans", "jobs", "predictions?model=als7"):
        content = body + (b"--b--\r\n" if body else b"")
        answer = plain.post(f"{API}/{path}", content=content, headers=headers)
        assert answer.status_code in (400, 413, 422), path
        assert set(answer.json()["error"]) == {"kind", "message"}
        assert len(answer.content) < 2000
