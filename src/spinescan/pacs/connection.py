"""One connection to the listener, bounded in bytes and in time.

pynetdicom reads whatever length a message announces, and waits without end for its rest. Here each
message has a size that it may reach, and each stage a time that it may take; what goes beyond is
cut off. Its sender meets a closed connection, and may come back.
"""

import contextlib
import socket
import time
from dataclasses import dataclass
from typing import Any

from pynetdicom.transport import AssociationSocket

_PDU_ROOM = 2
"""A request for an association may be larger than the PDUs of data that we ask for."""

_END_S = 5.0


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What senders may take.

    Parameters
    ----------
    connections, connections_each
        How many may be open at once, whether they have said anything or not: in all, and from one
        address.
    object_bytes
        Of one object.
    pdu_bytes
        Of one PDU of data; senders are told.
    negotiate_s, pdu_s, object_s, idle_s
        How long it may take from the connection to the association, from the first to the last byte
        of a PDU, from the first to the last PDU of an object, and from one message to the next.
    """

    connections: int = 16
    connections_each: int = 8
    object_bytes: int = 64 * 2**20
    pdu_bytes: int = 128 * 2**10
    negotiate_s: float = 10.0
    pdu_s: float = 30.0
    object_s: float = 300.0
    idle_s: float = 60.0


DEFAULT_LIMITS = ConnectionLimits()


class BoundedSocket(AssociationSocket):  # type: ignore[misc]
    """A connection's socket as pynetdicom reads it: 6 bytes of a PDU, then the rest of it."""

    def __init__(self, association: Any, connected: socket.socket, limits: ConnectionLimits):
        super().__init__(association, client_socket=connected)
        self._limits = limits
        self._left = limits.object_bytes
        self.reading_since: float | None = None

    def recv(self, nr_bytes: int) -> bytearray:
        """As many bytes, or fewer where the sender has closed the connection.

        Raises
        ------
        OSError
            Where that would be more than is allowed: of a PDU, of an object, or of messages that
            wait (who sends the next one before the answer breaks the rules: the window of
            operations is one, PS3.7 D.3.3.3). pynetdicom then closes the connection.
        """
        waiting = self.assoc.dimse.msg_queue.qsize()
        if self.assoc.dimse.message is None:  # nothing is half received: the next object begins
            self._left = self._limits.object_bytes + self._limits.pdu_bytes
        if nr_bytes > min(_PDU_ROOM * self._limits.pdu_bytes, self._left) or waiting:
            raise OSError("more than is allowed")
        self.reading_since = time.monotonic()
        try:
            return self._filled(nr_bytes)
        finally:
            self.reading_since = None

    def _filled(self, count: int) -> bytearray:
        connected = self.socket
        if connected is None:
            raise OSError("closed")
        data, got = bytearray(count), 0
        while got < count and (more := connected.recv_into(memoryview(data)[got:])):
            got += more
        self._left -= got
        return data[:got]


class Connection:
    """What the listener knows of one connection, and how it ends it."""

    def __init__(
        self, association: Any, connected: socket.socket, address: str, limits: ConnectionLimits
    ) -> None:
        self.association = association
        self._socket = connected
        self.address = address
        self._limits = limits
        self._began = time.monotonic()
        self._message: tuple[object, float] | None = None
        self._ending_since: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether a thread of it is left, or is about to begin."""
        if self.association.ident is None:
            return time.monotonic() - self._began < self._limits.negotiate_s
        return bool(self.association.is_alive() or self.association.dul.is_alive())

    def check(self) -> bool:
        """Cut it off if its time is over, or if one of its two threads has died; whether it was."""
        now = time.monotonic()
        late = self._is_late(now)
        if late:
            self.cut()
        half_dead = not self.association.is_alive() or self.association._kill
        if not half_dead:
            self._ending_since = None
        elif self._ending_since is None:
            self._ending_since = now
        elif now - self._ending_since > _END_S:
            self.cut()
            self.association.dul.kill_dul()
        return late

    def _is_late(self, now: float) -> bool:
        association, limits = self.association, self._limits
        asked = association.requestor.primitive is not None
        if not asked and now - self._began > limits.negotiate_s:
            return True
        reading_since = association.dul.socket.reading_since
        if reading_since is not None and now - reading_since > limits.pdu_s:
            return True
        message = association.dimse.message
        if message is None:
            self._message = None
        elif self._message is None or self._message[0] is not message:
            self._message = (message, now)
        return self._message is not None and now - self._message[1] > limits.object_s

    def cut(self) -> None:
        """Close it, whatever is going on; its threads find it closed."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Let go of its socket; pynetdicom does not, where there is nobody on its other end."""
        self._socket.close()
