"""Results into an archive by STOW-RS (PS3.18, 10.5)."""

from dataclasses import dataclass, replace
from typing import Any, Final

from spinescan.pacs.dicomweb import DicomWeb
from spinescan.pacs.errors import PacsError
from spinescan.pacs.objects import sop_instance_uid
from spinescan.pacs.web_server import WebServer

_DUPLICATE: Final = 0x0111
"""Failure reason "Duplicate SOP Instance" (PS3.7, C.5.14): it is there already."""


@dataclass(frozen=True, slots=True)
class StowDestination:
    """A DICOMweb server as a Destination; the study is the one that the object names."""

    server: WebServer

    @property
    def name(self) -> str:
        return self.server.url

    def send(self, data: bytes) -> None:
        """Store one DICOM file; an object that the server has already counts as stored.

        One attempt: the queue comes back to what was not taken.

        Raises
        ------
        PacsError
        """
        status, body = DicomWeb(replace(self.server, attempts=1)).store(data)
        uid = sop_instance_uid(data)
        stored, failed = _understood(body)
        if failed.get(uid, _DUPLICATE) != _DUPLICATE:
            raise PacsError(f"not stored, for reason {failed[uid]:04X}H", kind="refused")
        # A status alone says nothing: a proxy's page that asks for a login comes with 200.
        if uid not in failed and uid not in stored:
            raise PacsError(
                f"the server answered {status} and does not say that it has the object",
                kind="not_understood",
            )


def _understood(body: bytes) -> tuple[dict[str, int], dict[str, int]]:
    """What was stored and what was not (PS3.18, 10.5.3.2); nothing where it is no DICOM JSON."""
    from pydicom import Dataset

    try:
        answer = Dataset.from_json(body.decode("utf-8"))
        return _named(answer, "ReferencedSOPSequence"), _named(answer, "FailedSOPSequence")
    except Exception:  # pydicom trips over strange JSON in many ways
        return {}, {}


def _named(answer: Any, sequence: str) -> dict[str, int]:
    """Failure reasons (0 if none is told) by SOP Instance UID."""
    return {
        str(item.get("ReferencedSOPInstanceUID")): int(item.get("FailureReason") or 0)
        for item in answer.get(sequence) or ()
    }
