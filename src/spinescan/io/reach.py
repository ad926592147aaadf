"""Which machines a server may be made to fetch from, and connections to no other ones.

Whoever may name an address to a server could have it ask the machines beside it (server-side
request forgery). A look at the name is not enough: it may lead to a private address, to another one
at the second look-up (DNS rebinding), or to a redirect. So each connection, after each redirect,
looks the name up once, asks that every address found is allowed, and connects to one of these.
"""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, Request

Address = IPv4Address | IPv6Address

_NOT_GLOBAL_4: Final = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # shared by a provider's customers
        "192.0.0.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "198.18.0.0/15",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
_GLOBAL_6: Final = ip_network("2000::/3")
_NOT_GLOBAL_6: Final = tuple(
    ip_network(network)
    for network in (
        "2001::/23",  # Teredo and other special purposes (RFC 6890)
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)


class NotPublicError(Exception):
    """An address that is not to be asked; its message does not repeat it."""

    def __init__(self) -> None:
        super().__init__("only public http and https addresses are fetched")


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet's own (IANA's special-purpose registries).

    Private, loopback, link-local, multicast and reserved addresses are not, nor IPv6 ones that hold
    an IPv4 address (mapped, NAT64, 6to4, Teredo).
    """
    if isinstance(address, IPv4Address):
        special = any(address in network for network in _NOT_GLOBAL_4)
    else:
        special = address not in _GLOBAL_6 or any(address in n for n in _NOT_GLOBAL_6)
    return address.is_global and not special


@dataclass(frozen=True, slots=True)
class Reach:
    """Where connections may go: to allowed addresses, at these ports."""

    allowed: Callable[[Address], bool] = is_public
    ports: frozenset[int] = frozenset({80, 443})

    def check_url(self, url: str) -> None:
        """Refuse (NotPublicError) what is no plain http(s) address at an allowed port."""
        try:
            parts = urlsplit(url)
            port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
        except ValueError as error:
            raise NotPublicError from error
        named = parts.hostname and parts.username is None and parts.password is None
        if parts.scheme not in ("http", "https") or not named or port not in self.ports:
            raise NotPublicError

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        """A connection to one of the addresses of a name, if all of them are allowed.

        Raises
        ------
        NotPublicError
            One is not, or the name leads nowhere: that of a machine beside the server is nobody's
            business either.
        OSError
            None of them answers.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = [ip_address(place[4][0]) for place in found]
        except (OSError, ValueError) as error:  # ValueError: an IPv6 zone, a name that is none
            raise NotPublicError from error
        if not addresses or port not in self.ports or not all(map(self.allowed, addresses)):
            raise NotPublicError
        failed: OSError | None = None
        for family, kind, protocol, _, place in found:
            connection = socket.socket(family, kind, protocol)
            try:
                connection.settimeout(timeout)
                connection.connect(place)
            except OSError as error:
                connection.close()
                failed = error
            else:
                return connection
        assert failed is not None
        raise failed


class Connections:
    """Handlers for urllib whose connections keep within a reach, and can be ended from outside."""

    def __init__(self, reach: Reach, timeout: float) -> None:
        self._reach, self._timeout = reach, timeout
        self._open: list[socket.socket] = []
        self._ended = False

    def handlers(self) -> tuple[HTTPHandler, HTTPSHandler]:
        """For http and for https; the latter verify the certificate against the name."""
        return _Http(self), _Https(self)

    def check(self, request: Request) -> None:
        """Refuse (NotPublicError) an address, or one that a redirect leads to."""
        self._reach.check_url(request.full_url)

    def open(self, connection: HTTPConnection, context: ssl.SSLContext | None) -> socket.socket:
        """The socket of a connection; with a context, one that speaks TLS."""
        raw = self._reach.connect(connection.host, connection.port, self._timeout)
        self._open.append(raw)
        if self._ended:
            raw.close()
            raise TimeoutError
        if context is None:
            return raw
        secure = context.wrap_socket(
            raw, server_hostname=connection.host, do_handshake_on_connect=False
        )
        self._open.append(secure)
        try:
            secure.do_handshake()
        except BaseException:
            secure.close()
            raise
        return secure

    def end(self) -> None:
        """End what is open, so that a thread that still waits for it comes back."""
        self._ended = True
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # it has ended by itself
                continue


class _Http(HTTPHandler):
    def __init__(self, connections: Connections) -> None:
        super().__init__()
        self._connections = connections

    def http_open(self, req: Request) -> HTTPResponse:
        connections = self._connections

        class Connection(HTTPConnection):
            def connect(self) -> None:
                self.sock = connections.open(self, None)

        connections.check(req)
        return self.do_open(Connection, req)


class _Https(HTTPSHandler):
    def __init__(self, connections: Connections) -> None:
        super().__init__()
        self._connections = connections

    def https_open(self, req: Request) -> HTTPResponse:
        connections, context = self._connections, ssl.create_default_context()

        class Connection(HTTPSConnection):
            def connect(self) -> None:
                self.sock = connections.open(self, context)

        connections.check(req)
        return self.do_open(Connection, req, context=context)
