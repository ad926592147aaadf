"""What the held-out films of a cross-validation tell of the gate's limits and of the spreads.

    python benchmarks/calibrate.py RUN DATA [--seen TABLE] [--others FOLDER]
        [--boxed FOLDER]

RUN is the folder of `spinescan train landmarks RECIPE --data DATA --out RUN`, DATA a folder in
AASCE's layout. Each film is read by the fold that did not see it. Prints JSON: quantiles of all
that the gate looks at, over films whose landmarks are not suspect, and the factor that turns the
refiner's raw spreads into standard deviations (`settings.spread_factor` of the recipe). With
--seen (which films show hardware or a brace), also on how many films each is told, of all films.
With --others (films that are no frontal spine) and --boxed (a set with lateral films), also the
highest confidence, and probability of being frontal, that the shipped bundle has in any of those.
"""

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from spinescan.data.seen import with_metal
from spinescan.data.sources import AasceFilm, read_aasce, read_boxes
from spinescan.data.split import grouped_folds
from spinescan.infer.bundle import Bundle
from spinescan.infer.gate import weigh
from spinescan.infer.reading import Reading, read_film
from spinescan.infer.scanner import Scanner
from spinescan.io.read import iter_films, read_radiograph

QUANTILES = (0.0, 0.01, 0.02, 0.05, 0.5, 0.95, 0.98, 0.99, 1.0)

MEDIAN_OF_DISTANCE = 1.1774
"""Median distance from the mean of a round two-dimensional normal law of standard deviation 1."""


def error_over_spread(film: AasceFilm, reading: Reading) -> np.ndarray:
    """Distance of each corner from the truth in units of its raw spread."""
    true = film.corners_px[reading.spine.levels]
    return (np.linalg.norm(reading.corners - true, axis=2) / reading.spread).ravel()


def metal_told(films: list[tuple[AasceFilm, Reading]], settings: dict) -> dict[str, dict[str, int]]:
    """On how many of the films that show hardware or a brace it is told, and of the others."""
    counts = {}
    for fact in ("hardware", "brace"):
        told = [reading.marks.facts[fact] >= settings[f"least_{fact}"] for _, reading in films]
        shown = [getattr(film, fact) for film, _ in films]
        counts[fact] = {
            "n_shown": sum(shown),
            "told_of_shown": sum(t and s for t, s in zip(told, shown, strict=True)),
            "n_others": len(films) - sum(shown),
            "told_of_others": sum(t and not s for t, s in zip(told, shown, strict=True)),
        }
    return counts


def highest_confidence(films: Iterable[str | Path]) -> dict[str, float | int]:
    """Of the shipped bundle, in films that it should decline."""
    scanner = Scanner.default()
    readings = [read_film(read_radiograph(f), scanner.bundle, scanner.run) for f in films]
    evidence = [weigh(reading) for reading in readings if reading is not None]
    return {
        "n": len(readings),
        "highest_confidence": round(max((e.confidence for e in evidence), default=0.0), 4),
        "highest_frontal": round(max((e.in_view for e in evidence), default=0.0), 4),
    }


def main() -> None:
    """Read the held-out films and print what they tell."""
    parser = argparse.ArgumentParser(description="Calibrate the gate and the spreads.")
    parser.add_argument("run", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seen", type=Path)
    parser.add_argument("--others", type=Path)
    parser.add_argument("--boxed", type=Path)
    options = parser.parse_args()
    films = read_aasce(options.data)
    if options.seen:
        films = with_metal(films, options.seen)
    bundles = sorted(options.run.glob("fold-*/bundle"))
    evidence, ratios, unread, read = [], [], 0, []
    for folder in bundles:
        bundle = Bundle.load(folder)
        scanner, recipe = Scanner(bundle), bundle.provenance["recipe"]
        parts = grouped_folds([f.group for f in films], recipe["folds"], recipe["seed"])
        for film in (films[i] for i in parts[int(folder.parent.name.split("-")[1])]):
            reading = read_film(read_radiograph(film.path), bundle, scanner.run)
            if reading is not None:
                read.append((film, reading))
            if film.suspect:
                continue
            if reading is None:
                unread += 1
                continue
            evidence.append(asdict(weigh(reading)))
            ratios.append(error_over_spread(film, reading))
    quantiles = {
        name: [round(float(np.quantile([e[name] for e in evidence], q)), 4) for q in QUANTILES]
        for name in evidence[0]
    }
    answer = {
        "benchmark": "calibrate",
        "folds": len(bundles),
        "n": len(evidence) + unread,
        "n_without_a_reading": unread,
        "quantiles": QUANTILES,
        "evidence": quantiles,
        "spread_factor": round(float(np.median(np.concatenate(ratios))) / MEDIAN_OF_DISTANCE, 3),
    }
    if options.seen:
        answer["metal"] = metal_told(read, bundle.settings)
    if options.others:
        answer["others"] = highest_confidence(iter_films([str(options.others)]))
    if options.boxed:
        lateral = [film.path for film in read_boxes(options.boxed) if film.view == "lateral"]
        answer["lateral"] = highest_confidence(lateral)
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
