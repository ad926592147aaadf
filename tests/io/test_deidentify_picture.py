"""A de-identified film reads as before, and nothing hides beside its picture."""

import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)
from sample_files import LOSSLESS, LOSSY, NATIVE, base_files, dicom_bytes, film_values

from spinescan.core.errors import ReadError
from spinescan.infer.scanner import Scanner
from spinescan.io.deidentify import clean_film
from spinescan.io.read import read_radiograph
from spinescan.phantom.film import Order, draw_phantom, sample_film
from spinescan.phantom.record import image_bytes
from tests.io.planted import (
    DEEP,
    MARK,
    NAMES,
    check_same_film,
    clean,
    code,
    film_with,
    leaks,
    opened,
    saved,
)

pytest.importorskip("dicomanonymizer")


@pytest.mark.parametrize("syntax", [*NATIVE, *LOSSLESS, *LOSSY], ids=lambda uid: uid.name)
def test_every_encoding_is_kept(syntax: UID) -> None:
    data = dicom_bytes(DEEP, syntax, WindowCenter="2000", WindowWidth="3500")
    after = clean(data)
    assert b"Secret" not in after
    assert opened(after).file_meta.TransferSyntaxUID == syntax
    check_same_film(data, after)
    if syntax in NATIVE or syntax == RLELossless:
        one, other = opened(data), opened(after)
        if syntax in NATIVE:
            assert other.PixelData == one.PixelData
        else:
            frames = (get_frame(h.PixelData, 0, number_of_frames=1) for h in (one, other))
            assert len(set(frames)) == 1


def test_all_that_is_read_is_read_the_same() -> None:
    for name, data in base_files().items():
        if name != "float.tif":
            check_same_film(data, clean_film(data, pseudonyms=NAMES).data)


