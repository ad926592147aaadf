"""Results handed over by C-STORE (PS3.4 Annex B), spoken by pynetdicom."""

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from ipaddress import ip_address
from typing import Any, Self

from pydicom import Dataset, dcmread
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, build_context, evt
from pynetdicom import _config as _pynetdicom

from spinescan.pacs.errors import PacsError

_pynetdicom.LOG_HANDLER_LEVEL = "none"  # its own log tells titles, UIDs and elements

_ADDRESS = re.compile(
    r"(?P<title>[^@]*)@(?P<host>\[[0-9A-Fa-f:.]+\]|[^@:\s\0]+):(?P<port>[0-9]{1,5})"
)
_DUPLICATE = 0x0111
"""Status "Duplicate SOP Instance" (PS3.7, C.5.14): it is there already."""

CALLING_TITLE = "SPINESCAN"


def ae_title(text: str) -> str:
    """An AE title (PS3.5, 6.2) without the spaces around it. ValueError if it is none."""
    title = text.strip(" ")
    if not 0 < len(title) <= 16 or not (title.isascii() and title.isprintable()) or "\\" in title:
        raise ValueError("an AE title has 1 to 16 characters, printable ASCII without backslash")
    return title


@dataclass(frozen=True, slots=True)
class StoreTimes:
    """How long to wait, in seconds.

    `connect` for the connection, `answer` for each answer on it, `whole` for one object from the
    connection to the acknowledgement, whatever happens between.
    """

    connect: float = 10.0
    answer: float = 60.0
    whole: float = 300.0


@dataclass(frozen=True, slots=True)
class StoreDestination:
    """A PACS that takes objects by C-STORE; each is sent on an association of its own.

    Parameters
    ----------
    title, host, port
        The called AE title, and where it listens.
    calling_title
        The AE title that we call ourselves.
    tls
        Speak TLS, as this context says; the certificate must be `host`'s.
    """

    title: str
    host: str
    port: int
    calling_title: str = CALLING_TITLE
    times: StoreTimes = StoreTimes()
    tls: ssl.SSLContext | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, text: str, **options: Any) -> Self:
        """From "AET@host:port"; an IPv6 address stands in brackets. ValueError if it is none."""
        found = _ADDRESS.fullmatch(text)
        if found is None or not 0 < int(found["port"]) < 65536:
            raise ValueError("expected AET@HOST:PORT")
        try:
            return cls(
                ae_title(found["title"]), _host(found["host"]), int(found["port"]), **options
            )
        except ValueError as error:
            raise ValueError(f"expected AET@HOST:PORT: {error}") from None

    @property
    def name(self) -> str:
        """As `Destination.name`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"dicom:{self.title}@{host}:{self.port}"

    def send(self, data: bytes) -> None:
        """As `Destination.send`: success, or a warning (PS3.4 B.2.3), is an acknowledgement.

        So is that the object is there already.
        """
        found = dcmread(BytesIO(data))
        with self._association(found.SOPClassUID, found.file_meta.TransferSyntaxUID) as association:
            began = time.monotonic()
            try:
                answer = association.send_c_store(found)
            except ValueError as error:  # no context that this object could go by
                raise PacsError(
                    f"{self.name} does not take the object's kind or encoding", kind="refused"
                ) from error
            except RuntimeError as error:  # the association ended just before
                raise PacsError(f"{self.name} closed the connection") from error
            self._check(answer, waited_s=time.monotonic() - began)

    def _check(self, answer: Dataset, waited_s: float) -> None:
        if "Status" not in answer:
            if waited_s >= min(self.times.answer, self.times.whole):
                raise PacsError(f"{self.name} does not acknowledge in time", kind="slow")
            raise PacsError(f"{self.name} closed the connection before it acknowledged")
        status = int(answer.Status)
        if status not in (0, _DUPLICATE) and status & 0xF000 != 0xB000:
            raise PacsError(f"{self.name} answers 0x{status:04X}", kind="refused")

    @contextlib.contextmanager
    def _association(self, sop_class: UID, syntax: UID) -> Iterator[Any]:
        entity = _Entity(ae_title=self.calling_title)
        entity.connection_timeout = self.times.connect
        entity.acse_timeout = entity.dimse_timeout = self.times.answer
        entity.network_timeout = self.times.answer
        plain = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
        offered = [syntax, *(p for p in plain if p != syntax)] if syntax in plain else [syntax]
        line = _Line(self.times)
        began = time.monotonic()
        with line.watched():
            try:
                association = entity.associate(
                    self.host,
                    self.port,
                    contexts=[build_context(sop_class, offered)],
                    ae_title=self.title,
                    tls_args=None if self.tls is None else (self.tls, self.host),
                    evt_handlers=[
                        (evt.EVT_ACSE_SENT, line.begun),
                        (evt.EVT_CONN_OPEN, line.opened),
                    ],
                )
            except (OSError, UnicodeError) as error:  # its host's name is not known, or is none
                raise PacsError(f"{self.name} cannot be reached") from error
            if not association.is_established:
                raise self._not_established(association, line, time.monotonic() - began)
            try:
                yield association
            finally:
                # Both return quietly where the other side has gone.
                if association.is_established:
                    association.release()
                else:
                    association.abort()

    def _not_established(self, association: Any, line: "_Line", waited_s: float) -> PacsError:
        if not line.is_open:
            return PacsError(f"{self.name} cannot be reached")
        if association.is_rejected:
            return PacsError(f"{self.name} rejects the association", kind="refused")
        if association.rejected_contexts:
            return PacsError(f"{self.name} does not take the object's kind", kind="refused")
        if waited_s >= min(self.times.answer, self.times.whole):
            return PacsError(f"{self.name} does not answer in time", kind="slow")
        return PacsError(f"{self.name} gives no answer in DICOM", kind="not_understood")


def _host(text: str) -> str:
    """A host's name or address, without brackets. ValueError if it cannot be one."""
    if text.startswith("["):
        return str(ip_address(text[1:-1]))
    try:
        text.encode("idna")  # as it is when it is looked up
    except UnicodeError:
        raise ValueError("no name of a host") from None
    return text


class _Entity(AE):  # type: ignore[misc]
    """An AE whose threads do not keep the process: one that waits for a silent receiver would."""

    def _create_socket(self, assoc: Any, *more: Any) -> Any:
        assoc.dul.daemon = True  # before it starts; there is no later moment
        return super()._create_socket(assoc, *more)


class _Line:
    """The socket of one association, which is cut when its time is over.

    pynetdicom waits without end for the rest of a message that has begun (it clears the socket's
    timeout once connected), and a thread that waits in it cannot be stopped in another way.
    """

    def __init__(self, times: StoreTimes) -> None:
        self._times = times
        self._begun: socket.socket | None = None
        self._socket: socket.socket | None = None

    @property
    def is_open(self) -> bool:
        """Whether a connection came about."""
        return self._socket is not None

    def begun(self, event: Any) -> None:
        """The first words are ready to be sent, on a socket that is not connected yet."""
        if self._begun is None:
            self._begun = event.assoc.dul.socket.socket

    def opened(self, event: Any) -> None:
        """The connection is there."""
        self._socket = event.assoc.dul.socket.socket
        if self._socket is not None:
            self._socket.settimeout(self._times.answer)
            # A request goes out in several small parts: the later ones must not wait for the
            # receiver to acknowledge the first.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Cut the line if this takes longer than all may take."""
        timer = threading.Timer(self._times.whole, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            for each in (self._begun, self._socket):
                if each is not None:
                    each.close()  # pynetdicom does not, where there is nobody on its other end

    def _cut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
