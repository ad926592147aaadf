"""Networks that know the truth: they answer as a perfectly trained finder and refiner would."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS
from spinescan.infer import frontal, preprocess
from spinescan.infer.bundle import Bundle, Network
from spinescan.infer.decode import CORNER_UNIT_PX, LEVEL_UNIT, STRIDE
from spinescan.infer.preprocess import Frame, InputSpec

Floats = NDArray[np.float32]
Points = NDArray[np.float64]

SETTINGS = {
    "pitch_px": 48.0,
    "spread_factor": 1.5,
    "least_confidence": 0.5,
    "most_unrest": 0.15,
    "most_roughness": 0.25,
}


def bundle_without_weights(**settings: float) -> Bundle:
    """A frontal bundle as the shipped one, but for its networks' files."""
    specs = {"finder": InputSpec(512, 224), "refiner": InputSpec(96, 112)}
    return Bundle(
        folder=Path("nowhere"),
        name="oracle",
        version="7",
        task="frontal-landmarks",
        networks={name: Network(Path("nowhere"), "", spec) for name, spec in specs.items()},
        settings={**SETTINGS, **settings},
        provenance={},
        summary={},
    )


def finder_answer(
    corners: Points,
    size: tuple[int, int],
    *,
    heat: Sequence[float] | float = 0.95,
    ideas: Points | None = None,
) -> Floats:
    """What a perfect finder answers for vertebrae (n, 4, 2) in its input of `size`.

    `heat` is the height of each one's peak and `ideas` the level that it takes each one for.
    """
    rows, columns = size[0] // STRIDE, size[1] // STRIDE
    heat = np.broadcast_to(heat, len(corners))
    ideas = np.arange(len(corners), dtype=float) if ideas is None else ideas
    y, x = (np.mgrid[:rows, :columns] + 0.5) * STRIDE
    answer = np.zeros((10, rows, columns))
    most = np.full((rows, columns), 1e-4)
    for quad, peak, idea in zip(corners, heat, ideas, strict=True):
        centre = quad.mean(axis=0)
        height = np.linalg.norm(quad[2:].mean(axis=0) - quad[:2].mean(axis=0))
        sigma = max(0.22 * height, 0.6 * STRIDE)
        bump = peak * np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * sigma**2))
        ours = bump > most
        most[ours] = bump[ours]
        answer[1][ours] = idea * LEVEL_UNIT
        vectors = (quad[:, :, None, None] - np.stack([x, y])) / CORNER_UNIT_PX
        answer[2:, ours] = vectors.reshape(8, rows, columns)[:, ours]
    answer[0] = np.log(most / (1 - most))
    return answer.astype(np.float32)


@dataclass
class Oracle:
    """Answers for films on which T1..L5 lie at `corners` (17, 4, 2), in film pixels.

    How inputs were cut out of the film, by which an answer is found, is caught where that is done.
    The finder does not see the levels in `blind`. `bias_px` is added to all corners of the refiner,
    in its input's pixels.
    """

    corners: Points
    blind: Sequence[int] = ()
    bias_px: Points = field(default_factory=lambda: np.zeros(2))
    calls: list[str] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    pictures: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    copied: Points = field(default_factory=lambda: np.ones(2))
    """From film pixels to those of the copy that the refiner's pictures are cut out of."""

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def letterbox(*args: Any, **options: Any) -> Any:
            picture, frame = preprocess.letterbox(*args, **options)
            self.pictures, self.frames = picture[None], [frame]
            return picture, frame

        def patches(*args: Any, **options: Any) -> Any:
            self.pictures, self.frames = preprocess.patches(*args, **options)
            return self.pictures, self.frames

        def square_pixels(pixels: Floats, **options: Any) -> Floats:
            copy = preprocess.square_pixels(pixels, **options)
            self.copied = np.array(copy.shape[::-1]) / pixels.shape[::-1]
            return copy

        for made in (letterbox, patches, square_pixels):
            monkeypatch.setattr(frontal, made.__name__, made)

    def run(self, network: str, inputs: Floats) -> list[Floats]:
        self.calls.append(network)
        assert inputs.shape[:2] == (len(self.frames), 1)
        assert inputs.dtype == np.float32
        size = (inputs.shape[2], inputs.shape[3])
        if network == "finder":
            return [self._find(self.frames[0], size)[None]]
        mirrored = not np.array_equal(inputs[:, 0], self.pictures)
        if mirrored:
            assert np.array_equal(inputs[:, 0, :, ::-1], self.pictures)
        answers = [self._refine(frame, size, mirrored) for frame in self.frames]
        return [np.stack(part).astype(np.float32) for part in zip(*answers, strict=True)]

    def _find(self, frame: Frame, size: tuple[int, int]) -> Floats:
        corners = frame.to_input(self.corners)
        centres = corners.mean(axis=1)
        inside = ((centres > 0) & (centres < [size[1], size[0]])).all(axis=1)
        levels = np.setdiff1d(np.flatnonzero(inside), self.blind)
        return finder_answer(corners[levels], size, ideas=levels.astype(float))

    def _refine(
        self, frame: Frame, size: tuple[int, int], mirrored: bool
    ) -> tuple[Points, Points, Points]:
        corners = frame.to_input(self.corners * self.copied)
        if mirrored:  # which has its own left and right
            corners = corners[:, [1, 0, 3, 2]]
            corners[..., 0] = size[1] - corners[..., 0]
        off = np.linalg.norm(corners.mean(axis=1) - np.array(size[::-1]) / 2, axis=1)
        nearest = int(off.argmin())
        presence = 4.0 if off[nearest] < 0.3 * SETTINGS["pitch_px"] else -4.0
        return corners[nearest] + self.bias_px, np.full(4, 2.0), np.array(presence)


def film_corners(points_xy: Points) -> Points:
    """The first 68 points of a film's truth as (17, 4, 2)."""
    return points_xy[: 4 * len(LEVELS)].reshape(len(LEVELS), 4, 2)
