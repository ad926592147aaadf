"""The files of a store's films: a folder for each scan, there as a whole or not at all."""

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path

from spinescan.cases.database import private_folder, sync_folder
from spinescan.cases.errors import CaseError

_PART = ".part-"
_CHUNK = 1 << 20


class FilmFiles:
    """A folder that holds `<scan id>/<file>`, for this user alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        private_folder(folder)

    def path(self, scan: str, name: str) -> Path:
        """A file of a scan; CaseError ("not_found") if there is none."""
        path = self.folder / scan / name
        if re.search(r"[/\\\0]", scan + name) or scan.startswith(".") or not path.is_file():
            raise CaseError("There is no such file of that scan.", kind="not_found")
        return path

    @contextmanager
    def written(self, files: Mapping[str, bytes | Path]) -> Iterator[Path]:
        """A folder with these files on the disk, which has no scan's name yet (`put`).

        It is gone at the end unless it was put in its place.

        Raises
        ------
        CaseError
            If the disk does not take them.
        """
        part = self.folder / f"{_PART}{secrets.token_hex(8)}"
        try:
            part.mkdir(mode=0o700)
            for name, content in files.items():
                _write(part / name, content)
            sync_folder(part)
            yield part
        except OSError as error:
            raise CaseError(f"The film cannot be kept ({error.strerror or error}).") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def put(self, part: Path, scan: str) -> None:
        """Give written files the scan they belong to; whole on the disk when this returns."""
        part.rename(self.folder / scan)
        sync_folder(self.folder)

    def remove(self, scan: str) -> None:
        """Remove a scan's files, if there are any; CaseError ("not_deleted") if some stay."""
        try:
            shutil.rmtree(self.folder / scan)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise CaseError(
                f"A film could not be deleted ({error.strerror}).", kind="not_deleted"
            ) from error
        sync_folder(self.folder)

    def remove_others(self, scans: Set[str]) -> int:
        """Remove all that belongs to none of these scans: saves that were cut off. Says how many.

        Only while nothing is being saved.
        """
        others = [path for path in self.folder.iterdir() if path.name not in scans]
        for path in others:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        sync_folder(self.folder)
        return len(others)

    def scans(self) -> frozenset[str]:
        """The scans that have files here."""
        return frozenset(p.name for p in self.folder.iterdir() if not p.name.startswith("."))


def digest_of(content: bytes | Path) -> str:
    """Hexadecimal SHA-256 of bytes, or of a file."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(path: Path, content: bytes | Path) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as stream:
        if isinstance(content, bytes):
            stream.write(content)
        else:
            with content.open("rb") as source:
                shutil.copyfileobj(source, stream, _CHUNK)
        stream.flush()
        os.fsync(stream.fileno())
