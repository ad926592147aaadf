"""From reports that somebody corrected to films that teach."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinescan.core.anatomy import FRONTAL_NAMES, FRONTAL_POINTS, LATERAL_NAMES, LEVELS, Landmarks
from spinescan.core.errors import DataError
from spinescan.core.report import Report
from spinescan.data.manifest import Manifest, ManifestFilm, write_manifest
from spinescan.data.manifest_films import read_manifest_films
from spinescan.data.sources import read_phantoms
from spinescan.phantom.set_recipe import SetRecipe
from spinescan.phantom.sets import write_set
from tests.measure.spines import profile, spine

CORNERS = spine(profile(T1=-5, T5=20, T11=-22, L5=0)).points_xy - [400, 0]


def digest_of(image: str) -> str:
    return hashlib.sha256(image.encode()).hexdigest()


def row(image: str, **change: Any) -> ManifestFilm:
    return ManifestFilm(
        image=image,
        sha256=digest_of(image),
        group=image[0],
        **{"view": "frontal", "landmarks": "reports.jsonl", **change},
    )


def report_of(image: str, **change: Any) -> dict[str, Any]:
    """What `scan --json` prints; `names` and `points_xy` are the landmarks'."""
    names = change.pop("names", FRONTAL_NAMES)
    points = change.pop("points_xy", CORNERS)
    told = Report(
        sha256=digest_of(image),
        size=(850, 240),
        pixel_aspect=1.0,
        spacing_mm=None,
        spacing_origin="unknown",
        view="frontal",
        decision="accepted",
        reasons=(),
        landmarks=Landmarks.from_points(names, points),
    )
    return replace(told, **change).to_dict(image)


def write(folder: Path, rows: list[ManifestFilm], reports: list[dict[str, Any]]) -> Path:
    for film in rows:  # a file's bytes are its name
        (folder / film.image).write_text(film.image)
    (folder / "reports.jsonl").write_text("".join(json.dumps(r) + "\n" for r in reports))
    write_manifest(Manifest(folder, tuple(rows)), folder / "manifest.csv")
    return folder / "manifest.csv"


def test_reports_are_found_by_their_film(tmp_path: Path) -> None:
    shifted = CORNERS + [3, 5]
    failed = {"schema_version": "1.0", "file": "x", "error": {"kind": "empty", "message": "m"}}
    path = write(
        tmp_path,
        [row("a.png"), row("b.png", landmarks="b.json"), row("c.png", landmarks="")],
        [failed, report_of("z.png"), report_of("a.png"), report_of("a.png")],
    )
    alone = report_of("b.png", points_xy=shifted)
    (tmp_path / "b.json").write_text(json.dumps(alone, indent=1))
    first, second = read_manifest_films(path)
    assert (first.file, first.path, first.group) == ("a.png", tmp_path / "a.png", "a")
    assert first.corners_px == pytest.approx(CORNERS.reshape(17, 4, 2), abs=0.006)
    assert second.corners_px == pytest.approx(shifted.reshape(17, 4, 2), abs=0.006)
    assert not first.suspect


def test_films_of_the_test_split_do_not_teach(tmp_path: Path) -> None:
    names = ["a.png", "b.png", "c.png"]
    path = write(
        tmp_path,
        [row("a.png", split="test"), row("b.png", view=""), row("c.png", split="validation")],
        [report_of(n) for n in names],
    )
    assert [film.file for film in read_manifest_films(path)] == ["b.png", "c.png"]


@pytest.mark.parametrize("faces_left", [True, False])
def test_lateral_films_are_told_apart_by_their_view(tmp_path: Path, faces_left: bool) -> None:
    """Their corners are those of the picture's sides, too, whichever way the patient faces."""
    sides = ("anterior", "posterior") if faces_left else ("posterior", "anterior")
    swap = dict(zip(("left", "right"), sides, strict=True))
    names = [f"{n.rpartition('_')[0]}_{swap[n.rpartition('_')[2]]}" for n in FRONTAL_NAMES]
    assert set(names) == set(LATERAL_NAMES)
    more = np.concatenate([CORNERS, [[30.0, 800.0], [10.0, 820.0]]])
    points = {"names": [*names, f"S1_{sides[0]}", "femoral_head_right"], "points_xy": more}
    path = write(
        tmp_path,
        [row("a.png", view="lateral"), row("b.png", view=""), row("c.png")],
        [
            report_of("a.png", **points),
            report_of("b.png", view="lateral", **points),
            report_of("c.png"),
        ],
    )
    *laterals, frontal = read_manifest_films(path)
    assert (frontal.view, frontal.faces_left) == ("frontal", None)
    for film in laterals:
        assert (film.view, film.faces_left) == ("lateral", faces_left)
        assert film.corners_px == pytest.approx(CORNERS.reshape(17, 4, 2), abs=0.006)
        assert film.points_px is not None
        seen = dict(zip(FRONTAL_POINTS, film.points_px.tolist(), strict=True))
        assert seen["S1_left"] == [30, 800]
        assert seen["femoral_head_right"] == [10, 820]
        assert np.isnan(seen["S1_right"]).all()


def test_a_row_knows_better_than_the_model_which_view_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, [row("a.png")], [report_of("a.png", view="other")])
    assert len(read_manifest_films(path)) == 1


def test_levels_that_lack_a_corner_are_not_shown(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        [row("a.png")],
        [report_of("a.png", names=FRONTAL_NAMES[1:], points_xy=CORNERS[1:])],
    )
    (film,) = read_manifest_films(path)
    shown = np.isfinite(film.corners_px).all(axis=(1, 2))
    assert [level for level, there in zip(LEVELS, shown, strict=True) if not there] == ["T1"]
    assert np.isnan(film.corners_px[0]).all()


