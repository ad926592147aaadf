"""How often a clinic does what to a film: chances and ranges."""

from dataclasses import dataclass, fields
from typing import Literal

Style = Literal["export", "long", "photo", "teaching"]
STYLES: tuple[Style, ...] = ("export", "long", "photo", "teaching")
Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicRecipe:
    """Chances (0 to 1) and ranges of what may happen to a film.

    The defaults follow what is seen in three public sets of frontal films, by eye and roundly.

    Attributes
    ----------
    export_weight, long_weight, photo_weight, teaching_weight
        How often, against each other: a clean export; a long film stitched from exposures; a
        photograph of a light-box or a screen; a teaching file's picture with lines and text.
    lead_marker_chance, typed_marker_chance
        A lead side letter on the film; else, one typed at the workstation.
    mirrored_chance, initials_chance
        Of lead letters: lying face down; with the technician's initials.
    ruler_chance
        A lead ruler on a long film; on others a quarter of it.
    grid_chance, shutter_chance, equalise_chance, invert_chance, crop_chance, border_chance
        Of any film.
    text_chance, scale_chance
        Of any film; a teaching file's picture always has text.
    lines_chance
        Cobb lines on a teaching file's picture; on a photograph half of it.
    screen_chance
        Of photographs: of a screen, not a light-box.
    coarsen_chance, jpeg_chance
        Of any film; a teaching file's picture is always stored as JPEG.
    turn_deg
        Standard deviation of the turn in the picture's plane.
    gamma_spread
        Standard deviation of the logarithm of gamma; a window near the full range goes with it.
    photo_share, coarsen_share, jpeg_quality
        From, to: the film's height as a share of the photograph's; what is left of the resolution;
        Pillow's quality.

    Raises
    ------
    ValueError
        A chance outside 0 to 1, a range that is not two rising numbers, a negative spread or
        weight, no style at all.
    """

    export_weight: float = 0.45
    long_weight: float = 0.2
    photo_weight: float = 0.2
    teaching_weight: float = 0.15
    lead_marker_chance: float = 0.45
    typed_marker_chance: float = 0.3
    mirrored_chance: float = 0.06
    initials_chance: float = 0.2
    ruler_chance: float = 0.25
    grid_chance: float = 0.08
    shutter_chance: float = 0.3
    equalise_chance: float = 0.25
    invert_chance: float = 0.03
    crop_chance: float = 0.3
    border_chance: float = 0.12
    text_chance: float = 0.3
    scale_chance: float = 0.2
    lines_chance: float = 0.6
    screen_chance: float = 0.4
    coarsen_chance: float = 0.15
    jpeg_chance: float = 0.5
    turn_deg: float = 1.5
    gamma_spread: float = 0.2
    photo_share: Range = (0.86, 1.03)
    coarsen_share: Range = (0.4, 0.8)
    jpeg_quality: Range = (35.0, 95.0)

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name.endswith("_chance") and not 0 <= value <= 1:
                raise ValueError(f"expected {field.name} from 0 to 1, got {value}")
            if isinstance(field.default, tuple):
                if not isinstance(value, tuple) or len(value) != 2 or not 0 < value[0] <= value[1]:
                    raise ValueError(f"expected {field.name} to rise from above 0, got {value}")
            elif value < 0:
                raise ValueError(f"expected {field.name} not to be negative, got {value}")
        if sum(self.weights()) <= 0:
            raise ValueError("expected at least one style with a positive weight")

    def weights(self) -> tuple[float, float, float, float]:
        """Weights in the order of STYLES."""
        return self.export_weight, self.long_weight, self.photo_weight, self.teaching_weight
