"""Scans to be saved, as small as they can be."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

from spinescan.cases.records import Change, NewScan

NOTHING_TOLD = {"in_brace": False, "age": None, "posture": None}


def new_scan(name: str = "scan-001", *, film: bytes = b"a film", **change: Any) -> NewScan:
    """A scan to be saved; its id is its name."""
    values: dict[str, Any] = {
        "id": name,
        "sha256": hashlib.sha256(film).hexdigest(),
        "taken_on": date(2026, 3, 1),
        "told": NOTHING_TOLD,
        "report": {"view": "frontal", "curves": [], "note": f"machine of {name}"},
        "film": film,
    }
    return NewScan(**(values | change))


def change(note: str = "first") -> Change:
    """What a reader made of a scan."""
    return Change(
        edit={"view": "frontal", "ends": None, "told": None, "note": note},
        report={"view": "frontal", "curves": [], "note": f"report of {note}"},
    )


def raw_bytes(folder: Path) -> bytes:
    """All bytes of all files below a folder, and their names."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return b"\n".join(str(path).encode() + path.read_bytes() for path in files)
