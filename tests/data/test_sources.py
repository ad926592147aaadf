"""Reading labelled folders."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinescan.core.anatomy import FRONTAL_CORNERS, FRONTAL_POINTS, LEVELS
from spinescan.core.errors import DataError
from spinescan.data.sources import read_aasce, read_boxes, read_corner_films, read_phantoms
from spinescan.measure.aasce import aasce_angles
from spinescan.phantom.set_recipe import SetRecipe
from spinescan.phantom.sets import write_set
from tests.data.layouts import Sheet, write_aasce, write_picture, write_table
from tests.measure.spines import profile, spine

FILMS = 12
CORNERS = spine(profile(T1=-5, T5=20, T11=-22, L5=0)).points_xy.reshape(17, 4, 2) - [400, 0]
FILM = np.zeros((850, 240), np.float32)


@pytest.fixture
def aasce(tmp_path: Path) -> Path:
    """Six films of cases a to d; films of c and a, and of d and c, are the same picture."""
    shifted = CORNERS + [10, 20]
    return write_aasce(
        tmp_path / "aasce",
        [
            Sheet(FILM, CORNERS, "a"),
            Sheet(FILM, shifted, "a", suspect=True),
            Sheet(FILM, CORNERS, "b"),
            Sheet(FILM, CORNERS, "c", duplicate_of="film_00.png"),
            Sheet(FILM, shifted, "c"),
            Sheet(FILM, shifted, "d", duplicate_of="film_04.png"),
        ],
    )


@pytest.fixture
def boxed(tmp_path: Path) -> Path:
    """Three films: two annotations, one, none."""
    folder = tmp_path / "boxed"
    for name in ("b/tall.png", "a.png", "side.png"):
        write_picture(folder / "images" / name, np.zeros((200, 100)))
    box = {"xc": 0.5, "yc": 0.25, "w": 0.2, "h": 0.05}
    write_table(
        folder / "boxes.csv",
        [
            {"file": "b/tall.png", "annotation": 1, "i": 0, **box},
            {"file": "b/tall.png", "annotation": 0, "i": 0, **box, "yc": 0.5},
            {"file": "b/tall.png", "annotation": 0, "i": 1, **box, "yc": 0.75},
            {"file": "a.png", "annotation": 0, "i": 0, **box},
        ],
    )
    tall = {"view": "frontal", "field_of_view": "lumbar", "source_style": "pacs_crop"}
    side = {"view": "lateral", "field_of_view": "lumbar", "source_style": ""}
    write_table(
        folder / "labels.csv",
        [{"file": "b/tall.png", **tall}, {"file": "side.png", **side}],
    )
    return folder


def test_aasce_films(aasce: Path) -> None:
    films = read_aasce(aasce)
    assert [f.file for f in films] == [f"film_0{k}.png" for k in range(6)]
    first = films[0]
    assert first.path.is_file()
    assert first.size == (850, 240)
    assert first.corners_px == pytest.approx(CORNERS, abs=1e-3)
    assert first.angles_deg == pytest.approx(aasce_angles(CORNERS, 850), abs=1e-2)
    assert [f.suspect for f in films] == [False, True, False, False, False, False]
    assert {f.source for f in films} == {"aasce"}
    assert first.corners_told
    assert first.cropped
    assert first.points_px is first.letters_px is first.hardware is first.brace is None
    assert first.ribs is not None
    assert first.ribs.tolist() == [1] * 12 + [0] * 5


def test_films_of_one_case_and_exact_duplicates_are_one_group(aasce: Path) -> None:
    groups = [f.group for f in read_aasce(aasce)]
    # a and c share a picture, c and d another one: all three stay together.
    assert groups[0] == groups[1] == groups[3] == groups[4] == groups[5]
    assert groups[2] != groups[0]


def test_a_duplicate_of_a_film_elsewhere_changes_no_group(tmp_path: Path) -> None:
    sheets = [Sheet(FILM, CORNERS, "a", duplicate_of="elsewhere.png"), Sheet(FILM, CORNERS, "b")]
    assert [f.group for f in read_aasce(write_aasce(tmp_path, sheets))] == ["a", "b"]


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: (d / "index.csv").unlink(), r"index\.csv: cannot be read"),
        (lambda d: (d / "landmarks.csv").unlink(), r"landmarks\.csv: cannot be read"),
        (lambda d: rewrite(d / "index.csv", "cobb_2", "cobb"), r"index\.csv: no column cobb_2"),
        (lambda d: rewrite(d / "index.csv", "case", "person"), r"index\.csv: no column case"),
        (lambda d: rewrite(d / "landmarks.csv", "x67", "x_67"), "no column x67"),
        (lambda d: rewrite(d / "landmarks.csv", "film_02.png", "x.png"), "film_02.png has no row"),
        (lambda d: rewrite(d / "index.csv", "film_03.png,c,850", "film_03.png,c,tall"), "film_03"),
        (lambda d: rewrite(d / "landmarks.csv", "film_01.png,0.", "film_01.png,x."), "film_01"),
        (lambda d: (d / "index.csv").write_text("file,case\na,b\n"), "no column height"),
        (lambda d: (d / "index.csv").write_bytes(b"file,case\n\xff\xfe,2\n"), "UTF-8"),
        (lambda d: (d / "index.csv").write_text(""), "no column file"),
    ],
)
def test_aasce_folders_that_are_damaged(
    aasce: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(aasce)
    with pytest.raises(DataError, match=message) as caught:
        read_aasce(aasce)
    assert "\n" not in str(caught.value)


def test_a_row_that_was_cut_off(aasce: Path) -> None:
    text = (aasce / "landmarks.csv").read_text()
    (aasce / "landmarks.csv").write_text(text[:-40])
    with pytest.raises(DataError, match=r"landmarks\.csv: row 7 is too short"):
        read_aasce(aasce)


def test_boxed_films(boxed: Path) -> None:
    films = {f.file: f for f in read_boxes(boxed)}
    assert list(films) == ["a.png", "b/tall.png", "side.png"]
    tall = films["b/tall.png"]
    assert tall.path == boxed / "images" / "b" / "tall.png"
    assert [len(a) for a in tall.annotations] == [2, 1]
    assert tall.annotations[0] == pytest.approx(
        np.array([(50.0, 100.0, 20.0, 10.0), (50.0, 150.0, 20.0, 10.0)])
    )
    assert films["side.png"].annotations == ()
    assert [f.view for f in films.values()] == ["frontal", "frontal", "lateral"]
    assert [f.kind for f in films.values()] == ["", "lumbar, pacs_crop", "lumbar"]


def test_boxed_films_without_labels_are_frontal(boxed: Path) -> None:
    (boxed / "labels.csv").unlink()
    assert {f.view for f in read_boxes(boxed)} == {"frontal"}


def test_hidden_files_are_no_films(boxed: Path) -> None:
    (boxed / "images" / ".DS_Store").write_bytes(b"\0")
    assert len(read_boxes(boxed)) == 3


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: (d / "boxes.csv").unlink(), r"boxes\.csv: cannot be read"),
        (lambda d: rewrite(d / "boxes.csv", "yc", "y"), "no column yc"),
        (lambda d: rewrite(d / "boxes.csv", "0.25", "high"), "b/tall.png: row not understood"),
        (lambda d: rewrite(d / "boxes.csv", "0.25", "inf"), "b/tall.png: a number is not finite"),
        (lambda d: rewrite(d / "labels.csv", "view", "side"), r"labels\.csv: no column view"),
        (lambda d: (d / "images").rename(d / "films"), "no images/ folder"),
        (lambda d: (d / "images" / "notes.txt").write_text("x"), r"notes\.txt: not a picture"),
    ],
)
def test_boxed_folders_that_are_damaged(
    boxed: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(boxed)
    with pytest.raises(DataError, match=message):
        read_boxes(boxed)


def test_the_published_films(shared_data: Path) -> None:
    films = read_aasce(shared_data / "aasce")
    assert len(films) == 479
    assert len({f.file for f in films}) == 479
    assert len({f.group for f in films}) == 230
    assert sum(f.suspect for f in films) == 42
    for film in films:
        assert film.path.is_file()
        assert film.corners_px.shape == (17, 4, 2)
        if not film.suspect:  # on the film, give or take a landmark a little beside it
            assert (film.corners_px > -5).all()
            assert (film.corners_px < np.array(film.size[::-1]) + 5).all()


def test_published_duplicates_share_a_group(shared_data: Path) -> None:
    group = {film.file: film.group for film in read_aasce(shared_data / "aasce")}
    with (shared_data / "aasce" / "index.csv").open(newline="") as stream:
        twins = [(row["file"], row["exact_duplicate_of"]) for row in csv.DictReader(stream)]
    twins = [(file, twin) for file, twin in twins if twin]
    assert len(twins) >= 10
    for file, twin in twins:
        assert group[file] == group[twin]


def test_the_published_boxes(shared_data: Path) -> None:
    whole = read_boxes(shared_data / "wholespine")
    assert len(whole) == 48
    assert all(f.view == "frontal" for f in whole)
    assert max(len(f.annotations) for f in whole) == 2
    mixed = read_boxes(shared_data / "fraiwan")
    assert len(mixed) == 234
    assert sum(bool(f.annotations) for f in mixed) == 82
    assert {f.view for f in mixed} == {"frontal", "lateral"}


def test_boxed_films_without_corners_can_be_told_of(boxed: Path) -> None:
    films = read_corner_films(boxed)
    assert [film.file for film in films] == ["a.png", "b/tall.png"]  # no lateral one
    assert len({film.group for film in films}) == 2
    for film in films:
        assert film.source == "boxed"
        assert not film.corners_told
        assert not film.suspect
        assert film.corners_px.shape == (17, 4, 2)
        assert np.isnan(film.corners_px).all()
        assert film.points_px is film.ribs is None


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of small phantoms, frontal and lateral."""
    folder = tmp_path_factory.mktemp("phantoms")
    metal = {"rods": 0.3, "brace": 0.3, "none": 0.4}
    write_set(SetRecipe(rows=(96, 96), image="png", metal=metal), folder, FILMS, 3)
    return folder


