import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinescan.core.errors import DataError
from spinescan.core.task import ALS7, FRAIWAN3, Task
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.study.classes import answer_figures, score_figures
from spinescan.study.draws import GroupDraws, sample
from spinescan.study.evaluate import evaluate_predictions
from spinescan.study.evaluation import evaluate_models
from spinescan.study.judged import judge
from spinescan.study.predictions import PredictionRecord
from tests.study.simulated import predictions

Records = tuple[PredictionRecord, ...]


def evaluate(records: Records, task: Task = FRAIWAN3, **more: Any) -> dict[str, Any]:
    told = evaluate_predictions(records, task, **{"samples": 200, **more})
    json.dumps(told, allow_nan=False)  # plain JSON types
    return told


def figures_of(node: Any) -> list[dict[str, Any]]:
    """Every figure that has an interval, wherever it stands."""
    if isinstance(node, list):
        return [figure for part in node for figure in figures_of(part)]
    if not isinstance(node, dict):
        return []
    own = [node] if "interval_95" in node else []
    return own + [figure for part in node.values() for figure in figures_of(part)]


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
@pytest.mark.slow
def test_every_figure_lies_in_its_interval(seed: int) -> None:
    records = predictions(ALS7, 150, seed=seed, failed=0.03, least=0.3)
    validation = predictions(ALS7, 150, seed=seed, part="validation", first=1000)
    told = figures_of(evaluate((*records, *validation), ALS7))
    assert len(told) > 80
    for figure in told:
        if figure["interval_95"] is not None:
            low, high = figure["interval_95"]
            # A percentile interval of a skewed figure may miss it by a little.
            slack = 0.25 * (high - low) + 1e-3
            assert low - slack <= figure["value"] <= high + slack


def test_every_film_is_counted() -> None:
    records = predictions(FRAIWAN3, 100, failed=0.1, least=0.5)
    told = evaluate(records)
    films = told["set"]
    assert (films["n_films"], films["n_groups"], films["n_answers"]) == (100, 50, 100)
    assert films["n_accepted"] + films["n_abstained"] + films["n_failed"] == 100
    assert films["n_failed"] == films["reasons"]["unreadable"] > 0
    assert np.sum(told["confusion"]["films"]) == 100
    assert np.sum(np.array(told["confusion"]["films"])[:, -1]) == (
        films["n_failed"] + films["n_abstained"]
    )
    right = sum(r.label == r.truth for r in records)
    assert told["figures"]["accuracy"]["value"] == pytest.approx(right / 100)
    assert told["accepted"]["accuracy"]["value"] == pytest.approx(
        right / films["n_accepted"], abs=1e-4
    )
    assert told["risk"]["error_at_coverage"][-1]["value"] == pytest.approx(
        1 - told["accepted"]["accuracy_if_always_answered"]["value"]
    )
    assert told["calibration"]["n_films"] == 100 - films["n_failed"]


def test_a_perfect_model() -> None:
    records = predictions(ALS7, 140, skill=60.0)
    told = evaluate(records, ALS7)
    for name, figure in told["figures"].items():
        assert figure["value"] == 1, name
    low, high = told["figures"]["accuracy"]["interval_95"]
    assert (low, high) == (pytest.approx(0.948, abs=0.001), 1)  # Wilson's, of 70 groups
    assert told["figures"]["macro_roc_auc"]["interval_95"] is None
    assert told["families"]["cost"]["mean"]["value"] == 0
    assert told["risk"]["area"]["value"] == 0
    assert told["worst"] == []


def test_repeats_are_averaged_and_do_not_narrow() -> None:
    runs = [predictions(FRAIWAN3, 80, repeat=r) for r in (1, 2, 3)]
    together = evaluate(tuple(record for run in runs for record in run))
    alone = [evaluate(run) for run in runs]
    for name in ("accuracy", "macro_roc_auc", "weighted_f1"):
        mean = np.mean([one["figures"][name]["value"] for one in alone])
        assert together["figures"][name]["value"] == pytest.approx(mean, abs=2e-4)
    films = together["set"]
    assert (films["n_films"], films["n_repeats"], films["n_answers"]) == (80, 3, 240)
    same = evaluate(tuple(replace(r, repeat=k) for k in (1, 2, 3) for r in runs[0]))
    assert same["figures"] == alone[0]["figures"]


