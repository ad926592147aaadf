"""What a case or a job could not do."""

from spinescan.core.errors import SpineScanError


class CaseError(SpineScanError):
    """`kind` tells why.

    ============  ===============================================================================
    not_found     there is no such case, scan, file or job
    conflict      it is there already, or has gone on meanwhile
    pseudonym     the name is none that a case may have
    version       the database was written by a newer version, or is another program's
    in_use        another process has the folder open
    not_deleted   rows and films are gone, but traces may be left in the database's file
    storage       the disk does not take or give what was asked
    ============  ===============================================================================
    """

    kind = "storage"
