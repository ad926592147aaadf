"""The overlay as a Secondary Capture Image (PS3.3 A.8.1) in the film's study."""

from datetime import datetime
from typing import Final

import numpy as np
from PIL.Image import Image
from pydicom import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from spinescan.core.report import RESEARCH_USE, Report
from spinescan.io.sr.header import PATIENT_AND_STUDY
from spinescan.io.sr.identity import MANUFACTURER, Identity
from spinescan.io.words import product, who_placed

SERIES_NUMBER: Final = 9902


def capture(header: Dataset, picture: Image, report: Report, written_at: datetime) -> Dataset:
    """The data set. Its pixels have other places and sizes than the film's: it has no spacing."""
    identity = Identity.of(header, report)
    made = Dataset()
    made.SOPClassUID = SecondaryCaptureImageStorage
    made.SOPInstanceUID = identity.instance("capture")
    for keyword in PATIENT_AND_STUDY:
        if keyword in header:
            setattr(made, keyword, header[keyword].value)
    made.SeriesInstanceUID = identity.series("capture")
    made.SeriesNumber, made.InstanceNumber = SERIES_NUMBER, 1
    made.SeriesDescription = "SpineScan overlay (research use only)"
    made.Modality, made.ConversionType = "OT", "WSD"
    made.Laterality = ""  # no paired part of the body, which some validators do not know
    made.Manufacturer = made.ManufacturerModelName = MANUFACTURER
    made.SoftwareVersions = product()
    made.SecondaryCaptureDeviceManufacturer = MANUFACTURER
    made.SecondaryCaptureDeviceManufacturerModelName = MANUFACTURER
    made.SecondaryCaptureDeviceSoftwareVersions = product()
    day, time = f"{written_at:%Y%m%d}", f"{written_at:%H%M%S}"
    made.InstanceCreationDate = made.ContentDate = made.DateOfSecondaryCapture = day
    made.InstanceCreationTime = made.ContentTime = made.TimeOfSecondaryCapture = time
    made.ContentQualification = "RESEARCH"
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.DerivationDescription = (
        f"The film with the answer of {product()} drawn on it, made larger or smaller."
        f" {who_placed(report)}"
    )[:1024]
    made.SourceImageSequence = [_source(header)]
    made.ImageComments = f"{RESEARCH_USE} Do not measure on this picture."
    made.PatientOrientation = header.get("PatientOrientation", [])
    if "BurnedInAnnotation" in header:
        made.BurnedInAnnotation = header.BurnedInAnnotation
    for keyword in (
        "LossyImageCompression",
        "LossyImageCompressionRatio",
        "LossyImageCompressionMethod",
    ):
        if keyword in header:
            setattr(made, keyword, header[keyword].value)
    _put_pixels(made, picture)
    return made


def _source(header: Dataset) -> Dataset:
    source, purpose = Dataset(), Dataset()
    source.ReferencedSOPClassUID = header.SOPClassUID
    source.ReferencedSOPInstanceUID = header.SOPInstanceUID
    purpose.CodeValue, purpose.CodingSchemeDesignator = "121322", "DCM"
    purpose.CodeMeaning = "Source image for image processing operation"
    source.PurposeOfReferenceCodeSequence = [purpose]
    return source


def _put_pixels(made: Dataset, picture: Image) -> None:
    pixels = np.asarray(picture.convert("RGB"))
    made.SamplesPerPixel, made.PhotometricInterpretation = 3, "RGB"
    made.PlanarConfiguration = 0
    made.Rows, made.Columns = pixels.shape[:2]
    made.BitsAllocated, made.BitsStored, made.HighBit = 8, 8, 7
    made.PixelRepresentation = 0
    data = pixels.tobytes()
    made.PixelData = data + b"\0" * (len(data) % 2)
    made["PixelData"].VR = "OB"
