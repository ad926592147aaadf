"""Films in object storage, and wherever else fsspec reaches: s3://, gs://, az://, file://, ..."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from spinescan.core.errors import MissingExtraError, ReadError
from spinescan.io.limits import ReadLimits
from spinescan.io.sniff import HEAD_BYTES
from spinescan.io.walk import is_film, iter_films

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)


def protocol_of(source: str) -> str | None:
    """`s3` of `s3://...`; None for a file's name, and for http(s), which `io.url` reads."""
    match = _ADDRESS.match(source)
    protocol = match[1].lower() if match else None
    return None if protocol in ("http", "https") else protocol


def need_filesystem(source: str) -> None:
    """Raise MissingExtraError, in one line, if what reads an address is not installed."""
    protocol = protocol_of(source)
    if protocol is None:
        return
    try:
        from fsspec import get_filesystem_class
    except ImportError as error:
        raise MissingExtraError(
            f"{protocol}:// needs the extra 'cluster' ({error.name} is not installed): "
            "pip install 'spinescan[cluster]'"
        ) from error
    try:
        get_filesystem_class(protocol)
    except (ImportError, ValueError) as error:  # the message names the package to install
        raise MissingExtraError(f"{protocol}:// cannot be read: {error}") from error


def all_films(sources: Sequence[str]) -> Iterator[str]:
    """The films that `sources` name: as `iter_films`, and addresses of fsspec likewise."""
    for source in sources:
        yield from iter_films([source]) if protocol_of(source) is None else _stored(source)


def fetch_stored(source: str, limits: ReadLimits) -> bytes:
    """The bytes at an address; a film above the limit is refused before any of it is fetched.

    Raises
    ------
    ReadError
        "not_found", "too_large", "unreadable" for a folder, or "url" for all else that can go
        wrong between here and there.
    """
    try:
        files, path = _open(source)
        entry = files.info(path)
        if entry["type"] == "directory":
            raise ReadError("a folder without a film, or one that cannot be listed")
        limits.check_bytes(entry["size"] or 0)
        if entry["size"] == 0:  # no range of bytes can be asked of it
            return b""
        data: bytes = files.cat_file(path, start=0, end=limits.max_bytes + 1)  # it may have grown
        limits.check_bytes(len(data))
    except ReadError as error:
        raise ReadError(f"{source}: {error}", kind=error.kind) from error
    except FileNotFoundError as error:
        raise ReadError(f"{source}: no such file", kind="not_found") from error
    except Exception as error:  # each store has its own
        text = (str(error) or type(error).__name__)[:200]
        raise ReadError(f"{source}: cannot be fetched: {text}", kind="url") from error
    return data


def _stored(source: str) -> Iterator[str]:
    """The films at an address, sorted by name at every level of a folder.

    Links to folders are not followed. What is no folder is passed on, and so is a folder that
    cannot be listed or holds no film: reading it tells why.
    """
    try:
        files, path = _open(source)
        host = _host(source, path)
        waiting = [(path, True)] if files.isdir(path) else []
    except Exception:
        waiting = []
    found = False
    while waiting:
        name, is_folder = waiting.pop()
        try:
            if is_folder:
                # Last in, first out: pushed in reverse, so that names come off in order.
                waiting.extend(reversed(_entries(files, name)))
                continue
            wanted = is_film(_last(name), partial(_head, files, name))
        except Exception:  # each store has its own; reading the film, or the folder, will tell
            wanted = True
        if wanted:
            found = True
            yield host + name if host else files.unstrip_protocol(name)
    if not found:
        yield source


def _host(source: str, path: str) -> str:
    """`sftp://host` of an address whose path does not tell the host; empty for buckets and such."""
    path, source = path.rstrip("/"), source.rstrip("/")
    start = source.removesuffix(path)
    lost = start.partition("://")[2] if source.endswith(path) else ""
    return start if lost else ""


def _entries(files: Any, folder: str) -> list[tuple[str, bool]]:
    """The entries of a folder, sorted, and whether each is a folder itself."""
    entries = [
        (entry["name"], entry["type"] == "directory")
        for entry in files.ls(folder, detail=True)
        if not (entry["type"] == "directory" and entry.get("islink"))
    ]
    # A store may list a folder within itself.
    own = folder.rstrip("/")
    return sorted(
        (name, is_folder)
        for name, is_folder in entries
        if name.rstrip("/") != own and not _last(name).startswith(".")
    )


def _head(files: Any, name: str) -> bytes:
    head: bytes = files.cat_file(name, start=0, end=HEAD_BYTES)
    return head


def _last(name: str) -> str:
    return name.rstrip("/").rsplit("/", 1)[-1]


def _open(source: str) -> tuple[Any, str]:
    """The file system of an address, which keeps no listings in memory, and the path in it."""
    from fsspec.core import url_to_fs

    files, path = url_to_fs(source, use_listings_cache=False)
    return files, path
