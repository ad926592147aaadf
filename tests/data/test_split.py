"""Laws of a split: no person on both sides, and the same split for the same seed."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spinescan.core.errors import DataError
from spinescan.data.split import grouped_folds

films = st.lists(st.integers(0, 30).map(str), min_size=1, max_size=120)
folds = st.integers(2, 6)
seeds = st.integers(0, 2**32 - 1)


@given(groups=films, count=folds, seed=seeds)
def test_parts_share_all_films_among_them(groups: list[str], count: int, seed: int) -> None:
    assume(len(set(groups)) >= count)
    parts = grouped_folds(groups, count, seed)
    assert len(parts) == count
    assert all(parts)
    assert sorted(index for part in parts for index in part) == list(range(len(groups)))
    assert all(part == sorted(part) for part in parts)


@given(groups=films, count=folds, seed=seeds)
def test_a_group_lies_in_one_part(groups: list[str], count: int, seed: int) -> None:
    assume(len(set(groups)) >= count)
    homes = [{groups[i] for i in part} for part in grouped_folds(groups, count, seed)]
    assert sum(len(home) for home in homes) == len(set(groups))


@given(groups=films, count=folds, seed=seeds)
def test_parts_are_about_equal(groups: list[str], count: int, seed: int) -> None:
    assume(len(set(groups)) >= count)
    sizes = [len(part) for part in grouped_folds(groups, count, seed)]
    largest = max(groups.count(group) for group in set(groups))
    assert max(sizes) - min(sizes) <= largest


@given(groups=films, count=folds, seed=seeds)
def test_a_split_repeats(groups: list[str], count: int, seed: int) -> None:
    assume(len(set(groups)) >= count)
    assert grouped_folds(groups, count, seed) == grouped_folds(groups, count, seed)


def test_another_seed_gives_another_split() -> None:
    groups = [str(k // 2) for k in range(80)]
    assert len({str(grouped_folds(groups, 5, seed)) for seed in range(8)}) == 8


@given(groups=films, seed=seeds)
def test_a_split_depends_on_who_is_in_a_group_not_on_the_order_of_the_films(
    groups: list[str], seed: int
) -> None:
    assume(len(set(groups)) >= 3)
    plain = grouped_folds(groups, 3, seed)
    turned = grouped_folds(groups[::-1], 3, seed)
    n = len(groups)
    assert [sorted(n - 1 - i for i in part) for part in turned] == plain


def test_too_few_groups() -> None:
    with pytest.raises(DataError, match="3 folds need as many groups of films, got 2"):
        grouped_folds(["a", "b", "a", "b"], 3, seed=0)
