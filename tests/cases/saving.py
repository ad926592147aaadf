"""A program that saves scans until it is killed, and prints each that was acknowledged.

Arguments: the store's folder and a word that its scans' names begin with.
"""

import hashlib
import sys
from datetime import date
from itertools import count
from pathlib import Path

from spinescan.cases.records import Change, NewScan
from spinescan.cases.store import CaseStore


def film_of(name: str) -> bytes:
    """A film of some size that belongs to a name."""
    return hashlib.sha256(name.encode()).digest() * 20_000


def main(folder: Path, word: str) -> None:
    """Save, edit, delete: every third scan is edited, every fifth deleted."""
    store = CaseStore(folder)
    case = store.create_case(f"case {word}", by="clinic")
    print("case", case.id, flush=True)
    for k in count():
        name = f"{word}-{k:06}"
        film = film_of(name)
        new = NewScan(
            id=name,
            sha256=hashlib.sha256(film).hexdigest(),
            taken_on=date(2026, 1, 1),
            told={},
            report={"view": "frontal", "name": name},
            film=film,
            files={"film.gray16": film[:1000]},
        )
        store.save_scan(case.id, new, by="clinic")
        print("saved", name, flush=True)
        if k % 3 == 0:
            store.edit_scan(name, Change({"name": name}, {"name": name}), by="clinic")
            print("edited", name, flush=True)
        if k % 5 == 4:
            print("deleting", name, flush=True)
            store.delete_scan(name, by="clinic")
            print("deleted", name, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
