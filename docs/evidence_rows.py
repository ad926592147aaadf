"""A row of the evidence table, and how one is made from an entry of a result file."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from formats import Told

CASES = "bootstrap by case"
PERSONS = "bootstrap by person"
FILMS = "bootstrap by film"
WILSON = "Wilson"
ALIKE = "no interval: all alike, where a bootstrap is blind"
ONE_RUN = "no interval: one run"
COUNT = "no interval: a count of what happened"
Kind = Literal["real", "SYNTHETIC", "no films"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures come from: one result file, one set of films, one model.

    `held_out` tells in what way the films taught the model nothing, or that they did teach it.
    """

    result: str
    films: Kind
    data: str
    held_out: str
    model: str


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `interval` is of 95 %, in the unit of the value; `kind` tells how it was made,
    or why there is none.
    """

    source: Source
    asked: str
    value: float
    unit: str
    decimals: int
    interval: tuple[float, float] | None
    kind: str
    n: str

    def number(self, value: float) -> str:
        """A value as the page shows it."""
        return f"{value:.{self.decimals}f}"

    def shown(self) -> str:
        """The value with its unit, which a line's end does not part from it."""
        return (self.number(self.value) + self.unit).replace(" ", "\N{NO-BREAK SPACE}")

    def shown_interval(self) -> str:
        """Both ends, with (W) where they are Wilson's; or why there are none."""
        if self.interval is None:
            return self.kind
        low, high = self.interval
        ends = f"{self.number(low)} to {self.number(high)}" + " (W)" * (self.kind == WILSON)
        return ends.replace(" ", "\N{NO-BREAK SPACE}")


Rows = list[Row]


def mean(
    source: Source, asked: str, entry: Told, unit: str, n: str, kind: str, decimals: int = 1
) -> Row:
    """A mean, an area or a difference with its interval."""
    ends = interval(entry)
    return Row(source, asked, entry["value"], unit, decimals, ends, kind, n)


def part(
    source: Source, asked: str, entry: Told, what: str, kind: str = WILSON, n: int | None = None
) -> Row:
    """A share in per cent. `what` names what was counted, out of the entry's n or the given one."""
    value = entry["share"] if "share" in entry else entry["value"]
    of = entry["n"] if n is None else n
    counted = f"{entry['count']} of {of} {what}" if "count" in entry else f"{of} {what}"
    ends = interval(entry, 100)
    if value in (0, 1) and ends is not None:
        ends, kind = (None, ALIKE) if ends[0] == ends[1] else (ends, WILSON)
    return Row(source, asked, 100 * value, " %", 1, ends, kind, counted)


def plain(
    source: Source,
    asked: str,
    value: float,
    unit: str,
    n: str,
    why: str = COUNT,
    decimals: int = 0,
) -> Row:
    """A figure without an interval, and why it has none."""
    return Row(source, asked, value, unit, decimals, None, why, n)


def interval(entry: Told, times: float = 1) -> tuple[float, float] | None:
    """The ends of an entry's 95 % interval."""
    for key in ("interval_95", "wilson_95"):
        if entry.get(key):
            low, high = entry[key]
            return times * low, times * high
    return None


def bundles(told: Told, *names: str) -> str:
    """The models that a result file names, with their versions."""
    kept: Iterable[dict[str, Any]] = told["bundles"]
    return ", ".join(f"{b['name']} {b['version']}" for b in kept if not names or b["name"] in names)
