"""Placing T1..L5 on a film with two networks: find the spine, then read each vertebra.

The *finder* sees the whole film, small, and gives a heat map of vertebra centres, the level of each
and vectors to its corners; `decode` strings them on a chain. If the spine fills little of the film,
the finder looks again at the part around it. The *refiner* sees one vertebra at a time, upright and
at a fixed size, and places the four corners to a fraction of a pixel (the mean of a heat map each).
It goes over the spine twice, the second time from its own corners, and then also over the mirrored
pictures: the mean of both looks is the answer, and how far they differ says how sure it is. In
between, the ends of a chain that lacks levels are carried on for as long as the refiner sees a
vertebra there. The finder also gives the points of sacrum, pelvis and neck, the letters of the
patient's side and a few facts of the film; the names of the row are counted from sacrum, C7 and
ribs (`levels`). On a lateral film the refiner reads the sacral endplate as well. Until the points
get their last names, left and right are those of the picture (`views`).

The networks are called through `run`, so nothing here knows about onnxruntime.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import FRONTAL_CORNERS, FRONTAL_POINTS, LEVELS, Landmarks
from spinescan.core.radiograph import Radiograph, View
from spinescan.infer.bundle import Bundle
from spinescan.infer.decode import (
    LETTERS,
    Spine,
    find_points,
    find_spine,
    sacrum_pose,
    vertebra_poses,
)
from spinescan.infer.levels import Anchors, Naming, judge_names, named_by_witnesses
from spinescan.infer.preprocess import Box, Pose, letterbox, patches, square_pixels
from spinescan.infer.sacrum import lies_below
from spinescan.infer.views import view_of

Floats = NDArray[np.float32]
Points = NDArray[np.float64]
Run = Callable[[str, Floats], list[Floats]]
"""Network name and input (n, 1, rows, columns) -> outputs."""

_FIRST_LUMBAR = LEVELS.index("L1")
_S1 = [FRONTAL_POINTS.index(name) for name in ("S1_left", "S1_right")]
_UNREAD = np.full(len(FRONTAL_POINTS) + len(LETTERS), np.nan)
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
    marks
        What else the finder saw.
    naming
        Whether the level names are certain, and why not.
    """

    spine: Spine
    presence: Points
    spread: Points
    unrest: float
    marks: "Marks"
    naming: Naming

    @property
    def corners(self) -> Points:
        return self.spine.corners

    @property
    def score(self) -> Points:
        """How sure both networks are of each vertebra (n,), in [0, 1]."""
        return np.asarray(np.clip(self.spine.heat * self.presence, 0.0, 1.0))


class Marks(NamedTuple):
    """The finder's other answers.

    points
        (9, 2): `FRONTAL_POINTS`, then the letters L and R; isotropic pixels.
    score
        (9,) in [0, 1]: heat of each.
    pixel
        (9,): isotropic pixels for one pixel of the finder's input that each was found in.
    facts
        Probability of each of the view's facts.
    spread
        (9,): standard deviation of each as the refiner tells it, in isotropic pixels and not
        calibrated; NaN for what the finder alone has seen.
    """

    points: Points
    score: Points
    pixel: Points
    facts: dict[str, float]
    spread: Points = _UNREAD

    def seen(self, name: str, least: float) -> Points | None:
        """A point of `FRONTAL_POINTS` (2,), or None if its heat is below `least`."""
        k = FRONTAL_POINTS.index(name)
        return self.points[k] if self.score[k] >= least else None


