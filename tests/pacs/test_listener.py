"""Who may send what: refused before a byte is read, by rejection, by negotiation, or by status."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import (
    MPEG2MPML,
    ComprehensiveSRStorage,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    generate_uid,
)
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode

from spinescan.io.read import read_radiograph
from spinescan.pacs.access import THIS_COMPUTER, AllowList, Sender
from spinescan.pacs.connection import DEFAULT_LIMITS, ConnectionLimits
from spinescan.pacs.listener import Address, Listener, Taken
from spinescan.pacs.received import FILM_CLASSES, SYNTAXES, Received
from tests.pacs.films import (
    associated,
    certified,
    echo,
    film,
    like,
    object_of,
    store,
    uid_of,
    until,
)

OUT_OF_RESOURCES = 0xA700


class Taking:
    """Takes films, and answers as it is told."""

    def __init__(self) -> None:
        self.films: list[Received] = []
        self.answer: Taken | Exception = "taken"

    def __call__(self, received: Received) -> Taken:
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer == "taken":
            self.films.append(received)
        return self.answer


@contextmanager
def listening(
    taking: Taking,
    *,
    allowed: AllowList = THIS_COMPUTER,
    limits: ConnectionLimits = DEFAULT_LIMITS,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Listener]:
    at = Address("127.0.0.1", 0, "SPINESCAN")
    listener = Listener(at, taking, allowed=allowed, limits=limits, tls=tls)
    listener.start()
    try:
        yield listener
    finally:
        listener.close(1.0)
        assert listener.connections == 0


def test_films_come_as_files_that_are_read(tmp_path: Path) -> None:
    taking = Taking()
    with listening(taking) as listener:
        assert echo(listener.port)
        assert store(listener.port, film(1), film(2)) == [0, 0]
    assert [each.uid for each in taking.films] == [uid_of(film(1)), uid_of(film(2))]
    for seed, each in enumerate(taking.films, start=1):
        assert each.film[128:132] == b"DICM"
        (tmp_path / "film").write_bytes(each.film)
        arrived, sent = read_radiograph(tmp_path / "film"), read_radiograph(film(seed))
        assert (arrived.pixels == sent.pixels).all()
        # The data set is the very bytes that were sent.
        assert each.film.endswith(film(seed)[-1000:])


@pytest.mark.parametrize("kind", FILM_CLASSES)
def test_every_kind_of_projection_film(kind: str) -> None:
    taking = Taking()
    with listening(taking) as listener:
        assert store(listener.port, like(film(), SOPClassUID=kind)) == [0]
    assert dcmread_meta(taking.films[0]).MediaStorageSOPClassUID == kind


def dcmread_meta(received: Received) -> object:
    return dcmread(BytesIO(received.film), stop_before_pixels=True).file_meta


@pytest.mark.parametrize("kind", [CTImageStorage, ComprehensiveSRStorage, "1.2.840.10008.1.20.1"])
def test_other_kinds_are_refused_by_negotiation(kind: str) -> None:
    taking = Taking()
    with listening(taking) as listener:
        assert store(listener.port, like(film(), SOPClassUID=kind)) == [None]
    assert not taking.films


def test_encodings() -> None:
    taking = Taking()
    with listening(taking) as listener:
        for syntax in SYNTAXES:
            assert negotiated(listener.port, syntax), syntax
        assert not negotiated(listener.port, MPEG2MPML)
        deflated = like(film())
        deflated.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        assert store(listener.port, deflated) == [0]
    assert read_radiograph(taking.films[0].film).size == (96, 64)


def negotiated(port: int, syntax: str) -> bool:
    with associated(port, [(FILM_CLASSES[0], syntax)]) as association:
        return bool(association.is_established)


def test_a_kind_that_hides_in_another_ones_context() -> None:
    taking = Taking()
    with (
        listening(taking) as listener,
        associated(listener.port, [(FILM_CLASSES[0], ExplicitVRLittleEndian)]) as association,
    ):
        (context,) = association.accepted_contexts
        context._abstract_syntax = CTImageStorage  # what its sender believes of it
        answer = association.send_c_store(like(film(), SOPClassUID=CTImageStorage))
    assert answer.Status == 0x0122
    assert not taking.films


def test_an_instance_that_is_named_in_two_ways() -> None:
    taking = Taking()
    with listening(taking) as listener:
        port = listener.port
        contexts = [(DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian)]
        with associated(port, contexts) as association:
            request = C_STORE()
            request.MessageID, request.Priority = 1, 2
            request.AffectedSOPClassUID = DigitalXRayImageStorageForPresentation
            request.AffectedSOPInstanceUID = generate_uid()
            request.DataSet = BytesIO(encode(object_of(film()), False, True))
            (context,) = association.accepted_contexts
            association._reactor_checkpoint.clear()  # its own thread would take the answer
            until(lambda: association._is_paused)
            association.dimse.send_msg(request, context.context_id)
            _, answer = association.dimse.get_msg(block=True)
            association._reactor_checkpoint.set()
    assert answer.Status == 0xC000
    assert not taking.films


def test_the_title_must_be_ours() -> None:
    taking = Taking()
    with listening(taking) as listener:
        assert not echo(listener.port, title="ANY-SCP")
        assert store(listener.port, film(), title="OTHER") == [None]
    assert not taking.films


def test_who_is_not_on_the_list() -> None:
    taking = Taking()
    allowed = AllowList((Sender.parse("CR1@127.0.0.1"), Sender.parse("CR2@127.0.0.2")))
    with listening(taking, allowed=allowed) as listener:
        assert store(listener.port, film(1), calling="CR1") == [0]
        assert store(listener.port, film(2), calling="CR2", address="127.0.0.2") == [0]
        assert store(listener.port, film(3), calling="CR2") == [None]
        assert store(listener.port, film(4), calling="CR1", address="127.0.0.2") == [None]
        assert listener.tally["title_refused"] == 2
        assert store(listener.port, film(5), calling="CR1", address="127.0.0.3") == [None]
        assert listener.tally["address_refused"] == 1
        # Not even a greeting is read from there.
        with socket.create_connection(("127.0.0.1", listener.port), 5, ("127.0.0.3", 0)) as line:
            assert line.recv(1) == b""
        assert echo(listener.port, calling="CR1")
    assert [each.uid for each in taking.films] == [uid_of(film(1)), uid_of(film(2))]


@pytest.mark.parametrize("answer", ["full", OSError(28, "No space left on device"), ValueError()])
def test_what_finds_no_room_may_come_again(answer: Taken | Exception) -> None:
    taking = Taking()
    with listening(taking) as listener:
        taking.answer = answer
        assert store(listener.port, film()) == [OUT_OF_RESOURCES]
        taking.answer = "taken"
        assert store(listener.port, film()) == [0]


def test_an_object_that_is_too_large_is_cut_off() -> None:
    taking = Taking()
    limits = ConnectionLimits(object_bytes=200_000, pdu_bytes=16_384)
    with listening(taking, limits=limits) as listener:
        assert store(listener.port, film(rows=400, columns=600)) == [None]  # 480 kB
        assert store(listener.port, film(rows=200, columns=300), film(2)) == [0, 0]
    assert len(taking.films) == 2


def test_connections_that_say_nothing_end() -> None:
    taking = Taking()
    limits = ConnectionLimits(connections=3, connections_each=3, negotiate_s=1.0, pdu_s=1.0)
    with listening(taking, limits=limits) as listener:
        silent = [socket.create_connection(("127.0.0.1", listener.port), 5) for _ in range(3)]
        until(lambda: listener.connections == 3)
        # One more is closed at once, without a word; nobody is held up for long.
        with socket.create_connection(("127.0.0.1", listener.port), 5) as more:
            assert more.recv(1) == b""
        assert not echo(listener.port)
        for line in silent:  # half a PDU, a byte at a time, is no better
            line.sendall(b"\x01\x00\x00\x00\x10\x00half")
        began = time.monotonic()
        for line in silent:
            line.settimeout(5)
            assert line.recv(1) == b""
            line.close()
        assert time.monotonic() - began < 4
        until(lambda: listener.connections == 0)
        assert echo(listener.port)


def test_a_pdu_that_drips_is_cut_off() -> None:
    limits = ConnectionLimits(negotiate_s=60.0, pdu_s=1.0)
    with listening(Taking(), limits=limits) as listener:
        with socket.create_connection(("127.0.0.1", listener.port), 5) as line:
            line.sendall(b"\x01\x00\x00\x00\x10\x00")
            began = time.monotonic()
            with contextlib.suppress(OSError):
                while time.monotonic() - began < 5:
                    line.sendall(b"\0")
                    time.sleep(0.05)
            assert time.monotonic() - began < 5
        until(lambda: listener.connections == 0)
        assert listener.tally["cut_off"] > 0


def test_one_address_cannot_take_all_connections() -> None:
    limits = ConnectionLimits(connections=4, connections_each=2)
    with listening(Taking(), limits=limits) as listener:
        lines = [socket.create_connection(("127.0.0.1", listener.port), 5) for _ in range(2)]
        until(lambda: listener.connections == 2)
        assert not echo(listener.port)
        other = [
            socket.create_connection(("127.0.0.1", listener.port), 5, ("127.0.0.2", 0))
            for _ in range(2)
        ]
        until(lambda: listener.connections == 4)
        for line in (*lines, *other):
            line.close()
        until(lambda: listener.connections == 0)


def test_connections_that_hang_up_leave_nothing_behind() -> None:
    with listening(Taking()) as listener:
        for _ in range(50):
            socket.create_connection(("127.0.0.1", listener.port), 5).close()
        until(lambda: listener.connections == 0, 5.0)
        assert echo(listener.port)


def test_tls_and_who_has_no_certificate(tmp_path: Path) -> None:
    key, certificate = certified(tmp_path)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(certificate)
    bare = ssl.create_default_context(cafile=certificate)
    known = ssl.create_default_context(cafile=certificate)
    known.load_cert_chain(certificate, key)
    taking = Taking()
    limits = ConnectionLimits(negotiate_s=2.0)
    with listening(taking, limits=limits, tls=server) as listener:
        # Who does not shake hands holds up nobody else.
        with socket.create_connection(("127.0.0.1", listener.port), 5):
            assert store(listener.port, film(1), tls=known) == [0]
        assert store(listener.port, film(2), tls=bare) == [None]
        assert store(listener.port, film(3)) == [None]
        assert store(listener.port, film(4), tls=known) == [0]
    assert [each.uid for each in taking.films] == [uid_of(film(1)), uid_of(film(4))]
