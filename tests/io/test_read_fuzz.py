"""A few hundred mutated films; `benchmarks/fuzz_read.py` reads many more, each at arm's length."""

from fuzz_read import mutated

from spinescan.core.errors import ReadError
from spinescan.io.read import READ_ERROR_KINDS, read_radiograph


def test_mutated_films_are_read_or_refused():
    kinds = set()
    for index in range(600):
        _, data = mutated(0, index)
        try:
            film = read_radiograph(data)
        except ReadError as error:
            kinds.add(error.kind)
        else:
            assert 0.0 <= film.pixels.min() < film.pixels.max() <= 1.0
            kinds.add("read")
    assert kinds <= {"read", *READ_ERROR_KINDS}
    assert {"read", "truncated", "damaged"} <= kinds  # the mutations reach what they are meant for
