"""A set in two halves, by name: what is chosen on one half is scored on the other."""

import hashlib
from typing import Literal

Half = Literal["a", "b"]


def half_of(name: str) -> Half:
    """The half that a film, or a group of films, belongs to; it depends on its name alone."""
    return "a" if hashlib.sha256(name.encode()).digest()[0] % 2 == 0 else "b"
