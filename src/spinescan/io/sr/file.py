"""A data set as the bytes of a DICOM file."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.multival import MultiValue
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.valuerep import PersonName

_C1: Final = re.compile("[\x80-\x9f]")


def file_bytes(result: Dataset) -> bytes:
    """A DICOM file (PS3.10) in explicit VR little endian, with preamble and meta information.

    It has the plainest character set that holds its text: old archives know few.
    """
    found = _character_set(result)
    if found is None:
        result.pop("SpecificCharacterSet", None)
    else:
        result.SpecificCharacterSet = found
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = result.SOPClassUID
    meta.MediaStorageSOPInstanceUID = result.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    result.file_meta = meta
    stream = BytesIO()
    dcmwrite(stream, result, enforce_file_format=True)
    return stream.getvalue()


def _character_set(result: Dataset) -> str | None:
    """None for ASCII, else Latin alphabet no. 1 or UTF-8 by their terms (PS3.3 C.12.1.1.2)."""
    words = "".join(_texts(result))
    if _C1.search(words):  # in Python's Latin alphabet, but not in DICOM's
        return "ISO_IR 192"
    for term, codec in ((None, "ascii"), ("ISO_IR 100", "latin-1")):
        try:
            words.encode(codec)
            return term
        except UnicodeEncodeError:
            continue
    return "ISO_IR 192"


def _texts(result: Dataset) -> Iterator[str]:
    for element in result.iterall():
        values = element.value if isinstance(element.value, MultiValue) else [element.value]
        yield from (str(v) for v in values if isinstance(v, str | PersonName))
