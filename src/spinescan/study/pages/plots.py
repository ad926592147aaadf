"""Plots of an evaluation as SVG text, drawn from its JSON (matplotlib, without a screen)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

INK, SOFT, _LINE = "#1b222c", "#5b6675", "#d5dae1"
_RIGHT, _WRONG = "#1f5fa8", "#c2410c"
# Okabe and Ito's colours, which the colour-blind tell apart; a dash tells the labels apart as well.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b58900", "#56b4e9", "#1b222c", "#8c564b")
DASHES = ("-", "--", "-.", ":")
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "spinescan",
    "text.parse_math": False,  # names of labels are text, also with a dollar sign in them
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.titlesize": 10.5,
    "axes.titleweight": "medium",
    "axes.titlelocation": "left",
    "grid.color": "#eceff3",
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.constrained_layout.use": True,
}


def confusion_plot(matrix: Mapping[str, Any], families: Mapping[str, str] | None = None) -> str:
    """Films by truth (row) and answer (column); the darker, the larger the share of the row.

    Lines part the families, whose confusion costs most.
    """
    counts = np.array(matrix["films"])
    rows, columns = matrix["rows_truth"], [c or "no\nanswer" for c in matrix["columns_answer"]]
    if not counts[:, -1].any():
        counts, columns = counts[:, :-1], columns[:-1]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-9)
    right, wrong = (
        LinearSegmentedColormap.from_list("", ["#ffffff", colour]) for colour in (_RIGHT, _WRONG)
    )
    longest = max(map(len, rows))
    cell = 0.72 if len(rows) < 5 else 0.58
    size = max(3.2, cell * len(columns) + 0.9 + 0.07 * longest)

    def draw(axes: Axes) -> None:
        axes.grid(False)
        for i, row in enumerate(shares):
            for j, share in enumerate(row):
                colour = right(0.9 * share) if i == j else wrong(0.9 * share**0.6)
                axes.add_patch(mpl.patches.Rectangle((j, i), 1, 1, fc=colour, ec="#ffffff", lw=1.5))
                if counts[i, j]:
                    ink = "#ffffff" if share > 0.55 else INK
                    axes.text(j + 0.5, i + 0.44, f"{counts[i, j]:.4g}", ha="center", va="center",
                              color=ink)  # fmt: skip
                    axes.text(j + 0.5, i + 0.76, f"{100 * share:.0f} %", ha="center", va="center",
                              color=ink, fontsize=7.5)  # fmt: skip
        for place in _borders(rows, families):
            axes.axhline(place, color=INK, lw=1.4)
            axes.axvline(place, color=INK, lw=1.4)
        if len(columns) > len(rows):
            axes.axvline(len(rows), color=SOFT, lw=1.0, ls=":")
        turned: dict[str, Any] = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
        axes.set_xticks(np.arange(len(columns)) + 0.5, columns, **(turned if longest > 8 else {}))
        axes.set_yticks(np.arange(len(rows)) + 0.5, rows)
        axes.tick_params(length=0)
        axes.set(xlim=(0, len(columns)), ylim=(len(rows), 0), xlabel="answer", ylabel="truth")
        for spine in axes.spines.values():
            spine.set_visible(False)

    return draw_svg(draw, (size, cell * len(rows) + 0.95 + (0.045 * longest if longest > 8 else 0)))


def roc_plot(evaluation: Mapping[str, Any]) -> str:
    """ROC curves, one label against all others, with their areas."""
    curves = evaluation["curves"]["roc"]

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=SOFT, lw=0.8, ls=":")
        for style, label, heights in _styled(curves["true_positive_rate"]):
            x = [0.0, *curves["false_positive_rate"]]
            area = _with_interval(evaluation["labels"][label]["roc_auc"])
            axes.plot(x, [0.0, *heights], lw=1.6, label=f"{label}  {area}", **style)
        _unit_square(axes, "false positive rate", "true positive rate")
        _legend(axes, "lower right", "area [95 % interval]")

    return draw_svg(draw, (4.6, 4.5))


def precision_recall_plot(evaluation: Mapping[str, Any]) -> str:
    """Precision against recall, one label against all others, with average precisions."""
    curves = evaluation["curves"]["precision_recall"]

    def draw(axes: Axes) -> None:
        for style, label, heights in _styled(curves["precision"]):
            area = _with_interval(evaluation["labels"][label]["average_precision"])
            axes.plot(curves["recall"], heights, lw=1.6, label=f"{label}  {area}", **style)
        _unit_square(axes, "recall", "precision")
        _legend(axes, "lower left", "average precision [95 % interval]")

    return draw_svg(draw, (4.6, 4.5))


def reliability_plot(calibration: Mapping[str, Any]) -> str:
    """How often the answer of the highest score is right, by that score."""
    bins = calibration["reliability"]

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=SOFT, lw=0.8, ls=":")
        for part in bins:
            _whisker(axes, part["confidence"], part["accuracy"], _RIGHT)
        axes.plot([b["confidence"] for b in bins], [b["accuracy"]["value"] for b in bins],
                  color=_RIGHT, lw=1.2, marker="o", ms=4.5)  # fmt: skip
        _unit_square(axes, "highest score (mean of the bin)", "share that is right")
        axes.text(0.97, 0.05, "below the dotted line: surer than right", color=SOFT,
                  fontsize=8.5, ha="right", transform=axes.transAxes)  # fmt: skip

    return draw_svg(draw, (4.6, 4.5))


def risk_plot(evaluation: Mapping[str, Any]) -> str:
    """Share of errors among the films answered, when the least sure ones are left out first."""
    points = evaluation["risk"]["error_at_coverage"]
    accepted = evaluation["accepted"]

    def draw(axes: Axes) -> None:
        x = [point["coverage"] for point in points]
        _band(axes, x, points, _WRONG)
        axes.plot(x, [point["value"] for point in points], color=_WRONG, lw=1.6,
                  label="by the highest score")  # fmt: skip
        share, right = accepted["share"]["value"], accepted["accuracy"]["value"]
        if share and share < 1 and right is not None:
            axes.plot([share], [1 - right], "D", color=INK, ms=6, label="as decided")
            axes.legend(loc="upper left")
        top = max([p["interval_95"][1] if p["interval_95"] else p["value"] for p in points])
        axes.set(xlim=(0, 1.01), ylim=(0, max(0.05, 1.15 * top)))
        axes.set(xlabel="share of films answered", ylabel="share of these answered wrongly")

    return draw_svg(draw, (4.6, 3.6))


def margin_plot(margin: Mapping[str, Any], column: str) -> str:
    """Accuracy between two margins, and from a margin on."""

    def draw(axes: Axes) -> None:
        parts = [part for part in margin["between"] if "accuracy" in part]
        x = [(part["from"] + part["to"]) / 2 for part in parts]
        names = [n for n in ("family_accuracy", "accuracy") if parts and n in parts[0]]
        for name, colour in zip(names, ("#009e73", _RIGHT)[-len(names) :], strict=True):
            told = {"accuracy": "label right", "family_accuracy": "family right"}[name]
            for place, part in zip(x, parts, strict=True):
                _whisker(axes, place, part[name], colour)
            axes.plot(x, [part[name]["value"] for part in parts], color=colour, marker="o", ms=4.5,
                      lw=1.2, label=f"{told}, in bins")  # fmt: skip
        rest = margin["at_least"]
        axes.plot([r["from"] for r in rest], [r["accuracy"]["value"] for r in rest], color=_RIGHT,
                  lw=1.2, ls="--", label="label right, all films from this margin on")  # fmt: skip
        axes.set(ylim=(0, 1.02), xlabel=column, ylabel="accuracy")
        axes.legend(loc="lower right")

    return draw_svg(draw, (6.4, 3.8))


def _legend(axes: Axes, place: str, title: str) -> None:
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc=place, title=title, title_fontsize=8.5)
    else:
        axes.text(0.5, 0.3, "no curve: it needs films of a label,\nand others, with scores",
                  ha="center", color=SOFT, transform=axes.transAxes)  # fmt: skip


def _whisker(axes: Axes, x: float, figure: Mapping[str, Any], colour: str) -> None:
    if figure["interval_95"]:
        axes.plot([x, x], figure["interval_95"], color=colour, lw=1.2, alpha=0.55)


def _band(axes: Axes, x: Sequence[float], points: Sequence[Mapping[str, Any]], colour: str) -> None:
    ends = [point["interval_95"] or [point["value"]] * 2 for point in points]
    low, high = zip(*ends, strict=True)
    axes.fill_between(x, low, high, color=colour, alpha=0.15, lw=0)


def _with_interval(figure: Mapping[str, Any]) -> str:
    if not figure["interval_95"]:
        return f"{figure['value']:.3f}"
    low, high = figure["interval_95"]
    return f"{figure['value']:.3f} [{low:.3f}, {high:.3f}]"


def _unit_square(axes: Axes, x: str, y: str) -> None:
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xlabel=x, ylabel=y, aspect="equal")


def _styled(
    curves: Mapping[str, Sequence[float] | None],
) -> Iterator[tuple[dict[str, Any], str, Sequence[float]]]:
    """The labels that have a curve, each with a look of its own as far as these go."""
    for number, (label, heights) in enumerate(curves.items()):
        if heights is not None:
            colour, dashes = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
            yield {"color": colour, "ls": dashes}, label, heights


def _borders(rows: Sequence[str], families: Mapping[str, str] | None) -> list[int]:
    if not families:
        return []
    return [i for i in range(1, len(rows)) if families[rows[i]] != families[rows[i - 1]]]


def draw_svg(draw: Callable[[Axes], None], inches: tuple[float, float]) -> str:
    """What `draw` draws on axes in the pages' style, as SVG text."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=inches)
        draw(figure.add_subplot())
        out = StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()
