"""`spinescan audit`, on films that are small and wrong in known ways."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from spinescan.app.main import cli
from spinescan.audit import confound
from spinescan.core.report import RESEARCH_USE


def picture(path: Path, seed: int, *, width: int = 90, mirrored: bool = False) -> None:
    """A film of soft blobs, another for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 255, (24, 12), np.uint8)
    grey = np.asarray(Image.fromarray(coarse).resize((width, 180), Image.Resampling.BICUBIC))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grey[:, ::-1] if mirrored else grey).save(path)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments])


@pytest.fixture(autouse=True)
def _once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One cross-validation is enough here."""
    monkeypatch.setattr(confound, "REPEATS", 1)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Twelve films a class, the classes of other widths; a mirrored film, and one with a name."""
    for k in range(12):
        picture(tmp_path / "films" / f"thin_{k}.png", k, width=80)
        picture(tmp_path / "films" / f"wide_{k}.png", 100 + k, width=120)
    picture(tmp_path / "films" / "wide_m.png", 103, width=120, mirrored=True)
    picture(tmp_path / "films" / "wide_<b>x&y.png", 200, width=120)
    out = tmp_path / "manifest.csv"
    made = run("manifest", tmp_path / "films", "--layout", "prefix", "--task", "kind", "--out", out)
    assert made.exit_code == 0, made.output
    return out


def audited(tmp_path: Path, *manifests: Path, task: str = "kind") -> dict:
    pytest.importorskip("sklearn")
    result = run("audit", *manifests, "--task", task, "--out", tmp_path / "audit", "--no-spine")
    assert result.exit_code == 0, result.output
    assert RESEARCH_USE in result.output
    return json.loads((tmp_path / "audit" / "audit.json").read_text())


def codes(audit: dict) -> set[str]:
    return {finding["code"] for finding in audit["findings"]}


@pytest.mark.slow
def test_what_is_wrong_is_found_and_shown(manifest: Path, tmp_path: Path) -> None:
    audit = audited(tmp_path, manifest)
    (pair,) = audit["duplicates"]["pairs"]
    assert pair["kind"] == "mirrored"
    assert {pair["a"]["image"], pair["b"]["image"]} == {"films/wide_3.png", "films/wide_m.png"}
    assert codes(audit) >= {"mirrored_duplicates", "small_class", "confounded"}
    width = next(one for one in audit["confounds"] if one["what"] == "width")
    assert width["balanced"] == 1.0
    assert [(c["code"], c["films"]) for c in audit["classes"]] == [("thin", 12), ("wide", 14)]


@pytest.mark.slow
def test_the_page_is_whole_and_safe(manifest: Path, tmp_path: Path) -> None:
    audited(tmp_path, manifest)
    page = (tmp_path / "audit" / "audit.html").read_text("utf-8")
    assert page.count(RESEARCH_USE) >= 2
    assert "<b>x" not in page
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)
    assert "default-src 'none'" in page
    assert page.count("data:image/jpeg;base64,") >= 2  # the pair


@pytest.mark.slow
def test_same_films_are_joined_to_one_person(manifest: Path, tmp_path: Path) -> None:
    audited(tmp_path, manifest)
    joined = tmp_path / "joined.csv"
    found = tmp_path / "audit" / "audit.json"
    result = run(
        "manifest", manifest, "--layout", "csv", "--task", "kind", "--out", joined, "--join", found
    )
    assert result.exit_code == 0, result.output
    assert "26 films of 25 persons" in result.output
    again = audited(tmp_path, joined)
    (told,) = [one for one in again["findings"] if one["code"] == "mirrored_duplicates"]
    assert told["severity"] == "note"


@pytest.mark.slow
def test_leaks_and_contradictions(manifest: Path, tmp_path: Path) -> None:
    lines = manifest.read_text().splitlines()
    picture(tmp_path / "films" / "copy.png", 5, width=80)  # the same file as thin_5
    digest = next(line for line in lines if "thin_5.png" in line).split(",")[1]
    lines.append(f"films/copy.png,{digest},someone,test,,,,,wide")
    lines = [line.replace(",films/thin_5.png,,", ",films/thin_5.png,train,") for line in lines]
    manifest.write_text("\n".join(lines) + "\n")
    audit = audited(tmp_path, manifest)
    assert codes(audit) >= {"exact_duplicates", "groups_in_two_splits", "contradictory_labels"}
    (leak,) = audit["groups_in_two_splits"]
    assert leak["values"] == ["test", "train"]
    (pair,) = audit["contradictory_labels"]["pairs"]
    assert {pair["a"]["label"], pair["b"]["label"]} == {"thin", "wide"}


@pytest.mark.slow
def test_films_shared_by_two_sets(manifest: Path, tmp_path: Path) -> None:
    picture(tmp_path / "other" / "wide_1.png", 101, width=120)
    second = tmp_path / "second.csv"
    run("manifest", tmp_path / "other", "--layout", "prefix", "--task", "kind", "--out", second)
    audit = audited(tmp_path, manifest, second)
    assert "shared_films" in codes(audit)
    assert len(audit["sets"]) == 2


@pytest.mark.slow
def test_films_that_cannot_be_read_and_labels_of_another_task(
    manifest: Path, tmp_path: Path
) -> None:
    (tmp_path / "films" / "thin_0.png").write_bytes(b"no film")
    text = manifest.read_text().replace(",kind\n", ",als7\n", 1)
    manifest.write_text(text)
    audit = audited(tmp_path, manifest, task="als7")
    assert codes(audit) >= {"unreadable", "unknown_labels", "empty_classes", "not_compared"}
    assert audit["unreadable"][0]["image"] == "films/thin_0.png"


def test_a_task_that_is_nowhere(manifest: Path, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    result = run("audit", manifest, "--task", "nothing", "--out", tmp_path / "a", "--no-spine")
    assert result.exit_code == 1
    assert "no column 'nothing' in the manifest; it has the labels kind" in result.stderr


def test_without_the_extra_one_line_names_it(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    result = run("audit", manifest, "--task", "kind", "--out", tmp_path / "a")
    assert result.exit_code == 1
    assert "pip install 'spinescan[study]'" in result.stderr
    assert result.stderr.count("\n") == 1
