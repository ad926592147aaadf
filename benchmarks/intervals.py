"""Fits and checks the intervals of Cobb angles: `python benchmarks/intervals.py RUN DATA`.

RUN is the folder of a cross-validation (`spinescan train landmarks RECIPE --data DATA --out RUN`)
whose `fold-*/reports.jsonl` hold a report of each film by the fold that did not see it; DATA a
folder in AASCE's layout. Truth of a curve is the same curve's angle on the annotated landmarks
(`measure.intervals.angle_near`). Curves of less than 10 degrees have no report and take no part.

The one parameter, `interval_factor`, is fitted so that the share --aim of all curves lies inside.
`held_out` scores each fold with the factor fitted on the other folds; `interval_factor` is fitted
on all and is what a bundle takes. Thirds are by the film's true largest angle. Intervals of
coverage are 95 % bootstrap intervals over cases. `als` compares the ALS type of the scan with that
of the same rules on the annotated landmarks (no rater's), without draws and with them.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spinescan.core.anatomy import FRONTAL_NAMES, Landmarks
from spinescan.data.sources import AasceFilm, read_aasce
from spinescan.measure.als import als_verdict
from spinescan.measure.als_rules import family_of
from spinescan.measure.balance import frontal_measurements
from spinescan.measure.curves import find_curves
from spinescan.measure.intervals import LEVEL, angle_near, with_intervals
from spinescan.study.answers import Record, match_records, outcome, read_records
from spinescan.study.metrics import grouped_bootstrap, share_with_interval

FACTORS: tuple[float, ...] = tuple(round(0.1 * k, 1) for k in range(1, 15))
"""Intervals are made at these; between them their ends are interpolated."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """An angle of a held-out film: estimate, truth, and its intervals (n, 2) at `FACTORS`."""

    fold: int
    group: str
    suspect: bool
    largest_deg: float
    estimate_deg: float
    true_deg: float
    intervals_deg: np.ndarray

    def ends_deg(self, factor: float) -> tuple[float, float]:
        """The interval at any factor within the range of `FACTORS`."""
        low, high = (float(np.interp(factor, FACTORS, ends)) for ends in self.intervals_deg.T)
        return low, high

    def holds(self, factor: float) -> bool:
        """Whether the truth lies inside."""
        low, high = self.ends_deg(factor)
        return low <= self.true_deg <= high


def landmarks_of(record: Record) -> Landmarks:
    """The landmarks of a report."""
    points = record["landmarks"]
    spread = [np.nan if s is None else s for s in points["spread_px"]]
    return Landmarks.from_points(
        points["names"],
        points["points_xy"],
        score=np.array(points["score"]),
        spread_px=np.array(spread),
        pixel_aspect=record["pixel_aspect"],
    )


def cases_of(film: AasceFilm, record: Record, fold: int) -> Iterator[tuple[str, Case]]:
    """Each curve ("cobb") and each tilt (by name) of one accepted film."""
    marks = landmarks_of(record)
    true = Landmarks.from_points(FRONTAL_NAMES, film.corners_px.reshape(-1, 2))
    curves = find_curves(marks)
    by_factor = [with_intervals(marks, curves, factor=f) for f in FACTORS]
    for curve, *again in zip(curves, *by_factor, strict=True):
        angle = angle_near(true, curve)
        found = tuple(c.interval_deg for c in again if c.interval_deg is not None)
        if angle is not None and len(found) == len(FACTORS):
            yield "cobb", _case(film, fold, curve.cobb_deg, angle, found)
    truths = {m.name: m.value for m in frontal_measurements(true, ())}
    by_factor_tilts = [frontal_measurements(marks, (), factor=f) for f in FACTORS]
    for first, *rest in zip(*by_factor_tilts, strict=True):
        ranges = tuple(m.interval for m in (first, *rest) if m.interval is not None)
        if first.name in truths and len(ranges) == len(FACTORS):
            yield first.name, _case(film, fold, first.value, truths[first.name], ranges)


def _case(
    film: AasceFilm,
    fold: int,
    estimate: float,
    true: float,
    intervals: tuple[tuple[float, float], ...],
) -> Case:
    largest = float(film.angles_deg[0])
    ends = np.array(intervals)
    return Case(fold, film.group, film.suspect, largest, estimate, true, ends)


def fit(cases: Sequence[Case], aim: float) -> float:
    """The smallest factor (to 0.01) whose intervals hold the share `aim` of the true angles."""
    for factor in np.arange(FACTORS[0], FACTORS[-1], 0.01).round(2).tolist():
        if np.mean([c.holds(factor) for c in cases]) >= aim:
            return float(factor)
    return FACTORS[-1]


def scored(cases: Sequence[Case], factor_of_fold: dict[int, float]) -> dict[str, Any]:
    """Coverage and width of some angles, each with the factor of its fold."""
    holds = np.array([float(c.holds(factor_of_fold[c.fold])) for c in cases])
    ends = np.array([c.ends_deg(factor_of_fold[c.fold]) for c in cases])
    errors = np.array([c.true_deg - c.estimate_deg for c in cases])
    low, high = grouped_bootstrap(holds, [c.group for c in cases])
    return {
        "n": len(cases),
        "n_cases": len({c.group for c in cases}),
        "coverage": round(float(holds.mean()), 4),
        "interval_95": [round(low, 4), round(high, 4)],
        "median_full_width_deg": round(float(np.median(np.diff(ends, axis=1))), 2),
        "true_less_estimate_mean_deg": round(float(errors.mean()), 2),
        "mean_absolute_error_deg": round(float(np.abs(errors).mean()), 2),
    }


def by_part(cases: Sequence[Case], factor_of_fold: dict[int, float]) -> dict[str, Any]:
    """Overall, without suspect landmarks, and in each third of the films' largest angles."""
    borders = np.quantile([c.largest_deg for c in cases], [1 / 3, 2 / 3])
    third = np.digitize([c.largest_deg for c in cases], borders)
    parts = {"all": list(cases), "without_suspect": [c for c in cases if not c.suspect]}
    for k, name in enumerate(("least severe", "middle", "most severe")):
        parts[f"{name} third"] = [c for c, t in zip(cases, third, strict=True) if t == k]
    figures: dict[str, Any] = {n: scored(part, factor_of_fold) for n, part in parts.items()}
    return {"thirds_at_deg": [round(float(b), 1) for b in borders], **figures}


