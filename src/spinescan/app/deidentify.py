"""A folder of films without their patients: what `spinescan deidentify --out` fills.

DIR/<patient>/<film>.dcm        films by patient, so that splits by group find them
DIR/not-told/<film>.png         films that name no patient, such as pictures that are no DICOM
DIR/check/<patient>/<film>.dcm  films on which text may name somebody: look before passing them on
DIR/films.csv                   one row a film, sorted by its new names

Nothing in it tells what a film was called before.
"""

import csv
import io
import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from spinescan.core.errors import ReadError, SpineScanError
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import SCHEMA_VERSION, failure_dict
from spinescan.io.deidentify import CleanFilm, Pseudonyms, clean_film
from spinescan.io.limits import DEFAULT_LIMITS, ReadLimits
from spinescan.io.read import read_film, read_radiograph

TABLE: Final = "films.csv"
CHECK, NOT_TOLD = "check", "not-told"

Record = dict[str, Any]
"""A film of the new folder, or a failure, as JSON."""

BurnedIn = Literal["yes", "no", "not told"]
Seen = Literal["yes", "no", "not looked"]
_BURNED_IN: Final[dict[bool | None, BurnedIn]] = {True: "yes", False: "no", None: "not told"}


@dataclass(frozen=True, slots=True)
class CleanRow:
    """One film of the new folder; all names are new ones.

    Parameters
    ----------
    file
        Path in the folder.
    film
        Its name.
    patient, study
        Empty where the film tells none.
    view_position
        As the header has it.
    burned_in
        What the header says of text in the picture.
    text_seen
        What was seen on it; "not looked" without the extra `study`. That no text was seen does not
        mean that there is none.
    """

    file: str
    film: str
    patient: str
    study: str
    view_position: str
    burned_in: BurnedIn
    text_seen: Seen

    @property
    def to_check(self) -> bool:
        """Whether somebody has to look at it before it is passed on."""
        return "yes" in (self.burned_in, self.text_seen)


class CleanFolder:
    """Writes films without their patients into a folder, one after the other.

    Parameters
    ----------
    out
        An empty folder.
    names
        Makes the new names.
    limits
        What a film may be at most.
    """

    def __init__(self, out: Path, names: Pseudonyms, limits: ReadLimits = DEFAULT_LIMITS) -> None:
        self.out = out
        self.rows: dict[str, CleanRow] = {}
        self.origins: dict[str, str] = {}
        """Where each source went; for who asks."""
        self._names = names
        self._limits = limits
        self._looks = can_look()

    def add(self, source: str) -> Record:
        """Write one film; never raises: what goes wrong is the record, and nothing is written."""
        try:
            row = self._add(source)
        except SpineScanError as error:
            return failure_dict(error.kind, str(error), source)
        except OSError as error:
            return failure_dict("output", f"{source}: {error.strerror or error}", source)
        except Exception as error:  # a defect in one film must not end the run
            text = f"{source}: unexpected {type(error).__name__}; please report this"
            return failure_dict("internal", text, source)
        return {"schema_version": SCHEMA_VERSION, **asdict(row), "check": row.to_check}

    def write_table(self) -> None:
        """Write films.csv: sorted by new names, for the old ones' order would tell of them."""
        rows = sorted(self.rows.values(), key=lambda row: (row.patient, row.film))
        columns = [field.name for field in fields(CleanRow)]
        text = table([columns, *([getattr(row, c) for c in columns] for row in rows)])
        write_whole(self.out / TABLE, text)

    def _add(self, source: str) -> CleanRow:
        data, before = read_film(source, limits=self._limits)
        try:
            clean = clean_film(data, limits=self._limits, pseudonyms=self._names)
            after = read_radiograph(clean.data, limits=self._limits)
            if not _same_film(before, after):
                raise ReadError("does not read as the same film afterwards", kind="unsupported")
        except ReadError as error:
            why = str(error).removeprefix("<bytes>: ")
            raise ReadError(f"{source}: {why}", kind=error.kind) from None
        row = self._row(clean, self._names.film(data), after)
        path = self.out / row.file
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, clean.data)
        self.rows[row.file] = row
        self.origins[source] = row.file
        return row

    def _row(self, clean: CleanFilm, film: str, seen: Radiograph) -> CleanRow:
        row = CleanRow(
            file=f"{clean.patient or NOT_TOLD}/{film}{clean.suffix}",
            film=film,
            patient=clean.patient,
            study=clean.study,
            view_position=clean.view_position,
            burned_in=_BURNED_IN[clean.burned_in],
            text_seen=self._text_seen(seen),
        )
        return replace(row, file=f"{CHECK}/{row.file}") if row.to_check else row

    def _text_seen(self, film: Radiograph) -> Seen:
        if not self._looks:
            return "not looked"
        from spinescan.audit.marks import find_marks

        return "yes" if find_marks(film.pixels).text else "no"


def can_look() -> bool:
    """Whether text on films can be looked for: scipy (extra `study`) is there."""
    from importlib.util import find_spec

    return find_spec("scipy") is not None


def table(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows as CSV (RFC 4180), UTF-8."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8", "surrogateescape")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under another name first, so that nobody ever finds half of it."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with unfinished.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        # All bear one time: the order in which films were read is that of their old names.
        os.utime(unfinished, (0, 0))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _same_film(one: Radiograph, other: Radiograph) -> bool:
    told = ("spacing_mm", "spacing_origin", "pixel_aspect", "declared_view", "patient_left")
    return (
        one.size == other.size
        and all(getattr(one, name) == getattr(other, name) for name in told)
        and np.allclose(one.pixels, other.pixels, rtol=0, atol=1e-6)
    )
