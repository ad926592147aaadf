"""Small synthetic films in every format that is read, for the fuzzer and for the tests."""

import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

NATIVE = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)
LOSSLESS = (JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, RLELossless)
LOSSY = (JPEGLSNearLossless, JPEG2000)

for _stream in ("Warning", "Error", "Debug"):
    getattr(gdcm.Trace, f"{_stream}Off")()


def film_values(rows: int = 96, columns: int = 72, bits: int = 12, seed: int = 0) -> NDArray[Any]:
    """A bright wavy column on a dark ground with noise, in the unsigned type that holds `bits`."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns]
    middle = columns * (0.5 + 0.15 * np.sin(y / rows * 2 * np.pi))
    column = np.exp(-(((x - middle) / (0.12 * columns)) ** 2)) * (0.8 + 0.2 * np.cos(y / 3))
    grey = 0.1 + 0.75 * column + rng.uniform(0, 0.1, (rows, columns))
    grey = (grey - grey.min()) / (grey.max() - grey.min())
    return np.asarray(np.round(grey * (2**bits - 1)), dtype=np.uint8 if bits <= 8 else np.uint16)


def picture_bytes(image: Image.Image | NDArray[Any], picture_format: str, **options: Any) -> bytes:
    """A picture file of an array or a Pillow image."""
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    stream = BytesIO()
    image.save(stream, picture_format, **options)
    return stream.getvalue()


def dicom_bytes(
    values: NDArray[Any] | None,
    syntax: UID = ExplicitVRLittleEndian,
    *,
    bits: int = 12,
    **elements: Any,
) -> bytes:
    """A DX file of stored `values`; `elements` are set last, and None deletes one."""
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4.5"
    header.Modality = "DX"
    header.PatientName = "Secret^Name"
    header.PatientID = "SECRET-1"
    native = syntax if syntax in NATIVE else ExplicitVRLittleEndian
    if values is not None:
        _set_pixels(header, values, bits, big_endian=native == ExplicitVRBigEndian)
    for keyword, value in elements.items():
        if value is not None:
            setattr(header, keyword, value)
        elif keyword in header:
            delattr(header, keyword)
    header.file_meta.TransferSyntaxUID = native
    stream = BytesIO()
    header.save_as(stream, enforce_file_format=True)
    plain = stream.getvalue()
    return plain if native == syntax else _compressed(plain, syntax)


def _set_pixels(header: Dataset, values: NDArray[Any], bits: int, *, big_endian: bool) -> None:
    header.Rows, header.Columns = values.shape[:2]
    header.SamplesPerPixel = 1 if values.ndim == 2 else values.shape[2]
    header.PhotometricInterpretation = "MONOCHROME2" if values.ndim == 2 else "RGB"
    if values.ndim == 3:
        header.PlanarConfiguration = 0
    header.BitsAllocated = values.dtype.itemsize * 8
    header.BitsStored = bits
    header.HighBit = bits - 1
    header.PixelRepresentation = int(values.dtype.kind == "i")
    stored = values.astype(values.dtype.newbyteorder(">" if big_endian else "<"))
    data = stored.tobytes()
    header.PixelData = data + b"\0" * (len(data) % 2)
    header["PixelData"].VR = "OW" if values.dtype.itemsize > 1 else "OB"


def _compressed(plain: bytes, syntax: UID) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "plain.dcm"), Path(folder, "compressed.dcm")
        source.write_bytes(plain)
        reader = gdcm.ImageReader()
        reader.SetFileName(str(source))
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str(syntax))))
        if not reader.Read():
            raise ValueError("gdcm cannot read the plain file")
        change.SetInput(reader.GetImage())
        if not change.Change():
            raise ValueError(f"gdcm cannot write {syntax.name}")
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(target))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        if not writer.Write():
            raise ValueError(f"gdcm cannot write {syntax.name}")
        return target.read_bytes()


def base_files() -> dict[str, bytes]:
    """One small film in every format and encoding that is read."""
    byte, deep = film_values(bits=8), film_values(bits=12)
    grey = Image.fromarray(byte)
    colour = np.stack([byte, byte[::-1], byte[:, ::-1]], axis=2)
    rgb = Image.fromarray(colour)
    rgba = Image.fromarray(np.dstack([colour, byte]))
    exif = Image.Exif()
    exif[0x0112] = 6
    files = {
        "grey.png": picture_bytes(grey, "PNG"),
        "deep.png": picture_bytes(deep, "PNG"),
        "rgb.png": picture_bytes(rgb, "PNG"),
        "rgba.png": picture_bytes(rgba, "PNG", exif=exif),
        "palette.png": picture_bytes(rgb.quantize(32), "PNG"),
        "bilevel.png": picture_bytes(grey.convert("1"), "PNG"),
        "grey.jpg": picture_bytes(grey, "JPEG", exif=exif),
        "rgb_progressive.jpg": picture_bytes(rgb, "JPEG", progressive=True),
        "cmyk.jpg": picture_bytes(rgb.convert("CMYK"), "JPEG"),
        "grey.bmp": picture_bytes(grey, "BMP"),
        "rgb.bmp": picture_bytes(rgb, "BMP"),
        "grey.gif": picture_bytes(grey, "GIF"),
        "lossy.webp": picture_bytes(rgb, "WEBP"),
        "lossless.webp": picture_bytes(rgba, "WEBP", lossless=True),
        "deep.tif": picture_bytes(deep, "TIFF"),
        "float.tif": picture_bytes(byte.astype(np.float32) / 255, "TIFF"),
        "bilevel.tif": picture_bytes(grey.convert("1"), "TIFF", compression="group4"),
    }
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        files[f"{compression}.tif"] = picture_bytes(rgb, "TIFF", compression=compression)
    for syntax in (*NATIVE, *LOSSLESS, *LOSSY, JPEGExtended12Bit):
        name = f"{syntax.rsplit('1.2.840.10008.1.2', 1)[1].strip('.') or 'implicit'}.dcm"
        files[name] = dicom_bytes(deep, syntax, WindowCenter=2000, WindowWidth=3500)
    files["baseline.dcm"] = dicom_bytes(byte, JPEGBaseline8Bit, bits=8)
    files["rgb.dcm"] = dicom_bytes(colour, bits=8)
    files["rgb_jpeg.dcm"] = dicom_bytes(colour, JPEGBaseline8Bit, bits=8)
    files["no_preamble.dcm"] = dicom_bytes(deep, ImplicitVRLittleEndian)[132:]
    return files
