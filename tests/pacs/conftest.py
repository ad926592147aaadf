"""What the tests of the PACS need."""

import sys
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


@pytest.fixture(autouse=True)
def listeners_that_end_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener looks twenty times a second, and not twice, whether it is to end."""
    if "spinescan.pacs.listener" in sys.modules:
        monkeypatch.setattr("spinescan.pacs.listener._POLL_S", 0.05)
