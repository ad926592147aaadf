"""What speaks against a reading."""

import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinescan.core.anatomy import FRONTAL_POINTS
from spinescan.core.radiograph import Radiograph, View
from spinescan.core.report import Notice
from spinescan.infer.decode import FACTS, LATERAL_FACTS, Spine
from spinescan.infer.gate import NOT_FRONTAL, reasons_against, weigh
from spinescan.infer.levels import Naming
from spinescan.infer.reading import Marks, Reading
from tests.infer.oracle import NO_POINTS, bundle_without_weights
from tests.measure.spines import profile, spine

Points = NDArray[np.float64]

BUNDLE = bundle_without_weights()
FILM = Radiograph(pixels=np.zeros((8, 4), np.float32), sha256="0" * 64)


def reading(
    corners: Points | None = None,
    *,
    first: int = 0,
    last: int = 16,
    heat: float = 0.8,
    presence: float = 0.9,
    unrest: float = 0.05,
    frontal: float = 0.9,
) -> Reading:
    """A reading of the levels from `first` to `last`."""
    if corners is None:
        corners = spine(profile(T1=-5, T5=20, T11=-22, L5=0)).points_xy.reshape(17, 4, 2)
        corners = widened(corners, 0.85, 1.15)
    levels = np.arange(first, last + 1)
    n = len(levels)
    return Reading(
        spine=Spine(levels, corners[levels], np.full(n, heat), levels.astype(float), np.zeros(n)),
        presence=np.full(n, presence),
        spread=np.ones((n, 4)),
        unrest=unrest,
        marks=Marks(
            NO_POINTS,
            np.zeros(len(NO_POINTS)),
            np.ones(len(NO_POINTS)),
            {**dict.fromkeys(FACTS, 0.5), "frontal": frontal},
        ),
        naming=Naming(certain=False, notices=()),
    )


def widened(corners: Points, first: float, last: float) -> Points:
    """Vertebrae that grow or shrink from the head down."""
    centre = corners.mean(axis=1, keepdims=True)
    factors = np.linspace(first, last, len(corners))[:, None, None]
    return np.asarray(centre + (corners - centre) * factors)


def test_a_good_reading_is_accepted() -> None:
    assert reasons_against(FILM, reading(), BUNDLE) == ()


def test_no_reading() -> None:
    assert reasons_against(FILM, None, BUNDLE) == ("no_spine",)


def test_a_film_that_its_header_declares_lateral() -> None:
    film = replace(FILM, declared_view=View.LATERAL)
    assert reasons_against(film, reading(), BUNDLE) == ("declared_lateral",)
    assert reasons_against(film, None, BUNDLE) == ("declared_lateral", "no_spine")
    assert reasons_against(replace(FILM, declared_view=View.FRONTAL), reading(), BUNDLE) == ()


def squeezed() -> Points:
    """Every second vertebra half as wide, and the row uneven."""
    corners = reading().corners.copy()
    centres = corners.mean(axis=1, keepdims=True)
    corners[::2] = centres[::2] + 0.4 * (corners - centres)[::2]
    return corners


BAD = {
    "not_frontal": [reading(frontal=0.4)],
    "not_like_a_spine": [reading(heat=0.5), reading(presence=0.6)],
    "spine_incomplete": [reading(first=6), reading(last=14)],
    "unsteady": [reading(unrest=0.16)],
    "uneven_row": [reading(squeezed())],
}


@pytest.mark.parametrize("reason", BAD)
def test_each_thing_that_speaks_against_it(reason: str) -> None:
    for bad in BAD[reason]:
        assert reasons_against(FILM, bad, BUNDLE) == (reason,)


def test_a_spine_from_t6_to_l4_is_enough() -> None:
    assert reasons_against(FILM, reading(first=5, last=15), BUNDLE) == ()


def test_all_that_speaks_against_it_is_told() -> None:
    bad = reading(squeezed(), last=7, heat=0.1, presence=0.1, unrest=1.0, frontal=0.1)
    assert set(reasons_against(FILM, bad, BUNDLE)) == set(BAD)


LATERAL = bundle_without_weights("lateral-landmarks")


def from_the_side(
    *, lateral: float = 0.9, left: float = 0.95, slope: float | None = None, **options: Any
) -> Reading:
    """A reading of a lateral film; `slope` is how far the sacrum's left end lies lower."""
    options = {"first": 11, **options}
    plain = reading(**options)
    points, score = NO_POINTS.copy(), np.zeros(len(NO_POINTS))
    if slope is not None:
        ends = [FRONTAL_POINTS.index(f"S1_{side}") for side in ("left", "right")]
        half = 20 * np.array([np.cos(np.radians(slope)), -np.sin(np.radians(slope))])
        points[ends] = [200, 700] - half, [200, 700] + half
        score[ends] = 0.9
    facts = {**dict.fromkeys(LATERAL_FACTS, 0.1), "lateral": lateral, "faces_left": left}
    return replace(plain, marks=plain.marks._replace(points=points, score=score, facts=facts))


