"""What is found out before any training."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spinescan.core.errors import DataError
from spinescan.core.task import ALS7, KYPHOSIS, SAGITTAL3, VIEW, Task
from spinescan.data.checks import check_folds, check_task, label_of, task_of
from spinescan.data.manifest import Manifest, ManifestFilm, Split

MINE = Task.of_codes("mine", ("a", "b"))


def row(k: int, label: str = "a", split: Split = "", **changes: str) -> ManifestFilm:
    digest = hashlib.sha256(str(k).encode()).hexdigest()
    labels = {"mine": label} if label else {}
    values = {"image": f"{k}.png", "sha256": digest, "group": f"p{k}", **changes}
    return ManifestFilm(**values, split=split, labels=labels)  # type: ignore[arg-type]


def check(*films: ManifestFilm, task: Task = MINE) -> None:
    check_task(Manifest(Path(), films), task, read=False)


def test_good_films_pass() -> None:
    check(row(1), row(2, "b"), row(3, ""))


def test_a_part_of_a_wider_task_takes_its_labels() -> None:
    def film(**labels: str) -> ManifestFilm:
        return ManifestFilm("a.png", "0" * 64, "a", labels=labels)

    for code in SAGITTAL3.codes:
        told = label_of(film(sagittal3=code), KYPHOSIS)
        assert told == (code if code in KYPHOSIS.codes else None)
    # A column of its own goes first, whatever it holds.
    assert label_of(film(sagittal3="lordosis", kyphosis="healthy"), KYPHOSIS) == "healthy"
    assert label_of(film(kyphosis="odd"), KYPHOSIS) == "odd"


@pytest.mark.parametrize(
    ("films", "message"),
    [
        ((row(1, ""),), "no film has a label"),
        ((row(1), row(2)), "all films are 'a'; two classes are needed"),
        ((row(1), row(2, "c")), r"row 3: 2\.png: 'c' is not a label of task 'mine' \(a, b\)"),
        (
            (row(1, split="train"), row(2, "b", "train"), row(3, split="test")),
            "split 'test' has no film of class b",
        ),
        (
            (row(1), row(2, "b"), row(1, image="twin.png")),
            None,
        ),
        (
            (row(1), row(2, "b"), row(1, image="twin.png", group="other")),
            "rows 2 and 4 are the same picture in the groups 'p1' and 'other'",
        ),
        (
            (row(1), row(2, "b"), row(1, "b", image="twin.png")),
            "rows 2 and 4 are the same picture, once 'a' and once 'b'",
        ),
    ],
)
def test_bad_films_are_told(films: tuple[ManifestFilm, ...], message: str | None) -> None:
    if message is None:
        check(*films)
        return
    with pytest.raises(DataError, match=message):
        check(*films)


def test_an_empty_class_is_named() -> None:
    task = Task.of_codes("mine", ("a", "b", "c"))
    with pytest.raises(DataError, match="no film of class c"):
        check(row(1), row(2, "b"), task=task)


def test_a_group_in_two_splits_never_becomes_a_manifest() -> None:
    with pytest.raises(ValueError, match="group 'g' must be in one split"):
        Manifest(Path(), (row(1, "a", "train", group="g"), row(2, "b", "test", group="g")))


def test_films_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    films = []
    for k, label in enumerate("ab"):
        path = tmp_path / f"{k}.png"
        Image.fromarray(np.arange(6300, dtype=np.uint8).reshape(90, 70) + k).save(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        films.append(row(k, label, sha256=digest))
    manifest = Manifest(tmp_path, tuple(films))
    check_task(manifest, MINE)
    (tmp_path / "1.png").write_bytes(b"gone")
    with pytest.raises(DataError, match=r"1 of 2 films cannot be used: .*1\.png"):
        check_task(manifest, MINE)


def test_a_fold_without_a_class_is_told() -> None:
    check_folds([[0, 1], [2, 3]], "abab", MINE)
    with pytest.raises(DataError, match="fold 1 has no film of class b"):
        check_folds([[0, 1, 3], [2]], "abab", MINE)


def test_a_task_is_known_or_made_of_the_column() -> None:
    manifest = Manifest(Path(), (row(1, "y"), row(2, "x")))
    assert task_of(manifest, "als7") is ALS7
    assert task_of(manifest, "mine").codes == ("x", "y")
    with pytest.raises(
        DataError, match="no column 'other' in the manifest; it has the labels mine"
    ):
        task_of(manifest, "other")
    with pytest.raises(DataError, match="two classes or more, got only 'y'"):
        task_of(Manifest(Path(), (row(1, "y"),)), "mine")


def test_the_view_is_a_label_too() -> None:
    film = row(1, view="lateral")
    assert label_of(film, VIEW) == "lateral"
    assert label_of(row(1), VIEW) is None
