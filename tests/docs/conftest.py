"""Films and models for the pages, made once."""

import pytest

from tests.docs.props import Props


@pytest.fixture(scope="session")
def props(tmp_path_factory: pytest.TempPathFactory) -> Props:
    return Props(tmp_path_factory.mktemp("props"))
