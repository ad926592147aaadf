"""A film as it came by C-STORE: which are taken, and its bytes as a DICOM file."""

import contextlib
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pydicom.filereader import read_dataset
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pynetdicom.dsutils import encode_file_meta

from spinescan.io.dicom import PROJECTION_CLASSES
from spinescan.io.dicom_decode import COMPRESSIONS
from spinescan.pacs.errors import PacsError

FILM_CLASSES = tuple(map(UID, PROJECTION_CLASSES))
"""The projection films that `io.dicom` reads."""

SYNTAXES: tuple[UID, ...] = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    *COMPRESSIONS,
)
"""The encodings that films are read in."""

_HEAD_BYTES = 4096
_INSTANCE = Tag("SOPInstanceUID")


@dataclass(frozen=True, slots=True)
class Received:
    """A DICOM file (preamble, file meta, the data set as it came) and its SOP Instance UID."""

    film: bytes
    uid: str


def received(event: Any) -> Received:
    """The film of a C-STORE request (pynetdicom's event), of which nothing but its head is read.

    Raises
    ------
    PacsError
        "not_understood" where the request names no valid instance, or another one than its data
        set: nobody knows which of the two is meant, and a film could be taken for another.
    """
    request = event.request
    uid = UID(str(request.AffectedSOPInstanceUID or ""))
    if not uid.is_valid or request.DataSet is None:
        raise PacsError("no valid SOP Instance UID, or no data set", kind="not_understood")
    data = request.DataSet.getvalue()
    syntax = event.context.transfer_syntax
    if _instance(data[:_HEAD_BYTES], UID(syntax)) not in (None, uid):
        raise PacsError("the request and its data set name two instances", kind="not_understood")
    meta = encode_file_meta(event.file_meta)
    return Received(b"".join((b"\0" * 128, b"DICM", meta, data)), str(uid))


def _instance(head: bytes, syntax: UID) -> str | None:
    """The SOP Instance UID in a data set's first bytes, or None if it is not among them.

    No more is read in this process than those: what a data set holds is its sender's choice.
    """
    with contextlib.suppress(Exception):  # whatever is wrong with it, its reader will say
        if syntax == DeflatedExplicitVRLittleEndian:
            head = zlib.decompressobj(-zlib.MAX_WBITS).decompress(head, _HEAD_BYTES)
        found = read_dataset(
            BytesIO(head),
            syntax.is_implicit_VR,
            syntax.is_little_endian,
            stop_when=lambda tag, vr, length: tag > _INSTANCE,
            specific_tags=[_INSTANCE],
        )
        return str(found.SOPInstanceUID) or None
    return None
