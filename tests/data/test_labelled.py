"""From the ways that people keep labelled films to a manifest."""

import json
from pathlib import Path

import numpy as np
import pytest

from spinescan.core.anatomy import FRONTAL_NAMES
from spinescan.core.errors import DataError
from spinescan.data.labelled import (
    FoundFilm,
    find_by_prefix,
    find_in_folders,
    find_in_table,
    with_groups,
    with_joined_groups,
    write_labelled,
)
from spinescan.data.manifest import read_manifest
from spinescan.data.manifest_films import read_manifest_films
from spinescan.phantom.film import Order, draw_phantom
from spinescan.phantom.record import image_bytes


def film(path: Path, seed: int = 0) -> Path:
    """A small film of noise, another for each seed; its format is that of the name."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    grey = np.random.default_rng(seed).integers(0, 255, (90, 70), np.uint8)
    Image.fromarray(grey).save(path)
    return path


def test_a_folder_is_a_class(tmp_path: Path) -> None:
    film(tmp_path / "3CH" / "a.png", 1)
    film(tmp_path / "4c" / "deep" / "b.JPG", 2)
    found = find_in_folders(tmp_path, "als7")
    assert [(f.path.name, dict(f.labels), f.split) for f in found] == [
        ("a.png", {"als7": "3CH"}, ""),
        ("b.JPG", {"als7": "4C"}, ""),
    ]


def test_folders_of_splits_may_stand_above(tmp_path: Path) -> None:
    for k, place in enumerate(("train/x", "val/x", "Test/y")):
        film(tmp_path / place / "a.png", k)
    found = find_in_folders(tmp_path, "mine")
    assert {f.split: f.labels["mine"] for f in found} == {
        "train": "x",
        "validation": "x",
        "test": "y",
    }


def test_a_film_beside_the_folders_is_named(tmp_path: Path) -> None:
    film(tmp_path / "stray.png")
    with pytest.raises(DataError, match=r"stray\.png"):
        find_in_folders(tmp_path, "als7")


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no film"):
        find_by_prefix(tmp_path, "als7")


@pytest.mark.parametrize("suffix", ["jpg", "JPEG", "png", "GIF", "bmp", "TIFF"])
def test_the_prefix_is_the_class_in_every_format(tmp_path: Path, suffix: str) -> None:
    film(tmp_path / f"3CH_image1.{suffix}", 1)
    film(tmp_path / f"4ctl_image_2.{suffix}", 2)
    manifest = write_labelled(find_by_prefix(tmp_path, "als7"), tmp_path / "m.csv")
    assert [f.labels["als7"] for f in manifest.films] == ["3CH", "4CTL"]


def test_a_name_without_a_prefix_is_named(tmp_path: Path) -> None:
    film(tmp_path / "image1.png")
    with pytest.raises(DataError, match=r"image1\.png: expected a name such as LABEL_rest\.png"):
        find_by_prefix(tmp_path, "als7")


def test_a_table_keeps_its_other_columns(tmp_path: Path) -> None:
    film(tmp_path / "in" / "a.png", 1)
    table = tmp_path / "t.csv"
    table.write_text("file,label,patient,split,age\nin/a.png,Normal,p1,val,14\n")
    (found,) = find_in_table(table, "fraiwan3")
    assert dict(found.labels) == {"fraiwan3": "normal", "age": "14"}
    assert (found.group, found.split) == ("p1", "validation")


def test_a_table_needs_films_and_labels(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("picture,label\na.png,x\n")
    with pytest.raises(DataError, match="expected a column image or file"):
        find_in_table(table, "mine")
    table.write_text("file,diagnosis\na.png,x\n")
    with pytest.raises(DataError, match="expected a column label or class, got file, diagnosis"):
        find_in_table(table, "mine")


def test_the_view_is_a_task_of_its_own_column(tmp_path: Path) -> None:
    film(tmp_path / "a.png")
    table = tmp_path / "t.csv"
    table.write_text("file,view\na.png,lateral\n")
    manifest = write_labelled(find_in_table(table, "view"), tmp_path / "m.csv")
    assert (manifest.films[0].view, dict(manifest.films[0].labels)) == ("lateral", {})


def test_a_manifest_is_a_table_too(tmp_path: Path) -> None:
    film(tmp_path / "in" / "3CH_a.png")
    first = write_labelled(find_by_prefix(tmp_path, "als7"), tmp_path / "m.csv")
    again = write_labelled(find_in_table(tmp_path / "m.csv", "als7"), tmp_path / "sub" / "n.csv")
    assert again.films[0].image == "../in/3CH_a.png"
    assert again.films[0].labels == first.films[0].labels
    assert again.films[0].sha256 == first.films[0].sha256
    assert again.films[0].group == first.films[0].group


def test_a_changed_film_of_a_manifest_is_refused(tmp_path: Path) -> None:
    path = film(tmp_path / "3CH_a.png")
    write_labelled(find_by_prefix(tmp_path, "als7"), tmp_path / "m.csv")
    film(path, 5)
    with pytest.raises(DataError, match="not the file that was listed"):
        write_labelled(find_in_table(tmp_path / "m.csv", "als7"), tmp_path / "n.csv")


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    film(tmp_path / "3CH_a.png", 1)
    film(tmp_path / "4C_b.png", 2)
    written = write_labelled(find_by_prefix(tmp_path, "als7"), tmp_path / "m.csv")
    read = read_manifest(tmp_path / "m.csv")
    read.check_files()
    assert read == written
    assert len({f.group for f in read.films}) == 2


def test_the_same_file_twice_is_one_person(tmp_path: Path) -> None:
    for name in ("3CH_a.png", "3CH_b.png"):
        film(tmp_path / name, 1)
    film(tmp_path / "3CH_c.png", 2)
    manifest = write_labelled(find_by_prefix(tmp_path, "als7"), tmp_path / "m.csv")
    groups = [f.group for f in manifest.films]
    assert groups[0] == groups[1] != groups[2]


def test_unreadable_films_are_named_and_nothing_is_written(tmp_path: Path) -> None:
    film(tmp_path / "3CH_a.png", 1)
    (tmp_path / "4C_b.png").write_bytes(b"no picture")
    (tmp_path / "4C_c.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"2 of 3 films cannot be read: .*4C_b\.png.*4C_c\.png"):
        write_labelled(find_by_prefix(tmp_path, "als7"), tmp_path / "m.csv")
    assert not (tmp_path / "m.csv").exists()


def test_persons_are_read_from_names(tmp_path: Path) -> None:
    film(tmp_path / "p1" / "3CH_a.png")
    found = find_by_prefix(tmp_path, "als7")
    assert with_groups(found, "^([^/]+)/", tmp_path)[0].group == "p1"
    assert with_groups(found, "p[0-9]", tmp_path)[0].group == "p1"
    with pytest.raises(DataError, match=r"p1/3CH_a\.png: '\^q' finds no person"):
        with_groups(found, "^q", tmp_path)
    with pytest.raises(DataError, match="not a regular expression"):
        with_groups(found, "(", tmp_path)


def test_dicom_tells_its_view(tmp_path: Path) -> None:
    drawn = draw_phantom(Order(view="lateral", rows=256), seed=1)
    (tmp_path / "x_film").write_bytes(image_bytes(drawn, "dicom"))
    manifest = write_labelled(find_by_prefix(tmp_path, "mine"), tmp_path / "m.csv")
    assert manifest.films[0].view == "lateral"


def test_corners_are_kept_as_landmarks(tmp_path: Path) -> None:
    path = film(tmp_path / "a.png")
    corners = np.random.default_rng(0).uniform(0, 70, (17, 4, 2)).round(2)
    found = FoundFilm(path, group="p1", view="frontal", corners_px=corners)
    write_labelled([found], tmp_path / "m.csv")
    (read,) = read_manifest_films(tmp_path / "m.csv")
    np.testing.assert_allclose(read.corners_px, corners, atol=0.006)
    line = json.loads((tmp_path / "m-landmarks.jsonl").read_text())
    assert line["landmarks"]["names"] == list(FRONTAL_NAMES)


def test_pairs_make_one_person_of_several(tmp_path: Path) -> None:
    for k in range(4):
        film(tmp_path / f"x_{k}.png", k)
    manifest = write_labelled(find_by_prefix(tmp_path, "mine"), tmp_path / "m.csv")
    a, b, c, d = (f.sha256 for f in manifest.films)
    joined = with_joined_groups(manifest, [(a, b), (c, b), (d, "0" * 64)])
    groups = [f.group for f in joined.films]
    assert groups[0] == groups[1] == groups[2] != groups[3]
