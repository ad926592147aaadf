"""Heads on frozen features: an evaluation's figures, of all films and by how they were made.

    spinescan automl RECIPE --weights ENCODER --data MANIFEST --task TASK --folds 5 --out HEADS
    spinescan evaluate HEADS/*/predictions.jsonl --manifest MANIFEST --task TASK --out REPORT
    python benchmarks/frozen_features.py HEADS REPORT --by source_style

Prints JSON: each figure with its n and its interval, as `evaluate` gives them, and how the heads
were chosen.
"""

import argparse
import json
from pathlib import Path
from statistics import mean
from typing import Any

from spinescan.core.report import RESEARCH_USE

FIGURES = ("macro_roc_auc", "balanced_accuracy", "accuracy")


def main() -> None:
    """Read both folders and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("heads", type=Path, help="folder of `spinescan automl`")
    parser.add_argument("report", type=Path, help="folder of `spinescan evaluate`")
    parser.add_argument("--by", default="source_style", help="column of the subgroups")
    arguments = parser.parse_args()
    evaluation = json.loads((arguments.report / "evaluate.json").read_text("utf-8"))
    run = json.loads((arguments.heads / "run.json").read_text("utf-8"))
    told = {
        "research_use": RESEARCH_USE,
        "task": evaluation["task"]["name"],
        "backbone": run["recipe"]["backbone"],
        "weights": run["initial_weights"],
        "input": [run["recipe"][side] for side in ("rows", "columns")],
        "fit": run["recipe"]["fit"],
        "seed": run["recipe"]["seed"],
        "intervals": evaluation["intervals"],
        "heads": {
            model["model"].removeprefix(run["recipe"]["name"] + "-"): head_figures(
                model, arguments.by
            )
            for model in evaluation["models"]
        },
        "minus_first": [
            {
                "first": pair["first"],
                "second": pair["second"],
                "macro_roc_auc": pair["differences"]["macro_roc_auc"],
            }
            for pair in evaluation["comparisons"]
        ],
    }
    for name, head in told["heads"].items():
        head["chosen"] = choice(arguments.heads / name)
    print(json.dumps(told, indent=1))


def head_figures(model: dict[str, Any], column: str) -> dict[str, Any]:
    """The figures of all films, and of each value of the column."""
    films = model["set"]
    return {
        "films": model["origin"]["films"],
        "part": model["part"],
        "n_folds": films["n_folds"],
        "n_repeats": films["n_repeats"],
        "all": {
            "n_films": films["n_films"],
            "n_groups": films["n_groups"],
            **{name: model["figures"][name] for name in FIGURES},
            "pairs": model["pairs"],
        },
        column: {
            group["value"]: {key: value for key, value in group.items() if key != "value"}
            for group in model["subgroups"].get(column, [])
        },
    }


def choice(folder: Path) -> dict[str, Any]:
    """What a head was chosen by, the mean over its folds: too good a figure for new films."""
    notes = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*/chosen.json"))]
    return {
        "inner_macro_auc": round(mean(note["inner_macro_auc"] for note in notes), 4),
        "inner_folds": [note["inner_folds"] for note in notes],
        "tried": [note["tried"] for note in notes],
        "tpot_minutes": notes[0]["tpot_minutes"],
    }


if __name__ == "__main__":
    main()
