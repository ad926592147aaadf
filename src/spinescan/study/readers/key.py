"""The key of a blinded set: which number in which reader's form is which film.

    {"format": "spinescan-readers-key", "version": 1, "note": "...", "set": "9f0c...",
     "seed": 7, "tasks": ["als7"],
     "films": [{"file": "/films/a.dcm", "sha256": "...", "group": "P1", "view": "frontal"}],
     "readers": {"A": [0, 2, 1, 0], "B": [2, 0, 1, 2]}}

A reader's list holds places in `films`, counted from 0, in the order in which the reader sees them:
film 1 of reader B above is the third of `films`. A place that is there twice is shown twice.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from spinescan.core.errors import DataError
from spinescan.study.readers.questions import VIEWS, question

KEY_FILE: Final = "key.json"
_FORMAT: Final = "spinescan-readers-key"
_NOTE: Final = "Keep this file from the readers: it tells which film is which."
_READER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class KeyFilm:
    """A film of the set: `file` as the organiser knows it; `group` is the person's.

    `view` is empty where nobody said it.
    """

    file: str
    sha256: str
    group: str
    view: str = ""

    def __post_init__(self) -> None:
        if self.view not in ("", *VIEWS):
            raise ValueError(f"view must be {', '.join(VIEWS)} or empty, got {self.view!r}")


@dataclass(frozen=True, slots=True)
class Key:
    """What the organiser keeps; the module's docstring tells the file.

    Raises
    ------
    ValueError
        A reader's name or order, or a task, is not possible.
    """

    set_id: str
    seed: int
    tasks: tuple[str, ...]
    films: tuple[KeyFilm, ...]
    readers: Mapping[str, tuple[int, ...]]

    def __post_init__(self) -> None:
        for name in self.tasks:
            question(name)
        for reader, order in self.readers.items():
            check_reader(reader)
            if set(order) != set(range(len(self.films))):
                raise ValueError(f"reader {reader} must see each of the {len(self.films)} films")

    def film_of(self, reader: str, number: int) -> int:
        """The place in `films` of what `reader` sees as film `number`, counted from 1."""
        return self.readers[reader][number - 1]

    def numbers(self, reader: str, film: int) -> tuple[int, ...]:
        """Under which numbers `reader` sees a film, in order."""
        return tuple(n for n, place in enumerate(self.readers[reader], start=1) if place == film)

    def to_json(self) -> str:
        """The file's text."""
        films = [
            {"file": f.file, "sha256": f.sha256, "group": f.group, "view": f.view}
            for f in self.films
        ]
        values = {
            "format": _FORMAT,
            "version": 1,
            "note": _NOTE,
            "set": self.set_id,
            "seed": self.seed,
            "tasks": list(self.tasks),
            "films": films,
            "readers": {reader: list(order) for reader, order in self.readers.items()},
        }
        return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


def check_reader(name: str) -> None:
    """Raise ValueError unless the name can stand in a file's name."""
    if not _READER.fullmatch(name):
        raise ValueError(
            f"a reader's name must be letters, digits, - and _, at most 32, got {name!r}"
        )


def write_key(key: Key, folder: Path) -> Path:
    """Write a new key that its owner alone may read.

    Raises
    ------
    OSError
        It is there already, or cannot be written.
    """
    path = folder / KEY_FILE
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(key.to_json().encode("utf-8", "surrogateescape"))
    return path


def read_key(folder: Path) -> Key:
    """The key of a set's folder.

    Raises
    ------
    DataError
        It is not there, or is no key.
    """
    path = folder / KEY_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8", errors="surrogateescape"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise DataError(f"{path}: expected a key in JSON ({error})") from error
    try:
        return _key(values)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: not a key of readers' films ({error})") from error


def _key(values: Any) -> Key:
    if values["format"] != _FORMAT or values["version"] != 1:
        raise ValueError(f"expected {_FORMAT} version 1")
    return Key(
        set_id=str(values["set"]),
        seed=int(values["seed"]),
        tasks=tuple(values["tasks"]),
        films=tuple(KeyFilm(**film) for film in values["films"]),
        readers={name: tuple(order) for name, order in values["readers"].items()},
    )


def draw_order(films: int, repeats: int, random: np.random.Generator) -> tuple[int, ...]:
    """Places of films in random order, so many of them twice, and these far apart.

    Of several random orders the one is taken in which the two showings of a film lie farthest
    apart, which a reader is least likely to remember.

    Raises
    ------
    ValueError
        More films are to be repeated than there are.
    """
    if not 0 <= repeats <= films:
        raise ValueError(f"of {films} films {repeats} cannot be shown twice")
    twice = random.choice(films, repeats, replace=False)
    shown = np.concatenate([np.arange(films), twice])
    orders = [random.permutation(shown) for _ in range(200 if repeats else 1)]
    return tuple(int(place) for place in max(orders, key=_nearest))


def _nearest(order: np.ndarray[Any, Any]) -> int:
    """The least distance between two showings of a film."""
    last: dict[int, int] = {}
    nearest = len(order)
    for place, film in enumerate(order.tolist()):
        if film in last:
            nearest = min(nearest, place - last[film])
        last[film] = place
    return nearest
