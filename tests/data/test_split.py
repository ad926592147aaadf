"""Laws of a split: no person on both sides, and the same split for the same seed."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spinescan.core.errors import DataError
from spinescan.core.task import Task
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.data.split import (
    grouped_folds,
    hold_out,
    repeated_folds,
    stratified_folds,
    with_split,
)

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


BASE = [(label, 100 + k) for label in "abc" for k in range(5)]  # five persons a class at least
people = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40)), max_size=100).map(
    lambda rows: (
        [label for label, _ in BASE + rows],
        [f"{label}{k}" for label, k in BASE + rows],
    )
)


@given(films=people, count=st.integers(2, 5), seed=seeds)
def test_stratified_parts_share_all_films_and_no_person(
    films: tuple[list[str], list[str]], count: int, seed: int
) -> None:
    labels, groups = films
    parts = stratified_folds(labels, groups, count, seed)
    assert sorted(index for part in parts for index in part) == list(range(len(groups)))
    homes = [{groups[i] for i in part} for part in parts]
    assert sum(len(home) for home in homes) == len(set(groups))
    assert parts == stratified_folds(labels, groups, count, seed)


@given(labels=st.lists(st.sampled_from("abc"), max_size=90), seed=seeds)
def test_where_nobody_has_two_films_classes_differ_by_one_at_most(
    labels: list[str], seed: int
) -> None:
    labels = [label for label, _ in BASE] + labels
    groups = [str(k) for k in range(len(labels))]
    parts = stratified_folds(labels, groups, 3, seed)
    for label in set(labels):
        counts = [sum(labels[i] == label for i in part) for part in parts]
        assert max(counts) - min(counts) <= 1
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= len(set(labels))


def test_a_class_with_fewer_persons_than_folds() -> None:
    with pytest.raises(DataError, match="3 folds need as many groups of films of class 'b', got 2"):
        stratified_folds("aaabb", "12345", 3, 0)


def test_repeats_are_different_and_follow_from_the_seed() -> None:
    labels = ["a", "b"] * 30
    groups = [str(k) for k in range(60)]
    repeats = repeated_folds(labels, groups, 5, 4, seed=3)
    assert len({str(parts) for parts in repeats}) == 4
    assert repeats == repeated_folds(labels, groups, 5, 4, seed=3)
    assert repeats[:2] == repeated_folds(labels, groups, 5, 2, seed=3)


@given(
    n=st.integers(10, 60), test=st.floats(0.15, 0.4), validation=st.floats(0.15, 0.4), seed=seeds
)
def test_held_out_shares_are_about_what_was_asked(
    n: int, test: float, validation: float, seed: int
) -> None:
    labels = ["a"] * n + ["b"] * 2 * n
    groups = [str(k) for k in range(3 * n)]
    split = hold_out(labels, groups, seed, validation=validation, test=test)
    for label, total in (("a", n), ("b", 2 * n)):
        got = [s for s, one in zip(split, labels, strict=True) if one == label]
        assert abs(got.count("test") - test * total) <= 1
        assert abs(got.count("validation") - validation * total) <= 1


def test_a_hold_out_without_validation() -> None:
    split = hold_out("ab" * 10, [str(k) for k in range(20)], 0, test=0.3)
    assert set(split) == {"train", "test"}


def test_too_few_films_to_hold_out() -> None:
    with pytest.raises(DataError, match="would have no film of class b"):
        hold_out("aaaab", "12345", 0, test=0.2)
    with pytest.raises(ValueError, match="must leave films for training"):
        hold_out("ab", "12", 0, validation=0.5, test=0.5)


def test_a_split_is_written_into_a_manifest() -> None:
    films = tuple(
        ManifestFilm(
            f"{k}.png",
            f"{k:064x}",
            f"p{k // 2}",
            labels={"mine": "ab"[k // 2 % 2]} if k % 2 else {},
        )
        for k in range(40)
    )
    task = Task.of_codes("mine", ("a", "b"))
    made = with_split(Manifest(Path(), films), task, 0, test=0.25)
    assert [f.split for f in made.films].count("test") == 10
    assert {f.split for f in made.films} == {"train", "test"}  # who has no label follows the group
