"""DICOM projection radiographs (CR, DX, RF, secondary capture) as radiographs, read by pydicom."""

import re
import zlib
from io import BytesIO

from pydicom import Dataset, dcmread
from pydicom.filereader import _read_file_meta_info, read_preamble
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    UID_dictionary,
)

from spinescan.core.errors import ReadError
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import Notice
from spinescan.io.dicom_geometry import pixel_geometry, shown_sides
from spinescan.io.dicom_grey import grey_film
from spinescan.io.limits import ReadLimits
from spinescan.io.sr.identity import is_own_result

PROJECTION_MODALITIES = frozenset(("CR", "DX", "DR", "RF", "RG", "XA", "OT", "SC"))
"""Modalities that give a projection radiograph; OT and SC are captures of unnamed origin."""

PROJECTION_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.1",  # CR
    "1.2.840.10008.5.1.4.1.1.1.1",  # DX for presentation
    "1.2.840.10008.5.1.4.1.1.1.1.1",  # DX for processing
    "1.2.840.10008.5.1.4.1.1.7",  # secondary capture
    "1.2.840.10008.5.1.4.1.1.12.1",  # X-ray angiography
    "1.2.840.10008.5.1.4.1.1.12.2",  # X-ray radiofluoroscopy
)

_CODE = re.compile(r"[A-Z]{2}")
"""What nearly all modalities look like (PS3.3 C.7.3.1.1.1), and hardly a name."""


def read_dicom(data: bytes, sha256: str, limits: ReadLimits) -> Radiograph:
    """Decode a DICOM film, with or without preamble. No patient data leaves the header.

    Raises
    ------
    ReadError
        Or whatever pydicom and the decoders raise on damaged data; `read_radiograph` turns that
        into a ReadError.
    """
    header = dcmread(BytesIO(inflated(data, limits)), force=True)
    require_single_projection(header)
    if is_own_result(header):
        raise ReadError(
            "a picture that SpineScan drew; give the film that it was drawn of", kind="unsupported"
        )
    rows, columns = _integer(header, "Rows"), _integer(header, "Columns")
    limits.check_size(rows, columns)
    geometry = pixel_geometry(header)
    sides = shown_sides(header)
    pixels, grey_notices = grey_film(header)
    return Radiograph(
        pixels=pixels,
        sha256=sha256,
        spacing_mm=geometry.spacing_mm,
        spacing_origin=geometry.origin,
        pixel_aspect=geometry.pixel_aspect,
        declared_view=sides.view,
        patient_left=sides.patient_left,
        burned_in=burned_in(header),
        notices=(*geometry.notices, *sides.notices, *grey_notices, *_text_notices(header)),
    )


def inflated(data: bytes, limits: ReadLimits) -> bytes:
    """The file, with a deflated data set inflated up to the limit and no further.

    pydicom inflates whatever it is given, and a few kilobytes can become gigabytes. Its own parser
    finds where the data set begins, so that it can find nothing else to inflate afterwards.
    """
    stream = BytesIO(data)
    read_preamble(stream, force=True)
    syntax = _read_file_meta_info(stream).get("TransferSyntaxUID")
    if syntax != DeflatedExplicitVRLittleEndian:
        return data
    start = stream.tell()
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    body = inflater.decompress(data[start:], limits.max_bytes + 1)
    limits.check_bytes(len(body))
    if not inflater.eof:
        raise ReadError("its deflated data set ends too early", kind="truncated")
    # The same file in the encoding it has now; the identifier keeps its length.
    deflated = DeflatedExplicitVRLittleEndian.encode()
    plain = ExplicitVRLittleEndian.encode().ljust(len(deflated), b"\0")
    return data[:start].replace(deflated, plain) + body


def require_single_projection(header: Dataset) -> None:
    """Refuse (ReadError) what is no projection radiograph, or holds none or several pictures."""
    modality = str(header.get("Modality") or "").strip().upper()
    sop_class = UID(str(header.get("SOPClassUID") or ""))
    if "PixelData" not in header:
        # pydicom gives what it has where a file breaks off, or nothing at all.
        if len(header) == 0 or "Rows" in header or sop_class in PROJECTION_CLASSES:
            raise ReadError("a DICOM file that ends before its picture does", kind="truncated")
        what = _kind(modality, sop_class)
        raise ReadError(f"a DICOM file without a picture in it ({what})", kind="not_an_image")
    known = not sop_class or sop_class in PROJECTION_CLASSES
    if modality not in PROJECTION_MODALITIES if modality else not known:
        what = _kind(modality, UID("") if modality else sop_class)
        raise ReadError(
            f"a DICOM image of kind {what}; expected a projection radiograph (CR, DX, RF or a "
            "secondary capture)",
            kind="unsupported",
        )
    frames = _integer(header, "NumberOfFrames", 1)
    if frames > 1:
        raise ReadError(
            f"has {frames} frames; export the one frame to read as an image of its own",
            kind="multi_frame",
        )


def _kind(modality: str, sop_class: UID) -> str:
    """The name of a registered class, or the modality's code; of a broken header, nothing is said.

    Where a header is broken, other elements' text may stand there.
    """
    if sop_class in UID_dictionary:
        return str(sop_class.name)
    return modality if _CODE.fullmatch(modality) else "nothing that is known"


def _integer(header: Dataset, keyword: str, default: int | None = None) -> int:
    value = header.get(keyword)
    if value is None and default is not None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ReadError(f"a DICOM file without a valid {keyword}", kind="damaged") from None


def burned_in(header: Dataset) -> bool | None:
    """What BurnedInAnnotation (0028,0301) says of text in the picture; None if nothing."""
    told = str(header.get("BurnedInAnnotation") or "").strip().upper()
    return {"YES": True, "NO": False}.get(told)


def _text_notices(header: Dataset) -> tuple[Notice, ...]:
    if not burned_in(header):
        return ()
    return (
        Notice(
            "burned_in_annotation",
            "The header says that text is burned into the picture; it may identify the patient.",
        ),
    )
