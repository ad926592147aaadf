"""The node's ear: a DICOM SCP of C-STORE and C-ECHO for films, by pynetdicom (PS3.4 Annexes A, B).

Who is not on the allow-list is refused before a byte is read (by address) or by rejection (by
title); what is no projection film, by negotiation. What a film's data set holds is not looked at
here beyond its SOP Instance UID: that is its reader's work, in a process of its own.
"""

import contextlib
import socket
import socketserver
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pynetdicom import AE, build_context, evt
from pynetdicom import _config as _pynetdicom
from pynetdicom.transport import AssociationServer, RequestHandler

from spinescan.pacs.access import AllowList
from spinescan.pacs.connection import BoundedSocket, Connection, ConnectionLimits
from spinescan.pacs.received import FILM_CLASSES, SYNTAXES, Received, received

_pynetdicom.LOG_HANDLER_LEVEL = "none"  # its own log tells titles, UIDs and elements

_VERIFICATION = "1.2.840.10008.1.1"
_POLL_S = 0.5
_CUT_S = 2.0

# PS3.4 B.2.3 and PS3.7 Annex C.
_STATUS = {"taken": 0x0000, "full": 0xA700, "not_understood": 0xC000, "not_a_film": 0x0122}

TALLIED = {
    "taken": "films taken",
    "full": "films told to come again",
    "not_understood": "objects not understood",
    "not_a_film": "objects of another kind",
    "address_refused": "connections from addresses that are not allowed",
    "title_refused": "titles that are not allowed there",
    "connection_refused": "connections too many",
    "cut_off": "connections too slow",
    "broken_off": "connections that made no sense",
}
"""What is counted, in words for the log."""

Taken = Literal["taken", "full"]
"""Whether a film is on our disk; one that finds no room is sent again by its sender, later."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 stands for any free one."""

    host: str
    port: int
    title: str


