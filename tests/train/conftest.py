"""Tests here need torch: they are marked `training`, and not collected without it."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent

if importlib.util.find_spec("torch") is None:
    collect_ignore_glob = ["test_*.py"]
elif not all(map(importlib.util.find_spec, ("h5py", "keras"))):
    collect_ignore_glob = ["test_keras_*.py"]  # the extra `keras`


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.training)


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Runs are compared number by number; sums in several threads may differ in the last bit."""
    import torch
    from torch.multiprocessing import reductions

    torch.set_num_threads(1)
    yield
    # What workers shared is let go here: at interpreter exit torch complains about each of them.
    reductions.shared_cache.clear()
