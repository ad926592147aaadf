"""Placing T1..L5 on a frontal film with two networks: find the spine, then read each vertebra.

The *finder* sees the whole film, small, and gives a heat map of vertebra centres, the level of each
and vectors to its corners; `decode` strings them on a chain. If the spine fills little of the film,
the finder looks again at the part around it. The *refiner* sees one vertebra at a time, upright and
at a fixed size, in the film's own resolution, and places the four corners to a fraction of a pixel
(the mean of a heat map each). It goes over the spine twice, the second time from its own corners,
and then also over the mirrored pictures: the mean of both looks is the answer, and how far they
differ says how sure it is.

The networks are called through `run`, so nothing here knows about onnxruntime.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import FRONTAL_CORNERS, Landmarks
from spinescan.core.radiograph import Radiograph
from spinescan.infer.bundle import Bundle
from spinescan.infer.decode import Spine, find_spine, vertebra_poses
from spinescan.infer.preprocess import Box, letterbox, patches

Floats = NDArray[np.float32]
Points = NDArray[np.float64]
Run = Callable[[str, Floats], list[Floats]]
"""Network name and input (n, 1, rows, columns) -> outputs."""

NETWORKS = ("finder", "refiner")
SETTINGS = (
    "pitch_px",
    "spread_factor",
    "least_heat",
    "least_presence",
    "least_levels",
    "most_unrest",
    "most_roughness",
)
"""What a frontal bundle's settings must name: the height of one level in the refiner's input, the
factor that calibrates spreads, and the limits of the gate."""

_CLOSER = 1.15
"""A second look pays when it enlarges the spine by at least so much."""


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
    first, _, _ = _refine(film, spine, bundle, run, mirrored=False)
    spine = spine.moved(first)
    plain, heat, presence = _refine(film, spine, bundle, run, mirrored=False)
    flipped, heat_flipped, presence_flipped = _refine(film, spine, bundle, run, mirrored=True)
    differ = np.linalg.norm(plain - flipped, axis=2)
    pitch = np.array([pose.pitch for pose in vertebra_poses(plain)]).clip(1e-6)
    return Reading(
        spine=spine.moved((plain + flipped) / 2),
        presence=(presence + presence_flipped) / 2,
        spread=np.sqrt((heat**2 + heat_flipped**2) / 2 + (differ / 2) ** 2),
        unrest=float(np.median(differ / pitch[:, None])),
    )


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


def _refine(
    film: Radiograph, spine: Spine, bundle: Bundle, run: Run, *, mirrored: bool
) -> tuple[Points, Points, Points]:
    """Corners (n, 4, 2), heat-map spread (n, 4), both in isotropic pixels, and presence (n,)."""
    poses = vertebra_poses(spine.corners)
    inputs, frames = patches(
        film.pixels,
        poses,
        bundle.networks["refiner"].input,
        pitch_px=bundle.settings["pitch_px"],
        pixel_aspect=film.pixel_aspect,
        mirrored=mirrored,
    )
    points, spread, presence = run("refiner", inputs[:, None])
    corners = np.stack(
        [frame.to_film(p.astype(np.float64)) for frame, p in zip(frames, points, strict=True)]
    )
    pixel = np.array([pose.pitch for pose in poses])[:, None] / bundle.settings["pitch_px"]
    if mirrored:  # left and right corners change places
        corners, spread = corners[:, [1, 0, 3, 2]], spread[:, [1, 0, 3, 2]]
    return (
        corners * np.array([1.0, film.pixel_aspect]),
        spread * pixel,
        1.0 / (1.0 + np.exp(-presence.astype(np.float64))),
    )
