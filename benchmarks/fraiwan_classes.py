"""What a classifier of Fraiwan's classes is worth beside those that never look at the spine.

    python benchmarks/fraiwan_classes.py MANIFEST RUN/predictions.jsonl --backbones BUDGET/*

MANIFEST lists the films as `spinescan manifest --layout fraiwan` does, joined by the audit;
RUN is a repeated cross-validation of `spinescan train classify`; BUDGET holds one run a backbone,
all taught with the same small budget.

In the very folds of RUN classifiers are taught that know one property of the file, all of them, or
the film with its spine covered (`spinescan.audit.confound`; sex and age count as properties). Each
is taught twice: on all films of the training part, and on its normal and scoliosis films of the
style `pacs_crop` alone, which is the question that decides. Beside them stands the largest curve
that a scan measures, by a model that no film of the set has taught. Judged are

macro ROC-AUC of the three classes and accuracy, on all films, where the style tells the class;
normal against scoliosis among films of the style `pacs_crop`, ordered by p / (p + q).

Figures are means over the repeats; intervals are 95 % bootstrap intervals over persons, and those
of differences are paired. The best of the classifiers without a picture, or without a spine, is
found on the same films, which favours it. Writes benchmarks/results/fraiwan-classes.json (--out).
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from spinescan.audit.confound import COVERED, Floats, knowledge, make_classifier
from spinescan.audit.sights import Sight, look
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import Report
from spinescan.core.task import FRAIWAN3
from spinescan.data.checks import label_of
from spinescan.data.manifest import Manifest, read_manifest
from spinescan.infer.scanner import Scanner
from spinescan.study.calibrated import held_out_calibration
from spinescan.study.classes import answer_figures, pair_figures, score_figures
from spinescan.study.draws import GroupDraws, Sampled, sample
from spinescan.study.judged import Judged, repeats_of, with_truth
from spinescan.study.predictions import PredictionRecord, read_predictions

STYLE = "pacs_crop"
ASKED = ("normal", "scoliosis")
"""The first pair of the task's labels: `pair_figures` tells it first."""
DECIDES = "pacs_crop_normal_scoliosis_roc_auc"
ALONE = "taught on pacs_crop alone: "
LITERATURE = {
    "accuracy": 0.9673,
    "films": 338,
    "doi": "10.1371/journal.pone.0267851",
    "what": "mean accuracy of the best of their networks on three classes, all styles pooled",
}

Repeats = Sequence[Judged]


def sights_of(manifest: Manifest) -> tuple[dict[str, Sight], dict[str, float]]:
    """By digest a look at every film, spines found, and its largest measured curve in degrees."""
    scanner, curves = Scanner.default(), {}

    def scan(film: Radiograph) -> Report:
        report = scanner.scan(film)
        curves[film.sha256] = max((curve.cobb_deg for curve in report.curves), default=0.0)
        return report

    rows = [
        ("fraiwan", k, film, manifest.folder / film.image)
        for k, film in enumerate(manifest.films, start=2)
    ]
    seen = {one.film.sha256: one for one in look(rows, scan) if isinstance(one, Sight)}
    if len(seen) < len(manifest.films):
        raise SystemExit(f"{len(manifest.films) - len(seen)} films cannot be read")
    return seen, curves


def without_picture(
    records: Sequence[PredictionRecord], sights: Mapping[str, Sight]
) -> dict[str, list[PredictionRecord]]:
    """What classifiers that know `knowledge` answer in the folds of `records`, by their name."""
    digests = list(sights)
    matrices = knowledge([sights[one] for one in digests], ("sex", "age"))
    place = {digest: k for k, digest in enumerate(digests)}
    answers: dict[str, list[PredictionRecord]] = {}
    for test, rest in folds_of(records):
        asked = [r for r in rest if of_style(sights[r.sha256]) and r.truth in ASKED]
        for what, values in matrices.items():
            for name, taught in ((what, rest), (ALONE + what, asked)):
                answers.setdefault(name, []).extend(
                    answered(
                        name, values, place, make_classifier(what, test[0].repeat), taught, test
                    )
                )
    return answers


