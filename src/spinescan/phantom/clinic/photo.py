"""A film photographed off a light-box or a screen, by hand.

pixels: float32 (rows, columns) in [0, 1], bright is dense. points_xy: float64 (n, 2) in pixels,
(0, 0) the top-left corner. Points follow through the same homography that the pixels go through.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spinescan.phantom.clinic.tone import Pixels, blur, clipped, clouds, jpeg, window

Points = NDArray[np.float64]
Ground = Literal["light-box", "screen"]


def photograph(
    pixels: Pixels,
    points_xy: Points,
    rng: np.random.Generator,
    *,
    share: float = 0.95,
    ground: Ground = "light-box",
    tilt: float = 0.012,
) -> tuple[Pixels, Points]:
    """Take a picture of the film with a camera held by hand.

    Parameters
    ----------
    share
        The film's height as a share of the picture's; above 1 the film's ends are cut off. The
        picture has the film's rows, and as many columns as the film and its surroundings need.
    ground
        "light-box": lit unevenly from behind, glowing or dark around the film, and with lamps'
        reflections; "screen": pixel raster and moire, dark around it.
    tilt
        How far each corner strays (standard deviation), as a share of the film's height.

    Raises
    ------
    ValueError
        `share` is not positive.
    """
    if share <= 0:
        raise ValueError(f"expected a positive share of the picture, got {share}")
    shape, corners = _view(pixels, rng, share, tilt)
    film = _shrunk(pixels, share)
    homography = _homography(film.shape, corners)
    around = _surroundings(rng, shape, ground)
    mask = _warped(np.ones_like(film), homography, shape)
    picture = around + (_warped(film, homography, shape) - around) * mask
    if ground == "screen":
        picture = picture + _raster(rng, shape) * mask * (np.float32(0.15) + picture)
    else:
        picture = picture * np.exp(np.float32(0.09) * clouds(rng, shape, 3))
    picture = _camera(clipped(picture), rng)
    scale = np.array([film.shape[1] / pixels.shape[1], film.shape[0] / pixels.shape[0]])
    return picture, _mapped(homography, points_xy * scale)


def _view(
    pixels: Pixels, rng: np.random.Generator, share: float, tilt: float
) -> tuple[tuple[int, int], Points]:
    """The picture's (rows, columns), and where the film's corners come to lie in it, clockwise."""
    rows, columns = pixels.shape
    high, wide = rows * share, columns * share
    shape = (rows, round(wide * rng.uniform(0.97, 1.2) / min(share, 1.0)))
    left = (shape[1] - wide) * rng.uniform(0.2, 0.8)
    top = (shape[0] - high) * rng.uniform(0.2, 0.8)
    corners = np.array([[0.0, 0.0], [wide, 0.0], [wide, high], [0.0, high]]) + [left, top]
    # A corner that strayed far would fold the film over: narrow films allow less.
    stray = np.clip(rng.normal(0, tilt, (4, 2)) * high, -0.2 * wide, 0.2 * wide)
    angle = np.deg2rad(rng.normal(0, 1.5))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = corners.mean(axis=0)
    return shape, (corners - middle) @ turn + middle + stray


def _shrunk(pixels: Pixels, share: float) -> Pixels:
    if share >= 1:
        return pixels
    rows, columns = pixels.shape
    size = (max(2, round(columns * share)), max(2, round(rows * share)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def _homography(shape: tuple[int, ...], corners: Points) -> Points:
    """(3, 3): takes the film's pixels to the picture's, the film's corners to `corners`."""
    rows, columns = shape
    film = [(0, 0), (columns, 0), (columns, rows), (0, rows)]
    equations, right = [], []
    for (x, y), (u, v) in zip(film, corners, strict=True):
        equations += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    solved = np.linalg.solve(np.array(equations, float), np.array(right))
    homography: Points = np.append(solved, 1.0).reshape(3, 3)
    return homography


def _mapped(homography: Points, points_xy: Points) -> Points:
    lifted = np.column_stack([points_xy, np.ones(len(points_xy))]) @ homography.T
    mapped: Points = lifted[:, :2] / lifted[:, 2:]
    return mapped


def _warped(pixels: Pixels, homography: Points, shape: tuple[int, int]) -> Pixels:
    back = np.linalg.inv(homography)
    picture = Image.fromarray(pixels).transform(
        (shape[1], shape[0]),
        Image.Transform.PERSPECTIVE,
        tuple((back / back[2, 2]).ravel()[:8]),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(picture)


def _surroundings(rng: np.random.Generator, shape: tuple[int, int], ground: Ground) -> Pixels:
    glowing = ground == "light-box" and rng.random() < 0.4
    level = rng.uniform(0.8, 1.0) if glowing else rng.uniform(0.0, 0.12)
    field = level * (1 + 0.15 * clouds(rng, shape, 2))
    return clipped(field)


def _raster(rng: np.random.Generator, shape: tuple[int, int]) -> Pixels:
    """The screen's own pixels, and the broad bands in which they beat with the camera's."""
    y = np.arange(shape[0], dtype=np.float32)[:, None]
    x = np.arange(shape[1], dtype=np.float32)[None]
    period, angle = rng.uniform(2.1, 3.5), rng.normal(0, 0.03)
    mesh = np.sin(2 * np.pi / period * (x + angle * y)) + np.sin(
        2 * np.pi / period * (y - angle * x)
    )
    slow, way = rng.uniform(12, 60), rng.uniform(0, np.pi)
    bent = 2 * clouds(rng, shape, 2)
    bands = np.sin(2 * np.pi / slow * (np.cos(way) * x + np.sin(way) * y) + bent)
    raster = rng.uniform(0.01, 0.08) * mesh + rng.uniform(0.01, 0.04) * bands
    signed: Pixels = raster.astype(np.float32)
    return signed


def _camera(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Vignetting, glare, haze, focus, noise, JPEG."""
    rows, columns = picture.shape
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, columns, dtype=np.float32)[None]
    off_x, off_y = rng.normal(0, 0.2, 2)
    away = ((x - off_x) * min(1.0, columns / rows)) ** 2 + (y - off_y) ** 2
    picture = picture * np.exp(-rng.uniform(0.05, 0.4) * away)
    if rng.random() < 0.5:
        picture = picture + _glare(rng, x, y)
    haze = rng.uniform(0.0, 0.12)
    picture = clipped(haze + (1 - haze) * picture)
    brightest = max(0.3, float(np.quantile(picture[::4, ::4], 0.99)))  # cameras meter the light
    low, high, gamma = rng.uniform(0, 0.08), rng.uniform(0.95, 1.2), np.exp(rng.normal(0, 0.2))
    picture = window(picture, low=low, high=high * brightest, gamma=float(gamma))
    picture = blur(picture, rng.uniform(0.3, 0.9) * rows / 768)
    noise = rng.standard_normal(picture.shape, dtype=np.float32)
    noisy = clipped(picture + np.float32(rng.uniform(0.003, 0.015)) * noise)
    return jpeg(noisy, quality=int(rng.integers(45, 92)))


def _glare(rng: np.random.Generator, x: Pixels, y: Pixels) -> Pixels:
    """A reflection: a round patch, or the long streak of a lamp."""
    at_x, at_y = rng.uniform(-1, 1, 2)
    size_x, size_y = (0.15, 0.5) if rng.random() < 0.3 else rng.uniform(0.2, 0.6, 2)
    patch = np.exp(-0.5 * (((x - at_x) / size_x) ** 2 + ((y - at_y) / size_y) ** 2))
    return clipped(rng.uniform(0.05, 0.3) * patch)
