"""Text and lines on films."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from spinescan.audit.marks import find_marks
from spinescan.phantom.film import Order, draw_phantom

pytest.importorskip("scipy")

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def film() -> Floats:
    """A film as the detector gives it: no clinic has written on it."""
    return np.array(draw_phantom(Order(als="3CH", rows=900, plain=True), 5).pixels)


def drawn(film: Floats, *, text: str = "", line: bool = False, grey: int = 255) -> Floats:
    picture = Image.fromarray((film * 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    if text:
        draw.text((20, 40), text, fill=grey, font=ImageFont.load_default(size=22))
    if line:
        rows, columns = film.shape
        ends = (0.15 * columns, 0.35 * rows, 0.85 * columns, 0.5 * rows)
        draw.line(ends, fill=grey, width=3)
    return np.asarray(picture).astype(np.float32) / 255


def test_a_film_without_marks(film: Floats) -> None:
    assert find_marks(film).lines == ()
    assert find_marks(film).text == ()


def test_text_is_found_where_it_stands(film: Floats) -> None:
    (box,) = find_marks(drawn(film, text="PATIENT 1234")).text
    assert box[0] * film.shape[1] == pytest.approx(21, abs=5)
    assert 35 < box[1] * film.shape[0] < 60
    assert box[2] * film.shape[1] > 120


def test_a_side_letter_is_no_text(film: Floats) -> None:
    assert find_marks(drawn(film, text="R")).text == ()


@pytest.mark.parametrize("grey", [255, 0])
def test_a_line_is_found_where_it_runs(film: Floats, grey: int) -> None:
    (box,) = find_marks(drawn(film, line=True, grey=grey)).lines
    left, right = sorted([(box[0], box[1]), (box[2], box[3])])
    for x, y in (left, right):  # on the line; it fades where the film is as bright
        assert y == pytest.approx(0.35 + (x - 0.15) / 0.7 * 0.15, abs=0.02)
    assert right[0] - left[0] > 0.3


def test_a_texture_is_no_text() -> None:
    """The grid of a photographed screen: single dots that stand in rows everywhere."""
    screen = np.full((900, 500), 0.2, np.float32)
    for y in range(10, 890, 24):
        for x in range(10, 490, 16):
            screen[y : y + 9, x : x + 3] = 0.9
    assert find_marks(screen).text == ()
