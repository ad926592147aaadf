"""Sets on disk."""

import csv
import hashlib
import json

import pytest
from PIL import Image

from spinescan.core.errors import DataError
from spinescan.io.read import read_radiograph
from spinescan.phantom import sets
from spinescan.phantom.als_types import NoSuchSpineError
from spinescan.phantom.set_recipe import SetRecipe
from spinescan.phantom.sets import MANIFEST_COLUMNS, film_of_set, write_set

RECIPE = SetRecipe(rows=(96, 100))


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


def lines(folder):
    return [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "three"
    assert write_set(RECIPE, folder, 3, 7) == 3
    return folder


def test_truth_manifest_and_films_agree(three):
    truth = lines(three)
    with (three / "manifest.csv").open(newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [t["file"] for t in truth] == [f"images/00000{i}.png" for i in range(3)]
    for told, row in zip(truth, table, strict=True):
        data = (three / told["file"]).read_bytes()
        with Image.open(three / told["file"]) as picture:
            assert [picture.height, picture.width] == told["size"]
        assert told["sha256"] == row["sha256"] == hashlib.sha256(data).hexdigest()
        assert tuple(row) == MANIFEST_COLUMNS
        assert row["image"] == told["file"]
        assert row["group"] == f"phantom-{told['phantom']['seed']}"
        assert (row["view"], row["als"], row["sagittal"]) == (
            told["view"],
            told["phantom"]["als"],
            told["phantom"]["sagittal"],
        )
        if told["phantom"]["als"] == "healthy":
            assert row["als7"] == row["als_margin"] == ""
        else:
            assert row["als7"] == row["als"]
            margin = told["phantom"]["als_margin"]
            assert float(row["als_margin"]) == pytest.approx(margin, abs=1e-3)
    assert len({row["group"] for row in table}) == 3


def test_the_description_draws_the_set_again(three):
    told = json.loads((three / "set.json").read_text())
    assert (told["seed"], told["count"]) == (7, 3)
    assert SetRecipe.read(three / "set.json") == RECIPE
    order, phantom = film_of_set(RECIPE, 7, 2)
    record = lines(three)[2]
    assert phantom.seed == record["phantom"]["seed"] < 2**53
    assert order.rows == record["phantom"]["order"]["rows"]


@pytest.mark.slow
def test_any_number_of_processes_draws_the_same_bytes(three, tmp_path):
    seen = []
    assert write_set(RECIPE, tmp_path / "two", 3, 7, jobs=2, on_film=lambda: seen.append(1)) == 3
    assert contents(tmp_path / "two") == contents(three)
    assert len(seen) == 3


def test_a_set_that_was_cut_off_or_damaged_is_completed(three, tmp_path, monkeypatch):
    folder = tmp_path / "cut"
    (folder / "images").mkdir(parents=True)
    for name, data in contents(three).items():
        (folder / name).write_bytes(data)
    text = (three / "truth.jsonl").read_text()
    (folder / "truth.jsonl").write_text(text[: len(text) - 50])  # within the last line
    (folder / "images" / "000000.png").write_bytes(b"half a pict")
    (folder / "manifest.csv").unlink()
    drawn = []
    draw = sets.draw_phantom
    monkeypatch.setattr(sets, "draw_phantom", lambda *a: drawn.append(a) or draw(*a))
    seen = []
    assert write_set(RECIPE, folder, 3, 7, on_film=lambda: seen.append(1)) == 2
    assert len(drawn) == 2
    assert len(seen) == 3
    assert contents(folder) == contents(three)
    assert write_set(RECIPE, folder, 3, 7) == 0


def test_a_set_grows_without_touching_what_it_has(three, tmp_path):
    folder = tmp_path / "grown"
    write_set(RECIPE, folder, 1, 7)
    first = folder / "images" / "000000.png"
    before = first.stat().st_mtime_ns
    assert write_set(RECIPE, folder, 3, 7) == 2
    assert first.stat().st_mtime_ns == before
    assert contents(folder) == contents(three)


@pytest.mark.parametrize(
    ("recipe", "count", "seed", "says"),
    [
        (SetRecipe(rows=(96, 101)), 3, 7, "another set .recipe differ"),
        (RECIPE, 3, 8, "another set .seed differ"),
        (RECIPE, 2, 7, "only grows"),
    ],
)
def test_another_set_is_not_written_over(three, recipe, count, seed, says):
    before = contents(three)
    with pytest.raises(DataError, match=says):
        write_set(recipe, three, count, seed)
    assert contents(three) == before


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(DataError, match="something else"):
        write_set(RECIPE, tmp_path, 1, 0)
    (tmp_path / "set.json").write_text("[]")
    with pytest.raises(DataError, match="not the description"):
        write_set(RECIPE, tmp_path, 1, 0)
    with pytest.raises(ValueError, match="one film"):
        write_set(RECIPE, tmp_path, 0, 0)


def test_what_fits_nobody_is_drawn_afresh_and_at_last_refused(monkeypatch):
    tries = []

    def nobody(order, seed):
        tries.append(seed)
        if len(tries) == 2:
            return "somebody"
        raise NoSuchSpineError("no spine found")

    monkeypatch.setattr(sets, "draw_phantom", nobody)
    assert film_of_set(RECIPE, 1, 5)[1] == "somebody"
    assert tries[0] != tries[1]
    with pytest.raises(DataError, match=r"film 6 .*no spine found"):
        film_of_set(RECIPE, 1, 6)


def test_dicom_sets(tmp_path):
    from dataclasses import replace

    write_set(replace(RECIPE, image="dicom", clinic=None, rows=(200, 200)), tmp_path / "d", 1, 1)
    (record,) = lines(tmp_path / "d")
    film = read_radiograph(tmp_path / "d" / record["file"])
    assert record["file"] == "images/000000.dcm"
    assert film.declared_view == record["view"]
    assert film.spacing_mm == pytest.approx(record["spacing_mm"])
