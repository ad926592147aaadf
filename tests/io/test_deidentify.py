"""Nothing of the patient is left in a de-identified file, and the film reads as before."""

import shutil
import subprocess
import warnings
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from pydicom import DataElement, Dataset, dcmread
from pydicom.datadict import DicomDictionary, dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.encaps import encapsulate, get_frame
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)
from sample_files import LOSSLESS, LOSSY, NATIVE, base_files, dicom_bytes, film_values

from spinescan.core.errors import ReadError
from spinescan.infer.scanner import Scanner
from spinescan.io.deidentify import Pseudonyms, clean_film, deidentified
from spinescan.io.deidentify.profile import TABLE
from spinescan.io.limits import ReadLimits
from spinescan.io.read import read_radiograph
from spinescan.phantom.film import Order, draw_phantom, sample_film
from spinescan.phantom.record import image_bytes

library = pytest.importorskip("dicomanonymizer.simpledicomanonymizer")

NAMES = Pseudonyms(b"not a secret".ljust(32))
DEEP = film_values(bits=12)
LITTLE = [syntax for syntax in NATIVE if syntax.is_little_endian]

SECRETS: dict[str, bytes] = {
    "AS": b"073Y",
    "AE": b"GEHEIM^MARK",
    "CS": b"GEHEIM^MARK",
    "DA": b"19731105",
    "TM": b"112233.445566",
    "DT": b"19731105112233.445566",
    "UI": b"1.2.73.1105.99",
}
"""What is planted, by value representation; in all others a marker that no film holds."""
MARK = b"Geheim^Mark7/Geheim^Mark7/"
GONE = (b"Geheim", b"GEHEIM", b"073Y", b"19731105", b"112233", b"1.2.73.1105")

TABLE_TAGS = [Tag(*tag) for tag in library.initialize_actions(TABLE) if len(tag) == 2]


def secret(vr: str) -> bytes:
    value = SECRETS.get(vr, MARK)
    return value + (b"\0" if vr == "UI" else b" ") * (len(value) % 2)


def plant(dataset: Dataset, tag: BaseTag, vr: str, *, implicit: bool = False) -> None:
    """Put a secret where it may be, whatever the standard says of it."""
    # So that the writer takes it as it is.
    dataset.set_original_encoding(implicit, True, dataset._character_set)
    if vr == "SQ":
        item = Dataset()
        plant(item, Tag("PatientComments"), "LT", implicit=implicit)
        plant(item, Tag("PatientID"), "LO", implicit=implicit)
        plant(item, Tag("StudyDate"), "DA", implicit=implicit)
        dataset[tag] = DataElement(tag, "SQ", Sequence([item]))
        return
    value = secret(vr)
    if vr in ("US", "SS", "UL", "SL", "FL", "FD", "SV", "UV", "AT"):
        value = b"\x05\x11\x73\x19\x05\x11\x73\x19"
    dataset[tag] = RawDataElement(tag, vr, len(value), value, 0, implicit, True)


def vr_of(tag: BaseTag) -> str:
    try:
        return dictionary_VR(tag).split(" or ")[0]
    except KeyError:  # newer than pydicom's dictionary, or nothing
        return "LO"


def opened(data: bytes) -> Dataset:
    return dcmread(BytesIO(data))


def saved(header: Dataset) -> bytes:
    out = BytesIO()
    with warnings.catch_warnings():  # of what is planted
        warnings.simplefilter("ignore")
        header.save_as(out)
    return out.getvalue()


def code(value: str = "399348003", meaning: str = "antero-posterior") -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return item


def film_with(syntax: UID = ExplicitVRLittleEndian, **elements: Any) -> Dataset:
    told = {"StudyInstanceUID": "1.2.73.1105.1", "SeriesInstanceUID": "1.2.73.1105.2"}
    return opened(dicom_bytes(DEEP, syntax, **(told | elements)))


def clean(header: Dataset | bytes) -> bytes:
    data = header if isinstance(header, bytes) else saved(header)
    return deidentified(data, pseudonyms=NAMES)


def leaks(data: bytes) -> list[bytes]:
    """The secrets in a file's bytes; of a deflated one, in its data set's."""
    header = opened(data)
    if header.file_meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian:
        header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data += saved(header)
    return [word for word in GONE if word in data]


def check_same_film(before: bytes, after: bytes) -> None:
    one, other = read_radiograph(before), read_radiograph(after)
    np.testing.assert_array_equal(other.pixels, one.pixels)
    for name in ("spacing_mm", "spacing_origin", "pixel_aspect", "declared_view", "patient_left"):
        assert getattr(other, name) == getattr(one, name), name
    assert other.notices == one.notices
    assert other.burned_in == one.burned_in


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
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=150)
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


# The picture


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


@pytest.mark.parametrize("kind", ["film", "photograph", "lateral"])
def test_a_scan_before_and_after_gives_the_same_report(kind: str) -> None:
    phantom = sample_film("lateral" if kind == "lateral" else "frontal")
    if kind == "photograph":
        phantom = replace(phantom, spacing_mm=None)
    data = image_bytes(phantom, "dicom")
    scanner = Scanner.default()
    one, other = (
        replace(scanner.scan(read_radiograph(d)), sha256="", timing_ms=0.0)
        for d in (data, clean(data))
    )
    assert other.to_dict(None) == one.to_dict(None)
    assert one.landmarks is not None


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
@settings(max_examples=200)
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


def errors(data: bytes, folder: Path) -> list[str]:
    path = folder / "film.dcm"
    path.write_bytes(data)
    told = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    return [line for line in told.stderr.splitlines() if line.startswith("Error")]
