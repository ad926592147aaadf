"""Write a structured report as DCMTK's dsrdump prints it: docs/reference/dicom-sample.md.

    python docs/generate_dicom_sample.py

Without dsrdump the page stays as it is.
"""

import shutil
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path

from spinescan.infer.scanner import Scanner
from spinescan.io.read import read_radiograph
from spinescan.io.sr import render_sr
from spinescan.phantom.film import Order, draw_phantom
from spinescan.phantom.record import image_bytes

PAGE = Path(__file__).parent / "reference" / "dicom-sample.md"
WRITTEN_AT = datetime(2026, 1, 1, 12)


def dsrdump_version() -> str | None:
    """The program's name and version, or None where it is not installed."""
    if shutil.which("dsrdump") is None:
        return None
    told = subprocess.run(["dsrdump", "--version"], capture_output=True, text=True, check=True)
    return told.stdout.splitlines()[0].strip("$ ").removeprefix("dcmtk: ")


def sample() -> str:
    """The report of a phantom with a single curve, as the models that ship read it."""
    phantom = draw_phantom(Order(als="4CL", cobb_deg=35, rows=900, clinic=None), seed=2)
    film = image_bytes(phantom, "dicom")
    report = Scanner.default().scan(read_radiograph(film))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.dcm"
        file.write_bytes(render_sr(film, report, written_at=WRITTEN_AT))
        command = ["dsrdump", "--print-long-values", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def page(version: str) -> str:
    """The whole page."""
    return f"""\
# A report in DICOM, printed

This page is written by `make docs`: a synthetic film, scanned, and its structured report as
{version} prints it. The codes are explained in
[Codes in DICOM reports](dicom-codes.md).

```text
{sample()}
```
"""


if __name__ == "__main__":
    version = dsrdump_version()
    if version is None:
        print(f"{PAGE} stays as it is: dsrdump (DCMTK) is not installed.")
    else:
        PAGE.write_text(page(version), "utf-8")
