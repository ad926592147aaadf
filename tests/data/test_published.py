"""Published sets as they are downloaded, built small."""

from pathlib import Path

import numpy as np
import pytest

from spinescan.core.errors import DataError
from spinescan.data.labelled import write_labelled
from spinescan.data.manifest_films import read_manifest_films
from spinescan.data.published import (
    aasce_case,
    find_aasce,
    find_boxed,
    find_fraiwan,
    find_others,
    fraiwan_name,
)
from tests.data.test_labelled import film

AASCE_NAME = "sunhl-1th-02-Jan-2017-162 A AP.jpg"


@pytest.mark.parametrize(
    ("stem", "told"),
    [
        ("N93, Rt TL AIS, F, 14 Yrs", {"curve_text": "Rt TL AIS", "sex": "F", "age": "14"}),
        ("N4, M, 21 Y", {"sex": "M", "age": "21"}),
        (
            "12,Olisthesis  L4-5,female,61",
            {"curve_text": "Olisthesis L4-5", "sex": "F", "age": "61"},
        ),
        ("N5, F, 18 months", {"sex": "F", "age": "1"}),
        ("N26", {}),
    ],
)
def test_fraiwans_names(stem: str, told: dict[str, str]) -> None:
    assert fraiwan_name(stem) == told


def test_fraiwan_as_published(tmp_path: Path) -> None:
    base = tmp_path / "xkt857dsxk-1" / "ImagesOriginalSize"
    film(base / "NormalFinal" / "N1, F, 21 Yrs.jpg", 1)
    film(base / "ScolFinal" / "N93, Rt TL AIS, F, 14 Yrs.jpg", 2)
    film(base / "SpondFinal" / "N7, Olisthesis L4-5, M, 61 Yrs.jpg", 3)
    manifest = write_labelled(find_fraiwan(tmp_path), tmp_path / "m.csv")
    assert [f.labels["fraiwan3"] for f in manifest.films] == [
        "normal",
        "scoliosis",
        "spondylolisthesis",
    ]
    assert manifest.films[1].labels["curve_text"] == "Rt TL AIS"
    assert {f.licence for f in manifest.films} == {"CC BY 4.0"}
    assert len({f.group for f in manifest.films}) == 3


def test_fraiwan_without_a_class_or_with_two_folders_for_one(tmp_path: Path) -> None:
    film(tmp_path / "a" / "Normal" / "N1.jpg", 1)
    film(tmp_path / "a" / "Scol" / "N2.jpg", 2)
    with pytest.raises(DataError, match="found none for spondylolisthesis"):
        find_fraiwan(tmp_path)
    film(tmp_path / "a" / "Spond" / "N3.jpg", 3)
    film(tmp_path / "b" / "Scol" / "N2.jpg", 2)
    with pytest.raises(DataError, match="2 folders for scoliosis"):
        find_fraiwan(tmp_path)


def test_fraiwan_as_kept_here(shared_data: Path) -> None:
    found = find_fraiwan(shared_data / "fraiwan")
    assert len(found) == 234
    assert all(f.path.is_file() and f.group and f.view for f in found)
    assert {f.labels["fraiwan3"] for f in found} == {"normal", "scoliosis", "spondylolisthesis"}


def write_aasce_release(folder: Path, *, tables: bool, mats: bool) -> np.ndarray:
    """One training film and one test film; returns the corners (2, 17, 4, 2) in pixels."""
    corners = np.random.default_rng(0).uniform(5, 55, (2, 17, 4, 2))
    for k, (part, name) in enumerate((("training", AASCE_NAME), ("test", "odd name.jpg"))):
        film(folder / "data" / part / name, k)  # 90 rows, 70 columns
        labels = folder / "labels" / part
        labels.mkdir(parents=True)
        (labels / "filenames.csv").write_text(f"{name}\n")
        (labels / "angles.csv").write_text("41.1,14.6,40.1\n")
        flat = corners[k].reshape(68, 2)
        if tables:
            shares = np.concatenate([flat[:, 0] / 70, flat[:, 1] / 90])
            (labels / "landmarks.csv").write_text(",".join(map(repr, shares.tolist())) + "\n")
        if mats:
            from scipy.io import savemat

            savemat(labels / f"{name}.mat", {"p2": flat})
    return corners


def check_release(folder: Path, corners: np.ndarray) -> None:
    manifest = write_labelled(find_aasce(folder), folder / "m.csv")
    by_part = {f.labels["part"]: f for f in manifest.films}
    assert by_part["training"].group == "case 162"
    assert by_part["test"].group == "data/test/odd name.jpg"
    assert by_part["test"].split == ""
    assert by_part["training"].labels["cobb_1"] == "41.1"
    read = {f.path.name: f.corners_px for f in read_manifest_films(folder / "m.csv")}
    np.testing.assert_allclose(read[AASCE_NAME], corners[0], atol=0.006)
    np.testing.assert_allclose(read["odd name.jpg"], corners[1], atol=0.006)


def test_aasce_as_published(tmp_path: Path) -> None:
    check_release(tmp_path, write_aasce_release(tmp_path, tables=True, mats=False))


def test_aasce_from_matlab_files(tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    check_release(tmp_path, write_aasce_release(tmp_path, tables=False, mats=True))


def test_a_matlab_file_without_points_is_named(tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    write_aasce_release(tmp_path, tables=False, mats=True)
    damaged = tmp_path / "labels" / "training" / f"{AASCE_NAME}.mat"
    damaged.write_bytes(b"MATLAB 5.0")
    with pytest.raises(DataError, match="no points p2"):
        find_aasce(tmp_path)


def test_tables_of_other_lengths_are_refused(tmp_path: Path) -> None:
    write_aasce_release(tmp_path, tables=True, mats=False)
    (tmp_path / "labels" / "test" / "angles.csv").write_text("1,2,3\n4,5,6\n")
    with pytest.raises(DataError, match="a row for each of 1 films, got 2"):
        find_aasce(tmp_path)


def test_cases_are_read_from_names() -> None:
    assert aasce_case("sunhl-1th-01-Mar-2017-310 a ap") == "310"
    assert aasce_case("film 12") == ""


def test_aasce_as_kept_here(shared_data: Path) -> None:
    found = find_aasce(shared_data / "aasce")
    assert len(found) == 479
    suspect = [f for f in found if f.labels["suspect_landmarks"] == "1"]
    assert suspect
    assert all(f.corners_px is None for f in suspect)


def test_sets_without_labels(shared_data: Path, tmp_path: Path) -> None:
    assert {f.view for f in find_boxed(shared_data / "wholespine")} == {"frontal"}
    assert {f.view for f in find_others(shared_data / "not_spine")} == {"other"}
    with pytest.raises(DataError, match="expected a folder of films"):
        find_others(tmp_path)
