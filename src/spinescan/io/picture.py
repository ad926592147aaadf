"""Pictures (PNG, JPEG, TIFF, BMP, GIF, WebP) as radiographs, decoded by Pillow."""

import importlib
import logging
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from spinescan.core.errors import ReadError
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import Notice
from spinescan.io.grey import spread
from spinescan.io.limits import ReadLimits
from spinescan.io.sniff import PictureFormat

# Without a handler of its own, Pillow's log of odd tags would reach standard error.
logging.getLogger("PIL").addHandler(logging.NullHandler())

# One plugin is loaded, not all of Pillow's. The class is called and not `Image.open`, whose own
# check of the size knows nothing of ours and would refuse what a user's setting allows.
_PLUGINS: dict[PictureFormat, tuple[str, str]] = {
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "WEBP": ("PIL.WebPImagePlugin", "WebPImageFile"),
}
_DEEP_MODES = ("I", "F")  # and I;16 in its byte orders
_EXIF_ORIENTATION = 0x0112
_TIFF_PHOTOMETRIC = 262
_TOP_16 = 2**16 - 1


def read_picture(
    data: bytes, picture_format: PictureFormat, sha256: str, limits: ReadLimits
) -> Radiograph:
    """Decode a picture of a known format.

    Colour becomes luminance (ITU-R BT.601), transparency shows black, the EXIF orientation is
    applied. A resolution in the file is a printing size and no pixel spacing: none is reported.

    Raises
    ------
    ReadError
        Or whatever Pillow raises on damaged data; `read_radiograph` turns that into a ReadError.
    """
    image, orientation = _loaded(data, picture_format, limits)
    notices = _aspect_notices(image)
    return Radiograph(pixels=_grey(image, orientation), sha256=sha256, notices=notices)


def plain_png(data: bytes, picture_format: PictureFormat, limits: ReadLimits) -> bytes:
    """A picture as PNG: the same pixels, upright, opaque, with no other word in the file.

    It reads as the same film. What was hidden under transparency is gone. A printing resolution
    stays only where it tells of pixels that may not be square.

    Raises
    ------
    ReadError
        As `read_picture`; "unsupported" if its pixels need more than 16 bits, which PNG has not.
    """
    image, orientation = _loaded(data, picture_format, limits)
    told = {"dpi": image.info["dpi"]} if _aspect_notices(image) else {}
    if _is_deep(image):
        stored = np.asarray(image)
        whole = stored.dtype.kind in "iu" and stored.min() >= 0 and stored.max() <= _TOP_16
        if not whole:
            raise ReadError(
                "has pixels that no PNG can hold; save it with 16 bits or fewer", kind="unsupported"
            )
        if _is_white_zero(image):
            stored = _TOP_16 - stored
        values: NDArray[np.generic] = _upright(stored, orientation).astype(np.uint16)
    else:
        values = _upright(np.asarray(_opaque(image)), orientation)
    out = BytesIO()
    Image.fromarray(np.ascontiguousarray(values)).save(out, "PNG", **told)
    return out.getvalue()


def _loaded(
    data: bytes, picture_format: PictureFormat, limits: ReadLimits
) -> tuple[ImageFile.ImageFile, int]:
    """The one picture of a file, and the EXIF orientation that is left to apply."""
    image = _open(data, picture_format)
    limits.check_size(image.height, image.width)
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        raise ReadError(
            f"has {frames} frames or pages; save the one film to read as a picture of its own",
            kind="multi_frame",
        )
    if picture_format == "PNG":
        # Pillow skips the checksums of pixel data while decoding; this pass checks them.
        image.verify()
        image = _open(data, picture_format)
    # Pillow turns a TIFF by itself while it loads, and no other format.
    orientation = 1 if picture_format == "TIFF" else _orientation(image)
    image.load()
    return image, orientation


def ends_early(data: bytes, picture_format: PictureFormat) -> bool:
    """Whether a file that could not be decoded is one that was cut off; a help to say so."""
    if picture_format == "WEBP":
        return len(data) < 8 + int.from_bytes(data[4:8], "little")
    if picture_format == "TIFF":
        return len(data) <= int.from_bytes(data[4:8], "little" if data[:1] == b"I" else "big")
    if picture_format == "JPEG":
        return b"\xff\xd9" not in data
    if picture_format == "GIF":
        return not data.endswith(b";")
    return picture_format == "PNG" and b"IEND" not in data


def _open(data: bytes, picture_format: PictureFormat) -> ImageFile.ImageFile:
    module, name = _PLUGINS[picture_format]
    opener = getattr(importlib.import_module(module), name)
    image: ImageFile.ImageFile = opener(BytesIO(data))
    return image


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation 1..8; 1 where it is missing or broken."""
    try:
        value = int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # Pillow's EXIF parser raises a dozen types; the pixels are sound without it
        return 1
    return value if 1 <= value <= 8 else 1


def _grey(image: ImageFile.ImageFile, orientation: int) -> NDArray[np.float32]:
    if _is_deep(image):
        stored = _upright(np.asarray(image), orientation)
        pixels = spread(stored, float(stored.min()), float(stored.max()))
        if _is_white_zero(image):
            np.subtract(1.0, pixels, out=pixels)
        return pixels
    pixels = _upright(np.asarray(_luminance(image)), orientation).astype(np.float32, order="C")
    pixels /= 255.0
    return pixels


def _is_deep(image: Image.Image) -> bool:
    return image.mode in _DEEP_MODES or image.mode.startswith("I;16")


def _is_white_zero(image: Image.Image) -> bool:
    """Whether a deep TIFF is inverted; Pillow sees to it itself up to 8 bits only."""
    return bool(getattr(image, "tag_v2", {}).get(_TIFF_PHOTOMETRIC) == 0)


def _luminance(image: Image.Image) -> Image.Image:
    """The picture in mode L, over black where it is transparent."""
    return _opaque(image).convert("L")


def _opaque(image: Image.Image) -> Image.Image:
    """The picture in mode L or RGB, over black where it is transparent."""
    if image.mode in ("L", "1") and "transparency" not in image.info:
        return image.convert("L")
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        seen = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", seen.size, "black"), seen).convert("RGB")
    return image.convert("RGB")


def _upright(array: NDArray[np.generic], orientation: int) -> NDArray[np.generic]:
    """A view of `array` as the EXIF orientation wants it shown."""
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    across = orientation in (2, 3, 6, 7)
    down = orientation in (3, 4, 7, 8)
    return array[:: -1 if down else 1, :: -1 if across else 1]


def _aspect_notices(image: Image.Image) -> tuple[Notice, ...]:
    """A warning when the printing resolution says that pixels are not square."""
    try:
        across, down = (float(v) for v in image.info.get("dpi", (1, 1)))
    except (TypeError, ValueError, ZeroDivisionError):
        return ()
    if not (across > 0 and down > 0) or abs(across / down - 1) <= 0.01:
        return ()
    return (
        Notice(
            "pixel_aspect_assumed",
            "The file gives different printing resolutions across and down; its pixels are taken "
            "as square. If they are not, the angles are wrong.",
        ),
    )
