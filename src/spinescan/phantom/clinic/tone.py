"""Grey values as clinics leave them: polarity, window, equalisation, grid, JPEG, resolution.

Every function takes pixels, float32 (rows, columns) in [0, 1] with bright dense, and returns a new
picture of the same shape, type and range. Nothing here moves a point. What has something to draw by
chance takes a generator; what has not does not.
"""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.float32]


def invert(pixels: Pixels) -> Pixels:
    """The film in the other polarity; twice is the film again, but for float rounding."""
    return np.float32(1) - pixels


def window(pixels: Pixels, *, low: float = 0.0, high: float = 1.0, gamma: float = 1.0) -> Pixels:
    """Grey values from `low` to `high` spread over [0, 1] and raised to `gamma`.

    Raises
    ------
    ValueError
        `high` is not above `low`, or `gamma` is not positive.
    """
    if high <= low or gamma <= 0:
        raise ValueError(f"expected low < high and gamma > 0, got {low}, {high} and {gamma}")
    spread = clipped((pixels - np.float32(low)) / np.float32(high - low))
    return spread if gamma == 1 else np.power(spread, np.float32(gamma))


def equalise(pixels: Pixels, *, strength: float = 0.6) -> Pixels:
    """Local contrast evened out as a workstation does it, by a `strength` from 0 (none) to 1.

    Differences from the surroundings are divided by their local size, in two neighbourhoods, so
    that lungs and abdomen show at once; flat ground stays flat.
    """
    evened = np.full_like(pixels, 0.45)
    for share, gain in ((0.08, 0.11), (0.02, 0.06)):
        size = share * pixels.shape[0]
        detail = pixels - lowpass(pixels, size)
        spread = np.sqrt(np.maximum(lowpass(detail**2, 2 * size), 0))
        evened += np.float32(gain) * detail / (spread + np.float32(0.03))
    evened += np.float32(0.35) * (lowpass(pixels, 0.15 * pixels.shape[0]) - np.float32(0.5))
    return clipped((1 - strength) * pixels + strength * evened)


def grid_lines(
    pixels: Pixels, rng: np.random.Generator, *, period_px: float, depth: float = 0.012
) -> Pixels:
    """Faint lines along the columns, as a still-standing anti-scatter grid leaves.

    A period near 2 pixels beats with the raster into broad bands, as on real films. The lines are
    strongest where most light fell, that is where the film is dark.
    """
    columns = np.arange(pixels.shape[1])
    lines = np.sin(2 * np.pi * (columns / period_px + rng.random())).astype(np.float32)
    return clipped(pixels + np.float32(depth) * lines * (np.float32(1.2) - pixels))


def jpeg(pixels: Pixels, *, quality: int) -> Pixels:
    """The film stored once as an 8-bit JPEG of this quality (1 to 95)."""
    stream = io.BytesIO()
    _bytes(pixels).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream), np.float32) / np.float32(255)


def coarsen(pixels: Pixels, *, share: float) -> Pixels:
    """Resolution lost: reduced to `share` of its height and width, and enlarged again."""
    rows, columns = pixels.shape
    small = (max(1, round(columns * share)), max(1, round(rows * share)))
    reduced = Image.fromarray(pixels).resize(small, Image.Resampling.BILINEAR)
    return clipped(np.asarray(reduced.resize((columns, rows), Image.Resampling.BICUBIC)))


def clipped(pixels: NDArray[np.floating]) -> Pixels:
    """The picture held in [0, 1], float32, in an array of its own."""
    held: Pixels = np.clip(pixels, 0, 1).astype(np.float32, copy=False)
    return held


def blur(pixels: Pixels, sigma_px: float) -> Pixels:
    """Gaussian blur of a few pixels; edges run on outwards. Pillow's own blurs bytes only."""
    reach = int(np.ceil(3 * sigma_px))
    if reach == 0:
        return pixels.copy()
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_px) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    rows, columns = pixels.shape
    padded = np.pad(pixels, reach, "edge")
    down = np.zeros((rows, columns + 2 * reach), np.float32)
    for k, weight in enumerate(weights):
        down += weight * padded[k : k + rows]
    both = np.zeros((rows, columns), np.float32)
    for k, weight in enumerate(weights):
        both += weight * down[:, k : k + columns]
    return both


def lowpass(pixels: Pixels, size_px: float) -> Pixels:
    """The slow part of a picture: averaged over about `size_px`, by way of a small copy."""
    rows, columns = pixels.shape
    small = (max(2, round(columns / size_px)), max(2, round(rows / size_px)))
    reduced = Image.fromarray(pixels).resize(small, Image.Resampling.BILINEAR)
    return np.asarray(reduced.resize((columns, rows), Image.Resampling.BICUBIC))


def clouds(rng: np.random.Generator, shape: tuple[int, int], cells: int) -> Pixels:
    """A smooth random field of mean 0 and spread about 1, with `cells` humps along each side."""
    humps = rng.standard_normal((cells + 1, cells + 1), dtype=np.float32)
    size = (shape[1], shape[0])
    return np.asarray(Image.fromarray(humps).resize(size, Image.Resampling.BICUBIC))


def _bytes(pixels: Pixels) -> Image.Image:
    return Image.fromarray(np.round(pixels * 255).astype(np.uint8))
