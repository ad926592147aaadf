"""No group on two sides, every film tested once, the test films out of reach."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinescan.core.errors import DataError
from spinescan.core.task import Task
from spinescan.data.manifest import ManifestFilm, Split
from spinescan.train.classify_parts import (
    Part,
    cross_validation_parts,
    final_part,
    manifest_part,
)

TASK = Task.of_codes("t", ("a", "b"))


def film(k: int, group: str, label: str, split: Split = "") -> ManifestFilm:
    return ManifestFilm(f"{k}.png", f"{k:064x}", group, split, labels={"t": label})


def films(groups: int = 20, *, split: Split = "") -> list[ManifestFilm]:
    return [film(k, f"g{k // 2}", "ab"[k // 2 % 2], split) for k in range(2 * groups)]


def assert_apart(part: Part, films: list[ManifestFilm]) -> None:
    sides = [
        {films[k].group for k in places} for places in (part.train, part.validation, part.test)
    ]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    for places in (part.train, part.validation):
        assert {films[k].labels["t"] for k in places} == {"a", "b"}


@settings(max_examples=20)
@given(
    groups=st.integers(12, 40),
    folds=st.integers(2, 5),
    repeats=st.integers(1, 3),
    seed=st.integers(0, 1000),
)
def test_every_film_is_tested_once_a_repeat(
    groups: int, folds: int, repeats: int, seed: int
) -> None:
    own = films(groups)
    parts = cross_validation_parts(
        own, TASK, folds=folds, repeats=repeats, validation_share=0.2, seed=seed
    )
    assert len(parts) == folds * repeats
    assert len({part.name for part in parts}) == len(parts)
    for repeat in range(repeats):
        tested = sorted(k for part in parts if part.repeat == repeat for k in part.test)
        assert tested == list(range(len(own)))
    for part in parts:
        assert_apart(part, own)
        assert sorted((*part.train, *part.validation, *part.test)) == list(range(len(own)))


def test_repeats_have_other_folds() -> None:
    parts = cross_validation_parts(films(), TASK, folds=2, repeats=2, validation_share=0.2, seed=1)
    assert {parts[0].test, parts[1].test} != {parts[2].test, parts[3].test}


def test_films_set_aside_for_the_test_take_no_part() -> None:
    own = [*films(12), *(film(100 + k, f"t{k}", "ab"[k % 2], "test") for k in range(6))]
    parts = cross_validation_parts(own, TASK, folds=3, repeats=1, validation_share=0.2, seed=1)
    for part in (*parts, final_part(own, TASK, validation_share=0.2, seed=1)):
        used = {*part.train, *part.validation, *part.test}
        assert not any(own[k].split == "test" for k in used)


def test_the_manifests_splits_are_kept() -> None:
    own = [
        *films(6, split="train"),
        *(film(100 + k, f"v{k}", "ab"[k % 2], "validation") for k in range(4)),
        *(film(200 + k, f"t{k}", "ab"[k % 2], "test") for k in range(4)),
        film(300, "nobody", "a"),
    ]
    part = manifest_part(own, TASK, validation_share=0.2, seed=1)
    assert part.train == tuple(range(12))
    assert part.validation == tuple(range(12, 16))
    assert part.test == tuple(range(16, 20))


def test_without_validation_films_some_of_training_are_held_out() -> None:
    own = films(10, split="train")
    part = manifest_part(own, TASK, validation_share=0.2, seed=1)
    assert_apart(part, own)
    assert len(part.validation) == 4
    assert part.test == ()


def test_a_manifest_that_is_not_split_says_what_to_do() -> None:
    with pytest.raises(DataError, match=r"no film of this task in the split 'train'.*--folds"):
        manifest_part(films(), TASK, validation_share=0.2, seed=1)


def test_the_final_part_keeps_the_manifests_validation_films() -> None:
    names = ("train", "train", "validation", "test", "")
    own = [replace(one, split=names[k % 5]) for k, one in enumerate(films(20))]
    part = final_part(own, TASK, validation_share=0.2, seed=1)
    assert part.validation == tuple(k for k, one in enumerate(own) if one.split == "validation")
    assert set(part.train) == {k for k, one in enumerate(own) if one.split in ("train", "")}


def test_a_small_class_still_has_one_to_choose_by() -> None:
    own = [film(k, f"g{k}", "a" if k < 20 else "b") for k in range(23)]
    part = final_part(own, TASK, validation_share=0.1, seed=1)
    assert_apart(part, own)
