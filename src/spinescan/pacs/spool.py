"""Files of films and results on their way: random names, for this user alone, on the disk."""

import os
import re
import secrets
from collections.abc import Collection
from pathlib import Path

from spinescan.cases.database import private_folder, sync_folder

_NAME = re.compile(r"[0-9a-f]{32}")


class Spool:
    """A folder (mode 0700) of files (mode 0600).

    Raises
    ------
    CaseError
        If the folder cannot be made or closed to others.
    """

    def __init__(self, folder: Path) -> None:
        private_folder(folder)
        self._folder = folder

    def path(self, name: str) -> Path:
        """Where a file lies; it need not be there any more."""
        return self._folder / name

    def put(self, data: bytes) -> str:
        """Write a file and return its name once it is on the disk.

        Raises
        ------
        OSError
            If it cannot be written; then nothing is left of it.
        """
        name = secrets.token_hex(16)
        path = self.path(name)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            sync_folder(self._folder)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return name

    def delete(self, name: str) -> None:
        """Delete a file; one that is not there is no error."""
        self.path(name).unlink(missing_ok=True)

    def keep_only(self, names: Collection[str]) -> int:
        """Delete all other files of ours; how many there were."""
        others = [
            path
            for path in self._folder.iterdir()
            if path.name not in names and _NAME.fullmatch(path.name)
        ]
        for path in others:
            path.unlink(missing_ok=True)
        return len(others)
