"""Addresses that strangers name: nothing but the public internet is asked, whatever they try."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.errors import ReadError
from spinescan.io import reach as reach_module
from spinescan.io.limits import ReadLimits
from spinescan.io.reach import NotPublicError, Reach, is_public
from spinescan.io.url import download

FILM = b"the bytes of a film"
# Loopback has many addresses: here one of them plays the public internet, the others the machines
# beside the server.
PUBLIC, PRIVATE = "127.0.0.2", "127.0.0.1"
SECRET = "?key=hunter2"

Resolver = Callable[..., list[Any]]


class Handler(BaseHTTPRequestHandler):
    asked: list[str]
    target: str
    stop: threading.Event

    def do_GET(self) -> None:
        self.server.asked.append(self.headers["Host"])  # type: ignore[attr-defined]
        target = self.server.target  # type: ignore[attr-defined]
        path = self.path.partition("?")[0]
        if path == "/film":
            self.answer(200, {"Content-Length": str(len(FILM))}, FILM)
        elif path == "/moved":
            self.answer(302, {"Location": target})
        elif path == "/endless-moved":
            self.answer(302, {"Location": "/film"})
            self.pour(b"x" * 65536, 0)
        elif path == "/drip":
            self.answer(200, {})
            self.pour(b"x", 0.05)
        else:
            self.answer(404, {"X": "secret of the machine"})

    def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status, "secret of the machine")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def pour(self, data: bytes, pause: float) -> None:
        try:
            while not self.server.stop.wait(pause):  # type: ignore[attr-defined]
                self.wfile.write(data)
        except OSError:
            pass

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def site(host: str, context: ssl.SSLContext | None = None) -> Iterator[Any]:
    server: Any = ThreadingHTTPServer((host, 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.asked, server.target, server.stop = [], "", threading.Event()
    server.handle_error = lambda *args: None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def public() -> Iterator[Any]:
    with site(PUBLIC) as server:
        yield server


@pytest.fixture
def private() -> Iterator[Any]:
    with site(PRIVATE) as server:
        yield server


def here(*servers: Any) -> Reach:
    """A reach for which PUBLIC is the public internet."""
    ports = frozenset(server.server_port for server in servers)
    return Reach(allowed=lambda address: str(address) == PUBLIC, ports=ports)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Look-ups by name: of each what the first, the second, ... finds; the last one stays."""
    known: dict[str, list[list[str]]] = {}

    def resolve(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        if host not in known:
            return original(host, port, *args, **more)
        answers = known[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        families = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [
            (families[ip_address(a).version], socket.SOCK_STREAM, 6, "", (a, port)) for a in found
        ]

    original = socket.getaddrinfo
    monkeypatch.setattr(reach_module.socket, "getaddrinfo", resolve)
    return known


def refusal(url: str, reach: Reach, **limits: float) -> str:
    with pytest.raises(ReadError) as caught:
        download(url, ReadLimits(**limits), reach=reach)  # type: ignore[arg-type]
    assert caught.value.kind == "url"
    said = str(caught.value)
    for secret in ("hunter2", "example", "secret of the machine", "127.0.0", "film.png"):
        assert secret not in said
    return said


NOT_PUBLIC = str(NotPublicError())


def test_a_public_film_is_fetched(public: Any, names: dict[str, Any]) -> None:
    names["films.example"] = [[PUBLIC]]
    url = f"http://films.example:{public.server_port}"
    assert download(f"{url}/film{SECRET}", ReadLimits(), reach=here(public)) == FILM
    public.target = "/film"
    assert download(f"{url}/moved", ReadLimits(), reach=here(public)) == FILM
    assert public.asked == [f"films.example:{public.server_port}"] * 3


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "127.1", "0", "0.0.0.0", "2130706433", "0x7f000001"),
        *("0177.0.0.1", "017700000001", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
        *("10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.1"),
        *("198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1"),
        *("[fe80::1]", "[fe80::1%25lo]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]"),
        *("[64:ff9b::7f00:1]", "[64:ff9b:1::a00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]"),
        *("[2001:db8::1]", "[::7f00:1]", "[100::1]", "[3fff::1]", "[5f00::1]"),
        *("\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3", "127\u30020.0.1"),
        *("\uff11\uff12\uff17.0.0.1", "no-such-name.invalid", "a" * 300, "a..b", "-", "%00"),
    ],
)
def test_no_form_of_a_private_address_is_fetched(host: str) -> None:
    assert refusal(f"http://{host}/film{SECRET}", Reach()) in (
        NOT_PUBLIC,
        "that address cannot be fetched",
    )


