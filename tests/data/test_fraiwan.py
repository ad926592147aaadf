from pathlib import Path

import pytest

from spinescan.core.errors import DataError
from spinescan.data.fraiwan import NamedCurve, named_curves, read_fraiwan


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Rt TAIS", [("thoracic", "right")]),
        ("Lt TAIS", [("thoracic", "left")]),
        ("Lt TL AIS", [("thoracolumbar", "left")]),
        ("Rt TLAIS", [("thoracolumbar", "right")]),
        ("Lt LAIS", [("lumbar", "left")]),
        ("Lt LIS", [("lumbar", "left")]),
        ("Rt T and Lt L AIS", [("thoracic", "right"), ("lumbar", "left")]),
        ("Rt T and LT L AIS", [("thoracic", "right"), ("lumbar", "left")]),
        ("Rt T and L L AIS", [("thoracic", "right"), ("lumbar", "left")]),
        ("Lt T and Rt L AIS", [("thoracic", "left"), ("lumbar", "right")]),
        ("Rt AIS", [(None, "right")]),
        ("", []),
    ],
)
def test_all_ways_of_writing(text: str, told: list[tuple[str | None, str]]) -> None:
    assert [(c.region, c.side) for c in named_curves(text)] == told


def test_a_text_that_names_nothing_is_an_error() -> None:
    with pytest.raises(DataError, match="not understood: 'double'"):
        named_curves("double")


def test_frontal_films_are_read(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        "file,label,group,view,source_style,curve_text\n"
        "a/1.jpg,scoliosis,g1,frontal,external_or_photo,Rt TAIS\n"
        "a/2.jpg,normal,g2,lateral,pacs_crop,\n"
    )
    (film,) = read_fraiwan(tmp_path)
    assert film.path == tmp_path / "images" / "a" / "1.jpg"
    assert film.curves == (NamedCurve("thoracic", "right"),)
    assert (film.group, film.label, film.source_style) == ("g1", "scoliosis", "external_or_photo")


def test_the_published_table_is_understood(shared_data: Path) -> None:
    films = read_fraiwan(shared_data / "fraiwan")
    named = [film for film in films if film.curves]
    assert (len(films), len(named)) == (208, 104)
    assert sum(len(film.curves) == 2 for film in named) == 12
    assert sum(film.curves[0] == NamedCurve("thoracic", "right") for film in named) == 76
