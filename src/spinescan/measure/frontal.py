"""The vertebrae of one frontal film as geometry: centres, discs, tilts, widths."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spinescan.core.anatomy import LEVELS, Landmarks

LUMBAR = LEVELS[-5:]


@dataclass(frozen=True, slots=True, eq=False)
class FrontalSpine:
    """The vertebrae whose four corners are known, from the head down.

    Lengths are in widths of a pixel, x to the right and y down from the film's top-left corner.
    Tilts are in degrees, positive when the end on the picture's right lies lower.
    """

    levels: tuple[str, ...]
    centres_xy: NDArray[np.float64]
    """(m, 2): the means of the four corners."""
    endplates_xy: NDArray[np.float64]
    """(m, 2, 2): the middles of the superior and of the inferior endplate."""
    tilts_deg: NDArray[np.float64]
    """(m, 2): tilts of the superior and the inferior endplate to the picture's horizontal."""
    widths: NDArray[np.float64]
    """(m,): mean length of the two endplates."""
    _index: dict[str, int] = field(repr=False)

    @classmethod
    def from_landmarks(cls, landmarks: Landmarks) -> "FrontalSpine":
        """Build from a film's landmarks; a level that lacks a corner is left out."""
        levels, corners = landmarks.frontal_corners()
        left, right = corners[:, 0::2], corners[:, 1::2]
        along = right - left
        return cls(
            levels=levels,
            centres_xy=corners.mean(axis=1),
            endplates_xy=(left + right) / 2,
            tilts_deg=np.degrees(np.arctan2(along[..., 1], along[..., 0])),
            widths=np.hypot(along[..., 0], along[..., 1]).mean(axis=1),
            _index={level: i for i, level in enumerate(levels)},
        )

    def __contains__(self, level: str) -> bool:
        return level in self._index

    def index(self, level: str) -> int:
        """Row of a level; KeyError if it is not visible."""
        return self._index[level]

    def point_xy(self, name: str) -> NDArray[np.float64]:
        """Centre (2,) of a vertebra ("T8") or of a disc ("T11/T12"); KeyError if not visible.

        A disc's centre is the middle between the endplates that face it.
        """
        upper, _, lower = name.partition("/")
        if not lower:
            return np.asarray(self.centres_xy[self.index(upper)])
        above, below = self.endplates_xy[self.index(upper)], self.endplates_xy[self.index(lower)]
        return np.asarray((above[1] + below[0]) / 2)

    def tilt_deg(self, level: str) -> float:
        """Tilt of a vertebra: the mean of its two endplates."""
        superior, inferior = self.tilts_deg[self.index(level)].tolist()
        return float(superior + inferior) / 2

    @property
    def relative_tilts_deg(self) -> NDArray[np.float64]:
        """Tilts (m, 2) against the spine's own mean: no turn of the film wraps at 180 degrees."""
        angles = np.exp(1j * np.radians(self.tilts_deg))
        relative = np.degrees(np.angle(angles * np.conj(angles.sum())))
        # Equal tilts stay equal, so that a straight stretch belongs to no curve.
        return np.asarray(np.round(relative, 6))

    def lumbar_width(self) -> float | None:
        """Mean width of the visible lumbar vertebrae, or None if there is none (or it is zero)."""
        rows = [self.index(level) for level in LUMBAR if level in self]
        width = float(self.widths[rows].mean()) if rows else 0.0
        return width or None
