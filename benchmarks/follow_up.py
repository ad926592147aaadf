"""How well a change between two films is measured: `python benchmarks/follow_up.py --pairs 150`.

Each pair shows one synthetic person twice, on other days, by other machines, with a curve that grew
or shrank. `measure.change` compares what the shipped models read; the truth is the change between
the same end vertebrae on the phantoms' own landmarks. Names of levels that are one off on a film
count as they come. Intervals of shares and errors are 95 % bootstrap intervals over pairs.

The set is drawn from seeds that taught no model (--seed), but by the same program that drew films
which did: it tells nothing of films of people.
"""

import argparse
import json
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import Any, get_args

import numpy as np

from spinescan.core.radiograph import Radiograph
from spinescan.core.report import AlsType
from spinescan.infer.scanner import Scanner
from spinescan.measure.change import LIMIT_DEG, Seen, follow_up
from spinescan.measure.intervals import bend_between
from spinescan.phantom.als_types import NoSuchSpineError
from spinescan.phantom.film import Order, Phantom, draw_film
from spinescan.phantom.sample import draw_subject
from spinescan.study.metrics import share_within_groups, value_with_interval

MOST_CHANGE_DEG = 14.0
TYPES: tuple[AlsType, ...] = get_args(AlsType)


def main() -> None:
    """Draw the pairs, scan and compare them, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=150)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=9_700_000)
    asked = parser.parse_args()
    seeds = range(asked.seed, asked.seed + asked.pairs)
    with ProcessPoolExecutor(asked.jobs, get_context("spawn")) as pool:
        pairs = list(pool.map(measured_pair, seeds, chunksize=4))
    print(json.dumps(summary(pairs) | {"seed": asked.seed}, indent=2))


def measured_pair(seed: int) -> list[dict[str, Any]] | str:
    """The curves of a pair with their measured and their true change, or why there are none."""
    rng = np.random.default_rng(seed)
    als, cobb = TYPES[rng.integers(len(TYPES))], rng.uniform(18, 50)
    later = np.clip(cobb + rng.uniform(-MOST_CHANGE_DEG, MOST_CHANGE_DEG), 12, 60)
    try:
        films = [film_of(seed, day, als, c) for day, c in enumerate((cobb, later))]
    except NoSuchSpineError:
        return "no_such_spine"
    scanner = shipped()
    seen = [
        Seen(
            scanner.scan(Radiograph(pixels=film.pixels, sha256=f"{seed:064x}")),
            scanner.bundle.settings["interval_factor"],
        )
        for film in films
    ]
    found = follow_up(*seen)
    if not found.comparable:
        return found.reasons[0] if found.reasons else "not_comparable"
    curves = []
    for curve in found.curves:
        sense = 1 if curve.convex_side == "right" else -1
        ends = [bend_between(f.landmarks, curve.upper, curve.lower, factor=1.0) for f in films]
        if curve.angle.change is None or curve.angle.change_interval is None:
            continue
        if ends[0] is None or ends[1] is None:
            continue
        curves.append(
            {
                "change": curve.angle.change,
                "interval": curve.angle.change_interval,
                "true": sense * (ends[1][0] - ends[0][0]),
                "exceeds": curve.angle.exceeds,
            }
        )
    return curves


def film_of(seed: int, day: int, als: AlsType, cobb_deg: float) -> Phantom:
    """The same person on another day, by another machine."""
    subject = draw_subject(np.random.default_rng(seed), als=als, cobb_deg=cobb_deg)
    return draw_film(subject, Order(extent="whole", metal="none"), 2 * seed + day)


@cache
def shipped() -> Scanner:
    """Once in each process."""
    return Scanner.with_bundles((), classifiers=False, threads=1)


def summary(pairs: list[list[dict[str, Any]] | str]) -> dict[str, Any]:
    """Coverage of the intervals, errors, and how often a change beyond the limit is told."""
    curves = [{**c, "pair": k} for k, p in enumerate(pairs) if not isinstance(p, str) for c in p]
    groups = [c["pair"] for c in curves]
    inside = [int(c["interval"][0] <= c["true"] <= c["interval"][1]) for c in curves]
    errors = np.array([abs(c["change"] - c["true"]) for c in curves])
    changed = np.array([abs(c["true"]) > LIMIT_DEG for c in curves])
    verdicts = np.array([c["exceeds"] for c in curves])
    return {
        "synthetic": True,
        "pairs": len(pairs),
        "left_out": dict(Counter(p for p in pairs if isinstance(p, str))),
        "curves": len(curves),
        "interval_holds": share_within_groups(inside, [1] * len(inside), groups),
        "median_interval_width_deg": round(
            float(np.median([np.ptp(c["interval"]) for c in curves])), 1
        ),
        "error_deg": value_with_interval(errors, groups),
        "median_error_deg": value_with_interval(errors, groups, np.median),
        "told_of_true_changes_above_5_deg": dict(Counter(verdicts[changed].tolist())),
        "told_of_true_changes_up_to_5_deg": dict(Counter(verdicts[~changed].tolist())),
    }


if __name__ == "__main__":
    main()
