"""What a look at a film keeps."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from spinescan.audit.sights import Sight, Unread, look
from spinescan.data.manifest import ManifestFilm
from tests.app.fakes import ABSTAIN, FakeScanner, write_film

pytest.importorskip("scipy")


def listed(path: Path) -> tuple[str, int, ManifestFilm, Path]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return "set", 2, ManifestFilm(path.name, digest, "p"), path


def test_properties_and_the_spine(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.png")  # 200 rows, 100 columns
    (seen,) = look([listed(film)], FakeScanner().scan)
    assert isinstance(seen, Sight)
    assert (seen.size, seen.file_format, seen.colour) == ((200, 100), "PNG", False)
    assert seen.file_bytes == film.stat().st_size
    assert seen.small.shape == (200, 100)
    assert seen.spine == pytest.approx((0.3, 0.7))  # from 0.4 to 0.6, and half of that beside it


def test_where_the_model_abstains_no_spine_is_known(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.png", ABSTAIN)
    (seen,) = look([listed(film)], FakeScanner().scan)
    assert isinstance(seen, Sight)
    assert seen.spine is None


def test_changed_and_missing_films_are_told(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.png")
    name, row, entry, path = listed(film)
    changed = name, row, replace(entry, sha256="0" * 64), path
    missing = name, row, entry, tmp_path / "gone.png"
    told = list(look([changed, missing]))
    assert all(isinstance(one, Unread) for one in told)
    assert "another file" in told[0].message  # type: ignore[union-attr]
    assert "no such file" in told[1].message  # type: ignore[union-attr]
