"""Pictures of every kind give the same film."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sample_files import base_files, film_values, picture_bytes

from spinescan.core.errors import ReadError
from spinescan.core.radiograph import SpacingOrigin
from spinescan.io.read import ReadLimits, read_radiograph

BYTE = film_values(bits=8)
DEEP = film_values(bits=12)
GREY = BYTE.astype(np.float32) / 255


@pytest.mark.parametrize(
    ("picture_format", "options", "modes"),
    [
        ("PNG", {}, "L LA RGB RGBA P"),
        ("BMP", {}, "L RGB P"),
        ("GIF", {}, "L P"),
        ("TIFF", {}, "L RGB RGBA P CMYK"),
        ("TIFF", {"compression": "tiff_lzw"}, "L RGB RGBA"),
        ("TIFF", {"compression": "tiff_adobe_deflate"}, "L RGB RGBA"),
        ("WEBP", {"lossless": True}, "L RGB RGBA"),
    ],
)
def test_lossless_pictures_give_their_values(picture_format, options, modes):
    for mode in modes.split():
        image = Image.fromarray(BYTE).convert(mode)
        film = read_radiograph(picture_bytes(image, picture_format, **options))
        expected = np.asarray(image.convert("L")) / 255  # P has fewer colours
        np.testing.assert_allclose(film.pixels, expected, atol=1e-6, err_msg=mode)
        assert film.spacing_mm is None
        assert film.spacing_origin is SpacingOrigin.UNKNOWN


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_is_near_its_values(mode):
    film = read_radiograph(picture_bytes(Image.fromarray(BYTE).convert(mode), "JPEG", quality=97))
    assert np.abs(film.pixels - GREY).mean() < 0.01


@pytest.mark.parametrize("kind", ["<u2", ">u2"])
def test_deep_pictures_are_spread_over_what_occurs(kind):
    # 12 bits in a 16-bit container: the container's range would make the film almost black.
    image = Image.fromarray(DEEP.astype(kind))
    expected = (DEEP - DEEP.min()) / (DEEP.max() - DEEP.min())
    film = read_radiograph(picture_bytes(image, "TIFF"))
    np.testing.assert_allclose(film.pixels, expected, atol=1e-6)
    film = read_radiograph(picture_bytes(DEEP, "PNG"))
    np.testing.assert_allclose(film.pixels, expected, atol=1e-6)


def test_float_and_signed_tiffs():
    expected = (DEEP - DEEP.min()) / (DEEP.max() - DEEP.min())
    film = read_radiograph(picture_bytes(DEEP.astype(np.float32) * 3 - 7000, "TIFF"))
    np.testing.assert_allclose(film.pixels, expected, atol=1e-5)
    film = read_radiograph(picture_bytes(DEEP.astype(np.int32) - 2000, "TIFF"))
    np.testing.assert_allclose(film.pixels, expected, atol=1e-6)


@pytest.mark.parametrize("bits", [8, 16])
def test_tiff_that_stores_white_as_zero(bits):
    values = BYTE if bits == 8 else BYTE.astype(np.uint16) * 257
    top = np.array(2**bits - 1, dtype=values.dtype)
    plain = read_radiograph(picture_bytes(values, "TIFF"))
    one, zero = (struct.pack("<HHIH", 262, 3, 1, photometric) for photometric in (1, 0))
    stored = picture_bytes(top - values, "TIFF")
    assert stored.count(one) == 1
    inverse = read_radiograph(stored.replace(one, zero))
    np.testing.assert_allclose(inverse.pixels, plain.pixels, atol=1e-6)


def test_not_finite_values_are_refused():
    values = GREY.copy()
    values[3, 4] = np.nan
    with pytest.raises(ReadError, match="not finite") as caught:
        read_radiograph(picture_bytes(values, "TIFF"))
    assert caught.value.kind == "damaged"


def test_bilevel():
    film = read_radiograph(picture_bytes(Image.fromarray(BYTE).convert("1"), "PNG"))
    assert set(np.unique(film.pixels)) == {0.0, 1.0}


def test_transparent_parts_are_black():
    alpha = np.full_like(BYTE, 255)
    alpha[:, :30] = 0
    film = read_radiograph(picture_bytes(np.dstack([BYTE, BYTE, BYTE, alpha]), "PNG"))
    assert film.pixels[:, :30].max() == 0
    np.testing.assert_allclose(film.pixels[:, 30:], GREY[:, 30:], atol=1e-6)


def test_colour_becomes_luminance():
    colour = np.zeros((80, 80, 3), np.uint8)
    colour[:40, :, 0], colour[40:, :, 1] = 255, 255
    film = read_radiograph(picture_bytes(colour, "PNG"))
    assert film.pixels[0, 0] == pytest.approx(0.299, abs=0.003)
    assert film.pixels[79, 0] == pytest.approx(0.587, abs=0.003)


UNDO = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("picture_format", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", UNDO)
def test_all_exif_orientations_give_the_same_film(picture_format, orientation):
    image = Image.fromarray(BYTE)
    stored = image if UNDO[orientation] is None else image.transpose(UNDO[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if picture_format == "WEBP" else {}
    film = read_radiograph(picture_bytes(stored, picture_format, exif=exif, **options))
    np.testing.assert_allclose(film.pixels, GREY, atol=1e-6)


def test_orientation_of_a_deep_film():
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = read_radiograph(picture_bytes(np.rot90(DEEP).copy(), "PNG", exif=exif))
    np.testing.assert_array_equal(turned.pixels, read_radiograph(picture_bytes(DEEP, "PNG")).pixels)


def test_broken_exif_is_no_reason_to_refuse():
    film = read_radiograph(picture_bytes(BYTE, "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"))
    np.testing.assert_allclose(film.pixels, GREY, atol=1e-6)


@pytest.mark.parametrize("picture_format", ["GIF", "TIFF", "WEBP", "PNG"])
def test_several_frames_are_refused(picture_format):
    first, second = Image.fromarray(BYTE), Image.fromarray(BYTE[::-1].copy())
    data = picture_bytes(first, picture_format, save_all=True, append_images=[second])
    with pytest.raises(ReadError, match="2 frames or pages; save") as caught:
        read_radiograph(data)
    assert caught.value.kind == "multi_frame"


def test_a_photograph_with_a_second_picture_behind_it_is_read():
    # Telephones append a preview (MPO); the first picture is the photograph.
    image = Image.fromarray(BYTE)
    data = picture_bytes(image, "MPO", save_all=True, append_images=[image.resize((80, 80))])
    assert read_radiograph(data).size == BYTE.shape


def test_printing_resolution_is_no_spacing_but_oblong_pixels_are_noticed():
    square = read_radiograph(picture_bytes(BYTE, "TIFF", dpi=(254, 254)))
    assert square.spacing_mm is None
    assert square.notices == ()
    oblong = read_radiograph(picture_bytes(BYTE, "TIFF", dpi=(204, 98)))
    assert oblong.spacing_mm is None
    assert oblong.pixel_aspect == 1.0
    assert [notice.code for notice in oblong.notices] == ["pixel_aspect_assumed"]


@settings(max_examples=25, deadline=None)
@given(st.integers(64, 90), st.integers(64, 90), st.integers(0, 2**32 - 1))
def test_any_picture_comes_back(rows, columns, seed):
    values = np.random.default_rng(seed).integers(0, 256, (rows, columns), dtype=np.uint8)
    film = read_radiograph(picture_bytes(values, "PNG"))
    np.testing.assert_array_equal(np.round(film.pixels * 255), values)
    assert len(film.sha256) == 64
    assert not film.pixels.flags.writeable


PICTURES = {name: data for name, data in base_files().items() if not name.endswith(".dcm")}


@pytest.mark.parametrize("name", PICTURES)
def test_no_picture_is_half_read(name):
    data = PICTURES[name]
    for keep in (0.05, 0.3, 0.6, 0.9):
        with pytest.raises(ReadError) as caught:
            read_radiograph(data[: int(len(data) * keep)])
        assert caught.value.kind in ("truncated", "not_an_image")
    # The last bytes are the pixels' own, but for end marks and padding.
    with pytest.raises(ReadError) as caught:
        read_radiograph(data[:-14])
    assert caught.value.kind in ("truncated", "damaged")


def test_changed_pixels_of_a_png_are_found():
    data = bytearray(PICTURES["grey.png"])
    data[len(data) // 2] ^= 4
    with pytest.raises(ReadError) as caught:
        read_radiograph(bytes(data))
    assert caught.value.kind == "damaged"


def _png_that_says(rows: int, columns: int) -> bytes:
    data = bytearray(PICTURES["grey.png"])
    data[16:24] = columns.to_bytes(4, "big") + rows.to_bytes(4, "big")
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


def test_a_bomb_is_refused_by_its_header():
    with pytest.raises(ReadError, match="50000 x 40000 is 2,000,000,000 pixels") as caught:
        read_radiograph(_png_that_says(40_000, 50_000))
    assert caught.value.kind == "too_large"


def test_the_pixel_limit_is_a_setting_both_ways():
    data = picture_bytes(BYTE, "PNG")
    with pytest.raises(ReadError) as caught:
        read_radiograph(data, limits=ReadLimits(max_pixels=BYTE.size - 1))
    assert caught.value.kind == "too_large"
    assert read_radiograph(data, limits=ReadLimits(max_pixels=BYTE.size)).size == BYTE.shape
    # Beyond Pillow's own limit the setting decides too; this file then lacks its pixels.
    with pytest.raises(ReadError) as caught:
        read_radiograph(_png_that_says(20_000, 10_000), limits=ReadLimits(max_pixels=10**9))
    assert caught.value.kind == "truncated"


def test_text_that_inflates_is_refused():
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Comment", "0" * 5_000_000, zip=True)
    with pytest.raises(ReadError) as caught:
        read_radiograph(picture_bytes(BYTE, "PNG", pnginfo=info))
    assert caught.value.kind == "too_large"
