"""Film pixels to network input, and points back to film pixels.

Training and inference both call these functions, so a film is prepared in one way only. All points
are (x, y) with (0, 0) at the top-left *corner* of the first pixel, in the film as in the network's
input; Pillow's transforms use the same convention.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spinescan.core.radiograph import Radiograph

Floats = NDArray[np.float32]
Points = NDArray[np.float64]
Fit = Literal["letterbox", "squash"]
Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in film pixels."""


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a network expects: one grey channel of (rows, columns), scaled to [-1, 1].

    What lies outside of the percentiles is clipped, what lies outside of the film is -1.

    Parameters
    ----------
    rows
        Of the network's input, in pixels.
    columns
        Of the network's input, in pixels.
    low
        Percentile of the film's visible part that becomes -1.
    high
        Percentile of the film's visible part that becomes 1.
    fit
        How a film comes to that size: whole and unbent between bands ("letterbox"), or squashed
        ("squash"), which changes its angles.

    Raises
    ------
    TypeError, ValueError
        Sizes that are no whole numbers above 0, percentiles that do not rise, another `fit`.
    """

    rows: int
    columns: int
    low: float = 1.0
    high: float = 99.0
    fit: Fit = "letterbox"

    def __post_init__(self) -> None:
        if type(self.rows) is not int or type(self.columns) is not int:
            raise TypeError(f"rows and columns are whole numbers, got {self.rows}, {self.columns}")
        if self.rows < 1 or self.columns < 1:
            raise ValueError(f"input must have rows and columns, got {self.rows} x {self.columns}")
        if not 0 <= self.low < self.high <= 100:
            raise ValueError(f"percentiles must rise within 0..100, got {self.low}, {self.high}")
        if self.fit not in get_args(Fit):
            raise ValueError(f"fit must be {' or '.join(get_args(Fit))}, got {self.fit!r}")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build from a bundle's JSON; TypeError or ValueError for what does not belong there."""
        return cls(**values)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Where a network's input lies on the film: an affine map from input pixels to film pixels."""

    matrix: Points
    """float64 (2, 3)."""

    def to_film(self, points_xy: Points) -> Points:
        """Input pixels (..., 2) to film pixels (..., 2)."""
        return np.asarray(points_xy @ self.matrix[:, :2].T + self.matrix[:, 2])

    def to_input(self, points_xy: Points) -> Points:
        """Film pixels (..., 2) to input pixels (..., 2)."""
        inverse = np.linalg.inv(self.matrix[:, :2])
        return np.asarray((points_xy - self.matrix[:, 2]) @ inverse.T)


def normalise(values: Floats, spec: InputSpec, inside: NDArray[np.bool_] | None = None) -> Floats:
    """Stretch grey values so that the percentiles of the part `inside` the film become -1 and 1."""
    seen = values if inside is None else values[inside]
    if seen.size == 0:
        return np.full_like(values, -1.0)
    low, high = percentiles(seen, (spec.low, spec.high))
    stretched = (values - low) * (2.0 / max(float(high - low), 1e-6)) - 1.0
    np.clip(stretched, -1.0, 1.0, out=stretched)
    if inside is not None:
        stretched[~inside] = -1.0
    return np.asarray(stretched, np.float32)


def percentiles(values: Floats, shares: tuple[float, float]) -> Points:
    """What `np.percentile` gives, to the last bit; of some ten thousand values in a third the time.

    It selects, which for float32 takes longer than sorting all of them does.
    """
    ordered = np.sort(values, axis=None)
    place = np.array(shares) / 100 * (ordered.size - 1)
    below = place.astype(np.intp)
    low, high = ordered[below], ordered[np.minimum(below + 1, ordered.size - 1)]
    part, step = place - below, high - low
    return np.asarray(np.where(part < 0.5, low + step * part, high - step * (1 - part)))


