"""Where results go."""

from typing import Protocol


class Destination(Protocol):
    """A receiver of DICOM objects. One may be used by several threads.

    `name` tells it from others, in the queue and in logs: "dicom:AET@host:port", or an address. It
    holds no credentials.
    """

    @property
    def name(self) -> str: ...

    def send(self, data: bytes) -> None:
        """Hand over one DICOM file; returns only once the receiver says that it has it.

        Raises
        ------
        PacsError
            "unreachable", "slow", "refused" or "not_understood". Whether the receiver has the
            object may then be unknown; sending it again must do no harm, which a receiver that
            keeps objects by their SOP Instance UID guarantees.
        """
        ...