def folds_of(
    records: Sequence[PredictionRecord],
) -> Iterator[tuple[list[PredictionRecord], list[PredictionRecord]]]:
    """Test films, and all others, of each fold of each repeat."""
    for key in sorted({(record.repeat, record.fold) for record in records}):
        films = [record for record in records if record.repeat == key[0]]
        yield (
            [record for record in films if record.fold == key[1]],
            [record for record in films if record.fold != key[1]],
        )


def answered(
    name: str,
    values: Floats,
    place: Mapping[str, int],
    classifier: Any,
    taught: Sequence[PredictionRecord],
    asked: Sequence[PredictionRecord],
) -> Iterator[PredictionRecord]:
    """Records of a classifier taught on some films; a class that it has not seen scores 0."""
    classifier.fit(values[[place[r.sha256] for r in taught]], [r.truth for r in taught])
    shares = classifier.predict_proba(values[[place[r.sha256] for r in asked]])
    for record, row in zip(asked, shares.tolist(), strict=True):
        scores = dict.fromkeys(FRAIWAN3.codes, 0.0) | dict(
            zip(classifier.classes_.tolist(), row, strict=True)
        )
        top = max(scores, key=scores.__getitem__)
        yield replace(record, model=name, scores=scores, label=top)


def measured(
    records: Sequence[PredictionRecord], curves: Mapping[str, float]
) -> list[PredictionRecord]:
    """The largest measured curve as a score: the larger, the less normal."""
    answers = []
    for record in records:
        bent = min(curves[record.sha256] / 180, 1.0)
        scores = {"normal": 1 - bent, "scoliosis": bent, "spondylolisthesis": 0.0}
        top = max(scores, key=scores.__getitem__)
        answers.append(replace(record, model="measured curve", scores=scores, label=top))
    return answers


def of_style(sight: Sight) -> bool:
    """Whether a film is of the style that the classes share."""
    return sight.film.labels["source_style"] == STYLE


def judged(
    records: Sequence[PredictionRecord], chosen: Callable[[PredictionRecord], bool]
) -> Repeats:
    """The chosen films, repeat by repeat."""
    return repeats_of([record for record in records if chosen(record)], FRAIWAN3, "test")


def sampled(statistic: Any, name: str, repeats: Repeats) -> tuple[Sampled, int]:
    """One figure on draws of the persons, the same for all models; and how many persons."""
    draws = GroupDraws.of(repeats[0].groups)
    grouped = [(films, films.groups) for films in repeats]
    return sample(statistic, grouped, draws)[name], len(draws.names)


def by_repeat(statistic: Any, name: str, repeats: Repeats) -> list[float]:
    """The figure in each repeat."""
    found = [statistic(films, np.ones((1, len(films))))[name] for films in repeats]
    return [round(float(one.ravel()[0]), 4) for one in found]


def figures(
    records: Sequence[PredictionRecord], sights: Mapping[str, Sight]
) -> tuple[dict[str, Any], Sampled]:
    """All figures of one model, and the one that decides with its draws."""
    everything = judged(records, lambda record: True)
    crops = judged(
        records, lambda record: of_style(sights[record.sha256]) and record.truth in ASKED
    )
    every_crop = judged(records, lambda record: of_style(sights[record.sha256]))
    told: dict[str, Any] = {}
    for key, statistic, name, repeats in (
        ("macro_roc_auc", score_figures, "macro_roc_auc", everything),
        ("accuracy", answer_figures, "accuracy", everything),
        ("balanced_accuracy", answer_figures, "balanced_accuracy", everything),
        ("pacs_crop_macro_roc_auc", score_figures, "macro_roc_auc", every_crop),
    ):
        value, groups = sampled(statistic, name, repeats)
        told[key] = {
            **value.told(groups, share=key == "accuracy"),
            "by_repeat": by_repeat(statistic, name, repeats),
        }
    pairs, groups = sampled(pair_figures, "pair_roc_auc", crops)
    deciding = pairs.at(0)
    told[DECIDES] = {
        **deciding.told(groups),
        "by_repeat": by_repeat(pair_figures, "pair_roc_auc", crops),
    }
    return told, deciding


