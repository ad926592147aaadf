"""Tables of what somebody has seen on films."""

from pathlib import Path

import numpy as np
import pytest

from spinescan.core.anatomy import FRONTAL_POINTS
from spinescan.core.errors import DataError
from spinescan.data.seen import with_metal, with_points
from spinescan.data.sources import CornerFilm, read_aasce
from tests.conftest import ROOT

SEEN = """set,file,seen
one,a.png,hardware
one,b.png,brace
one,c.png,hardware
one,c.png,brace
two,x.png,brace
"""


def film(source: str, file: str) -> CornerFilm:
    return CornerFilm(file, Path(file), file, np.full((17, 4, 2), np.nan), False, source)


def table(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text)
    return path


def test_metal_is_told_of_every_film_of_a_set(tmp_path: Path) -> None:
    films = [film("one", f"{name}.png") for name in "abcd"]
    films += [film("two", "a.png"), film("three", "a.png")]
    told = with_metal(films, table(tmp_path, SEEN))
    assert [(f.hardware, f.brace) for f in told] == [
        (True, False),
        (False, True),
        (True, True),
        (False, False),  # of this set the table names all that show any
        (False, False),  # a name is a set's own
        (None, None),  # nothing is told of this set
    ]
    assert [(f.source, f.file) for f in told] == [(f.source, f.file) for f in films]
    assert films[0].hardware is None


def test_metal_seen_on_films_with_corners(shared_data: Path) -> None:
    films = with_metal(read_aasce(shared_data / "aasce"), ROOT / "recipes" / "seen-on-films.csv")
    assert all(f.hardware is not None and f.brace is not None for f in films)
    assert 0 < sum(bool(f.hardware) for f in films) < len(films) / 4


def test_points_are_seen_off_the_film_or_unclear(tmp_path: Path) -> None:
    rows = (
        "set,file,point,state,x,y\n"
        "one,a.png,S1_left,seen,10.5,20\n"
        "one,a.png,S1_right,seen,30,21.25\n"
        "one,a.png,C7_centre,off,,\n"
        "one,a.png,femoral_head_left,unclear,,\n"
        "two,b.png,S1_left,seen,1,2\n"
    )
    films = [film("one", "a.png"), film("one", "b.png")]
    placed, other = with_points(films, table(tmp_path, rows))
    assert placed.points_px is not None
    places = dict(zip(FRONTAL_POINTS, placed.points_px.tolist(), strict=True))
    assert places["S1_left"] == [10.5, 20]
    assert places["S1_right"] == [30, 21.25]
    for name in set(FRONTAL_POINTS) - {"S1_left", "S1_right"}:
        assert np.isnan(places[name]).all()
    # It is known that C7 is off the film; of the others nothing is.
    assert placed.unclear == set(FRONTAL_POINTS) - {"S1_left", "S1_right", "C7_centre"}
    assert other is films[1]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("one,a.png,S2_left,seen,1,2", "row 2: no such point or state"),
        ("one,a.png,S1_left,there,1,2", "row 2: no such point or state"),
        ("one,a.png,S1_left,seen,,2", "row 2: x and y must be numbers"),
        ("one,a.png,S1_left", "row 2 is too short"),
    ],
)
def test_points_that_are_not_understood(tmp_path: Path, row: str, message: str) -> None:
    path = table(tmp_path, f"set,file,point,state,x,y\n{row}\n")
    with pytest.raises(DataError, match=message) as caught:
        with_points([film("one", "a.png")], path)
    assert str(path) in str(caught.value)


def test_tables_that_are_missing_or_have_other_columns(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        with_metal([], tmp_path / "none.csv")
    with pytest.raises(DataError, match="no column seen"):
        with_metal([], table(tmp_path, "set,file\n"))
    with pytest.raises(DataError, match="no column state"):
        with_points([], table(tmp_path, "set,file,point,x,y\n"))
