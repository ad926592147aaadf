"""What held-out phantoms tell of a lateral bundle's limits and of its spreads.

    python benchmarks/calibrate_lateral.py BUNDLE PHANTOMS [--others FOLDER]

PHANTOMS is a drawn set that taught nothing. Its lateral films give quantiles of all that the gate
looks at (of the settings of the recipe, `least_confidence`, `least_lateral`, `least_facing`,
`most_unrest` and `most_roughness` are chosen by them), the factor that turns the refiner's raw
spreads into standard deviations (`spread_factor`), and the spread of a hip's or C7's centre in
pixels of the finder's input (`point_spread_px`). With both in the bundle, a second run tells by how
much spreads are widened so that 90 % of the angles' intervals hold the true angles, on films that
the gate accepts: `interval_factor` for all angles but kyphosis, and by how much more those of
kyphosis need (times the `thoracic_factor` of that run). Its frontal films, and those in --others,
should be declined: the highest confidence and probability of being lateral in any of them. Prints
JSON.
"""

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from spinescan.core.anatomy import FRONTAL_POINTS, Landmarks
from spinescan.data.sources import CornerFilm, read_phantoms
from spinescan.infer.bundle import Bundle
from spinescan.infer.gate import weigh
from spinescan.infer.reading import Reading, read_film
from spinescan.infer.scanner import Scanner
from spinescan.infer.views import view_of
from spinescan.io.read import iter_films, read_radiograph
from spinescan.measure.intervals import LEVEL
from spinescan.measure.sagittal import sagittal_measurements
from spinescan.phantom.sets import TRUTH
from spinescan.study.answers import Record, read_records
from spinescan.study.lateral import ANGLES

QUANTILES = (0.0, 0.01, 0.02, 0.05, 0.5, 0.95, 0.98, 0.99, 1.0)

MEDIAN_OF_DISTANCE = 1.1774
"""Median distance from the mean of a round two-dimensional normal law of standard deviation 1."""

_SACRUM = 2
"""The first of `FRONTAL_POINTS` are the sacrum's ends; five more follow."""


def off_by_spread(film: CornerFilm, reading: Reading) -> np.ndarray:
    """Distance of corners and sacrum from the truth in units of their raw spread."""
    true = film.corners_px[reading.spine.levels]
    corners = np.linalg.norm(reading.corners - true, axis=2) / reading.spread
    assert film.points_px is not None
    off = np.linalg.norm(reading.marks.points[:_SACRUM] - film.points_px[:_SACRUM], axis=1)
    both = np.concatenate([corners.ravel(), off / reading.marks.spread[:_SACRUM]])
    return both[np.isfinite(both)]


def off_in_input(film: CornerFilm, reading: Reading, least: float) -> np.ndarray:
    """Distance of hips and C7 from the truth in pixels of the finder's input, where seen."""
    rest = slice(_SACRUM, len(FRONTAL_POINTS))
    assert film.points_px is not None
    off = np.linalg.norm(reading.marks.points[rest] - film.points_px[rest], axis=1)
    off = (off / reading.marks.pixel[rest])[reading.marks.score[rest] >= least]
    return off[np.isfinite(off)]


def covered(
    scanner: Scanner, films: Iterable[tuple[CornerFilm, Record]], names: Iterable[str]
) -> dict[str, float]:
    """Share of these angles' intervals that hold the truth, by the factor of the intervals."""
    read = []
    for film, truth in films:
        report = scanner.scan(read_radiograph(film.path))
        if report.decision == "accepted" and report.landmarks is not None:
            read.append((report.landmarks, exact_angles(truth)))
    held: dict[str, float] = {}
    for factor in np.geomspace(0.3, 3, 24).round(2).tolist():
        hits = [
            m.interval[0] <= exact[m.name] <= m.interval[1]
            for landmarks, exact in read
            for m in sagittal_measurements(landmarks, factor=factor, draws=400)
            if m.name in exact and m.name in names and m.interval is not None
        ]
        held[str(factor)] = round(float(np.mean(hits)), 4)
    return held


def exact_angles(truth: Record) -> dict[str, float]:
    """The angles of a film's true points."""
    points = truth["landmarks"]
    landmarks = Landmarks.from_points(points["names"], np.array(points["points_xy"]))
    return {m.name: m.value for m in sagittal_measurements(landmarks)}


def highest(scanner: Scanner, films: Iterable[str | Path]) -> dict[str, float | int]:
    """In films that should be declined."""
    kind = view_of(scanner.bundle.task)
    readings = [read_film(read_radiograph(f), scanner.bundle, scanner.run) for f in films]
    evidence = [weigh(reading, kind) for reading in readings if reading is not None]
    return {
        "n": len(readings),
        "n_without_a_reading": len(readings) - len(evidence),
        "highest_confidence": round(max((e.confidence for e in evidence), default=0.0), 4),
        "highest_lateral": round(max((e.in_view for e in evidence), default=0.0), 4),
        "n_confident_and_lateral": sum(
            e.confidence >= scanner.bundle.settings["least_confidence"]
            and e.in_view >= scanner.bundle.settings[kind.limit]
            for e in evidence
        ),
    }


def main() -> None:
    """Read the films and print what they tell."""
    parser = argparse.ArgumentParser(description="Calibrate a lateral bundle on phantoms.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("phantoms", type=Path)
    parser.add_argument("--others", type=Path)
    options = parser.parse_args()
    scanner = Scanner(Bundle.load(options.bundle))
    kind, least = view_of(scanner.bundle.task), scanner.bundle.settings["least_point"]
    films = read_phantoms(options.phantoms, laterals=True)
    evidence, facing, ratios, points, unread = [], [], [], [], 0
    lateral = [film for film in films if film.view == "lateral"]
    for film in lateral:
        reading = read_film(read_radiograph(film.path), scanner.bundle, scanner.run)
        if reading is None:
            unread += 1
            continue
        evidence.append(asdict(weigh(reading, kind)))
        left = reading.marks.facts["faces_left"]
        facing.append(left if film.faces_left else 1 - left)
        ratios.append(off_by_spread(film, reading))
        points.append(off_in_input(film, reading, least))
    evidence = [{**e, "facing": f} for e, f in zip(evidence, facing, strict=True)]
    truths = {record["file"]: record for record in read_records([options.phantoms / TRUTH])}
    pairs = [(film, truths[film.file]) for film in lateral]
    kyphosis, others = ANGLES[:1], ANGLES[1:]
    held = {
        name: covered(scanner, pairs, those)
        for name, those in (("TK", kyphosis), ("others", others))
    }
    best = {name: min(h, key=lambda factor: abs(h[factor] - LEVEL)) for name, h in held.items()}
    answer = {
        "benchmark": "calibrate_lateral",
        "synthetic": True,
        "n": len(lateral),
        "n_without_a_reading": unread,
        "quantiles": QUANTILES,
        "evidence": {
            name: [round(float(np.quantile([e[name] for e in evidence], q)), 4) for q in QUANTILES]
            for name in evidence[0]
        },
        "spread_factor": round(float(np.median(np.concatenate(ratios))) / MEDIAN_OF_DISTANCE, 3),
        "point_spread_px": round(float(np.median(np.concatenate(points))) / MEDIAN_OF_DISTANCE, 3),
        "interval_factor": float(best["others"]),
        "kyphosis_needs_more": round(float(best["TK"]) / float(best["others"]), 2),
        "held_by_interval_factor": held,
        "frontal": highest(scanner, [film.path for film in films if film.view == "frontal"]),
    }
    if options.others:
        answer["others"] = highest(scanner, iter_films([str(options.others)]))
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
