"""The whole way from a lateral film to its Report, with networks that know the truth."""

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from spinescan.core.anatomy import FRONTAL_NAMES, FRONTAL_POINTS, LATERAL_NAMES, lateral_name
from spinescan.core.errors import BundleError
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import Report
from spinescan.core.told import Told
from spinescan.infer.bundle import Bundle
from spinescan.infer.scanner import Scanner
from spinescan.phantom.beam import Beam, Facing
from spinescan.phantom.shape import Profile, SpinePlan, build_spine
from spinescan.phantom.truth import film_points, sagittal_on_film_deg
from tests.infer.oracle import NO_POINTS, Oracle, bundle_without_weights, film_corners

Floats = NDArray[np.float32]
Points = NDArray[np.float64]

SIZE = (1000, 560)
PITCH = 42.0
"""About the height of a level, in pixels."""
PLAN = SpinePlan(profile=Profile(kyphosis_deg=38, lordosis_deg=55, sacral_slope_deg=38))


class Side(NamedTuple):
    """A lateral film of noise, and what is true of it."""

    film: Radiograph
    places: dict[str, Points]
    angles: dict[str, float]
    faces_left: bool

    def by_picture(self, names: tuple[str, ...]) -> Points:
        """Points (n, 2) by their names that tell the sides of the picture; NaN for none."""
        told = [lateral_name(name, faces_left=self.faces_left) for name in names]
        return np.array([self.places.get(name, np.full(2, np.nan)) for name in told])

    def oracle(self) -> Oracle:
        points = NO_POINTS.copy()
        points[: len(FRONTAL_POINTS)] = self.by_picture(FRONTAL_POINTS)
        sign = 1 if self.faces_left else -1
        return Oracle(
            film_corners(self.by_picture(FRONTAL_NAMES)),
            points=points,
            facts=np.array([4.0 * sign, -4.0, -4.0, 4.0]),
            sacrum=self.by_picture(("S1_left", "S1_right")),
        )


class KnowingScanner(Scanner):
    """A scanner whose networks are an oracle."""

    def __init__(self, oracle: Oracle, bundle: Bundle) -> None:
        self.bundle, self.oracle = bundle, oracle

    def run(self, network: str, inputs: Floats) -> list[Floats]:
        return self.oracle.run(network, inputs)


def side_view(facing: Facing) -> Side:
    spine = build_spine(PLAN)
    beam = Beam.lateral(
        np.array([0.0, 0.0, 220.0]), SIZE, 0.7, source_mm=2000, film_mm=200, facing=facing
    )
    names, points = film_points(spine, (), beam, "lateral")
    noise = np.random.default_rng(0).random(SIZE, dtype=np.float32)
    return Side(
        film=Radiograph(pixels=noise, sha256="1a" * 32),
        places=dict(zip(names, points, strict=True)),
        angles=sagittal_on_film_deg(spine, beam),
        faces_left=facing == "left",
    )


@pytest.fixture(scope="module", params=["left", "right"])
def side(request: pytest.FixtureRequest) -> Side:
    return side_view(request.param)


def scanner_of(side: Side, monkeypatch: pytest.MonkeyPatch) -> KnowingScanner:
    oracle = side.oracle()
    oracle.watch(monkeypatch)
    return KnowingScanner(oracle, bundle_without_weights("lateral-landmarks"))


def errors(report: Report, side: Side) -> dict[str, float]:
    """How far each point lies from the true one of its name, in pixels."""
    points = report.landmarks
    assert points is not None
    return {
        name: float(np.linalg.norm(place - side.places[name]))
        for name, place in zip(points.names, points.points_xy, strict=True)
    }


