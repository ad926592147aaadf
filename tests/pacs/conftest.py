"""What the tests of the PACS need."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra dicom")
pytest.importorskip("requests", reason="needs the extra dicom")

from tests.pacs import orthanc as orthanc_program
from tests.pacs.orthanc import Orthanc


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    """A real Orthanc that answers; without the program, or its plugin, the test is skipped."""
    reason = orthanc_program.missing()
    if reason is not None:
        pytest.skip(reason)
    server = Orthanc(tmp_path / "orthanc")
    server.start()
    try:
        yield server
    finally:
        server.kill()
