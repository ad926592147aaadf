"""Burned-in text and drawn lines: what a person or a workstation wrote into the picture.

Such marks are thin, and stand out sharply from what they lie on. Text is three strokes or more of
one height in a row; a line is straight and long. A single letter (L or R, which tells the side) is
not counted.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in shares of the film's width and height."""

_LONGER_PX = 960
_STROKE = 0.011  # the widest stroke of a letter, in shares of the longer side
_LINE_STROKE = 0.007  # and of a line
_CONTRAST = 0.28  # of the film's grey range
_LETTER = (0.006, 0.05)  # height of a letter, in shares of the longer side
_MOST_ROWS = 20
_LINE = 0.15  # the shortest line, in shares of the longer side
_GAP = 0.5  # the longest gap in a line, such as where it runs over metal, in shares of `_LINE`
_COVERED = 0.75  # of a line's length
_MOST = 12_000  # points that vote for lines; of more, every other one does, and so on
_EDGE = 0.025  # frames and shutters lie this near the film's edge, in shares of its size
_ANGLES = np.deg2rad(np.arange(0.0, 180.0, 1.5))


@dataclass(frozen=True, slots=True)
class Marks:
    """Where text and lines were found; a line's box is that of its two ends."""

    text: tuple[Box, ...] = ()
    lines: tuple[Box, ...] = ()


def find_marks(pixels: Floats) -> Marks:
    """The marks on a film (rows, columns) in [0, 1]. Needs scipy (extra `study`)."""
    film = _working(pixels)
    text: list[Box] = []
    lines: list[Box] = []
    for mask in _thin(film, _STROKE):
        for box in _text(mask):  # between bright letters there are dark strokes, too
            if not any(_within(box, other) for other in text):
                text.append(box)
    for mask in _thin(film, _LINE_STROKE):
        lines += _lines(mask)
    return Marks(tuple(text), tuple(lines))


def _working(pixels: Floats) -> Floats:
    """The film at a working size, its grey range (0.5 to 99.5 %) stretched to [0, 1]."""
    scale = min(1.0, _LONGER_PX / max(pixels.shape))
    size = (max(16, round(pixels.shape[1] * scale)), max(16, round(pixels.shape[0] * scale)))
    picture = Image.fromarray(pixels).resize(size, Image.Resampling.BOX)
    film = np.asarray(picture)
    low, high = np.percentile(film, (0.5, 99.5))
    stretched = (film - low) / max(float(high - low), 1e-3)
    return np.asarray(stretched.clip(-0.2, 1.2), np.float32)


def _thin(film: Floats, stroke: float) -> tuple[Mask, Mask]:
    """What is thinner than a stroke: bright on dark, and dark on bright."""
    wide = max(5, 2 * round(stroke * max(film.shape) / 2) + 1)
    opened = _extreme(_extreme(film, wide, np.minimum), wide, np.maximum)
    closed = _extreme(_extreme(film, wide, np.maximum), wide, np.minimum)
    return film - opened > _CONTRAST, closed - film > _CONTRAST


