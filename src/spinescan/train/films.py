"""Training films held in memory at the size that a stage needs."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spinescan.data.sources import CornerFilm
from spinescan.io.read import read_radiograph


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """uint8 pixels (rows, columns) and corners (17, 4, 2) in their coordinates."""

    file: str
    pixels: NDArray[np.uint8]
    corners: NDArray[np.float64]


def load_films(sources: Iterable[CornerFilm], rows: int) -> list[Film]:
    """Read films, reduced to at most `rows` tall."""
    films = []
    for source in sources:
        pixels = read_radiograph(source.path).pixels
        scale = min(1.0, rows / pixels.shape[0])
        size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
        small = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
        # Both sides were rounded to whole pixels; follow each side's own scale.
        factors = np.array([size[0] / pixels.shape[1], size[1] / pixels.shape[0]])
        films.append(
            Film(source.file, (small * 255 + 0.5).astype(np.uint8), source.corners_px * factors)
        )
    return films
