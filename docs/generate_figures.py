"""Write the figures of benchmarks/results into README, the model's card and its bundle.

    python docs/generate_figures.py

The files in benchmarks/results are what the benchmark commands printed, unchanged.
"""

import argparse
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BUNDLE = ROOT / "src" / "spinescan" / "bundles" / "frontal-landmarks"
PAGES = (ROOT / "README.md", BUNDLE / "CARD.md")
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


def angle_rows() -> list[tuple[str, str, str]]:
    """What was answered, SMAPE, error of the largest angle."""
    cross = result("aasce-cross-validation")
    rows = []
    for key, films in (
        ("all_films", "all {n} films of {n_groups} cases"),
        ("without_suspect_landmarks", "the {n} films without suspect landmarks"),
    ):
        part = cross[key]
        for where, what in (
            ("every_film", films + ", {n_abstained} abstained and counted as worst"),
            ("complete_or_nothing", "- {n_accepted_incomplete} with a level missing as worst, too"),
            ("median_predictor", "- always answering the median of the other cases"),
        ):
            errors = part[where]
            smape, angle = errors["smape_percent"], errors["largest_angle_mean_error_deg"]
            rows.append((what.format(**part), figure(smape, " %"), figure(angle, "°")))
    return rows


def count_rows() -> list[tuple[str, str]]:
    """What was asked of which films, and how often it was so."""
    names = result("aasce-cross-validation")["all_films"]["level_names"]
    whole, fraiwan, others = result("wholespine"), result("fraiwan"), result("not-spine")
    boxed, boxed_fraiwan = (part["frontal"]["with_boxes"] for part in (whole, fraiwan))
    lateral = fraiwan["lateral"]
    followed = "followed_by_an_annotation"
    return [
        *(
            (f"AASCE, answered: {what}", share(names[key], names["n"]))
            for key, what in (
                ("row_exact", "the row of levels named as in the truth (median over the row)"),
                ("row_within_one", "the row named at most one off"),
                ("every_level_exact", "every single level named as in the truth"),
                ("every_level_within_one", "every single level at most one off"),
            )
        ),
        ("whole-spine set: spine followed", share(boxed[followed], boxed["n"])),
        (
            "Fraiwan's set, frontal films with boxes: spine followed",
            share(boxed_fraiwan[followed], boxed_fraiwan["n"]),
        ),
        *(
            (f"Fraiwan's set, frontal films ({kind}): accepted", share(p["accepted"], p["n"]))
            for kind, p in fraiwan["frontal"]["by_kind"].items()
        ),
        (
            "Fraiwan's set, lateral films: accepted (none should be)",
            share(lateral["accepted"], lateral["n"]),
        ),
        (
            "photographs and chest films: accepted (none should be)",
            share(others["accepted"], others["n"]),
        ),
    ]


def speed() -> str:
    """The figures of benchmarks/speed.py in a sentence."""
    told = result("speed")
    return (
        f"On {told['cores']} cores, a synthetic film of {told['film'][0]} rows (medians of "
        f"{told['runs']} runs): bytes to report {told['warm_ms']:.0f} ms, which is "
        f"{told['warm_over_raw']:.2f} times the bare networks and decoding; the whole process cold "
        f"{told['cold_process_ms']:.0f} ms; peak memory for {told['large_film'][0]} rows "
        f"{told['peak_memory_large_film_mb']:.0f} MB (one run)."
    )


def table() -> str:
    """The figures as Markdown tables."""
    lines = [
        "| AASCE, 5-fold cross-validation by case | SMAPE | mean error of the largest angle |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in angle_rows()),
        "",
        "| films, and what was asked of them | so many (95 % interval) |",
        "|---|---|",
        *(f"| {' | '.join(row)} |" for row in count_rows()),
        "",
        speed(),
    ]
    return "\n".join(lines) + "\n"


def with_figures(text: str) -> str:
    """A page with the table between its marks renewed."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END, 1)[1]


def summary() -> dict[str, Any]:
    """The figures that `spinescan models` prints of the bundle."""
    every = result("aasce-cross-validation")["all_films"]
    angle = every["every_film"]["largest_angle_mean_error_deg"]
    return {
        "measured_on": f"AASCE, 5-fold cross-validation by case, n = {every['n']}",
        "smape": figure(every["every_film"]["smape_percent"], " %"),
        "largest_angle_mean_error": figure(angle, "°"),
        "abstained": every["n_abstained"],
        "accepted_with_a_level_missing": every["n_accepted_incomplete"],
    }


def with_summary(text: str) -> str:
    """The bundle's description with its summary renewed."""
    bundle = {**json.loads(text), "summary": summary()}
    return json.dumps(bundle, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the pages and the bundle's summary."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for page in PAGES:
        page.write_text(with_figures(page.read_text("utf-8")), "utf-8")
    description = BUNDLE / "bundle.json"
    description.write_text(with_summary(description.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
