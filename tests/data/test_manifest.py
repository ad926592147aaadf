"""The table that lists a data set's films."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.core.errors import DataError
from spinescan.data.manifest import COLUMNS, Manifest, ManifestFilm, read_manifest, write_manifest
from spinescan.phantom.set_recipe import SetRecipe
from spinescan.phantom.sets import MANIFEST_COLUMNS, write_set

DIGEST = hashlib.sha256(b"film").hexdigest()
ROW = {
    "image": "a.png",
    "sha256": DIGEST,
    "group": "p1",
    "split": "train",
    "view": "frontal",
    "source": "clinic",
    "licence": "own",
    "landmarks": "reports.jsonl",
    "als": "3CH",
}


def table(folder: Path, *changes: dict[str, str]) -> Path:
    """A manifest whose rows are `ROW` with these changes; a column that is None is left out."""
    rows = [{**ROW, **change} for change in changes]
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_row_is_read_as_it_stands(tmp_path: Path) -> None:
    path = table(tmp_path, {}, {"image": "in/b.dcm", "als": "", "split": "train", "view": ""})
    manifest = read_manifest(path)
    assert manifest.folder == tmp_path
    first, second = manifest.films
    assert first == ManifestFilm(
        image="a.png",
        sha256=DIGEST,
        group="p1",
        split="train",
        view="frontal",
        source="clinic",
        licence="own",
        landmarks="reports.jsonl",
        labels={"als": "3CH"},
    )
    assert (second.image, second.view, dict(second.labels)) == ("in/b.dcm", "", {})


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    lambda text: text == text.strip()
)
RELATIVE = CELL.filter(lambda text: text[0] != "/")


@given(
    st.lists(
        st.tuples(
            RELATIVE,
            st.binary(max_size=2),
            CELL,
            st.sampled_from(["", "frontal", "lateral", "other"]),
            CELL,
            st.dictionaries(CELL.filter(lambda name: name not in COLUMNS), CELL, max_size=3),
        ),
        max_size=6,
        unique_by=lambda row: row[0],
    )
)
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, rows) -> None:
    folder = tmp_path_factory.mktemp("written")
    films = tuple(
        ManifestFilm(
            image=image,
            sha256=hashlib.sha256(data).hexdigest(),
            group=group,
            view=view,
            licence=licence,
            labels=labels,
        )
        for image, data, group, view, licence, labels in rows
    )
    manifest = Manifest(folder, films)
    write_manifest(manifest, folder / "list.csv")
    assert read_manifest(folder / "list.csv") == manifest


def test_a_manifest_is_written_into_its_folder_only(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lies in its folder"):
        write_manifest(Manifest(tmp_path, ()), tmp_path / "below" / "manifest.csv")


def test_a_set_of_phantoms_has_such_a_manifest(tmp_path: Path) -> None:
    recipe = SetRecipe(
        rows=(96, 96), view={"lateral": 1}, als={"4C": 1}, sagittal={"both": 1, "healthy": 3}
    )
    write_set(recipe, tmp_path, 3, 3)
    path = tmp_path / "manifest.csv"
    before = path.read_bytes()
    manifest = read_manifest(path)
    manifest.check_files()
    assert (*COLUMNS, *manifest.labels()) == MANIFEST_COLUMNS
    assert {film.landmarks for film in manifest.films} == {"truth.jsonl"}
    write_manifest(manifest, path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": ""}, "row 3: image is empty"),
        ({"group": " "}, "row 3: group is empty"),
        ({"image": "/films/b.png"}, "row 3: image must be relative .* got '/films/b.png'"),
        ({"landmarks": "/b.json"}, "row 3: landmarks must be relative"),
        ({"sha256": DIGEST[:-1]}, "row 3: sha256 must be 64 digits"),
        ({"sha256": DIGEST.upper()}, "row 3: sha256 must be 64 digits"),
        ({"split": "dev"}, "split must be train, validation, test or empty, got 'dev'"),
        ({"view": "side"}, "view must be frontal, lateral, other or empty, got 'side'"),
        ({"image": "a.png"}, "rows 2 and 3 are both a.png"),
        ({"split": "test"}, "group 'p1' must be in one split, got 'train' in row 2 and 'test' in"),
        ({"split": ""}, "group 'p1' must be in one split, .* and 'none' in row 3"),
        ({"als": "3CH,more"}, "row 3 is longer than the header"),
    ],
)
def test_a_row_that_cannot_be(tmp_path: Path, change: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=f"manifest.csv: .*{message}"):
        read_manifest(table(tmp_path, {}, {"image": "b.png", **change}))


def test_other_groups_may_be_in_other_splits(tmp_path: Path) -> None:
    path = table(tmp_path, {}, {"image": "b.png", "group": "p2", "split": "test"})
    assert [film.split for film in read_manifest(path).films] == ["train", "test"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text.replace("licence", "license"), "no column licence"),
        (lambda text: text.replace("als", "group"), "two columns 'group'"),
        (lambda text: text.replace(",3CH", ""), "row 2 is too short"),
        (lambda text: "", "no column image"),
    ],
)
def test_a_table_that_cannot_be(tmp_path: Path, damage: Callable[[str], str], message: str) -> None:
    path = table(tmp_path, {})
    path.write_text(damage(path.read_text()))
    with pytest.raises(DataError, match=rf"manifest\.csv: {message}"):
        read_manifest(path)


def test_a_file_that_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_manifest(tmp_path / "manifest.csv")
    (tmp_path / "manifest.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not a CSV file in UTF-8"):
        read_manifest(tmp_path / "manifest.csv")


@pytest.mark.parametrize("label", [("image", "x"), ("", "x"), ("als", "")])
def test_what_is_no_label(label: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="not a label"):
        ManifestFilm(image="a", sha256=DIGEST, group="g", labels=dict([label]))


def test_files_are_checked_on_request(tmp_path: Path) -> None:
    manifest = read_manifest(table(tmp_path, {}, {"image": "b.png"}))
    (tmp_path / "a.png").write_bytes(b"film")
    manifest.check_files([2])
    with pytest.raises(DataError, match=r"row 3: .*b\.png cannot be read"):
        manifest.check_files()
    (tmp_path / "b.png").write_bytes(b"another film")
    with pytest.raises(DataError, match=rf"row 3: .* has changed \(SHA-256 {DIGEST[:12]}"):
        manifest.check_files()
