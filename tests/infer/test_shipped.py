"""The model that ships, on films that anybody may have."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from spinescan.core.anatomy import FRONTAL_NAMES, FRONTAL_POINTS, Landmarks
from spinescan.core.errors import BundleError
from spinescan.core.radiograph import Radiograph, Side
from spinescan.infer.bundle import shipped
from spinescan.infer.scanner import FRONTAL_BUNDLE, Scanner
from spinescan.io.read import read_radiograph
from spinescan.phantom.film import SAMPLE
from tests.phantom.films import film_of

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    try:
        shipped(FRONTAL_BUNDLE)
    except BundleError as error:
        pytest.skip(f"the model is not in this checkout ({error})")
    return Scanner.default(threads=1)


@pytest.fixture(scope="module")
def png(sample: tuple[Radiograph, Landmarks]) -> bytes:
    """The sample film as a file."""
    stream = io.BytesIO()
    Image.fromarray((sample[0].pixels * 255 + 0.5).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def answer(scanner: Scanner, film: Radiograph) -> dict[str, Any]:
    values = json.loads(scanner.scan(film).to_json("film"))
    del values["timing_ms"]
    return dict(values)


def test_the_sample_film_is_read(scanner: Scanner, sample: tuple[Radiograph, Landmarks]) -> None:
    film, truth = sample
    report = scanner.scan(film)
    assert (report.view, report.decision, report.reasons) == ("frontal", "accepted", ())
    assert report.landmarks is not None
    assert report.landmarks.names == (*FRONTAL_NAMES, *FRONTAL_POINTS)
    assert report.landmarks.levels_certain
    places = dict(zip(truth.names, truth.points_xy, strict=True))
    expected = np.array([places[name] for name in report.landmarks.names])
    off = np.linalg.norm(report.landmarks.points_xy - expected, axis=1)
    assert np.median(off[:68]) < 4
    assert off[68:].max() < 0.01 * film.size[0]
    upper, lower, *_ = report.curves
    assert upper.cobb_deg == pytest.approx(42, abs=5)
    assert lower.cobb_deg == pytest.approx(28, abs=5)
    assert (upper.convex_side, lower.convex_side) == ("left", "right")


def test_a_path_and_bytes_give_the_same_answer(
    scanner: Scanner, png: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "film.png"
    path.write_bytes(png)
    from_path = answer(scanner, read_radiograph(path))
    assert from_path["decision"] == "accepted"
    assert answer(scanner, read_radiograph(str(path))) == from_path
    assert answer(scanner, read_radiograph(png)) == from_path


def test_a_mirrored_film_has_its_curves_on_the_other_sides(
    scanner: Scanner, sample: tuple[Radiograph, Landmarks]
) -> None:
    film, _ = sample
    plain = scanner.scan(film).curves
    flipped = scanner.scan(replace(film, pixels=film.pixels[:, ::-1].copy())).curves
    assert [c.convex_side for c in flipped[:2]] == ["right", "left"]
    for ours, theirs in zip(plain[:2], flipped[:2], strict=True):
        assert theirs.cobb_deg == pytest.approx(ours.cobb_deg, abs=4)


def noise(rng: np.random.Generator) -> Floats:
    return rng.random((700, 400), dtype=np.float32)


def blank(rng: np.random.Generator) -> Floats:
    return np.full((700, 400), 0.4, np.float32)


def wedge(rng: np.random.Generator) -> Floats:
    return np.linspace(0, 1, 700 * 400, dtype=np.float32).reshape(700, 400)


def clouds(rng: np.random.Generator) -> Floats:
    """Soft and large shapes, as a photograph of the sky has."""
    small = Image.fromarray(rng.random((12, 9), dtype=np.float32))
    return np.asarray(small.resize((480, 640), Image.Resampling.BICUBIC)).clip(0, 1)


def blocks(rng: np.random.Generator) -> Floats:
    """Sharp and flat shapes, as a photograph of a street has."""
    small = Image.fromarray(rng.random((9, 14), dtype=np.float32))
    return np.asarray(small.resize((640, 480), Image.Resampling.NEAREST))


@pytest.mark.parametrize("draw", [noise, blank, wedge, clouds, blocks])
def test_what_is_no_spine_is_not_accepted(scanner: Scanner, draw: Any) -> None:
    for seed in range(2):
        pixels = draw(np.random.default_rng(seed))
        report = scanner.scan(Radiograph(pixels=pixels, sha256="0" * 64))
        assert report.decision == "abstained"
        assert report.reasons
        assert report.curves == ()
        json.loads(report.to_json())


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (40, 40)])
def test_a_film_of_any_shape_is_answered(scanner: Scanner, size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).random(size, dtype=np.float32)
    for aspect in (0.5, 1.0):
        report = scanner.scan(Radiograph(pixels=pixels, sha256="0" * 64, pixel_aspect=aspect))
        assert report.decision == "abstained"


@pytest.mark.slow
def test_photographs_and_chest_films_are_not_accepted(scanner: Scanner, shared_data: Path) -> None:
    for path in sorted((shared_data / "not_spine").rglob("*.*")):
        if path.suffix in {".jpg", ".jpeg", ".png"}:
            assert scanner.scan(read_radiograph(path)).decision == "abstained", path.name


@pytest.mark.slow
def test_films_of_the_trunk_upside_down_are_declined(scanner: Scanner) -> None:
    # Films that show skull and hips are not always: the bodies' widths alone tell, see the card.
    for seed in range(3):
        film = film_of(SAMPLE.plan.bends, rows=800, seed=seed, extent="trunk")
        upright = Radiograph(pixels=film.pixels, sha256="0" * 64)
        assert scanner.scan(upright).decision == "accepted"
        report = scanner.scan(replace(upright, pixels=film.pixels[::-1, ::-1].copy()))
        assert report.decision == "abstained"
        assert report.curves == ()


@pytest.mark.parametrize("left", ["left", "right"])
def test_the_header_tells_the_patients_side(
    scanner: Scanner, sample: tuple[Radiograph, Landmarks], left: Side
) -> None:
    curves = scanner.scan(replace(sample[0], patient_left=left)).curves
    assert curves
    for curve in curves:
        assert curve.patient_side == ("left" if curve.convex_side == left else "right")
        assert curve.side_source == "patient_orientation"


def test_a_small_film_is_told_to_be_small(
    scanner: Scanner, sample: tuple[Radiograph, Landmarks]
) -> None:
    film, _ = sample
    small = np.asarray(Image.fromarray(film.pixels).resize((135, 320), Image.Resampling.BILINEAR))
    codes = {w.code for w in scanner.scan(replace(film, pixels=small.clip(0, 1))).warnings}
    assert "low_resolution" in codes
    assert "low_resolution" not in {w.code for w in scanner.scan(film).warnings}
