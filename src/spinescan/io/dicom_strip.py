"""A film without its header's patient: what is read of a DICOM file, and nothing else.

For films that are kept here, in cases. A film that goes elsewhere, and has to stay a complete DICOM
object among the others of its study, is the business of `io.deidentify`.
"""

import hashlib
from io import BytesIO
from typing import Final

from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, SecondaryCaptureImageStorage

from spinescan.core.errors import ReadError
from spinescan.io.dicom import inflated
from spinescan.io.dicom_decode import transfer_syntax
from spinescan.io.limits import ReadLimits
from spinescan.io.quiet import quiet
from spinescan.io.sniff import require_film_format

KEPT: Final = (
    # what kind of picture it is
    "SOPClassUID",
    "Modality",
    "NumberOfFrames",
    "BurnedInAnnotation",
    # the picture
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelData",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RedPaletteColorLookupTableDescriptor",
    "GreenPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableDescriptor",
    "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableData",
    # its grey values
    "PixelIntensityRelationship",
    "PixelIntensityRelationshipSign",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "PresentationLUTShape",
    # its geometry
    "PixelSpacing",
    "PixelSpacingCalibrationType",
    "ImagerPixelSpacing",
    "NominalScannedPixelSpacing",
    "PixelAspectRatio",
    "EstimatedRadiographicMagnificationFactor",
    # how the patient stood
    "ViewPosition",
    "PatientOrientation",
    "AnatomicalOrientationType",
)
KEPT_OF_ITEMS: Final = {
    "ModalityLUTSequence": ("LUTDescriptor", "LUTData", "ModalityLUTType"),
    "VOILUTSequence": ("LUTDescriptor", "LUTData"),
    "ViewCodeSequence": ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"),
}
"""Of sequences; texts that a person may have typed stay out."""

_UID_ROOT: Final = "2.25."


def without_patient(data: bytes, limits: ReadLimits) -> bytes:
    """A film's file with the same picture, geometry and orientation, and no word of the patient.

    Of a DICOM file only the elements named here are kept; identifiers are made anew from the
    picture, so equal films stay equal. Files of other formats come back as they are: they seldom
    name anybody. Text that is burned into the picture stays.

    Raises
    ------
    ReadError
        If it is no film, or above the limits.
    """
    if require_film_format(data) != "DICOM":
        return data
    with quiet():
        return _stripped(data, limits)


def _stripped(data: bytes, limits: ReadLimits) -> bytes:
    header = dcmread(BytesIO(inflated(data, limits)), force=True)
    if "PixelData" not in header:
        raise ReadError("a DICOM file without a picture in it", kind="not_an_image")
    kept = _only(header, KEPT)
    for keyword, inner in KEPT_OF_ITEMS.items():
        if header.get(keyword):
            setattr(kept, keyword, [_only(item, inner) for item in header[keyword].value])
    digest = hashlib.sha256(header.PixelData).digest()
    kept.SOPInstanceUID = UID(_UID_ROOT + str(int.from_bytes(digest[:16], "big")))
    kept.SOPClassUID = header.get("SOPClassUID") or SecondaryCaptureImageStorage
    kept.file_meta = FileMetaDataset()
    kept.file_meta.MediaStorageSOPClassUID = kept.SOPClassUID
    kept.file_meta.MediaStorageSOPInstanceUID = kept.SOPInstanceUID
    kept.file_meta.TransferSyntaxUID = transfer_syntax(header)
    out = BytesIO()
    dcmwrite(out, kept, enforce_file_format=True)
    return out.getvalue()


def _only(item: Dataset, keywords: tuple[str, ...]) -> Dataset:
    kept = Dataset()
    for keyword in keywords:
        if keyword in item:
            kept.add(item[keyword])
    return kept
