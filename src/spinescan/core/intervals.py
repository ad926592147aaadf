"""How sure a figure is: intervals of shares, and by drawing again in whole groups."""

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def wilson_interval(hits: int, n: int, *, z: float = 1.959964) -> tuple[float, float]:
    """The Wilson score interval of a share `hits / n`; 95 % by default.

    Stays inside [0, 1] and is of use for small n and for shares of 0 and 1 (E. B. Wilson,
    J Am Stat Assoc 1927;22:209). Without any observation it is (0, 1).

    Raises
    ------
    ValueError
        `hits` is not between 0 and n.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"hits must lie between 0 and n, got {hits} of {n}")
    if n == 0:
        return 0.0, 1.0
    share = hits / n
    scale = 1 + z * z / n
    middle = (share + z * z / (2 * n)) / scale
    half = z / scale * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # The bounds of 0 of n and n of n are 0 and 1 exactly; rounding must not say otherwise.
    low = 0.0 if hits == 0 else max(0.0, float(middle - half))
    high = 1.0 if hits == n else min(1.0, float(middle + half))
    return low, high


def grouped_bootstrap(
    values: Floats,
    groups: Sequence[Hashable],
    statistic: Callable[[Floats], float] = lambda v: float(np.mean(v)),
    *,
    samples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of a statistic, resampling whole groups with replacement.

    Films of one person are not independent, so a group is drawn as a whole or not at all.

    Parameters
    ----------
    values
        float64 (n,): one value a film.
    groups
        n group names (the person, the case).
    statistic
        A function of a sample of `values`; the mean by default.

    Raises
    ------
    ValueError
        `values` is empty, or `groups` has another length.
    """
    if len(values) == 0 or len(groups) != len(values):
        raise ValueError(f"need one group per value, got {len(values)} and {len(groups)}")
    members: dict[Hashable, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    parts = [values[index] for index in members.values()]
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(parts), size=(samples, len(parts)))
    stats = [statistic(np.concatenate([parts[k] for k in row])) for row in drawn]
    low, high = np.quantile(stats, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
