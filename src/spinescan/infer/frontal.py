"""Placing T1..L5 on a frontal film with two networks: find the spine, then read each vertebra.

The *finder* sees the whole film, small, and gives a heat map of vertebra centres, the level of each
and vectors to its corners; `decode` strings them on a chain. If the spine fills little of the film,
the finder looks again at the part around it. The *refiner* sees one vertebra at a time, upright and
at a fixed size, and places the four corners to a fraction of a pixel (the mean of a heat map each).
It goes over the spine twice, the second time from its own corners, and then also over the mirrored
pictures: the mean of both looks is the answer, and how far they differ says how sure it is. In
between, the ends of a chain that lacks levels are carried on for as long as the refiner sees a
vertebra there.

The networks are called through `run`, so nothing here knows about onnxruntime.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import FRONTAL_CORNERS, LEVELS, Landmarks
from spinescan.core.radiograph import Radiograph
from spinescan.infer.bundle import Bundle
from spinescan.infer.decode import Spine, find_spine, vertebra_poses
from spinescan.infer.preprocess import Box, Pose, letterbox, patches, square_pixels

Floats = NDArray[np.float32]
Points = NDArray[np.float64]
Run = Callable[[str, Floats], list[Floats]]
"""Network name and input (n, 1, rows, columns) -> outputs."""

NETWORKS = ("finder", "refiner")
SETTINGS = (
    "pitch_px",
    "spread_factor",
    "least_confidence",
    "most_unrest",
    "most_roughness",
)
"""What a frontal bundle's settings must name: the height of one level in the refiner's input, the
factor that calibrates spreads, and the limits of the gate."""

_CLOSER = 1.15
"""A second look pays when it enlarges the spine by at least so much."""
_SEEN = 0.5
"""Presence from which on a vertebra is taken to be there, beyond the ends of the chain."""
_DETAIL = 1.25
"""Resolution that the film is kept at for the refiner, over that of the refiner's own input."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Where the vertebrae are, in isotropic pixels, and how well they were seen.

    corners
        float64 (n, 4, 2).
    presence
        float64 (n,): probability that there is a vertebra in the middle of its picture.
    spread
        float64 (n, 4): standard deviation of each corner, as the refiner's heat maps and its two
        looks (plain and mirrored) tell it; not calibrated.
    unrest
        How far the two looks differ, as a share of a level's height (median over corners).
    """

    spine: Spine
    presence: Points
    spread: Points
    unrest: float

    @property
    def corners(self) -> Points:
        return self.spine.corners


def read_frontal(film: Radiograph, bundle: Bundle, run: Run) -> Reading | None:
    """The spine on a frontal film, or None where no row of vertebrae is seen."""
    spine = _find(film, bundle, run, None)
    if spine is None:
        return None
    rows, columns = film.size
    box = _box_around(spine, film)
    if box[0] >= box[2] or box[1] >= box[3]:
        return None  # all of it beside the film
    whole = (0.0, 0.0, float(columns), rows * film.pixel_aspect)
    if _zoom(box, bundle) > _CLOSER * _zoom(whole, bundle):
        closer = _find(film, bundle, run, box)
        if closer is not None and len(closer.levels) >= len(spine.levels) - 1:
            spine = closer
    return _Refiner(film, spine, bundle, run).read(spine)


def to_landmarks(reading: Reading, film: Radiograph, spread_factor: float) -> Landmarks:
    """Named points in film pixels; the spreads are calibrated by the bundle's factor."""
    names = [f"{level}_{corner}" for level in reading.spine.names for corner in FRONTAL_CORNERS]
    points = reading.corners.reshape(-1, 2) / [1.0, film.pixel_aspect]
    score = np.repeat(np.clip(reading.presence, 0.0, 1.0), len(FRONTAL_CORNERS))
    return Landmarks.from_points(
        names,
        points,
        score=score,
        spread_px=reading.spread.ravel() * spread_factor,
        pixel_aspect=film.pixel_aspect,
    )


def _find(film: Radiograph, bundle: Bundle, run: Run, box: Box | None) -> Spine | None:
    """Run the finder on the part of the film in `box`; both it and the answer are isotropic."""
    aspect = film.pixel_aspect
    if box is not None:
        box = (box[0], box[1] / aspect, box[2], box[3] / aspect)
    spec = bundle.networks["finder"].input
    picture, frame = letterbox(film.pixels, spec, box=box, pixel_aspect=aspect)
    spine = find_spine(run("finder", picture[None, None])[0][0])
    return None if spine is None else spine.moved(frame.to_film(spine.corners) * [1.0, aspect])


