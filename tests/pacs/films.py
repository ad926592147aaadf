"""Small DICOM films, without a patient, and what sends and takes them."""

import contextlib
import io
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import AE, build_context, evt

from spinescan.io.dicom_write import SyntheticHeader, dicom_bytes


def film(seed: int = 1, rows: int = 96, columns: int = 64) -> bytes:
    """A film of noise: a DX of some seed, always the same."""
    noise = np.random.default_rng(seed).random((rows, columns), dtype=np.float32)
    return dicom_bytes(noise, SyntheticHeader(seed, "PA", 0.2, "F", 14))


def uid_of(data: bytes) -> str:
    return str(dcmread(io.BytesIO(data), stop_before_pixels=True).SOPInstanceUID)


def object_of(data: bytes) -> Dataset:
    return dcmread(io.BytesIO(data))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for something that has to come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


@dataclass(slots=True)
class Pacs:
    """A C-STORE SCP that keeps what it is sent, by SOP Instance UID, and does what it is told."""

    status: int = 0x0000
    delay_s: float = 0.0
    port: int = 0
    title: str = "PACS"
    objects: dict[str, Dataset] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    classes: tuple[str, ...] = (
        "1.2.840.10008.5.1.4.1.1.88.33",  # Comprehensive SR
        "1.2.840.10008.5.1.4.1.1.7",
        "1.2.840.10008.5.1.4.1.1.1.1",
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def store(self, event: Any) -> int:
        time.sleep(self.delay_s)
        if self.status & 0xF000 in (0x0000, 0xB000):
            with self._lock:
                found = event.dataset
                found.file_meta = event.file_meta
                uid = str(found.SOPInstanceUID)
                self.objects[uid] = found
                self.times[uid] = self.times.get(uid, 0) + 1
        return self.status

    @contextlib.contextmanager
    def listening(self, tls: ssl.SSLContext | None = None) -> Iterator["Pacs"]:
        entity = AE(ae_title=self.title)
        entity.require_called_aet = True
        server = entity.start_server(
            ("127.0.0.1", self.port),
            block=False,
            ssl_context=tls,
            contexts=[
                build_context(each, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
                for each in self.classes
            ],
            evt_handlers=[(evt.EVT_C_STORE, self.store)],
        )
        assert server is not None
        self.port = int(server.server_address[1])
        try:
            yield self
        finally:
            server.shutdown()


@contextlib.contextmanager
def associated(
    port: int,
    contexts: Sequence[tuple[str, str]],
    *,
    title: str = "SPINESCAN",
    calling: str = "MODALITY",
    address: str = "127.0.0.1",
    tls: Any = None,
    handlers: Sequence[Any] = (),
) -> Iterator[Any]:
    """An association of ours, established or not, with (kind, encoding) pairs; none is left."""
    entity = AE(ae_title=calling)
    entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = 10
    begun: list[socket.socket] = []
    association = entity.associate(
        "127.0.0.1",
        port,
        contexts=[build_context(kind, UID(syntax)) for kind, syntax in contexts],
        ae_title=title,
        bind_address=(address, 0),
        tls_args=None if tls is None else (tls, "localhost"),
        evt_handlers=[
            (evt.EVT_ACSE_SENT, lambda event: begun.append(event.assoc.dul.socket.socket)),
            (evt.EVT_CONN_OPEN, lambda event: begun.append(event.assoc.dul.socket.socket)),
            *handlers,
        ],
    )
    try:
        if association.is_established:
            association.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield association
    finally:
        if association.is_established:
            association.release()
        for each in begun:  # pynetdicom leaves those open that have nobody on their other end
            if each is not None:
                each.close()


def store(port: int, *films: bytes | Dataset, **options: Any) -> list[int | None]:
    """Send films on one association: a status for each; None where no answer came, or the whole
    association was refused, or its kind."""
    found = [object_of(each) if isinstance(each, bytes) else each for each in films]
    contexts = {(str(each.SOPClassUID), str(each.file_meta.TransferSyntaxUID)) for each in found}
    answers: list[int | None] = []
    with associated(port, sorted(contexts), **options) as association:
        for each in found:
            answers.append(None)
            if association.is_established:
                with contextlib.suppress(ValueError):  # no context for it
                    answers[-1] = association.send_c_store(each).get("Status")
    return answers


def echo(port: int, **options: Any) -> bool:
    """Whether it answers C-ECHO."""
    with associated(port, [("1.2.840.10008.1.1", ImplicitVRLittleEndian)], **options) as line:
        return bool(line.is_established and line.send_c_echo().get("Status") == 0)


def like(data: bytes, **changes: Any) -> Dataset:
    """A film with other elements, and a UID of its own unless one is given."""
    found = object_of(data)
    changes.setdefault("SOPInstanceUID", generate_uid())
    for keyword, value in changes.items():
        setattr(found, keyword, value)
    found.file_meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID
    return found


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate of localhost that certifies itself."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, certificate
