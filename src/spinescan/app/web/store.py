"""Films that are in no case: kept in a folder for a while, then deleted."""

import contextlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spinescan.core.errors import ReadError, SpineScanError
from spinescan.core.told import NOTHING, Told

SCAN_ID = re.compile(r"[0-9a-f]{32}")
FILM, SCAN = "film", "scan.json"
SPARE_BYTES = 2**30
"""Of the disk, which films that are in no case leave free."""


@dataclass(frozen=True, slots=True)
class StoredScan:
    """A film that was scanned, with the machine's Report and what a reader made of it.

    `record` and `edited_record` are Reports as JSON. `expires_at` is in seconds since 1970, None
    where the film is in a case.
    """

    id: str
    film: Path
    sha256: str
    record: dict[str, Any]
    told: Told = NOTHING
    expires_at: float | None = None
    edit: dict[str, Any] | None = None
    edited_record: dict[str, Any] | None = None
    case_id: str | None = None
    taken_on: str | None = None


def new_id() -> str:
    """A name that nobody guesses: whoever knows it may see the film."""
    return secrets.token_hex(16)


class UnsavedScans:
    """A folder with a folder for each scan.

    DIR/<id>/film         the bytes that were sent
    DIR/<id>/scan.json    the Report; a scan without one never came to an end
    """

    def __init__(self, folder: Path, keep_seconds: float) -> None:
        self._folder = folder
        self._keep = keep_seconds
        self._ends: dict[str, float] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def reserve(self) -> tuple[str, Path]:
        """A new id, and the file that its film is to be written to (for this user alone).

        Raises
        ------
        SpineScanError
            "storage" if the disk is nearly full: the rest of it is for cases.
        """
        if shutil.disk_usage(self._folder).free < SPARE_BYTES:
            raise SpineScanError("the server's disk has no room for more films", kind="storage")
        scan_id = new_id()
        folder = self._folder / scan_id
        folder.mkdir(mode=0o700)
        film = folder / FILM
        os.close(os.open(film, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        return scan_id, film

    def film(self, scan_id: str) -> Path:
        """The file of a film that was written; it need not be there any more."""
        return self._folder / scan_id / FILM

    def add(self, scan_id: str, sha256: str, record: dict[str, Any], told: Told) -> StoredScan:
        """Keep the Report of a film that was written; its time runs from now on.

        Raises
        ------
        ReadError
            "not_found" if the film was deleted meanwhile.
        """
        folder = self._folder / scan_id
        expires_at = time.time() + self._keep
        values = {
            "sha256": sha256,
            "expires_at": expires_at,
            "told": asdict(told),
            "record": record,
        }
        unfinished = folder / f"{SCAN}.part"
        try:
            unfinished.write_text(json.dumps(values), encoding="utf-8")
            unfinished.replace(folder / SCAN)
        except FileNotFoundError:
            raise ReadError("the film was deleted", kind="not_found") from None
        self._ends[scan_id] = expires_at
        return StoredScan(scan_id, folder / FILM, sha256, record, told, expires_at)

    def find(self, scan_id: str) -> StoredScan | None:
        """The scan, or None where there is none or its time is over."""
        scan = self._read(scan_id)
        if scan is None or scan.expires_at is None or scan.expires_at < time.time():
            return None
        return scan

    def delete(self, scan_id: str) -> None:
        """Delete a film and all that is known of it; a scan that is not there is no error."""
        self._ends.pop(scan_id, None)
        if SCAN_ID.fullmatch(scan_id):
            folder = self._folder / scan_id
            with contextlib.suppress(FileNotFoundError):
                if folder.is_symlink():  # of a stranger: what it leads to is not ours
                    folder.unlink()
                else:
                    shutil.rmtree(folder)

    def expire(self, held: Collection[str] = ()) -> int:
        """Delete the scans whose time is over, and films that were never scanned; how many.

        Films that are `held` still wait to be scanned.
        """
        gone = 0
        for folder in list(self._folder.iterdir()):
            if folder.name in held or not SCAN_ID.fullmatch(folder.name):
                continue
            try:
                age = time.time() - folder.stat().st_mtime
            except FileNotFoundError:
                continue
            ends = self._end_of(folder.name)
            if (ends is None and age > self._keep) or (ends is not None and ends < time.time()):
                self.delete(folder.name)
                gone += 1
        return gone

    def _end_of(self, scan_id: str) -> float | None:
        """When a scan's time is over; read once, for a busy server keeps thousands."""
        if scan_id not in self._ends:
            scan = self._read(scan_id)
            if scan is None or scan.expires_at is None:
                return None
            self._ends[scan_id] = scan.expires_at
        return self._ends[scan_id]

    def _read(self, scan_id: str) -> StoredScan | None:
        if not SCAN_ID.fullmatch(scan_id):
            return None
        folder = self._folder / scan_id
        if folder.is_symlink():
            return None
        try:
            values = json.loads((folder / SCAN).read_bytes())
            return StoredScan(
                scan_id,
                folder / FILM,
                values["sha256"],
                values["record"],
                Told(**values["told"]),
                values["expires_at"],
            )
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, KeyError, TypeError):  # the computer was cut off while it was written
            return None


def iso(seconds: float | None) -> str | None:
    """A time as UTC in ISO 8601."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
