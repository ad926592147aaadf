"""Are DICOM results valid? Structured reports and captures of films of all outcomes and headers.

    python benchmarks/dicom_validity.py --count 50

Writes both results of each film and lets two programs judge every file: dciodvfy (dicom3tools), by
its lines that begin with "Error", and dsrdump (DCMTK), by its exit code and what it complains of.
Writes benchmarks/results/dicom-validity.json (or --out); `--keep FOLDER` keeps the files. The exit
code is 1 if there was an error.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from dicom_films import cases

from spinescan.app.dicom_results import SR, dicom_results
from spinescan.infer.bundle import Bundle, shipped_bundles
from spinescan.infer.scanner import Scanner
from spinescan.infer.views import VIEWS, view_of

WRITTEN_AT = datetime(2026, 1, 2, 3, 4, 5)


def complaints(program: str, file: Path) -> tuple[list[str], list[str]]:
    """The errors and the warnings that a program has about a file."""
    done = subprocess.run([program, str(file)], capture_output=True, check=False)
    lines = (done.stderr + (b"" if program == "dsrdump" else done.stdout)).decode(errors="replace")
    errors = [
        line for line in lines.splitlines() if line.startswith(("Error", "Abort", "E:", "F:"))
    ]
    if program == "dsrdump" and done.returncode != 0 and not errors:
        errors = [f"exit code {done.returncode}"]
    warnings = [line for line in lines.splitlines() if line.startswith(("Warning", "W:"))]
    return errors, warnings


def landmark_models() -> dict[str, Bundle]:
    """The models that ship, by the view of their films."""
    bundles = [Bundle.load(folder) for folder in shipped_bundles()]
    return {view_of(b.task).view.value: b for b in bundles if b.task in VIEWS}


def main() -> None:
    """Write, judge and count."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/dicom-validity.json"))
    told = parser.parse_args()
    outcomes: Counter[str] = Counter()
    errors: dict[str, list[str]] = {}
    warnings: dict[str, Counter[str]] = {p: Counter() for p in ("dciodvfy", "dsrdump")}
    judged: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = told.keep or Path(temporary)
        for number, case in enumerate(cases(told.count, Scanner.default(), landmark_models())):
            results = dicom_results(case.film, case.radiograph, case.report, written_at=WRITTEN_AT)
            report = case.report
            outcomes[f"{report.view}, {report.decision}"] += 1
            if report.view == "frontal":
                outcomes[f"frontal, curves found {len(report.curves)}"] += 1
            outcomes["edited"] += report.edited
            outcomes["ALS declined"] += report.als is not None and report.als.type is None
            for kind, data in results.items():
                file = folder / f"{number:03d}" / kind
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
                for program in ("dciodvfy", "dsrdump") if kind == SR else ("dciodvfy",):
                    judged[f"{program} {kind}"] += 1
                    wrong, told_of = complaints(program, file)
                    if wrong:
                        errors[f"{case.name}, {kind}, {program}"] = wrong
                    for line in set(told_of):
                        warnings[program][line] += 1
    answer: dict[str, Any] = {
        "benchmark": "dicom-validity",
        "films": told.count,
        "outcomes": {k: v for k, v in sorted(outcomes.items()) if v},
        "files": dict(sorted(judged.items())),
        "files_with_errors": len(errors),
        "errors": errors,
        "files_with_a_warning": {p: dict(sorted(found.items())) for p, found in warnings.items()},
    }
    text = json.dumps(answer, indent=2)
    told.out.write_text(text + "\n", "utf-8")
    print(text)
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
