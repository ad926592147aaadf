import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.study.draws import FEWEST_GROUPS, GroupDraws, Sampled, sample
from spinescan.study.metrics import grouped_bootstrap, wilson_interval

group_lists = st.lists(st.integers(0, 6), min_size=2, max_size=30)


def mean(values: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    return {"mean": weights @ values / weights.sum(axis=1)}


@given(group_lists)
def test_intervals_are_those_of_the_plain_bootstrap(groups: list[int]) -> None:
    """Weights are another way to say what was drawn: the same draws give the same interval."""
    values = np.random.default_rng(0).normal(0, 1, len(groups))
    draws = GroupDraws.of(groups, samples=200)
    told = sample(mean, [(values, groups)], draws)["mean"]
    interval = told.interval()
    plain = grouped_bootstrap(values, groups, samples=200)
    assert told.value == pytest.approx(values.mean())
    if interval is None:
        assert plain[0] == pytest.approx(plain[1])
    else:
        assert interval == pytest.approx(plain)


@given(group_lists)
def test_films_of_a_group_are_drawn_together(groups: list[int]) -> None:
    weights = np.concatenate(list(GroupDraws.of(groups, samples=50).weights(groups)))
    for i, j in zip(range(len(groups)), range(1, len(groups)), strict=False):
        if groups[i] == groups[j]:
            assert (weights[:, i] == weights[:, j]).all()
    draws = GroupDraws.of(groups, samples=50)
    assert (draws.counts.sum(axis=1) == len(set(groups))).all()


def test_repeats_are_averaged_within_each_draw() -> None:
    groups = list("abcdef")
    draws = GroupDraws.of(groups, samples=100)
    one, two = np.arange(6.0), np.ones(6)
    both = sample(mean, [(one, groups), (two, groups)], draws)["mean"]
    alone = sample(mean, [(one, groups)], draws)["mean"]
    assert both.value == pytest.approx((2.5 + 1) / 2)
    assert both.drawn == pytest.approx((alone.drawn + 1) / 2)


def test_the_same_films_twice_are_no_more_than_once() -> None:
    """Repeats must not narrow an interval as if they were new films."""
    groups = list("abcdefgh")
    values = np.random.default_rng(3).normal(0, 1, 8)
    draws = GroupDraws.of(groups)
    once = sample(mean, [(values, groups)], draws)["mean"].interval()
    assert sample(mean, [(values, groups)] * 5, draws)["mean"].interval() == pytest.approx(once)


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    groups, values = list("abcdefg"), np.arange(7.0)
    draws = GroupDraws.of(groups, samples=60)
    whole = sample(mean, [(values, groups)], draws)["mean"].drawn
    monkeypatch.setattr("spinescan.study.draws._BLOCK", 20)
    assert (sample(mean, [(values, groups)], draws)["mean"].drawn == whole).all()


def test_where_all_agree_the_interval_is_that_of_so_many_groups() -> None:
    all_right = Sampled(np.array(1.0), np.ones(100))
    low, high = wilson_interval(20, 20)
    told = all_right.told(20, share=True)
    assert told["interval_95"] == [round(low, 4), round(high, 4)]
    assert 0.8 < told["interval_95"][0] < 0.9
    assert all_right.told(20)["interval_95"] is None
    assert Sampled(np.array(0.0), np.zeros(9)).told(20, share=True)["interval_95"][0] == 0


def test_there_is_no_interval_of_few_groups_or_of_few_draws() -> None:
    rng = np.random.default_rng(0)
    some = Sampled(np.array(0.5), rng.random(1000))
    assert some.told(FEWEST_GROUPS)["interval_95"] is not None
    assert some.told(FEWEST_GROUPS - 1)["interval_95"] is None
    rare = Sampled(np.array(0.5), np.where(rng.random(1000) < 0.2, np.nan, some.drawn))
    assert rare.interval() is None
    assert Sampled(np.array(np.nan), np.full(9, np.nan)).told(50) == {
        "value": None, "interval_95": None
    }  # fmt: skip


def test_a_centred_interval_holds_its_value() -> None:
    shifted = Sampled(np.array(0.1), np.random.default_rng(0).normal(0.3, 0.02, 1000))
    low, high = shifted.centred().interval() or (0, 0)
    assert low < 0.1 < high
    assert high - low == pytest.approx(np.subtract(*np.quantile(shifted.drawn, [0.975, 0.025])))


def test_a_difference_is_taken_draw_by_draw() -> None:
    drawn = np.random.default_rng(0).random(500)
    one, two = Sampled(np.array(0.4), drawn), Sampled(np.array(0.5), drawn + 0.1)
    assert (two - one).value == pytest.approx(0.1)
    assert np.ptp((two - one).drawn) < 1e-12


def test_draws_need_a_group() -> None:
    with pytest.raises(ValueError, match="a group"):
        GroupDraws.of([])
