"""DICOM films: encodings, grey values, refusals."""

import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
)
from sample_files import LOSSLESS, LOSSY, NATIVE, base_files, dicom_bytes, film_values

from spinescan.core.errors import ReadError
from spinescan.io.read import ReadLimits, read_radiograph

DEEP = film_values(bits=12)
BYTE = film_values(bits=8)
TEST_FILES = Path(pydicom.data.__file__).parent / "test_files"


def grey(values: np.ndarray) -> np.ndarray:
    low, high = values.min(), values.max()
    return (values.astype(np.float64) - low) / (high - low)


def codes(film) -> list[str]:
    return [notice.code for notice in film.notices]


def refusal(data: bytes, **limits: int) -> ReadError:
    with pytest.raises(ReadError) as caught:
        read_radiograph(data, limits=ReadLimits(**limits))
    return caught.value


@pytest.mark.parametrize("syntax", [*NATIVE, *LOSSLESS], ids=lambda uid: uid.name)
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_lossless_encodings_give_identical_films(syntax, bits):
    values = film_values(bits=bits)
    film = read_radiograph(dicom_bytes(values, syntax, bits=bits))
    np.testing.assert_allclose(film.pixels, grey(values), atol=1e-6)
    plain = read_radiograph(dicom_bytes(values, bits=bits))
    np.testing.assert_array_equal(film.pixels, plain.pixels)


@pytest.mark.parametrize("syntax", [*LOSSY, JPEGExtended12Bit], ids=lambda uid: uid.name)
def test_lossy_encodings_give_nearly_the_film(syntax):
    film = read_radiograph(dicom_bytes(DEEP, syntax))
    assert np.abs(film.pixels - grey(DEEP)).mean() < 0.01


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGExtended12Bit])
def test_jpeg_of_8_bits(syntax):
    film = read_radiograph(dicom_bytes(BYTE, syntax, bits=8))
    assert np.abs(film.pixels - grey(BYTE)).mean() < 0.01


def test_signed_values():
    values = DEEP.astype(np.int16) - 2048
    film = read_radiograph(dicom_bytes(values))
    np.testing.assert_allclose(film.pixels, grey(DEEP), atol=1e-6)


def test_unused_bits_are_not_looked_at():
    dirty = DEEP | np.uint16(0xA000)  # overlays once lived there
    np.testing.assert_array_equal(
        read_radiograph(dicom_bytes(dirty)).pixels, read_radiograph(dicom_bytes(DEEP)).pixels
    )


def test_files_without_preamble_are_read():
    expected = read_radiograph(dicom_bytes(DEEP)).pixels
    for syntax in NATIVE[:3]:
        without = dicom_bytes(DEEP, syntax)[132:]
        np.testing.assert_array_equal(read_radiograph(without).pixels, expected)
    header = dcmread(BytesIO(dicom_bytes(DEEP, ImplicitVRLittleEndian)))
    bare = BytesIO()
    del header.file_meta
    header.save_as(bare, implicit_vr=True, little_endian=True)
    np.testing.assert_array_equal(read_radiograph(bare.getvalue()).pixels, expected)


def test_a_dicom_file_with_a_tiff_header_in_its_preamble_is_dicom():
    data = bytearray(dicom_bytes(DEEP))
    data[:4] = b"II*\0"
    assert read_radiograph(bytes(data)).size == DEEP.shape


@settings(max_examples=30, deadline=None)
@given(
    window=st.none() | st.tuples(st.floats(-500, 5000), st.floats(2, 9000)),
    slope=st.floats(-3, 3).filter(lambda s: abs(s) > 0.1),
    intercept=st.floats(-2000, 2000),
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
)
def test_monochrome1_is_the_inverse_of_monochrome2(window, slope, intercept, function):
    elements = {"RescaleSlope": f"{slope:.6g}", "RescaleIntercept": f"{intercept:.6g}"}
    if window is not None:
        elements |= {"WindowCenter": f"{window[0]:.6g}", "WindowWidth": f"{window[1]:.6g}"}
        elements |= {"VOILUTFunction": function}
    plain = read_radiograph(dicom_bytes(DEEP, **elements))
    inverse = read_radiograph(
        dicom_bytes(DEEP, PhotometricInterpretation="MONOCHROME1", **elements)
    )
    np.testing.assert_allclose(inverse.pixels, 1 - plain.pixels, atol=1e-6)
    # Grey values rise or fall with the stored ones, by the slope's sign alone.
    order = np.argsort(DEEP, axis=None)
    steps = np.diff(plain.pixels.ravel()[order].astype(np.float64))
    assert (steps * np.sign(slope) >= -1e-6).all()


