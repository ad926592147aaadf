"""Who made a result, and identifiers that follow from what they name."""

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spinescan.core.report import Report
from spinescan.io.words import product

if TYPE_CHECKING:
    from pydicom import Dataset

MANUFACTURER: Final = "SpineScan"
"""Of every result that is written here, and of no film (a phantom's says that it is synthetic)."""

_BELONGS: Final = ("StudyInstanceUID", "PatientID", "IssuerOfPatientID")
"""Whose film it is, as an archive knows it."""

_NAMES: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "results.spinescan")


def is_own_result(header: "Dataset") -> bool:
    """Whether an object is a result that SpineScan wrote, and so no film to scan."""
    return str(header.get("Manufacturer") or "").strip() == MANUFACTURER


def uid_of(*what: str) -> str:
    """A UID under 2.25 (PS3.5 B.2): a UUID that follows from what it names."""
    return f"2.25.{uuid.uuid5(_NAMES, json.dumps(what)).int}"


@dataclass(frozen=True, slots=True)
class Identity:
    """The identifiers of one film's results.

    The same answer of the same film of the same patient and study by the same version has the same
    ones, however often it is written, so that an archive keeps it once. A film whose patient or
    study was corrected has new ones: an archive would keep the object that names the wrong one.
    Tracking identifiers follow from the film and the place on it alone: they stay through edits,
    corrections and versions.
    """

    film_uid: str
    belongs: str
    answer: str

    @classmethod
    def of(cls, header: "Dataset", report: Report) -> "Identity":
        """Of a film's header as the result repeats it (`header.film_header`), and of a Report.

        How long the scan took is no part of the answer.
        """
        told = {k: v for k, v in report.to_dict().items() if k != "timing_ms"}
        return cls(
            str(header.SOPInstanceUID),
            json.dumps([str(header.get(keyword) or "") for keyword in _BELONGS]),
            json.dumps([product(), told], sort_keys=True),
        )

    def instance(self, kind: str) -> str:
        """SOP Instance UID of a result of this kind ("sr", "capture")."""
        return uid_of("instance", kind, self.film_uid, self.belongs, self.answer)

    def series(self, kind: str) -> str:
        """Series Instance UID; each result is a series of its own."""
        return uid_of("series", kind, self.film_uid, self.belongs, self.answer)

    def tracking(self, place: str) -> str:
        """Tracking UID of what was found at a place of the film, such as "curve lumbar 1"."""
        return uid_of("tracking", self.film_uid, place)
