"""Heat lies where the light is, on the film's own pixels."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinescan.infer.classifier import Answer
from spinescan.infer.explain import HeatMap, heat_map
from spinescan.infer.preprocess import Fit, InputSpec
from tests.infer.classifiers import SIDE, THIRDS, answers, classifier, film_spot, film_with_light


def hottest(heat: HeatMap) -> np.ndarray:
    """The middle of what is hot, (x, y) in film pixels."""
    weight = np.where(heat.values > 0.6, heat.values, 0)
    y, x = (np.arange(n) + 0.5 for n in weight.shape)
    return np.array([weight.sum(0) @ x, weight.sum(1) @ y]) / weight.sum()


@settings(max_examples=30)
@given(
    third=st.integers(0, 2),
    size=st.tuples(st.integers(150, 600), st.integers(150, 600)),
    aspect=st.floats(0.7, 1.4),
    fit=st.sampled_from(["letterbox", "squash"]),
    maps=st.booleans(),
)
def test_heat_lies_on_the_light(
    third: int, size: tuple[int, int], aspect: float, fit: Fit, maps: bool
) -> None:
    rows, columns = size
    if fit == "letterbox" and columns > rows * aspect:
        return  # the thirds are those of the input: bands above and below would shift them
    film = film_with_light(third, size=size, aspect=aspect)
    asked = classifier(maps=maps, input=InputSpec(SIDE, SIDE, fit=fit))
    heat = heat_map(film, asked)
    assert heat is not None
    assert heat.label == THIRDS.codes[third]
    assert heat.method == ("class activation" if maps else "occlusion")
    assert heat.values.shape == size
    assert heat.values.dtype == np.float32
    assert heat.values.max() == pytest.approx(1)
    assert heat.values.min() >= 0
    # Within a cell of the network's map, or of what is covered.
    steps = (SIDE, SIDE) if fit == "squash" else (SIDE, SIDE * columns / (rows * aspect))
    cell = np.array([columns / steps[1], rows / steps[0]]) * 8
    assert np.abs((hottest(heat) - film_spot(third, size)) / cell).max() < 1


def test_another_label_is_asked_for_by_its_code() -> None:
    film, asked = film_with_light(0), classifier()
    other = heat_map(film, asked, "lower")
    assert other is not None
    assert other.label == "lower"
    assert (other.values == 0).all()  # nothing on this film speaks for it
    dim = film.pixels.copy()
    x, y = (int(v) for v in film_spot(2, film.size))
    dim[y - 30 : y + 30, x - 30 : x + 30] = 0.5
    other = heat_map(replace(film, pixels=dim), asked, "lower")
    assert other is not None
    assert np.abs(hottest(other) - (x, y)).max() < 300 / 12
    with pytest.raises(ValueError, match="upper, middle, lower"):
        heat_map(film, asked, "left")


def test_a_film_where_nothing_speaks_for_any_label() -> None:
    asked = classifier()
    asked.run = lambda inputs: Answer(
        np.zeros((len(inputs), 3), np.float32), np.zeros((len(inputs), 3, 4, 4), np.float32)
    )
    heat = heat_map(film_with_light(0), asked)
    assert heat is not None
    assert (heat.values == 0).all()


def test_maps_that_are_not_finite_are_not_used() -> None:
    asked = classifier()

    def run(inputs: np.ndarray) -> Answer:
        return answers(inputs)._replace(maps=np.full((len(inputs), 3, 4, 4), np.nan, np.float32))

    asked.run = run
    heat = heat_map(film_with_light(0), asked)
    assert heat is not None
    assert heat.method == "occlusion"
    asked.run = lambda inputs: Answer(np.full((len(inputs), 3), np.nan, np.float32))
    assert heat_map(film_with_light(0), asked) is None


def test_only_the_film_is_covered_and_in_small_batches() -> None:
    asked, seen = classifier(maps=False), []
    run = asked.run

    def watched(inputs: np.ndarray) -> Answer:
        seen.append(inputs)
        return run(inputs)

    asked.run = watched
    heat_map(film_with_light(0, size=(400, 100)), asked)
    assert max(len(inputs) for inputs in seen) <= 16
    whole = seen[0][0, 0]
    beside = (SIDE - SIDE // 4) // 2
    for inputs in seen[2:]:
        changed = (inputs[:, 0] != whole).any(axis=(1, 2))
        assert changed.mean() > 0.9  # hardly a cover that covers nothing
        assert (inputs[:, 0, :, :beside] == whole[:, :beside]).all()


def test_a_map_may_be_of_any_size() -> None:
    film, asked = film_with_light(1), classifier()
    whole = heat_map(film, asked)
    run = asked.run

    def coarse(inputs: np.ndarray) -> Answer:
        answer = run(inputs)
        assert answer.maps is not None
        return answer._replace(maps=answer.maps.reshape(-1, 3, 6, 2, 6, 2).mean(axis=(3, 5)))

    asked.run = coarse
    less = heat_map(film, asked)
    assert whole is not None
    assert less is not None
    assert np.abs(hottest(whole) - hottest(less)).max() < 300 / 12
    assert replace(whole).values.shape == less.values.shape
