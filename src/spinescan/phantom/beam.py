"""The X-ray tube and the film: where a point in space appears on the picture.

A point source and a flat film. Picture points are (x, y) in pixels from the film's top-left corner.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinescan.phantom.vertebrae import Endplate, Vector

Facing = Literal["left", "right"]


@dataclass(frozen=True, slots=True, eq=False)
class Beam:
    """`source` (3,) and the film's top-left `corner` (3,) in mm; `right` and `down` (3,) are unit
    vectors along its rows and columns; `pixel_mm` is the side of a square pixel on the film.
    """

    source: Vector
    corner: Vector
    right: Vector
    down: Vector
    pixel_mm: float
    rows: int
    columns: int

    @classmethod
    def frontal(
        cls,
        centre_mm: Vector,
        size: tuple[int, int],
        pixel_mm: float,
        *,
        source_mm: float = 1800.0,
        film_mm: float = 200.0,
        anteroposterior: bool = False,
    ) -> "Beam":
        """A frontal film, the patient's right on the picture's left.

        Postero-anterior as is usual for scoliosis, or anteroposterior. `centre_mm` (3,) is the
        point that appears in the middle of the film; source and film lie `source_mm` and `film_mm`
        away from it.
        """
        towards = np.array([0.0, 1.0 if anteroposterior else -1.0, 0.0])
        right = np.array([1.0, 0.0, 0.0])
        return cls._aimed(centre_mm, towards, right, size, pixel_mm, source_mm, film_mm)

    @classmethod
    def lateral(
        cls,
        centre_mm: Vector,
        size: tuple[int, int],
        pixel_mm: float,
        *,
        source_mm: float = 1800.0,
        film_mm: float = 250.0,
        facing: Facing = "right",
    ) -> "Beam":
        """A lateral film; the patient looks to that side of the picture."""
        sign = 1.0 if facing == "right" else -1.0
        # Facing right, the viewer stands at the patient's right side: rays come out towards them.
        towards = np.array([-sign, 0.0, 0.0])
        right = np.array([0.0, -sign, 0.0])
        return cls._aimed(centre_mm, towards, right, size, pixel_mm, source_mm, film_mm)

    @classmethod
    def _aimed(
        cls,
        centre: Vector,
        towards: Vector,
        right: Vector,
        size: tuple[int, int],
        pixel_mm: float,
        source_mm: float,
        film_mm: float,
    ) -> "Beam":
        rows, columns = size
        down = np.array([0.0, 0.0, -1.0])
        middle = centre + towards * film_mm
        corner = middle - right * columns * pixel_mm / 2 - down * rows * pixel_mm / 2
        return cls(centre - towards * source_mm, corner, right, down, pixel_mm, rows, columns)

    @property
    def normal(self) -> Vector:
        """Unit vector (3,) from the source to the film, perpendicular to it."""
        across = np.cross(self.right, self.down)
        return across * np.sign(across @ (self.corner - self.source))

    @property
    def distance_mm(self) -> float:
        """From source to film."""
        return float((self.corner - self.source) @ self.normal)

    def magnification(self, points: Vector) -> Vector:
        """How much larger something appears on the film than it is: (...) for points (..., 3)."""
        return self.distance_mm / ((points - self.source) @ self.normal)

    def project(self, points: Vector) -> Vector:
        """Picture points (..., 2) in pixels of points in space (..., 3)."""
        ray = points - self.source
        hit = self.source - self.corner + ray * self.magnification(points)[..., None]
        return np.stack([hit @ self.right, hit @ self.down], axis=-1) / self.pixel_mm

    def pixel_centres(self, box: tuple[int, int, int, int]) -> Vector:
        """Places (rows, columns, 3) in space of the pixels in a box (x0, y0, x1, y1)."""
        x0, y0, x1, y1 = box
        x = (np.arange(x0, x1) + 0.5) * self.pixel_mm
        y = (np.arange(y0, y1) + 0.5) * self.pixel_mm
        return self.corner + x[None, :, None] * self.right + y[:, None, None] * self.down


def outline_ends(plate: Endplate, axis: Vector, beam: Beam) -> Vector:
    """The two points (2, 3) in space where an endplate's edge turns away from the beam.

    They are the corners of the body's outline on the film: the points of the rim that are touched
    by the two planes which hold the source and are parallel to the body's `axis` (3,).
    """
    x, y = _source_in_plate(plate, axis, beam)
    towards, half = np.arctan2(y, x), np.arccos(1 / np.hypot(x, y))
    angle = np.array([[towards - half], [towards + half]])
    rim = plate.half_width * np.cos(angle) * plate.across
    return np.asarray(plate.centre + rim + plate.half_depth * np.sin(angle) * plate.back)


def tilt_on_film_deg(plate: Endplate, axis: Vector, beam: Beam) -> float:
    """Tilt of an endplate's image against the film's rows, in (-90, 90], + if it falls rightwards.

    In closed form and without the corners: their chord is the polar of the source in the rim, and
    the plane through chord and source meets the film in the endplate's image.
    """
    x, y = _source_in_plate(plate, axis, beam)
    square = x * x + y * y
    a, b = plate.half_width * plate.across, plate.half_depth * plate.back
    foot = plate.centre + (x * a + y * b) / square
    chord = x * b - y * a
    across = np.cross(np.cross(foot - beam.source, chord), np.cross(beam.right, beam.down))
    along = across * (np.sign(across @ beam.right) or 1.0)
    return float(np.degrees(np.arctan2(along @ beam.down, along @ beam.right)))


def _source_in_plate(plate: Endplate, axis: Vector, beam: Beam) -> tuple[float, float]:
    """The source, moved along `axis` into the plate's plane, in units of the rim's half axes."""
    to_plate = plate.centre - beam.source
    place = axis * ((to_plate @ plate.normal) / (axis @ plate.normal)) - to_plate
    return (
        float(place @ plate.across) / plate.half_width,
        float(place @ plate.back) / plate.half_depth,
    )
