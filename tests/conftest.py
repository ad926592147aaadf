"""What all tests may use."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

sys.path.insert(0, str(ROOT / "benchmarks"))  # sample_files and the fuzzer


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real films (aasce/, wholespine/, ...); without it the test is skipped."""
    named = os.environ.get("SPINESCAN_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no real films here: set SPINESCAN_DATA to their folder")
    return folder
