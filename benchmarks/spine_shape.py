"""The spacing of vertebrae in people: `python benchmarks/spine_shape.py KEYPOINTS.npz`.

KEYPOINTS.npz is that of Buergin, Prevost and Stollenga (CC BY-SA 4.0): 2,116 CT spines, points by
case, level T1..L5, kind and axis, in mm, NaN where absent. The patients lie on their backs: what
gravity does to curvature is missing, so only distances between neighbours are used. Prints, for
each level, the mean distance from its body's centre to the next one below
(`spinescan.phantom.vertebrae.PITCH_MM`), and how much single distances vary between people once
their size is divided out (`PITCH_SPREAD`).
"""

import argparse
import json
from pathlib import Path

import numpy as np

from spinescan.core.anatomy import LEVELS


def spacing(keypoints: Path) -> dict[str, object]:
    """Means and spreads from the file of keypoints."""
    with np.load(keypoints) as stored:
        bodies = stored["points_mm"][:, :, 0]
    pitch = np.linalg.norm(np.diff(bodies, axis=1), axis=2)
    pitch = pitch[np.isfinite(pitch).any(axis=1)]
    mean = np.nanmean(pitch, axis=0)
    # Size of a person: the mean of their distances, each against that level's mean.
    size = np.nanmean(pitch / mean, axis=1, keepdims=True)
    relative = pitch / mean / size
    spread = np.nanpercentile(relative, [16, 84], axis=0)
    return {
        "spines": len(pitch),
        "pitch_mm": {k: round(float(v), 1) for k, v in zip(LEVELS, mean, strict=False)},
        "measured": {
            k: int(v) for k, v in zip(LEVELS, np.isfinite(pitch).sum(axis=0), strict=False)
        },
        # Half the distance between the 16th and 84th percentiles: gaps in the numbering (a level
        # left out) make outliers that a standard deviation would count.
        "spread": {
            k: round(float(v), 3) for k, v in zip(LEVELS, (spread[1] - spread[0]) / 2, strict=False)
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("keypoints", type=Path)
    print(json.dumps(spacing(parser.parse_args().keypoints), indent=1))
