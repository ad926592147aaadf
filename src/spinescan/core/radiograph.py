"""A radiograph as SpineScan sees it: grey values, and what is known of their geometry."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spinescan.core.report import Notice

Side = Literal["left", "right"]


class View(StrEnum):
    """The projection of a film."""

    FRONTAL = "frontal"
    LATERAL = "lateral"
    OTHER = "other"


class SpacingOrigin(StrEnum):
    """Where a pixel spacing was measured (DICOM PS3.3 10.7.1.3)."""

    CALIBRATED = "calibrated"
    """In the patient: the spacing was corrected with an object of known size or by geometry."""
    DETECTOR = "detector"
    """At the detector: lengths are magnified by an unknown factor."""
    ESTIMATED = "estimated"
    """At the detector, divided by the header's estimated magnification."""
    UNKNOWN = "unknown"
    """No spacing, or one whose meaning the header does not tell."""


@dataclass(frozen=True, slots=True, eq=False)
class Radiograph:
    """One film, without any patient data from its header.

    Parameters
    ----------
    pixels
        float32 of shape (rows, columns) in [0, 1]; bright is dense (bone is bright). Made
        read-only.
    sha256
        Hexadecimal digest of the file's bytes.
    spacing_mm
        (row, column) distance of pixel centres in millimetres, or None; never guessed.
    spacing_origin
        Where `spacing_mm` was measured.
    pixel_aspect
        Height of a pixel divided by its width (row spacing / column spacing); 1 where nothing is
        known.
    declared_view
        The view that the header declares, or None. The answer of the view gate is in the Report.
    patient_left
        The side of the *picture* that shows the patient's left, as the header declares it, or None.
    burned_in
        Whether text is burned into the picture, as the header says, or None where it says nothing.
    notices
        What a reader of the film should know, for example burned-in text that the header admits.
    """

    pixels: NDArray[np.float32]
    sha256: str
    spacing_mm: tuple[float, float] | None = None
    spacing_origin: SpacingOrigin = SpacingOrigin.UNKNOWN
    pixel_aspect: float = 1.0
    declared_view: View | None = None
    patient_left: Side | None = None
    burned_in: bool | None = None
    notices: tuple[Notice, ...] = field(default=())

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.ndim != 2 or pixels.dtype != np.float32 or pixels.size == 0:
            raise ValueError(
                f"pixels must be float32 (rows, columns), got {pixels.dtype} {pixels.shape}"
            )
        low, high = float(pixels.min()), float(pixels.max())
        if not (low >= 0.0 and high <= 1.0):  # written so that NaN fails too
            raise ValueError(f"pixels must lie in [0, 1], got [{low}, {high}]")
        if not (np.isfinite(self.pixel_aspect) and self.pixel_aspect > 0):
            raise ValueError(f"pixel_aspect must be positive, got {self.pixel_aspect}")
        if self.spacing_mm is not None and not all(
            np.isfinite(s) and s > 0 for s in self.spacing_mm
        ):
            raise ValueError(f"spacing_mm must be positive, got {self.spacing_mm}")
        pixels.flags.writeable = False

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns)."""
        rows, columns = self.pixels.shape
        return rows, columns
