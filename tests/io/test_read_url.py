"""Films from a server on this machine, well-behaved or not."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sample_files import film_values, picture_bytes

from spinescan.core.errors import ReadError
from spinescan.io.read import ReadLimits, read_radiograph

PNG = picture_bytes(film_values(bits=8), "PNG")
stop = threading.Event()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        getattr(self, f"serve_{self.path[1:]}", lambda: self.send_error(404))()

    def log_message(self, *args: object) -> None:
        pass

    def head(self, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def serve_film(self) -> None:
        self.head(Content_Length=str(len(PNG)), Content_Type="text/plain")
        self.wfile.write(PNG)

    def serve_moved(self) -> None:
        self.head(302, Location="/film")

    def serve_local(self) -> None:
        self.head(302, Location="file:///etc/passwd")

    def serve_ftp(self) -> None:
        self.head(302, Location="ftp://127.0.0.1/film.png")

    def serve_circle(self) -> None:
        self.head(302, Location="/circle")

    def serve_short(self) -> None:
        self.head(Content_Length=str(len(PNG)))
        self.wfile.write(PNG[:200])

    def serve_huge(self) -> None:
        self.head(Content_Length=str(10**12))

    def serve_endless(self) -> None:
        self.head()
        self.pour(b"\x89PNG\r\n\x1a\n" * 4096, 0)

    def serve_drip(self) -> None:
        self.head()
        self.pour(b"\x89", 0.05)

    def serve_slow_head(self) -> None:
        self.pour(b"H", 0.05)

    def serve_page(self) -> None:
        self.head()
        self.wfile.write(b"<html><body>Log in first</body></html>")

    def serve_empty(self) -> None:
        self.head(Content_Length="0")

    def pour(self, data: bytes, pause: float) -> None:
        try:
            while not stop.wait(pause):
                self.wfile.write(data)
        except OSError:  # the reader has gone, as it should
            pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    stop.set()
    server.shutdown()
    server.server_close()
    thread.join()


def refusal(url: str, **limits: float) -> ReadError:
    with pytest.raises(ReadError) as caught:
        read_radiograph(url, limits=ReadLimits(**limits))
    assert str(caught.value).startswith(f"{url}: ")
    return caught.value


@pytest.mark.parametrize("path", ["film", "moved"])
def test_a_film(site, path):
    film = read_radiograph(f"{site}/{path}")
    assert film.sha256 == read_radiograph(PNG).sha256


@pytest.mark.parametrize(
    ("path", "kind", "text"),
    [
        ("nothing", "url", "404 Not Found"),
        ("local", "url", "not allowed"),
        ("ftp", "url", "unknown url type: ftp"),
        ("circle", "url", "redirect"),
        ("short", "truncated", f"200 of {len(PNG):,} bytes"),
        ("huge", "too_large", "1,000,000,000,000 bytes"),
        ("page", "not_an_image", "it is text"),
        ("empty", "empty", "is empty"),
    ],
)
def test_what_can_go_wrong(site, path, kind, text):
    error = refusal(f"{site}/{path}")
    assert (error.kind, text in str(error)) == (kind, True), str(error)


def test_an_endless_body_is_cut_off(site):
    assert refusal(f"{site}/endless", max_bytes=1_000_000).kind == "too_large"


@pytest.mark.parametrize("path", ["drip", "slow_head"])
def test_the_time_limit_covers_the_whole_download(site, path):
    # Each single wait is far below the limit.
    start = time.monotonic()
    error = refusal(f"{site}/{path}", url_timeout_s=0.4)
    assert (error.kind, time.monotonic() - start < 3) == ("url", True)


def test_addresses_that_lead_nowhere(site):
    assert refusal("http://127.0.0.1:9/film.png").kind == "url"
    assert refusal("http://").kind == "url"
    assert refusal("http://[bad/film.png").kind == "url"
    assert refusal("https://127.0.0.1:0x/film.png").kind == "url"
    # The name of a server of http that does not speak TLS.
    assert refusal(site.replace("http:", "https:")).kind == "url"


def test_only_web_addresses_are_addresses(tmp_path):
    with pytest.raises(ReadError) as caught:
        read_radiograph("file:///etc/passwd")
    assert caught.value.kind == "not_found"
