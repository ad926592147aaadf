"""Films that are the same film: copies, other crops and sizes of one exposure, mirror images.

A film is compared by its local contrast, which neither brightness nor a window changes. A small
descriptor of the whole picture, and the signs of its values (a perceptual hash), tell which films
are worth comparing: each film, and crops of it, is held against all others. These few are laid over
each other at every place and several scales, and the best correlation of the part that both show
decides. So a tighter crop of a film is found, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spinescan.audit.sights import Sight

Kind = Literal["exact", "near", "mirrored"]
Floats = NDArray[np.float32]

SAME = 0.8
"""From this correlation on two films are one. `benchmarks/audit.py` measures what it finds."""

_DESCRIPTOR = (32, 16)  # rows, columns
_NEIGHBOURS = 8
_MIRRORED_NEIGHBOURS = 4
_OFF_ENDS, _OFF_SIDES = (0.0, 0.1), (0.0, 0.1, 0.25)  # crops to find who is worth comparing
_COARSE_PX, _FINE_PX = 64, 128
_COARSE_SCALES = np.exp(np.linspace(-0.18, 0.18, 10))
_FINE_SCALES = np.exp(np.linspace(-0.02, 0.02, 5))
_PROMISING = 0.45
_OVERLAP = 0.55  # of the smaller picture
_STEADY = 4e-4  # variance that stands for an even patch


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two films that are one, and how alike they are: 1 for the same file."""

    kind: Kind
    a: Sight
    b: Sight
    correlation: float


def find_twins(sights: Sequence[Sight]) -> tuple[Pair, ...]:
    """All pairs of films that are the same, the most alike first.

    Of several copies of one file, only the first is compared with other films.
    """
    by_file: dict[str, list[Sight]] = {}
    for sight in sights:
        by_file.setdefault(sight.film.sha256, []).append(sight)
    pairs = [
        Pair("exact", copies[0], copy, 1.0) for copies in by_file.values() for copy in copies[1:]
    ]
    firsts = [copies[0] for copies in by_file.values()]
    pairs += _alike(firsts)
    return tuple(sorted(pairs, key=lambda pair: (-pair.correlation, pair.a.name, pair.b.name)))


def _alike(sights: Sequence[Sight]) -> list[Pair]:
    """Near and mirrored pairs among different files."""
    if len(sights) < 2:
        return []
    smalls: list[Floats] = [sight.small.astype(np.float32) / np.float32(255) for sight in sights]
    crops = np.array([_descriptors(small) for small in smalls]).swapaxes(0, 1)
    plain = crops[0]
    turned = np.array([descriptor(small[:, ::-1]) for small in smalls])
    best: dict[tuple[int, int], tuple[float, Kind]] = {}
    for i, j in _candidates(crops, plain, _NEIGHBOURS):
        best[i, j] = correlation(smalls[i], smalls[j]), "near"
    for i, j in _candidates(crops, turned, _MIRRORED_NEIGHBOURS):
        likeness = correlation(smalls[i], smalls[j][:, ::-1])
        best[i, j] = max(best.get((i, j), (-1.0, "near")), (likeness, "mirrored"))
    return [
        Pair(kind, sights[i], sights[j], round(likeness, 3))
        for (i, j), (likeness, kind) in best.items()
        if likeness >= SAME
    ]


def _candidates(crops: Floats, others: Floats, most: int) -> set[tuple[int, int]]:
    """The nearest few of every film, by descriptor and by hash; (crops, n, 512) and (n, 512)."""
    found = set()
    n = len(others)
    count = min(most, n - 1)
    for left, right in ((crops, others), (np.sign(crops), np.sign(others))):
        for begin in range(0, n, 512):  # blocks keep large sets within memory
            likeness = np.max([crop[begin : begin + 512] @ right.T for crop in left], axis=0)
            rows = np.arange(len(likeness))
            likeness[rows, begin + rows] = -np.inf
            nearest = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
            for row, near in zip(rows.tolist(), nearest.tolist(), strict=True):
                found |= {(min(begin + row, k), max(begin + row, k)) for k in near}
    return found


