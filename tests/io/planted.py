"""Films with secrets planted in them, and what is left of those."""

import warnings
from io import BytesIO
from typing import Any

import numpy as np
from pydicom import DataElement, Dataset, dcmread
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
)
from sample_files import dicom_bytes, film_values

from spinescan.io.deidentify import Pseudonyms, deidentified
from spinescan.io.read import read_radiograph

NAMES = Pseudonyms(b"not a secret".ljust(32))
DEEP = film_values(bits=12)

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
