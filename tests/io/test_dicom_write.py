"""Synthetic films as DICOM."""

import shutil
import subprocess
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread

from spinescan.core.radiograph import SpacingOrigin, View
from spinescan.io.dicom_write import SyntheticHeader, dicom_bytes
from spinescan.io.read import read_radiograph

HEADER = SyntheticHeader(seed=3, position="PA", spacing_mm=0.3721, sex="F", age_years=14)
DX = "1.2.840.10008.5.1.4.1.1.1.1"
SECONDARY = "1.2.840.10008.5.1.4.1.1.7"


def film(seed=0, rows=70, columns=66):
    return np.random.default_rng(seed).random((rows, columns), dtype=np.float32)


def header_of(header, pixels=None):
    return dcmread(BytesIO(dicom_bytes(film() if pixels is None else pixels, header)))


@given(
    st.integers(0, 2**53),
    st.floats(0.02, 9.0),
    st.sampled_from(["AP", "PA", "LL", "RL"]),
    st.booleans(),
)
@settings(max_examples=30)
def test_what_was_written_is_read_back(seed, spacing, position, inverted):
    header = replace(HEADER, seed=seed, spacing_mm=spacing, position=position, inverted=inverted)
    pixels = film(seed)
    radiograph = read_radiograph(dicom_bytes(pixels, header))
    assert np.abs(radiograph.pixels - pixels).max() <= 0.5001 / 4095
    assert radiograph.spacing_mm == pytest.approx((spacing, spacing), rel=1e-9)
    assert radiograph.spacing_origin is SpacingOrigin.DETECTOR
    frontal = position in ("AP", "PA")
    assert radiograph.declared_view is (View.FRONTAL if frontal else View.LATERAL)
    assert radiograph.patient_left == ("right" if frontal else None)
    assert [n.code for n in radiograph.notices] == (["polarity_conflict"] if inverted else [])


def test_black_and_white_stay_what_they_are():
    pixels = np.zeros((64, 64), np.float32)
    pixels[:, 32:] = 1
    assert np.array_equal(read_radiograph(dicom_bytes(pixels, HEADER)).pixels, pixels)


@pytest.mark.parametrize("spacing", [0.3, None])
def test_the_header_says_synthetic_and_names_nobody(spacing):
    told = header_of(replace(HEADER, spacing_mm=spacing))
    assert told.PatientName == "SYNTHETIC^PHANTOM"
    assert (told.QualityControlSubject, told.QualityControlImage) == ("YES", "YES")
    assert told.PatientIdentityRemoved == "YES"
    assert list(told.ImageType) == ["DERIVED", "SECONDARY"]
    for keyword in ("StudyDescription", "SeriesDescription", "ImageComments", "Manufacturer"):
        assert "synthetic" in told[keyword].value.lower(), keyword
    assert "phantom" in told.DerivationDescription
    for keyword in ("InstitutionName", "StationName", "OperatorsName", "AcquisitionDate"):
        assert keyword not in told
    assert told.StudyDate == told.PatientBirthDate == ""


def test_a_film_without_a_detector_is_a_secondary_capture_of_a_synthetic_image():
    told = header_of(replace(HEADER, spacing_mm=None))
    assert (told.SOPClassUID, told.Modality, told.ConversionType) == (SECONDARY, "OT", "SYN")
    assert "ImagerPixelSpacing" not in told
    assert read_radiograph(dicom_bytes(film(), replace(HEADER, spacing_mm=None))).spacing_mm is None


def test_a_film_at_a_detector_is_a_digital_radiograph():
    told = header_of(HEADER)
    assert (told.SOPClassUID, told.Modality) == (DX, "DX")
    assert [float(v) for v in told.ImagerPixelSpacing] == [0.3721, 0.3721]
    assert "PixelSpacing" not in told
    assert (told.ViewPosition, told.ViewCodeSequence[0].CodeValue) == ("PA", "272479007")


@pytest.mark.parametrize(("text", "says"), [(True, ["burned_in_annotation"]), (False, [])])
def test_burned_in_text_is_admitted(text, says):
    data = dicom_bytes(film(), replace(HEADER, text=text))
    assert [n.code for n in read_radiograph(data).notices] == says


def test_the_same_film_has_the_same_bytes_and_another_one_other_identifiers():
    assert dicom_bytes(film(), HEADER) == dicom_bytes(film(), HEADER)
    one = header_of(HEADER)
    lateral = header_of(replace(HEADER, position="LL"))
    other_pixels = header_of(HEADER, film(1))
    other_person = header_of(replace(HEADER, seed=4))
    instances = [d.SOPInstanceUID for d in (one, lateral, other_pixels, other_person)]
    assert len(set(instances)) == 4
    assert one.StudyInstanceUID == lateral.StudyInstanceUID != other_person.StudyInstanceUID
    assert one.SeriesInstanceUID != lateral.SeriesInstanceUID
    assert one.PatientID == lateral.PatientID != other_person.PatientID
    for uid in (*instances, one.StudyInstanceUID, one.SeriesInstanceUID):
        assert uid.is_valid
        assert uid.startswith("2.25.")
        assert len(uid) <= 64


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy (dicom3tools)")
@pytest.mark.parametrize("spacing", [0.3721, None])
@pytest.mark.parametrize("position", ["AP", "PA", "LL", "RL"])
def test_the_standard_is_kept(tmp_path, position, spacing):
    path = tmp_path / "film.dcm"
    header = replace(HEADER, position=position, spacing_mm=spacing, seed=2**53)
    path.write_bytes(dicom_bytes(film(), header))
    done = subprocess.run(["dciodvfy", path], capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if "DICOMDIR" not in line]
    assert complaints == ["SCImage" if spacing is None else "DXImageForPresentation"]
