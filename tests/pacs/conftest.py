"""What the tests of the PACS need."""

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra dicom")
