"""How figures are written on every page and card: a value, its 95 % interval, out of how many."""

from typing import Any

Told = dict[str, Any]
"""A part of a result file: `value` or `share` with `interval_95`."""


def figure(entry: Told | None, unit: str) -> str:
    """A value with its interval; nothing where there is none."""
    if entry is None:
        return ""
    low, high = entry["interval_95"]
    return f"{entry['value']:.1f}{unit} ({low:.1f} to {high:.1f})"


def share(entry: Told, n: int) -> str:
    """A count with its share's interval."""
    low, high = entry["interval_95"]
    return f"{entry['count']} of {n} ({100 * low:.0f} to {100 * high:.0f} %)"


def percent(entry: Told, n: int | None = None) -> str:
    """A share with its interval, in per cent, and out of how many; nothing where there is none."""
    value = entry.get("share", entry.get("value"))
    if value is None:
        return ""
    low, high = entry["interval_95"]
    of = "" if n is None else f" of {n}"
    if low == high:  # a bootstrap is blind where all are alike
        return f"{100 * value:.1f} %{of} (all alike)"
    return f"{100 * value:.1f} %{of} ({100 * low:.1f} to {100 * high:.1f})"


def percent_of(entry: Told) -> str:
    """The same, out of its own n."""
    return percent(entry, entry["n"])


def area(entry: Told) -> str:
    """An area under the curve with its interval."""
    low, high = entry["interval_95"]
    return f"{entry['value']:.2f} ({low:.2f} to {high:.2f})"


def signed(entry: Told, unit: str = "") -> str:
    """A difference with its interval."""
    low, high = entry["interval_95"]
    return f"{entry['value']:+.2f}{unit} ({low:+.2f} to {high:+.2f})"


def rows_of(lines: list[list[str]]) -> str:
    """Rows of Markdown tables; an empty list ends a table."""
    return "\n".join(f"| {' | '.join(row)} |" if row else "" for row in lines)
