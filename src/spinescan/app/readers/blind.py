"""Films as readers see them: a picture without a name, and nothing else."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image

from spinescan.app.deidentify import can_look
from spinescan.core.errors import DataError, SpineScanError
from spinescan.core.radiograph import Radiograph
from spinescan.data.labelled import FoundFilm, with_groups
from spinescan.data.manifest import read_manifest
from spinescan.io.overlay import film_picture
from spinescan.io.read import iter_films, read_radiograph
from spinescan.study.readers.key import KeyFilm

LONGEST: Final = 2000
"""The longer side of a picture in a form, in pixels, unless another is asked for."""


@dataclass(frozen=True, slots=True)
class BlindFilm:
    """A film of a set: what the key holds of it, and the PNG that readers see.

    `text` tells whether text is burned into the picture: the header says so or some was seen.
    `size` is (rows, columns) of the picture.
    """

    known: KeyFilm
    png: bytes = field(repr=False)
    size: tuple[int, int]
    text: bool


def find_films(sources: Sequence[str], group: str | None) -> tuple[FoundFilm, ...]:
    """The films of files, folders and manifests (.csv), in order.

    Parameters
    ----------
    group
        Regular expression that finds the person in a film's path; a manifest tells its own.

    Raises
    ------
    DataError
        A manifest is not understood, the expression finds no person, or there is no film.
    """
    found: list[FoundFilm] = []
    for source in sources:
        if Path(source).suffix.lower() == ".csv":
            table = read_manifest(Path(source))
            found += [
                FoundFilm(table.folder / film.image, group=film.group, view=film.view)
                for film in table.films
            ]
            continue
        films: Iterable[FoundFilm] = [FoundFilm(Path(name)) for name in iter_films([source])]
        if group is not None:
            folder = Path(source) if Path(source).is_dir() else Path(source).parent
            films = with_groups(films, group, folder)
        found += films
    if not found:
        raise DataError("no film to read")
    return tuple(found)


def blind_films(
    found: Sequence[FoundFilm],
    *,
    longest: int = LONGEST,
    on_film: Callable[[], None] = lambda: None,
) -> tuple[tuple[BlindFilm, ...], tuple[str, ...]]:
    """The films that can be read, and a line for each that cannot or is another one's copy.

    A film without a group is a person of its own.
    """
    films: dict[str, BlindFilm] = {}
    failed: list[str] = []
    for one in found:
        try:
            film = read_radiograph(one.path)
        except SpineScanError as error:
            failed.append(str(error))
        else:
            if film.sha256 in films:
                before = films[film.sha256].known.file
                failed.append(f"{one.path}: left out, the same file as {before}")
            else:
                films[film.sha256] = _blind(one, film, longest)
        on_film()
    return tuple(films.values()), tuple(failed)


def _blind(one: FoundFilm, film: Radiograph, longest: int) -> BlindFilm:
    picture = film_picture(film)
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    out = BytesIO()
    # A picture made of pixels alone: nothing of the file goes with it.
    Image.frombytes("L", picture.size, picture.tobytes()).save(out, "PNG", optimize=True)
    declared = film.declared_view.value if film.declared_view else ""
    return BlindFilm(
        KeyFilm(
            file=str(one.path.absolute()),
            sha256=film.sha256,
            group=one.group or film.sha256,
            view=one.view or declared,
        ),
        out.getvalue(),
        (picture.height, picture.width),
        text=bool(film.burned_in) or _text_seen(film),
    )


def _text_seen(film: Radiograph) -> bool:
    if not can_look():
        return False
    from spinescan.audit.marks import find_marks

    return bool(find_marks(film.pixels).text)
