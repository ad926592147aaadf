"""The whole way from a film to its Report, with networks that know the truth."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from spinescan.core.anatomy import FRONTAL_NAMES, FRONTAL_POINTS, Landmarks
from spinescan.core.errors import BundleError
from spinescan.core.radiograph import Radiograph, View
from spinescan.core.report import Report
from spinescan.core.told import Told
from spinescan.infer.bundle import Bundle, find_bundle, shipped
from spinescan.infer.decode import FACTS
from spinescan.infer.reading import read_film, to_landmarks
from spinescan.infer.scanner import Scanner
from tests.infer.classifiers import classifier, write_classifier
from tests.infer.oracle import Oracle, bundle_without_weights, film_corners, film_points

Floats = NDArray[np.float32]
Points = NDArray[np.float64]

PITCH = 37.0
"""About the height of a level on the sample film, in pixels."""


class KnowingScanner(Scanner):
    """A scanner whose networks are an oracle."""

    def __init__(self, oracle: Oracle, bundle: Bundle) -> None:
        self.bundle, self.oracle = bundle, oracle

    def run(self, network: str, inputs: Floats) -> list[Floats]:
        return self.oracle.run(network, inputs)


Knowing = Callable[[Points], KnowingScanner]


@pytest.fixture
def knowing(monkeypatch: pytest.MonkeyPatch) -> Knowing:
    """A scanner that knows where the vertebrae of its films lie."""

    def make(points_xy: Points) -> KnowingScanner:
        oracle = Oracle(film_corners(points_xy))
        oracle.watch(monkeypatch)
        return KnowingScanner(oracle, bundle_without_weights())

    return make


def read(report: Report) -> Landmarks:
    assert report.landmarks is not None
    return report.landmarks


def resized(film: Radiograph, rows: int, columns: int) -> Floats:
    picture = Image.fromarray(film.pixels.copy())
    return np.asarray(picture.resize((columns, rows), Image.Resampling.BILINEAR)).clip(0, 1)


def assert_curves_of_42_and_28_degrees(report: Report) -> None:
    upper, lower, _ = report.curves  # the third is the proximal thoracic one
    assert upper.cobb_deg == pytest.approx(42, abs=1)
    assert lower.cobb_deg == pytest.approx(28, abs=1)
    assert (upper.region, upper.convex_side) == ("main_thoracic", "left")
    assert lower.convex_side == "right"


def test_the_sample_film(sample: tuple[Radiograph, Landmarks], knowing: Knowing) -> None:
    film, truth = sample
    report = knowing(truth.points_xy).scan(film)
    assert (report.view, report.decision, report.reasons) == ("frontal", "accepted", ())
    points = read(report)
    assert points.names == FRONTAL_NAMES
    off = np.linalg.norm(points.points_xy - truth.points_xy[:68], axis=1)
    assert off.max() < 0.1
    presence = 1 / (1 + np.exp(-4))
    assert (points.score > 0.7 * presence).all()  # and the finder's heat, less off a cell's middle
    assert (points.score <= presence + 1e-6).all()
    assert points.origin == ("machine",) * 68
    assert not points.levels_certain
    # The refiner's spread of 2 of its pixels, in film pixels, times the bundle's factor.
    assert np.median(points.spread_px) == pytest.approx(2.0 * 1.5 * PITCH / 48, rel=0.1)
    assert_curves_of_42_and_28_degrees(report)
    assert report.als is not None
    assert report.measurements
    assert [b.name for b in report.bundles] == ["oracle"]
    assert [w.code for w in report.warnings] == ["levels_not_certain"]
    assert (report.sha256, report.size) == (film.sha256, film.size)
    assert report.timing_ms > 0


def test_sacrum_pelvis_and_neck_are_told_and_make_names_certain(
    sample: tuple[Radiograph, Landmarks], knowing: Knowing
) -> None:
    film, truth = sample
    scanner = knowing(truth.points_xy)
    scanner.oracle.points = film_points(truth)
    report = scanner.scan(film)
    points = read(report)
    assert points.names == (*FRONTAL_NAMES, *FRONTAL_POINTS)
    expected = film_points(truth)[: len(FRONTAL_POINTS)]
    cell_px = 4 * film.size[0] / 512  # of the finder's map, on the film
    assert np.linalg.norm(points.points_xy[68:] - expected, axis=1).max() < 0.3 * cell_px
    assert (points.score[68:] > 0.7).all()
    spread = points.spread_px[68:] / cell_px  # a cell in the first look, less in the closer one
    assert spread.max() == pytest.approx(1.0, rel=0.02)
    assert spread.min() == pytest.approx(0.61, rel=0.02)
    assert points.levels_certain
    assert report.warnings == ()


@pytest.mark.parametrize("named", [-1, 1])
def test_names_are_counted_from_the_sacrum(
    sample: tuple[Radiograph, Landmarks], knowing: Knowing, named: int
) -> None:
    """The finder takes every vertebra for its neighbour, but it sees where the sacrum is."""
    film, truth = sample
    scanner = knowing(truth.points_xy)
    scanner.oracle.blind = [0, 16]
    scanner.oracle.taken_for = named
    assert read(scanner.scan(film)).names != FRONTAL_NAMES
    scanner.oracle.points = film_points(truth)
    report = scanner.scan(film)
    points = read(report)
    assert points.names[:68] == FRONTAL_NAMES
    assert np.linalg.norm(points.points_xy[:68] - truth.points_xy[:68], axis=1).max() < 0.1
    assert points.levels_certain


def test_points_that_are_hardly_seen_are_left_out(
    sample: tuple[Radiograph, Landmarks], knowing: Knowing
) -> None:
    film, truth = sample
    scanner = knowing(truth.points_xy)
    scanner.oracle.points = film_points(truth)
    scanner.oracle.points[[2, 6]] = np.nan  # a crest and C7
    scanner.oracle.ribs = True
    report = scanner.scan(film)
    names = [name for name in FRONTAL_POINTS if name not in ("iliac_crest_left", "C7_centre")]
    assert read(report).names[68:] == tuple(names)
    assert read(report).levels_certain  # the ribs tell it as well
    scanner.bundle = bundle_without_weights(least_point=0.99)
    report = scanner.scan(film)
    assert read(report).names == FRONTAL_NAMES
    assert [w.code for w in report.warnings] == ["levels_not_certain"]


@pytest.mark.parametrize("fact", ["hardware", "brace"])
def test_metal_is_a_warning(
    sample: tuple[Radiograph, Landmarks], knowing: Knowing, fact: str
) -> None:
    film, truth = sample
    scanner = knowing(truth.points_xy)
    scanner.oracle.facts[FACTS.index(fact)] = 2.0
    report = scanner.scan(film)
    assert report.decision == "accepted"
    assert [w.code for w in report.warnings] == ["levels_not_certain", fact]
    assert report.als is not None
    if fact == "brace":
        assert report.als.type is None
    scanner.bundle = bundle_without_weights(**{f"least_{fact}": 0.9})
    assert fact not in [w.code for w in scanner.scan(film).warnings]


@pytest.mark.parametrize("seen", [-4.0, 4.0])
def test_a_film_that_is_told_to_be_taken_in_a_brace(
    sample: tuple[Radiograph, Landmarks], knowing: Knowing, seen: float
) -> None:
    film, truth = sample
    scanner = knowing(truth.points_xy)
    scanner.oracle.facts[FACTS.index("brace")] = seen
    report = scanner.scan(film, Told(in_brace=True))
    assert report.als is not None
    assert report.als.type is None
    assert "in_brace" in report.als.reasons
    assert report.curves
    (told,) = [w for w in report.warnings if w.code == "brace"]
    assert "as was told" in told.text


def test_the_report_is_strict_json(sample: tuple[Radiograph, Landmarks], knowing: Knowing) -> None:
    film, truth = sample
    line = knowing(truth.points_xy).scan(film).to_json("sample.png")
    assert "\n" not in line
    values = json.loads(line, parse_constant=pytest.fail)
    assert values["file"] == "sample.png"
    assert values["view"] == "frontal"
    assert values["spacing_origin"] == "unknown"
    assert len(values["landmarks"]["points_xy"]) == 68
    assert [c["cobb_deg"] for c in values["curves"]] == pytest.approx([42, 28, 18], abs=1)


def test_a_film_without_a_spine(sample: tuple[Radiograph, Landmarks], knowing: Knowing) -> None:
    film, truth = sample
    scanner = knowing(truth.points_xy - 1e5)  # far beside the film
    report = scanner.scan(film)
    assert (report.view, report.decision) == ("other", "abstained")
    assert report.reasons == ("no_spine",)
    assert report.landmarks is report.als is None
    assert report.curves == report.measurements == ()
    assert scanner.oracle.calls == ["finder"]
    json.loads(report.to_json(), parse_constant=pytest.fail)


def test_a_film_that_is_declared_lateral(
    sample: tuple[Radiograph, Landmarks], knowing: Knowing
) -> None:
    film, truth = sample
    report = knowing(truth.points_xy).scan(replace(film, declared_view=View.LATERAL))
    assert (report.view, report.decision) == ("lateral", "abstained")
    assert report.reasons == ("declared_lateral",)
    assert len(read(report).names) == 68  # kept, so that a person can correct them
    assert report.curves == ()
    assert report.als is None


def test_a_reading_in_doubt_keeps_its_landmarks(
    sample: tuple[Radiograph, Landmarks], knowing: Knowing
) -> None:
    film, truth = sample
    scanner = knowing(truth.points_xy)
    scanner.bundle = bundle_without_weights(most_roughness=0.0)
    report = scanner.scan(film)
    assert (report.view, report.decision) == ("frontal", "abstained")
    assert report.reasons == ("uneven_row",)
    assert len(read(report).names) == 68
    assert report.curves == ()


@pytest.mark.parametrize("aspect", [0.7, 1.6])
def test_pixels_that_are_not_square(
    sample: tuple[Radiograph, Landmarks], knowing: Knowing, aspect: float
) -> None:
    film, truth = sample
    rows, columns = film.size
    fewer = round(rows / aspect)
    exact = rows / fewer
    flat = replace(film, pixels=resized(film, fewer, columns), pixel_aspect=exact)
    report = knowing(truth.points_xy / [1, exact]).scan(flat)
    assert report.decision == "accepted"
    assert report.pixel_aspect == read(report).pixel_aspect == exact
    off = read(report).points_xy - truth.points_xy[:68] / [1, exact]
    assert np.abs(off).max() < 0.1
    assert_curves_of_42_and_28_degrees(report)


@pytest.mark.parametrize("rows", [200, 2600])
def test_small_and_large_films(
    sample: tuple[Radiograph, Landmarks], knowing: Knowing, rows: int
) -> None:
    film, truth = sample
    columns = round(rows * film.size[1] / film.size[0])
    scale = np.array([columns / film.size[1], rows / film.size[0]])
    report = knowing(truth.points_xy * scale).scan(
        replace(film, pixels=resized(film, rows, columns))
    )
    assert report.decision == "accepted"
    assert np.abs(read(report).points_xy - truth.points_xy[:68] * scale).max() < 0.1
    assert_curves_of_42_and_28_degrees(report)


def test_a_spine_that_fills_little_of_its_film_is_looked_at_closer(
    sample: tuple[Radiograph, Landmarks], knowing: Knowing
) -> None:
    film, truth = sample
    wide = np.pad(film.pixels, ((100, 60), (300, 400)))
    there = truth.points_xy + [300, 100]
    scanner = knowing(there)
    report = scanner.scan(replace(film, pixels=wide))
    assert scanner.oracle.calls == ["finder", "finder", "refiner", "refiner", "refiner"]
    assert np.linalg.norm(read(report).points_xy - there[:68], axis=1).max() < 0.1
    x0, y0 = truth.points_xy[:68].min(axis=0).astype(int) - 80  # the spine fills it
    x1, y1 = truth.points_xy[:68].max(axis=0).astype(int) + 80
    scanner = knowing(truth.points_xy - [x0, y0])
    scanner.scan(replace(film, pixels=film.pixels[y0:y1, x0:x1].copy()))
    assert scanner.oracle.calls == ["finder", "refiner", "refiner", "refiner"]


def test_ends_that_the_finder_missed_are_carried_on(
    sample: tuple[Radiograph, Landmarks], knowing: Knowing
) -> None:
    film, truth = sample
    scanner = knowing(truth.points_xy)
    scanner.oracle.blind = [0, 1, 14, 15, 16]
    report = scanner.scan(film)
    assert report.decision == "accepted"
    assert read(report).names == FRONTAL_NAMES
    assert np.linalg.norm(read(report).points_xy - truth.points_xy[:68], axis=1).max() < 0.1


def test_a_spine_is_not_carried_on_beyond_what_is_seen(
    sample: tuple[Radiograph, Landmarks], knowing: Knowing
) -> None:
    film, truth = sample
    upper = truth.points_xy.copy()
    upper[4 * 12 : 68] += 1e4  # nothing is seen below T12
    report = knowing(upper).scan(film)
    assert report.reasons == ("spine_incomplete",)
    assert read(report).names == FRONTAL_NAMES[: 4 * 12]


def test_a_bias_to_one_side_cancels_and_is_told(
    sample: tuple[Radiograph, Landmarks], knowing: Knowing
) -> None:
    film, truth = sample
    scanner = knowing(truth.points_xy)
    scanner.oracle.bias_px = np.array([6.0, 0.0])
    reading = read_film(film, scanner.bundle, scanner.run)
    assert reading is not None
    off = reading.corners - film_corners(truth.points_xy)
    assert np.linalg.norm(off, axis=2).max() < 0.02 * PITCH
    assert reading.unrest == pytest.approx(2 * 6 / 48, rel=0.05)
    # Twice the refiner's 2 px of spread, and half the difference of the looks.
    spread = np.median(reading.spread) / PITCH * 48
    assert spread == pytest.approx(np.hypot(2, 6), rel=0.1)
    points = to_landmarks(reading, film, bundle_without_weights(spread_factor=2.0))
    assert points.spread_px == pytest.approx(2 * reading.spread.ravel())
    assert scanner.scan(film).reasons == ("unsteady",)


def test_classifiers_answer_beside_the_landmarks(
    sample: tuple[Radiograph, Landmarks], knowing: Knowing
) -> None:
    film, truth = sample
    scanner = knowing(truth.points_xy)
    alone = scanner.scan(film)
    everywhere, lateral = classifier(), classifier(views=(View.LATERAL,))
    lateral.bundle = replace(lateral.bundle, name="side-light", version="2")
    scanner.classifiers = (everywhere, lateral)
    report = scanner.scan(film)
    assert report.predictions[0] == everywhere.predict(film)
    assert report.predictions[1].reasons == ("view_not_asked",)
    assert [(b.name, b.version) for b in report.bundles] == [
        ("oracle", "7"), ("light", "1"), ("side-light", "2"),
    ]  # fmt: skip
    assert report.warnings == (*alone.warnings, *everywhere.notices)  # not of the one not asked
    assert [c.cobb_deg for c in report.curves] == [c.cobb_deg for c in alone.curves]
    heats = scanner.heat_maps(film, report)
    assert list(heats) == ["light"]
    assert heats["light"].values.shape == film.size
    json.loads(report.to_json(), parse_constant=pytest.fail)


def test_a_frontal_classifier_is_not_asked_about_what_the_gate_refused(
    sample: tuple[Radiograph, Landmarks], knowing: Knowing
) -> None:
    film, truth = sample
    scanner = knowing(truth.points_xy)
    scanner.classifiers = (classifier(views=(View.FRONTAL,)),)
    assert scanner.scan(film).predictions[0].scores
    lying = scanner.scan(replace(film, declared_view=View.LATERAL))
    assert lying.predictions[0].reasons == ("view_not_asked",)
    scanner.bundle = bundle_without_weights(most_roughness=0.0)
    doubted = scanner.scan(film)
    assert doubted.predictions[0].reasons == ("film_refused",)
    assert doubted.warnings == film.notices
    assert scanner.heat_maps(film, doubted) == {}


@pytest.fixture
def ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What ships: the landmark model and one classifier."""
    folder = tmp_path / "ships"
    shutil.copytree(shipped("frontal-landmarks"), folder / "frontal-landmarks")
    write_classifier(folder / "light")
    monkeypatch.setattr("spinescan.infer.bundle._SHIPPED", folder)
    return folder


