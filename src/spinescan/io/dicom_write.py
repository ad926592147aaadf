"""Synthetic films as DICOM, with a header that says synthetic wherever the standard has a word.

A film with a spacing at the detector is a Digital X-Ray Image (for presentation): each of its
mandatory attributes can be told truly of a simulated exposure, and a program that is tested with it
gets the header that a radiography unit would write. A photograph of a film has no spacing at a
detector, which that object must have: it is a Secondary Capture, of conversion type SYN (synthetic
image).
"""

import hashlib
import uuid
from dataclasses import dataclass
from io import BytesIO
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)
from pydicom.valuerep import format_number_as_ds

from spinescan.io.words import product

Position = Literal["AP", "PA", "LL", "RL"]
"""View Position (PS3.3 C.8.1.1.1): from front, from behind, left and right side at the detector."""

BITS: Final = 12
_TOP: Final = 2**BITS - 1

_UID_NAMES: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "phantom.spinescan")

_VIEW_CODES: Final[dict[Position, tuple[str, str]]] = {
    "AP": ("399348003", "antero-posterior"),
    "PA": ("272479007", "postero-anterior"),
    "LL": ("399173006", "left lateral"),
    "RL": ("399198007", "right lateral"),
}
"""SNOMED CT, from CID 4010."""

# Where rows and columns lead to. A lateral film is looked at from the side of the detector.
_ORIENTATION: Final[dict[Position, list[str]]] = {
    "AP": ["L", "F"],
    "PA": ["L", "F"],
    "LL": ["P", "F"],
    "RL": ["A", "F"],
}

_SYNTHETIC: Final = "Synthetic radiograph of a computed phantom; there is no patient."


@dataclass(frozen=True, slots=True)
class SyntheticHeader:
    """What the header of a synthetic film tells.

    Parameters
    ----------
    seed
        Of the synthetic person: films of one seed are one patient's, in one study.
    position
        Frontal films show the patient's right on the picture's left; lateral ones are seen from the
        side at the detector.
    spacing_mm
        Side of a pixel at the detector, or None.
    text
        Whether text is burned into the picture.
    inverted
        Whether the picture shows dense parts dark.
    """

    seed: int
    position: Position
    spacing_mm: float | None
    sex: Literal["F", "M"]
    age_years: int
    text: bool = False
    inverted: bool = False


def dicom_bytes(pixels: NDArray[np.float32], header: SyntheticHeader) -> bytes:
    """A DICOM file (explicit VR little endian, MONOCHROME2, 12 bits) of a synthetic film.

    The same pixels and header give the same bytes, with the same unique identifiers, which are
    UUIDs under 2.25. No date is told, for nothing was acquired.

    Parameters
    ----------
    pixels
        float32 (rows, columns) in [0, 1].
    """
    stored = np.rint(pixels.astype(np.float64) * _TOP).astype("<u2")
    detector = header.spacing_mm is not None
    storage = DigitalXRayImageStorageForPresentation if detector else SecondaryCaptureImageStorage
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = storage
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    stream = BytesIO()
    film = FileDataset(stream, {}, file_meta=meta, preamble=b"\0" * 128)
    film.SOPClassUID = storage
    _tell_identity(film, header, stored)
    meta.MediaStorageSOPInstanceUID = film.SOPInstanceUID
    _tell_origin(film, header)
    _tell_pixels(film, stored)
    if header.spacing_mm is not None:
        _tell_exposure(film, header, header.spacing_mm)
    else:
        film.Modality, film.ConversionType = "OT", "SYN"
    film.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _tell_identity(film: Dataset, header: SyntheticHeader, stored: NDArray[np.uint16]) -> None:
    """Patient, study, series, instance."""
    film.PatientName = "SYNTHETIC^PHANTOM"
    film.PatientID = f"PHANTOM-{header.seed}"
    film.PatientBirthDate = ""
    film.PatientSex = header.sex
    film.PatientAge = f"{header.age_years:03d}Y"
    film.PatientIdentityRemoved = "YES"
    film.DeidentificationMethod = "Synthetic: there is no patient"
    film.QualityControlSubject = "YES"
    film.StudyInstanceUID = _uid("study", header.seed)
    film.StudyDate = film.StudyTime = ""
    film.StudyID = film.AccessionNumber = ""
    film.ReferringPhysicianName = ""
    film.StudyDescription = "SYNTHETIC spine phantom"
    film.SeriesInstanceUID = _uid("series", header.seed, header.position)
    film.SeriesNumber = film.InstanceNumber = 1
    view = _VIEW_CODES[header.position][1]
    film.SeriesDescription = f"SYNTHETIC spine phantom, {view}"
    digest = hashlib.sha256(stored.tobytes()).hexdigest()
    film.SOPInstanceUID = _uid("film", repr(header), stored.shape, digest)


def _tell_origin(film: Dataset, header: SyntheticHeader) -> None:
    """Equipment, and what the picture is."""
    film.Manufacturer = "SpineScan (synthetic)"
    film.ManufacturerModelName = "spine phantom"
    film.SoftwareVersions = product()
    film.ImageType = ["DERIVED", "SECONDARY"]
    film.DerivationDescription = "Computed from a mathematical phantom of the spine."
    film.ImageComments = f"{_SYNTHETIC} Research use only."
    film.QualityControlImage = "YES"
    film.BurnedInAnnotation = "YES" if header.text else "NO"
    film.LossyImageCompression = "00"
    film.PatientOrientation = _ORIENTATION[header.position]
    film.BodyPartExamined = "SPINE"


def _tell_pixels(film: Dataset, stored: NDArray[np.uint16]) -> None:
    film.SamplesPerPixel = 1
    film.PhotometricInterpretation = "MONOCHROME2"
    film.Rows, film.Columns = stored.shape
    film.BitsAllocated, film.BitsStored, film.HighBit = 16, BITS, BITS - 1
    film.PixelRepresentation = 0
    film.RescaleIntercept, film.RescaleSlope, film.RescaleType = 0, 1, "US"
    # From 0 to the highest value, exactly.
    film.WindowCenter, film.WindowWidth = _TOP / 2, _TOP
    film.VOILUTFunction = "LINEAR_EXACT"
    film.PresentationLUTShape = "IDENTITY"
    film.PixelData = stored.tobytes()


def _tell_exposure(film: Dataset, header: SyntheticHeader, spacing_mm: float) -> None:
    """The modules of Digital X-Ray (PS3.3 A.26.3)."""
    film.Modality = "DX"
    film.PresentationIntentType = "FOR PRESENTATION"
    film.ViewPosition = header.position
    film.ViewCodeSequence = [_code(*_VIEW_CODES[header.position])]
    film.ViewCodeSequence[0].ViewModifierCodeSequence = []
    film.AnatomicRegionSequence = [_code("421060004", "Spine")]
    film.ImageLaterality = "U"
    film.PixelIntensityRelationship = "LOG"
    # -1: a higher value is less X-ray.
    film.PixelIntensityRelationshipSign = 1 if header.inverted else -1
    side = format_number_as_ds(spacing_mm)
    film.ImagerPixelSpacing = [side, side]
    film.DetectorType = film.PositionerType = ""
    film.AcquisitionContextSequence = []


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return item


def _uid(*what: object) -> str:
    """A UID under 2.25 (PS3.5 B.2): a UUID that follows from what it names."""
    return f"2.25.{uuid.uuid5(_UID_NAMES, '/'.join(map(str, what))).int}"
