"""What tells the class: found where it does, not claimed where it does not."""

from pathlib import Path

import numpy as np
import pytest

from spinescan.audit import confound
from spinescan.audit.confound import (
    COVERED,
    TOGETHER,
    cover,
    covered_half,
    find_tellings,
    flanks,
    properties,
)
from spinescan.audit.marks import Marks
from spinescan.audit.sights import Sight
from spinescan.core.errors import DataError
from spinescan.data.manifest import ManifestFilm

pytest.importorskip("sklearn")

CLASSES = ("normal", "scoliosis")


@pytest.fixture(autouse=True)
def _twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cross-validations are enough here."""
    monkeypatch.setattr(confound, "REPEATS", 2)


def sight(
    k: int,
    *,
    width: int = 300,
    small: np.ndarray | None = None,
    group: str = "",
    spine: tuple[float, float] | None = (0.4, 0.6),
    **labels: str,
) -> Sight:
    noise = np.random.default_rng(k).integers(0, 255, (120, 60), np.uint8)
    return Sight(
        data_set="set",
        row=k + 2,
        film=ManifestFilm(f"{k}.png", f"{k:064x}", group or f"p{k}", labels=labels),
        path=Path(f"{k}.png"),
        size=(900, width),
        file_bytes=100_000,
        file_format="PNG",
        colour=False,
        small=noise if small is None else small,
        marks=Marks(),
        spine=spine,
    )


def labels_of(n: int) -> list[str]:
    return [CLASSES[k % 2] for k in range(n)]


def test_a_property_that_tells_the_class_is_found() -> None:
    rng = np.random.default_rng(0)
    labels = labels_of(60)
    sights = [
        sight(k, width=int((240 if label == "normal" else 420) + rng.normal(0, 20)))
        for k, label in enumerate(labels)
    ]
    told = {one.what: one for one in find_tellings(sights, labels, covered=False)}
    assert set(told) == {"width", "width_to_height", "bytes_per_pixel", TOGETHER}
    assert told["width"].balanced > 0.95
    assert told["width"].tells
    assert told["width"].chance == 0.5
    assert told["width"].n == 60


def test_chance_is_not_called_telling() -> None:
    rng = np.random.default_rng(1)
    sights = [sight(k, width=int(rng.integers(200, 500))) for k in range(60)]
    told = {one.what: one for one in find_tellings(sights, labels_of(60))}
    for name in ("width", COVERED):
        low, high = told[name].balanced_interval
        assert low < 0.5 < high
        assert not told[name].tells


def test_films_of_one_person_do_not_help_each_other() -> None:
    """Every person has a width of its own and a class by chance: by film it could be learnt."""
    rng = np.random.default_rng(2)
    classes = [CLASSES[k % 2] for k in range(30)]
    widths = rng.permutation(np.arange(200, 500, 10))
    sights, labels = [], []
    for person in range(30):
        for _ in range(4):
            sights.append(sight(len(sights), width=int(widths[person]), group=f"p{person}"))
            labels.append(classes[person])
    told = {one.what: one for one in find_tellings(sights, labels, covered=False)}
    assert told["width"].balanced < 0.7
    assert told["width"].groups == 30


def test_the_flanks_tell_but_what_is_covered_does_not() -> None:
    labels = labels_of(40)
    beside, under = [], []
    for k, label in enumerate(labels):
        for films, columns in ((beside, slice(0, 15)), (under, slice(28, 32))):
            small = np.random.default_rng(k).integers(0, 100, (120, 60), np.uint8)
            if label == "normal":
                small[:, columns] += 100
            films.append(sight(k, small=small))
    told = [
        next(one for one in find_tellings(films, labels) if one.what == COVERED)
        for films in (beside, under)
    ]
    assert told[0].balanced > 0.95
    assert not told[1].tells


def test_the_cover_is_equally_wide_everywhere_and_holds_nine_spines_of_ten() -> None:
    rng = np.random.default_rng(3)
    spines = [(m - w, m + w) for m, w in zip(rng.uniform(0.4, 0.6, 50), rng.uniform(0.05, 0.3, 50),
                                             strict=True)]  # fmt: skip
    sights = [sight(k, spine=spine) for k, spine in enumerate(spines)]
    half = covered_half(sights)
    covers = [cover(one, half) for one in sights]
    assert {round(high - low, 9) for low, high in covers} == {round(2 * half, 9)}
    assert all(low > 0 and high < 1 for low, high in covers)
    inside = [high - low <= 2 * half + 1e-9 for low, high in spines]
    assert np.mean(inside) == pytest.approx(0.9, abs=0.02)


def test_flanks_without_any_spine() -> None:
    assert np.isfinite(flanks([sight(0, spine=None), sight(1, spine=None)])).all()


def test_columns_of_the_manifest_are_properties() -> None:
    sights = [sight(k, age=str(10 + k), sex="MF"[k % 2]) for k in range(4)] + [sight(4)]
    told = properties(sights, ("age", "sex"))
    assert told["age"][:, 0].tolist() == [10, 11, 12, 13, -1]
    assert told["sex"].tolist() == [[0, 0, 1], [0, 1, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]]


@pytest.mark.slow
def test_pairs_of_classes_are_told_apart() -> None:
    labels = ["abc"[k % 3] for k in range(45)]
    sights = [sight(k, width=200 if label == "a" else 400) for k, label in enumerate(labels)]
    told = [one for one in find_tellings(sights, labels, covered=False) if one.what == "width"]
    balanced = {one.classes: one.balanced for one in told}
    assert set(balanced) == {("a", "b", "c"), ("a", "b"), ("a", "c"), ("b", "c")}
    assert balanced["a", "b"] == 1
    assert balanced["b", "c"] == pytest.approx(0.5, abs=0.25)


def test_too_few_persons() -> None:
    with pytest.raises(DataError, match="two classes with films of two persons"):
        find_tellings([sight(0), sight(1)], list(CLASSES))