def test_shipped_classifiers_take_part_and_can_be_replaced(ships: Path, tmp_path: Path) -> None:
    scanner = Scanner.default(threads=1)
    assert [b.name for b in scanner.bundles] == ["frontal-landmarks", "light"]
    assert scanner.cards["light"].startswith("# Light")
    own = write_classifier(tmp_path / "own", version="2")
    other = write_classifier(tmp_path / "other", name="other")
    (other / "CARD.md").unlink()
    scanner = Scanner.with_bundles([other, own], threads=1)
    assert [(b.name, b.version) for b in scanner.bundles[1:]] == [("other", "1"), ("light", "2")]
    assert set(scanner.cards) == {"frontal-landmarks", "light"}
    landmarks = shutil.copytree(ships / "frontal-landmarks", tmp_path / "mine")
    assert Scanner.with_bundles([landmarks], threads=1).bundle.folder == landmarks
    assert Scanner.from_folder(landmarks, threads=1).classifiers == ()
    for folders, message in [
        ([own, own], "different names"),
        ([landmarks, ships / "frontal-landmarks"], "a second landmark bundle"),
        ([tmp_path], "not a bundle"),
    ]:
        with pytest.raises(BundleError, match=message):
            Scanner.with_bundles(folders, threads=1)


def test_what_ships_on_request_answers_only_where_it_is_named(ships: Path, tmp_path: Path) -> None:
    write_classifier(ships / "light", on_request=True)
    assert [b.name for b in Scanner.default(threads=1).bundles] == ["frontal-landmarks"]
    other = write_classifier(tmp_path / "other", name="other")
    scanner = Scanner.with_bundles([other], threads=1)
    assert [b.name for b in scanner.bundles[1:]] == ["other"]
    scanner = Scanner.with_bundles([find_bundle("light")], threads=1)
    assert [b.name for b in scanner.bundles[1:]] == ["light"]
    # It is for what ships: a bundle of one's own is always named.
    own = write_classifier(tmp_path / "own", name="own", on_request=True)
    assert [b.name for b in Scanner.with_bundles([own], threads=1).bundles[1:]] == ["own"]