def test_a_lateral_film_is_read(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    scanner = scanner_of(side, monkeypatch)
    report = scanner.scan(side.film)
    assert (report.view, report.decision, report.reasons) == ("lateral", "accepted", ())
    off = errors(report, side)
    assert set(off) == {
        *LATERAL_NAMES,
        *("S1_anterior", "S1_posterior", "C7_centre"),
        *("femoral_head_left", "femoral_head_right"),
    }
    assert max(off[name] for name in (*LATERAL_NAMES, "S1_anterior", "S1_posterior")) < 0.1
    assert off["C7_centre"] < 0.1 * PITCH
    assert report.landmarks is not None
    assert report.landmarks.levels_certain
    assert report.curves == ()
    assert report.als is None
    told = {m.name: m.value for m in report.measurements}
    for name in ("TK_T4_T12", "LL_L1_S1", "SS"):
        assert told[name] == pytest.approx(side.angles[name], abs=0.5)
    for name in ("PT", "PI"):  # the hip axis is seen by the finder alone
        assert told[name] == pytest.approx(side.angles[name], abs=2)


def test_the_sacrums_spread_is_the_refiners(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    report = scanner_of(side, monkeypatch).scan(side.film)
    assert report.landmarks is not None
    spread = dict(zip(report.landmarks.names, report.landmarks.spread_px, strict=True))
    length = np.linalg.norm(side.places["S1_anterior"] - side.places["S1_posterior"])
    # 2 of its pixels, of which the endplate is 48 long, times the bundle's factor.
    assert spread["S1_anterior"] == pytest.approx(2.0 * 1.5 * length / 48, rel=0.05)
    assert spread["femoral_head_left"] > 2 * spread["S1_anterior"]


def test_what_is_not_seen_is_left_out(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    scanner = scanner_of(side, monkeypatch)
    scanner.oracle.points[:] = np.nan  # neither sacrum nor hips nor C7
    scanner.oracle.corners[:11] += 1e5  # nor what lies above T12
    report = scanner.scan(side.film)
    assert report.decision == "accepted"
    assert set(errors(report, side)) == {n for n in LATERAL_NAMES if n[0] == "L" or n[:3] == "T12"}
    assert report.landmarks is not None
    assert not report.landmarks.levels_certain
    told = {m.name for m in report.measurements if not m.name.startswith("slip")}
    assert told == {"LL_L1_L5"}
    assert report.sagittal is not None
    assert report.sagittal.label is None
    assert {"kyphosis_levels_missing", "lordosis_levels_missing"} & {*report.sagittal.reasons}
    assert "levels_not_certain" in [w.code for w in report.warnings]


def test_a_row_is_not_carried_on_over_the_sacrum(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named one too high, the row would have room for a vertebra where the sacrum is."""
    scanner = scanner_of(side, monkeypatch)
    scanner.oracle.points[:] = np.nan
    scanner.oracle.blind = [0]
    scanner.oracle.taken_for = -1
    report = scanner.scan(side.film)
    assert report.landmarks is not None
    assert "L5_superior_anterior" not in report.landmarks.names
    last = np.array(side.places["L5_superior_anterior"])
    there = dict(zip(report.landmarks.names, report.landmarks.points_xy, strict=True))
    assert there["L4_superior_anterior"] == pytest.approx(last, abs=0.1)


class SayingScanner(Scanner):
    """A scanner whose own model says one thing of every film."""

    def __init__(self, said: Report, lateral: Scanner | None = None, sure: float = 1.0) -> None:
        task = "lateral-landmarks" if lateral is None else "frontal-landmarks"
        self.bundle, self.lateral = bundle_without_weights(task), lateral
        self.said, self.sure, self.asked = said, sure, 0

    def _report(self, film: Radiograph, told: Told) -> tuple[Report, float]:
        self.asked += 1
        return self.said, self.sure


def saying(view: str, *reasons: str) -> Report:
    return Report(
        sha256="0" * 64,
        size=SIZE,
        pixel_aspect=1.0,
        spacing_mm=None,
        spacing_origin="unknown",
        view=view,
        decision="abstained" if reasons else "accepted",
        reasons=reasons,
        landmarks=None,
    )


@pytest.mark.parametrize(
    ("frontal", "lateral", "taken"),
    [
        (saying("frontal"), saying("lateral"), "frontal"),  # and the lateral model is not asked
        (saying("other", "not_frontal"), saying("lateral"), "lateral"),
        (saying("frontal", "spine_incomplete"), saying("lateral"), "lateral"),
        (saying("frontal", "unsteady"), saying("lateral", "unsteady"), "frontal"),
        (saying("other", "not_frontal"), saying("lateral", "facing_unclear"), "lateral"),
        (saying("lateral", "declared_lateral"), saying("lateral", "not_lateral"), "lateral"),
        (saying("other", "no_spine"), saying("other", "not_lateral"), "frontal"),
    ],
)
def test_which_model_answers(frontal: Report, lateral: Report, taken: str) -> None:
    second = SayingScanner(lateral)
    scanner = SayingScanner(frontal, second)
    report = scanner.scan(Radiograph(pixels=np.zeros((8, 4), np.float32), sha256="0" * 64))
    said = frontal if taken == "frontal" else lateral
    assert (report.view, report.reasons) == (said.view, said.reasons)
    assert second.asked == (frontal.decision == "abstained")


@pytest.mark.parametrize(
    ("frontal", "lateral", "other", "taken"),
    [
        (0.7, 0.9, saying("lateral"), "lateral"),
        (0.7, 0.6, saying("lateral"), "frontal"),
        (0.7, 0.9, saying("lateral", "unsteady"), "frontal"),
    ],
)
def test_a_film_that_is_not_surely_frontal_is_asked_of_both(
    frontal: float, lateral: float, other: Report, taken: str
) -> None:
    second = SayingScanner(other, sure=lateral)
    scanner = SayingScanner(saying("frontal"), second, sure=frontal)
    report = scanner.scan(Radiograph(pixels=np.zeros((8, 4), np.float32), sha256="0" * 64))
    assert report.view == taken
    assert second.asked == 1


def test_two_models_of_one_view_are_refused() -> None:
    with pytest.raises(BundleError, match="expected lateral-landmarks, got frontal-landmarks"):
        Scanner(bundle_without_weights(), lateral=bundle_without_weights())