def test_presentation_inverse_means_one_inversion():
    plain = read_radiograph(dicom_bytes(DEEP)).pixels
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        film = read_radiograph(
            dicom_bytes(DEEP, PhotometricInterpretation=photometric, PresentationLUTShape="INVERSE")
        )
        np.testing.assert_allclose(film.pixels, 1 - plain, atol=1e-6)


def test_window_acts_on_rescaled_values():
    # PS3.3 C.11.2.1.2.1 by hand: value 2 v - 1000, centre 1000, width 2001.
    film = read_radiograph(
        dicom_bytes(
            DEEP, RescaleSlope=2, RescaleIntercept=-1000, WindowCenter=1000, WindowWidth=2001
        )
    )
    rescaled = 2.0 * DEEP - 1000
    expected = np.clip((rescaled - 999.5) / 2000 + 0.5, 0, 1)
    np.testing.assert_allclose(film.pixels, expected, atol=1e-6)


def test_first_of_several_windows():
    several = dicom_bytes(DEEP, WindowCenter=[1000, 3000], WindowWidth=[800, 500])
    one = dicom_bytes(DEEP, WindowCenter=1000, WindowWidth=800)
    np.testing.assert_array_equal(read_radiograph(several).pixels, read_radiograph(one).pixels)


def test_a_window_that_leaves_nothing_is_ignored_and_noticed():
    film = read_radiograph(dicom_bytes(DEEP, WindowCenter=50_000, WindowWidth=10))
    np.testing.assert_allclose(film.pixels, grey(DEEP), atol=1e-6)
    assert codes(film) == ["window_ignored"]
    assert codes(read_radiograph(dicom_bytes(DEEP, WindowCenter=5, WindowWidth=0))) == []


def _table(entries: np.ndarray, first: int, bits: int, keyword: str) -> dict[str, list[Dataset]]:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries) % 2**16, first, bits])
    item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return {keyword: [item]}


def test_voi_table():
    entries = np.round(np.sqrt(np.arange(4096) / 4095) * 1023)
    film = read_radiograph(dicom_bytes(DEEP, **_table(entries, 0, 10, "VOILUTSequence")))
    np.testing.assert_allclose(film.pixels, entries[DEEP] / 1023, atol=1e-6)
    # The table wins over a window, and a depth that is declared too large does not darken.
    film = read_radiograph(
        dicom_bytes(DEEP, WindowCenter=9, WindowWidth=9, **_table(entries, 0, 16, "VOILUTSequence"))
    )
    np.testing.assert_allclose(film.pixels, entries[DEEP] / 1023, atol=1e-6)


def test_modality_table_comes_before_the_window():
    entries = 4095 - np.arange(3000)  # values from 1000 to 3999; others take the ends'
    film = read_radiograph(
        dicom_bytes(
            DEEP,
            VOILUTFunction="LINEAR_EXACT",
            WindowCenter=2048,
            WindowWidth=4096,
            **_table(entries, 1000, 16, "ModalityLUTSequence"),
        )
    )
    expected = entries[np.clip(DEEP.astype(int) - 1000, 0, 2999)] / 4096
    np.testing.assert_allclose(film.pixels, expected, atol=1e-6)


