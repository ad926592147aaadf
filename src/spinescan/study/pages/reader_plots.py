"""Plots of a reader study as SVG text, drawn from its JSON (matplotlib, without a screen)."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from spinescan.study.pages.plots import COLOURS, INK, SOFT, draw_svg


def bland_altman_plot(pair: Mapping[str, Any], first: str, second: str) -> str:
    """Differences against means, with the bias and the 95 % limits of agreement."""
    means = [(a + b) / 2 for a, b in pair["points"]]
    differences = [b - a for a, b in pair["points"]]

    def draw(axes: Axes) -> None:
        axes.axhline(0, color=SOFT, lw=0.6)
        axes.plot(means, differences, "o", color=COLOURS[0], ms=4, alpha=0.6, mec="none")
        for name, style in (("bias", "-"), ("lower_limit", "--"), ("upper_limit", "--")):
            told = pair[name]
            if told["value"] is None:
                continue
            if told["interval_95"] is not None:
                axes.axhspan(*told["interval_95"], color=COLOURS[1], alpha=0.12, lw=0)
            axes.axhline(told["value"], color=COLOURS[1], ls=style, lw=1.3)
            axes.annotate(f"{told['value']:+.1f}", (1, told["value"]), (3, 0), va="center",
                          xycoords=("axes fraction", "data"), textcoords="offset points",
                          color=COLOURS[1], fontsize=9)  # fmt: skip
        axes.set(xlabel="mean of the two (degrees)", ylabel=f"{second} less {first} (degrees)")

    return draw_svg(draw, (4.6, 3.2))


def kappa_plot(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Kappas with their intervals, one a row."""
    shown = [(name, told) for name, told in reversed(rows) if told["value"] is not None]

    def draw(axes: Axes) -> None:
        axes.axvline(0, color=SOFT, lw=0.8)
        for place, (_, told) in enumerate(shown):
            if told["interval_95"] is not None:
                axes.plot(told["interval_95"], [place, place], color=INK, lw=1.6)
            axes.plot(told["value"], place, "o", color=COLOURS[0], ms=6)
        axes.grid(False, axis="y")
        axes.set_yticks(range(len(shown)), [name for name, _ in shown])
        axes.tick_params(axis="y", length=0)
        lowest = min((end for _, t in shown for end in (t["interval_95"] or [0.0])), default=0.0)
        axes.set(xlim=(min(-0.05, lowest - 0.05), 1.03), ylim=(-0.6, len(shown) - 0.4),
                 xlabel="kappa and 95 % interval")  # fmt: skip

    return draw_svg(draw, (6.4, 0.9 + 0.36 * len(shown)))
