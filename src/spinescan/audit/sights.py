"""One look at every film: its file's properties, a small picture, marks, where the spine lies."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spinescan.audit.marks import Marks, find_marks
from spinescan.core.errors import ReadError
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import Report
from spinescan.data.manifest import ManifestFilm
from spinescan.io.read import read_radiograph
from spinescan.io.sniff import film_format

SMALL_PX = 256
"""The longer side of the small picture that films are compared by."""

_CHROMA = 24  # of 255, between the strongest and the weakest colour of a pixel
_COLOURED = 0.002  # of the picture: a coloured line has no more
_COLOUR_PX = 512

Scan = Callable[[Radiograph], Report]


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A film as the audit has seen it.

    `data_set` is the manifest's name and `row` the film's row in it. `size` is (rows, columns);
    `colour` whether there is colour in the picture, not only in the file's mode. `small` is uint8
    (rows, columns), the longer side at most `SMALL_PX`. `spine` holds the least and the largest x
    of the spine as shares of the width, None where no spine was found or looked for.
    """

    data_set: str
    row: int
    film: ManifestFilm
    path: Path
    size: tuple[int, int]
    file_bytes: int
    file_format: str
    colour: bool
    small: NDArray[np.uint8]
    marks: Marks
    spine: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """What a person knows the film by."""
        return self.film.image


@dataclass(frozen=True, slots=True)
class Unread:
    """A film that could not be read, or is not the one that was listed."""

    data_set: str
    row: int
    image: str
    message: str


def look(
    films: Iterable[tuple[str, int, ManifestFilm, Path]], scan: Scan | None = None
) -> Iterator[Sight | Unread]:
    """Look at films (set, row, film, path), one after the other; `scan` tells where spines lie."""
    for data_set, row, film, path in films:
        try:
            picture = read_radiograph(path)
        except ReadError as error:
            yield Unread(data_set, row, film.image, str(error))
            continue
        if picture.sha256 != film.sha256:
            yield Unread(data_set, row, film.image, "another file than was listed (SHA-256)")
            continue
        data = path.read_bytes()
        kind = film_format(data) or ""
        yield Sight(
            data_set=data_set,
            row=row,
            film=film,
            path=path,
            size=picture.size,
            file_bytes=len(data),
            file_format=kind,
            colour=kind != "DICOM" and _has_colour(data),
            small=small_picture(picture.pixels),
            marks=find_marks(picture.pixels),
            spine=None if scan is None else _spine(scan(picture)),
        )


def small_picture(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The film in [0, 1] with its longer side reduced to `SMALL_PX`, never enlarged."""
    rows, columns = pixels.shape
    scale = min(1.0, SMALL_PX / max(rows, columns))
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    picture = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return (np.asarray(picture).clip(0, 1) * 255 + 0.5).astype(np.uint8)


def _has_colour(data: bytes) -> bool:
    with Image.open(BytesIO(data)) as picture:
        if picture.mode in ("L", "1", "I", "F", "LA", "La") or picture.mode.startswith("I;16"):
            return False
        picture.draft("RGB", (_COLOUR_PX, _COLOUR_PX))
        colours = picture.convert("RGB")
    colours.thumbnail((_COLOUR_PX, _COLOUR_PX))
    values = np.asarray(colours).astype(np.int16)
    return bool((np.ptp(values, axis=2) > _CHROMA).mean() > _COLOURED)


def _spine(report: Report) -> tuple[float, float] | None:
    """How far the spine reaches to both sides, with half a vertebra's width beside it.

    None where the model abstained: its points may lie anywhere, as on a lateral film.
    """
    if report.landmarks is None or report.decision != "accepted":
        return None
    levels, corners = report.landmarks.frontal_corners()
    if not levels:
        return None
    wide = float(np.median(np.ptp(corners[..., 0], axis=1)))
    columns = report.size[1]
    low, high = float(corners[..., 0].min()), float(corners[..., 0].max())
    return max(0.0, (low - wide / 2) / columns), min(1.0, (high + wide / 2) / columns)