def truth_of(phantoms: Path) -> list[dict[str, Any]]:
    """The records of the frontal films."""
    lines = map(json.loads, (phantoms / "truth.jsonl").read_text().splitlines())
    return [line for line in lines if line["view"] == "frontal"]


def test_phantoms_bring_the_corners_of_their_frontal_films(phantoms: Path) -> None:
    frontal, films = truth_of(phantoms), read_phantoms(phantoms)
    assert 0 < len(films) == len(frontal) < FILMS
    for film, line in zip(films, frontal, strict=True):
        assert film.path.is_file()
        places = dict(zip(line["landmarks"]["names"], line["landmarks"]["points_xy"], strict=True))
        assert film.corners_px.shape == (17, 4, 2)
        for level, corners in zip(LEVELS, film.corners_px, strict=True):
            if np.isfinite(corners).all():
                assert corners[3] == pytest.approx(places[f"{level}_inferior_right"])
            else:  # a level that is not wholly on the film is not there
                assert any(f"{level}_{c}" not in places for c in FRONTAL_CORNERS)
    assert len({film.group for film in films}) == len(films)
    assert {film.view for film in films} == {"frontal"}
    assert {film.source for film in films} == {"phantoms"}
    assert all(film.corners_told and not film.cropped for film in films)


def test_lateral_phantoms_bring_their_corners_by_the_sides_of_the_picture(phantoms: Path) -> None:
    films = read_phantoms(phantoms, laterals=True)
    assert len(films) == FILMS
    assert [film.file for film in read_corner_films(phantoms)] == [film.file for film in films]
    frontal = {film.file for film in read_phantoms(phantoms)}
    lines = (phantoms / "truth.jsonl").read_text().splitlines()
    facing = set()
    for film, line in zip(films, map(json.loads, lines), strict=True):
        assert (film.view == "frontal") == (film.file in frontal)
        if film.view == "frontal":
            assert film.faces_left is None
            continue
        marks = line["landmarks"]
        places = dict(zip(marks["names"], marks["points_xy"], strict=True))
        seen = np.isfinite(film.corners_px).all(axis=(1, 2))
        assert seen.any()
        across = film.corners_px[seen, 1::2, 0] - film.corners_px[seen, ::2, 0]
        assert (across > 0).all()  # left is left
        assert film.faces_left is not None
        facing.add(film.faces_left)
        front = 0 if film.faces_left else 1
        level = int(np.flatnonzero(seen)[0])
        expected = places[f"{LEVELS[level]}_superior_anterior"]
        assert film.corners_px[level, front] == pytest.approx(expected)
        assert film.points_px is not None
        named = dict(zip(FRONTAL_POINTS, film.points_px, strict=True))
        assert np.isnan(named["iliac_crest_left"]).all()
        if "S1_anterior" in places:
            end = "S1_left" if film.faces_left else "S1_right"
            assert named[end] == pytest.approx(places["S1_anterior"])
    assert facing == {True, False}


