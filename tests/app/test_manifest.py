"""`spinescan manifest`."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spinescan.app.main import cli
from spinescan.data.manifest import read_manifest
from tests.data.test_labelled import film


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["manifest", *map(str, arguments)])


@pytest.fixture
def films(tmp_path: Path) -> Path:
    for k in range(20):
        film(tmp_path / "films" / "ab"[k % 2] / f"P{k // 2:02}-{k}.png", k)
    return tmp_path / "films"


def test_folders_become_a_manifest_with_a_split(films: Path, tmp_path: Path) -> None:
    out = tmp_path / "manifest.csv"
    result = run(
        *(films, "--layout", "folders", "--task", "kind", "--out", out),
        *("--group", "(P[0-9]+)-", "--source", "clinic", "--licence", "own", "--view", "frontal"),
        *("--test", "0.2", "--validation", "0.2", "--seed", "3"),
    )
    assert result.exit_code == 0, result.output
    assert "20 films of 10 persons" in result.output
    assert "  a: 10 films of 10 persons" in result.output
    read = read_manifest(out)
    assert {f.split for f in read.films} == {"train", "validation", "test"}
    assert {(f.source, f.licence, f.view) for f in read.films} == {("clinic", "own", "frontal")}


def test_several_sources_keep_their_splits(films: Path, tmp_path: Path) -> None:
    first, other, out = (tmp_path / name for name in ("first.csv", "other.csv", "all.csv"))
    split = ("--test", "0.2", "--validation", "0.2")
    run(films, "--layout", "folders", "--task", "kind", "--out", first, *split)
    for k in range(4):
        film(tmp_path / "more" / "ab"[k % 2] / f"{k}.png", 100 + k)
    run(tmp_path / "more", "--layout", "folders", "--task", "kind", "--out", other)
    words = ("--layout", "csv", "--task", "kind", "--split", "train", "--out", out)
    result = run(first, other, *words)
    assert result.exit_code == 0, result.output
    known = {f.sha256: f.split for f in read_manifest(first).films}
    splits = {f.sha256: f.split for f in read_manifest(out).films}
    assert splits == known | {f.sha256: "train" for f in read_manifest(other).films}
    assert len(splits) == 24
    result = run(first, other, *words, "--test", "0.2")
    assert result.exit_code == 2
    assert "--split is for films" in result.stderr


def test_what_keeps_a_model_from_training_is_told(films: Path, tmp_path: Path) -> None:
    for path in (films / "b").iterdir():
        path.unlink()
    out = tmp_path / "m.csv"
    result = run(films, "--layout", "folders", "--task", "kind", "--out", out)
    assert result.exit_code == 0
    assert "cannot train a model yet: task 'kind' needs two classes or more" in result.stderr


def test_unreadable_films_are_one_line(films: Path, tmp_path: Path) -> None:
    (films / "a" / "P99-x.png").write_bytes(b"text")
    out = tmp_path / "m.csv"
    result = run(films, "--layout", "folders", "--task", "kind", "--out", out)
    assert result.exit_code == 1
    assert "P99-x.png" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not out.exists()


def test_wrong_usage(films: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.csv"
    result = run(films, "--layout", "prefix", "--out", out)
    assert result.exit_code == 2
    assert "--layout prefix needs --task" in result.stderr
    result = run(films, "--layout", "others", "--out", out, "--test", "0.2")
    assert result.exit_code == 2
    assert "of a --task" in result.stderr


def test_an_audit_that_is_none(films: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "audit.json"
    wrong.write_text("{}")
    result = run(
        *(films, "--layout", "folders", "--task", "kind", "--out", tmp_path / "m.csv"),
        *("--join", wrong),
    )
    assert result.exit_code == 1
    assert "not an audit.json" in result.stderr
