"""What hides beside the picture in a film's pixel data.

The picture itself is not touched: neither its stored values nor a compressed frame's code.
"""

import re
from typing import Final

import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels.utils import get_expected_length
from pydicom.uid import UID, ExplicitVRBigEndian, JPEG2000TransferSyntaxes, RLELossless

from spinescan.core.errors import ReadError

_OVERLAY_BIT_POSITION: Final = 0x0102


def clean_pixels(header: Dataset, syntax: UID) -> None:
    """Cut off, in place, what the pixel data holds beside the one frame's pixels.

    These are bytes behind the frame, bits of stored values that are not the picture's (where old
    devices put overlays), and of compressed frames comments and application data (EXIF).

    Raises
    ------
    ReadError
        "truncated" if it is shorter than its header says, "unsupported" if bits that are not the
        picture's cannot be told or reached, or whatever pydicom raises on damaged data.
    """
    # Offsets into the compressed data, which may have moved; the one frame needs none.
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        header.pop(keyword, None)
    if syntax.is_encapsulated:
        _clean_frame(header, syntax)
    else:
        _clean_values(header, syntax)


def _clean_values(header: Dataset, syntax: UID) -> None:
    length = get_expected_length(header)
    data = bytes(header.PixelData)
    if len(data) < length:
        raise ReadError(f"has {len(data):,} of {length:,} bytes of pixels", kind="truncated")
    data = _used_bits(data[:length], header, big=syntax == ExplicitVRBigEndian)
    # The element stays of its kind (OB or OW).
    header["PixelData"].value = data + b"\0" * (len(data) % 2)


def _used_bits(data: bytes, header: Dataset, *, big: bool) -> bytes:
    """Stored values with zeros, or the sign, in the bits above those that are the picture's."""
    allocated, stored = int(header.BitsAllocated), int(header.BitsStored)
    if allocated == stored:
        return data
    if allocated not in (8, 16) or not 0 < stored < allocated:
        raise ReadError(f"has pixels of {stored} bits in {allocated}", kind="unsupported")
    if int(header.HighBit) != stored - 1:
        raise ReadError("has pixels that do not begin at their lowest bit", kind="unsupported")
    signed = "i" if int(header.PixelRepresentation) == 1 else "u"
    kind = np.dtype(f"{'>' if big else '<'}{signed}{allocated // 8}")
    spare = allocated - stored
    values = np.frombuffer(data, kind)
    return bytes(np.right_shift(np.left_shift(values, spare), spare).astype(kind).tobytes())


def _clean_frame(header: Dataset, syntax: UID) -> None:
    places = [
        header[tag].value
        for tag in list(header.keys())
        if tag.group & 0xFF00 == 0x6000 and tag.element == _OVERLAY_BIT_POSITION
    ]
    if any(places):
        raise ReadError("holds an overlay in its compressed pixels", kind="unsupported")
    frame = get_frame(header.PixelData, 0, number_of_frames=1)
    if syntax in JPEG2000TransferSyntaxes:
        frame = without_comments_2000(frame)
    elif syntax != RLELossless:
        frame = without_comments(frame)
    header.PixelData = encapsulate([frame])
    header["PixelData"].VR = "OB"
    header["PixelData"].is_undefined_length = True


_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_IN_SCAN = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
"""The marker that ends a scan: no stuffing (below 80 in JPEG-LS, 00 in JPEG), no restart."""
_JFIF, _ADOBE = (0xE0, b"JFIF\0", 14), (0xEE, b"Adobe", 12)


def without_comments(stream: bytes) -> bytes:
    """A JPEG or JPEG-LS stream without comments, application data, and what follows its end.

    The two markers that tell of colours stay, if they hold nothing else (ISO/IEC 10918-1 B.1,
    10918-5; Adobe TN 5116).
    """
    if stream[:2] != bytes((0xFF, _SOI)):
        raise ReadError("its compressed picture is damaged", kind="damaged")
    kept, at = [stream[:2]], 2
    while True:
        while stream[at + 1] == 0xFF:  # fill bytes
            at += 1
        marker = stream[at + 1]
        if stream[at] != 0xFF:
            raise ReadError("its compressed picture is damaged", kind="damaged")
        if marker == _EOI:
            return b"".join((*kept, stream[at : at + 2]))
        end = at + 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
        segment = stream[at:end]
        if marker == _SOS:
            behind = _IN_SCAN.search(stream, end)
            if behind is None:
                raise ReadError("its compressed picture ends too early", kind="truncated")
            segment, end = stream[at : behind.start()], behind.start()
        if not _is_comment(marker, segment):
            kept.append(segment)
        at = end


def _is_comment(marker: int, segment: bytes) -> bool:
    for number, name, length in (_JFIF, _ADOBE):
        if (marker, segment[4 : 4 + len(name)], len(segment) - 4) == (number, name, length):
            return False
    return 0xE0 <= marker <= 0xEF or marker == 0xFE


_SOC, _SIZ = b"\xff\x4f", b"\xff\x51"
_SOT, _SOD, _EOC = b"\xff\x90", b"\xff\x93", b"\xff\xd9"
_COMMENT_2000, _LENGTHS_2000 = b"\xff\x64", b"\xff\x55"


def without_comments_2000(stream: bytes) -> bytes:
    """A JPEG 2000 codestream without comments and what follows its end (ISO/IEC 15444-1 A).

    Its optional table of tile lengths goes too, for they may change; so do boxes around it, which
    DICOM does not know (PS3.5 8.2.4).
    """
    begin = stream.find(_SOC + _SIZ)
    if begin < 0:
        raise ReadError("its compressed picture is damaged", kind="damaged")
    main, at = _segments(stream, begin + 2, _SOT)
    kept = [_SOC, main]
    while stream[at : at + 2] == _SOT:
        length = int.from_bytes(stream[at + 6 : at + 10], "big")
        end = at + length if length else len(stream)
        header, data = _segments(stream, at + 12, _SOD)
        if not data < end <= len(stream):
            raise ReadError("its compressed picture is damaged", kind="damaged")
        # A tile of unknown length is the last, and reaches to the end of the picture.
        if not length:
            end = stream.rindex(_EOC)
        size = 12 + len(header) + end - data
        kept += [stream[at : at + 6], size.to_bytes(4, "big"), stream[at + 10 : at + 12]]
        kept += [header, stream[data:end]]
        at = end
    if stream[at : at + 2] != _EOC:
        raise ReadError("its compressed picture ends too early", kind="truncated")
    return b"".join((*kept, _EOC))


def _segments(stream: bytes, at: int, last: bytes) -> tuple[bytes, int]:
    """The segments of a header that stay, and where the marker that ends it begins."""
    kept = []
    while (marker := stream[at : at + 2]) != last:
        if len(marker) < 2 or marker[0] != 0xFF:
            raise ReadError("its compressed picture is damaged", kind="damaged")
        end = at + 2 + max(2, int.from_bytes(stream[at + 2 : at + 4], "big"))
        if marker not in (_COMMENT_2000, _LENGTHS_2000):
            kept.append(stream[at:end])
        at = end
    return b"".join(kept), at