def test_phantoms_bring_their_points(phantoms: Path) -> None:
    missing = 0
    for film, line in zip(read_phantoms(phantoms), truth_of(phantoms), strict=True):
        places = dict(zip(line["landmarks"]["names"], line["landmarks"]["points_xy"], strict=True))
        assert film.points_px is not None
        assert film.points_px.shape == (len(FRONTAL_POINTS), 2)
        assert film.unclear == frozenset()
        for name, place in zip(FRONTAL_POINTS, film.points_px.tolist(), strict=True):
            if name in places:
                assert place == places[name]
            else:
                assert np.isnan(place).all()
                missing += 1
    assert 0 < missing < FILMS * len(FRONTAL_POINTS)


def test_phantoms_bring_letters_ribs_and_metal(phantoms: Path) -> None:
    seen, metal = set(), set()
    for film, line in zip(read_phantoms(phantoms), truth_of(phantoms), strict=True):
        told = line["phantom"]
        assert film.letters_px is not None
        assert film.ribs is not None
        there = np.isfinite(film.letters_px).all(axis=1).tolist()
        letter = told["letter"] and told["letter"]["letter"]
        assert there == [letter == "L", letter == "R"]
        if letter:
            place = film.letters_px[there.index(True)].tolist()
            assert place == [told["letter"]["x"], told["letter"]["y"]]
        pairs = told["plan"]["rib_pairs"]
        assert film.ribs.tolist() == [1.0] * pairs + [0.0] * (17 - pairs)
        assert (film.hardware, film.brace) == (told["metal"] == "rods", told["metal"] == "brace")
        seen.add(letter)
        metal.add(told["metal"])
    assert len(seen) > 1
    assert metal == {"rods", "brace", "none"}


def test_records_that_do_not_tell_of_letters_and_metal(phantoms: Path, tmp_path: Path) -> None:
    """Those of older sets."""
    with (tmp_path / "truth.jsonl").open("w") as older:
        for line in truth_of(phantoms):
            del line["phantom"]["letter"], line["phantom"]["metal"]
            older.write(json.dumps(line) + "\n")
    for film in read_phantoms(tmp_path):
        assert film.letters_px is film.hardware is film.brace is None
        assert film.points_px is not None


def test_a_folder_that_is_no_set_of_phantoms_is_refused(tmp_path: Path, phantoms: Path) -> None:
    with pytest.raises(DataError, match=r"truth.jsonl: cannot be read"):
        read_phantoms(tmp_path)
    (tmp_path / "truth.jsonl").write_text('{"view": "frontal"}\n')
    with pytest.raises(DataError, match="film 1 not understood"):
        read_corner_films(tmp_path)
