"""Networks that know the truth: they answer as a perfectly trained finder and refiner would."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinescan.core.anatomy import FRONTAL_POINTS, LEVELS, Landmarks
from spinescan.infer import preprocess, reading
from spinescan.infer.bundle import Bundle, Network
from spinescan.infer.decode import (
    CORNER_UNIT_PX,
    FINDER_MAPS,
    LETTERS,
    LEVEL_UNIT,
    POINT_MAPS,
    RIB_MAP,
    STRIDE,
)
from spinescan.infer.preprocess import Frame, InputSpec

Floats = NDArray[np.float32]
Points = NDArray[np.float64]

SETTINGS = {
    "pitch_px": 48.0,
    "spread_factor": 1.5,
    "least_confidence": 0.5,
    "least_frontal": 0.5,
    "least_lateral": 0.5,
    "least_facing": 0.9,
    "least_last": 0.3,
    "thoracic_factor": 1.0,
    "most_unrest": 0.15,
    "most_roughness": 0.25,
    "least_point": 0.5,
    "point_spread_px": 4.0,
    "least_hardware": 0.5,
    "least_brace": 0.5,
    "interval_factor": 1.0,
}
_COLD = 1e-4
"""Heat where nothing is."""
NO_POINTS: Points = np.full((len(FRONTAL_POINTS) + len(LETTERS), 2), np.nan)


def bundle_without_weights(task: str = "frontal-landmarks", **settings: float) -> Bundle:
    """A bundle as the shipped frontal one, but for its networks' files."""
    specs = {"finder": InputSpec(512, 224), "refiner": InputSpec(96, 112)}
    return Bundle(
        folder=Path("nowhere"),
        name="oracle",
        version="7",
        task=task,
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
    ribs: Points | None = None,
    points: Points = NO_POINTS,
) -> Floats:
    """What a perfect finder answers for vertebrae (n, 4, 2) in its input of `size`: its maps.

    `heat` is the height of each one's peak, `ideas` the level that it takes each one for, `ribs`
    its log odds that each bears ribs, and `points` (9, 2) what else it sees, NaN for what not.
    """
    rows, columns = size[0] // STRIDE, size[1] // STRIDE
    heat = np.broadcast_to(heat, len(corners))
    ideas = np.arange(len(corners), dtype=float) if ideas is None else ideas
    ribs = np.zeros(len(corners)) if ribs is None else ribs
    y, x = (np.mgrid[:rows, :columns] + 0.5) * STRIDE
    answer = np.zeros((FINDER_MAPS, rows, columns))
    most = np.full((rows, columns), _COLD)

    def bump_at(place: Points, height: float) -> Points:
        sigma = max(0.22 * height, 0.6 * STRIDE)
        return np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / (2 * sigma**2))

    heights = np.linalg.norm(corners[:, 2:].mean(axis=1) - corners[:, :2].mean(axis=1), axis=1)
    for quad, peak, idea, odds, height in zip(corners, heat, ideas, ribs, heights, strict=True):
        bump = peak * bump_at(quad.mean(axis=0), height)
        ours = bump > most
        most[ours] = bump[ours]
        answer[1][ours] = idea * LEVEL_UNIT
        answer[RIB_MAP][ours] = odds
        vectors = (quad[:, :, None, None] - np.stack([x, y])) / CORNER_UNIT_PX
        answer[2:RIB_MAP, ours] = vectors.reshape(8, rows, columns)[:, ours]
    answer[0] = _logit(most)
    for place, spot in zip(points, answer[POINT_MAPS], strict=True):
        seen = np.isfinite(place).all()
        spot[:] = _logit(0.95 * bump_at(place, float(np.median(heights))) if seen else 0 * x)
    return answer.astype(np.float32)


def _logit(heat: Points) -> Points:
    heat = heat.clip(_COLD)
    return np.asarray(np.log(heat / (1 - heat)))


@dataclass
class Oracle:
    """Answers for films on which T1..L5 lie at `corners` (17, 4, 2), in film pixels.

    How inputs were cut out of the film, by which an answer is found, is caught where that is done.
    The finder does not see the levels in `blind` and takes the others for those `taken_for` lower;
    it sees the `points` (9, 2), T1 to T12 with their ribs (or none), and answers `facts` (logits:
    no metal, nothing of the heart, frontal). `bias_px` is added to all corners of the refiner, in
    its input's pixels. It reads the `sacrum`, too: the ends (2, 2) of its endplate.
    """

    corners: Points
    blind: Sequence[int] = ()
    taken_for: int = 0
    points: Points = field(default_factory=NO_POINTS.copy)
    ribs: bool = False
    facts: Points = field(default_factory=lambda: np.array([0.0, -4.0, -4.0, 4.0]))
    bias_px: Points = field(default_factory=lambda: np.zeros(2))
    sacrum: Points | None = None
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
            monkeypatch.setattr(reading, made.__name__, made)

    def run(self, network: str, inputs: Floats) -> list[Floats]:
        self.calls.append(network)
        assert inputs.shape[:2] == (len(self.frames), 1)
        assert inputs.dtype == np.float32
        size = (inputs.shape[2], inputs.shape[3])
        if network == "finder":
            return [self._find(self.frames[0], size)[None], self.facts[None].astype(np.float32)]
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
        points = frame.to_input(self.points)
        points[~((points > 0) & (points < [size[1], size[0]])).all(axis=1)] = np.nan
        return finder_answer(
            corners[levels],
            size,
            ideas=levels + float(self.taken_for),
            ribs=np.where(levels < 12, 4.0, -4.0) * self.ribs,
            points=points,
        )

    def _refine(
        self, frame: Frame, size: tuple[int, int], mirrored: bool
    ) -> tuple[Points, Points, Points]:
        quads = self.corners
        if self.sacrum is not None:
            x, y = self.sacrum[1] - self.sacrum[0]
            below = self.sacrum + 0.76 * np.array([-y, x])
            quads = np.concatenate([quads, [[*self.sacrum, *below]]])
        corners = frame.to_input(quads * self.copied)
        if mirrored:  # which has its own left and right
            corners = corners[:, [1, 0, 3, 2]]
            corners[..., 0] = size[1] - corners[..., 0]
        off = np.linalg.norm(corners.mean(axis=1) - np.array(size[::-1]) / 2, axis=1)
        nearest = int(off.argmin())
        there = off[nearest] < 0.3 * SETTINGS["pitch_px"] and nearest < len(self.corners)
        presence = 4.0 if there else -4.0
        return corners[nearest] + self.bias_px, np.full(4, 2.0), np.array(presence)


def film_points(truth: Landmarks) -> Points:
    """The finder's points (9, 2) on a film with this truth; NaN for one that is not there."""
    places = dict(zip(truth.names, truth.points_xy, strict=True))
    points = NO_POINTS.copy()
    for k, name in enumerate(FRONTAL_POINTS):
        points[k] = places.get(name, points[k])
    return points


def film_corners(points_xy: Points) -> Points:
    """The first 68 points of a film's truth as (17, 4, 2)."""
    return points_xy[: 4 * len(LEVELS)].reshape(len(LEVELS), 4, 2)
