"""What a paired comparison could show: power of McNemar's test, and Holm's correction.

Of the films that one of two models alone gets right (discordant ones), let one model win the share
1/2 + d/2. By the normal approximation to McNemar's test, n of them find that with a power of

    Phi((d * sqrt(n) - z) / sqrt(1 - d * d)),   z the quantile of 1 - alpha / 2

(R. J. Connor, Biometrics 1987;43:207). Sizes are those of a plan, not of a proof: films of one
person are not independent, and the rate of discordant films is itself an estimate.
"""

import math
from collections.abc import Mapping
from statistics import NormalDist

_NORMAL = NormalDist()


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """p-values corrected for their number by Holm's step-down procedure, by name as given.

    Whoever rejects what is at most alpha errs in any of them with a chance of at most alpha
    (S. Holm, Scand J Stat 1979;6:65).
    """
    corrected: dict[str, float] = {}
    highest = 0.0
    for place, name in enumerate(sorted(p, key=lambda name: p[name])):
        highest = max(highest, min(1.0, (len(p) - place) * p[name]))
        corrected[name] = highest
    return {name: corrected[name] for name in p}


def mcnemar_power(discordant: float, advantage: float, alpha: float = 0.05) -> float:
    """The power with so many discordant films.

    Parameters
    ----------
    advantage
        How much more of them one model wins than the other, as a share of them: 0 to 1, its sign
        does not count.
    """
    d = min(1.0, abs(advantage))
    reach = d * math.sqrt(discordant) - _NORMAL.inv_cdf(1 - alpha / 2)
    if d == 1.0:
        return 1.0 if reach > 0 else 0.0
    return _NORMAL.cdf(reach / math.sqrt(1 - d * d))


def discordant_needed(advantage: float, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """How many discordant films are needed for a power; None if neither model has an advantage."""
    d = min(1.0, abs(advantage))
    if d == 0:
        return None
    z, more = _NORMAL.inv_cdf(1 - alpha / 2), _NORMAL.inv_cdf(power)
    return math.ceil(((z + more * math.sqrt(1 - d * d)) / d) ** 2)


def smallest_advantage(discordant: int, alpha: float = 0.05, power: float = 0.8) -> float | None:
    """The smallest advantage that so many discordant films find with a power; None if none does."""
    if mcnemar_power(discordant, 1.0, alpha) < power:
        return None
    low, high = 0.0, 1.0
    for _ in range(60):  # halves until a double has no more digits
        middle = (low + high) / 2
        if mcnemar_power(discordant, middle, alpha) < power:
            low = middle
        else:
            high = middle
    return high


def planned(
    only_first: int, only_second: int, films: int, *, alpha: float = 0.05, power: float = 0.8
) -> dict[str, float | int | None]:
    """What these films could show, and how many would be needed to show what was seen.

    Parameters
    ----------
    only_first, only_second
        The films that one model alone got right.
    films
        All that both answered.

    Returns
    -------
    Plain JSON types: `power` of finding a difference as large as the one that was seen,
    `discordant_needed` and `films_needed` for a power of `target_power` at the rate and split of
    discordant films that was seen (None where nothing was seen), `smallest_difference` of the
    accuracies that so many discordant films show with that power (None where none does).
    """
    discordant = only_first + only_second
    advantage = (only_second - only_first) / discordant if discordant else 0.0
    needed = discordant_needed(advantage, alpha, power)
    least = smallest_advantage(discordant, alpha, power)
    rate = discordant / films if films else 0.0
    return {
        "target_power": power,
        "n_discordant": discordant,
        "discordant_rate": round(rate, 4),
        "power": round(mcnemar_power(discordant, advantage, alpha), 4) if discordant else None,
        "discordant_needed": needed,
        "films_needed": None if needed is None else math.ceil(needed / rate),
        "smallest_difference": None if least is None else round(least * rate, 4),
    }