def _extreme(film: Floats, wide: int, pick: np.ufunc) -> Floats:
    """The least or the largest value in a square around each pixel, by doubling its side."""
    for _ in range(2):
        film = np.pad(film, ((wide // 2, wide // 2), (0, 0)), mode="edge")
        side = 1
        while side < wide:
            step = min(side, wide - side)
            film = pick(film[:-step], film[step:])
            side += step
        film = film.T
    return np.ascontiguousarray(film)


def _text(mask: Mask) -> list[Box]:
    """Rows of three letters or more; a picture full of them is texture, such as a screen's."""
    from scipy import ndimage

    labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
    if not count:
        return []
    longer = max(mask.shape)
    low, high = max(5.0, _LETTER[0] * longer), _LETTER[1] * longer
    area = np.bincount(labels.ravel())[1:]
    letters = []
    for place, pixels in zip(ndimage.find_objects(labels), area.tolist(), strict=True):
        y0, y1 = place[0].start, place[0].stop
        x0, x1 = place[1].start, place[1].stop
        tall, wide = y1 - y0, x1 - x0
        if low <= tall <= high and wide <= 1.6 * tall and 0.15 <= pixels / (tall * wide) <= 0.9:
            letters.append((float(x0), float(y0), float(x1), float(y1)))
    letters.sort()
    boxes = []
    while letters:
        row = [letters.pop(0)]
        for letter in list(letters):
            if _follows(row[-1], letter):
                row.append(letter)
                letters.remove(letter)
        if len(row) >= 3:
            boxes.append(_shares(np.array(row), mask))
    return boxes if len(boxes) <= _MOST_ROWS else []


def _follows(one: Box, other: Box) -> bool:
    """Whether a letter stands beside another on one line of writing."""
    tall, next_tall = one[3] - one[1], other[3] - other[1]
    level = abs(one[3] - other[3]) <= 0.25 * tall or abs(one[1] - other[1]) <= 0.25 * tall
    return level and 0.6 <= next_tall / tall <= 1.6 and -1 <= other[0] - one[2] <= 1.2 * tall


def _within(box: Box, other: Box) -> bool:
    """Whether the middle of a box lies in another."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return other[0] <= x <= other[2] and other[1] <= y <= other[3]


def _shares(boxes: NDArray[np.float64], mask: Mask) -> Box:
    rows, columns = mask.shape
    x0, y0 = boxes[:, :2].min(axis=0).tolist()
    x1, y1 = boxes[:, 2:].max(axis=0).tolist()
    return x0 / columns, y0 / rows, x1 / columns, y1 / rows


def _lines(mask: Mask) -> list[Box]:
    """Straight lines, by voting of what is long and thin (Hough), the longest first.

    What runs along the film's edge is its frame, a shutter or a scale, and not counted.
    """
    from scipy import ndimage

    labels, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    shortest = _LINE * max(mask.shape)
    reach = [np.hypot(y.stop - y.start, x.stop - x.start) for y, x in ndimage.find_objects(labels)]
    long = np.array([False, *(length >= shortest / 2 for length in reach)])
    points = np.argwhere(long[labels])[:, ::-1]  # (n, 2) as x, y
    step = -(-len(points) // _MOST)
    points = points[::step] if step else points
    across = points @ np.array([np.cos(_ANGLES), np.sin(_ANGLES)])  # (n, angles)
    found: list[Box] = []
    while len(points) * max(step, 1) >= shortest:
        line = _strongest(points, across, shortest, max(step, 1))
        if line is None:
            break
        ends, beside = line
        points, across = points[beside], across[beside]
        (x0, y0), (x1, y1) = (np.array(ends) / mask.shape[::-1]).tolist()
        box = (x0, y0, x1, y1)
        if not _along_edge(box):
            found.append(box)
    return found


def _along_edge(box: Box) -> bool:
    x0, y0, x1, y1 = box
    return any(max(ends) < _EDGE or min(ends) > 1 - _EDGE for ends in ((x0, x1), (y0, y1)))


def _strongest(
    points: NDArray[np.int64], across: NDArray[np.float64], shortest: float, step: int
) -> tuple[list[list[float]], Mask] | None:
    """The ends of the line that most points lie on, and which points are beside it."""
    cells = np.round(across / 2).astype(np.int64)
    cells -= cells.min()
    bins = int(cells.max()) + 1
    votes = np.bincount((cells + bins * np.arange(len(_ANGLES))).ravel())
    angle, cell = divmod(int(votes.argmax()), bins)
    on = np.abs(cells[:, angle] - cell) <= 1
    way = np.array([-np.sin(_ANGLES[angle]), np.cos(_ANGLES[angle])])
    along = np.sort(points[on] @ way)
    breaks = np.flatnonzero(np.diff(along) > _GAP * shortest)
    begins, stops = np.r_[0, breaks + 1], np.r_[breaks + 1, len(along)]
    lengths = along[stops - 1] - along[begins]
    best = int(lengths.argmax())
    if lengths[best] < shortest:
        return None
    stretch = along[begins[best] : stops[best]]
    if len(np.unique(np.round(stretch / step))) < _COVERED * lengths[best] / step:
        return None
    offset = float(np.median(across[on, angle]))
    foot = offset * np.array([np.cos(_ANGLES[angle]), np.sin(_ANGLES[angle])])
    ends = [(foot + way * end).tolist() for end in (stretch[0], stretch[-1])]
    return ends, np.abs(across[:, angle] - offset) > 6
