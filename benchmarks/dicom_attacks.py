"""What a stranger may send to a DICOM node: malformed associations, and malformed films.

Attack `i` of a seed is always the same, so that one that does harm can be repeated.
"""

import contextlib
import random
import socket
import struct
import time
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any

from fuzz_read import _MUTATIONS as MUTATIONS
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)
from pynetdicom import AE, build_context, evt
from pynetdicom.dimse_messages import C_ECHO_RQ, C_STORE_RQ
from pynetdicom.dimse_primitives import C_ECHO, C_STORE
from pynetdicom.dsutils import encode
from pynetdicom.pdu import A_ASSOCIATE_RQ, P_DATA_TF
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    MaximumLengthNotification,
)
from sample_files import base_files

TITLE = "SPINESCAN"
VERIFICATION = "1.2.840.10008.1.1"
ECHO_CONTEXT, STORE_CONTEXT = 1, 3
RELEASE = b"\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00"
ABORT = b"\x07\x00\x00\x00\x00\x04\x00\x00\x00\x00"
_LENGTHS = (0, 1, 3, 0x7F, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_READ_S = 1.0


@dataclass(frozen=True, slots=True)
class Attack:
    """What is sent on one connection, and how it ends.

    `asks`: with a valid association first, whose answer is awaited. `ends`: "close" tells the other
    side that no more will come, "reset" breaks off, "stay" says nothing for a while.
    """

    name: str
    asks: bool
    sent: bytes
    ends: str


def association_request(title: str = TITLE, calling: str = "MODALITY") -> bytes:
    """A valid A-ASSOCIATE-RQ for C-ECHO and C-STORE of captures."""
    asked = A_ASSOCIATE()
    asked.application_context_name = "1.2.840.10008.3.1.1.1"
    asked.calling_ae_title, asked.called_ae_title = calling, title
    length, ours = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received = 16382
    ours.implementation_class_uid = UID("1.2.3.4")
    asked.user_information = [length, ours]
    kinds = (VERIFICATION, ECHO_CONTEXT), (SecondaryCaptureImageStorage, STORE_CONTEXT)
    contexts = []
    for kind, number in kinds:
        context = build_context(kind, [ImplicitVRLittleEndian])
        context.context_id = number
        contexts.append(context)
    asked.presentation_context_definition_list = contexts
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(asked)
    return bytes(pdu.encode())


def pdus(primitive: Any, message: Any, context: int, size: int = 4096) -> list[bytes]:
    """The P-DATA-TF PDUs of a DIMSE request."""
    message.primitive_to_message(primitive)
    found = []
    for data in message.encode_msg(context, size):
        pdu = P_DATA_TF()
        pdu.from_primitive(data)
        found.append(bytes(pdu.encode()))
    return found


def echo_pdu() -> bytes:
    """A C-ECHO request."""
    asked = C_ECHO()
    asked.MessageID, asked.AffectedSOPClassUID = 1, VERIFICATION
    return pdus(asked, C_ECHO_RQ(), ECHO_CONTEXT)[0]


def store_pdus(uid: str = "1.2.3.4.5") -> list[bytes]:
    """A C-STORE request of a small film."""
    film = dcmread(BytesIO(base_films()["plain"]))
    film.SOPInstanceUID = uid
    asked = C_STORE()
    asked.MessageID, asked.Priority = 1, 2
    asked.AffectedSOPClassUID, asked.AffectedSOPInstanceUID = SecondaryCaptureImageStorage, uid
    asked.DataSet = BytesIO(encode(film, True, True))
    return pdus(asked, C_STORE_RQ(), STORE_CONTEXT)


def pdv(data: bytes, *, command: bool, last: bool, context: int = STORE_CONTEXT) -> bytes:
    """A P-DATA-TF PDU with one fragment of any kind."""
    item = struct.pack(">IBB", len(data) + 2, context, command | last << 1) + data
    return b"\x04\x00" + struct.pack(">I", len(item)) + item


def _mutate(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        if changed:
            changed = _MUTATE[rng.randrange(len(_MUTATE))](changed, rng)
    return bytes(changed)


def _length(data: bytearray, rng: random.Random) -> bytearray:
    """A length, of the PDU or of an item within it, that is not true."""
    at = rng.choice((2, rng.randrange(len(data))))
    width = rng.choice((2, 4))
    value = rng.choice((*_LENGTHS, rng.randrange(2**16))) % 2 ** (8 * width)
    data[at : at + width] = value.to_bytes(width, "big")
    return data


_MUTATE = (*MUTATIONS[:6], _length, _length)


def _random_bytes(rng: random.Random) -> tuple[bool, bytes]:
    return False, rng.randbytes(rng.choice((1, 5, 6, 100, 4000)))


def _mutated_request(rng: random.Random) -> tuple[bool, bytes]:
    return False, _mutate(association_request(), rng)


def _announced(rng: random.Random) -> tuple[bool, bytes]:
    head = struct.pack(">BBI", rng.choice((1, 1, 2, 3, 4, 5, 6, 7, 9)), 0, rng.choice(_LENGTHS))
    return rng.random() < 0.5, head + bytes(rng.choice((0, 10, 300_000)))


def _mutated_data(rng: random.Random) -> tuple[bool, bytes]:
    sent = [echo_pdu(), *store_pdus()]
    at = rng.randrange(len(sent))
    sent[at] = _mutate(sent[at], rng)
    return True, b"".join(sent)


def _wrong_state(rng: random.Random) -> tuple[bool, bytes]:
    answer = bytes([rng.choice((2, 3, 6))]) + b"\0" + struct.pack(">I", 68) + bytes(68)
    parts = [association_request(), echo_pdu(), RELEASE, ABORT, answer, *store_pdus()[:2]]
    return rng.random() < 0.7, b"".join(rng.choices(parts, k=rng.randint(1, 5)))


def _wrong_fragments(rng: random.Random) -> tuple[bool, bytes]:
    parts = [
        pdv(
            rng.randbytes(rng.choice((0, 1, 20, 2000))),
            command=rng.random() < 0.5,
            last=rng.random() < 0.3,
            context=rng.choice((ECHO_CONTEXT, STORE_CONTEXT, 5, 0, 255)),
        )
        for _ in range(rng.randint(1, 8))
    ]
    return True, b"".join(parts)


def _strange_command(rng: random.Random) -> tuple[bool, bytes]:
    """Requests of other services, and of none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _command(rng)


def _command(rng: random.Random) -> tuple[bool, bytes]:
    command = Dataset()
    command.AffectedSOPClassUID = rng.choice((VERIFICATION, SecondaryCaptureImageStorage, "1.2.3"))
    command.CommandField = rng.choice((0x01, 0x10, 0x20, 0x21, 0x30, 0x100, 0x110, 0x120, 0x130,
                                       0x140, 0x150, 0xFFF, 0x8001, 0x8030, 7))  # fmt: skip
    command.MessageID = rng.randrange(65536)
    command.CommandDataSetType = rng.choice((0x0101, 0, 1))
    for keyword in ("AffectedSOPInstanceUID", "RequestedSOPInstanceUID", "RequestedSOPClassUID"):
        if rng.random() < 0.5:
            setattr(command, keyword, rng.choice(("1.2.3", "1." * 40, "x", "")))
    if rng.random() < 0.5:
        command.EventTypeID = command.ActionTypeID = 1
    data = encode(command, True, True) or b""
    length = rng.choice((len(data), len(data), 0, 0xFFFFFFFF))
    group = struct.pack("<HHII", 0, 0, 4, length)
    context = rng.choice((ECHO_CONTEXT, STORE_CONTEXT))
    parts = [pdv(group + data, command=True, last=True, context=context)]
    if rng.random() < 0.5:
        parts.append(pdv(rng.randbytes(200), command=False, last=True, context=context))
    return True, b"".join(parts)


def _crowded(rng: random.Random) -> tuple[bool, bytes]:
    """The next requests before the answers."""
    one = rng.choice((echo_pdu(), b"".join(store_pdus())))
    return True, one * rng.choice((2, 30))


def _endless(rng: random.Random) -> tuple[bool, bytes]:
    """A data set, or a command, without an end."""
    first = [] if rng.random() < 0.3 else store_pdus()[:1]
    more = pdv(bytes(60_000), command=rng.random() < 0.3, last=False)
    return True, b"".join([*first, *([more] * rng.choice((5, 80)))])


_KINDS: tuple[Callable[[random.Random], tuple[bool, bytes]], ...] = (
    _random_bytes,
    _mutated_request,
    _mutated_request,
    _announced,
    _mutated_data,
    _mutated_data,
    _wrong_state,
    _wrong_fragments,
    _strange_command,
    _crowded,
    _endless,
)


def attack(seed: int, index: int) -> Attack:
    """Malformed association number `index`."""
    rng = random.Random(f"{seed}/{index}")
    kind = _KINDS[index % len(_KINDS)]
    asks, sent = kind(rng)
    if rng.random() < 0.1:
        sent = sent[: rng.randrange(len(sent) + 1)]
    return Attack(kind.__name__[1:], asks, sent, rng.choice(("close", "close", "reset", "stay")))


def play(port: int, found: Attack, stay_s: float = 1.0) -> str:
    """Attack; what was heard last: "abort", "reject", "answer", "closed", "nothing", "reset"."""
    heard = b""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as line:
            line.settimeout(_READ_S)
            if found.asks:
                line.sendall(association_request())
                heard = line.recv(65536)
            line.sendall(found.sent)
            if found.ends == "reset":
                option = struct.pack("ii", 1, 0)
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
                return "left"
            if found.ends == "close":
                line.shutdown(socket.SHUT_WR)
            else:
                time.sleep(stay_s)
            while more := line.recv(65536):
                heard = more
    except TimeoutError:
        return "nothing" if not heard else "answer"
    except OSError:
        return "reset"
    return {b"\x07": "abort", b"\x03": "reject", b"": "closed"}.get(heard[:1], "answer")


@cache
def base_films() -> dict[str, bytes]:
    """Small DICOM films in all encodings, with the identifiers that a node asks for."""
    films = {}
    for name, data in base_files().items():
        if not name.endswith(".dcm"):
            continue
        film = dcmread(BytesIO(data), force=True)
        film.SOPClassUID, film.Modality = SecondaryCaptureImageStorage, "OT"
        film.SOPInstanceUID, film.StudyInstanceUID = "1.2.3.4", "1.2.3.4.5"
        film.SeriesInstanceUID, film.PatientName = "1.2.3.4.6", "SYNTHETIC^PHANTOM"
        if getattr(film, "file_meta", None) is None:
            film.file_meta = FileMetaDataset()
        syntax = film.file_meta.get("TransferSyntaxUID", ExplicitVRLittleEndian)
        film.file_meta.TransferSyntaxUID = syntax
        films[name] = _file(film)
        if syntax == ExplicitVRLittleEndian and "plain" not in films:
            films["plain"] = films[name]
    return films


def _file(film: Dataset) -> bytes:
    out = BytesIO()
    film.file_meta.MediaStorageSOPClassUID = film.SOPClassUID
    film.file_meta.MediaStorageSOPInstanceUID = film.SOPInstanceUID
    film.save_as(out, enforce_file_format=True)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Object:
    """A data set to be sent, as it is, in an encoding that it claims to have."""

    name: str
    uid: str
    syntax: str
    data: bytes


def mutated_object(seed: int, index: int) -> Object:
    """Malformed film number `index`; its UID is its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom sees that it is malformed
        return _malformed(seed, index)


def _malformed(seed: int, index: int) -> Object:
    rng = random.Random(f"{seed}/object/{index}")
    name = rng.choice(sorted(base_films()))
    film = dcmread(BytesIO(base_films()[name]))
    film.SOPInstanceUID = uid = f"1.2.3.{seed}.{index + 1}"
    syntax = UID(film.file_meta.TransferSyntaxUID)
    what = rng.choice(("bytes", "bytes", "bytes", "header", "header", "bomb", "syntax", "cut"))
    if what == "header":
        _lie(film, rng)
    data = _data_set(film)
    if what == "bytes":
        data = _mutate(data, rng)
    elif what == "cut":
        data = data[: rng.randrange(len(data))]
    elif what == "syntax":  # one encoding under another's name
        syntax = rng.choice((ExplicitVRLittleEndian, ImplicitVRLittleEndian, syntax))
    elif what == "bomb":
        syntax = DeflatedExplicitVRLittleEndian
        data = _bomb(rng.choice((1, 100, 300)))
    return Object(f"{what} {name}", uid, str(syntax), data)


@cache
def _bomb(megabytes: int) -> bytes:
    """So much of nothing, deflated."""
    squeeze = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return b"".join(squeeze.compress(bytes(10**6)) for _ in range(megabytes)) + squeeze.flush()


def _lie(film: Dataset, rng: random.Random) -> None:
    """A header that is well-formed and not true."""
    for _ in range(rng.randint(1, 3)):
        keyword, values = rng.choice(_LIES)
        with contextlib.suppress(Exception):  # pydicom does not let everything be told
            setattr(film, keyword, rng.choice(values))


_LIES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("Rows", (0, 1, 63, 60000, 65535)),
    ("Columns", (0, 1, 63, 60000, 65535)),
    ("BitsAllocated", (0, 1, 7, 8, 16, 32, 64, 65535)),
    ("BitsStored", (0, 1, 17, 65535)),
    ("HighBit", (0, 31, 65535)),
    ("SamplesPerPixel", (0, 2, 3, 4, 65535)),
    ("PixelRepresentation", (1, 2, 65535)),
    ("PhotometricInterpretation", ("RGB", "YBR_FULL_422", "PALETTE COLOR", "NONSENSE", "")),
    ("PlanarConfiguration", (1, 2)),
    ("NumberOfFrames", ("0", "2", "-1", "2147483647")),
    ("PixelSpacing", (["0", "0"], ["-1", "1"], ["1e300", "1e-300"], ["1"])),
    ("PixelAspectRatio", ([0, 0], [1, 2147483647])),
    ("RescaleSlope", ("0", "1e308", "-1e308")),
    ("RescaleIntercept", ("1e308", "-1e308")),
    ("WindowWidth", ("0", "-1", "1e308")),
    ("WindowCenter", ("1e308",)),
    ("Modality", ("CT", "MR", "SR", "", "X" * 16)),
    ("StudyInstanceUID", ("", "not.a.uid", "1." * 60)),
    ("SeriesInstanceUID", ("", "../../etc/passwd")),
    ("PatientName", ("=" * 50, "\x1b$B\x1b(J", "A" * 100000, "<script>")),
    ("SpecificCharacterSet", ("ISO 2022 IR 87", "NONSENSE", ["", "ISO 2022 IR 149"])),
    ("PixelData", (b"", b"\0", b"\xff" * 1000)),
    ("ImageComments", ("\0" * 5000, "x" * 10**6)),
)


def _data_set(film: Dataset) -> bytes:
    """The data set as its file has it, or as much of it as can be written."""
    with contextlib.suppress(Exception):
        data = _file(film)
        stream = BytesIO(data)
        stream.seek(132)
        length = struct.unpack("<I", data[140:144])[0]
        return data[144 + length :]
    return encode(film, False, True) or b""


def store_objects(
    port: int, objects: Iterable[Object], *, title: str = TITLE, calling: str = "MODALITY"
) -> Iterator[int | None]:
    """Send data sets, one after the other; the status of each, None where no answer came."""
    line: Any = None
    sockets: list[Any] = []
    for each in objects:
        if line is None or not line.is_established:
            line = _associated(port, title, calling, sockets)
        try:
            number = next(
                context.context_id
                for context in line.accepted_contexts
                if context.transfer_syntax[0] == each.syntax
            )
            yield _stored(line, number, each)
        except (StopIteration, RuntimeError, ValueError):
            yield None
    if line is not None and line.is_established:
        line._reactor_checkpoint.set()
        line.release()
    for each in sockets:
        if each is not None:
            each.close()


def _associated(port: int, title: str, calling: str, sockets: list[Any]) -> Any:
    entity = AE(ae_title=calling)
    entity.acse_timeout = entity.dimse_timeout = entity.connection_timeout = 30
    syntaxes = {str(dcmread(BytesIO(f)).file_meta.TransferSyntaxUID) for f in base_films().values()}
    syntaxes |= {DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian}
    contexts = [build_context(SecondaryCaptureImageStorage, each) for each in sorted(syntaxes)]
    line = entity.associate(
        "127.0.0.1",
        port,
        contexts=contexts,
        ae_title=title,
        evt_handlers=[
            (evt.EVT_ACSE_SENT, lambda event: sockets.append(event.assoc.dul.socket.socket)),
        ],
    )
    if not line.is_established:
        raise ConnectionError("the node does not let us in")
    line.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line._reactor_checkpoint.clear()  # its own thread would take the answers
    while not line._is_paused:
        time.sleep(0.001)
    return line


def _stored(line: Any, number: int, each: Object) -> int | None:
    asked = C_STORE()
    asked.MessageID, asked.Priority = 1, 2
    asked.AffectedSOPClassUID = SecondaryCaptureImageStorage
    asked.AffectedSOPInstanceUID = each.uid
    asked.DataSet = BytesIO(each.data or b"\0")
    line.dimse.send_msg(asked, number)
    _, answer = line.dimse.get_msg(block=True)
    if answer is None:
        line._reactor_checkpoint.set()
        line.abort()
        return None
    return int(answer.Status)
