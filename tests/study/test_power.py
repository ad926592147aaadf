"""Laws of Holm's correction and of plans; the power against McNemar's exact test itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.study.compare import mcnemar_exact
from spinescan.study.power import (
    discordant_needed,
    holm,
    mcnemar_power,
    planned,
    smallest_advantage,
)

shares = st.floats(0, 1)
p_values = st.dictionaries(st.text(max_size=3), shares, min_size=1, max_size=8)


@given(p_values)
def test_a_corrected_p_is_never_smaller_and_keeps_the_order(p: dict[str, float]) -> None:
    corrected = holm(p)
    assert list(corrected) == list(p)
    for name in p:
        assert p[name] <= corrected[name] <= min(1.0, len(p) * p[name])
        for other in p:
            if p[name] < p[other]:
                assert corrected[name] <= corrected[other]


def test_holm_by_hand() -> None:
    assert holm({"a": 0.04, "b": 0.01, "c": 0.03}) == pytest.approx(
        {"a": 0.06, "b": 0.03, "c": 0.06}
    )


# With three such films or fewer nothing can be shown, and the normal law is no approximation.
@given(st.integers(4, 2000), shares, shares)
def test_power_grows_with_the_advantage(discordant: int, one: float, two: float) -> None:
    low, high = sorted((one, two))
    assert mcnemar_power(discordant, low) <= mcnemar_power(discordant, high) + 1e-9
    assert mcnemar_power(discordant, low) == mcnemar_power(discordant, -low)


@given(st.integers(1, 2000), st.integers(1, 2000), shares)
def test_power_grows_with_the_films(one: int, two: int, advantage: float) -> None:
    few, many = sorted((one, two))
    assert mcnemar_power(few, advantage) <= mcnemar_power(many, advantage) + 1e-9


@given(st.floats(0.02, 0.98))
def test_so_many_films_as_are_needed_and_no_fewer(advantage: float) -> None:
    needed = discordant_needed(advantage)
    assert needed is not None
    assert mcnemar_power(needed, advantage) >= 0.8 - 1e-9
    assert mcnemar_power(needed - 1, advantage) < 0.8


@given(st.integers(1, 3000))
def test_the_smallest_advantage_has_the_power(discordant: int) -> None:
    least = smallest_advantage(discordant)
    if least is None:
        assert discordant < 4
    else:
        assert mcnemar_power(discordant, least) == pytest.approx(0.8, abs=1e-6) or least == 1


def test_the_power_is_about_that_of_the_exact_test() -> None:
    rng = np.random.default_rng(0)
    wins = rng.binomial(150, 0.62, 4000)
    found = np.mean([mcnemar_exact(int(win), 150 - int(win)) <= 0.05 for win in wins])
    assert mcnemar_power(150, 0.24) == pytest.approx(found, abs=0.06)


def test_a_plan_of_no_discordant_film_tells_nothing() -> None:
    plan = planned(0, 0, 50)
    assert plan["power"] is None
    assert plan["discordant_needed"] is plan["films_needed"] is plan["smallest_difference"] is None


@given(st.integers(0, 60), st.integers(0, 60))
def test_a_plan_does_not_know_who_came_first(one: int, two: int) -> None:
    assert planned(one, two, 200) == planned(two, one, 200)
