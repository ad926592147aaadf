"""What a result repeats of its film's header: the patient, the study, and which film it was."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, Final

from pydicom import Dataset, config, dcmread
from pydicom.datadict import dictionary_VR
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.valuerep import DA, TM, PersonName, validate_value

from spinescan.core.errors import ReadError
from spinescan.io.dicom import inflated
from spinescan.io.limits import DEFAULT_LIMITS
from spinescan.io.sniff import HEAD_BYTES, film_format

NO_STUDY: Final = "no_study"

NAMES_FILM: Final = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
"""Without these no result can say which film it is of; nothing stands in for them."""

IDENTITY: Final = ("PatientID", "PatientName", "IssuerOfPatientID", "AccessionNumber", "StudyID")
"""Repeated as they are, valid or not: by these an archive puts a result beside its film."""

PATIENT_AND_STUDY: Final = (
    *IDENTITY,
    "PatientBirthDate",
    "PatientSex",
    "PatientAge",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    "QualityControlSubject",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyDescription",
    "ReferringPhysicianName",
)
"""Of the modules Patient, General Study and Patient Study (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2)."""

TYPE_2: Final = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
"""Of these an empty value says that it is not known."""

_OF_THE_PICTURE: Final = (
    "Modality",
    "Rows",
    "Columns",
    "PatientOrientation",
    "ImagerPixelSpacing",
    "BurnedInAnnotation",
    "LossyImageCompression",
    "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
)

_UID: Final = re.compile(r"[0-9.]{1,64}")
"""Zeros in front of a number are against the rule (PS3.5 9.1), and archives hold many such."""

_ENUMERATED: Final = {
    "PatientSex": {"M", "F", "O"},
    "PatientIdentityRemoved": {"YES", "NO"},
    "QualityControlSubject": {"YES", "NO"},
    "BurnedInAnnotation": {"YES", "NO"},
    "LossyImageCompression": {"00", "01"},
}
_SEVERAL: Final = (
    "PatientOrientation",
    "ImagerPixelSpacing",
    "DeidentificationMethod",
    "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
)
_MOMENTS: Final[dict[str, Callable[[str], object]]] = {"DA": DA, "TM": TM}
_METHODS: Final = ("DeidentificationMethod", "DeidentificationMethodCodeSequence")
_DIRECTIONS: Final = frozenset("APRLHF")


def film_header(film: bytes) -> Dataset:
    """Of a DICOM file's header what its results repeat, without pixels, as decoded text.

    Values that the standard does not allow are left out, but for those of `IDENTITY`; what must be
    there and is not known is empty.

    Raises
    ------
    ReadError
        Of kind "no_study" if it is no DICOM file, or does not name its study, series and film.
    """
    if film_format(film[:HEAD_BYTES]) != "DICOM":
        raise ReadError(
            "the film is no DICOM file, so it belongs to no study that a DICOM result could join:"
            " scan its DICOM file, or do without the DICOM results",
            kind=NO_STUDY,
        )
    header = dcmread(BytesIO(inflated(film, DEFAULT_LIMITS)), force=True, stop_before_pixels=True)
    kept = Dataset()
    for keyword in NAMES_FILM:
        value = str(header.get(keyword) or "").strip()
        if not _UID.fullmatch(value):
            raise ReadError(
                f"the film's header has no valid {keyword}, so no result can be put beside it:"
                " export it from the archive anew, or do without the DICOM results",
                kind=NO_STUDY,
            )
        setattr(kept, keyword, value)
    for keyword in (*PATIENT_AND_STUDY, *_OF_THE_PICTURE):
        if keyword not in NAMES_FILM:
            value = _valid(keyword, header.get(keyword))
            if value is not None or keyword in TYPE_2:
                setattr(kept, keyword, "" if value is None else value)
    if kept.get("PatientIdentityRemoved") == "YES" and not any(map(kept.get, _METHODS)):
        kept.DeidentificationMethod = "not told by the film's header"  # where YES, one must be
    return kept


def _valid(keyword: str, value: Any) -> Any:
    """The value as text or numbers, or None if there is none that may be repeated."""
    if keyword == "PatientName" and isinstance(value, MultiValue):
        value = next(filter(None, value), None)  # a patient has one name, and highdicom takes one
    if value is None or value == "":
        return None
    if isinstance(value, PersonName):
        # Decoded: the name keeps its characters in whatever set it is written again.
        return PersonName(_printable(value))
    if keyword in IDENTITY:
        return (
            [_printable(v) for v in value] if isinstance(value, MultiValue) else _printable(value)
        )
    if isinstance(value, Sequence):
        return [_code(item) for item in value if "CodeValue" in item] or None
    values = list(value) if isinstance(value, MultiValue | list | tuple) else [value]
    if len(values) > 1 and keyword not in _SEVERAL:
        return None
    checked = list(_checked(keyword, values))
    if len(checked) != len(values) or not _makes_sense(keyword, checked):
        return None
    return checked if keyword in _SEVERAL else checked[0]


def _code(item: Dataset) -> Dataset:
    code = Dataset()
    for keyword in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"):
        setattr(code, keyword, _printable(item.get(keyword) or ""))
    return code


def _printable(value: Any) -> str:
    """Without control characters (PS3.5 6.1.3). Whatever else a name holds, such as a wide or a
    joining space, is part of it; so is C1: of text in a set that was not declared these are bytes.
    """
    return "".join(c for c in str(value) if c >= " " and c != "\x7f")


def _checked(keyword: str, values: list[Any]) -> Iterator[Any]:
    allowed = _ENUMERATED.get(keyword)
    for value in values:
        if dictionary_VR(keyword) == "US":
            if isinstance(value, int) and 0 <= value < 2**16:
                yield value
            continue
        text = _printable(value).strip(" ")
        try:
            validate_value(dictionary_VR(keyword), text, config.RAISE)
            if (moment := _MOMENTS.get(dictionary_VR(keyword))) is not None:
                moment(text)  # no 30 February and no range, which its pattern allows
        except (ValueError, TypeError):
            continue
        if text and (allowed is None or text in allowed):
            yield text


def _makes_sense(keyword: str, values: list[Any]) -> bool:
    if keyword == "PatientOrientation":
        return len(values) == 2 and all(set(v) <= _DIRECTIONS for v in values)
    if keyword == "ImagerPixelSpacing":
        return len(values) == 2 and all(float(v) > 0 for v in values)
    return True