def calibration(records: Sequence[PredictionRecord], sights: Mapping[str, Sight]) -> dict[str, Any]:
    """What temperature and sets that validation films fitted do on test films, of any style or one.

    They are fitted on films of all styles, as those of the bundle are.
    """
    validation = repeats_of(records, FRAIWAN3, "validation")
    told = {}
    for part, test in (
        ("all", judged(records, lambda record: True)),
        (STYLE, judged(records, lambda record: of_style(sights[record.sha256]))),
    ):
        found = held_out_calibration(test, validation, FRAIWAN3, GroupDraws.of(test[0].groups))
        told[part] = found and {name: found[name] for name in ("after", "prediction_sets")}
    return told


def counts(manifest: Manifest) -> dict[str, Any]:
    """Films and persons by class, on all films and in the style that the classes share."""

    def count(films: Sequence[Any]) -> dict[str, int]:
        return {"films": len(films), "persons": len({film.group for film in films})}

    return {
        part: {
            **count(films),
            **{
                code: count([film for film in films if label_of(film, FRAIWAN3) == code])
                for code in FRAIWAN3.codes
            },
        }
        for part, films in (
            ("all", manifest.films),
            (STYLE, [f for f in manifest.films if f.labels["source_style"] == STYLE]),
        )
    }


def backbone(
    run: Path, manifest: Manifest, sights: Mapping[str, Sight]
) -> tuple[str, dict[str, Any]]:
    """One run of the equal small budget: what it was, and its figures."""
    note = json.loads((run / "run.json").read_text("utf-8"))
    recipe = note["recipe"]
    epochs = [json.loads(line) for path in run.glob("*/epochs.jsonl")
              for line in path.read_text("utf-8").splitlines()]  # fmt: skip
    records = with_truth(read_predictions(run / "predictions.jsonl"), manifest, FRAIWAN3)
    told, _ = figures(records, sights)
    kept = ("backbone", "rows", "columns", "epochs", "batch", "optimiser", "learning_rate")
    return run.name, {
        **{name: recipe[name] for name in kept},
        "start": note["initial_weights"],
        "weights_mb": round(next(run.glob("*/best.pt")).stat().st_size / 1e6, 1),
        "training_seconds": round(sum(one["seconds"] for one in epochs)),
        **told,
    }


def main() -> None:
    """Measure, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("--backbones", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/fraiwan-classes.json"))
    given = parser.parse_args()
    manifest = read_manifest(given.manifest)
    every = with_truth(read_predictions(given.predictions), manifest, FRAIWAN3)
    records = tuple(record for record in every if record.part == "test")
    sights, curves = sights_of(manifest)
    model, deciding = figures(records, sights)
    others = {
        name: figures(answers, sights) for name, answers in without_picture(records, sights).items()
    }

    def best(names: Sequence[str]) -> dict[str, Any]:
        found = max(names, key=lambda name: float(others[name][1].value))
        return {"name": found, "model_minus_it": (deciding - others[found][1]).told(groups)}

    curve, by_curve = figures(measured(records, curves), sights)
    persons = counts(manifest)[STYLE]
    groups = persons["normal"]["persons"] + persons["scoliosis"]["persons"]
    told: dict[str, Any] = {
        "films": counts(manifest),
        "repeats": len({record.repeat for record in records}),
        "folds": len({record.fold for record in records}),
        "model": model,
        "calibration": calibration(every, sights),
        "without_spine": {name: one for name, (one, _) in others.items()},
        "best_without_picture": best([name for name in others if not name.endswith(COVERED)]),
        "best_without_spine": best(list(others)),
        "largest_measured_curve": {
            DECIDES: curve[DECIDES],
            "model_minus_it": (deciding - by_curve).told(groups),
        },
        "literature": LITERATURE,
        "backbones": dict(backbone(run, manifest, sights) for run in given.backbones),
        "imagenet_start_of_large_backbones": "not measured here",
    }
    given.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