def letterbox(
    pixels: Floats, spec: InputSpec, *, box: Box | None = None, pixel_aspect: float = 1.0
) -> tuple[Floats, Frame]:
    """The part of a film inside `box` (default: all of it), scaled to fit, centred, never squashed.

    What of `box` lies beside the film is cut off first.

    Returns
    -------
    input
        float32 (rows, columns) in [-1, 1].
    frame
        From input pixels to film pixels; a film with pixels that are not square is made isotropic
        here.

    Raises
    ------
    ValueError
        If nothing of `box` lies on the film.
    """
    rows, columns = pixels.shape
    x0, y0, x1, y1 = box or (0.0, 0.0, float(columns), float(rows))
    x0, x1 = max(x0, 0.0), min(x1, float(columns))
    y0, y1 = max(y0, 0.0), min(y1, float(rows))
    if x0 >= x1 or y0 >= y1:
        raise ValueError(f"box {box} does not meet the film of {rows} x {columns} pixels")
    scale = min(spec.columns / (x1 - x0), spec.rows / ((y1 - y0) * pixel_aspect))
    width = max(1, round((x1 - x0) * scale))
    height = max(1, round((y1 - y0) * pixel_aspect * scale))
    left, top = (spec.columns - width) // 2, (spec.rows - height) // 2
    resized = np.asarray(
        Image.fromarray(pixels).resize(
            (width, height), Image.Resampling.BILINEAR, (x0, y0, x1, y1), reducing_gap=2.0
        )
    )
    canvas = np.full((spec.rows, spec.columns), -1.0, np.float32)
    canvas[top : top + height, left : left + width] = normalise(resized, spec)
    step_x, step_y = (x1 - x0) / width, (y1 - y0) / height
    matrix = np.array([[step_x, 0.0, x0 - left * step_x], [0.0, step_y, y0 - top * step_y]])
    return canvas, Frame(matrix)


def squash(pixels: Floats, spec: InputSpec) -> tuple[Floats, Frame]:
    """The whole film scaled to the input's size, each side by a factor of its own.

    Angles change; it is here for models that were trained so. Returns what `letterbox` does.
    """
    rows, columns = pixels.shape
    resized = np.asarray(
        Image.fromarray(pixels).resize(
            (spec.columns, spec.rows), Image.Resampling.BILINEAR, reducing_gap=2.0
        )
    )
    matrix = np.array([[columns / spec.columns, 0.0, 0.0], [0.0, rows / spec.rows, 0.0]])
    return normalise(resized, spec), Frame(matrix)


def prepare(film: Radiograph, spec: InputSpec) -> tuple[Floats, Frame]:
    """A whole film as a classifier sees it, in training as in inference.

    Returns
    -------
    input
        float32 (rows, columns) in [-1, 1].
    frame
        From input pixels to film pixels.
    """
    if spec.fit == "squash":
        return squash(film.pixels, spec)
    return letterbox(film.pixels, spec, pixel_aspect=film.pixel_aspect)


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a vertebra is thought to lie, in isotropic pixels (units of a film pixel's width).

    (`x`, `y`) is its centre, `pitch` the distance to the next vertebra's centre and `tilt`
    (radians, clockwise on the picture) the slope of its endplates.
    """

    x: float
    y: float
    pitch: float
    tilt: float


def square_pixels(pixels: Floats, *, scale: float, pixel_aspect: float = 1.0) -> Floats:
    """The film with square pixels, reduced with anti-aliasing to about `scale` of its width.

    A film that is square and to be kept at nine tenths of its size or more is returned as it is. A
    position on the film, in isotropic pixels, is scaled by the ratio of the widths.
    """
    if pixel_aspect == 1.0 and scale > 0.9:
        return pixels
    rows, columns = pixels.shape
    width = max(1, round(columns * min(scale, 1.0)))
    height = max(1, round(rows * pixel_aspect * width / columns))
    picture = Image.fromarray(pixels)
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0))


def patches(
    pixels: Floats, poses: Sequence[Pose], spec: InputSpec, *, pitch_px: float
) -> tuple[Floats, list[Frame]]:
    """One upright picture for each pose: the vertebra in its middle, one level `pitch_px` high.

    The film's pixels are square and its levels not much higher than `pitch_px` (`square_pixels`).
    What lies beside the film is -1. There must be at least one pose.

    Returns
    -------
    inputs
        float32 (poses, rows, columns) in [-1, 1].
    frames
        From each input's pixels to film pixels.
    """
    film = Image.fromarray(pixels)
    inputs = np.empty((len(poses), spec.rows, spec.columns), np.float32)
    frames = []
    for k, pose in enumerate(poses):
        frame = _pose_frame(pose, spec, pitch_px)
        sampled = film.transform(
            (spec.columns, spec.rows),
            Image.Transform.AFFINE,
            tuple(frame.matrix.ravel()),
            Image.Resampling.BILINEAR,
            fillcolor=-1,
        )
        values = np.asarray(sampled)
        inputs[k] = normalise(values, spec, values >= 0)
        frames.append(frame)
    return inputs, frames


def _pose_frame(pose: Pose, spec: InputSpec, pitch_px: float) -> Frame:
    step = pose.pitch / pitch_px
    cosine, sine = np.cos(pose.tilt) * step, np.sin(pose.tilt) * step
    linear = np.array([[cosine, -sine], [sine, cosine]])
    offset = [pose.x, pose.y] - linear @ [spec.columns / 2, spec.rows / 2]
    return Frame(np.column_stack([linear, offset]))
