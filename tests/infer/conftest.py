"""What the tests of this room share."""

import pytest

from spinescan.core.anatomy import Landmarks
from spinescan.core.radiograph import Radiograph
from spinescan.phantom.film import sample_film


@pytest.fixture(scope="session")
def sample() -> tuple[Radiograph, Landmarks]:
    """The sample film, curves of 42 and 28 degrees, and its truth."""
    film = sample_film()
    return Radiograph(pixels=film.pixels, sha256="5a" * 32), film.landmarks
