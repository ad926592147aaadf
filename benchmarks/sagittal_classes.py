r"""How well the sagittal classifiers answer: `python benchmarks/sagittal_classes.py PHANTOMS`.

PHANTOMS is a set that nothing was taught on:

    spinescan phantom --recipe src/spinescan/study/recipes/phantoms-sagittal.toml \
        --count 300 --seed 906 --out PHANTOMS

Each classifier and the measured angles (the lateral landmark model: "measure, then threshold")
answer the same question about the same films, and are judged as `spinescan evaluate` judges them,
also along the distance to the nearest border in degrees. Every film counts, an abstention is an
error. The classifier is judged a second time as if it always answered, with the label of its
highest score. Films that are both kyphosis and lordosis are in no class and not asked about.

Writes benchmarks/results/sagittal-classes.json (or --out).
"""

import argparse
import json
from pathlib import Path

from als_types import judged

from spinescan.core.task import KYPHOSIS, LORDOSIS, SAGITTAL3
from spinescan.data.manifest import read_manifest
from spinescan.infer.bundle import find_bundle

BUNDLES = {"generalist": SAGITTAL3, "kyphosis": KYPHOSIS, "lordosis": LORDOSIS}


def main() -> None:
    """Judge, and write what was found."""
    root = Path(__file__).parents[1]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("phantoms", type=Path)
    parser.add_argument(
        "--out", type=Path, default=root / "benchmarks/results/sagittal-classes.json"
    )
    words = parser.parse_args()
    films = read_manifest(words.phantoms / "manifest.csv")
    rival = find_bundle("lateral-landmarks")
    answer = {
        "synthetic": True,
        "bundles": {
            name: judged(find_bundle(name), rival, films, "sagittal_margin", task)
            for name, task in BUNDLES.items()
        },
    }
    words.out.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