def test_films_of_one_person_widen_the_intervals() -> None:
    records = predictions(FRAIWAN3, 120, films_a_group=1)
    copies = tuple(
        replace(r, image=f"{r.image} {i}", sha256=f"{i}{r.sha256[1:]}")
        for i in range(4)
        for r in records
    )
    assert evaluate(copies)["figures"]["accuracy"] == evaluate(records)["figures"]["accuracy"]


def test_test_films_come_before_validation_films() -> None:
    test = predictions(FRAIWAN3, 40)
    validation = predictions(FRAIWAN3, 60, part="validation", first=500)
    told = evaluate((*validation, *test))
    assert (told["part"], told["set"]["n_films"], told["set"]["n_validation"]) == ("test", 40, 60)
    only = evaluate(validation)
    assert (only["part"], only["held_out_calibration"]) == ("validation", None)
    assert told["figures"] == evaluate(test)["figures"]
    assert evaluate(test)["held_out_calibration"] is None


def test_validation_films_mend_scores_that_are_too_sure() -> None:
    how = {"skill": 1.5, "sharpness": 3.0, "films_a_group": 1}
    test = predictions(FRAIWAN3, 600, **how)
    validation = predictions(FRAIWAN3, 600, part="validation", first=5000, **how)
    told = evaluate((*test, *validation))
    held = told["held_out_calibration"]
    assert held["models"][0]["temperature"] > 1.5
    assert held["after"]["ece"]["value"] < told["calibration"]["ece"]["value"] / 2
    assert held["after"]["log_loss"]["value"] < told["calibration"]["log_loss"]["value"]
    assert sum(held["models"][0]["n_validation"].values()) == 600
    sets = held["prediction_sets"]
    for figure in sets["coverage_by_label"].values():
        assert figure["interval_95"][1] > 0.88
        assert figure["value"] == pytest.approx(0.9, abs=0.06)
    assert 1 < sets["mean_size"]["value"] < 3


def test_each_fold_is_calibrated_by_its_own_validation_films() -> None:
    test = predictions(FRAIWAN3, 100, repeat=1)
    validation = predictions(FRAIWAN3, 200, repeat=1, part="validation", first=1000)
    told = evaluate((*test, *validation))["held_out_calibration"]
    assert [model["fold"] for model in told["models"]] == [0, 1, 2, 3, 4]
    assert len({model["temperature"] for model in told["models"]}) == 5
    some = tuple(r for r in validation if r.fold != 3)
    assert evaluate((*test, *some))["held_out_calibration"] is None


def test_the_worst_films_are_the_surest_errors() -> None:
    records = predictions(FRAIWAN3, 200, skill=1.0, least=0.4)
    worst = evaluate(records)["worst"]
    by_image = {r.image: r for r in records}
    assert worst
    for film in worst:
        record = by_image[film["image"]]
        assert record.label not in (None, record.truth)
        assert film["score_of_truth"] < film["highest_score"]
        assert film["answers"] == {record.label: 1}
    scores = [film["score_of_truth"] for film in worst]
    assert scores == sorted(scores)
    errors = [r for r in records if r.label not in (None, r.truth)]
    assert scores[0] == pytest.approx(min(r.scores[r.truth] for r in errors), abs=1e-4)


def test_a_film_that_is_wrong_in_every_repeat_is_worse_than_one_that_is_wrong_once() -> None:
    one, two = predictions(FRAIWAN3, 2, films_a_group=1)
    codes = FRAIWAN3.codes

    def run(record: PredictionRecord, repeat: int, truth: float) -> PredictionRecord:
        other = next(code for code in codes if code != record.truth)
        scores = {**dict.fromkeys(codes, 0.0), other: 1 - truth, record.truth or "": truth}
        label = record.truth if truth > 0.5 else other
        return replace(record, scores=scores, label=label, decision="accepted", repeat=repeat)

    records = [run(one, repeat, 0.2) for repeat in range(3)]
    records += [run(two, repeat, truth) for repeat, truth in enumerate((0.1, 0.9, 0.9))]
    worst = evaluate(tuple(records))["worst"]
    assert [(film["image"], film["wrong"], film["judged"]) for film in worst] == [
        (one.image, 3, 3), (two.image, 1, 3)
    ]  # fmt: skip


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """The truth is that of very many films of the same model, two a person."""
    names = ("accuracy", "balanced_accuracy", "macro_f1", "macro_roc_auc")
    many = judge(predictions(FRAIWAN3, 60_000, skill=1.5, first=10**6), FRAIWAN3)
    ones = np.ones((1, len(many)))
    truth = {**answer_figures(many, ones), **score_figures(many, ones)}
    hits = dict.fromkeys(names, 0)
    for seed in range(200):
        films = judge(predictions(FRAIWAN3, 150, skill=1.5, seed=seed, first=1000 * seed), FRAIWAN3)
        draws, grouped = GroupDraws.of(films.groups, samples=400), [(films, films.groups)]
        found = {
            **sample(answer_figures, grouped, draws), **sample(score_figures, grouped, draws)
        }  # fmt: skip
        for name in names:
            low, high = found[name].interval() or (0, 0)
            hits[name] += low <= truth[name][0] <= high
    for name, count in hits.items():
        assert 0.9 <= count / 200 <= 0.99, name


