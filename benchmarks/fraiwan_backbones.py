"""Several backbones on Fraiwan's classes, each with the same small budget.

    python benchmarks/fraiwan_backbones.py MANIFEST --weights ENCODER --out BUDGET

The four backbones of the ALS notebook and MobileNetV2 from scratch, and MobileNetV2 from ENCODER,
its ImageNet initialisation: one grouped 5-fold each, the same folds, films of 160 x 80, 4 epochs.
That is far less than a large network needs, and less than any of them is given elsewhere: it tells
what little training on few films does, not which backbone is best. What the four would do from
ImageNet is not measured here. `benchmarks/fraiwan_classes.py` judges the answers.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from spinescan.core.task import FRAIWAN3
from spinescan.data.manifest import read_manifest
from spinescan.train.classify import train_classifiers
from spinescan.train.classify_recipe import (
    NONE,
    SEED_BACKBONES,
    AugmentRecipe,
    ClassifyRecipe,
)

MOBILE = "mobilenetv2_100"
BUDGET = ClassifyRecipe(
    name="budget",
    backbone=MOBILE,
    rows=160,
    columns=80,
    seed=1,
    weights=NONE,
    epochs=4,
    batch=16,
    learning_rate=1e-3,
    backbone_rate=0.5,
    weight_decay=1e-2,
    precision="bf16-mixed",
    mean=0.5,
    std=0.5,
    augment=AugmentRecipe(rotation_deg=5, shift=0.05, shear=0.0, zoom=0.1),
)


def main() -> None:
    """Train them all, the quick ones first; what is done already is not done again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    manifest = read_manifest(given.manifest)
    mobile = replace(BUDGET, backbone_options={"pad_type": "same"})
    plans: dict[str, tuple[ClassifyRecipe, Path | None]] = {
        f"{MOBILE}-imagenet": (mobile, given.weights),
        MOBILE: (mobile, None),
    }
    for name in SEED_BACKBONES:
        plans[name] = (replace(BUDGET, backbone=name), None)
    for name, (recipe, weights) in plans.items():
        run = given.out / name
        plan = replace(recipe, name=name)
        print(train_classifiers(manifest, FRAIWAN3, plan, run, weights=weights, folds=5, workers=1))


if __name__ == "__main__":
    main()
