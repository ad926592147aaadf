"""Bootstrap intervals of many figures at once: groups are drawn, and films get weights.

A draw of groups with replacement is told by how often each film is in it. A figure that can be
computed from such weights for all draws in one go is computed fast: 2,000 draws of 1,000 films take
a second or two. The draws are those of `metrics.grouped_bootstrap`.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from spinescan.study.metrics import wilson_interval

Floats = NDArray[np.float64]
Films = TypeVar("Films")
Statistic = Callable[[Films, Floats], Mapping[str, Floats]]
"""Figures of films under weights (b, n): by name, arrays (b, ...). NaN where there is none."""

FEWEST_GROUPS = 5
"""With fewer groups than this there is no interval: redrawing them tells nothing."""

_BLOCK = 1 << 18
"""So many weights are worked on at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class GroupDraws:
    """How often each group is in each draw: `counts` (samples, groups), in the order of `names`."""

    names: tuple[Hashable, ...]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, groups: Sequence[Hashable], *, samples: int = 2000, seed: int = 0) -> Self:
        """Draws of these groups, each named once or as often as it has films.

        Raises
        ------
        ValueError
            There is no group.
        """
        names = tuple(dict.fromkeys(groups))
        if not names:
            raise ValueError("need a group to draw")
        size = len(names)
        drawn = np.random.default_rng(seed).integers(0, size, size=(samples, size))
        places = drawn + size * np.arange(samples)[:, None]
        counts = np.bincount(places.ravel(), minlength=samples * size)
        return cls(names, counts.reshape(samples, size))

    def weights(self, groups: Sequence[Hashable]) -> Iterator[Floats]:
        """How often each of n films, told by its group, is in each draw: (b, n) for b draws a time.

        All draws together would be gigabytes for a large set.
        """
        place = {name: i for i, name in enumerate(self.names)}
        films = [place[group] for group in groups]
        step = max(1, _BLOCK // max(1, len(films)))
        for start in range(0, len(self.counts), step):
            yield self.counts[start : start + step, films].astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """A figure: its `value` (...), and the same on each draw, (samples, ...)."""

    value: Floats
    drawn: Floats

    def __sub__(self, other: "Sampled") -> "Sampled":
        """The difference, draw by draw: both must come from the same draws."""
        return Sampled(self.value - other.value, self.drawn - other.drawn)

    def at(self, index: int) -> "Sampled":
        """One entry of a figure that is an array."""
        return Sampled(self.value[index], self.drawn[:, index])

    def centred(self) -> "Sampled":
        """The draws moved so that their median is the value.

        For a figure that redrawing films alone makes larger, such as a calibration error: films
        that are drawn twice look like a pattern.
        """
        return Sampled(self.value, self.drawn - np.nanmedian(self.drawn, axis=0) + self.value)

    def interval(self, level: float = 0.95) -> tuple[float, float] | None:
        """Percentile interval of a single figure over the draws that have one.

        None where fewer than nine in ten draws have one, as of a class of very few films, and where
        all draws are the same, as of a figure without any error: the bootstrap is blind there.
        """
        drawn = self.drawn[np.isfinite(self.drawn)]
        if not np.isfinite(self.value) or len(drawn) < 0.9 * len(self.drawn):
            return None
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        return None if drawn.min() == drawn.max() else (float(low), float(high))

    def told(self, groups: int, *, share: bool = False) -> dict[str, Any]:
        """The figure as plain JSON types, with its 95 % interval where there is one.

        Parameters
        ----------
        groups
            How many groups it rests on.
        share
            It is a share of films: where all of them agree, the interval is Wilson's of so many
            groups.
        """
        interval = self.interval() if groups >= FEWEST_GROUPS else None
        if share and interval is None and groups and self.value in (0, 1):
            interval = wilson_interval(groups if self.value == 1 else 0, groups)
        return {
            "value": rounded(float(self.value)),
            "interval_95": interval and [rounded(end) for end in interval],
        }


def sample(
    statistic: Statistic[Films],
    repeats: Sequence[tuple[Films, Sequence[Hashable]]],
    draws: GroupDraws,
) -> dict[str, Sampled]:
    """Figures averaged over repeats, each draw of groups being the same in all of them.

    Parameters
    ----------
    repeats
        The films of each repeat of a cross-validation, or the only ones; and their groups.
    """
    found = [_sample_one(statistic, films, groups, draws) for films, groups in repeats]
    return {
        name: Sampled(
            np.mean([one[name].value for one in found], axis=0),
            np.mean([one[name].drawn for one in found], axis=0),
        )
        for name in found[0]
    }


def _sample_one(
    statistic: Statistic[Films], films: Films, groups: Sequence[Hashable], draws: GroupDraws
) -> dict[str, Sampled]:
    plain = statistic(films, np.ones((1, len(groups))))
    blocks = [statistic(films, weights) for weights in draws.weights(groups)]
    return {
        name: Sampled(plain[name][0], np.concatenate([block[name] for block in blocks]))
        for name in plain
    }


def rounded(value: float) -> float | None:
    """A figure for JSON; None where it is not defined."""
    return round(value, 4) if np.isfinite(value) else None
