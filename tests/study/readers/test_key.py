"""Orders of films: everybody sees all of them, in another order, repeats far apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.study.readers.key import draw_order
from tests.study.readers.simulated import key_of


@given(st.integers(2, 30), st.integers(0, 5), st.integers(0, 99))
def test_every_film_is_shown_and_so_many_twice(films: int, repeats: int, seed: int) -> None:
    repeats = min(repeats, films)
    order = draw_order(films, repeats, np.random.default_rng(seed))
    times = np.bincount(order, minlength=films)
    assert set(times) <= {1, 2}
    assert (times == 2).sum() == repeats


def test_two_showings_lie_far_apart() -> None:
    for seed in range(20):
        order = draw_order(40, 4, np.random.default_rng(seed))
        for film in {f for f in order if order.count(f) == 2}:
            first = order.index(film)
            assert order.index(film, first + 1) - first >= 10


def test_readers_see_different_orders_and_a_seed_gives_the_same() -> None:
    one, again = key_of(20, ("A", "B", "C")), key_of(20, ("A", "B", "C"))
    assert len(set(one.readers.values())) == 3
    assert one.readers == again.readers


def test_more_repeats_than_films_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be shown twice"):
        draw_order(3, 4, np.random.default_rng(0))