def _descriptors(small: Floats) -> list[Floats]:
    """The descriptor of the whole picture, then of its crops."""
    rows, columns = small.shape
    return [
        descriptor(
            small[round(top * rows) : round((1 - bottom) * rows)][
                :, round(left * columns) : round((1 - right) * columns)
            ]
        )
        for top, bottom, left, right in product(_OFF_ENDS, _OFF_ENDS, _OFF_SIDES, _OFF_SIDES)
    ]


def descriptor(small: Floats) -> Floats:
    """float32 (512,): the local contrast of the whole picture, of length 1.

    Parameters
    ----------
    small
        float32 (rows, columns) in [0, 1].
    """
    values = local_contrast(_resized(small, *_DESCRIPTOR), 6).ravel()
    values = values - values.mean()
    return np.asarray(values / max(float(np.linalg.norm(values)), 1e-6), np.float32)


def correlation(a: Floats, b: Floats) -> float:
    """How alike two pictures are where they overlap best, at most 1.

    Places and scales (0.83 to 1.2) are tried at which they share at least 55 % of the smaller one.
    """
    value, scale = _best(_prepared(a, _COARSE_PX), _prepared(b, _COARSE_PX), _COARSE_SCALES)
    if value < _PROMISING:
        return value
    return _best(_prepared(a, _FINE_PX), _prepared(b, _FINE_PX), _FINE_SCALES * scale)[0]


def _prepared(small: Floats, longer: int) -> Floats:
    rows, columns = small.shape
    scale = longer / max(rows, columns)
    wanted = (max(8, round(rows * scale)), max(8, round(columns * scale)))
    return local_contrast(_resized(small, *wanted), longer / 13)


def _best(a: Floats, b: Floats, scales: NDArray[np.float64]) -> tuple[float, float]:
    """The highest correlation over all shifts and these scales of `b`, and its scale."""
    sizes = [
        (max(8, round(b.shape[0] * s)), max(8, round(b.shape[1] * s))) for s in scales.tolist()
    ]
    rows, columns = (a.shape[k] + max(size[k] for size in sizes) for k in (0, 1))
    shape = (_smooth(rows), _smooth(columns))
    of_a = [np.fft.rfft2(part, shape) for part in (a, a * a, np.ones_like(a))]
    found = []
    for size, scale in zip(sizes, scales.tolist(), strict=True):
        other = _resized(b, *size)[::-1, ::-1]
        of_b = [np.fft.rfft2(part, shape) for part in (other, other * other, np.ones_like(other))]
        products = (of_a[0] * of_b[0], of_a[1] * of_b[2], of_a[2] * of_b[1], of_a[2] * of_b[2])
        both, a2, b2, shared = (np.fft.irfft2(product, shape) for product in products)
        power = np.sqrt(np.maximum(a2, 1e-3) * np.maximum(b2, 1e-3))
        enough = shared > _OVERLAP * min(a.size, other.size)
        found.append((float(np.where(enough, both / power, -1.0).max()), scale))
    return max(found)


def local_contrast(picture: Floats, cell: float) -> Floats:
    """What differs from the neighbourhood (`cell` pixels wide), in its own standard deviations."""
    difference = picture - _neighbourhood(picture, cell)
    power = _neighbourhood(difference * difference, 1.5 * cell)
    return np.asarray(difference / np.sqrt(np.maximum(power, 0) + _STEADY), np.float32)


def _neighbourhood(picture: Floats, cell: float) -> Floats:
    """The mean over a square around each pixel, of what of it lies in the picture."""
    reach = max(1, round(cell / 2))
    sums = np.pad(picture.cumsum(0, np.float64).cumsum(1), ((1, 0), (1, 0)))
    (y0, y1), (x0, x1) = (
        (np.maximum(k - reach, 0), np.minimum(k + reach + 1, len(k)))
        for k in (np.arange(size) for size in picture.shape)
    )
    total = sums[y1][:, x1] - sums[y1][:, x0] - sums[y0][:, x1] + sums[y0][:, x0]
    return np.asarray(total / np.outer(y1 - y0, x1 - x0), np.float32)


def _resized(picture: Floats, rows: int, columns: int) -> Floats:
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.resize((columns, rows), Image.Resampling.BILINEAR, reducing_gap=2.0))


def _smooth(n: int) -> int:
    """The next length that a Fourier transform is fast for: 2^k or 3 * 2^k."""
    power = 1 << (n - 1).bit_length()
    return 3 * power // 4 if 3 * power // 4 >= n else power