def _box_around(spine: Spine, film: Radiograph) -> Box:
    """The spine with a level and a half of margin, and room at the sides, in isotropic pixels.

    Cut off at the film's edge; empty (x0 >= x1 or y0 >= y1) if all of it lies beside the film.
    """
    pitch = float(np.median([pose.pitch for pose in vertebra_poses(spine.corners)]))
    x0, y0 = spine.corners.min(axis=(0, 1)) - pitch * np.array([2.5, 1.5])
    x1, y1 = spine.corners.max(axis=(0, 1)) + pitch * np.array([2.5, 1.5])
    rows, columns = film.size
    return (
        max(float(x0), 0.0),
        max(float(y0), 0.0),
        min(float(x1), float(columns)),
        min(float(y1), rows * film.pixel_aspect),
    )


def _zoom(box: Box, bundle: Bundle) -> float:
    """Input pixels of the finder for one isotropic pixel in `box`."""
    spec = bundle.networks["finder"].input
    return min(spec.columns / max(box[2] - box[0], 1.0), spec.rows / max(box[3] - box[1], 1.0))


class _Refiner:
    """Reads the vertebrae of one film, on a copy with square pixels at the refiner's resolution."""

    def __init__(self, film: Radiograph, spine: Spine, bundle: Bundle, run: Run) -> None:
        self.spec = bundle.networks["refiner"].input
        self.pitch_px = bundle.settings["pitch_px"]
        self.run = run
        pitch = float(np.median([pose.pitch for pose in vertebra_poses(spine.corners)]))
        self.pixels = square_pixels(
            film.pixels, scale=_DETAIL * self.pitch_px / pitch, pixel_aspect=film.pixel_aspect
        )
        rows, columns = film.size
        copied_rows, copied_columns = self.pixels.shape
        # Both sides of the copy were rounded to whole pixels; follow each side's own scale.
        self.scale = np.array([copied_columns / columns, copied_rows / (rows * film.pixel_aspect)])

    def read(self, spine: Spine) -> Reading:
        """Refine a spine given in isotropic film pixels, and answer in the same."""
        spine = spine.moved(spine.corners * self.scale)
        spine = spine.moved(self._look(vertebra_poses(spine.corners))[0].corners)
        spine = self._carried_on(self._carried_on(spine, up=True), up=False)
        poses = vertebra_poses(spine.corners)
        plain, flipped = self._look(poses, both=True)
        differ = np.linalg.norm(plain.corners - flipped.corners, axis=2)
        heat = (plain.spread**2 + flipped.spread**2) / 2
        pitch = np.array([pose.pitch for pose in poses]).clip(1e-6)
        return Reading(
            spine=spine.moved((plain.corners + flipped.corners) / 2 / self.scale),
            presence=(plain.presence + flipped.presence) / 2,
            spread=np.sqrt(heat + (differ / 2) ** 2) / self.scale[0],
            unrest=float(np.median(differ / pitch[:, None])),
        )

    def _carried_on(self, spine: Spine, *, up: bool) -> Spine:
        """Add vertebrae beyond one end while levels are left there and the refiner sees one."""
        rows, columns = self.pixels.shape
        while (spine.levels[0] > 0) if up else (spine.levels[-1] < len(LEVELS) - 1):
            longer = spine.longer(up=up)
            end = 0 if up else -1
            x, y = longer.corners[end].mean(axis=0)
            if not (0 <= x < columns and 0 <= y < rows):
                break
            (seen,) = self._look([vertebra_poses(longer.corners)[end]])
            if seen.presence[0] < _SEEN:
                break
            longer.corners[end] = seen.corners[0]
            spine = longer
        return spine

    def _look(self, poses: Sequence[Pose], *, both: bool = False) -> list["_Look"]:
        """Read the vertebrae at these poses; with `both` a second time, in mirrored pictures."""
        inputs, frames = patches(self.pixels, poses, self.spec, pitch_px=self.pitch_px)
        pixel = np.array([pose.pitch for pose in poses])[:, None] / self.pitch_px
        looks = []
        for mirrored in (False, True) if both else (False,):
            pictures = np.ascontiguousarray(inputs[:, :, ::-1]) if mirrored else inputs
            points, spread, presence = (
                answer.astype(np.float64) for answer in self.run("refiner", pictures[:, None])
            )
            if mirrored:  # left and right corners change places
                points[..., 0] = self.spec.columns - points[..., 0]
                points, spread = points[:, [1, 0, 3, 2]], spread[:, [1, 0, 3, 2]]
            corners = [frame.to_film(p) for frame, p in zip(frames, points, strict=True)]
            looks.append(_Look(np.stack(corners), spread * pixel, 1 / (1 + np.exp(-presence))))
        return looks


class _Look(NamedTuple):
    """Corners (n, 4, 2), spread (n, 4) and presence (n,), in the pixels that the refiner reads."""

    corners: Points
    spread: Points
    presence: Points
