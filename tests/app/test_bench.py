import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from spinescan.app.main import cli
from spinescan.data.sources import read_boxes
from tests.app.fakes import ABSTAIN, FakeScanner, straight_spine, write_bundle, write_film


@pytest.fixture
def scanner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeScanner:
    fake = FakeScanner()
    shipped = write_bundle(tmp_path / "bundles" / "fake")
    monkeypatch.setattr(
        "spinescan.infer.scanner.Scanner.default", staticmethod(lambda threads: fake)
    )
    monkeypatch.setattr("spinescan.infer.bundle.shipped_bundles", lambda: (shipped,))
    return fake


def table(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def aasce(tmp_path: Path) -> Path:
    """Three films of two cases; the second is one that the fake scanner abstains from."""
    folder = tmp_path / "aasce"
    points = straight_spine(200, 100).points_xy / [100, 200]
    for i, grey in enumerate([40, ABSTAIN, 40]):
        write_film(folder / "images" / f"{i}.png", grey, mark=i)
    names = [f"{i}.png" for i in range(3)]
    xs, ys = ([f"{axis}{k}" for k in range(68)] for axis in "xy")
    table(
        folder / "landmarks.csv",
        [{"file": n, **dict(zip(xs + ys, points.T.ravel(), strict=True))} for n in names],
    )
    table(
        folder / "index.csv",
        [
            {
                "file": name, "case": case, "height": 200, "width": 100,
                "cobb_1": 10, "cobb_2": 5, "cobb_3": 5,
                "suspect_landmarks": 0, "exact_duplicate_of": "",
            }
            for name, case in zip(names, "aab", strict=True)
        ],
    )  # fmt: skip
    return folder


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    folder = tmp_path / "boxed"
    centres = straight_spine(200, 100).points_xy.reshape(17, 4, 2).mean(axis=1) / [100, 200]
    rows = []
    for i in range(2):
        write_film(folder / "images" / f"{i}.png", mark=i)
        rows += [
            {"file": f"{i}.png", "annotation": 0, "i": k, "xc": x, "yc": y, "w": 0.2, "h": 0.04}
            for k, (x, y) in enumerate(centres)
        ]
    write_film(folder / "images" / "side.png", ABSTAIN)
    table(folder / "boxes.csv", rows)
    table(
        folder / "labels.csv",
        [
            {"file": f, "view": v}
            for f, v in (("0.png", "frontal"), ("1.png", "frontal"), ("side.png", "lateral"))
        ],
    )
    return folder


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["bench", *map(str, words)])


def test_aasce_scans_and_scores(aasce: Path, scanner: FakeScanner) -> None:
    result = run("aasce", aasce)
    assert result.exit_code == 0
    assert result.stderr == ""
    answer = json.loads(result.stdout)
    assert answer["benchmark"] == "aasce"
    assert answer["bundles"] == [{"name": "fake", "version": "1"}]
    assert answer["trained_on_these_films"] is True
    figures = answer["all_films"]
    assert (figures["n"], figures["n_groups"], figures["n_abstained"]) == (3, 2, 1)
    assert figures["corners"]["mean_error_px"]["value"] < 0.01
    assert len(scanner.scanned) == 3


def test_aasce_scores_reports_of_folds_without_scanning(
    aasce: Path, scanner: FakeScanner, tmp_path: Path
) -> None:
    scanned = CliRunner().invoke(cli, ["scan", str(aasce / "images"), "--json"])
    lines = scanned.stdout.splitlines(keepends=True)
    words = []
    for i, line in enumerate(lines[:2]):
        (tmp_path / f"fold-{i}").mkdir()
        file = tmp_path / f"fold-{i}" / "reports.jsonl"
        file.write_text(line)
        words += ["--reports", file]
    count = len(scanner.scanned)
    told = run("aasce", aasce, *words).stdout
    assert run("aasce", aasce, "--reports", tmp_path).stdout == told
    answer = json.loads(told)
    assert len(scanner.scanned) == count
    assert answer["trained_on_these_films"] is None
    assert answer["all_films"]["n"] == 3
    assert answer["all_films"]["n_failed"] == 1


@pytest.mark.parametrize("trained_on", [("aasce", "other"), ("other",)])
def test_aasce_with_a_bundle_tells_what_that_was_trained_on(
    aasce: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained_on: tuple[str, ...]
) -> None:
    bundle = write_bundle(tmp_path / "own", trained_on=trained_on)
    loaded = []

    def from_folder(folder: Path, *, threads: int | None) -> FakeScanner:
        loaded.append(folder)
        return FakeScanner()

    monkeypatch.setattr("spinescan.infer.scanner.Scanner.from_folder", staticmethod(from_folder))
    answer = json.loads(run("aasce", aasce, "--bundle", bundle).stdout)
    assert answer["trained_on_these_films"] is ("aasce" in trained_on)
    assert loaded == [bundle]


