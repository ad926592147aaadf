"""Training films held in memory at the size that a stage needs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spinescan.core.anatomy import FRONTAL_POINTS, LEVELS
from spinescan.core.radiograph import View
from spinescan.data.sources import CornerFilm
from spinescan.io.read import read_radiograph


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """A film and what is known of it, in the coordinates of its pixels.

    pixels
        uint8 (rows, columns).
    corners
        (17, 4, 2), NaN for a level that is not on the film.
    points
        (9, 2): `FRONTAL_POINTS` and the side letters L and R; NaN: not on the film.
    points_known
        bool (9,): whether it is known which of these the film shows.
    ribs
        (17,): 1 for a level that bears ribs, 0 for one that does not, NaN if unknown.
    facts
        (4,): the view's facts of the film as 1 or 0, NaN if unknown.
    corners_known
        Whether it is known which levels the film shows.
    cropped
        To the spine.
    in_view
        Seen from where the model expects it.
    """

    file: str
    pixels: NDArray[np.uint8]
    corners: NDArray[np.float64]
    points: NDArray[np.float64]
    points_known: NDArray[np.bool_]
    ribs: NDArray[np.float64]
    facts: NDArray[np.float64]
    corners_known: bool = True
    cropped: bool = True
    in_view: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The films of a training: each once in a round, in an order of the round's own.

    `extra_share` of the draws come from the `extra` films instead, if there are any.
    """

    films: Sequence[Film]
    extra: Sequence[Film] = ()
    extra_share: float = 0.0
    seed: int = 0

    def draw(self, item: int) -> tuple[Film, np.random.Generator]:
        """The film of a training item, and the item's own generator."""
        rng = np.random.default_rng((self.seed, item))
        films = self.films
        if self.extra and rng.random() < self.extra_share:
            films = self.extra
        turn, place = divmod(item, len(films))
        order = np.random.default_rng((self.seed, turn, 7)).permutation(len(films))
        return films[int(order[place])], rng


def load_films(
    sources: Iterable[CornerFilm], rows: int, view: str = View.FRONTAL.value
) -> list[Film]:
    """Read films, reduced to at most `rows` tall, for a model of a view."""
    films = []
    for source in sources:
        pixels = read_radiograph(source.path).pixels
        scale = min(1.0, rows / pixels.shape[0])
        size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
        small = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
        # Both sides were rounded to whole pixels; follow each side's own scale.
        factors = np.array([size[0] / pixels.shape[1], size[1] / pixels.shape[0]])
        points, known = _points(source)
        films.append(
            Film(
                file=source.file,
                pixels=(small * 255 + 0.5).astype(np.uint8),
                corners=source.corners_px * factors,
                points=points * factors,
                points_known=known,
                ribs=np.full(len(LEVELS), np.nan) if source.ribs is None else source.ribs,
                facts=_facts(source, view),
                corners_known=source.corners_told,
                cropped=source.cropped,
                in_view=source.view == view,
            )
        )
    return films


def _points(source: CornerFilm) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Points (9, 2) and whether each is known."""
    points, known = np.full((9, 2), np.nan), np.zeros(9, bool)
    if source.points_px is not None:
        points[:7] = source.points_px
        known[:7] = [name not in source.unclear for name in FRONTAL_POINTS]
    if source.letters_px is not None:
        points[7:], known[7:] = source.letters_px, True
    return points, known


def _facts(source: CornerFilm, view: str) -> NDArray[np.float64]:
    """The view's facts (`infer.views`): the one that mirroring turns round, metal, the view."""
    # On frontal films as they are stored the heart lies on the picture's right.
    sided = _truth(source.faces_left) if view == View.LATERAL else 0.0
    there = source.view == view
    return np.array(
        [sided if there else np.nan, _truth(source.hardware), _truth(source.brace), float(there)]
    )


def _truth(told: bool | None) -> float:
    return np.nan if told is None else float(told)
