"""SpineScan reads spine radiographs: curves, Cobb angles and the ALS type. Research use only."""

import os
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spinescan.core.anatomy import Landmarks
    from spinescan.core.errors import SpineScanError
    from spinescan.core.radiograph import Radiograph
    from spinescan.core.report import Report
    from spinescan.infer.scanner import Scanner
    from spinescan.io.read import read_radiograph

__version__ = "0.1.0.dev0"

_HOMES = {
    "Landmarks": "spinescan.core.anatomy",
    "Radiograph": "spinescan.core.radiograph",
    "Report": "spinescan.core.report",
    "Scanner": "spinescan.infer.scanner",
    "SpineScanError": "spinescan.core.errors",
    "read_radiograph": "spinescan.io.read",
}

__all__ = [
    "Landmarks",
    "Radiograph",
    "Report",
    "Scanner",
    "SpineScanError",
    "__version__",
    "read_radiograph",
    "scan",
]


def scan(source: "str | os.PathLike[str] | bytes") -> "Report":
    """One film in, one Report out, with the models that ship.

    Parameters
    ----------
    source
        A path, an http(s) address, or the bytes of the file.

    Raises
    ------
    SpineScanError
        The film cannot be read, or a model bundle is missing or damaged. A film that is read but is
        not a frontal spine raises nothing: its Report abstains and says why.
    """
    from spinescan.io.read import read_radiograph

    return _shipped_scanner().scan(read_radiograph(source))


@cache
def _shipped_scanner() -> "Scanner":
    from spinescan.infer.scanner import Scanner

    return Scanner.default()


def __getattr__(name: str) -> object:
    # The public names are imported on first use, so that `import spinescan` stays bare.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
