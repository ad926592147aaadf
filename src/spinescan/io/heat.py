"""A classifier's heat map beside its film."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from spinescan.core.radiograph import Radiograph
from spinescan.io.marks import DARK, Colour, font, wrapped
from spinescan.io.overlay import film_picture
from spinescan.io.words import WHERE_IT_LOOKED, product

_RAMP: tuple[Colour, ...] = ((70, 20, 110), (190, 50, 90), (250, 130, 30), (255, 235, 130))
"""From hardly anything to the hottest; its lightness rises evenly, for those who see no hues."""

_MOST_COVER = 0.65
"""Opacity of the hottest place: the bone beneath stays visible."""

_WHITE: Colour = (240, 242, 245)
_GREY: Colour = (165, 170, 178)


def draw_heat(film: Radiograph, heat: NDArray[np.float32], caption: str) -> Image.Image:
    """The film, and the film with its heat map, side by side over a caption; RGB.

    Parameters
    ----------
    heat
        float32 (rows, columns) of the film, in [0, 1].
    caption
        What the heat is of; untrusted, drawn as it is.

    Raises
    ------
    ValueError
        If the heat map is not of the film's size.
    """
    if heat.shape != film.size:
        raise ValueError(f"expected a heat map of {film.size} pixels, got {heat.shape}")
    picture = film_picture(film).convert("RGB")
    both = Image.new("RGB", (2 * picture.width, picture.height), DARK)
    both.paste(picture, (0, 0))
    both.paste(heated(picture, heat), (picture.width, 0))
    size = max(13, min(34, round(picture.height / 70)))
    pad, step = size // 2, round(1.35 * size)
    words = (
        (caption, _WHITE),
        (WHERE_IT_LOOKED, _GREY),
        (f"{product()} - research use only", _GREY),
    )
    lines = [(x, c) for text, c in words for x in wrapped(text, size, both.width - 2 * pad)]
    whole = Image.new("RGB", (both.width, both.height + len(lines) * step + 2 * pad), DARK)
    whole.paste(both, (0, 0))
    draw = ImageDraw.Draw(whole)
    for i, (text, colour) in enumerate(lines):
        y = both.height + pad + (i + 0.5) * step
        draw.text((pad, y), text, font=font(size), fill=colour, anchor="lm")
    return whole


def heated(picture: Image.Image, heat: NDArray[np.float32]) -> Image.Image:
    """An RGB picture of the film under the heat's colours; where it is 0 it stays as it is.

    `heat` (rows, columns) in [0, 1] is stretched to the picture's size.
    """
    hot = Image.fromarray(heat).resize(picture.size, Image.Resampling.BILINEAR)
    heat = np.clip(np.asarray(hot), 0, 1)
    stops = np.linspace(0, 1, len(_RAMP))
    colours = np.stack(
        [np.interp(heat, stops, channel) for channel in zip(*_RAMP, strict=True)], axis=-1
    )
    cover = (_MOST_COVER * np.sqrt(heat))[..., None]
    mixed = (1 - cover) * np.asarray(picture, np.float64) + cover * colours
    return Image.fromarray(mixed.round().astype(np.uint8))
