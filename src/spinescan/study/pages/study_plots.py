"""Plots of the generalist-against-specialists study as SVG text, drawn from its JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from spinescan.study.generalist_words import named
from spinescan.study.pages.plots import COLOURS, DASHES, INK, SOFT, draw_svg


def learning_plot(learning: Mapping[str, Any], named_accuracy: float) -> str:
    """Validation accuracy by steps: the mean of each network's trainings, lowest to highest."""

    def draw(axes: Axes) -> None:
        for number, (name, figures) in enumerate(learning.items()):
            points, colour = figures["curve"], COLOURS[number]
            x = [point["steps"] for point in points]
            low, high = ([point[end] for point in points] for end in ("lowest", "highest"))
            axes.fill_between(x, low, high, color=colour, alpha=0.1, lw=0)
            axes.plot(x, [point["mean"] for point in points], color=colour, ls=DASHES[number],
                      lw=1.6, label=named(name).removeprefix("the "))  # fmt: skip
        axes.axhline(named_accuracy, color=SOFT, lw=0.8, ls=":")
        axes.set(ylim=(0, 1.02), xlabel="gradient steps", ylabel="validation accuracy")
        axes.legend(loc="lower right")

    return draw_svg(draw, (5.6, 3.8))


def differences_plot(comparisons: Sequence[Mapping[str, Any]], equivalence: float) -> str:
    """The differences of accuracy with their intervals; the band is where they count as alike."""
    rows = list(reversed(comparisons))

    def draw(axes: Axes) -> None:
        axes.axvspan(-100 * equivalence, 100 * equivalence, color="#eceff3", lw=0)
        axes.axvline(0, color=SOFT, lw=0.8)
        for place, pair in enumerate(rows):
            for shift, part, colour in (
                (0.0, pair["accuracy"], INK),
                (-0.22, (pair["near"] or {}).get("accuracy"), COLOURS[1]),
                (-0.36, (pair["far"] or {}).get("accuracy"), COLOURS[2]),
            ):
                if part is None:
                    continue
                y = place + 0.15 + shift
                if part["interval_95"]:
                    axes.plot([100 * end for end in part["interval_95"]], [y, y], color=colour,
                              lw=2.2 if shift == 0 else 1.2)  # fmt: skip
                axes.plot(100 * part["value"], y, "o", color=colour, ms=6 if shift == 0 else 4)
        axes.grid(False)
        axes.set_yticks(
            range(len(rows)),
            [f"{named(p['second'])}\nminus {named(p['first'])}\non {p['question']}" for p in rows],
        )
        axes.tick_params(axis="y", length=0)
        axes.set(ylim=(-0.6, len(rows) - 0.3), xlabel="difference of accuracy in points")
        axes.text(0.99, 0.01, "black: all films; orange: near a border; green: far",
                  color=SOFT, fontsize=8, ha="right", transform=axes.transAxes)  # fmt: skip

    return draw_svg(draw, (7.6, 0.8 + 0.85 * len(rows)))