def test_a_private_machine_is_never_asked(private: Any, names: dict[str, Any]) -> None:
    names["films.example"] = [[PRIVATE]]
    names["both.example"] = [[PUBLIC, PRIVATE]]
    for host in ("films.example", "both.example", PRIVATE, "localhost"):
        url = f"http://{host}:{private.server_port}/film{SECRET}"
        assert refusal(url, here(private)) == NOT_PUBLIC
    assert private.asked == []


def test_a_redirect_to_a_private_machine_is_not_followed(
    public: Any, private: Any, names: dict[str, Any]
) -> None:
    names["films.example"] = [[PUBLIC]]
    names["inner.example"] = [[PRIVATE]]
    url = f"http://films.example:{public.server_port}/moved"
    for host in (PRIVATE, "localhost", "inner.example", "2130706433", "[::ffff:127.0.0.1]"):
        for slashes in ("http://", "HTTP://", "//"):
            public.target = f"{slashes}{host}:{private.server_port}/film{SECRET}"
            assert refusal(url, here(public, private)) == NOT_PUBLIC
    assert private.asked == []


@pytest.mark.parametrize(
    "target",
    [
        *("file:///etc/passwd", "ftp://films.example/film", "gopher://films.example/", "data:,x"),
        *("http://user:hunter2@films.example/film", "http://films.example:22/film"),
        *("http://[bad/film", "http://films.example:99999/film", "javascript:1"),
    ],
)
def test_redirects_are_held_against_the_same_rules(
    public: Any, names: dict[str, Any], target: str
) -> None:
    names["films.example"] = [[PUBLIC]]
    public.target = target
    refusal(f"http://films.example:{public.server_port}/moved", here(public))
    assert len(public.asked) == 1


def test_rebinding_does_not_win(public: Any, private: Any, names: dict[str, Any]) -> None:
    """A name that is public when it is looked at and private when it is used."""
    names["films.example"] = [[PUBLIC], [PRIVATE]]
    reach = Reach(here().allowed, ports=frozenset({private.server_port}))
    # One look-up: the connection goes to the address that was checked, where nobody listens at
    # this port; the private machine, which does, is not asked.
    url = f"http://films.example:{private.server_port}/film"
    assert refusal(url, reach) == "that address cannot be fetched"
    assert refusal(url, reach) == NOT_PUBLIC
    assert private.asked == []


def test_rebinding_between_redirects_does_not_win(
    public: Any, private: Any, names: dict[str, Any]
) -> None:
    names["films.example"] = [[PUBLIC], [PRIVATE]]
    public.target = f"http://films.example:{private.server_port}/film"
    url = f"http://films.example:{public.server_port}/moved"
    assert refusal(url, here(public, private)) == NOT_PUBLIC
    assert (len(public.asked), private.asked) == (1, [])


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://films.example/film", "gopher://films.example"),
        *("http://user:hunter2@films.example/film", "http://user@films.example/film"),
        *("http://:hunter2@films.example/", "https://films.example:80x/", "http:///film"),
        *("http:film", "films.example"),
        *("http://films.example:22/film", "http://films.example:0/", "http://films.example:8080/"),
        *("http://films.example\\@127.0.0.1/", "http://127.0.0.1\\@films.example/", "", " ", "\0"),
        *("http://films.example/\r\nHost: inner", "http://films.example /film", "http://[::1"),
        *("unix:/var/run/docker.sock", "http+unix://%2Fvar%2Frun/x", "jar:http://films.example!/"),
    ],
)  # fmt: skip
def test_addresses_that_are_refused_by_their_look(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: object, **more: object) -> socket.socket:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(reach_module.socket, "socket", never)
    refusal(url, Reach())


