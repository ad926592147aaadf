"""What a file is, told by its first bytes and never by its name."""

from typing import Literal

from spinescan.core.errors import ReadError

PictureFormat = Literal["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"]
FilmFormat = Literal[PictureFormat, "DICOM"]

HEAD_BYTES = 132
"""How many of a file's first bytes `film_format` looks at."""

_SIGNATURES: tuple[tuple[bytes, PictureFormat], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
)

_ADVICE: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF", "a PDF document; export the film as PNG, JPEG or DICOM"),
    (0, b"PK\x03\x04", "a ZIP archive; unpack it first"),
    (0, b"\x1f\x8b", "a gzip archive; unpack it first"),
    (4, b"ftyphei", "a HEIC photograph; save it as JPEG"),
    (4, b"ftypmif1", "a HEIF photograph; save it as JPEG"),
    (4, b"ftypavif", "an AVIF picture; save it as PNG"),
    (4, b"jP  \r\n", "a bare JPEG 2000 picture; save it as PNG"),
)


def film_format(head: bytes) -> FilmFormat | None:
    """The format of a film from its first `HEAD_BYTES` bytes, or None when it is none of them."""
    if head[128:132] == b"DICM":  # first: a DICOM file may carry a TIFF header in its preamble
        return "DICOM"
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:2] == b"BM" and head[14:18] in _BMP_HEADER_SIZES:
        return "BMP"
    return "DICOM" if _starts_like_dicom(head) else None


def require_film_format(data: bytes) -> FilmFormat:
    """`film_format`, or a ReadError that says what the bytes are instead."""
    if not data:
        raise ReadError("is empty", kind="empty")
    found = film_format(data[:HEAD_BYTES])
    if found is not None:
        return found
    for offset, mark, advice in _ADVICE:
        if data[offset : offset + len(mark)] == mark:
            raise ReadError(f"is {advice}", kind="unsupported")
    what = "it is text" if _is_text(data[:512]) else "its content is of no known kind"
    raise ReadError(
        f"not a film: {what}; expected PNG, JPEG, TIFF, BMP, GIF, WebP or DICOM",
        kind="not_an_image",
    )


_BMP_HEADER_SIZES = frozenset(
    size.to_bytes(4, "little") for size in (12, 16, 40, 52, 56, 64, 108, 124)
)


def _starts_like_dicom(head: bytes) -> bool:
    """Whether the bytes look like a data set without preamble: its first element, group 2 or 8.

    Such files come from old archives. The first element is a small one with an even element number;
    explicit encodings have two capitals for its type, implicit ones a short length.
    """
    if len(head) < 16:
        return False
    orders: tuple[Literal["little", "big"], ...] = ("little", "big")
    for order in orders:
        group = int.from_bytes(head[0:2], order)
        element = int.from_bytes(head[2:4], order)
        if group not in (0x0002, 0x0008) or element > 0x0070:
            continue
        if head[4:6].isalpha() and head[4:6].isupper():
            return True
        if order == "little" and int.from_bytes(head[4:8], "little") <= 128:
            return True
    return False


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character cut in two at the end of the head is still text.
        if error.start < len(head) - 3:
            return False
        text = head[: error.start].decode("utf-8")
    return all(c.isprintable() or c in "\r\n\t\f" for c in text)
