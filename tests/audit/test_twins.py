"""Films that are one are found, others are not."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from spinescan.audit import twins
from spinescan.audit.marks import Marks
from spinescan.audit.sights import Sight, small_picture
from spinescan.audit.twins import SAME, correlation, find_twins, local_contrast
from spinescan.data.manifest import ManifestFilm
from spinescan.phantom.film import Order, draw_phantom

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def films() -> list[Floats]:
    """Six persons' frontal films."""
    return [np.array(draw_phantom(Order(als="3CH", rows=400), seed).pixels) for seed in range(6)]


def sight(pixels: Floats, name: str, digest: int | None = None) -> Sight:
    digits = abs(hash(name)) if digest is None else digest
    return Sight(
        data_set="set",
        row=2,
        film=ManifestFilm(name, f"{digits:064x}", name),
        path=Path(name),
        size=(pixels.shape[0], pixels.shape[1]),
        file_bytes=1000,
        file_format="PNG",
        colour=False,
        small=small_picture(np.ascontiguousarray(pixels, np.float32)),
        marks=Marks(),
    )


def crop(film: Floats, left: float, top: float, right: float, bottom: float) -> Floats:
    rows, columns = film.shape
    return film[round(top * rows) : round((1 - bottom) * rows)][
        :, round(left * columns) : round((1 - right) * columns)
    ]


def resized(film: Floats, scale: float) -> Floats:
    size = (round(film.shape[1] * scale), round(film.shape[0] * scale))
    return np.asarray(Image.fromarray(film).resize(size, Image.Resampling.BILINEAR))


def jpeg(film: Floats, quality: int) -> Floats:
    out = BytesIO()
    Image.fromarray((film * 255).astype(np.uint8)).save(out, "JPEG", quality=quality)
    return np.asarray(Image.open(out)).astype(np.float32) / 255


CHANGES = {
    "tighter": lambda film: crop(film, 0.1, 0.04, 0.08, 0.03),
    "smaller": lambda film: resized(film, 0.6),
    "rougher": lambda film: jpeg(film, 30),
    "darker": lambda film: (0.1 + 0.5 * film**1.5).astype(np.float32),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_version_of_a_film_is_found_and_no_other(films: list[Floats], change: str) -> None:
    sights = [sight(film, f"{k}") for k, film in enumerate(films)]
    sights.append(sight(CHANGES[change](films[2]), "version"))
    (pair,) = find_twins(sights)
    assert pair.kind == "near"
    assert {pair.a.name, pair.b.name} == {"2", "version"}
    assert pair.correlation >= SAME


def test_a_narrow_crop_need_not_resemble_the_whole_film(
    films: list[Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twins, "_NEIGHBOURS", 1)
    for k, film in enumerate(films):
        sights = [sight(film, f"{k}") for k, film in enumerate(films)]
        pairs = find_twins([*sights, sight(crop(film, 0.27, 0.08, 0.23, 0.1), "narrow")])
        assert [{p.a.name, p.b.name} for p in pairs] == [{f"{k}", "narrow"}]


def test_a_mirror_image_is_found_as_one(films: list[Floats]) -> None:
    sights = [sight(film, f"{k}") for k, film in enumerate(films)]
    sights.append(sight(crop(films[4], 0.05, 0, 0, 0.03)[:, ::-1], "mirrored"))
    (pair,) = find_twins(sights)
    assert pair.kind == "mirrored"
    assert {pair.a.name, pair.b.name} == {"4", "mirrored"}


def test_copies_of_a_file_are_exact(films: list[Floats]) -> None:
    sights = [sight(films[0], name, digest) for name, digest in (("a", 1), ("b", 1), ("c", 1))]
    pairs = find_twins([*sights, sight(films[1], "d")])
    assert [(p.kind, p.a.name, p.b.name, p.correlation) for p in pairs] == [
        ("exact", "a", "b", 1.0),
        ("exact", "a", "c", 1.0),
    ]


def test_one_film_or_none_has_no_twin(films: list[Floats]) -> None:
    assert find_twins([]) == ()
    assert find_twins([sight(films[0], "a")]) == ()


def test_a_film_correlates_with_itself_and_hardly_with_another(films: list[Floats]) -> None:
    small = [small_picture(film).astype(np.float32) / 255 for film in films[:2]]
    assert correlation(small[0], small[0]) == pytest.approx(1, abs=0.01)
    assert correlation(small[0], small[1]) < SAME


def test_brightness_and_contrast_do_not_matter(films: list[Floats]) -> None:
    film = films[0]
    changed = (0.3 + 0.4 * film).astype(np.float32)
    clear = film.std() > 0
    assert clear
    similar = np.corrcoef(local_contrast(film, 20).ravel(), local_contrast(changed, 20).ravel())
    assert similar[0, 1] > 0.95
