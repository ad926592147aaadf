"""Whether a file is one that SpineScan wrote."""

from io import BytesIO

from pydicom import dcmread

from spinescan.io.dicom import inflated
from spinescan.io.limits import DEFAULT_LIMITS, ReadLimits
from spinescan.io.quiet import quiet
from spinescan.io.sr.identity import is_own_result


def is_own_file(film: bytes, limits: ReadLimits = DEFAULT_LIMITS) -> bool:
    """Whether a DICOM file is a result of ours; False where that cannot be told, whatever it is."""
    try:
        with quiet():
            data = BytesIO(inflated(film, limits))
            return is_own_result(dcmread(data, force=True, stop_before_pixels=True))
    except Exception:  # its reader will say what is wrong with it
        return False