def test_curves_agree_with_their_areas() -> None:
    told = evaluate(predictions(FRAIWAN3, 400))
    for code, label in told["labels"].items():
        roc = told["curves"]["roc"]
        area = np.trapezoid(roc["true_positive_rate"][code], roc["false_positive_rate"])
        assert area == pytest.approx(label["roc_auc"]["value"], abs=0.01)
        precision = told["curves"]["precision_recall"]["precision"][code]
        assert np.mean(precision) == pytest.approx(label["average_precision"]["value"], abs=0.02)


def test_there_must_be_a_film_with_a_truth() -> None:
    with pytest.raises(DataError, match="whose fraiwan3 is known"):
        evaluate(tuple(replace(r, truth=None) for r in predictions(FRAIWAN3, 3)))


def test_all_films_failed() -> None:
    told = evaluate(predictions(FRAIWAN3, 20, failed=2.0))
    assert told["figures"]["accuracy"]["value"] == 0
    assert told["figures"]["macro_roc_auc"]["value"] is None
    assert told["calibration"] is None
    assert told["accepted"]["accuracy"]["value"] is None


# With a manifest


def set_of(records: Records, folder: Path = Path(), **more: Any) -> Manifest:
    films = {
        r.image: ManifestFilm(
            r.image,
            r.sha256,
            r.group,
            labels={r.task: r.truth or ""},
            **{"source": "clinic", **more},
        )
        for r in records
    }
    return Manifest(folder, tuple(films.values()))


def notes(records: Records, manifest: Manifest) -> set[str]:
    told = evaluate_models([records], manifest, FRAIWAN3, samples=200)
    return {note["code"] for note in told["models"][0]["notes"]}


def test_notes_say_what_a_reader_must_know() -> None:
    records = predictions(FRAIWAN3, 200)
    assert notes(records, set_of(records)) == set()
    assert notes(records, set_of(records, source="spinescan phantom")) == {"synthetic"}
    assert notes(records[:150], set_of(records)) == {"left_out"}
    assert notes(records[:150], set_of(records, split="test")) == {"no_prediction"}
    validation = tuple(replace(r, part="validation") for r in records)
    assert notes(validation, set_of(records)) == {"validation"}
    assert notes(records[:20], set_of(records[:20])) == {"few_films"}
    folds = predictions(FRAIWAN3, 200, repeat=1)
    assert notes(folds, set_of(folds)) == {"cross_validation"}
    two = tuple(r for r in records if r.truth != "normal")
    assert notes(two, set_of(two)) == {"label_without_films"}


def test_the_origin_of_the_films_is_told() -> None:
    records = predictions(FRAIWAN3, 60)
    mixed = set_of(records)
    drawn = set_of(records, source="spinescan phantom")
    half = Manifest(Path(), (*mixed.films[:30], *drawn.films[30:]))
    for manifest, kind in (
        (mixed, "real"),
        (drawn, "synthetic"),
        (half, "mixed"),
        (set_of(records, source=""), "not told"),
    ):
        told = evaluate_models([records], manifest, FRAIWAN3, samples=200)["models"][0]["origin"]
        assert told["films"] == kind
        assert sum(told["sources"].values()) == told["n_labelled"] == 60


def test_models_are_compared_with_the_first() -> None:
    models = [predictions(FRAIWAN3, 60, seed=s, model=f"model {s}") for s in range(3)]
    told = evaluate_models(models, set_of(models[0]), FRAIWAN3, samples=200)
    assert [m["model"] for m in told["models"]] == ["model 0", "model 1", "model 2"]
    assert [(c["first"], c["second"]) for c in told["comparisons"]] == [
        ("model 0", "model 1"), ("model 0", "model 2")
    ]  # fmt: skip
    for other, pair in zip(told["models"][1:], told["comparisons"], strict=True):
        assert pair["differences"]["accuracy"]["second"] == other["figures"]["accuracy"]["value"]
