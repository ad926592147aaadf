"""One server is asked: with patience, within limits, and no other is told the password."""

import base64
import logging
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from spinescan.pacs import web_server
from spinescan.pacs.errors import PacsError
from spinescan.pacs.web_server import Asking, Login, WebServer
from tests.pacs.orthanc import free_port
from tests.pacs.web import Answer, Asked, serving


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, which take no time here."""
    made: list[float] = []
    monkeypatch.setattr(web_server, "sleep", made.append)
    return made


def kind_of(server: WebServer) -> str:
    with pytest.raises(PacsError) as told:
        Asking(server).get(f"{server.url}/studies?PatientName=SECRET")
    assert "SECRET" not in str(told.value)
    assert server.url not in str(told.value)
    error = told.value  # the words of what caused it hold the address
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    return told.value.kind


def test_a_server_has_one_spelling() -> None:
    same = ("https://PACS.example/dicom-web/", "https://pacs.example:443/dicom-web")
    assert {WebServer(url).url for url in same} == {"https://pacs.example/dicom-web"}
    assert WebServer("http://[::1]:8042/x").url == "http://[::1]:8042/x"
    assert WebServer("http://pacs").in_the_open
    assert not WebServer("https://pacs").in_the_open
    assert not WebServer("http://localhost:8042").in_the_open


@pytest.mark.parametrize(
    "url",
    ["ftp://a", "pacs", "http://", "http://u:p@a", "http://u@a", "http://a/?q=1", "http://a/#f",
     "http://a:port/", "http://a:99999/"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        WebServer(url)


def test_credentials_come_whole_and_do_not_show() -> None:
    user, password, token = web_server.USER, web_server.PASSWORD, web_server.TOKEN
    login = Login.from_environment({user: "ann", password: "pw-of-ann"})
    assert (login.user, login.password) == ("ann", "pw-of-ann")
    assert "ann" not in repr(WebServer("http://a", login))
    assert not Login.from_environment({})
    for wrong in ({user: "a"}, {password: "a"}, {user: "a", password: "b", token: "c"}):
        with pytest.raises(ValueError, match="SPINESCAN_DICOMWEB"):
            Login.from_environment(wrong)


def test_who_asks_is_told() -> None:
    with serving(lambda _: Answer()) as web:
        for login in (Login(user="anä", password="pw"), Login(token="t-1"), Login()):
            Asking(WebServer(web.url, login)).get(f"{web.url}/x")
    basic = "Basic " + base64.b64encode("anä:pw".encode()).decode()
    assert [a.headers.get("authorization") for a in web.asked] == [basic, "Bearer t-1", None]


def test_a_netrc_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serving(lambda _: Answer()) as web:
        Asking(WebServer(web.url)).get(f"{web.url}/x")
    assert "authorization" not in web.asked[0].headers


def test_no_other_server_is_told_anything() -> None:
    with serving(lambda _: Answer()) as other:
        moved = Answer(307, headers={"Location": f"{other.url}/studies"})
        with serving(lambda _: moved) as web:
            server = WebServer(web.url, Login(token="t-1"))
            assert kind_of(server) == "refused"
            with pytest.raises(PacsError):
                Asking(server).get(f"{other.url}/studies")
    assert other.asked == []


def test_a_busy_server_is_asked_again(pauses: list[float]) -> None:
    answers = iter([Answer(503, headers={"Retry-After": "7"}), Answer(429), Answer(body=b"ok")])
    with serving(lambda _: next(answers)) as web:
        assert Asking(WebServer(web.url)).get(f"{web.url}/x").content == b"ok"
    assert pauses == [7.0, 2.0]


def test_a_server_that_stays_busy_is_told_of(pauses: list[float]) -> None:
    with serving(lambda _: Answer(503, headers={"Retry-After": "86400"})) as web:
        assert kind_of(WebServer(web.url, attempts=3)) == "slow"
    assert len(web.asked) == 3
    assert pauses == [30.0, 30.0]


def test_nobody_there_is_tried_again(pauses: list[float]) -> None:
    assert kind_of(WebServer(f"http://127.0.0.1:{free_port()}", attempts=3)) == "unreachable"
    assert pauses == [1.0, 2.0]


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 406, 413, 500])
def test_a_refusal_is_not_repeated(status: int) -> None:
    with serving(lambda _: Answer(status, b"SECRET")) as web:
        assert kind_of(WebServer(web.url)) == "refused"
    assert len(web.asked) == 1


def writing(*parts: bytes, pause_s: float = 0.0) -> Callable[[Asked], Answer]:
    """Writes these parts to the connection, then hangs up."""

    def write(handler: BaseHTTPRequestHandler) -> None:
        for part in parts:
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(pause_s)

    return lambda _: Answer(raw=write)


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ((HEAD + b"Content-Length: 10\r\n\r\n12345",), "unreachable"),
        ((HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",), "unreachable"),
        ((HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n12345\r\n",), "unreachable"),
        ((HEAD + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",), "not_understood"),
        ((b"",), "unreachable"),
        ((b"SSH-2.0-OpenSSH\r\n",), "unreachable"),
    ],
)
def test_half_an_answer_is_none(parts: tuple[bytes, ...], kind: str) -> None:
    with serving(writing(*parts)) as web:
        assert kind_of(WebServer(web.url, attempts=1)) == kind


def test_a_silent_server_is_given_up() -> None:
    ended = threading.Event()
    for begun in (b"", HEAD + b"Content-Length: 10\r\n\r\n123"):

        def silent(handler: BaseHTTPRequestHandler, begun: bytes = begun) -> None:
            handler.wfile.write(begun)
            handler.wfile.flush()
            ended.wait(20)

        with serving(lambda _, silent=silent: Answer(raw=silent)) as web:  # type: ignore[misc]
            began = time.monotonic()
            assert kind_of(WebServer(web.url, wait_s=0.3)) == "slow"
            assert time.monotonic() - began < 5
    ended.set()


@pytest.mark.parametrize(
    "head",
    [HEAD + b"Content-Length: 1000\r\n\r\n", HEAD + b"Connection: close\r\n\r\n",
     HEAD + b"X: ", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"],
)  # fmt: skip
@pytest.mark.parametrize("tls", [False, True])
def test_a_server_that_drips_is_given_up(head: bytes, tls: bool, certificate: Path) -> None:
    drops = [head, *[b"0"] * 100]
    with serving(writing(*drops, pause_s=0.05), str(certificate) if tls else None) as web:
        began = time.monotonic()
        trusted = certificate.with_name("crt")
        assert kind_of(WebServer(web.url, ca_file=trusted, wait_s=0.1)) == "slow"
        assert time.monotonic() - began < 4


def test_an_endless_answer_ends_at_the_limit() -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    parts = [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 64]
    with serving(writing(*parts)) as web:
        assert kind_of(WebServer(web.url, max_bytes=100_000)) == "refused"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that vouches for itself, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    both = folder / "both.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test"
    more = [
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        folder / "key",
        "-out",
        folder / "crt",
    ]
    try:
        subprocess.run([*words.split(), *map(str, more)], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    both.write_bytes((folder / "key").read_bytes() + (folder / "crt").read_bytes())
    return both


def test_a_certificate_must_be_trusted(certificate: Path) -> None:
    with serving(lambda _: Answer(body=b"ok"), str(certificate)) as web:
        assert kind_of(WebServer(web.url, Login(token="t-1"))) == "refused"
        assert web.asked == []
        trusting = WebServer(web.url, ca_file=certificate.with_name("crt"))
        assert Asking(trusting).get(f"{web.url}/x").content == b"ok"


def test_the_query_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    from spinescan.pacs.dicomweb import DicomWeb
    from spinescan.pacs.query import Query

    with caplog.at_level(logging.DEBUG), serving(lambda _: Answer(body=b"[]")) as web:
        query = Query.parse(["PatientName=SECRET*"])
        assert list(DicomWeb(WebServer(web.url)).films(query)) == []
    assert web.asked[0].query["PatientName"] == "SECRET*"
    assert "SECRET" not in caplog.text
    assert "SECRET" not in repr(query)