def test_a_table_that_is_too_short_is_damage():
    item = _table(np.arange(10), 0, 16, "VOILUTSequence")
    item["VOILUTSequence"][0].add_new("LUTDescriptor", "US", [4096, 0, 16])
    assert refusal(dicom_bytes(DEEP, **item)).kind == "damaged"


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_outside_the_range(photometric):
    values = DEEP.copy()
    values[:, :20] = 0
    values[values[:, 20:].min() > values] = 0
    values[:, 20:] = np.clip(values[:, 20:], 1500, 2500)
    film = read_radiograph(
        dicom_bytes(values, PixelPaddingValue=0, PhotometricInterpretation=photometric)
    )
    expected = grey(values[:, 20:])
    expected = 1 - expected if photometric == "MONOCHROME1" else expected
    assert film.pixels[:, :20].max() == 0
    np.testing.assert_allclose(film.pixels[:, 20:], expected, atol=1e-6)


def test_declared_polarity_that_contradicts_itself_is_noticed():
    dark = {"PixelIntensityRelationshipSign": 1}
    assert codes(read_radiograph(dicom_bytes(DEEP, **dark))) == ["polarity_conflict"]
    for agree in (
        {"PixelIntensityRelationshipSign": -1},
        {**dark, "PhotometricInterpretation": "MONOCHROME1"},
        {**dark, "RescaleSlope": -1, "RescaleIntercept": 4095},
    ):
        assert codes(read_radiograph(dicom_bytes(DEEP, **agree))) == []


def test_colour_captures():
    colour = np.stack([BYTE, BYTE[::-1], BYTE[:, ::-1]], axis=2)
    expected = colour @ [0.299, 0.587, 0.114] / 255
    film = read_radiograph(dicom_bytes(colour, bits=8))
    np.testing.assert_allclose(film.pixels, expected, atol=0.003)
    lossless = read_radiograph(dicom_bytes(colour, JPEG2000Lossless, bits=8))
    np.testing.assert_allclose(lossless.pixels, expected, atol=0.01)
    # Its writer turned RGB into YBR for the compression and left the header as it was.
    jpeg = read_radiograph(dicom_bytes(colour, JPEGBaseline8Bit, bits=8))
    assert np.abs(jpeg.pixels - expected).mean() < 0.02
    ybr = np.stack([BYTE, BYTE * 0 + 128, BYTE * 0 + 90], axis=2)
    film = read_radiograph(dicom_bytes(ybr, bits=8, PhotometricInterpretation="YBR_FULL"))
    np.testing.assert_allclose(film.pixels, BYTE / 255, atol=1e-6)


