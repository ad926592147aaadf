"""Two trainings on the same folds, compared film by film.

    python benchmarks/pretraining.py PLAIN OTHER --aasce DIR [--boxes DIR]

PLAIN and OTHER are folders of `spinescan train landmarks --out`, of the same recipe and data. Only
folds that both have finished are compared, each on the films that it held out; every film counts,
one without an answer as the worst case. With --boxes, a set with weak boxes is scanned with both
bundles of every such fold. Prints JSON: both figures, and the mean difference OTHER - PLAIN with a
95 % bootstrap interval over cases (negative: OTHER is better).
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from spinescan.core.errors import SpineScanError
from spinescan.data.sources import AasceFilm, BoxedFilm, read_aasce, read_boxes
from spinescan.infer.scanner import Scanner
from spinescan.io.read import read_radiograph
from spinescan.measure.aasce import aasce_angles, smape
from spinescan.study.aasce import score_aasce
from spinescan.study.answers import corners_xy, match_records, outcome, read_records
from spinescan.study.boxes import score_boxes
from spinescan.study.metrics import grouped_bootstrap

Records = list[dict[str, Any]]


def common_folds(plain: Path, other: Path) -> list[str]:
    """Names of the folds that both runs have reports of."""
    done = [{p.parent.name for p in run.glob("fold-*/reports.jsonl")} for run in (plain, other)]
    return sorted(done[0] & done[1])


def errors(films: list[AasceFilm], records: Records) -> np.ndarray:
    """SMAPE in percent and error of the largest angle in degrees of each film, (n, 2)."""
    rows = []
    for film, record in zip(
        films, match_records([film.file for film in films], records), strict=True
    ):
        given = np.zeros(3)
        if record is not None and outcome(record) == "accepted":
            given = aasce_angles(corners_xy(record)[1], film.size[0])
        true = film.angles_deg
        rows.append((smape(true[None], given[None]), abs(true[0] - given[0])))
    return np.array(rows)


def compare(films: tuple[AasceFilm, ...], plain: Path, other: Path) -> dict[str, Any]:
    """Both runs' figures on the films of their common folds, and the paired differences."""
    folds = common_folds(plain, other)
    if not folds:
        raise SystemExit("the two runs have no finished fold in common")
    records = [
        read_records(run / fold / "reports.jsonl" for fold in folds) for run in (plain, other)
    ]
    seen = {record["file"] for record in records[0]}
    held_out = [film for film in films if film.file in seen]
    a, b = (errors(held_out, part) for part in records)
    groups = [film.group for film in held_out]
    figures: dict[str, Any] = {"folds": folds, "films": len(held_out), "cases": len(set(groups))}
    for name, part in zip(("plain", "other"), records, strict=True):
        every = score_aasce(held_out, part)["all_films"]
        figures[name] = {k: every[k] for k in ("n_abstained", "every_film", "level_names")}
    for k, name in enumerate(("smape_percent", "largest_angle_mean_error_deg")):
        difference = b[:, k] - a[:, k]
        low, high = grouped_bootstrap(difference, groups)
        figures[f"difference_{name}"] = {
            "value": round(float(difference.mean()), 3),
            "interval_95": [round(low, 3), round(high, 3)],
        }
    return figures


def followed(films: tuple[BoxedFilm, ...], bundle: Path) -> dict[str, Any]:
    """How many films of a boxed set a bundle accepts and follows."""
    scanner, records = Scanner.from_folder(bundle), []
    for film in films:
        try:
            records.append(scanner.scan(read_radiograph(film.path)).to_dict(film.file))
        except SpineScanError as error:
            raise SystemExit(f"{film.file}: {error}") from error
    boxed: dict[str, Any] = score_boxes(films, records)["frontal"]["with_boxes"]
    return {"n": boxed["n"], "followed": boxed["followed_by_an_annotation"]}


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plain", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("--aasce", type=Path, required=True)
    parser.add_argument("--boxes", type=Path)
    options = parser.parse_args()
    figures = compare(read_aasce(options.aasce), options.plain, options.other)
    if options.boxes:
        films = read_boxes(options.boxes)
        figures["boxes"] = {
            fold: {
                name: followed(films, run / fold / "bundle")
                for name, run in (("plain", options.plain), ("other", options.other))
            }
            for fold in figures["folds"]
        }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
