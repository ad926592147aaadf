"""From attenuation to a picture: scatter, quanta, the detector's blur, and the grey scale.

The chain of a digital radiography system in its simplest true form: Beer-Lambert's law, a broad
veil of scattered rays, Poisson noise by dose, a blurred detector, the logarithm, then what the
maker's software does to the look (range compression, edge enhancement, a window and a curve).
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from spinescan.phantom.render import Grid
from spinescan.phantom.vertebrae import Vector


@dataclass(frozen=True, slots=True)
class Technique:
    """How a film was exposed and shown.

    Parameters
    ----------
    photons_per_mm2
        At the detector where nothing is in the beam: 2e5 is a low dose (EOS), 2e6 a high one.
    scatter
        Scattered against primary rays behind the trunk; 0.1 with a good grid, 1 without.
    scatter_mm, blur_mm
        Standard deviation of the veil of scatter and of the detector's blur, on the film.
    compression
        Share of the coarse contrast that the software takes out; 0 none.
    compression_mm
        Standard deviation of what counts as coarse.
    edges, edges_mm
        Gain of the edge enhancement and its standard deviation.
    window
        Quantiles of the picture that become black and white.
    gamma
        Exponent of the grey scale, above 1 is darker.
    steepness
        Of the S-shaped curve that spares highlights and shadows; 0 is a straight line.
    """

    photons_per_mm2: float = 8e5
    scatter: float = 0.3
    scatter_mm: float = 40.0
    blur_mm: float = 0.35
    compression: float = 0.3
    compression_mm: float = 45.0
    edges: float = 0.5
    edges_mm: float = 4.0
    window: tuple[float, float] = (0.02, 0.995)
    gamma: float = 1.0
    steepness: float = 0.0

    @classmethod
    def ideal(cls) -> Self:
        """No scatter, noise, blur or software: the truth's own picture."""
        return cls(
            photons_per_mm2=np.inf,
            scatter=0.0,
            blur_mm=0.0,
            compression=0.0,
            edges=0.0,
            window=(0, 1),
        )

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Self:
        """One of many plausible techniques."""
        compression = float(rng.choice([0.0, rng.uniform(0.2, 0.8)], p=[0.2, 0.8]))
        return cls(
            photons_per_mm2=float(np.exp(rng.uniform(np.log(1.5e5), np.log(3e6)))),
            scatter=float(rng.uniform(0.05, 1.5)),
            scatter_mm=float(rng.uniform(25, 60)),
            blur_mm=float(rng.uniform(0.15, 0.8)),
            compression=compression,
            compression_mm=float(rng.uniform(20, 60)),
            edges=float(rng.choice([0.0, rng.uniform(0.2, 2.0)], p=[0.3, 0.7])),
            edges_mm=float(rng.uniform(1.5, 8.0)),
            window=(_low_end(rng), _high_end(rng)),
            # Uncompressed films are darkened, or the belly would be all white.
            gamma=float(np.exp(rng.normal(0.5 - 0.5 * compression, 0.3))),
            steepness=float(rng.uniform(0.0, 4.0)),
        )

    def from_the_side(self) -> Self:
        """As a lateral film is taken: with a good grid, and the trunk's breadth evened out."""
        return replace(self, scatter=0.4 * self.scatter, compression=0.35 + 0.65 * self.compression)


def _low_end(rng: np.random.Generator) -> float:
    """Most films show the lungs; some are windowed for the spine and lose them in black."""
    return float(rng.uniform(0.1, 0.3) if rng.random() < 0.12 else rng.uniform(0.0, 0.05))


def _high_end(rng: np.random.Generator) -> float:
    """Some films are washed out where the body is thickest."""
    return float(rng.uniform(0.85, 0.97) if rng.random() < 0.2 else rng.uniform(0.97, 1.0))


def _s_curve(x: Grid, steepness: float) -> Grid:
    """The film's own curve through (0, 0) and (1, 1): a logistic one, cut and scaled."""
    if steepness < 0.1:
        return x
    ends = 1 / (1 + np.exp(steepness * np.array([0.5, -0.5])))
    curve = 1 / (1 + np.exp(-steepness * (np.clip(x, -0.5, 1.5) - 0.5)))
    return np.asarray((curve - ends[0]) / (ends[1] - ends[0]), dtype=np.float32)


