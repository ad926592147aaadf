"""Requests to one DICOMweb server: what it is told, how long to wait, when to ask again."""

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from time import sleep
from typing import Any, Final
from urllib.parse import urlsplit

from spinescan.io.limits import DEFAULT_LIMITS
from spinescan.pacs.errors import PacsError

USER, PASSWORD, TOKEN = (f"SPINESCAN_DICOMWEB_{what}" for what in ("USER", "PASSWORD", "TOKEN"))
"""Environment variables that hold credentials: command lines and files are read by others."""

_AGAIN: Final = frozenset(
    (
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    )
)
_LONGEST_PAUSE_S: Final = 30.0
_CHUNK: Final = 1 << 16
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Login:
    """What a server is told of who asks: a user and password, or a bearer token, or nothing."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Login":
        """The credentials in USER and PASSWORD, or in TOKEN.

        Raises
        ------
        ValueError
            Both are set, or a half of the pair is missing.
        """
        user, password, token = (environment.get(name, "") for name in (USER, PASSWORD, TOKEN))
        if bool(user) != bool(password):
            raise ValueError(f"{USER} and {PASSWORD} go together; one of them is missing.")
        if user and token:
            raise ValueError(f"set {USER} and {PASSWORD}, or {TOKEN}; not both.")
        return cls(user, password, token)

    def __bool__(self) -> bool:
        return bool(self.user or self.token)


@dataclass(frozen=True, slots=True)
class WebServer:
    """A DICOMweb server, and how it is asked.

    Parameters
    ----------
    url
        The root of its services, http(s), without user, query or fragment. Kept in one spelling, so
        that two of the same server are equal.
    login
        Goes to this server alone: redirects are not followed.
    ca_file
        Certificates (PEM) of who may vouch for it, or None for those of the system.
    wait_s
        Seconds that it may be silent, and ten times that for a whole request, from the connection
        to the last byte of the answer.
    attempts
        How often a request is made that found nobody, or a server that is busy.
    max_bytes
        Size of an answer.
    """

    url: str
    login: Login = field(default_factory=Login)
    ca_file: Path | None = None
    wait_s: float = 30.0
    attempts: int = 4
    max_bytes: int = DEFAULT_LIMITS.max_bytes

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", _one_spelling(self.url))

    @property
    def in_the_open(self) -> bool:
        """Whether credentials and films would cross a network unencrypted."""
        parts = urlsplit(self.url)
        return parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1")


def _one_spelling(url: str) -> str:
    """The address with a small scheme and host, no usual port and no slash at its end."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the server's address is not a valid http(s) address.") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("the server's address must begin with http:// or https:// and a host.")
    if "@" in parts.netloc:
        raise ValueError(
            f"no user or password in the server's address, which others can read: set {USER} and"
            f" {PASSWORD}, or {TOKEN}."
        )
    if parts.query or parts.fragment:
        raise ValueError("the server's address must end with its path.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}"
    return f"{parts.scheme}://{place}{parts.path.rstrip('/')}"


class Asking:
    """A session with one server, in the shape that dicomweb-client asks through; for one thread.

    Each answer has its whole body and a status below 400, or 409 (conflict, in which STOW-RS tells
    what failed); anything else is a PacsError, which names neither the address nor what was asked.
    """

    def __init__(self, server: WebServer) -> None:
        import requests

        self._server = server
        self._line = _Line()
        self._session = requests.Session()
        for scheme in _PORTS:
            self._session.mount(f"{scheme}://", _adapter(self._line))
        self.headers = self._session.headers

    def get(self, url: str, headers: Mapping[str, str] | None = None, **_: Any) -> Any:
        """GET; dicomweb-client's other wishes (timeout, stream) are the server's to set."""
        # These may stand in a query as they are (RFC 3986, 3.4); older Orthancs know no other way.
        for escaped, plain in (("%2A", "*"), ("%3F", "?"), ("%2C", ",")):
            url = url.replace(escaped, plain)
        return self._ask("GET", url, headers or {}, None)

    def post(self, url: str, headers: Mapping[str, str], data: bytes) -> Any:
        """POST."""
        return self._ask("POST", url, headers, data)

    def _ask(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> Any:
        if not url.startswith(f"{self._server.url}/"):
            raise PacsError("the server's answer leads to another address", kind="not_understood")
        # dicomweb-client sends a Host without the port, which virtual hosts do not know.
        told = {name: value for name, value in headers.items() if name != "Host"}
        for attempt in range(1, self._server.attempts + 1):
            try:
                answer = self._once(method, url, told, data)
            except PacsError as error:
                if error.kind != "unreachable" or attempt == self._server.attempts:
                    raise
                sleep(2.0 ** (attempt - 1))
                continue
            if answer.status_code not in _AGAIN or attempt == self._server.attempts:
                break
            sleep(_pause_s(answer.headers.get("Retry-After", ""), attempt))
        _check(answer.status_code)
        return answer

    def _once(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> Any:
        """One request and its whole answer, within its time."""
        answer: Any = None
        with self._line.watched(10 * self._server.wait_s) as is_cut:
            try:
                answer = self._exchange(method, url, headers, data)
            except PacsError:
                if not is_cut.is_set():
                    raise
        if is_cut.is_set():  # what has come may look whole, and is not
            raise PacsError("the answer takes too long", kind="slow")
        return answer

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | None
    ) -> Any:
        import requests
        import urllib3

        server = self._server
        try:
            answer = self._session.request(
                method,
                url,
                headers=dict(headers),
                data=data,
                auth=self._sign,
                # Given here: a variable of the environment comes before the session's own.
                verify=True if server.ca_file is None else str(server.ca_file),
                timeout=server.wait_s,
                allow_redirects=False,
                stream=True,
            )
            with answer:
                # What its `content` and `json` give from now on.
                answer._content, answer._content_consumed = self._body(answer.raw), True
        except requests.exceptions.SSLError:
            raise PacsError(
                "the server's certificate is not trusted; name a file with its authority's"
                " certificate if it has one of its own",
                kind="refused",
            ) from None
        except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
            raise PacsError(f"silent for {server.wait_s:g} s", kind="slow") from None
        except (requests.exceptions.ConnectionError, urllib3.exceptions.ProtocolError):
            raise PacsError("cannot be reached, or hung up", kind="unreachable") from None
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, ValueError):
            raise PacsError("the answer is no HTTP", kind="not_understood") from None
        return answer

    def _body(self, raw: Any) -> bytes:
        """The body, up to the limit of size.

        Read as it comes: a reader that waits for a full chunk is held by a server that sends a byte
        now and then.
        """
        server, body = self._server, bytearray()
        while chunk := raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > server.max_bytes:
                raise PacsError(
                    f"the answer has more than the limit of {server.max_bytes:,} bytes",
                    kind="refused",
                )
        return bytes(body)

    def _sign(self, request: Any) -> Any:
        """Credentials, if any. Given always, or requests would look for some in a ~/.netrc."""
        from requests.auth import HTTPBasicAuth

        login = self._server.login
        if login.token:
            request.headers["Authorization"] = f"Bearer {login.token}"
        elif login.user:
            return HTTPBasicAuth(login.user.encode(), login.password.encode())(request)
        return request


class _Line:
    """The connection of the request under way, which is cut when its time is over.

    A timeout of requests is for each read: a byte now and then would hold a request for ever.
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._is_cut = threading.Event()

    def goes_by(self, connected: socket.socket) -> None:
        """The request under way goes by this connection."""
        self._socket = connected
        if self._is_cut.is_set():
            self._shut()

    @contextlib.contextmanager
    def watched(self, seconds: float) -> Iterator[threading.Event]:
        """Cut the line if this takes longer; gives what is set then."""
        self._is_cut, self._socket = threading.Event(), None
        timer = threading.Timer(seconds, self._cut, (self._is_cut,))
        timer.daemon = True
        timer.start()
        try:
            yield self._is_cut
        finally:
            timer.cancel()

    def _cut(self, is_cut: threading.Event) -> None:
        if is_cut is self._is_cut:  # the request that it is for is still under way
            is_cut.set()
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Not TLS's own, which changes what the reading thread reads by.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _adapter(line: _Line) -> Any:
    """What requests sends by, through a proxy or not: it tells the line of each connection."""
    from requests.adapters import HTTPAdapter

    def telling(kind: Any) -> Any:
        class Telling(kind):  # type: ignore[misc]
            def connect(self) -> None:
                super().connect()
                line.goes_by(self.sock)

            def request(self, *args: Any, **options: Any) -> None:
                if self.sock is not None:  # it is used again
                    line.goes_by(self.sock)
                super().request(*args, **options)

        return Telling

    class Adapter(HTTPAdapter):  # type: ignore[misc]
        def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
            pool: Any = super().get_connection_with_tls_context(*args, **options)
            if "ConnectionCls" not in vars(pool):
                pool.ConnectionCls = telling(pool.ConnectionCls)
            return pool

    return Adapter()


def _pause_s(retry_after: str, attempt: int) -> float:
    """Seconds until the next attempt: what the server asks for, within reason."""
    asked = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0.0
    return min(max(asked, 2.0 ** (attempt - 1)), _LONGEST_PAUSE_S)


def _check(status: int) -> None:
    if status < 300 or status == HTTPStatus.CONFLICT:
        return
    if status < 400:
        raise PacsError(
            f"the server answered {status}: it is at another address now, which is not followed",
            kind="refused",
        )
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise PacsError(
            f"the server answered {status}: it does not let this user do that ({USER} and"
            f" {PASSWORD}, or {TOKEN})",
            kind="refused",
        )
    if status in _AGAIN:
        raise PacsError(f"the server is busy or down (it answered {status})", kind="slow")
    raise PacsError(f"the server answered {status}", kind="refused")
