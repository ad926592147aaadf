"""How well the classifier `als7` names types: `python benchmarks/als_types.py PHANTOMS AASCE`.

PHANTOMS is a set that nothing was taught on:

    spinescan phantom --recipe recipes/phantoms-als7.toml --count 400 --seed 777 --out PHANTOMS

The classifier and the measured curves (the landmark model: "measure, then threshold") name the type
of the same films, and are judged as `spinescan evaluate` judges them, also along the distance to
the nearest other type. Every film counts, an abstention is an error. The classifier is judged a
second time as if it always answered, with the label of its highest score.

AASCE are real films, which nobody has labelled with types. What is told of them is no accuracy: how
often a model agrees with the type that SpineScan's own rules give to the set's landmarks. The
landmark model, whose encoder the classifier started from, was taught on these films.

Writes benchmarks/results/als-types.json (or --out).
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from spinescan.core.anatomy import FRONTAL_NAMES, Landmarks
from spinescan.core.task import ALS7, Task
from spinescan.data.manifest import Manifest, ManifestFilm, read_manifest
from spinescan.data.sources import AasceFilm, read_aasce
from spinescan.infer.bundle import file_digest, find_bundle
from spinescan.measure.als import als_verdict
from spinescan.measure.curves import find_curves
from spinescan.study.asked import ask
from spinescan.study.evaluation import evaluate_models
from spinescan.study.predictions import PredictionRecord

KEPT = ("model", "set", "figures", "accepted", "labels", "confusion", "families", "margin")
"""What of a model's evaluation is told in tables."""


def always(record: PredictionRecord) -> PredictionRecord:
    """The answer of a classifier that never abstains."""
    model = f"{record.model}, always answering"
    if record.scores is None:
        return replace(record, model=model)
    best = max(record.scores, key=record.scores.__getitem__)
    return replace(record, model=model, label=best, decision="accepted", reasons=())


def judged(
    classifier: Path, rival: Path, films: Manifest, margin: str | None = None, task: Task = ALS7
) -> dict[str, Any]:
    """How two bundles answer for the films of a manifest, and how they differ."""
    answers = list(ask(classifier, films, task))
    records = [[always(one) for one in answers], answers, list(ask(rival, films, task))]
    found = evaluate_models(records, films, task, margin=margin)
    models = [{n: model[n] for n in KEPT if n in model} for model in found["models"]]
    return {"models": models, "comparisons": found["comparisons"]}


def weakly_labelled(film: AasceFilm) -> ManifestFilm | None:
    """A film with the type that the rules give to its landmarks, None where they give none."""
    landmarks = Landmarks.from_points(FRONTAL_NAMES, film.corners_px.reshape(-1, 2))
    verdict = als_verdict(landmarks, find_curves(landmarks))
    if film.suspect or verdict.type is None:
        return None
    image, digest = f"{film.path.parent.name}/{film.path.name}", file_digest(film.path)
    return ManifestFilm(image, digest, film.group, view="frontal", labels={ALS7.name: verdict.type})


def main() -> None:
    """Judge, and write what was found."""
    root = Path(__file__).parents[1]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("phantoms", type=Path)
    parser.add_argument("aasce", type=Path)
    parser.add_argument("--bundle", default="als7")
    parser.add_argument("--out", type=Path, default=root / "benchmarks/results/als-types.json")
    words = parser.parse_args()
    bundles = [find_bundle(words.bundle), find_bundle("frontal-landmarks")]
    drawn = read_manifest(words.phantoms / "manifest.csv")
    films = read_aasce(words.aasce)
    known = tuple(one for one in map(weakly_labelled, films) if one is not None)
    found = {
        "phantoms": {"synthetic": True, **judged(*bundles, drawn, "als_margin")},
        "agreement_on_aasce": {
            "n_films": len(films),
            "n_with_a_type": len(known),
            "labels": "by rule from the set's landmarks, suspect ones left out; no rater's",
            **judged(*bundles, Manifest(words.aasce, known)),
        },
    }
    text = json.dumps(found, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    words.out.write_text(text, encoding="utf-8")
    for part in ("phantoms", "agreement_on_aasce"):
        for model in found[part]["models"]:
            types, family = model["figures"]["accuracy"], model["families"]["accuracy"]
            print(f"{part}: {model['model']}: types {types}, families {family}")


if __name__ == "__main__":
    main()