def expose(
    attenuation: Grid,
    pixel_mm: float,
    technique: Technique,
    rng: np.random.Generator,
    *,
    spared: Vector | None = None,
) -> Grid:
    """The picture, float32 (rows, columns) in [0, 1], bright is dense, of a line integral.

    `spared` (n, 2) are places in pixels that the film was taken for: but for a tenth of them they
    are not washed out.
    """
    primary = np.exp(-attenuation)
    rays = primary
    if technique.scatter > 0:
        # Scatter grows with what lies in the beam: open field makes none.
        veil = blurred(primary * (1 - primary), technique.scatter_mm / pixel_mm)
        rays = primary + technique.scatter * veil
    if np.isfinite(technique.photons_per_mm2):
        quanta = technique.photons_per_mm2 * pixel_mm**2
        noise = rng.standard_normal(rays.shape, dtype=np.float32)
        rays = rays + np.sqrt(rays / quanta) * noise
    if technique.blur_mm > 0:
        rays = blurred(rays, technique.blur_mm / pixel_mm)
    signal = -np.log(np.maximum(rays, 1e-4))
    if technique.compression > 0:
        coarse = blurred(signal, technique.compression_mm / pixel_mm)
        signal = signal - technique.compression * (coarse - coarse.mean())
    if technique.edges > 0:
        signal = signal + technique.edges * (
            signal - blurred(signal, technique.edges_mm / pixel_mm)
        )
    low, high = np.quantile(signal, technique.window)
    if spared is not None and len(spared):
        column, row = spared.astype(int).T
        high = max(high, np.quantile(signal[row, column], 0.9))
    shown = _s_curve((signal - low) / max(high - low, 1e-6), technique.steepness)
    return np.asarray(np.clip(shown, 0, 1) ** technique.gamma, dtype=np.float32)


def blurred(image: Grid, sigma: float) -> Grid:
    """Gaussian blur by way of Fourier; edges are continued outward, not wrapped.

    Wide blurs are made on a coarser grid, which they do not feel.
    """
    if sigma <= 0.05:
        return image
    if sigma < 0.7:  # narrower than a pixel: by way of Fourier it would ring
        return _softened(image, sigma)
    step = max(1, int(sigma / 4))
    if step > 1:
        return _enlarged(_blurred(_reduced(image, step), sigma / step), step, image.shape)
    return _blurred(image, sigma)


def _blurred(image: Grid, sigma: float) -> Grid:
    pad = int(np.ceil(3 * sigma))
    padded = np.pad(image, pad, mode="edge")
    fy = np.fft.fftfreq(padded.shape[0])[:, None]
    fx = np.fft.rfftfreq(padded.shape[1])[None]
    pass_low = np.exp(-2 * (np.pi * sigma) ** 2 * (fx**2 + fy**2))
    out = np.fft.irfft2(np.fft.rfft2(padded) * pass_low, s=padded.shape)
    return np.asarray(out[pad:-pad, pad:-pad], dtype=np.float32)


def _softened(image: Grid, sigma: float) -> Grid:
    """Three-point blur with the variance that is asked for."""
    share = np.float32(sigma**2 / 2)
    for axis in (0, 1):
        padded = np.pad(image, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        low, high = (np.take(padded, range(s, s + image.shape[axis]), axis) for s in (0, 2))
        image = (1 - 2 * share) * image + share * (low + high)
    return image


def _reduced(image: Grid, step: int) -> Grid:
    rows, columns = image.shape
    padded = np.pad(image, ((0, -rows % step), (0, -columns % step)), mode="edge")
    tall, wide = padded.shape[0] // step, padded.shape[1] // step
    return np.asarray(padded.reshape(tall, step, wide, step).mean(axis=(1, 3)), dtype=np.float32)


def _enlarged(small: Grid, step: int, shape: tuple[int, ...]) -> Grid:
    """Bilinear, the centre of a coarse pixel being that of the block it stands for."""
    out = small
    for axis in (0, 1):
        place = np.clip((np.arange(shape[axis]) + 0.5) / step - 0.5, 0, out.shape[axis] - 1)
        low = np.minimum(place.astype(int), max(out.shape[axis] - 2, 0))
        high = np.minimum(low + 1, out.shape[axis] - 1)
        share = (place - low).astype(np.float32)
        share = share[:, None] if axis == 0 else share[None]
        out = np.take(out, low, axis) * (1 - share) + np.take(out, high, axis) * share
    return np.asarray(out, dtype=np.float32)
