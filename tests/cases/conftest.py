"""What the tests of cases need."""

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra web")
