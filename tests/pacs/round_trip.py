"""Films with a patient in their header, and what came back beside them."""

import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from io import BytesIO

from pydicom import dcmread

from spinescan.io.dicom_write import SyntheticHeader, dicom_bytes
from spinescan.phantom.film import sample_film
from tests.pacs.orthanc import Orthanc

REPORT_CLASSES = ("1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.88.22")
CAPTURE_CLASS = "1.2.840.10008.5.1.4.1.1.7"
FILM_CLASS = "1.2.840.10008.5.1.4.1.1.1.1"


@cache
def _drawn(view: str) -> bytes:
    header = SyntheticHeader(1, "PA" if view == "frontal" else "LL", 0.5, "F", 14)
    return dicom_bytes(sample_film(view).pixels, header)  # type: ignore[arg-type]


def film(number: int, view: str = "frontal") -> bytes:
    """A film of its own patient and study."""
    drawn = dcmread(BytesIO(_drawn(view)))
    drawn.PatientName = f"Zyx{number}^Quentin"
    drawn.PatientID, drawn.PatientBirthDate = f"ID-{number}", "20120229"
    drawn.AccessionNumber, drawn.StudyDate = f"ACC{number}", "20260115"
    drawn.StudyInstanceUID = f"2.25.7{number}1"
    drawn.SeriesInstanceUID = f"2.25.7{number}2"
    drawn.SOPInstanceUID = drawn.file_meta.MediaStorageSOPInstanceUID = f"2.25.7{number}3"
    out = BytesIO()
    drawn.save_as(out, enforce_file_format=True)
    return out.getvalue()


def by_study(orthanc: Orthanc) -> dict[str, Counter[str]]:
    """How many films ("film"), reports ("SR") and overlays ("SC") are in each patient's study."""
    found: dict[str, Counter[str]] = {}
    for instance in orthanc.instances():
        tags = orthanc.tags(instance)
        sop_class = tags["SOPClassUID"]
        kind = (
            "SR" if sop_class in REPORT_CLASSES else "SC" if sop_class == CAPTURE_CLASS else "film"
        )
        place = f"{tags['StudyInstanceUID']} {tags['PatientID']}"
        found.setdefault(place, Counter())[kind] += 1
    return found


def complete(numbers: range, overlays: int = 1) -> dict[str, Counter[str]]:
    """What `by_study` tells when each film has its results, once."""
    each = Counter({"film": 1, "SR": 1, **({"SC": overlays} if overlays else {})})
    return {f"2.25.7{n}1 ID-{n}": Counter(each) for n in numbers}


def wait_for(condition: Callable[[], bool], within_s: float = 60.0) -> bool:
    """Whether a condition came true in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
