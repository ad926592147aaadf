"""From what a user names to films: files, addresses, and folders walked to the bottom."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from spinescan.io.sniff import HEAD_BYTES, film_format

# An entry with such an ending is meant as a film: if it cannot be read, its owner wants to know.
# All other entries count as films when their first bytes say so.
_FILM_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("png", "jpg", "jpeg", "jpe", "jfif", "tif", "tiff", "bmp", "gif", "webp"),
        *("dcm", "dicom", "dic", "ima"),
        *("heic", "heif", "avif", "jp2"),  # not read, and told so
    )
)


def is_url(source: str) -> bool:
    """Whether a source is an address and not a file's name."""
    return source.lower().startswith(("http://", "https://"))


def iter_films(sources: Sequence[str]) -> Iterator[str]:
    """The films that `sources` name, in the order given and sorted within a folder.

    Files and addresses are passed on unchecked. A folder is walked recursively, through links too
    but through none twice; hidden entries and entries that are no films (tables, pages, text) are
    left out. What looks like a film and cannot be opened is passed on, so that reading it tells
    why; so is a folder that cannot be listed, and one given as a source that holds no film.
    """
    for source in sources:
        if is_url(source) or not _is_folder(source):
            yield source
            continue
        found = False
        for film in films_in(source):
            found = True
            yield film
        if not found:
            yield source


def films_in(folder: str) -> Iterator[str]:
    """The films of one folder and its folders, sorted by name at every level."""
    seen: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        try:
            is_folder = Path(path).is_dir()
            if is_folder and not _is_new(path, seen):
                continue
            entries = sorted(os.listdir(path), reverse=True) if is_folder else None  # noqa: PTH208
        except OSError:
            yield path  # a folder that cannot be listed
            continue
        if entries is None:
            if _is_film(path):
                yield path
            continue
        # Last in, first out: pushed in reverse, so that names come off in order, depth first.
        waiting.extend(os.path.join(path, name) for name in entries if name[0] != ".")  # noqa: PTH118


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:  # no right to look, or too long a name: reading it will tell
        return False


def _is_new(folder: str, seen: set[tuple[int, int]]) -> bool:
    stat = Path(folder).stat()
    key = (stat.st_dev, stat.st_ino)
    if key in seen:
        return False
    seen.add(key)
    return True


def _is_film(path: str) -> bool:
    def head() -> bytes:
        if not file.is_file():  # a pipe, a device, a link to nowhere
            return b""
        with file.open("rb") as stream:
            return stream.read(HEAD_BYTES)

    file = Path(path)
    return is_film(file.name, head)


def is_film(name: str, head: Callable[[], bytes]) -> bool:
    """Whether an entry of a folder is meant as a film, by its name or else by its first bytes.

    `head` is called for the bytes if need be; its OSError says that they cannot be had, which
    reading the film will tell.
    """
    if PurePosixPath(name).suffix.lower() in _FILM_SUFFIXES:
        return True
    if name.upper() == "DICOMDIR":  # the table of contents of a disc, itself in DICOM
        return False
    try:
        return film_format(head()) is not None
    except OSError:
        return True
