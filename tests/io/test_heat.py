import numpy as np
import pytest

from spinescan.core.radiograph import Radiograph
from spinescan.io.heat import draw_heat
from spinescan.io.overlay import film_picture


@pytest.fixture
def film() -> Radiograph:
    pixels = np.linspace(0, 1, 240 * 100, dtype=np.float32).reshape(240, 100)
    return Radiograph(pixels, "ab" * 32, pixel_aspect=1.5)


def test_the_film_stands_beside_its_heat_and_is_untouched_where_there_is_none(
    film: Radiograph,
) -> None:
    heat = np.zeros(film.size, np.float32)
    heat[:60] = 1.0
    drawn = np.asarray(draw_heat(film, heat, "light: upper, by occlusion"))
    plain = np.asarray(film_picture(film).convert("RGB"))
    rows, columns = plain.shape[:2]
    assert drawn.shape[1] == 2 * columns
    assert drawn.shape[0] > rows  # the words below
    assert (drawn[:rows, :columns] == plain).all()
    hot, cold = np.split(drawn[:rows, columns:], [rows // 4 + 4])
    assert (cold == plain[rows // 4 + 4 :]).all()
    red, green, blue = (hot[: rows // 4 - 4, :, k].astype(int) for k in range(3))
    assert (red > blue).all()
    assert (green > blue).all()


def test_the_words_below_are_drawn(film: Radiograph) -> None:
    heat = np.zeros(film.size, np.float32)
    some, others = (np.asarray(draw_heat(film, heat, text)) for text in ("light: upper", "x"))
    rows = film_picture(film).height
    assert some[rows:].max() > 200
    assert some.shape != others.shape or (some[rows:] != others[rows:]).any()


def test_more_heat_is_more_colour(film: Radiograph) -> None:
    def light(value: float) -> int:
        drawn = np.asarray(draw_heat(film, np.full(film.size, value, np.float32), "x")).astype(int)
        return int(drawn[100, -20].sum())

    lights = [light(v) for v in (0.0, 0.25, 0.5, 0.75, 1.0)]  # on a dark part of the film
    assert lights == sorted(lights)
    assert len(set(lights)) == 5


def test_heat_of_another_film_is_refused(film: Radiograph) -> None:
    with pytest.raises(ValueError, match=r"\(240, 100\)"):
        draw_heat(film, np.zeros((100, 240), np.float32), "x")
