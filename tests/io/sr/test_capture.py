"""The overlay as a picture in the film's study."""

from datetime import datetime
from io import BytesIO

import numpy as np
import pytest
from dicom_films import HEADERS, JAPANESE, film_file, person
from PIL import Image
from pydicom import Dataset, dcmread

from spinescan.core.errors import ReadError, SpineScanError
from spinescan.core.report import RESEARCH_USE
from spinescan.io.read import read_radiograph
from spinescan.io.sr import is_own_result, render_capture
from spinescan.io.words import product
from tests.io.sr.reports import FILM, PIXELS, report

AT = datetime(2026, 1, 2, 3, 4, 5)
PICTURE = Image.fromarray(
    np.random.default_rng(2).integers(0, 255, (101, 77, 3), dtype=np.uint8), "RGB"
)


def capture(film: bytes = FILM, **changes: object) -> Dataset:
    told = report(**changes)
    return dcmread(BytesIO(render_capture(film, PICTURE, told, written_at=AT)))


def test_its_pixels_are_the_pictures() -> None:
    assert np.array_equal(capture().pixel_array, np.asarray(PICTURE))


def test_it_says_what_it_is_and_of_which_film() -> None:
    made, film = capture(), dcmread(BytesIO(FILM))
    assert list(made.ImageType) == ["DERIVED", "SECONDARY"]
    assert RESEARCH_USE in made.ImageComments
    assert product() in made.DerivationDescription
    assert "not edited by hand" in made.DerivationDescription
    assert "EDITED BY HAND" in capture(edited=True).DerivationDescription
    assert "research use only" in made.SeriesDescription
    assert made.ContentQualification == "RESEARCH"
    assert made.StudyInstanceUID == film.StudyInstanceUID
    assert made.SeriesInstanceUID != film.SeriesInstanceUID
    assert made.PatientName == film.PatientName
    (source,) = made.SourceImageSequence
    assert source.ReferencedSOPInstanceUID == film.SOPInstanceUID
    assert (made.ContentDate, made.ContentTime) == ("20260102", "030405")
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        assert keyword not in made  # nobody measures on it


@pytest.mark.parametrize(("said", "told"), [("YES", "YES"), ("NO", "NO"), ("", None), ("no", None)])
def test_it_claims_no_clean_picture_that_the_film_does_not_claim(
    said: str, told: str | None
) -> None:
    def change(header: Dataset) -> None:
        person(header)
        header.BurnedInAnnotation = said

    assert capture(film_file(PIXELS, change)).get("BurnedInAnnotation") == told


def test_it_tells_of_a_film_that_lost_something() -> None:
    made = capture(film_file(PIXELS, HEADERS["burned-in"]))
    assert made.LossyImageCompression == "01"
    assert made.LossyImageCompressionMethod == "ISO_10918_1"


def test_a_name_survives() -> None:
    assert str(capture(film_file(PIXELS, HEADERS["japanese"])).PatientName) == JAPANESE


def test_it_is_the_same_object_again_and_another_one_after_an_edit() -> None:
    assert capture().SOPInstanceUID == capture().SOPInstanceUID
    assert capture(timing_ms=7.0).SOPInstanceUID == capture().SOPInstanceUID
    assert capture(edited=True).SOPInstanceUID != capture().SOPInstanceUID


def test_it_is_another_object_once_the_patient_was_corrected() -> None:
    def change(header: Dataset) -> None:
        person(header)
        header.PatientID = "4712"

    assert capture(film_file(PIXELS, change)).SOPInstanceUID != capture().SOPInstanceUID


def test_no_film_scan_reads_it() -> None:
    assert is_own_result(capture())
    assert not is_own_result(dcmread(BytesIO(FILM)))
    data = render_capture(FILM, PICTURE, report(), written_at=AT)
    with pytest.raises(ReadError, match="SpineScan drew") as caught:
        read_radiograph(data)
    assert caught.value.kind == "unsupported"


def test_a_film_without_a_study_has_none() -> None:
    with pytest.raises(SpineScanError) as caught:
        capture(b"no film")
    assert caught.value.kind == "no_study"
