"""New names for patients, films and identifiers: the same for the same, and not to be undone."""

import hashlib
import hmac
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from spinescan.core.errors import SpineScanError

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Names made by HMAC-SHA256 under a secret key.

    The same key gives the same names. Who has the key can test whether a name belongs to a patient
    that he guesses, and identifiers are easily guessed: keep it as you keep the films, or use a
    random one and forget it.
    """

    key: bytes = field(repr=False)

    @classmethod
    def random(cls) -> Self:
        """Names that nobody can make again."""
        return cls(secrets.token_bytes(_KEY_BYTES))

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """The names of the key in a file, which is made (for its owner alone) if it is not there.

        Raises
        ------
        SpineScanError
            "key" if the file cannot be read or made, holds no key, or may be read by others.
        """
        try:
            return cls(_read_key(path) if path.exists() else _new_key(path))
        except OSError as error:
            raise _no_key(f"cannot be used: {error.strerror or error}") from error

    def uid(self, old: str) -> str:
        """The new identifier in the place of an old one (PS3.5 B.2: 2.25 and a UUID's number)."""
        number = bytearray(self._digest("uid", old)[:16])
        # Version 8 (of an own making) and the variant of RFC 9562, so that it is a UUID.
        number[6] = number[6] & 0x0F | 0x80
        number[8] = number[8] & 0x3F | 0x80
        return f"2.25.{int.from_bytes(number, 'big')}"

    def patient(self, who: str) -> str:
        """A patient's pseudonym: P and 16 hexadecimal digits."""
        return f"P{self._digest('patient', who)[:8].hex()}"

    def film(self, data: bytes) -> str:
        """A file's pseudonym, by its content: F and 16 hexadecimal digits."""
        return f"F{self._digest('film', hashlib.sha256(data).hexdigest())[:8].hex()}"

    def _digest(self, kind: str, text: str) -> bytes:
        return hmac.digest(self.key, f"{kind}\0{text}".encode("utf-8", "surrogatepass"), "sha256")


def _read_key(path: Path) -> bytes:
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise _no_key("may be read by others than its owner; chmod 600")
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        key = b""
    if len(key) < _KEY_BYTES:
        raise _no_key(f"holds no key: expected {2 * _KEY_BYTES} hexadecimal digits or more")
    return key


def _new_key(path: Path) -> bytes:
    """Made under another name and linked, so that nobody ever reads half a key."""
    key = secrets.token_bytes(_KEY_BYTES)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(f"{key.hex()}\n")
        os.link(unfinished, path)
    except FileExistsError:  # another process was quicker
        return _read_key(path)
    finally:
        unfinished.unlink()
    return key


def _no_key(why: str) -> SpineScanError:
    return SpineScanError(f"The key file {why}.", kind="key")
