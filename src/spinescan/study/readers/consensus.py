"""What readers together say of a film."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from spinescan.study.readers.readings import Reading


@dataclass(frozen=True, slots=True)
class Consensus:
    """The answer of most readers; `label` is None where there is none, and `why` tells.

    `agreeing` of `readers` gave the commonest answer.
    """

    label: str | None
    agreeing: int
    readers: int
    why: str = ""

    @property
    def share(self) -> float:
        """The share of readers who gave the commonest answer."""
        return self.agreeing / self.readers if self.readers else 0.0


def consensus(answers: Sequence[str | None], least: float = 0.5) -> Consensus:
    """What more than `least` of the readers who answered say; at least two must have answered.

    Parameters
    ----------
    answers
        One a reader; None where there is none.
    least
        The share that must be exceeded, 0.5 or more: so a tie is no consensus.

    Raises
    ------
    ValueError
        `least` is below a half, or 1 or more.
    """
    if not 0.5 <= least < 1:
        raise ValueError(f"least must be from 0.5 to below 1, got {least}")
    given = [answer for answer in answers if answer is not None]
    if len(given) < 2:
        return Consensus(None, len(given), len(given), "fewer than two readers answered")
    (label, count), *others = Counter(given).most_common()
    if others and others[0][1] == count:
        return Consensus(None, count, len(given), "as many readers say one thing as another")
    if count <= least * len(given):
        return Consensus(None, count, len(given), "too few readers agree")
    return Consensus(label, count, len(given))


def mean_angle(readings: Sequence[Reading | None], name: str) -> float | None:
    """The mean of the readers' values of an angle; None where fewer than two gave one."""
    values = [r.angles[name] for r in readings if r is not None and name in r.angles]
    return sum(values) / len(values) if len(values) > 1 else None