def read_film(film: Radiograph, bundle: Bundle, run: Run) -> Reading | None:
    """The spine on a film of the bundle's view, or None where no row of vertebrae is seen."""
    spine, marks = _find(film, bundle, run, None)
    if spine is None:
        return None
    rows, columns = film.size
    box = _box_around(spine, film)
    if box[0] >= box[2] or box[1] >= box[3]:
        return None  # all of it beside the film
    whole = (0.0, 0.0, float(columns), rows * film.pixel_aspect)
    if _zoom(box, bundle) > _CLOSER * _zoom(whole, bundle):
        closer, near = _find(film, bundle, run, box)
        if closer is not None and len(closer.levels) >= len(spine.levels) - 1:
            spine = closer
        better = near.score > marks.score
        marks = marks._replace(
            points=np.where(better[:, None], near.points, marks.points),
            score=np.maximum(near.score, marks.score),
            pixel=np.where(better, near.pixel, marks.pixel),
        )
    anchors = _anchors(marks, bundle)
    spine = named_by_witnesses(spine, anchors)
    if len(spine.levels) < 2:
        return None
    reading = _Refiner(film, spine, bundle, run).read(spine, marks, anchors)
    if view_of(bundle.task).reads_sacrum:
        reading = _without_doubtful_end(reading, bundle.settings["least_last"])
        reading = replace(reading, marks=_plausible(reading.marks, reading.spine))
    return reading


def _anchors(marks: Marks, bundle: Bundle) -> Anchors:
    kind, least = view_of(bundle.task), bundle.settings["least_point"]
    left, right = (marks.seen(f"S1_{side}", least) for side in ("left", "right"))
    sacrum = None if left is None or right is None else (left + right) / 2
    return Anchors(sacrum, marks.seen("C7_centre", least), kind.to_sacrum, kind.to_c7)


def _plausible(marks: Marks, spine: Spine) -> Marks:
    """The marks, with the sacral endplate only if it lies where the one below L5 can."""
    if spine.names[-1] == LEVELS[-1] and lies_below(marks.points[_S1], spine.corners[-1]):
        return marks
    score = marks.score.copy()
    score[_S1] = 0.0
    return marks._replace(score=score)


def _without_doubtful_end(reading: Reading, least: float) -> Reading:
    """The reading without lowest vertebrae of a lower score: the sacrum is taken for them."""
    count = len(reading.score)
    while count > 2 and reading.score[count - 1] < least:
        count -= 1
    return replace(
        reading,
        spine=reading.spine.upper(count),
        presence=reading.presence[:count],
        spread=reading.spread[:count],
    )


def to_landmarks(reading: Reading, film: Radiograph, bundle: Bundle) -> Landmarks:
    """Named points in film pixels; the spreads are calibrated by the bundle's factor.

    Of sacrum, pelvis and neck those that were seen clearly enough.
    """
    kind, settings, marks = view_of(bundle.task), bundle.settings, reading.marks
    names = [f"{level}_{corner}" for level in reading.spine.names for corner in FRONTAL_CORNERS]
    seen = [
        k
        for k, name in enumerate(FRONTAL_POINTS)
        if name in kind.points and marks.score[k] >= settings["least_point"]
    ]
    names += [FRONTAL_POINTS[k] for k in seen]
    points = np.concatenate([reading.corners.reshape(-1, 2), marks.points[seen]])
    score = np.repeat(reading.score, len(FRONTAL_CORNERS))
    spread = reading.spread.ravel() * settings["spread_factor"]
    if kind.view is View.LATERAL:  # behind shoulders and ribs the refiner is too sure of itself
        thoracic = np.repeat(reading.spine.levels < _FIRST_LUMBAR, len(FRONTAL_CORNERS))
        spread = np.where(thoracic, settings["thoracic_factor"] * spread, spread)
    read, found = marks.spread[seen], settings["point_spread_px"] * marks.pixel[seen]
    found = np.where(np.isfinite(read), settings["spread_factor"] * read, found)
    faces_left = marks.facts.get("faces_left", 1.0) >= 0.5
    return Landmarks.from_points(
        [kind.name(name, faces_left=faces_left) for name in names],
        points / [1.0, film.pixel_aspect],
        score=np.concatenate([score, marks.score[seen]]),
        spread_px=np.concatenate([spread, found]),
        pixel_aspect=film.pixel_aspect,
        levels_certain=reading.naming.certain,
    )


