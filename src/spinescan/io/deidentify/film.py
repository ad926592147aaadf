"""A film's file in, the same film without its patient out."""

from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Final, Literal

from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
    UID_dictionary,
)

from spinescan.core.errors import ReadError
from spinescan.io.deidentify.pixels import clean_pixels
from spinescan.io.deidentify.profile import apply_profile, need_anonymizer
from spinescan.io.deidentify.pseudonyms import Pseudonyms
from spinescan.io.dicom import burned_in, inflated, require_single_projection
from spinescan.io.dicom_decode import transfer_syntax
from spinescan.io.limits import DEFAULT_LIMITS, ReadLimits
from spinescan.io.picture import plain_png
from spinescan.io.quiet import quiet
from spinescan.io.sniff import require_film_format

_IMPLEMENTATION: Final = UID("2.25.230789016430418529064329215853203210785")
"""Of SpineScan's writer of de-identified files; made once at random."""


@dataclass(frozen=True, slots=True)
class CleanFilm:
    """A film without its patient.

    `patient` and `study` are its new names, empty where the header tells none, as in a picture.
    `burned_in` is what the header says of text in the picture; None if it says nothing.
    """

    data: bytes = field(repr=False)
    suffix: Literal[".dcm", ".png"]
    patient: str = ""
    study: str = ""
    view_position: str = ""
    burned_in: bool | None = None


def deidentified(
    data: bytes, *, limits: ReadLimits = DEFAULT_LIMITS, pseudonyms: Pseudonyms | None = None
) -> bytes:
    """A DICOM film's file by the Basic Application Level Confidentiality Profile (PS3.15 E).

    Encoding and picture stay as they are, and so does **text that is burned into the picture**.

    Parameters
    ----------
    data
        The file's bytes.
    limits
        What a film may be at most.
    pseudonyms
        Makes the new identifiers; one for a whole data set keeps it consistent. None: a random one.

    Raises
    ------
    ReadError
        If it is no film, no DICOM file ("unsupported"), damaged, or above the limits.
    MissingExtraError
        Without the extra `dicom`.
    """
    if require_film_format(data) != "DICOM":
        raise ReadError("not a DICOM file; only those are de-identified so", kind="unsupported")
    return clean_film(data, limits=limits, pseudonyms=pseudonyms).data


def clean_film(
    data: bytes, *, limits: ReadLimits = DEFAULT_LIMITS, pseudonyms: Pseudonyms | None = None
) -> CleanFilm:
    """As `deidentified`, for films in any format that is read.

    Pictures that are no DICOM become PNG: the same pixels, upright, and nothing else, for the files
    may hold text, positions and small copies of the picture.
    """
    need_anonymizer()
    limits.check_bytes(len(data))
    names = pseudonyms or Pseudonyms.random()
    found = require_film_format(data)
    try:
        with quiet():
            if found != "DICOM":
                return CleanFilm(plain_png(data, found, limits), ".png")
            return _clean_dicom(data, limits, names)
    except ReadError:
        raise
    except MemoryError as error:
        raise ReadError("needs more memory than there is", kind="too_large") from error
    except Exception as error:  # as in `io.read`: parsers of damaged data raise every type there is
        # Its words may quote the header: they are not repeated.
        raise ReadError(
            f"a damaged {found} file ({type(error).__name__})", kind="damaged"
        ) from None


def _clean_dicom(data: bytes, limits: ReadLimits, names: Pseudonyms) -> CleanFilm:
    plain = inflated(data, limits)
    header = dcmread(BytesIO(plain), force=True)
    require_single_projection(header)
    limits.check_size(int(header.Rows), int(header.Columns))
    syntax = transfer_syntax(header)
    who = _who(header)
    patient = names.patient(who) if who else ""
    clean_pixels(header, syntax)
    apply_profile(header, names, patient)
    if header.get("SOPClassUID") not in UID_dictionary:
        header.SOPClassUID = SecondaryCaptureImageStorage
    if not header.get("SOPInstanceUID"):
        header.SOPInstanceUID = names.uid(sha256(data).hexdigest())
    # `inflated` hands back another file where there was something to inflate.
    written = syntax if plain is data else DeflatedExplicitVRLittleEndian
    return CleanFilm(
        data=_written(header, written),
        suffix=".dcm",
        patient=patient,
        study=str(header.get("StudyInstanceUID") or ""),
        view_position=str(header.get("ViewPosition") or "").strip(),
        burned_in=burned_in(header),
    )


def _who(header: Dataset) -> str:
    """What tells this patient from others; an empty text where nothing does.

    The issuer of the identifier is left out: one station tells it and another does not. So equal
    numbers of two hospitals become one patient, which keeps splits by patient on the safe side.
    """

    def told(keyword: str) -> str:
        return str(header.get(keyword) or "").strip(" \0")

    if told("PatientID"):
        return f"id\0{told('PatientID')}"
    if told("PatientName").strip("^= "):
        return f"name\0{told('PatientName')}\0{told('PatientBirthDate')}"
    return f"study\0{told('StudyInstanceUID')}" if told("StudyInstanceUID") else ""


def _written(header: Dataset, syntax: UID) -> bytes:
    """The file, with a preamble of zeros and file meta information made anew."""
    header.preamble = b"\0" * 128
    header.file_meta = FileMetaDataset()
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
    header.file_meta.TransferSyntaxUID = syntax
    header.file_meta.ImplementationClassUID = _IMPLEMENTATION
    header.file_meta.ImplementationVersionName = "SPINESCAN"
    out = BytesIO()
    dcmwrite(out, header, enforce_file_format=True)
    return out.getvalue()
