"""Results by C-STORE: what counts as acknowledged, and what is told of what does not."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from spinescan.pacs.errors import PacsError
from spinescan.pacs.store_scu import StoreDestination, StoreTimes, ae_title
from tests.pacs.films import Pacs, certified, film, free_port, object_of, uid_of, until

# An answer that comes is waited for on a busy machine too; one that never comes, not for long.
PATIENT = StoreTimes(connect=10.0, answer=20.0, whole=30.0)
QUICK = StoreTimes(connect=1.0, answer=0.6, whole=1.5)


def to(pacs: Pacs, times: StoreTimes = PATIENT) -> StoreDestination:
    return StoreDestination(pacs.title, "127.0.0.1", pacs.port, times=times)


def kind_of(destination: StoreDestination) -> str:
    with pytest.raises(PacsError) as caught:
        destination.send(film())
    assert uid_of(film()) not in str(caught.value)
    return caught.value.kind


def test_an_object_arrives_as_it_is() -> None:
    with Pacs().listening() as pacs:
        to(pacs).send(film(7))
        to(pacs).send(film(7))
    (arrived,) = pacs.objects.values()
    assert arrived == object_of(film(7))
    assert pacs.times == {uid_of(film(7)): 2}


@pytest.mark.parametrize("status", [0xB000, 0xB006, 0xB007])
def test_a_warning_is_an_acknowledgement(status: int) -> None:
    with Pacs(status=status).listening() as pacs:
        to(pacs).send(film())
    assert len(pacs.objects) == 1


def test_an_object_that_is_there_already_is_acknowledged() -> None:
    with Pacs(status=0x0111).listening() as pacs:
        to(pacs).send(film())


@pytest.mark.parametrize("status", [0xA700, 0xA900, 0xC000, 0x0122, 0x0110])
def test_a_failure_is_a_refusal(status: int) -> None:
    with Pacs(status=status).listening() as pacs:
        assert kind_of(to(pacs)) == "refused"


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid", "x" * 64])
def test_nobody_there(host: str) -> None:
    nobody = StoreDestination("PACS", host, free_port(), times=PATIENT)
    assert kind_of(nobody) == "unreachable"


def test_another_title_is_rejected() -> None:
    with Pacs(title="OTHER").listening() as pacs:
        wrong = StoreDestination("PACS", "127.0.0.1", pacs.port, times=PATIENT)
        assert kind_of(wrong) == "refused"


def test_a_kind_that_is_not_taken() -> None:
    with Pacs(classes=("1.2.840.10008.5.1.4.1.1.7",)).listening() as pacs:
        assert kind_of(to(pacs)) == "refused"


def test_an_acknowledgement_that_comes_too_late_is_none() -> None:
    with Pacs(delay_s=1.2).listening() as pacs:
        assert kind_of(to(pacs, QUICK)) == "slow"


@contextmanager
def saying(data: bytes, stay: bool) -> Iterator[int]:
    """A listener that says something whatever it hears, and hangs up or does not."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connected, _ = listener.accept()
            with connected:
                connected.recv(65536)
                connected.sendall(data)
                if stay:
                    over.wait(10)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        over.set()
        thread.join(10)


@pytest.mark.parametrize(
    ("data", "stay", "kind"),
    [
        (b"", True, "slow"),
        (b"\x02\x00\x00\x00", True, "slow"),  # half a header
        (b"\x02\x00\xff\xff\xff\xff" + b"\0" * 1000, True, "slow"),  # a PDU that never ends
        (b"", False, "not_understood"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False, "not_understood"),
    ],
)
def test_what_speaks_no_dicom_holds_nobody_up(data: bytes, stay: bool, kind: str) -> None:
    began = time.monotonic()
    with saying(data, stay) as port:
        times = StoreTimes(connect=1.0, answer=0.5, whole=1.0)
        assert kind_of(StoreDestination("PACS", "127.0.0.1", port, times=times)) == kind
        assert time.monotonic() - began < 5


def test_a_silent_destination_does_not_keep_the_process() -> None:
    from pynetdicom.dul import DULServiceProvider

    def waiting() -> list[bool]:
        return [t.daemon for t in threading.enumerate() if isinstance(t, DULServiceProvider)]

    with saying(b"", True) as port:
        silent = StoreDestination("PACS", "127.0.0.1", port, times=QUICK)
        sending = threading.Thread(target=lambda: kind_of(silent), daemon=True)
        sending.start()
        until(waiting)
        assert all(waiting())
        sending.join(10)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("PACS@192.0.2.1:104", "dicom:PACS@192.0.2.1:104"),
        ("MY PACS@pacs.example.org:11112", "dicom:MY PACS@pacs.example.org:11112"),
        ("PACS@[2001:db8::1]:104", "dicom:PACS@[2001:db8::1]:104"),
    ],
)
def test_an_address(text: str, name: str) -> None:
    assert StoreDestination.parse(text).name == name


@pytest.mark.parametrize(
    "text", ["", "PACS", "PACS@host", "PACS@host:0", "PACS@host:65536", "PACS@host:x",
             "@host:104", " @host:104", "MUCH TOO LONG A TITLE@host:104", "PACS@2001:db8::1:104",
             "P\\CS@host:104", "P\u00c4CS@host:104", "P\nCS@host:104", "PACS@..:104",
             f"PACS@{'x' * 64}:104", "PACS@a b:104", "PACS@a\0b:104", "PACS@[1:2]:104",
             "PACS@host:\u0661"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="AET@HOST:PORT"):
        StoreDestination.parse(text)


def test_a_title() -> None:
    assert ae_title(" A TITLE OF 16 CH ") == "A TITLE OF 16 CH"
    for wrong in ("", " ", "A TITLE OF 17 CHA", "A\\B", "\u00c4", "A\tB", "A\n"):
        with pytest.raises(ValueError, match="16 characters"):
            ae_title(wrong)


def test_tls(tmp_path: Path) -> None:
    key, certificate = certified(tmp_path)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=certificate)
    with Pacs().listening(server) as pacs:
        known = StoreDestination("PACS", "localhost", pacs.port, times=PATIENT, tls=trusting)
        known.send(film(3))
        assert set(pacs.objects) == {uid_of(film(3))}
        # Without the right authority, and without TLS, nothing is sent.
        distrusting = replace(known, tls=ssl.create_default_context())
        assert kind_of(distrusting) == "unreachable"
        assert kind_of(replace(known, tls=None, times=QUICK)) in ("slow", "not_understood")
    assert set(pacs.objects) == {uid_of(film(3))}