class Listener:
    """Takes films from who may send them.

    Parameters
    ----------
    take
        Called with each film, one at a time; its sender is told success only after it answers
        "taken". What it raises is a refusal (0xA700), and must be of no interest to anybody: it is
        not logged here.
    allowed, limits
        Who may send, and how much.
    tls
        Speak TLS only, as this context says.
    """

    def __init__(
        self,
        at: Address,
        take: Callable[[Received], Taken],
        *,
        allowed: AllowList,
        limits: ConnectionLimits,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._take = take
        self._allowed = allowed
        self._one = threading.Lock()  # one film at a time is copied and written
        self._tally = Counter(dict.fromkeys(TALLIED, 0))
        self._tallying = threading.Lock()
        entity = AE(ae_title=at.title)
        entity.require_called_aet = True
        entity.maximum_pdu_size = limits.pdu_bytes
        entity.maximum_associations = limits.connections + 1  # ours comes first
        entity.acse_timeout = limits.negotiate_s
        entity.network_timeout = entity.dimse_timeout = limits.idle_s
        self._server = _Server(entity, at, limits, self, tls)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_S,), name="listener", daemon=True
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Let senders in."""
        self._thread.start()

    def close(self, grace_s: float) -> None:
        """Let nobody in any more, and close connections that do not end of themselves in time."""
        if self._thread.is_alive():
            socketserver.BaseServer.shutdown(self._server)
            self._thread.join()
        self._server.server_close()
        deadline = time.monotonic() + grace_s
        while self._server.open_connections() and time.monotonic() < deadline:
            time.sleep(0.02)
        for connection in self._server.open_connections():
            connection.cut()
        deadline = time.monotonic() + _CUT_S
        while self._server.open_connections() and time.monotonic() < deadline:
            time.sleep(0.02)

    @property
    def tally(self) -> Counter[str]:
        """How often what of `TALLIED` came about so far."""
        with self._tallying:
            return self._tally.copy()

    def count(self, what: str) -> None:
        """It came about once more."""
        with self._tallying:
            self._tally[what] += 1

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._server.open_connections())

    def lets_in(self, address: str) -> bool:
        """Whether a connection from there may be open."""
        allowed = self._allowed.lets_in(address)
        if not allowed:
            self.count("address_refused")
        return allowed

    def asked(self, event: Any) -> None:
        """An association is asked for: refused here if title and address do not go together."""
        association = event.assoc
        asker = association.requestor
        title = str(asker.primitive.calling_ae_title or "")
        if not self._allowed.lets_send(title, asker.address_info.address):
            self.count("title_refused")
            # Rejected for good, by the user of the service: calling AE title not recognized
            # (PS3.8 Table 9-21).
            association.acse.send_reject(0x01, 0x01, 0x03)
            association.is_rejected = True
            association.kill()

    def stored(self, event: Any) -> int:
        """A film has come: the status that its sender is told."""
        if event.request.AffectedSOPClassUID != event.context.abstract_syntax:
            outcome = "not_a_film"
        else:
            outcome = self._outcome(event)
        self.count(outcome)
        return _STATUS[outcome]

    def _outcome(self, event: Any) -> str:
        with self._one:
            try:
                film = received(event)
            except Exception:  # a request that pynetdicom let pass and cannot write down
                return "not_understood"
            try:
                return self._take(film)
            except Exception:
                return "full"

    def closed(self, event: Any) -> None:
        """A connection is closed: who waits for an association on it need not wait on."""
        if event.assoc.requestor.primitive is None:
            event.assoc.dul.to_user_queue.put(None)


class _Server(AssociationServer):  # type: ignore[misc]
    """pynetdicom's server, which knows its connections from the first moment to the last."""

    request_queue_size = 64

    def __init__(
        self,
        entity: AE,
        at: Address,
        limits: ConnectionLimits,
        listener: Listener,
        tls: ssl.SSLContext | None,
    ) -> None:
        self.limits = limits
        self._listener = listener
        self._connections: list[Connection] = []
        self._counting = threading.Lock()
        self._tls = tls
        contexts = [build_context(each, list(SYNTAXES)) for each in FILM_CLASSES]
        super().__init__(
            entity,
            (at.host, at.port) if ":" not in at.host else (at.host, at.port, 0, 0),
            at.title,
            [*contexts, build_context(_VERIFICATION)],
            evt_handlers=[
                (evt.EVT_REQUESTED, listener.asked),
                (evt.EVT_C_STORE, listener.stored),
                (evt.EVT_CONN_CLOSE, listener.closed),
            ],
            request_handler=_Handler,
        )

    def open_connections(self) -> list[Connection]:
        """Those that have a thread left."""
        with self._counting:
            for each in [each for each in self._connections if not each.is_open]:
                each.forget()
                self._connections.remove(each)
            return list(self._connections)

    def add(self, association: Any, connected: socket.socket, address: str) -> None:
        """A connection was let in."""
        with self._counting:
            self._connections.append(Connection(association, connected, address, self.limits))

    def get_request(self) -> tuple[socket.socket, Any]:
        """The next connection, of which nothing is read yet."""
        connected, address = self.socket.accept()
        connected.settimeout(self.limits.pdu_s)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether it may stay open: its address is allowed, and there is room."""
        address = str(client_address[0])
        if not self._listener.lets_in(address):
            return False
        now = self.open_connections()
        here = sum(connection.address == address for connection in now)
        room = len(now) < self.limits.connections and here < self.limits.connections_each
        if not room:
            self._listener.count("connection_refused")
        return room

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Begin to listen to it; TLS shakes hands with the first read, in a thread of its own."""
        if self._tls is not None:
            request = self._tls.wrap_socket(
                request, server_side=True, do_handshake_on_connect=False
            )
        super().finish_request(request, client_address)

    def service_actions(self) -> None:
        """Every half second, and after each connection: cut off what is too slow."""
        super().service_actions()
        for connection in self.open_connections():
            if connection.check():
                self._listener.count("cut_off")

    def broke(self, connected: socket.socket) -> None:
        """A thread of a connection failed: the other one finds it closed."""
        self._listener.count("broken_off")
        with contextlib.suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that could not be begun; socketserver would print a traceback."""
        self._listener.count("connection_refused")


class _Handler(RequestHandler):  # type: ignore[misc]
    def _create_association(self) -> Any:
        association = super()._create_association()
        association.dul.event_queue.get_nowait()  # "connected", which the next socket says again
        association.dul.socket = BoundedSocket(association, self.request, self.server.limits)
        association.dul.daemon = True  # cut threads must not keep the process
        self.server.add(association, self.request, str(self.client_address[0]))
        for thread in (association, association.dul):
            thread.run = self._guarded(thread.run)
        return association

    def _guarded(self, run: Callable[[], None]) -> Callable[[], None]:
        """A thread of pynetdicom's that ends where it fails, as on some malformed messages."""

        def guarded() -> None:
            try:
                run()
            except Exception:
                self.server.broke(self.request)

        return guarded
