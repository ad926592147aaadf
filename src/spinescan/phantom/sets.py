"""Sets of phantoms on disk, drawn in any number of processes with the same bytes.

    folder/set.json           the recipe, the seed and the count: enough to draw the set again
    folder/images/000000.png  the films, or .dcm
    folder/truth.jsonl        one line a film: its truth in the report's terms, and its `phantom`
    folder/manifest.csv       one row a film

A film depends on the set's recipe and seed and on its own number alone. So a set that was cut off,
or that shall grow, is drawn further without touching the films it has.
"""

import csv
import hashlib
import io
import json
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from spinescan.core.errors import DataError
from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import SAGITTAL3
from spinescan.io.words import product
from spinescan.phantom.als_types import NoSuchSpineError
from spinescan.phantom.film import Order, Phantom, draw_phantom
from spinescan.phantom.record import SUFFIXES, image_bytes, truth_record
from spinescan.phantom.sample import sagittal_label
from spinescan.phantom.set_recipe import SetRecipe

SET, TRUTH, MANIFEST, IMAGES = "set.json", "truth.jsonl", "manifest.csv", "images"
SOURCE, LICENCE = "spinescan phantom", "Apache-2.0"
MANIFEST_COLUMNS = (
    "image",
    "sha256",
    "group",
    "split",
    "view",
    "source",
    "licence",
    "landmarks",
    "als",
    "als7",
    "als_margin",
    "sagittal",
    "sagittal3",
    "sagittal_margin",
)
"""Those of `spinescan.data.manifest`, and labels. `als7` is `als` but for healthy spines,
`sagittal3` the class of a lateral film that has one of the three; the margins are how far from the
border of its type or class a spine lies, in units of the rules' limits and in degrees."""

_ATTEMPTS = 10


def write_set(
    recipe: SetRecipe,
    folder: Path,
    count: int,
    seed: int,
    *,
    jobs: int = 1,
    on_film: Callable[[], None] = lambda: None,
) -> int:
    """Draw the films that the folder lacks, up to `count`; how many were drawn.

    Parameters
    ----------
    jobs
        Worker processes; 1 draws in this one.
    on_film
        Called once for each of the `count` films, also for those that were there.

    Raises
    ------
    DataError
        If the folder holds another set or a larger one, or the recipe asks for films that cannot be
        drawn.
    OSError
        If something cannot be written.
    """
    if count < 1:
        raise ValueError(f"expected one film or more, got {count}")
    _open_set(recipe, folder, count, seed)
    lines = _complete_films(folder, count)
    for _ in lines:
        on_film()
    missing = [number for number in range(count) if number not in lines]
    _replace(folder / TRUTH, "".join(lines.values()).encode())
    with (folder / TRUTH).open("a", encoding="utf-8", newline="\n") as stream:
        for number, line in _drawn(_Studio(recipe, folder, seed), missing, jobs):
            stream.write(line)
            stream.flush()  # what is told here is not drawn again
            lines[number] = line
            on_film()
    ordered = [lines[number] for number in range(count)]
    _replace(folder / TRUTH, "".join(ordered).encode())
    _replace(folder / MANIFEST, _manifest(ordered))
    return len(missing)


def film_of_set(recipe: SetRecipe, seed: int, number: int) -> tuple[Order, Phantom]:
    """Film `number`, from 0, of the set of a recipe and a seed.

    Where no person fits what was drawn (an angle that a type hardly allows) it is drawn afresh, up
    to ten times.

    Raises
    ------
    DataError
        If none fits then.
    """
    for attempt in range(_ATTEMPTS):
        for_order, for_film = np.random.SeedSequence((seed, number, attempt)).spawn(2)
        order = recipe.draw_order(np.random.default_rng(for_order))
        # 53 bits: every reader of JSON gets them whole.
        film_seed = int(for_film.generate_state(1, np.uint64)[0]) >> 11
        try:
            return order, draw_phantom(order, film_seed)
        except NoSuchSpineError as error:
            why = error
    raise DataError(f"film {number} of the set cannot be drawn ({why})")


