"""What is taken away is whole, and the training takes it."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL.PngImagePlugin import PngInfo

from spinescan.app.main import cli
from spinescan.cases.export import write_case, write_training
from spinescan.cases.store import CaseStore
from spinescan.core.anatomy import LATERAL_NAMES, Landmarks
from spinescan.core.report import RESEARCH_USE
from spinescan.data.manifest import read_manifest
from spinescan.data.manifest_films import read_manifest_films
from spinescan.io.read import read_radiograph
from tests.cases.films import WORSE, film_scan, marks, picture, report
from tests.cases.test_store import refused

AT = datetime(2026, 5, 6, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    with CaseStore(tmp_path / "cases") as store:
        yield store


def case_zip(store: CaseStore, case_id: str) -> zipfile.ZipFile:
    out = io.BytesIO()
    write_case(store, case_id, out, by="clinic", at=AT)
    return zipfile.ZipFile(out)


def unpacked(store: CaseStore, folder: Path) -> Path:
    """The manifest of the exported training films."""
    out = io.BytesIO()
    write_training(store, out, by="clinic", at=AT)
    with zipfile.ZipFile(out) as files:
        files.extractall(folder)
    return folder / "manifest.csv"


def test_a_case_is_exported_as_a_whole(store: CaseStore) -> None:
    case = store.create_case("P-017", by="clinic")
    other = store.create_case("P-018", by="clinic")
    machine, mine = report(marks(origin="machine")), report(marks(WORSE))
    store.save_scan(case.id, film_scan("scan-first", picture(1), machine, mine), by="clinic")
    store.edit_scan("scan-first", None, by="reader")
    film = b"\0" * 128 + b"DICM" + b"\0" * 100
    store.save_scan(case.id, film_scan("scan-second", film, machine), by="clinic")
    store.save_scan(other.id, film_scan("scan-other", picture(2), machine), by="clinic")

    with case_zip(store, case.id) as files:
        assert sorted(files.namelist()) == [
            "README.txt",
            "case.json",
            "edits/scan-first-1.json",
            "edits/scan-first-2.json",
            "films/scan-first.png",
            "films/scan-second.dcm",
            "reports/scan-first.json",
            "reports/scan-second.json",
            "trail.csv",
        ]
        assert files.testzip() is None
        assert files.read("films/scan-first.png") == picture(1)
        assert files.read("films/scan-second.dcm") == film
        readme = files.read("README.txt").decode()
        assert readme.startswith(RESEARCH_USE)
        assert "2026-05-06" in readme
        assert "P-018" not in readme
        told = json.loads(files.read("case.json"))
        assert told["pseudonym"] == "P-017"
        assert [scan["id"] for scan in told["scans"]] == ["scan-first", "scan-second"]
        assert json.loads(files.read("reports/scan-first.json")) == machine
        first, second = (json.loads(files.read(f"edits/scan-first-{n}.json")) for n in (1, 2))
        assert (first["by"], first["report"]) == ("clinic", mine)
        assert (second["by"], second["edit"], second["report"]) == ("reader", None, None)
        trail = list(csv.DictReader(io.StringIO(files.read("trail.csv").decode())))
    assert [row["what"] for row in trail][-3:] == ["scan_reset", "scan_saved", "case_exported"]
    assert [entry.what for entry in store.trail(case.id)][-1] == "case_exported"
    assert "case_exported" not in [entry.what for entry in store.trail(other.id)]


def test_there_must_be_such_a_case(store: CaseStore) -> None:
    with refused("not_found"):
        case_zip(store, "none")


def test_corrected_films_are_a_manifest_to_train_with(store: CaseStore, tmp_path: Path) -> None:
    case = store.create_case("Heron-17", by="clinic")
    machine = report(marks(origin="machine"))
    for name, seed, mine in (
        ("scan-corrected", 1, report(marks(WORSE))),
        ("scan-untouched", 2, None),
        ("scan-confirmed", 3, machine),
    ):
        store.save_scan(case.id, film_scan(name, picture(seed), machine, mine), by="clinic")
    store.save_scan(
        case.id, film_scan("scan-undone", picture(4), machine, report(marks())), by="clinic"
    )
    store.edit_scan("scan-undone", None, by="clinic")

    path = unpacked(store, tmp_path / "films")
    films = read_manifest_films(path)
    assert {film.group for film in films} == {case.id}
    corners = marks(WORSE).points_xy.reshape(17, 4, 2)
    assert len(films) == 2  # corrected and confirmed
    assert any(film.corners_px == pytest.approx(corners, abs=0.006) for film in films)
    assert all((film.view, film.source) == ("frontal", "SpineScan cases") for film in films)
    everything = b"".join(p.read_bytes() for p in path.parent.rglob("*") if p.is_file())
    assert b"Heron" not in everything
    assert RESEARCH_USE.encode() in (path.parent / "README.txt").read_bytes()
    assert store.trail(case.id)[-1].what == "training_exported"


def test_pictures_keep_their_grey_and_lose_their_header(store: CaseStore, tmp_path: Path) -> None:
    text = PngInfo()
    text.add_text("PatientName", "DOE^JANE")
    film = picture(1, pnginfo=text)
    assert b"DOE^JANE" in film
    case = store.create_case("P-017", by="clinic")
    new = film_scan("scan-corrected", film, report(marks()), report(marks(WORSE)))
    store.save_scan(case.id, new, by="clinic")
    path = unpacked(store, tmp_path / "films")
    (row,) = read_manifest(path).films
    raw = (path.parent / row.image).read_bytes()
    assert b"DOE^JANE" not in raw
    assert row.sha256 == hashlib.sha256(raw).hexdigest() != new.sha256
    assert np.array_equal(read_radiograph(raw).pixels, read_radiograph(film).pixels)


def test_lateral_films_are_told_by_their_view(store: CaseStore, tmp_path: Path) -> None:
    case = store.create_case("P-017", by="clinic")
    side = Landmarks.from_points(LATERAL_NAMES, marks().points_xy, origin="edited")
    film = film_scan("scan-lateral", picture(1), report(None, "other"), report(side, "lateral"))
    store.save_scan(case.id, film, by="clinic")
    frontal = film_scan("scan-frontal", picture(2), report(marks()), report(marks()))
    store.save_scan(case.id, frontal, by="clinic")
    path = unpacked(store, tmp_path / "films")
    assert sorted(film.view for film in read_manifest(path).films) == ["frontal", "lateral"]
    assert sorted(film.view for film in read_manifest_films(path)) == ["frontal", "lateral"]


def test_what_teaches_nothing_is_left_out(store: CaseStore, tmp_path: Path) -> None:
    case = store.create_case("P-017", by="clinic")
    declined = report(
        marks(origin="machine"), decision="abstained", reasons=("unsteady",), curves=()
    )
    few = Landmarks.from_points(marks().names[:3], marks().points_xy[:3], origin="edited")
    for name, seed, mine in (
        ("scan-declined", 1, declined),
        ("scan-few-points", 2, report(few, curves=())),
        ("scan-no-points", 3, report(None)),
        ("scan-good", 4, report(marks())),
    ):
        store.save_scan(case.id, film_scan(name, picture(seed), declined, mine), by="clinic")
    assert len(read_manifest_films(unpacked(store, tmp_path / "films"))) == 1


def test_a_film_in_two_cases_is_one_film_of_one_person(store: CaseStore, tmp_path: Path) -> None:
    one, other, apart = (store.create_case(f"P-{k}", by="clinic") for k in (17, 18, 19))
    older, newer = report(marks()), report(marks(WORSE))
    for case, name, seed, mine in (
        (one, "scan-of-one", 1, older),
        (one, "scan-only-one", 2, older),
        (other, "scan-of-other", 1, newer),
        (other, "scan-only-other", 3, older),
        (apart, "scan-apart", 4, older),
    ):
        store.save_scan(case.id, film_scan(name, picture(seed), older, mine), by="clinic")
    path = unpacked(store, tmp_path / "films")
    films = read_manifest_films(path)
    assert len(films) == 4
    assert {film.group for film in films} == {min(one.id, other.id), apart.id}
    shared = [
        f
        for f in films
        if np.allclose(f.corners_px.ravel(), marks(WORSE).points_xy.ravel(), atol=0.01)
    ]
    assert len(shared) == 1


def test_without_any_corrected_film_the_manifest_is_empty(store: CaseStore, tmp_path: Path) -> None:
    assert read_manifest(unpacked(store, tmp_path / "films")).films == ()


@pytest.mark.training
def test_the_training_takes_the_exported_films(store: CaseStore, tmp_path: Path) -> None:
    from spinescan.train.films import load_films

    case = store.create_case("P-017", by="clinic")
    for k in range(2):
        film = film_scan(
            f"scan-{k:04}", picture(k), report(marks()), report(marks()),
            taken_on=date(2026, 1, k + 1),
        )  # fmt: skip
        store.save_scan(case.id, film, by="clinic")
    films = load_films(read_manifest_films(unpacked(store, tmp_path / "films")), 425)
    assert [film.pixels.shape for film in films] == [(425, 120)] * 2
    for film in films:
        expected = marks().points_xy.reshape(17, 4, 2) / 2
        assert film.corners == pytest.approx(expected, abs=0.01)
        assert film.in_view


@pytest.mark.training
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_both_models_are_taught_by_the_exported_films(store: CaseStore, tmp_path: Path) -> None:
    from tests.train.test_landmarks import LATERAL_LIMITS, RECIPE

    for k in range(3):
        case = store.create_case(f"P-{k}", by="clinic")
        side = Landmarks.from_points(LATERAL_NAMES, marks().points_xy, origin="edited")
        for view, mine in (("frontal", marks()), ("lateral", side)):
            seed = 10 * k + len(view) + (view == "lateral")
            new = film_scan(f"scan-{view}-{k}", picture(seed), report(None), report(mine, view))
            store.save_scan(case.id, new, by="clinic")
    manifest = unpacked(store, tmp_path / "films")
    for view, extra in (("frontal", ""), ("lateral", LATERAL_LIMITS)):
        recipe = tmp_path / f"{view}.toml"
        recipe.write_text(f'view = "{view}"\n{RECIPE}\n{extra}\n')
        run = tmp_path / view
        command = ["train", "landmarks", str(recipe), "--data", str(manifest), "--out", str(run)]
        result = CliRunner().invoke(cli, [*command, "--final"], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        told = json.loads((run / "final" / "bundle" / "bundle.json").read_text())
        assert told["task"] == f"{view}-landmarks"
        assert told["provenance"]["films"] == 6  # those of the other view teach what it is not
        assert told["provenance"]["trained_on"] == ["SpineScan cases"]