def as_lateral(folder: Path) -> Path:
    """The shipped frontal networks, said to be for lateral films."""
    shutil.copytree(shipped("frontal-landmarks"), folder)
    told = json.loads((folder / "bundle.json").read_text())
    told |= {"name": folder.name, "task": "lateral-landmarks"}
    told["settings"] |= {
        "least_lateral": 0.5,
        "least_facing": 0.9,
        "least_last": 0.3,
        "thoracic_factor": 1.0,
    }
    (folder / "bundle.json").write_text(json.dumps(told))
    return folder


def test_a_lateral_model_takes_part_beside_the_frontal_one(ships: Path, tmp_path: Path) -> None:
    assert Scanner.default(threads=1).lateral is None
    as_lateral(ships / "lateral-landmarks")
    scanner = Scanner.default(threads=1)
    assert [b.name for b in scanner.bundles] == ["frontal-landmarks", "lateral-landmarks", "light"]
    alone = Scanner.with_bundles((), classifiers=False, threads=1)
    assert [b.name for b in alone.bundles] == ["frontal-landmarks", "lateral-landmarks"]
    own = as_lateral(tmp_path / "own")
    scanner = Scanner.with_bundles([own], threads=1)
    assert [b.name for b in scanner.bundles] == ["frontal-landmarks", "own", "light"]
    assert Scanner.from_folder(str(own), threads=1).lateral is None
    with pytest.raises(BundleError, match="a second landmark bundle"):
        Scanner.with_bundles([own, ships / "lateral-landmarks"], threads=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "hand-landmarks"}, "lateral-landmarks, got hand-landmarks"),
        ({"networks": {}}, "lacks finder, refiner"),
        ({"settings": {"pitch_px": 48.0}}, "lacks spread_factor, least_confidence, least_frontal"),
        (
            {"settings": {"pitch_px": 48.0}, "task": "lateral-landmarks"},
            "least_lateral, least_facing, least_last, thoracic_factor, most_unrest",
        ),
    ],
)
def test_a_bundle_that_is_not_for_frontal_films(change: dict[str, object], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        Scanner(replace(bundle_without_weights(), **change))


def test_weights_that_are_none(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("bundle") / "finder.onnx"
    path.write_bytes(b"these are no weights")
    bundle = bundle_without_weights()
    networks = {name: replace(net, path=path) for name, net in bundle.networks.items()}
    with pytest.raises(BundleError, match="weights cannot be loaded") as caught:
        Scanner(replace(bundle, networks=networks))
    assert "\n" not in str(caught.value)