class _Studio:
    """Draws single films of a set into its folder."""

    def __init__(self, recipe: SetRecipe, folder: Path, seed: int) -> None:
        self.recipe, self.folder, self.seed = recipe, folder, seed

    def __call__(self, number: int) -> tuple[int, str]:
        """Write a film; its number and its line of truth."""
        order, phantom = film_of_set(self.recipe, self.seed, number)
        name = f"{IMAGES}/{number:06d}{SUFFIXES[self.recipe.image]}"
        data = image_bytes(phantom, self.recipe.image)
        _replace(self.folder / name, data)
        digest = hashlib.sha256(data).hexdigest()
        record = truth_record(phantom, order, file=name, sha256=digest)
        return number, json.dumps(record, allow_nan=False) + "\n"


def _drawn(studio: _Studio, numbers: Sequence[int], jobs: int) -> Iterator[tuple[int, str]]:
    if jobs == 1 or len(numbers) < 2:
        yield from map(studio, numbers)
        return
    with _workers(jobs) as pool:
        yield from pool.map(studio, numbers, chunksize=max(1, min(8, len(numbers) // (4 * jobs))))


@contextmanager
def _workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    # "spawn" everywhere: a fork would copy the threads' locks of the native libraries.
    pool = ProcessPoolExecutor(
        jobs, get_context("spawn"), initializer=signal.signal, initargs=_LEAVE_INTERRUPTS
    )
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


_LEAVE_INTERRUPTS = (signal.SIGINT, signal.SIG_IGN)  # to the parent


def _open_set(recipe: SetRecipe, folder: Path, count: int, seed: int) -> None:
    """Make the folder, or make sure that it holds the beginning of the same set."""
    path = folder / SET
    told: dict[str, Any] = {
        "drawn_by": product(),
        "seed": seed,
        "count": count,
        "recipe": recipe.to_dict(),
        "note": f"Synthetic films. {RESEARCH_USE}",
    }
    if path.is_file():
        try:
            before = json.loads(path.read_text("utf-8"))
            # An older set does not tell what has come to be told.
            before["recipe"] = SetRecipe.from_dict(before["recipe"]).to_dict()
            other = [key for key in told if key != "count" and before[key] != told[key]]
            larger = before["count"] > count
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}: not the description of a set ({error})") from error
        if other:
            raise DataError(f"{folder} holds another set ({', '.join(other)} differ)")
        if larger:
            raise DataError(f"{folder} holds a set of {before['count']} films; a set only grows")
    elif folder.is_dir() and any(folder.iterdir()):
        raise DataError(f"{folder} holds something else; choose an empty folder")
    (folder / IMAGES).mkdir(parents=True, exist_ok=True)
    _replace(path, (json.dumps(told, indent=1) + "\n").encode())


def _complete_films(folder: Path, count: int) -> dict[int, str]:
    """The lines of truth whose films are there, unharmed."""
    path, lines = folder / TRUTH, {}
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            try:
                record = json.loads(line)
                film = folder / record["file"]
                number, digest = int(film.stem), record["sha256"]
            except (ValueError, KeyError, TypeError):  # the run was cut off within this line
                continue
            if (
                number < count
                and film.is_file()
                and hashlib.sha256(film.read_bytes()).hexdigest() == digest
            ):
                lines[number] = line
    return lines


def _manifest(lines: Sequence[str]) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(MANIFEST_COLUMNS)
    for line in lines:
        record = json.loads(line)
        phantom = record["phantom"]
        table.writerow(
            (
                record["file"],
                record["sha256"],
                f"phantom-{phantom['seed']}",
                "",
                record["view"],
                SOURCE,
                LICENCE,
                TRUTH,
                phantom["als"],
                "" if phantom["als"] == "healthy" else phantom["als"],
                "" if phantom["als_margin"] is None else f"{phantom['als_margin']:.3f}",
                phantom["sagittal"],
                _sagittal3(record),
                f"{phantom['sagittal_margin_deg']:.2f}",
            )
        )
    return text.getvalue().encode()


def _sagittal3(record: dict[str, Any]) -> str:
    label = sagittal_label(record["phantom"]["sagittal"])
    return label if record["view"] == "lateral" and label in SAGITTAL3.codes else ""


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)
