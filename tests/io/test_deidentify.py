"""Nothing of the patient is left in a de-identified file."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.datadict import DicomDictionary
from pydicom.tag import BaseTag, Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from sample_files import NATIVE, base_files

from spinescan.core.errors import ReadError
from spinescan.io.deidentify import Pseudonyms, clean_film, deidentified
from spinescan.io.deidentify.profile import TABLE
from spinescan.io.limits import ReadLimits
from tests.io.planted import (
    MARK,
    NAMES,
    check_same_film,
    clean,
    code,
    film_with,
    leaks,
    opened,
    plant,
    saved,
    vr_of,
)

library = pytest.importorskip("dicomanonymizer.simpledicomanonymizer")

LITTLE = [syntax for syntax in NATIVE if syntax.is_little_endian]
TABLE_TAGS = [Tag(*tag) for tag in library.initialize_actions(TABLE) if len(tag) == 2]

# The table of the standard


def test_the_table_is_as_long_as_the_standards() -> None:
    assert len(TABLE_TAGS) > 600
    assert {Tag("PatientID"), Tag("InstitutionName"), Tag("StudyDate")} <= set(TABLE_TAGS)


@pytest.mark.parametrize("syntax", LITTLE, ids=lambda uid: uid.name)
@pytest.mark.parametrize("place", ["top", "nested", "deep", "private"])
def test_every_attribute_of_the_table_is_gone(place: str, syntax: UID) -> None:
    header = film_with(syntax, ViewCodeSequence=[code()])
    implicit = syntax == ImplicitVRLittleEndian
    target = header
    if place == "nested":
        target = header.ViewCodeSequence[0]
    elif place == "deep":
        inner = Dataset()
        inner.AnatomicRegionModifierSequence = [code()]
        header.ViewCodeSequence[0].ViewModifierCodeSequence = [inner]
        target = inner.AnatomicRegionModifierSequence[0]
    elif place == "private":
        target = Dataset()
        header.private_block(0x0029, "GEHEIM^MARK", create=True).add_new(0x10, "SQ", [target])
    for tag in TABLE_TAGS:
        if tag.group > 0x0007:
            plant(target, tag, vr_of(tag), implicit=implicit)
    before = saved(header)
    assert b"Geheim" in before or syntax == DeflatedExplicitVRLittleEndian
    after = clean(before)
    assert leaks(after) == []
    check_same_film(before, after)
    kept = opened(after)
    assert kept.file_meta.TransferSyntaxUID == syntax
    if place != "top":
        assert "ViewCodeSequence" in kept
    assert "AcquisitionContextSequence" not in kept or not kept.AcquisitionContextSequence


PLACES = st.sampled_from(("top", "nested", "private", "unlisted"))
TAGS = st.one_of(
    st.sampled_from(TABLE_TAGS),
    st.sampled_from(sorted(DicomDictionary)).map(Tag),
    st.tuples(st.integers(0x0008, 0x7FDF), st.integers(1, 0xFFFF)).map(lambda t: Tag(*t)),
    st.tuples(
        st.integers(0, 0x0F).map(lambda n: 0x5000 + 2 * n) | st.just(0x6000) | st.just(0x6002),
        st.sampled_from((0x0010, 0x0022, 0x1500, 0x3000, 0x4000, 0x2500)),
    ).map(lambda t: Tag(*t)),
)
KINDS = st.sampled_from(("", "LO", "LT", "UN", "OB", "PN", "CS", "DS", "UT", "ST", "SH"))
SPARED = (Tag("SpecificCharacterSet"), Tag("PixelData"), Tag(0x0029, 0x1010))
"""What pydicom itself writes by, the picture, and the sequence of a place."""


@given(
    plants=st.lists(st.tuples(PLACES, TAGS, KINDS), min_size=1, max_size=8),
    syntax=st.sampled_from(LITTLE),
    preamble=st.booleans(),
    tail=st.sampled_from((b"", MARK, b"\0" * 10 + MARK * 20)),
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_what_is_planted_anywhere_is_gone(
    plants: list[tuple[str, BaseTag, str]], syntax: UID, preamble: bool, tail: bytes
) -> None:
    """Any element, known or not, of its own or another representation, at any place.

    Digits are planted where dates belong, only: a code or a number may be any.
    """
    header = film_with(syntax, ViewCodeSequence=[code()])
    header.preamble = (MARK * 5)[:128] if preamble else b"\0" * 128
    header.file_meta.SourceApplicationEntityTitle = "GEHEIM^MARK"
    header.file_meta.PrivateInformationCreatorUID = "1.2.73.1105.7"
    header.file_meta.PrivateInformation = MARK
    private = Dataset()
    header.private_block(0x0029, "GEHEIM^MARK", create=True).add_new(0x10, "SQ", [private])
    unlisted = Dataset()
    header.AnatomicRegionSequence = [unlisted]
    targets = {
        "top": header,
        "nested": header.ViewCodeSequence[0],
        "private": private,
        "unlisted": unlisted,
    }
    for place, tag, kind in plants:
        if tag.group <= 0x0007 or tag.element == 0 or tag in SPARED:
            continue
        plant(targets[place], tag, kind or vr_of(tag), implicit=syntax == ImplicitVRLittleEndian)
    data = saved(header) + tail
    try:
        after = clean(data)
    except ReadError:  # what was planted took the place of what a film needs
        event("refused")
        return
    event("cleaned")
    assert leaks(after) == []


@pytest.mark.parametrize("tail", [MARK, b"\0" * 10 + MARK * 20, b"\xfc\xff\xfc\xff" + MARK * 3])
def test_bytes_behind_the_data_set_are_gone(tail: bytes) -> None:
    data = saved(film_with()) + tail
    after = clean(data)
    assert leaks(after) == []
    check_same_film(data, after)


def test_the_preamble_and_the_file_meta_information_are_made_anew() -> None:
    header = film_with()
    header.preamble = (MARK * 5)[:128]
    header.file_meta.SourceApplicationEntityTitle = "GEHEIM^MARK"
    header.file_meta.ImplementationVersionName = "GEHEIM^MARK"
    after = clean(header)
    assert after[:128] == b"\0" * 128
    assert leaks(after) == []
    meta = opened(after).file_meta
    assert meta.MediaStorageSOPInstanceUID == opened(after).SOPInstanceUID != "1.2.3.4.5"


@pytest.mark.parametrize(("charset", "codec"), [("ISO_IR 192", "utf-8"), ("ISO_IR 100", "latin-1")])
def test_names_in_other_alphabets_are_gone(charset: str, codec: str) -> None:
    name, place = "Müßig^Ægidius", "Klinik Düsternbrøk"
    header = film_with(SpecificCharacterSet=charset)
    header.PatientName, header.InstitutionName, header.Manufacturer = name, place, place
    data = saved(header)
    assert name.encode(codec) in data
    after = clean(data)
    for word in ("Müßig", "Ægidius", "Klinik", "sternbr"):
        assert word.encode(codec) not in after
    assert opened(after).Manufacturer == ""  # mandatory (type 2), so not taken away
    assert "SpecificCharacterSet" not in opened(after)


@pytest.mark.parametrize("wrong", [b"GEHEIM^MAR", b"\\\\\\Geheim ", b"\xff\xfeGeheim^"])
def test_a_character_set_that_is_none_is_gone(wrong: bytes) -> None:
    data = saved(film_with(SpecificCharacterSet="ISO_IR 100", PatientName="Geheim^Mark"))
    data = data.replace(b"ISO_IR 100", wrong[:10].ljust(10))
    assert leaks(clean(data)) == []


def test_dates_and_ages_are_gone() -> None:
    told = {"StudyDate": "20240229", "StudyTime": "081500", "PatientBirthDate": "20100101"}
    told |= {
        "AcquisitionDateTime": "20240229081500",
        "PatientAge": "014Y",
        "ContentDate": "20240229",
    }
    after = opened(clean(film_with(**told)))
    dates = [element for element in after.iterall() if element.VR in ("DA", "TM", "DT", "AS")]
    assert all(element.is_empty for element in dates)
    assert {"StudyDate", "StudyTime", "PatientBirthDate"} <= {element.keyword for element in dates}
    assert after.LongitudinalTemporalInformationModified == "REMOVED"


def test_the_file_says_what_was_done() -> None:
    after = opened(clean(film_with(BurnedInAnnotation="YES")))
    assert after.PatientIdentityRemoved == "YES"
    assert "PS3.15" in after.DeidentificationMethod
    (method,) = after.DeidentificationMethodCodeSequence
    assert (method.CodeValue, method.CodingSchemeDesignator) == ("113100", "DCM")
    assert after.BurnedInAnnotation == "YES"  # it still is


def test_bytes_and_codes_stay_only_where_they_belong() -> None:
    icon = Dataset()
    icon.Rows = icon.Columns = 8
    icon.BitsAllocated = 8
    icon.add_new("PixelData", "OB", MARK)
    header = film_with(IconImageSequence=[icon], ViewCodeSequence=[code()])
    header.ViewCodeSequence[0].add_new("LUTData", "OW", MARK)
    header.ViewCodeSequence[0].add_new("PixelData", "OB", MARK)
    header.ViewCodeSequence[0].Manufacturer = "Geheim"
    header.CodeValue = "Geheim"
    data = saved(header)
    after = clean(data)
    assert leaks(after) == []
    check_same_film(data, after)
    assert opened(after).ViewCodeSequence[0] == code()


# Names that stay consistent


def test_the_films_of_a_study_stay_together() -> None:
    first = film_with(SOPInstanceUID="1.2.73.1105.11", FrameOfReferenceUID="1.2.73.1105.5")
    second = film_with(SOPInstanceUID="1.2.73.1105.12", FrameOfReferenceUID="1.2.73.1105.5")
    link = Dataset()
    link.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    link.ReferencedSOPInstanceUID = "1.2.73.1105.11"
    second.SourceImageSequence = [link]
    one, other = opened(clean(first)), opened(clean(second))
    for name in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "PatientID"):
        assert one[name].value == other[name].value
        assert one[name].value != first[name].value
    assert one.SOPInstanceUID != other.SOPInstanceUID
    (kept,) = other.SourceImageSequence
    assert kept.ReferencedSOPInstanceUID == one.SOPInstanceUID
    assert kept.ReferencedSOPClassUID == link.ReferencedSOPClassUID
    assert UID(one.StudyInstanceUID).is_valid


def test_names_follow_from_the_key_alone(tmp_path: Path) -> None:
    data = saved(film_with())
    assert clean(data) == clean(data)
    path = tmp_path / "key"
    kept = Pseudonyms.of_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Pseudonyms.of_file(path) == kept
    other = deidentified(data, pseudonyms=kept)
    assert opened(other).StudyInstanceUID != opened(clean(data)).StudyInstanceUID
    assert deidentified(data) != deidentified(data)  # a random key each time
    assert str(kept.key) not in repr(kept)
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize(("text", "mode"), [("00" * 32, 0o644), ("short", 0o600), ("", 0o600)])
def test_a_key_file_that_is_none_is_refused(tmp_path: Path, text: str, mode: int) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(Exception, match="key file") as caught:
        Pseudonyms.of_file(path)
    assert caught.value.kind == "key"


@given(st.text(max_size=80), st.text(max_size=80))
def test_new_identifiers_are_valid_and_differ_as_the_old_ones_do(one: str, other: str) -> None:
    new = NAMES.uid(one)
    assert UID(new).is_valid
    assert (new == NAMES.uid(other)) == (one == other)
    assert (NAMES.patient(one) == NAMES.patient(other)) == (one == other)


@pytest.mark.parametrize(
    ("told", "same"),
    [
        ({"PatientID": "7 ", "PatientName": "Other^Name"}, {"PatientID": "7"}),
        (
            {"PatientID": "", "PatientName": "A^B", "PatientBirthDate": "20100101"},
            {"PatientID": None, "PatientName": "A^B", "PatientBirthDate": "20100101"},
        ),
        ({"PatientID": "", "PatientName": ""}, {"PatientID": None, "PatientName": "^^"}),
    ],
)
def test_who_a_patient_is(told: dict[str, Any], same: dict[str, Any]) -> None:
    one, other = (clean_film(saved(film_with(**t)), pseudonyms=NAMES) for t in (told, same))
    assert one.patient == other.patient != ""
    assert opened(one.data).PatientID == opened(one.data).PatientName == one.patient


def test_a_film_of_nobody_gets_no_name() -> None:
    header = film_with(PatientID="", PatientName="")
    del header.StudyInstanceUID
    film = clean_film(saved(header), pseudonyms=NAMES)
    assert film.patient == film.study == ""
    assert opened(film.data).PatientID == ""


# Other formats, and what is none


def test_pictures_become_png_without_a_word() -> None:
    files = base_files()
    for name in ("grey.jpg", "rgba.png", "deep.tif"):
        film = clean_film(files[name])
        assert film.suffix == ".png"
        chunks = {film.data[at + 4 : at + 8] for at in chunk_places(film.data)}
        assert chunks <= {b"IHDR", b"IDAT", b"IEND"}
        assert film.patient == film.study == ""
        assert film.burned_in is None


def chunk_places(png: bytes) -> list[int]:
    at, places = 8, []
    while at < len(png):
        places.append(at)
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return places


def test_what_is_hidden_under_transparency_is_gone() -> None:
    from PIL import Image

    hidden = np.zeros((80, 80, 4), np.uint8)
    hidden[..., 3] = 255
    hidden[10:70, 30:50, :3] = 200
    hidden[:20, :20] = (255, 1, 2, 0)
    out = BytesIO()
    Image.fromarray(hidden).save(out, "PNG")
    seen = np.asarray(Image.open(BytesIO(clean_film(out.getvalue()).data)))
    assert (seen[:10, :20] == 0).all()


def test_only_dicom_is_de_identified_by_the_profile() -> None:
    with pytest.raises(ReadError, match="not a DICOM file") as caught:
        deidentified(base_files()["grey.png"])
    assert caught.value.kind == "unsupported"


def test_what_is_no_film_is_refused() -> None:
    report = film_with(Modality="SR")
    document = film_with()
    del document.PixelData
    frames = film_with(NumberOfFrames=2)
    for wrong in (b"", b"nothing", saved(report), saved(document), saved(frames)):
        with pytest.raises(ReadError):
            clean(wrong)
    with pytest.raises(ReadError, match="limit"):
        deidentified(saved(film_with()), limits=ReadLimits(max_pixels=10))


@given(st.data())
def test_a_broken_file_is_refused_or_cleaned(data: st.DataObject) -> None:
    """Whatever is wrong, it is a ReadError that quotes nothing of the header."""
    film = bytearray(BROKEN)
    for _ in range(data.draw(st.integers(1, 6))):
        film[data.draw(st.integers(0, 900))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(film)) | st.just(len(film)))
    told = ""
    try:
        clean(bytes(film[:cut]))
    except ReadError as error:
        told = str(error)
    assert "Geheim" not in told


def _broken() -> bytes:
    header = film_with(ViewCodeSequence=[code()], InstitutionName="Geheim", PatientName="Geheim^A")
    return saved(header)


BROKEN = _broken()
