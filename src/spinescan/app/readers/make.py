"""A blinded set of films on the disk: a folder a reader, and the key.

DIR/key.json                 for the organiser: which number is which film
DIR/A/form-A.html            for reader A: the form on the screen
DIR/A/form-A.pdf             the form on paper, if it was asked for
DIR/A/answers-A.csv          the table that answers on paper are typed into
"""

import secrets
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spinescan.app.readers.blind import BlindFilm
from spinescan.app.readers.form import render_form
from spinescan.app.readers.paper import render_paper
from spinescan.core.errors import DataError
from spinescan.io.pdf import Paper
from spinescan.study.readers.key import Key, draw_order, write_key
from spinescan.study.readers.typed import empty_table


def new_key(
    films: Sequence[BlindFilm],
    readers: Sequence[str],
    tasks: tuple[str, ...],
    *,
    repeats: int,
    seed: int,
) -> Key:
    """The key of a new set: each reader sees all films in an order of his or her own.

    `repeats` films are shown twice, drawn for each reader anew.

    Raises
    ------
    DataError
        A reader's name is not possible or there twice, or more films are to be repeated than there
        are.
    """
    names = [reader.lower() for reader in readers]
    if len(set(names)) < len(names):
        raise DataError(f"readers must have different names, got {', '.join(readers)}")
    random = np.random.default_rng(seed)
    try:
        return Key(
            set_id=secrets.token_hex(6),
            seed=seed,
            tasks=tasks,
            films=tuple(film.known for film in films),
            readers={reader: draw_order(len(films), repeats, random) for reader in readers},
        )
    except ValueError as error:
        raise DataError(str(error)) from error


def write_set(
    out: Path, key: Key, films: Sequence[BlindFilm], *, paper: Paper | None = None
) -> tuple[Path, ...]:
    """Write a set into an empty folder; gives the key, then each reader's folder.

    Raises
    ------
    MissingExtraError
        For paper without the extra `pdf`.
    OSError
        It cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = [write_key(key, out)]
    for reader, order in key.readers.items():
        folder = out / reader
        folder.mkdir()
        form = render_form(key, reader, films)
        (folder / f"form-{reader}.html").write_text(form, encoding="utf-8")
        if paper is not None:
            sheets = render_paper(key, reader, films, paper=paper)
            (folder / f"form-{reader}.pdf").write_bytes(sheets)
            table = empty_table(key.set_id, reader, len(order), key.tasks)
            (folder / f"answers-{reader}.csv").write_text(table, encoding="utf-8")
        written.append(folder)
    return tuple(written)
