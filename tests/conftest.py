"""What all tests may use."""

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Laws have no clock: a busy machine must not make one fail. CI tries the same examples each time;
# new ones are found on developers' machines.
settings.register_profile("spinescan", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.register_profile("quick", settings.get_profile("spinescan"), max_examples=25)
settings.load_profile("spinescan")

# A shell lets what it starts in the background ignore Ctrl-C, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parents[1]

sys.path.insert(0, str(ROOT / "benchmarks"))  # sample_files and the fuzzer
sys.path.insert(0, str(ROOT / "docs"))  # what the generators share
sys.path.insert(0, str(ROOT / "docker"))  # what the rehearsal reads


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real films (aasce/, wholespine/, ...); without it the test is skipped."""
    named = os.environ.get("SPINESCAN_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no real films here: set SPINESCAN_DATA to their folder")
    return folder