BAD_LATERAL = {
    "not_lateral": [from_the_side(lateral=0.4)],
    "few_levels": [from_the_side(first=14)],
    "facing_unclear": [
        from_the_side(left=0.6),
        from_the_side(left=0.4),
        from_the_side(left=0.95, slope=-30),
        from_the_side(left=0.05, slope=30),
    ],
}


@pytest.mark.parametrize("reason", BAD_LATERAL)
def test_each_thing_that_speaks_against_a_lateral_reading(reason: str) -> None:
    for bad in BAD_LATERAL[reason]:
        assert reasons_against(FILM, bad, LATERAL) == (reason,)


def test_lateral_films_of_any_part_of_the_spine_are_accepted() -> None:
    for good in (
        from_the_side(),
        from_the_side(first=0),
        from_the_side(first=13),
        from_the_side(slope=40),
        from_the_side(left=0.05, slope=-40),
        from_the_side(left=0.05, slope=5),  # a flat sacrum tells nothing
    ):
        assert reasons_against(FILM, good, LATERAL) == ()


def test_a_lateral_film_that_its_header_declares_frontal() -> None:
    film = replace(FILM, declared_view=View.FRONTAL)
    assert reasons_against(film, from_the_side(), LATERAL) == ("declared_frontal",)
    assert (
        reasons_against(replace(FILM, declared_view=View.LATERAL), from_the_side(), LATERAL) == ()
    )


def test_only_a_long_lateral_row_tells_that_it_is_upside_down() -> None:
    shrinking = widened(reading().corners, 1.2, 0.8)
    assert reasons_against(FILM, from_the_side(corners=shrinking), LATERAL) == ()
    whole = from_the_side(corners=shrinking, first=0)
    assert reasons_against(FILM, whole, LATERAL) == ("not_upright",)


def test_every_reason_is_explained() -> None:
    page = Path(__file__).parents[2] / "docs" / "explain" / "landmarks.md"
    explained = re.findall(r"^\| `(\w+)` \|", page.read_text("utf-8"), re.MULTILINE)
    both = {"declared_lateral", "no_spine", "not_upright", *BAD}
    assert set(explained) == {*both, "declared_frontal", *BAD_LATERAL}
    assert set(explained[: len(NOT_FRONTAL)]) == NOT_FRONTAL  # as the page says


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [
        ("least_confidence", 0.73, "not_like_a_spine"),
        ("least_frontal", 0.95, "not_frontal"),
        ("most_roughness", 0.0001, "uneven_row"),
        ("most_unrest", 0.04, "unsteady"),
    ],
)
def test_the_limits_are_the_bundles(limit: str, value: float, reason: str) -> None:
    strict = bundle_without_weights(**{limit: value})
    assert reasons_against(FILM, reading(), strict) == (reason,)


def test_the_evidence_is_measured() -> None:
    evidence = weigh(reading())
    assert evidence.confidence == pytest.approx(0.8 * 0.9)
    assert evidence.unrest == 0.05
    assert evidence.in_view == 0.9
    assert 0 < evidence.roughness < 0.01
    assert weigh(reading(squeezed())).roughness > 0.5


@pytest.mark.parametrize("scale", [0.1, 12.0])
def test_the_evidence_does_not_depend_on_the_films_size(scale: float) -> None:
    assert asdict(weigh(reading(reading().corners * scale))) == pytest.approx(
        asdict(weigh(reading()))
    )


def test_a_row_on_one_spot_is_weighed_without_a_warning() -> None:
    box = np.array([(0, 0), (1, 0), (0, 1), (1, 1)])
    for corners in (np.zeros((17, 4, 2)), np.tile(box, (17, 1, 1))):
        assert weigh(reading(corners)).roughness == 0
        told = reasons_against(FILM, reading(corners, heat=0.1), BUNDLE)
        assert set(told) - {"not_upright"} == {"not_like_a_spine"}


def test_an_upside_down_film_is_not_accepted() -> None:
    shrinking = widened(reading().corners, 1.2, 0.8)
    assert reasons_against(FILM, reading(shrinking), BUNDLE) == ("not_upright",)
    told = replace(FILM, notices=(Notice("not_upright", "The header says so."),))
    assert reasons_against(told, reading(), BUNDLE) == ("not_upright",)