def test_pelvis_and_neck(tmp_path: Path) -> None:
    """Without any of these points nothing is known of them; with some, the others are not there."""
    some = [FRONTAL_POINTS[3], FRONTAL_POINTS[0]]
    more = np.concatenate([CORNERS, [[30.0, 800.0], [10.0, 820.0]]])
    path = write(
        tmp_path,
        [row("a.png"), row("b.png")],
        [report_of("a.png"), report_of("b.png", names=[*FRONTAL_NAMES, *some], points_xy=more)],
    )
    without, having = read_manifest_films(path)
    assert without.points_px is None
    assert having.points_px is not None
    expected = np.full((7, 2), np.nan)
    expected[3], expected[0] = (30, 800), (10, 820)
    assert np.array_equal(having.points_px, expected, equal_nan=True)


def test_an_edited_film_teaches_though_the_model_abstained(tmp_path: Path) -> None:
    report = report_of("a.png", decision="abstained", reasons=("rough_outline",))
    path = write(tmp_path, [row("a.png")], [report])
    with pytest.raises(DataError, match=r"row 2: the model abstained \(rough_outline\) and no"):
        read_manifest_films(path)
    report["landmarks"]["origin"][5] = "edited"
    assert len(read_manifest_films(write(tmp_path, [row("a.png")], [report]))) == 1


def test_phantoms_are_read_alike_from_their_truth_and_their_manifest(tmp_path: Path) -> None:
    write_set(SetRecipe(rows=(96, 96)), tmp_path, 4, 3)
    truth = read_phantoms(tmp_path, laterals=True)
    listed = read_manifest_films(tmp_path / "manifest.csv")
    assert {film.view for film in listed} == {"frontal", "lateral"}
    assert [film.file for film in listed] == [film.file for film in truth]
    for ours, theirs in zip(listed, truth, strict=True):
        assert np.array_equal(ours.corners_px, theirs.corners_px, equal_nan=True)
        assert (ours.view, ours.faces_left) == (theirs.view, theirs.faces_left)


def no_landmarks(report: dict[str, Any]) -> None:
    report["landmarks"] = None


def a_short_list(report: dict[str, Any]) -> None:
    report["landmarks"]["points_xy"].pop()


def another_film(report: dict[str, Any]) -> None:
    report["sha256"] = digest_of("q")


def no_digest(report: dict[str, Any]) -> None:
    del report["sha256"]


def no_decision(report: dict[str, Any]) -> None:
    del report["decision"]


def not_finite(report: dict[str, Any]) -> None:
    report["landmarks"]["points_xy"][3] = [float("nan"), 1.0]


def side_view_names(report: dict[str, Any]) -> None:
    report["landmarks"]["names"] = list(LATERAL_NAMES)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (no_landmarks, "has no landmarks"),
        (a_short_list, "not understood"),
        (another_film, "holds no Report with this film's sha256, .* has 2 with one"),
        (no_digest, "has 1 with one"),
        (no_decision, "not understood .*decision"),
        (not_finite, "must be finite"),
        (side_view_names, "no level has its four corners .* got T1_superior_anterior"),
    ],
)
def test_a_report_that_cannot_teach(
    tmp_path: Path, damage: Callable[[dict[str, Any]], None], message: str
) -> None:
    report = report_of("b.png")
    damage(report)
    path = write(tmp_path, [row("a.png"), row("b.png")], [report_of("a.png"), report])
    with pytest.raises(DataError, match=rf"manifest\.csv: row 3: .*{message}"):
        read_manifest_films(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        (b"{not json", "expected Reports as JSON"),
        (b"\xff\xfe", "no text in UTF-8"),
        (b"[1, 2]", "expected Reports, got"),
    ],
)
def test_a_file_that_holds_no_reports(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = write(tmp_path, [row("a.png")], [])
    (tmp_path / "reports.jsonl").unlink()
    if content is not None:
        (tmp_path / "reports.jsonl").write_bytes(content)
    with pytest.raises(DataError, match=rf"row 2: .*reports\.jsonl: .*{message}"):
        read_manifest_films(path)


def test_two_answers_for_one_film(tmp_path: Path) -> None:
    both = [report_of("a.png"), report_of("a.png", points_xy=CORNERS + 1)]
    with pytest.raises(DataError, match=r"two Reports of film .* differ"):
        read_manifest_films(write(tmp_path, [row("a.png")], both))


def test_a_film_that_has_changed(tmp_path: Path) -> None:
    path = write(tmp_path, [row("a.png"), row("b.png")], [report_of("a.png"), report_of("b.png")])
    (tmp_path / "b.png").write_text("retouched")
    with pytest.raises(DataError, match=r"manifest\.csv: row 3: .*b\.png has changed"):
        read_manifest_films(path)


def test_one_picture_in_two_groups(tmp_path: Path) -> None:
    rows = [row("a.png"), replace(row("b.png"), sha256=digest_of("a.png"))]
    path = write(tmp_path, rows, [report_of("a.png")])
    (tmp_path / "b.png").write_text("a.png")
    with pytest.raises(DataError, match="rows 2 and 3 are the same picture in the groups 'a' and"):
        read_manifest_films(path)


def test_a_manifest_without_any_film_to_teach(tmp_path: Path) -> None:
    path = write(tmp_path, [row("a.png", landmarks=""), row("b.png", split="test")], [])
    with pytest.raises(DataError, match=r"no film with landmarks among 2"):
        read_manifest_films(path)
