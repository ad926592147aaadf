"""Where the films of the study come from: a manifest, a folder for each class, or phantoms."""

from collections.abc import Callable
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

from spinescan.core.errors import DataError
from spinescan.core.task import SAGITTAL3
from spinescan.data.labelled import find_in_folders, with_groups, write_labelled
from spinescan.data.manifest import Manifest, read_manifest
from spinescan.phantom.set_recipe import SetRecipe
from spinescan.phantom.sets import MANIFEST, write_set

DRAWN, LISTED = "films", "listed.csv"
FILMS, SEED = 700, 6
"""How many phantoms are drawn by default, and their set's seed."""

PHANTOMS, FAST, FULL = "phantoms-sagittal.toml", "study-fast.toml", "study-full.toml"


def shipped_recipe(name: str) -> Path:
    """A recipe that comes with the study.

    Raises
    ------
    DataError
        If it is not there as a file.
    """
    with as_file(files("spinescan.study") / "recipes" / name) as path:
        if not path.is_file():
            raise DataError(f"no recipe {name} in this installation")
        return path


def read_source(source: Path, out: Path, *, group: str | None = None) -> Manifest:
    """The films of a manifest, or of a folder with one folder for each class.

    A folder's films are listed in `out`. `group` is a regular expression that finds the person in
    a film's path below it; without it each film is a person of its own.

    Raises
    ------
    DataError
        If films cannot be read or listed.
    """
    if source.is_file():
        if group is not None:
            raise DataError(f"{source}: a manifest names the groups itself")
        return read_manifest(source)
    found = find_in_folders(source, SAGITTAL3.name)
    lower = [
        replace(film, labels={name: code.lower() for name, code in film.labels.items()})
        for film in found
    ]
    grouped = lower if group is None else with_groups(lower, group, source)
    return write_labelled(grouped, out / LISTED)


def draw_source(
    out: Path,
    count: int = FILMS,
    *,
    seed: int = SEED,
    jobs: int = 1,
    on_film: Callable[[], None] = lambda: None,
) -> Manifest:
    """The default phantoms, drawn into `out/films` as far as they are not there.

    Raises
    ------
    DataError
        If other films are there.
    """
    recipe = SetRecipe.read(shipped_recipe(PHANTOMS))
    write_set(recipe, out / DRAWN, count, seed, jobs=jobs, on_film=on_film)
    return read_manifest(out / DRAWN / MANIFEST)
