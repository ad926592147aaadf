"""What a PACS did not do."""

from spinescan.core.errors import SpineScanError


class PacsError(SpineScanError):
    """`kind` tells why. Messages name no patient and no identifier.

    ==============  ==========================================================================
    unreachable     nobody answers at the address, or the connection broke off
    slow            no answer in time
    refused         it answered, and does not take or give what was asked
    not_understood  its answer makes no sense
    ==============  ==========================================================================
    """

    kind = "unreachable"
