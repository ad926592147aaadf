"""Marks on a film that stay legible on white, on black and on bone: haloed lines, boxed text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
Points = NDArray[np.float64] | Sequence[Sequence[float]]

DARK: Colour = (12, 14, 18)
_FINE = 2  # lines are drawn this many times finer, then averaged


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in picture coordinates, y down."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, points: Points) -> Self:
        """The smallest box that holds the points (n, 2)."""
        xy = np.asarray(points, dtype=np.float64)
        return cls(*(float(v) for v in (*xy.min(axis=0), *xy.max(axis=0))))

    def count(self, points: NDArray[np.float64]) -> int:
        """How many of the points (n, 2) lie inside."""
        x, y = points[:, 0], points[:, 1]
        inside = (x > self.left) & (x < self.right) & (y > self.top) & (y < self.bottom)
        return int(inside.sum())

    def moved(self, dx: float, dy: float) -> "Box":
        """The same box elsewhere."""
        return Box(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)


class LineLayer:
    """Anti-aliased lines, each with a dark halo, over a picture of `size` (width, height).

    `left` is added to every x: the margin that the picture has got beside the film.
    """

    def __init__(self, size: tuple[int, int], left: int = 0) -> None:
        self._layer = Image.new("RGBA", (size[0] * _FINE, size[1] * _FINE))
        self._draw = ImageDraw.Draw(self._layer)
        self._left = left

    def line(
        self, points: Points, colour: Colour, width: float, *, alpha: int = 255, halo: int = 150
    ) -> None:
        """Draw along points (n, 2); `halo` is the opacity of the dark rim, 0 for none."""
        path = [(float(x + self._left) * _FINE, float(y) * _FINE) for x, y in points]
        if halo:
            rim = round((width + 2.5) * _FINE)
            self._draw.line(path, fill=(*DARK, halo), width=rim, joint="curve")
        fill = (*colour, alpha)
        self._draw.line(path, fill=fill, width=max(1, round(width * _FINE)), joint="curve")

    def dashes(
        self, top: Sequence[float], bottom: Sequence[float], colour: Colour, width: float
    ) -> None:
        """A dashed line between two points."""
        a, b = np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64)
        count = max(1, round(float(np.hypot(*(b - a))) / (width * 12)))
        for i in range(count):
            ends = np.array([[i], [i + 0.6]]) / count
            self.line(a + (b - a) * ends, colour, width)

    def diamond(self, centre: Sequence[float], radius: float, colour: Colour) -> None:
        """A filled mark with a dark rim."""
        for r, fill in ((radius + 2, (*DARK, 220)), (radius, (*colour, 255))):
            x, y = (centre[0] + self._left) * _FINE, centre[1] * _FINE
            d = r * _FINE
            self._draw.polygon([(x - d, y), (x, y - d), (x + d, y), (x, y + d)], fill=fill)

    def onto(self, picture: Image.Image) -> Image.Image:
        """The RGB picture with the lines on it."""
        base = picture.convert("RGBA")
        base.alpha_composite(self._layer.reduce(_FINE))
        return base.convert("RGB")


@lru_cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The scalable font that comes with Pillow. It knows ASCII and the degree sign."""
    return ImageFont.load_default(size=size)


def text_size(text: str, size: int) -> tuple[int, int]:
    """Width and line height of one line of text."""
    return int(np.ceil(font(size).getlength(text))), round(size * 1.3)


@dataclass(frozen=True, slots=True)
class Label:
    """Lines of text (text, font size) in a dark box with a coloured edge."""

    lines: tuple[tuple[str, int], ...]
    colour: Colour

    def size(self) -> tuple[int, int]:
        """Width and height with the padding."""
        sizes = [text_size(*line) for line in self.lines]
        pad = self.lines[0][1] // 2
        return max(w for w, _ in sizes) + 2 * pad, sum(h for _, h in sizes) + pad

    def draw(self, picture: Image.Image, left: float, top: float) -> None:
        """Draw on an RGB picture."""
        draw, pad = ImageDraw.Draw(picture, "RGBA"), self.lines[0][1] // 2
        width, height = self.size()
        box = (left, top, left + width, top + height)
        draw.rounded_rectangle(box, radius=pad / 2, fill=(*DARK, 225), outline=(*self.colour, 255))
        y = top + pad / 2
        for i, (text, size) in enumerate(self.lines):
            fill = self.colour if i == 0 else (225, 228, 232)
            draw.text((left + pad, y + size * 0.65), text, font=font(size), fill=fill, anchor="lm")
            y += text_size(text, size)[1]


def draw_name(picture: Image.Image, box: Box, text: str, size: int, colour: Colour) -> None:
    """Small text with a dark halo, centred in its box."""
    ImageDraw.Draw(picture).text(
        ((box.left + box.right) / 2, (box.top + box.bottom) / 2),
        text,
        font=font(size),
        fill=colour,
        anchor="mm",
        stroke_width=max(1, size // 7),
        stroke_fill=DARK,
    )


def points_along(line: Points, steps: int = 60) -> NDArray[np.float64]:
    """Points (n, 2) spread along a line, for asking what it crosses."""
    xy = np.asarray(line, dtype=np.float64)
    t = np.linspace(0, len(xy) - 1, steps)
    return np.column_stack([np.interp(t, np.arange(len(xy)), xy[:, k]) for k in (0, 1)])


def wrapped(text: str, size: int, width: float) -> list[str]:
    """Text broken into lines of at most `width`; a single word may be wider."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_size(f"{lines[-1]} {word}", size)[0] <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def push_apart(
    wanted: Sequence[float], heights: Sequence[float], low: float, high: float, gap: float
) -> list[float]:
    """Tops for boxes that want to be at `wanted`: same order, apart, within [low, high].

    If they do not all fit, they begin at `low` and run over `high`.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i] + heights[i] / 2)
    tops, free = list(wanted), low
    for i in order:
        tops[i] = max(tops[i], free)
        free = tops[i] + heights[i] + gap
    free = high
    for i in reversed(order):
        tops[i] = min(tops[i], free - heights[i])
        free = tops[i] - gap
    free = low
    for i in order:
        tops[i] = max(tops[i], free)
        free = tops[i] + heights[i] + gap
    return tops


def clear_edge(boxes: Iterable[Box], top: float, bottom: float, side: int) -> float | None:
    """How far the boxes between two heights reach to a side (-1: left, 1: right); None if none."""
    edges = [
        side * (b.right if side > 0 else b.left) for b in boxes if b.top < bottom and b.bottom > top
    ]
    return side * max(edges) if edges else None