def _find(
    film: Radiograph, bundle: Bundle, run: Run, box: Box | None
) -> tuple[Spine | None, Marks]:
    """Run the finder on the part of the film in `box`; both it and the answer are isotropic."""
    aspect = film.pixel_aspect
    if box is not None:
        box = (box[0], box[1] / aspect, box[2], box[3] / aspect)
    spec = bundle.networks["finder"].input
    picture, frame = letterbox(film.pixels, spec, box=box, pixel_aspect=aspect)
    maps, facts = (answer[0] for answer in run("finder", picture[None, None]))
    spine = find_spine(maps)
    if spine is not None:
        spine = spine.moved(frame.to_film(spine.corners) * [1.0, aspect])
    points, score = find_points(maps)
    chances = 1 / (1 + np.exp(-facts.astype(np.float64)))
    told = dict(zip(view_of(bundle.task).facts, chances.tolist(), strict=True))
    pixel = np.full(len(score), float(frame.matrix[0, 0]))
    return spine, Marks(frame.to_film(points) * [1.0, aspect], score, pixel, told)


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
        self.least_point = bundle.settings["least_point"]
        self.reads_sacrum = view_of(bundle.task).reads_sacrum
        self.run = run
        pitch = float(np.median([pose.pitch for pose in vertebra_poses(spine.corners)]))
        self.pixels = square_pixels(
            film.pixels, scale=_DETAIL * self.pitch_px / pitch, pixel_aspect=film.pixel_aspect
        )
        rows, columns = film.size
        copied_rows, copied_columns = self.pixels.shape
        # Both sides of the copy were rounded to whole pixels; follow each side's own scale.
        self.scale = np.array([copied_columns / columns, copied_rows / (rows * film.pixel_aspect)])

    def read(self, spine: Spine, marks: Marks, anchors: Anchors) -> Reading:
        """Refine a spine given in isotropic film pixels, and answer in the same."""
        spine = spine.moved(spine.corners * self.scale)
        spine = spine.moved(self._look(vertebra_poses(spine.corners))[0].corners)
        spine = self._carried_on(self._carried_on(spine, up=True), up=False)
        poses = vertebra_poses(spine.corners)
        plain, flipped = self._look(poses, both=True)
        differ = np.linalg.norm(plain.corners - flipped.corners, axis=2)
        heat = (plain.spread**2 + flipped.spread**2) / 2
        pitch = np.array([pose.pitch for pose in poses]).clip(1e-6)
        spine = spine.moved((plain.corners + flipped.corners) / 2 / self.scale)
        return Reading(
            spine=spine,
            presence=(plain.presence + flipped.presence) / 2,
            spread=np.sqrt(heat + (differ / 2) ** 2) / self.scale[0],
            unrest=float(np.median(differ / pitch[:, None])),
            marks=self._with_sacrum(marks) if self.reads_sacrum else marks,
            naming=judge_names(spine, anchors),
        )

    def _with_sacrum(self, marks: Marks) -> Marks:
        """Read the sacral endplate, if the finder has seen it, like a vertebra's upper one."""
        if marks.score[_S1].min() < self.least_point:
            return marks
        ends = marks.points[_S1] * self.scale
        if (ends[0] == ends[1]).all():
            return marks
        (first,) = self._look([sacrum_pose(*ends)])
        plain, flipped = self._look([sacrum_pose(*first.corners[0, :2])], both=True)
        ends = (plain.corners[0, :2] + flipped.corners[0, :2]) / 2
        differ = np.linalg.norm(plain.corners[0, :2] - flipped.corners[0, :2], axis=1)
        heat = (plain.spread[0, :2] ** 2 + flipped.spread[0, :2] ** 2) / 2
        points, spread = marks.points.copy(), marks.spread.copy()
        points[_S1] = ends / self.scale
        spread[_S1] = np.sqrt(heat + (differ / 2) ** 2) / self.scale[0]
        return marks._replace(points=points, spread=spread)

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
