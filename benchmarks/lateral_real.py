"""What a scan makes of lateral films of people: `python benchmarks/lateral_real.py FRAIWAN`.

No set of real lateral films has landmarks, so three things are told instead. How many of the
lateral films (all lumbar, of patients whose file names tell a slipped vertebra) are accepted, and
why the others are not. How the points lie, as one person judged by looking at each overlay
(recipes/lateral-films-judged.csv; `--overlays DIR` draws them). And whether the slip is measured
where the file's name tells one. Frontal films beside them: how many are taken for lateral ones.
None of these films taught the lateral model, but all were looked at while it was decided what it
declines: these are no counts of unseen films.

Writes benchmarks/results/lateral-real.json (or --out).
"""

import argparse
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from spinescan.core.report import Report
from spinescan.data.table import read_rows
from spinescan.infer.bundle import Bundle, shipped
from spinescan.infer.scanner import Scanner
from spinescan.io.overlay import draw_overlay
from spinescan.io.read import read_radiograph
from spinescan.study.metrics import share_with_interval

ROOT = Path(__file__).parents[1]
JUDGED = ROOT / "recipes" / "lateral-films-judged.csv"
_PAIR = re.compile(r"L(\d)-(S?)(\d)")


def named_slip(text: str) -> str | None:
    """The pair of levels of "Olisthesis L4-5" or "L5-S1", as measurements name it."""
    found = _PAIR.search(text)
    return found and f"L{found[1]}_{'S' if found[2] else 'L'}{found[3]}"


def told(report: Report) -> dict[str, Any]:
    """What of a report is published of one film."""
    slips = {m.name.removeprefix("slip_"): m for m in report.measurements if m.unit == "%"}
    names = () if report.landmarks is None else report.landmarks.names
    return {
        "view": report.view,
        "decision": report.decision,
        "reasons": list(report.reasons),
        "levels": sorted({name.split("_")[0] for name in names if name.endswith("anterior")}),
        "slip_percent": {pair: round(m.value) for pair, m in slips.items()},
        "slips": [
            f"{s.upper}_{s.lower}" for s in (report.sagittal.slips if report.sagittal else ())
        ],
    }


def main() -> None:
    """Scan, count, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fraiwan", type=Path)
    parser.add_argument("--bundle", type=Path, default=None, help="instead of the shipped one")
    parser.add_argument("--overlays", type=Path, help="where to draw what was found")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/lateral-real.json")
    words = parser.parse_args()
    side = words.bundle or shipped("lateral-landmarks")
    scanner = Scanner(Bundle.load(shipped("frontal-landmarks")), lateral=Bundle.load(side))
    films = read_rows(words.fraiwan / "labels.csv", ("file", "view", "curve_text"))
    lateral, frontal = {}, []
    for row in films:
        film = read_radiograph(words.fraiwan / "images" / row["file"])
        report = scanner.scan(film)
        if row["view"] != "lateral":
            frontal.append(report)
            continue
        lateral[row["file"]] = told(report) | {"named": named_slip(row["curve_text"])}
        if words.overlays:
            words.overlays.mkdir(parents=True, exist_ok=True)
            picture = draw_overlay(film, report)
            picture.save(words.overlays / f"{Path(row['file']).stem}.png")
    accepted = {f: t for f, t in lateral.items() if t["decision"] == "accepted"}
    with_pair = [t for t in accepted.values() if t["named"] in t["slip_percent"]]
    most = [t for t in with_pair if max(t["slip_percent"], key=t["slip_percent"].get) == t["named"]]
    judged = {row["file"]: row for row in read_rows(JUDGED, ("file", "judged", "seen"))}
    words_of = Counter(judged[f]["judged"] if f in judged else "not judged" for f in accepted)
    taken = sum(r.view == "lateral" and r.decision == "accepted" for r in frontal)
    answer = {
        "bundle": {"name": "lateral-landmarks", "version": Bundle.load(side).version},
        "lateral": {
            "n": len(lateral),
            "accepted": share_with_interval(len(accepted), len(lateral)),
            "declined_for": Counter(
                reason
                for t in lateral.values()
                for reason in t["reasons"]
                if t["decision"] != "accepted"
            ),
            "judged_by_eye": {
                name: share_with_interval(count, len(accepted))
                for name, count in sorted(words_of.items())
            },
            "slips": {
                "n_accepted_with_a_named_slip": sum(
                    t["named"] is not None for t in accepted.values()
                ),
                "n_measured_at_the_named_pair": len(with_pair),
                "told_at_the_named_pair": share_with_interval(
                    sum(t["named"] in t["slips"] for t in with_pair), len(with_pair)
                ),
                "largest_at_the_named_pair": share_with_interval(len(most), len(with_pair)),
            },
            "films": lateral,
        },
        "frontal": {
            "n": len(frontal),
            "accepted_as_lateral": share_with_interval(taken, len(frontal)),
        },
    }
    words.out.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
