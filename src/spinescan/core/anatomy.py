"""Vertebral levels and the points that mark them on a film."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

LEVELS: tuple[str, ...] = (
    *(f"T{i}" for i in range(1, 13)),
    *(f"L{i}" for i in range(1, 6)),
)
"""The 17 levels that a frontal film is read at, from the head down."""

FRONTAL_CORNERS: tuple[str, ...] = (
    "superior_left",
    "superior_right",
    "inferior_left",
    "inferior_right",
)
"""Corners of a vertebral body on a frontal film; left and right are those of the *picture*."""

FRONTAL_NAMES: tuple[str, ...] = tuple(f"{v}_{c}" for v in LEVELS for c in FRONTAL_CORNERS)
"""The 68 point names of a frontal film, level by level."""

FRONTAL_POINTS: tuple[str, ...] = (
    "S1_left",
    "S1_right",
    "iliac_crest_left",
    "iliac_crest_right",
    "femoral_head_left",
    "femoral_head_right",
    "C7_centre",
)
"""What else a frontal film may show: the ends of the sacral endplate, the highest points of the
iliac crests, the centres of the femoral heads and of C7. Sides are those of the *picture*."""

LATERAL_CORNERS: tuple[str, ...] = (
    "superior_anterior",
    "superior_posterior",
    "inferior_anterior",
    "inferior_posterior",
)
"""Corners of a vertebral body on a lateral film; anterior is the patient's front."""

LATERAL_NAMES: tuple[str, ...] = tuple(f"{v}_{c}" for v in LEVELS for c in LATERAL_CORNERS)
"""The 68 names of a lateral film's vertebral corners, level by level."""

LATERAL_POINTS: tuple[str, ...] = (
    "S1_anterior",
    "S1_posterior",
    "femoral_head_left",
    "femoral_head_right",
    "C7_centre",
)
"""What else a lateral film may show: the ends of the sacral endplate, and the centres of the
femoral heads (left and right of the *picture*) and of C7."""


def lateral_name(name: str, *, faces_left: bool) -> str:
    """A point's name on a lateral film, from the one that tells the side of the *picture*.

    `T1_superior_left` is `T1_superior_anterior` where the patient looks to the picture's left. The
    femoral heads, which have no front, keep their names.
    """
    stem, _, side = name.rpartition("_")
    if side not in ("left", "right") or stem == "femoral_head":
        return name
    return f"{stem}_{'anterior' if (side == 'left') == faces_left else 'posterior'}"


Origin = Literal["machine", "edited", "derived"]


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Named points on one film. A point that is not visible is left out.

    Parameters
    ----------
    names
        n unique names, such as `T1_superior_left`.
    points_xy
        float64 (n, 2): x to the right, y down, in pixels of the film as read. (0, 0) is the
        top-left *corner* of the top-left pixel, as in DICOM SCOORD (PS3.3 C.18.6.1.1), so the
        centre of the first pixel is (0.5, 0.5).
    score
        float64 (n,) in [0, 1]: how sure the source is that the point is there.
    spread_px
        float64 (n,): standard deviation of the point's position in pixels, NaN where unknown.
    origin
        For each point, who placed it.
    pixel_aspect
        Height of a pixel divided by its width.
    levels_certain
        False when the level names are counted by habit rather than from what the film shows.
    """

    names: tuple[str, ...]
    points_xy: NDArray[np.float64]
    score: NDArray[np.float64]
    spread_px: NDArray[np.float64]
    origin: tuple[Origin, ...]
    pixel_aspect: float = 1.0
    levels_certain: bool = False

    def __post_init__(self) -> None:
        n = len(self.names)
        if len(set(self.names)) != n:
            raise ValueError("landmark names must be unique")
        if self.points_xy.shape != (n, 2):
            raise ValueError(f"points_xy must have shape ({n}, 2), got {self.points_xy.shape}")
        if self.score.shape != (n,) or self.spread_px.shape != (n,) or len(self.origin) != n:
            raise ValueError(f"score, spread_px and origin must have {n} entries")
        if not np.isfinite(self.points_xy).all():
            raise ValueError("points_xy must be finite; leave out what is not visible")
        if not ((self.score >= 0) & (self.score <= 1)).all():
            raise ValueError("score must lie in [0, 1]")
        if (self.spread_px < 0).any():
            raise ValueError("spread_px must not be negative")
        if not (np.isfinite(self.pixel_aspect) and self.pixel_aspect > 0):
            raise ValueError(f"pixel_aspect must be positive, got {self.pixel_aspect}")
        for array in (self.points_xy, self.score, self.spread_px):
            array.flags.writeable = False

    @classmethod
    def from_points(
        cls,
        names: Sequence[str],
        points_xy: Iterable[Sequence[float]] | NDArray[np.floating],
        *,
        origin: Origin = "machine",
        score: NDArray[np.floating] | None = None,
        spread_px: NDArray[np.floating] | None = None,
        pixel_aspect: float = 1.0,
        levels_certain: bool = False,
    ) -> Self:
        """Build from points of one origin; scores default to 1 and spreads to unknown."""
        points = np.array(points_xy, dtype=np.float64).reshape(-1, 2)
        n = len(names)
        return cls(
            names=tuple(names),
            points_xy=points,
            score=np.ones(n) if score is None else np.array(score, dtype=np.float64),
            spread_px=(
                np.full(n, np.nan) if spread_px is None else np.array(spread_px, dtype=np.float64)
            ),
            origin=(origin,) * n,
            pixel_aspect=pixel_aspect,
            levels_certain=levels_certain,
        )

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def isotropic(self) -> NDArray[np.float64]:
        """Points (n, 2) in units of a pixel's width, so that angles are true; measure on these."""
        return np.asarray(self.points_xy * np.array([1.0, self.pixel_aspect]))

    def frontal_corners(self) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """The levels whose four corners are all present, and their corners.

        Returns
        -------
        levels
            m level names from the head down.
        corners
            float64 (m, 4, 2), isotropic, in the order of `FRONTAL_CORNERS`.
        """
        return self._corners(FRONTAL_CORNERS)

    def lateral_corners(self) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """The same for a lateral film, in the order of `LATERAL_CORNERS`."""
        return self._corners(LATERAL_CORNERS)

    def _corners(self, corners: tuple[str, ...]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        levels, order = _rows_of_corners(self.names, corners)
        return levels, self.isotropic()[list(order)].reshape(len(levels), len(corners), 2)


@lru_cache(maxsize=64)
def _rows_of_corners(
    names: tuple[str, ...], corners: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The levels with all of these corners, and where among the names they stand."""
    index = {name: i for i, name in enumerate(names)}
    levels = tuple(level for level in LEVELS if all(f"{level}_{c}" in index for c in corners))
    return levels, tuple(index[f"{level}_{c}"] for level in levels for c in corners)
