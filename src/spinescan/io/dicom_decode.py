"""The stored values of a DICOM film's one frame."""

import gdcm
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import get_frame
from pydicom.pixels import get_decoder
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000TransferSyntaxes,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from spinescan.core.errors import ReadError
from spinescan.io.codestream import Frame, jpeg2000_frame, jpeg_frame

for _stream in ("Warning", "Error", "Debug"):
    getattr(gdcm.Trace, f"{_stream}Off")()

# One decoder for each encoding, so that a film reads the same everywhere. gdcm only where nothing
# else decodes it under a free licence: the others are sturdier against damaged streams.
_PLUGIN: dict[UID, str] = {
    JPEGBaseline8Bit: "pillow",
    JPEGExtended12Bit: "pillow",
    JPEGLossless: "gdcm",
    JPEGLosslessSV1: "gdcm",
    JPEGLSLossless: "gdcm",
    JPEGLSNearLossless: "gdcm",
    **dict.fromkeys(JPEG2000TransferSyntaxes, "pylibjpeg"),
    RLELossless: "pylibjpeg",
}

COMPRESSIONS = tuple(_PLUGIN)
"""Transfer syntaxes of compressed films that are decoded here."""

_JPEG_ALLOCATED = (8, 16)
"""Bits Allocated of a film compressed as JPEG or JPEG-LS (PS3.5 8.2.1, 8.2.3)."""


def stored_values(header: Dataset) -> tuple[NDArray[np.generic], str]:
    """Decode the frame.

    Returns
    -------
    values
        Integers of shape (rows, columns) or (rows, columns, samples), unused bits corrected.
    photometric
        The photometric interpretation of `values`; a decoder may have changed the header's.
    """
    syntax = transfer_syntax(header)
    options: dict[str, str] = {}
    subsampled = False
    if syntax.is_encapsulated:
        if syntax not in _PLUGIN:
            raise ReadError(f"compressed as {syntax.name}, which is not read", kind="unsupported")
        if syntax != RLELossless:  # which has no header of its own
            frame = _checked_frame(header, syntax)
            subsampled = frame.subsampled
            if syntax == JPEGExtended12Bit and frame.bits > 8:
                # pydicom withholds these from gdcm, which reads them well: gdcm goes by the
                # stream, whatever kind of JPEG it is told.
                syntax = JPEGLossless
        options["decoding_plugin"] = _PLUGIN[syntax]
    header.file_meta.TransferSyntaxUID = syntax
    # raw: no conversion of colours, which would take many times the picture's memory.
    try:
        values, used = get_decoder(syntax).as_array(header, index=0, raw=True, **options)
    except BaseException as error:
        # The RLE decoder is written in Rust, whose panic is no `Exception` and has no public name.
        if type(error).__name__ != "PanicException":
            raise
        raise ReadError("its compressed picture is damaged", kind="damaged") from error
    photometric = str(used["photometric_interpretation"])
    # Some writers turn colours into YBR for the compression and forget to say so.
    return values, "YBR_FULL" if subsampled and photometric == "RGB" else photometric


def transfer_syntax(header: Dataset) -> UID:
    """How a data set that was read is encoded; ReadError ("unsupported") if in no known way."""
    if getattr(header, "file_meta", None) is None:
        header.file_meta = FileMetaDataset()
    named = header.file_meta.get("TransferSyntaxUID")
    if named:
        syntax = UID(str(named))
        if syntax.is_private or not syntax.is_transfer_syntax:
            raise ReadError("its encoding is of no known kind", kind="unsupported")
        return syntax
    # An old file that does not name its encoding; pydicom has found out while reading.
    implicit, little = header.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _checked_frame(header: Dataset, syntax: UID) -> Frame:
    """The compressed stream's own header, refused where it contradicts the file's."""
    stream = get_frame(header.PixelData, 0, number_of_frames=1)
    frame = (jpeg2000_frame if syntax in JPEG2000TransferSyntaxes else jpeg_frame)(stream)
    told = (int(header.Rows), int(header.Columns), int(header.SamplesPerPixel))
    if (frame.rows, frame.columns, frame.samples) != told:
        raise ReadError(
            f"its compressed picture has {frame.columns} x {frame.rows} pixels of "
            f"{frame.samples} sample(s), its header says {told[1]} x {told[0]} of {told[2]}",
            kind="damaged",
        )
    if syntax not in JPEG2000TransferSyntaxes and header.BitsAllocated not in _JPEG_ALLOCATED:
        # gdcm ends the process over others.
        raise ReadError(
            f"a JPEG of {header.BitsAllocated} bits allocated, which has 8 or 16", kind="damaged"
        )
    if frame.bits > int(header.BitsAllocated):
        raise ReadError(
            f"its compressed picture has {frame.bits} bits, its header says {header.BitsAllocated}",
            kind="damaged",
        )
    return frame