def test_no_proxy_of_the_environment_is_asked(
    public: Any, private: Any, names: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://{PRIVATE}:{private.server_port}")
    names["films.example"] = [[PUBLIC]]
    url = f"http://films.example:{public.server_port}/film"
    assert download(url, ReadLimits(), reach=here(public)) == FILM
    assert private.asked == []


def test_the_body_of_a_redirect_is_not_read(public: Any, names: dict[str, Any]) -> None:
    names["films.example"] = [[PUBLIC]]
    url = f"http://films.example:{public.server_port}/endless-moved"
    began = time.monotonic()
    assert download(url, ReadLimits(), reach=here(public)) == FILM
    assert download(url.replace("films.example", PUBLIC), ReadLimits()) == FILM  # the CLI's way too
    assert time.monotonic() - began < 5


def test_what_is_too_large_or_not_there(public: Any, names: dict[str, Any]) -> None:
    names["films.example"] = [[PUBLIC]]
    url = f"http://films.example:{public.server_port}"
    with pytest.raises(ReadError) as caught:
        download(f"{url}/film", ReadLimits(max_bytes=5), reach=here(public))
    assert caught.value.kind == "too_large"
    said = refusal(f"{url}/nothing{SECRET}", here(public))
    assert said == "the server at that address answered 404"


def test_a_slow_server_holds_no_thread(public: Any, names: dict[str, Any]) -> None:
    names["films.example"] = [[PUBLIC]]
    began = time.monotonic()
    url = f"http://films.example:{public.server_port}/drip{SECRET}"
    refusal(url, here(public), url_timeout_s=0.3)
    assert time.monotonic() - began < 3
    downloads = [t for t in threading.enumerate() if t.name == "spinescan-download"]
    for thread in downloads:
        thread.join(3)
        assert not thread.is_alive()


def test_what_was_cut_off_is_no_film(
    public: Any, names: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    names["films.example"] = [[PUBLIC]]
    end = reach_module.Connections.end

    def end_and_wait(connections: Any) -> None:
        end(connections)
        time.sleep(0.2)  # the thread sees its connection closed before anybody looks at it

    monkeypatch.setattr("spinescan.io.url.Connections.end", end_and_wait)
    url = f"http://films.example:{public.server_port}/drip{SECRET}"
    refusal(url, here(public), url_timeout_s=0.3)


def test_a_handshake_that_never_ends_holds_no_thread(names: dict[str, Any]) -> None:
    names["films.example"] = [[PUBLIC]]
    with socket.create_server((PUBLIC, 0)) as mute:
        port = mute.getsockname()[1]
        reach = Reach(here().allowed, ports=frozenset({port}))
        refusal(f"https://films.example:{port}/film", reach, url_timeout_s=0.3)
        for thread in threading.enumerate():
            if thread.name == "spinescan-download":
                thread.join(3)
                assert not thread.is_alive()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
def test_tls_verifies_the_name(
    names: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=films"
    more = ["-addext", "subjectAltName=DNS:films.example", "-keyout", key, "-out", certificate]
    subprocess.run(["openssl", *words.split(), *more], check=True, capture_output=True)
    names["films.example"] = names["other.example"] = [[PUBLIC]]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ExitStack() as stack:
        server = stack.enter_context(site(PUBLIC, context))
        url = f"https://films.example:{server.server_port}/film"
        refusal(url, here(server))  # nobody vouches for the certificate
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert download(url, ReadLimits(), reach=here(server)) == FILM
        refusal(url.replace("films.", "other."), here(server))
        assert len(server.asked) == 1


@given(st.integers(0, 2**32 - 1))
def test_an_address_in_an_address_is_never_public(number: int) -> None:
    inner = IPv4Address(number)
    for prefix in (0xFFFF << 32, 0x64FF9B << 96, 0, 0x2002 << 112 | number << 80):
        assert not is_public(IPv6Address(prefix | number))
    assert not is_public(inner) or inner.is_global


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111"])
def test_the_public_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))