def test_reports_and_bundle_exclude_each_other(aasce: Path, tmp_path: Path) -> None:
    (tmp_path / "reports.jsonl").touch()
    result = run("aasce", aasce, "--reports", tmp_path / "reports.jsonl", "--bundle", tmp_path)
    assert result.exit_code == 2


@pytest.mark.usefixtures("scanner")
def test_boxes_scans_and_scores(boxes: Path) -> None:
    result = run("boxes", boxes)
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["trained_on"] == ["aasce"]
    assert answer["frontal"]["with_boxes"]["followed_by_every_annotation"]["count"] == 2
    assert answer["lateral"]["accepted"]["count"] == 0
    assert answer["lateral"]["n_abstained"] == 1


@pytest.mark.usefixtures("scanner")
def test_films_that_taught_can_be_left_out(boxes: Path, tmp_path: Path) -> None:
    whole = json.loads(run("boxes", boxes).stdout)
    assert (whole["n_left_out"], whole["frontal"]["n"]) == (0, 2)
    name = next(film.file for film in read_boxes(boxes) if film.view == "frontal")
    named = tmp_path / "points.csv"
    named.write_text(f"set,file\nboxes,{name}\n")
    rest = json.loads(run("boxes", boxes, "--leave-out", named).stdout)
    assert (rest["n_left_out"], rest["frontal"]["n"]) == (1, 1)


@pytest.mark.usefixtures("scanner")
def test_boxes_hold_the_rows_to_their_boxes(boxes: Path) -> None:
    rows = json.loads(run("boxes", boxes).stdout)["frontal"]["rows"]
    assert (rows["n"], rows["films_all_matched"]["count"]) == (2, 2)
    assert rows["centres_matched"]["count"] == 30


@pytest.mark.usefixtures("scanner")
def test_aasce_tells_errors_by_a_column(aasce: Path) -> None:
    figures = json.loads(run("aasce", aasce, "--by", "case").stdout)["all_films"]
    assert {part["value"]: part["n"] for part in figures["by"]["case"]} == {"a": 2, "b": 1}
    unknown = run("aasce", aasce, "--by", "weather")
    assert unknown.exit_code == 1
    assert "weather" in unknown.stderr


@pytest.mark.usefixtures("scanner")
def test_fraiwan_scans_and_scores(tmp_path: Path) -> None:
    """The fake scanner finds a thoracic curve convex to the picture's left."""
    rows = []
    for i in range(12):
        write_film(tmp_path / "images" / f"{i}.png", mark=i)
        rows.append(
            {
                "file": f"{i}.png", "label": "scoliosis", "group": f"g{i}", "view": "frontal",
                "source_style": "photo", "curve_text": "Rt TAIS",
            }
        )  # fmt: skip
    table(tmp_path / "labels.csv", rows)
    answer = json.loads(run("fraiwan", tmp_path).stdout)
    assert answer["benchmark"] == "fraiwan"
    assert answer["trained_on"] == ["aasce"]
    told = answer["named_curves"]["both_halves"]
    assert told["region"]["accuracy"]["count"] == told["side"]["accuracy"]["count"] == 12
    assert answer["named_curves"]["display"]["a"]["patient_left_is_picture_right"] is True


@pytest.mark.usefixtures("scanner")
def test_phantoms_scores_a_drawn_set(tmp_path: Path) -> None:
    order = ["--count", "1", "--view", "frontal", "--plain", "--rows", "160"]
    drawn = CliRunner().invoke(cli, ["phantom", "--out", str(tmp_path / "set"), *order])
    assert drawn.exit_code == 0, drawn.output
    answer = json.loads(run("phantoms", tmp_path / "set").stdout)
    assert answer["synthetic"] is True
    assert answer["all_films"]["n"] == 1
    assert len(answer["by_extent"]) == 1


@pytest.mark.parametrize("benchmark", ["aasce", "boxes", "fraiwan", "phantoms"])
def test_a_folder_of_another_layout_is_one_line(tmp_path: Path, benchmark: str) -> None:
    result = run(benchmark, tmp_path)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


def test_a_folder_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    assert run("aasce", tmp_path / "absent").exit_code == 2


def test_rejection_counts_what_is_accepted(aasce: Path, scanner: FakeScanner) -> None:
    answer = json.loads(run("rejection", aasce / "images").stdout)
    assert answer["benchmark"] == "rejection"
    assert answer["n"] == len(scanner.scanned) == 3
    assert (answer["accepted"]["count"], answer["n_abstained"]) == (2, 1)


def test_rejection_of_nothing_is_an_error(scanner: FakeScanner, tmp_path: Path) -> None:
    answer = run("rejection", tmp_path)
    assert answer.exit_code == 1
    assert "no film" in answer.output
