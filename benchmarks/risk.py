"""Error against coverage of held-out films: `python benchmarks/risk.py RUN DATA [--plot FILE]`.

RUN is the folder of a cross-validation (`spinescan train landmarks RECIPE --data DATA --out RUN`)
whose `fold-*/reports.jsonl` hold a report of each film by the fold that did not see it; DATA a
folder in AASCE's layout. Films are answered from the most confident one down, by the mean score of
a report's landmarks. Writes benchmarks/results/risk.json (or --out): for SMAPE and for the largest
angle, of all films and of each third by the true largest angle, the mean error at some coverages,
the area under the curve beside that of a perfect order and of none, and the operating point of the
shipped threshold. A declined film is scored by the landmarks that its report holds all the same;
one without landmarks counts as the worst case and comes last.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from spinescan.data.sources import AasceFilm, read_aasce
from spinescan.study.aasce import marked_levels, plain_angles
from spinescan.study.answers import Record, match_records, outcome, read_records
from spinescan.study.expected import smape_of_films
from spinescan.study.metrics import thirds
from spinescan.study.risk import mean_score, risk_curve, risk_figures

ERRORS = {"smape_percent": "SMAPE (%)", "largest_angle_deg": "error of the largest angle (degrees)"}


def held_out(run: Path, films: tuple[AasceFilm, ...]) -> list[Record | None]:
    """The report of each film by the fold that held it out."""
    files = sorted(run.glob("fold-*/reports.jsonl"))
    if not files:
        raise SystemExit(f"{run}: no fold-*/reports.jsonl")
    return match_records([film.file for film in films], read_records(files))


def errors_of(films: tuple[AasceFilm, ...], records: list[Record | None]) -> dict[str, np.ndarray]:
    """Both errors (n,) of every film, whether it was accepted or not."""
    given = np.array(
        [
            plain_angles(film, None if record is None else _marked(record))
            for film, record in zip(films, records, strict=True)
        ]
    )
    true = np.array([film.angles_deg for film in films])
    return {
        "smape_percent": smape_of_films(true, given),
        "largest_angle_deg": np.abs(true[:, 0] - given[:, 0]),
    }


def _marked(record: Record) -> Any:
    return None if outcome(record) == "failed" else marked_levels(record)


def confidences(records: list[Record | None]) -> np.ndarray:
    """The confidence (n,) of every film; without a report the least."""
    return np.array([-np.inf if r is None else mean_score(r) for r in records])


def figures(films: tuple[AasceFilm, ...], records: list[Record | None]) -> dict[str, Any]:
    """All that is written."""
    confidence = confidences(records)
    accepted = np.array([outcome(record) == "accepted" for record in records])
    severity = np.array([film.angles_deg[0] for film in films])
    groups = [film.group for film in films]
    which, borders = thirds(severity)
    told: dict[str, Any] = {
        "confidence": "mean score of the landmarks",
        "severity_borders_deg": [round(b, 2) for b in borders],
    }
    for name, errors in errors_of(films, records).items():
        told[name] = {
            "all_films": risk_figures(errors, confidence, accepted, groups),
            "by_severity": [
                risk_figures(
                    errors[rows], confidence[rows], accepted[rows], [groups[k] for k in rows]
                )
                for rows in (np.flatnonzero(which == third) for third in range(3))
                if len(rows)
            ],
        }
    return told


def plot(films: tuple[AasceFilm, ...], records: list[Record | None], target: Path) -> None:
    """Both errors against coverage: all films, the thirds of severity, the shipped threshold."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    confidence = confidences(records)
    accepted = np.array([outcome(record) == "accepted" for record in records])
    which, borders = thirds(np.array([film.angles_deg[0] for film in films]))
    names = (
        f"below {borders[0]:.0f} degrees",
        f"{borders[0]:.0f} to {borders[1]:.0f} degrees",
        f"{borders[1]:.0f} degrees and more",
    )
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
    for axis, (name, errors) in zip(axes, errors_of(films, records).items(), strict=True):
        every = risk_curve(errors, confidence)
        axis.plot(every.coverage, every.risk, color="black", lw=2, label="all films")
        best = risk_curve(errors, -errors)
        axis.plot(best.coverage, best.risk, color="grey", ls=":", label="all films, perfect order")
        for third, label in enumerate(names):
            part = risk_curve(errors[which == third], confidence[which == third])
            axis.plot(part.coverage, part.risk, lw=1, label=label)
        axis.plot(accepted.mean(), errors[accepted].mean(), "o", color="red", label="as shipped")
        axis.set(
            xlabel="share of films answered, the most confident first",
            ylabel=f"mean {ERRORS[name]}",
            xlim=(0.1, 1.01),
            ylim=(0, None),
        )
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=8)
    figure.suptitle(f"{len(films)} held-out AASCE films")
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=110)


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a cross-validation")
    parser.add_argument("data", type=Path, help="the AASCE films")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "risk.json")
    parser.add_argument("--plot", type=Path, help="write the curves here")
    options = parser.parse_args()
    films = read_aasce(options.data)
    records = held_out(options.run, films)
    text = json.dumps(figures(films, records), indent=1, allow_nan=False)
    options.out.write_text(text + "\n", encoding="utf-8")
    print(text)
    if options.plot:
        plot(films, records, options.plot)


if __name__ == "__main__":
    main()