def als_steadiness(
    pairs: Sequence[tuple[AasceFilm, Record]], factor: float
) -> dict[str, dict[str, Any]]:
    """How often a scan gives, or names, the type of the annotated landmarks."""
    true, found = [], []
    for film, record in pairs:
        marks = landmarks_of(record)
        annotated = Landmarks.from_points(FRONTAL_NAMES, film.corners_px.reshape(-1, 2))
        true.append(als_verdict(annotated, find_curves(annotated)).type)
        curves = find_curves(marks)
        found.append((als_verdict(marks, curves), als_verdict(marks, curves, factor=factor)))
    answer = {}
    for k, name in enumerate(("without_draws", "with_draws")):
        both = [(t, verdicts[k]) for t, verdicts in zip(true, found, strict=True)]
        typed = [(t, v) for t, v in both if v.type is not None]
        known = [(t, v) for t, v in both if t is not None]
        equal = sum(t == v.type for t, v in typed)
        family = sum(t is not None and family_of(t) == v.family for t, v in typed)
        named = sum(t in (v.type, *v.alternatives) for t, v in known)
        answer[name] = {
            "films": len(both),
            "type_equal_of_typed": share_with_interval(equal, len(typed)),
            "family_equal_of_typed": share_with_interval(family, len(typed)),
            "type_or_alternative_names_it": share_with_interval(named, len(known)),
            "n_typed": len(typed),
            "n_typed_on_annotated": len(known),
        }
    return answer


def main() -> None:
    """Fit the factor, score it held out, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--aim", type=float, default=LEVEL, help="share that should lie inside")
    options = parser.parse_args()
    films = read_aasce(options.data)
    found: dict[str, list[Case]] = {}
    pairs: list[tuple[AasceFilm, Record]] = []
    folds = sorted(options.run.glob("fold-*/reports.jsonl"))
    for fold, path in enumerate(folds):
        records = match_records([f.file for f in films], read_records([path]))
        for film, record in zip(films, records, strict=True):
            if record is not None and outcome(record) == "accepted":
                pairs += [] if film.suspect else [(film, record)]
                for name, case in cases_of(film, record, fold):
                    found.setdefault(name, []).append(case)
    cobb = found.pop("cobb")
    others = {k: fit([c for c in cobb if c.fold != k], options.aim) for k in range(len(folds))}
    factor = fit(cobb, options.aim)
    print(
        json.dumps(
            {
                "benchmark": "intervals",
                "level": LEVEL,
                "aim": options.aim,
                "interval_factor": factor,
                "factor_without_fold": others,
                "held_out": by_part(cobb, others),
                "tilts_held_out": {name: scored(cases, others) for name, cases in found.items()},
                "als": als_steadiness(pairs, factor),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
