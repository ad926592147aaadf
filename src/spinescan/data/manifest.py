"""The manifest: one table that lists the films of a data set, and what is known of each.

A CSV in UTF-8, one row a film, with the columns of `ManifestFilm` and one more for every question
that films are labelled for, such as `als`. An empty cell of a label means that it is not known.
Rows are counted as a spreadsheet does: the header is row 1.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

from spinescan.core.errors import DataError
from spinescan.data.table import read_rows

Split = Literal["", "train", "validation", "test"]
KnownView = Literal["", "frontal", "lateral", "other"]

COLUMNS = ("image", "sha256", "group", "split", "view", "source", "licence", "landmarks")
"""What every manifest has; further columns are labels."""

_CHOICES = {"split": get_args(Split), "view": get_args(KnownView)}
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ManifestFilm:
    """One row of a manifest.

    Parameters
    ----------
    image
        The film's file, relative to the manifest's folder.
    sha256
        Hexadecimal digest of that file.
    group
        Films of one person share it.
    split
        Empty where the set is not split; one for a whole group.
    view
        Empty where it is not known.
    source
        Where the film comes from.
    licence
        On which terms.
    landmarks
        A file of Reports, relative to the manifest's folder, as `spinescan scan --json` prints them
        (one a line) or as a single JSON object; the film's is found by its digest. Empty where
        there is none.
    labels
        A column for each question that films are labelled for, such as `als7`; empty cells are not
        known.
    """

    image: str
    sha256: str
    group: str
    split: Split = ""
    view: KnownView = ""
    source: str = ""
    licence: str = ""
    landmarks: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("image", "group"):
            if not getattr(self, name):
                raise ValueError(f"{name} is empty")
        for name in ("image", "landmarks"):
            place = getattr(self, name)
            if PurePosixPath(place).is_absolute():
                raise ValueError(f"{name} must be relative to the manifest's folder, got {place!r}")
        if not _DIGEST.fullmatch(self.sha256):
            raise ValueError(f"sha256 must be 64 digits from 0 to f, got {self.sha256!r}")
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} must be {', '.join(known[1:])} or empty, got {getattr(self, name)!r}"
                )
        for name, value in self.labels.items():
            if name in COLUMNS or not name or not value:
                raise ValueError(f"not a label: {name!r} {value!r}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The films of a data set; their paths are relative to `folder`.

    Raises
    ------
    ValueError
        If an image is listed twice, or a group lies in two splits. Films of one person in the
        teaching and in the testing part would make any figure look too good.
    """

    folder: Path
    films: tuple[ManifestFilm, ...]

    def __post_init__(self) -> None:
        row_of: dict[str, int] = {}
        first: dict[str, tuple[int, Split]] = {}
        for row, film in enumerate(self.films, start=2):
            if film.image in row_of:
                raise ValueError(f"rows {row_of[film.image]} and {row} are both {film.image}")
            row_of[film.image] = row
            before, split = first.setdefault(film.group, (row, film.split))
            if split != film.split:
                raise ValueError(
                    f"group {film.group!r} must be in one split, got {split or 'none'!r} in row "
                    f"{before} and {film.split or 'none'!r} in row {row}"
                )

    def labels(self) -> tuple[str, ...]:
        """The columns of labels, in the order in which films first have them."""
        return tuple(dict.fromkeys(name for film in self.films for name in film.labels))

    def check_files(self, rows: Iterable[int] | None = None) -> None:
        """Compare the films' files with their digests; all, or those in these rows.

        Raises
        ------
        DataError
            If a file is missing or is not the one that was listed.
        """
        for row in range(2, len(self.films) + 2) if rows is None else rows:
            film = self.films[row - 2]
            path = self.folder / film.image
            try:
                with path.open("rb") as stream:
                    digest = hashlib.file_digest(stream, "sha256").hexdigest()
            except OSError as error:
                raise DataError(f"row {row}: {path} cannot be read ({error.strerror})") from error
            if digest != film.sha256:
                raise DataError(
                    f"row {row}: {path} has changed (SHA-256 {film.sha256[:12]}... was listed, "
                    f"got {digest[:12]}...)"
                )

    def to_csv(self) -> str:
        """The table as text."""
        labels, text = self.labels(), io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow((*COLUMNS, *labels))
        for film in self.films:
            fixed = (getattr(film, name) for name in COLUMNS)
            table.writerow((*fixed, *(film.labels.get(name, "") for name in labels)))
        return text.getvalue()


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. Its films' files are not touched; `Manifest.check_files` does that.

    Raises
    ------
    DataError
        If the file cannot be read, or a row is not understood or contradicts another.
    """
    try:
        return Manifest(path.parent, read_films(path))
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error


def read_films(path: Path) -> tuple[ManifestFilm, ...]:
    """The rows of a manifest, each checked by itself: an audit reads what `read_manifest` refuses.

    Raises
    ------
    DataError
        If the file cannot be read or a row is not understood.
    """
    films = []
    for number, row in enumerate(read_rows(path, COLUMNS), start=2):
        fixed = {name: row.pop(name).strip() for name in COLUMNS}
        labels = {name: value.strip() for name, value in row.items() if value.strip()}
        try:
            films.append(ManifestFilm(**fixed, labels=labels))  # type: ignore[arg-type]
        except ValueError as error:
            raise DataError(f"{path}: row {number}: {error}") from error
    return tuple(films)


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write a manifest into its folder.

    Raises
    ------
    ValueError
        If `path` lies in another folder, where the films' paths would be wrong.
    OSError
        If it cannot be written.
    """
    if path.parent != manifest.folder:
        raise ValueError(f"a manifest lies in its folder {manifest.folder}, got {path}")
    path.write_bytes(manifest.to_csv().encode())
