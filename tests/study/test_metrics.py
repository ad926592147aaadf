import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.study.metrics import (
    grouped_bootstrap,
    held_out_median,
    share_within_groups,
    thirds,
    wilson_interval,
)

counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_wilson_holds_the_share_and_mirrors(count: tuple[int, int]) -> None:
    hits, n = count
    low, high = wilson_interval(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    assert low < high
    assert wilson_interval(n - hits, n) == pytest.approx((1 - high, 1 - low))


@given(counts)
def test_wilson_narrows_with_more_films(count: tuple[int, int]) -> None:
    hits, n = count
    low, high = wilson_interval(hits, n)
    more_low, more_high = wilson_interval(4 * hits, 4 * n)
    assert more_high - more_low < high - low


def test_wilson_known_values() -> None:
    # 10 of 15 and 8 of 10: the two figures of the seed project, which overlap.
    assert wilson_interval(10, 15) == pytest.approx((0.417, 0.848), abs=0.001)
    assert wilson_interval(8, 10) == pytest.approx((0.490, 0.943), abs=0.001)
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("hits", "n"), [(-1, 3), (4, 3)])
def test_wilson_refuses_impossible_counts(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="between 0 and n"):
        wilson_interval(hits, n)


def test_bootstrap_of_equal_values_has_no_width() -> None:
    assert grouped_bootstrap(np.full(9, 4.0), list(range(9)), samples=50) == (4.0, 4.0)


def test_bootstrap_is_repeatable_and_holds_the_mean() -> None:
    values = np.random.default_rng(1).normal(10, 2, 60)
    groups = [i // 3 for i in range(60)]
    low, high = grouped_bootstrap(values, groups)
    assert (low, high) == grouped_bootstrap(values, groups)
    assert low < values.mean() < high


def test_films_of_one_person_widen_the_interval() -> None:
    """Ten people with ten equal films each are ten observations, not a hundred."""
    values = np.repeat(np.random.default_rng(2).normal(0, 1, 10), 10)
    by_person = grouped_bootstrap(values, [i // 10 for i in range(100)])
    by_film = grouped_bootstrap(values, list(range(100)))
    assert by_person[1] - by_person[0] > 2 * (by_film[1] - by_film[0])


def test_bootstrap_needs_a_group_for_each_value() -> None:
    with pytest.raises(ValueError, match="one group per value"):
        grouped_bootstrap(np.zeros(3), [1, 2])


@given(st.lists(st.integers(0, 4), min_size=2, max_size=20).filter(lambda g: len(set(g)) > 1))
def test_held_out_median_ignores_its_own_group(groups: list[int]) -> None:
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 60, (len(groups), 3))
    before = held_out_median(values, groups)
    own = np.array(groups) == groups[0]
    values[own] += 1000
    after = held_out_median(values, groups)
    np.testing.assert_array_equal(before[own], after[own])
    np.testing.assert_allclose(
        before[own], np.median(values[~own], axis=0)[None].repeat(own.sum(), 0)
    )


def test_held_out_median_needs_two_groups() -> None:
    with pytest.raises(ValueError, match="two groups"):
        held_out_median(np.zeros((3, 3)), ["a", "a", "a"])


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(5, 9)), min_size=1, max_size=12))
def test_a_share_within_groups_is_all_hits_of_all(pairs: list[tuple[int, int]]) -> None:
    hits, of = ([pair[k] for pair in pairs] for k in (0, 1))
    told = share_within_groups(hits, of, list(range(len(pairs))), samples=200)
    assert (told["count"], told["n"]) == (sum(hits), sum(of))
    low, high = told["interval_95"]
    shares = [hit / n for hit, n in pairs]
    assert min(shares) - 1e-4 <= low <= high <= max(shares) + 1e-4


def test_films_of_one_group_are_one_observation() -> None:
    """Four films, two groups that hold all hits or none: nothing between 0 and 1 is ruled out."""
    told = share_within_groups([9, 9, 0, 0], [9] * 4, ["a", "a", "b", "b"])
    assert told["share"] == 0.5
    assert told["interval_95"] == [0, 1]


def test_a_share_of_nothing_is_none() -> None:
    assert share_within_groups([0], [0], ["a"])["share"] is None


def test_thirds_are_of_equal_size() -> None:
    which, (low, high) = thirds(np.arange(9.0))
    assert which.tolist() == [0] * 3 + [1] * 3 + [2] * 3
    assert 2 < low < 3
    assert 5 < high < 6
