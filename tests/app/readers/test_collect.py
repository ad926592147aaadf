"""`spinescan readers collect`: from answers to figures, and on to labels that can teach."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spinescan.app.commands.readers import _records
from spinescan.app.main import cli
from spinescan.data.checks import check_task, task_of
from spinescan.data.manifest import read_manifest
from spinescan.data.split import with_split
from spinescan.study.readers.key import Key, read_key
from tests.app.readers.films import write_films
from tests.study.readers.simulated import file_of

FILMS = 12


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def made(tmp_path: Path) -> Path:
    write_films(tmp_path / "films", FILMS)
    result = run("readers", "new", tmp_path / "films", "--out", tmp_path / "set",
                 "--readers", "A,B,C", "--seed", 1)  # fmt: skip
    assert result.exit_code == 0, result.output
    return tmp_path / "set"


def label_of(place: int, reader: str) -> str:
    """Readers agree, but on film 0 not at all, and on film 1 nobody can tell."""
    if place == 0:
        return {"A": "3CH", "B": "4C", "C": "3CN"}[reader]
    return "cannot_tell" if place == 1 else "3CH" if place % 2 else "4C"


def answer(key: Key, folder: Path) -> list[Path]:
    paths = []
    for reader, order in key.readers.items():
        said = [
            {"film": n, "readable": True, "labels": {"als7": label_of(place, reader)}}
            for n, place in enumerate(order, start=1)
        ]
        paths.append(folder / f"answers-{reader}.json")
        paths[-1].write_text(json.dumps(file_of(key, reader, said)))
    return paths


def test_labels_go_to_a_manifest_that_can_be_split_and_taught_from(
    made: Path, tmp_path: Path
) -> None:
    key = read_key(made)
    files, table = answer(key, tmp_path), tmp_path / "labels.csv"
    result = run("readers", "collect", made, *files, "--out", tmp_path / "report", "--no-scan",
                 "--draws", 200, "--manifest", table, "--all-readers")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "as many readers say one thing as another" in result.stderr
    assert "most readers say cannot_tell, which is no label of als7" in result.stderr
    manifest = read_manifest(table)
    assert len(manifest.films) == FILMS - 2
    assert {film.labels["als7_agreeing"] for film in manifest.films} == {"1.00"}
    assert {film.labels["als7_of_B"] for film in manifest.films} == {"3CH", "4C"}
    assert {film.view for film in manifest.films} == {"frontal"}
    manifest.check_files()
    task = task_of(manifest, "als7")
    split = with_split(manifest, task, 1, validation=0.2, test=0.2)
    assert {film.split for film in split.films} == {"train", "validation", "test"}
    with pytest.raises(Exception, match="3CTL"):  # als7 has classes that these films have not
        check_task(manifest, task)
    again = run("manifest", table, "--layout", "csv", "--task", "als7", "--out",
                tmp_path / "again.csv")  # fmt: skip
    assert again.exit_code == 0, again.output
    assert read_manifest(tmp_path / "again.csv").films[0].labels["als7"] in ("3CH", "4C")


def test_an_earlier_runs_reports_are_taken(made: Path, tmp_path: Path) -> None:
    key = read_key(made)
    files, reports = answer(key, tmp_path), tmp_path / "scan.jsonl"
    lines = [
        {"sha256": film.sha256, "decision": "abstained", "reasons": ["x"], "bundles": []}
        for film in key.films[:10]
    ]
    reports.write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = run("readers", "collect", made, *files, "--out", tmp_path / "report",
                 "--reports", reports, "--draws", 200)  # fmt: skip
    assert result.exit_code == 0, result.output
    values = json.loads((tmp_path / "report" / "readers.json").read_text())
    assert values["spinescan"]["n_not_asked"] == 2
    assert values["spinescan"]["n_abstained"]["als7"] == 10
    assert "No report of SpineScan on 2 films." in values["warnings"]
    assert "How readers agree" in (tmp_path / "report" / "readers.html").read_text()


@pytest.mark.slow
def test_a_model_that_answers_only_where_it_is_named_is_asked_for_its_task(tmp_path: Path) -> None:
    from PIL import Image

    from spinescan.phantom.film import sample_film

    film = tmp_path / "film.png"
    Image.fromarray((sample_film().pixels * 255).round().astype("uint8")).save(film)
    made = run("readers", "new", film, "--out", tmp_path / "set", "--task", "fraiwan3")
    assert made.exit_code == 0, made.output
    key = read_key(tmp_path / "set")
    records = _records(key, None)
    (record,) = records.values()
    assert [p["task"] for p in record["predictions"] if p["scores"]] == ["als7", "fraiwan3"]


@pytest.mark.slow
def test_films_are_scanned_where_no_report_is_given(made: Path, tmp_path: Path) -> None:
    key = read_key(made)
    Path(key.films[2].file).unlink()
    result = run("readers", "collect", made, *answer(key, tmp_path), "--out", tmp_path / "report",
                 "--draws", 200)  # fmt: skip
    assert result.exit_code == 0, result.output
    values = json.loads((tmp_path / "report" / "readers.json").read_text())
    assert values["spinescan"]["n_films"] == FILMS
    assert values["spinescan"]["n_failed"] == 1


def test_wrong_answers_are_one_line(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(file_of(read_key(made), "A", [{"film": 99}])))
    result = run("readers", "collect", made, path, "--out", tmp_path / "report", "--no-scan")
    assert result.exit_code == 1
    assert "no film 99 in the form of A" in result.stderr
    assert not (tmp_path / "report").exists()
