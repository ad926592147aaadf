"""Vertebrae in space: their sizes by level, their endplates and bodies.

World: the DICOM patient frame (LPS) in millimetres, x to the patient's left, y to the back, z to
the head; the origin is the middle of S1's superior endplate.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

CERVICAL = tuple(f"C{i}" for i in range(3, 8))

# Adult means in mm: superior endplate width and depth, inferior width and depth, body height, gap
# to the next body below. Endplates and heights after Panjabi et al. (Spine 1991;16:861,
# 1991;16:888, 1992;17:299), recalled; a gap is then set so that the distance to the next level is
# `PITCH_MM`.
_SIZES: dict[str, tuple[float, float, float, float, float, float]] = {
    "C3": (15.8, 15.0, 17.2, 15.6, 11.9, 4.5),
    "C4": (17.2, 15.3, 17.0, 15.9, 11.6, 4.6),
    "C5": (17.5, 15.2, 19.4, 17.9, 11.4, 4.7),
    "C6": (18.5, 16.4, 22.0, 18.5, 11.3, 4.8),
    "C7": (21.8, 18.1, 23.4, 16.8, 12.8, 4.6),
    "T1": (24.5, 18.5, 27.8, 19.7, 14.5, 4.2),
    "T2": (24.9, 19.6, 27.4, 21.6, 15.8, 3.9),
    "T3": (24.6, 22.7, 25.9, 23.3, 16.0, 3.6),
    "T4": (24.5, 23.3, 26.0, 24.5, 16.4, 3.6),
    "T5": (24.9, 24.3, 27.0, 25.8, 16.6, 3.8),
    "T6": (26.2, 26.0, 28.2, 26.9, 17.5, 4.0),
    "T7": (27.8, 27.4, 29.1, 28.5, 18.3, 4.3),
    "T8": (29.5, 27.9, 30.5, 29.4, 18.8, 4.7),
    "T9": (30.6, 29.3, 33.0, 31.0, 19.5, 5.2),
    "T10": (31.9, 30.5, 35.4, 31.6, 20.6, 5.8),
    "T11": (34.9, 31.9, 39.1, 31.8, 21.8, 6.6),
    "T12": (39.0, 32.8, 42.1, 33.4, 23.2, 7.4),
    "L1": (41.2, 34.1, 43.3, 35.3, 24.6, 8.4),
    "L2": (42.6, 34.6, 45.5, 34.9, 25.2, 9.6),
    "L3": (44.1, 35.2, 48.0, 34.8, 25.2, 10.6),
    "L4": (46.6, 35.5, 49.5, 33.9, 25.2, 11.0),
    "L5": (47.3, 34.7, 49.4, 33.2, 24.6, 10.2),
}

PITCH_MM: dict[str, float] = {
    "T1": 20.9,
    "T2": 21.1,
    "T3": 21.0,
    "T4": 21.6,
    "T5": 22.1,
    "T6": 22.6,
    "T7": 23.3,
    "T8": 24.0,
    "T9": 25.4,
    "T10": 27.3,
    "T11": 29.6,
    "T12": 32.4,
    "L1": 34.6,
    "L2": 35.8,
    "L3": 36.5,
    "L4": 36.3,
}
"""Mean distance from a body's centre to the next one below, in mm: 160 to 2,044 CT spines a level
(Buergin, Prevost, Stollenga, CC BY-SA 4.0; `benchmarks/spine_shape.py` measures it again).

The patients lay on their backs. Distances between neighbours hardly feel that; curvature does
(lordosis is some 13 degrees less than when standing), so the sagittal profile is not taken from
them.
"""

PITCH_SPREAD = 0.04
"""How much single distances vary between people, as a share, once their size is divided out."""

S1_SIZE = (50.0, 33.0)
"""Width and depth of the sacral endplate in mm."""


@dataclass(frozen=True, slots=True, eq=False)
class Endplate:
    """An elliptic disc in space: `across` points to the patient's left, `back` to the back."""

    centre: Vector
    across: Vector
    back: Vector
    half_width: float
    half_depth: float

    @property
    def normal(self) -> Vector:
        """Unit vector (3,) towards the head."""
        return np.cross(self.across, self.back)

    def rim(self, n: int = 48) -> Vector:
        """Points (n, 3) around the edge."""
        turn = np.linspace(0, 2 * np.pi, n, endpoint=False)[:, None]
        return (
            self.centre
            + self.half_width * np.cos(turn) * self.across
            + self.half_depth * np.sin(turn) * self.back
        )

    def moved(self, rotation: Vector, shift: Vector) -> Self:
        """The same disc after a rigid motion: rotation (3, 3), then shift (3,)."""
        return type(self)(
            rotation @ self.centre + shift,
            rotation @ self.across,
            rotation @ self.back,
            self.half_width,
            self.half_depth,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Vertebra:
    """A vertebral body between its two endplates."""

    level: str
    superior: Endplate
    inferior: Endplate
    has_ribs: bool = False

    @property
    def centre(self) -> Vector:
        """Middle (3,) between the endplates."""
        return (self.superior.centre + self.inferior.centre) / 2

    @property
    def height(self) -> float:
        """Distance between the endplates' middles in mm."""
        return float(np.linalg.norm(self.superior.centre - self.inferior.centre))

    @property
    def half_width(self) -> float:
        """Mean half width in mm."""
        return (self.superior.half_width + self.inferior.half_width) / 2

    @property
    def half_depth(self) -> float:
        """Mean half depth in mm."""
        return (self.superior.half_depth + self.inferior.half_depth) / 2

    @property
    def frame(self) -> Vector:
        """Rows (3, 3) of unit vectors: across (to the left), back, up; a right-handed frame."""
        up = (self.superior.centre - self.inferior.centre) / self.height
        across = self.superior.across + self.inferior.across
        across = across - up * (across @ up)
        across = across / np.linalg.norm(across)
        return np.stack([across, np.cross(up, across), up])

    def at(self, across: float, back: float, up: float) -> Vector:
        """The point (3,) that lies so many mm from the centre along the vertebra's own axes."""
        return self.centre + np.array([across, back, up]) @ self.frame

    def moved(self, rotation: Vector, shift: Vector) -> Self:
        """The same vertebra after a rigid motion."""
        return type(self)(
            self.level,
            self.superior.moved(rotation, shift),
            self.inferior.moved(rotation, shift),
            self.has_ribs,
        )


def level_names(lumbar: int = 5) -> tuple[str, ...]:
    """C3 down to the last lumbar vertebra of a person who has so many of them."""
    return (*CERVICAL, *(f"T{i}" for i in range(1, 13)), *(f"L{i}" for i in range(1, lumbar + 1)))


def sizes(levels: tuple[str, ...]) -> Vector:
    """Adult sizes (n, 6) in mm: superior width, depth, inferior width, depth, height, gap below.

    A sixth lumbar vertebra is as large as the fifth.
    """
    table = np.array([_SIZES.get(level, _SIZES["L5"]) for level in levels])
    for i, (level, lower) in enumerate(pairwise(levels)):
        if level in PITCH_MM and lower in _SIZES:
            pitch = table[i, 4] / 2 + table[i, 5] + table[i + 1, 4] / 2
            table[i, 5] += PITCH_MM[level] - pitch
    return table