def test_palette_colour():
    ramp = (np.arange(256) * 257).astype("<u2").tobytes()
    palette = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour in ("Red", "Green", "Blue"):
        palette[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        palette[f"{colour}PaletteColorLookupTableData"] = ramp
    film = read_radiograph(dicom_bytes(BYTE, bits=8, **palette))
    np.testing.assert_allclose(film.pixels, BYTE / 255, atol=1e-4)


def test_no_patient_data_and_burned_in_text_is_noticed():
    film = read_radiograph(dicom_bytes(DEEP, BurnedInAnnotation="YES"))
    assert codes(film) == ["burned_in_annotation"]
    assert "secret" not in repr(film).lower()
    assert codes(read_radiograph(dicom_bytes(DEEP, BurnedInAnnotation="NO"))) == []


@pytest.mark.parametrize(
    ("elements", "kind", "text"),
    [
        ({"Modality": "DOEJANE"}, "unsupported", "kind nothing that is known"),
        ({"Modality": "CT"}, "unsupported", "kind CT; expected a projection radiograph"),
        ({"Modality": "MR"}, "unsupported", "MR"),
        (
            {"Modality": None, "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"},
            "unsupported",
            "CT Image Storage",
        ),
        ({"NumberOfFrames": 3}, "multi_frame", "3 frames; export"),
        ({"Rows": 60_000, "Columns": 60_000}, "too_large", "3,600,000,000 pixels"),
        ({"Rows": 10, "Columns": 9}, "too_small", "9 x 10 pixels"),
        ({"Rows": None}, "damaged", "without a valid Rows"),
        ({"PhotometricInterpretation": "HSV"}, "unsupported", "HSV"),
        ({"PixelAspectRatio": [1, 900]}, "damaged", "as tall as wide"),
    ],
)
def test_refusals(elements, kind, text):
    error = refusal(dicom_bytes(DEEP, **elements))
    assert (error.kind, text in str(error)) == (kind, True), str(error)


def test_objects_without_a_picture():
    report = dicom_bytes(None, Modality="SR", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33")
    assert refusal(report).kind == "not_an_image"
    assert "Comprehensive SR" in str(refusal(report))
    document = dicom_bytes(None, Modality="DOC", SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1")
    assert "Encapsulated PDF" in str(refusal(document))


def test_zero_contrast():
    assert refusal(dicom_bytes(np.full_like(DEEP, 700))).kind == "zero_contrast"


DICOM_FILES = {name: data for name, data in base_files().items() if name.endswith(".dcm")}


@pytest.mark.parametrize("name", DICOM_FILES)
def test_no_film_is_half_read(name):
    data = DICOM_FILES[name]
    for keep in (0.1, 0.5, 0.9, 1 - 20 / len(data)):
        assert refusal(data[: int(len(data) * keep)]).kind == "truncated"


def test_a_stream_cut_off_inside_a_sound_file():
    from pydicom.encaps import encapsulate, get_frame

    for syntax in (*LOSSLESS, *LOSSY, JPEGExtended12Bit):
        header = dcmread(BytesIO(dicom_bytes(DEEP, syntax)))
        frame = get_frame(header.PixelData, 0, number_of_frames=1)
        header.PixelData = encapsulate([frame[: len(frame) * 2 // 3]])
        stream = BytesIO()
        header.save_as(stream)
        assert refusal(stream.getvalue()).kind in ("truncated", "damaged")


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEG2000Lossless])
def test_a_stream_that_contradicts_the_header(syntax):
    for elements, text in (({"Rows": 95}, "header says 72 x 95"), ({"BitsAllocated": 8}, "bits")):
        header = dcmread(BytesIO(dicom_bytes(DEEP, syntax)))
        header.update(elements)
        for keyword, value in elements.items():
            header[keyword].value = value
        stream = BytesIO()
        header.save_as(stream)
        error = refusal(stream.getvalue())
        assert (error.kind, text in str(error)) == ("damaged", True), str(error)


@pytest.mark.parametrize("syntax", [JPEGLossless, JPEGLosslessSV1, JPEGExtended12Bit])
@pytest.mark.parametrize("allocated", [32, 64])
def test_a_jpeg_of_more_bits_than_there_are(syntax, allocated):
    """gdcm ended the whole process over them (an abort, which is no exception)."""
    film = dcmread(BytesIO(dicom_bytes(DEEP, syntax)))
    film.BitsAllocated = allocated
    stream = BytesIO()
    film.save_as(stream, enforce_file_format=True)
    error = refusal(stream.getvalue())
    assert error.kind == "damaged"
    assert "8 or 16" in str(error)


def test_a_deflated_bomb_is_not_inflated():
    data = dicom_bytes(DEEP, DeflatedExplicitVRLittleEndian)
    plain = dicom_bytes(DEEP, ExplicitVRLittleEndian)
    start = 144 + int.from_bytes(data[140:144], "little")
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = plain[144 + int.from_bytes(plain[140:144], "little") :]
    bomb = data[:start] + squeeze.compress(body + b"\0" * 50_000_000) + squeeze.flush()
    assert len(bomb) < 100_000
    error = refusal(bomb, max_bytes=10_000_000)
    assert error.kind == "too_large"


@pytest.mark.parametrize(
    "name", ["SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_gdcm_KY.dcm", "SC_rgb_rle.dcm", "image_dfl.dcm"]
)
def test_files_of_other_makers(name):
    data = (TEST_FILES / name).read_bytes()
    film = read_radiograph(data)
    assert 0.4 < film.pixels.mean() < 0.6
