"""A film's file without its patient reads as the same film."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import UID, ExplicitVRLittleEndian
from sample_files import LOSSLESS, LOSSY, NATIVE, dicom_bytes, film_values, picture_bytes

from spinescan.core.errors import ReadError
from spinescan.io.dicom_strip import KEPT, KEPT_OF_ITEMS, without_patient
from spinescan.io.read import ReadLimits, read_radiograph

LIMITS = ReadLimits()
DEEP = film_values(bits=12)

LUT = Dataset()
LUT.LUTDescriptor = [4096, 0, 16]
LUT.LUTData = np.linspace(65535, 0, 4096).astype("<u2").tobytes()
LUT.LUTExplanation = "made for Secret^Name"
CODE = Dataset()
CODE.CodeValue, CODE.CodingSchemeDesignator = "399348003", "SCT"
CODE.CodeMeaning = "antero-posterior"

HEADERS = [
    {},
    {"PhotometricInterpretation": "MONOCHROME1"},
    {"PresentationLUTShape": "INVERSE"},
    {
        "RescaleSlope": "-1",
        "RescaleIntercept": "4095",
        "WindowCenter": "1500",
        "WindowWidth": "900",
    },
    {"WindowCenter": ["1500", "2000"], "WindowWidth": ["900", "400"], "VOILUTFunction": "SIGMOID"},
    {"VOILUTSequence": [LUT]},
    {"ModalityLUTSequence": [LUT]},
    {"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 12},
    {"ImagerPixelSpacing": ["0.2", "0.1"], "PixelSpacing": ["0.2", "0.1"]},
    {"ImagerPixelSpacing": ["0.2", "0.2"], "EstimatedRadiographicMagnificationFactor": "1.1"},
    {"PixelSpacing": ["0.2", "0.2"], "PixelSpacingCalibrationType": "FIDUCIAL"},
    {"PixelAspectRatio": ["2", "1"]},
    {"NominalScannedPixelSpacing": ["0.17", "0.15"]},
    {"PatientOrientation": ["L", "F"], "ViewPosition": "PA", "ViewCodeSequence": [CODE]},
    {"ViewPosition": "LL", "AnatomicalOrientationType": "BIPED"},
    {"BurnedInAnnotation": "YES"},
]


def check(data: bytes) -> bytes:
    """The stripped file, which reads as the same film."""
    stripped = without_patient(data, LIMITS)
    before, after = (read_radiograph(one) for one in (data, stripped))
    np.testing.assert_array_equal(after.pixels, before.pixels)
    for name in ("spacing_mm", "spacing_origin", "pixel_aspect", "declared_view", "patient_left"):
        assert getattr(after, name) == getattr(before, name), name
    assert after.notices == before.notices
    return stripped


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: "+".join(header) or "plain")
def test_what_is_read_stays_and_the_patient_goes(header: dict[str, object]) -> None:
    data = dicom_bytes(DEEP, **header)
    assert b"Secret" in data
    stripped = check(data)
    assert b"Secret" not in stripped
    assert b"SECRET" not in stripped


@pytest.mark.parametrize("syntax", [*NATIVE, *LOSSLESS, *LOSSY], ids=lambda uid: uid.name)
def test_every_encoding_is_kept(syntax: UID) -> None:
    assert b"Secret" not in check(dicom_bytes(DEEP, syntax))


def test_only_what_is_named_is_in_the_file() -> None:
    header = dcmread(BytesIO(without_patient(dicom_bytes(DEEP, ViewCodeSequence=[CODE]), LIMITS)))
    assert {e.keyword for e in header} <= {*KEPT, *KEPT_OF_ITEMS, "SOPInstanceUID"}
    assert header.file_meta.MediaStorageSOPInstanceUID == header.SOPInstanceUID


def test_identifiers_are_made_anew_and_equal_films_stay_equal() -> None:
    data = dicom_bytes(DEEP, SOPInstanceUID="1.2.3.4")
    stripped = without_patient(data, LIMITS)
    assert b"1.2.3.4\0" not in stripped
    assert without_patient(dicom_bytes(DEEP, SOPInstanceUID="1.2.3.5"), LIMITS) == stripped
    assert without_patient(stripped, LIMITS) == stripped


def test_a_file_of_a_real_device() -> None:
    folder = Path(pydicom.data.__file__).parent / "test_files"
    readable = 0
    for path in sorted(folder.glob("*.dcm")):
        data = path.read_bytes()
        try:
            read_radiograph(data)
        except ReadError:
            continue
        check(data)
        readable += 1
    assert readable > 0


def test_other_formats_stay_as_they_are() -> None:
    data = picture_bytes(film_values(bits=8), "PNG")
    assert without_patient(data, LIMITS) == data


def test_what_is_no_film_is_refused() -> None:
    with pytest.raises(ReadError):
        without_patient(b"nothing", LIMITS)
    header = dcmread(BytesIO(dicom_bytes(DEEP)))
    del header.PixelData
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    out = BytesIO()
    header.save_as(out)
    with pytest.raises(ReadError):
        without_patient(out.getvalue(), LIMITS)
