"""The first hop: a file, bytes or an address become a Radiograph.

Every failure is a `ReadError` with one line that names the file and the cause, and a `kind` from
this list (`READ_ERROR_KINDS`), which changes only together with the report's schema version:

=============  ==========================================================================
not_found      there is no such file
unreadable     the system does not let it be read (rights, a folder, a device, a bad disk)
empty          it has no bytes
truncated      it ends too early; nothing is read by halves
damaged        its content contradicts itself or its format
not_an_image   it is something else: text, a document, a DICOM object without a picture
unsupported    it is an image of a kind that is not read; the message says what to do
too_large      above a limit of `ReadLimits`, checked before decoding
too_small      a thumbnail
multi_frame    it holds several pictures
zero_contrast  all its pixels are alike
url            an address could not be fetched
=============  ==========================================================================
"""

import hashlib
import os
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Final

from spinescan.core.errors import ReadError
from spinescan.core.radiograph import Radiograph
from spinescan.io.grey import HALF_STEP, no_contrast
from spinescan.io.limits import DEFAULT_LIMITS, ReadLimits
from spinescan.io.quiet import quiet
from spinescan.io.sniff import FilmFormat, require_film_format
from spinescan.io.walk import films_in, is_url, iter_films

__all__ = ["READ_ERROR_KINDS", "ReadLimits", "iter_films", "read_film", "read_radiograph"]

READ_ERROR_KINDS: Final = (
    "not_found",
    "unreadable",
    "empty",
    "truncated",
    "damaged",
    "not_an_image",
    "unsupported",
    "too_large",
    "too_small",
    "multi_frame",
    "zero_contrast",
    "url",
)


def read_radiograph(
    source: str | os.PathLike[str] | bytes, *, limits: ReadLimits = DEFAULT_LIMITS
) -> Radiograph:
    """Read one film.

    Parameters
    ----------
    source
        A file's path, an address that begins with `http://` or `https://` (in a `str`), or the
        bytes of a file. The format is told by the content, never by the name.
    limits
        What a film may be at most.

    Raises
    ------
    ReadError
        With a `kind` of `READ_ERROR_KINDS`; nothing else, whatever the bytes are.
    """
    return read_film(source, limits=limits)[1]


def read_film(
    source: str | os.PathLike[str] | bytes,
    *,
    limits: ReadLimits = DEFAULT_LIMITS,
    name: str | None = None,
) -> tuple[bytes, Radiograph]:
    """`read_radiograph` with the bytes that were read, for results that repeat their header.

    `name` is what messages call the film, in place of its source.
    """
    if name is None:
        name = "<bytes>" if isinstance(source, bytes) else os.fspath(source)
    try:
        data = source if isinstance(source, bytes) else _fetch(source, limits)
        return data, _decode(data, limits)
    except ReadError as error:
        raise ReadError(f"{_printable(name)}: {error}", kind=error.kind) from error.__cause__


def _printable(name: str) -> str:
    """A name fit for one line of any terminal: what cannot be printed is escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _fetch(source: str | os.PathLike[str], limits: ReadLimits) -> bytes:
    if isinstance(source, str) and is_url(source):
        from spinescan.io.url import download

        return download(source, limits)
    try:
        return _read_file(Path(source), limits)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ReadError("no such file", kind="not_found") from error
    except ValueError as error:  # a zero byte in the name
        raise ReadError("not a possible file name", kind="not_found") from error
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror or error}", kind="unreadable") from error


def _read_file(path: Path, limits: ReadLimits) -> bytes:
    stat = path.stat()
    if S_ISDIR(stat.st_mode):
        os.listdir(path)  # noqa: PTH208 - raises when the folder cannot be listed
        if next(films_in(str(path)), None) is None:
            raise ReadError("a folder that holds no film", kind="not_found")
        raise ReadError("a folder; give one of its films", kind="unreadable")
    if not S_ISREG(stat.st_mode):
        raise ReadError("not a regular file", kind="unreadable")
    limits.check_bytes(stat.st_size)
    with path.open("rb") as stream:
        data = stream.read(limits.max_bytes + 1)  # it may have grown
    limits.check_bytes(len(data))
    return data


def _decode(data: bytes, limits: ReadLimits) -> Radiograph:
    limits.check_bytes(len(data))
    film_format = require_film_format(data)
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        with quiet():
            film = _film(data, film_format, sha256, limits)
    except ReadError:
        raise
    except MemoryError as error:
        raise ReadError("needs more memory than there is", kind="too_large") from error
    except Exception as error:
        # Decoders of damaged data raise nearly every type there is; this is the one place that
        # turns them into ours.
        raise _damaged(data, film_format, error) from error
    if float(film.pixels.max()) - float(film.pixels.min()) < HALF_STEP:
        raise no_contrast()
    return film


def _film(data: bytes, film_format: FilmFormat, sha256: str, limits: ReadLimits) -> Radiograph:
    if film_format == "DICOM":
        from spinescan.io.dicom import read_dicom

        return read_dicom(data, sha256, limits)
    from spinescan.io.picture import read_picture

    return read_picture(data, film_format, sha256, limits)


_TRUNCATED_SIGNS = (
    "truncat",
    "unexpected end",
    "end of file",
    "eof",
    "not enough",
    "less than expected",
)


def _damaged(data: bytes, film_format: FilmFormat, error: Exception) -> ReadError:
    text = " ".join(str(error).split())[:200] or type(error).__name__
    # pydicom quotes the header, which may name the patient.
    told = type(error).__name__ if film_format == "DICOM" else text
    if "Decompressed data too large" in text:
        return ReadError(f"a {film_format} file with too much text in it", kind="too_large")
    cut_off = isinstance(error, EOFError) or any(sign in text.lower() for sign in _TRUNCATED_SIGNS)
    if not cut_off and film_format != "DICOM":
        from spinescan.io.picture import ends_early

        cut_off = ends_early(data, film_format)
    if cut_off:
        return ReadError(f"a {film_format} file that ends too early ({told})", kind="truncated")
    return ReadError(f"a damaged {film_format} file ({told})", kind="damaged")
