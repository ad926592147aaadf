"""Write the table of figures from benchmarks/results into README and the model's card.

    python docs/generate_figures.py

The files in benchmarks/results are what the benchmark commands printed, unchanged.
"""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGES = (
    ROOT / "README.md",
    ROOT / "src" / "spinescan" / "bundles" / "frontal-landmarks" / "CARD.md",
)
BEGIN, END = "<!-- figures: written by make docs -->\n", "<!-- end of figures -->"


def result(name: str) -> dict[str, Any]:
    """One benchmark's answer."""
    answer: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    return answer


def figure(entry: dict[str, Any], unit: str) -> str:
    """A value with its interval."""
    low, high = entry["interval_95"]
    return f"{entry['value']:.1f}{unit} ({low:.1f} to {high:.1f})"


def share(entry: dict[str, Any], n: int) -> str:
    """A count with its share's interval."""
    low, high = entry["interval_95"]
    return f"{entry['count']} of {n} ({100 * low:.0f} to {100 * high:.0f} %)"


def rows() -> list[tuple[str, str, str, str]]:
    """What was measured, on what, the result, the command."""
    folds = "`spinescan bench aasce DIR --reports RUN/fold-*/reports.jsonl`"
    cross, boxes = result("aasce-cross-validation"), "`spinescan bench boxes DIR`"
    found = []
    for key, films in (
        ("all_films", "AASCE, 5-fold cross-validation by case"),
        ("without_suspect_landmarks", "the same without films of suspect landmarks"),
    ):
        part = cross[key]
        every, median = part["every_film"], part["median_predictor"]
        films = f"{films}, n = {part['n']} ({part['n_groups']} cases)"
        answers = f"{part['n_accepted']} accepted, {part['n_abstained']} abstained"
        found += [
            ("SMAPE, every film counted", films, figure(every["smape_percent"], " %"), folds),
            (
                "mean error of the largest angle, every film counted",
                films,
                figure(every["largest_angle_mean_error_deg"], "°"),
                answers,
            ),
            (
                "the same two, always answering the training median",
                films,
                f"{figure(median['smape_percent'], ' %')}; "
                f"{figure(median['largest_angle_mean_error_deg'], '°')}",
                "the same",
            ),
        ]
    whole, fraiwan, others = result("wholespine"), result("fraiwan"), result("not-spine")
    for name, part in (("whole-spine set", whole), ("Fraiwan's set, films with boxes", fraiwan)):
        boxed = part["frontal"]["with_boxes"]
        found.append(
            (
                "spine followed (80 % of the boxes of an annotator hit)",
                f"{name}, not in training, n = {boxed['n']}",
                share(boxed["followed_by_an_annotation"], boxed["n"]),
                boxes,
            )
        )
    frontal, lateral = fraiwan["frontal"], fraiwan["lateral"]
    found += [
        (
            "frontal films accepted",
            f"Fraiwan's set, lumbar views included, n = {frontal['n']}",
            share(frontal["accepted"], frontal["n"]),
            boxes,
        ),
        (
            "lateral films accepted (none should be)",
            f"Fraiwan's set, n = {lateral['n']}",
            share(lateral["accepted"], lateral["n"]),
            boxes,
        ),
        (
            "photographs and chest films accepted (none should be)",
            f"n = {others['n']}",
            share(others["accepted"], others["n"]),
            "`spinescan bench rejection DIR`",
        ),
    ]
    return found


def table() -> str:
    """The figures as a Markdown table."""
    lines = ["| what was measured | on | result (95 % interval) | how |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows()]
    return "\n".join(lines) + "\n"


def with_figures(text: str) -> str:
    """A page with the table between its marks renewed."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END, 1)[1]


def main() -> None:
    """Write the pages."""
    for page in PAGES:
        page.write_text(with_figures(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
