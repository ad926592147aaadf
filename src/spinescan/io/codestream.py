"""The size that a compressed picture inside a DICOM file tells of itself.

A decoder allocates by its own stream's header, not by the DICOM header that was checked against the
limits; and some decoders trust both to agree. So both are compared before any decoder runs.
"""

from dataclasses import dataclass

from spinescan.core.errors import ReadError

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
# Start of frame: all of 0xC0..0xCF but the tables DHT, JPG and DAC; 0xF7 is that of JPEG-LS.
_FRAME_MARKERS = frozenset((*(set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}), 0xF7))
_END = b"\xff\xd9"
"""End of image in JPEG, JPEG-LS and JPEG 2000; coded pixels cannot contain it by chance."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Size of a compressed picture.

    `bits` is the precision of a sample; `subsampled` tells that the first of three samples is finer
    than the others, which only a luminance beside two colour differences is.
    """

    rows: int
    columns: int
    samples: int
    bits: int
    subsampled: bool = False


def jpeg_frame(stream: bytes) -> Frame:
    """The frame header of a JPEG or JPEG-LS stream (ITU-T T.81 B.2.2, T.87 C.2.2).

    Raises
    ------
    ReadError
        "damaged" when there is none, "truncated" when the stream has no end.
    """
    if stream[:2] != bytes((0xFF, _SOI)):
        raise ReadError("its compressed picture is no JPEG stream", kind="damaged")
    if _END not in stream[-len(stream) // 2 :]:
        raise _no_end()
    at = 2
    while at + 9 < len(stream) and stream[at] == 0xFF:
        marker = stream[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in (_EOI, _SOS):
            break
        if marker in _FRAME_MARKERS:
            samples = stream[at + 9]
            sampling = stream[at + 11 : at + 11 + 3 * samples : 3]
            return Frame(
                rows=int.from_bytes(stream[at + 5 : at + 7], "big"),
                columns=int.from_bytes(stream[at + 7 : at + 9], "big"),
                samples=samples,
                bits=stream[at + 4],
                subsampled=len(sampling) == 3 and sampling[0] > max(sampling[1:]),
            )
        at += 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    raise ReadError("its compressed picture has no frame header", kind="damaged")


def jpeg2000_frame(stream: bytes) -> Frame:
    """The SIZ segment of a JPEG 2000 codestream (ITU-T T.800 A.5.1), bare or inside JP2 boxes.

    Raises
    ------
    ReadError
        "damaged" when there is none, "truncated" when the stream has no end.
    """
    start = stream.find(b"\xff\x4f\xff\x51")
    if start < 0 or len(stream) < start + 43:
        raise ReadError("its compressed picture is no JPEG 2000 stream", kind="damaged")
    if _END not in stream[start + 43 :]:
        raise _no_end()
    words = [int.from_bytes(stream[start + 8 + i : start + 12 + i], "big") for i in range(0, 16, 4)]
    width, height, left, top = words
    return Frame(
        rows=height - top,
        columns=width - left,
        samples=int.from_bytes(stream[start + 40 : start + 42], "big"),
        bits=(stream[start + 42] & 0x7F) + 1,
    )


def _no_end() -> ReadError:
    return ReadError("its compressed picture ends too early", kind="truncated")
