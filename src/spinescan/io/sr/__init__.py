"""A Report as DICOM objects in the film's own study: a structured report, and a capture.

Both are written for the archive that holds the film. Who the patient is comes from the film's
header at the moment of writing and is kept nowhere else.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from spinescan.core.errors import MissingExtraError, ReadError, SpineScanError
from spinescan.core.report import Report
from spinescan.io.quiet import quiet
from spinescan.io.sr.identity import is_own_result

if TYPE_CHECKING:
    from PIL.Image import Image
    from pydicom import Dataset

__all__ = ["is_own_result", "need_highdicom", "render_capture", "render_sr"]


def need_highdicom() -> None:
    """Raise MissingExtraError if highdicom is not installed."""
    try:
        import highdicom  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"DICOM results need the extra 'dicom' ({error.name} is not installed): "
            "pip install 'spinescan[dicom]'"
        ) from error


def render_sr(film: bytes, report: Report, *, written_at: datetime) -> bytes:
    """The Report as a Comprehensive SR by template TID 1500 (PS3.16): unverified, preliminary.

    Parameters
    ----------
    film
        The DICOM file that the Report is of.
    written_at
        The wall-clock time that the object bears.

    Raises
    ------
    MissingExtraError
        highdicom (the extra `dicom`) is not installed.
    ReadError
        Of kind "no_study" if the file is no DICOM, or its header does not name its study, series
        and film; of kind "dicom_out" if what it says cannot be repeated in a valid object.
    """
    need_highdicom()
    from spinescan.io.sr.document import document
    from spinescan.io.sr.file import file_bytes

    try:
        with quiet():
            return file_bytes(document(_header(film), report, written_at))
    except SpineScanError:
        raise
    except Exception as error:
        raise _not_written(error) from error


def render_capture(film: bytes, picture: "Image", report: Report, *, written_at: datetime) -> bytes:
    """The Report drawn on its film as a Secondary Capture in RGB, which is no film to measure on.

    Parameters and errors are those of `render_sr`; `picture` is the overlay (`io.overlay`).
    """
    need_highdicom()
    from spinescan.io.sr.capture import capture
    from spinescan.io.sr.file import file_bytes

    try:
        with quiet():
            return file_bytes(capture(_header(film), picture, report, written_at))
    except SpineScanError:
        raise
    except Exception as error:
        raise _not_written(error) from error


def _header(film: bytes) -> "Dataset":
    from spinescan.io.sr.header import film_header

    return film_header(film)


def _not_written(error: Exception) -> SpineScanError:
    # Headers of this world hold nearly everything, and pydicom raises nearly every type at it. The
    # cause may name the patient, so only its type is told.
    return ReadError(
        f"the film's header cannot be repeated in a DICOM result ({type(error).__name__})",
        kind="dicom_out",
    )