@pytest.mark.parametrize(
    "told",
    [
        {"PhotometricInterpretation": "MONOCHROME1"},
        {"PresentationLUTShape": "INVERSE"},
        {
            "RescaleSlope": "-1",
            "RescaleIntercept": "4095",
            "WindowCenter": "1500",
            "WindowWidth": "900",
        },
        {
            "WindowCenter": ["1500", "2000"],
            "WindowWidth": ["9E+2", "400"],
            "VOILUTFunction": "SIGMOID",
        },
        {"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 12},
        {"ImagerPixelSpacing": ["0.2", "0.1"], "PixelSpacing": ["0.2", "0.1"]},
        {"ImagerPixelSpacing": ["0.2", "0.2"], "EstimatedRadiographicMagnificationFactor": "1.1"},
        {"PixelSpacing": ["0.2", "0.2"], "PixelSpacingCalibrationType": "FIDUCIAL"},
        {"PixelAspectRatio": ["2", "1"]},
        {"NominalScannedPixelSpacing": ["0.17", "0.15"]},
        {"PatientOrientation": ["L", "F"], "ViewPosition": "PA", "ViewCodeSequence": [code()]},
        {"BurnedInAnnotation": "YES"},
    ],
    ids=lambda told: "+".join(told),
)
@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_what_the_reader_needs_stays(told: dict[str, Any], syntax: UID) -> None:
    data = dicom_bytes(DEEP, syntax, **told)
    check_same_film(data, clean(data))


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_grey_value_tables_stay(syntax: UID) -> None:
    lut = Dataset()
    lut.LUTDescriptor = [4096, 0, 16]
    lut.LUTData = np.linspace(65535, 0, 4096).astype("<u2").tobytes()
    lut["LUTData"].VR = "OW"
    lut.LUTExplanation = "made for Geheim^Name"
    for keyword in ("VOILUTSequence", "ModalityLUTSequence"):
        data = dicom_bytes(DEEP, syntax, **{keyword: [lut]})
        after = clean(data)
        check_same_film(data, after)
        assert leaks(after) == []


def test_bits_that_are_not_the_pictures_are_cleared() -> None:
    """Where old devices put overlays: above the 12 bits of the picture."""
    header = film_with()
    plain = header.PixelData
    values = np.frombuffer(plain, "<u2")
    header.PixelData = (values | 0x4000).astype("<u2").tobytes()
    header.add_new((0x6000, 0x0102), "US", 14)
    data = saved(header)
    after = clean(data)
    check_same_film(data, after)
    assert opened(after).PixelData == plain
    assert not any(element.tag.group == 0x6000 for element in opened(after))


def test_bytes_behind_the_pixels_are_cut_off() -> None:
    header = film_with()
    plain = header.PixelData
    header.PixelData = plain + MARK * 2
    with pytest.warns(UserWarning, match="excess padding"):
        opened(saved(header)).pixel_array  # noqa: B018 - other programs read it, and warn
    after = clean(header)
    assert opened(after).PixelData == plain


JPEG_COMMENT = b"\xff\xfe" + (len(MARK) + 2).to_bytes(2, "big") + MARK
J2K_COMMENT = b"\xff\x64" + (len(MARK) + 4).to_bytes(2, "big") + b"\0\1" + MARK


@pytest.mark.parametrize("tail", [b"", MARK])
@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, *LOSSLESS[:4], *LOSSY], ids=lambda u: u.name)
def test_comments_in_a_compressed_picture_are_gone(syntax: UID, tail: bytes) -> None:
    deep = syntax != JPEGBaseline8Bit
    values = DEEP if deep else film_values(bits=8)
    header = opened(dicom_bytes(values, syntax, bits=12 if deep else 8))
    plain = get_frame(header.PixelData, 0, number_of_frames=1)
    if plain.startswith(b"\xff\x4f"):
        at = 4 + int.from_bytes(plain[4:6], "big")  # behind the picture's size, which comes first
        frame = plain[:at] + J2K_COMMENT + plain[at:]
    else:
        frame = plain[:2] + JPEG_COMMENT + plain[2:]
    header.PixelData = encapsulate([frame + tail])
    header["PixelData"].is_undefined_length = True
    data = saved(header)
    after = clean(data)
    assert leaks(after) == []
    check_same_film(data, after)


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEG2000Lossless, LOSSLESS[2]])
def test_a_broken_compressed_picture_is_refused_or_kept_whole(syntax: UID) -> None:
    bits = 8 if syntax == JPEGBaseline8Bit else 12
    header = opened(dicom_bytes(film_values(bits=bits), syntax, bits=bits))
    frame = get_frame(header.PixelData, 0, number_of_frames=1)
    for length in range(0, len(frame), max(1, len(frame) // 40)):
        header.PixelData = encapsulate([frame[:length] or b"\0\0"])
        header["PixelData"].is_undefined_length = True
        with pytest.raises(ReadError):
            read_radiograph(clean(header))


def test_an_overlay_inside_compressed_pixels_is_refused() -> None:
    header = opened(dicom_bytes(DEEP, RLELossless))
    header.add_new((0x6002, 0x0102), "US", 14)
    with pytest.raises(ReadError, match="overlay") as caught:
        clean(header)
    assert caught.value.kind == "unsupported"


drawn = cache(sample_film)


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner.default()


@pytest.mark.parametrize("kind", ["film", "photograph", "lateral"])
@pytest.mark.slow
def test_a_scan_before_and_after_gives_the_same_report(kind: str, scanner: Scanner) -> None:
    phantom = drawn("lateral" if kind == "lateral" else "frontal")
    if kind == "photograph":
        phantom = replace(phantom, spacing_mm=None)
    data = image_bytes(phantom, "dicom")
    one, other = (
        replace(scanner.scan(read_radiograph(d)), sha256="", timing_ms=0.0)
        for d in (data, clean(data))
    )
    assert other.to_dict(None) == one.to_dict(None)
    assert one.landmarks is not None


# Against another program


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy (Debian: dicom3tools)")
@pytest.mark.parametrize("seed", range(3))
def test_a_validator_finds_no_new_error(seed: int, tmp_path: Path) -> None:
    order = Order(rows=320, clinic=None, view="lateral" if seed == 2 else "frontal")
    phantom = draw_phantom(order, seed)
    if seed == 1:
        phantom = replace(phantom, spacing_mm=None)  # a secondary capture
    header = opened(image_bytes(phantom, "dicom"))
    header.StudyDate, header.StudyTime, header.PatientBirthDate = "20240229", "0815", "20100101"
    header.SeriesDate = header.AcquisitionDate = header.ContentDate = "20240229"
    header.ReferringPhysicianName, header.AccessionNumber = "Doc^Tor", "A1"
    header.OperatorsName, header.InstitutionName, header.StationName = "Op^Er", "Klinik", "R1"
    header.ProtocolName, header.DetectorID = "spine", "D1"
    assert errors(saved(header), tmp_path) == []
    assert errors(clean(header), tmp_path) == []


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy (Debian: dicom3tools)")
@pytest.mark.parametrize(
    ("modality", "sop_class"),
    [
        ("CR", "1.2.840.10008.5.1.4.1.1.1"),
        ("RF", "1.2.840.10008.5.1.4.1.1.12.2"),
        ("XA", "1.2.840.10008.5.1.4.1.1.12.1"),
    ],
)
def test_other_films_gain_no_error(modality: str, sop_class: str, tmp_path: Path) -> None:
    header = film_with(SOPClassUID=sop_class, Modality=modality, **EXPOSURE)
    header.file_meta.MediaStorageSOPClassUID = sop_class
    before, after = (errors(data, tmp_path) for data in (saved(header), clean(header)))
    assert set(after) <= set(before)


DAY, HOUR = "20240229", "0815"
EXPOSURE: dict[str, Any] = {
    **dict.fromkeys(("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"), DAY),
    **dict.fromkeys(("StudyTime", "SeriesTime", "AcquisitionTime", "ContentTime"), HOUR),
    **dict.fromkeys(("StudyID", "AccessionNumber", "StationName", "DeviceSerialNumber"), "7"),
    **dict.fromkeys(("PlateID", "CassetteID", "ContrastBolusAgent", "ProtocolName"), "7"),
    **dict.fromkeys(("ReferringPhysicianName", "OperatorsName", "Manufacturer"), "Anna"),
    **{"PatientBirthDate": "20100101", "PatientSex": "F", "ImageLaterality": "U"},
    **{"ViewPosition": "AP", "BodyPartExamined": "LSPINE", "PatientOrientation": ["L", "F"]},
    **{"SeriesNumber": 1, "InstanceNumber": 1, "KVP": "80", "Exposure": 1, "ExposureTime": 10},
    **{"XRayTubeCurrent": 100, "DistanceSourceToDetector": "1800", "RadiationSetting": "GR"},
    **{"ImageType": ["ORIGINAL", "PRIMARY", "SINGLE PLANE"], "PixelIntensityRelationship": "LOG"},
    **{"PositionerPrimaryAngle": "0", "PositionerSecondaryAngle": "0", "TableHeight": "1"},
    **{"PositionerMotion": "STATIC", "RadiationMode": "PULSED", "LossyImageCompression": "00"},
    **{"AnatomicRegionSequence": [code()], "BurnedInAnnotation": "NO"},
}


def errors(data: bytes, folder: Path) -> list[str]:
    path = folder / "film.dcm"
    path.write_bytes(data)
    told = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    return [line for line in told.stderr.splitlines() if line.startswith("Error")]
