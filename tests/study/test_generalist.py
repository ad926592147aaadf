"""The study's analysis: laws of the answers, refusals, and the sentence in all its cases."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinescan.core.errors import DataError
from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import KYPHOSIS, SAGITTAL3
from spinescan.data.manifest import Manifest
from spinescan.study.generalist import analyse
from spinescan.study.generalist_answers import combined, decided, gather, restricted
from spinescan.study.generalist_films import choose_films, describe, fold_of, truth_of
from spinescan.study.generalist_protocol import (
    GENERALIST,
    MEASURED,
    PROTOCOL,
    SPECIALISTS,
    Settings,
    claim_protocol,
    settings_of,
)
from spinescan.study.generalist_words import outcome_of
from spinescan.study.judged import NO_ANSWER
from tests.study.studies import SETTINGS, Simulated, manifest_of, simulated

positive = st.floats(1e-3, 1)
three = arrays(np.float64, (5, 3), elements=positive)
two = arrays(np.float64, (5, 2), elements=positive)


def result(study: Simulated) -> dict[str, Any]:
    return analyse(study.protocol, study.films, study.predictions, study.rounds)


def pair(study: dict[str, Any], first: str, question: str = "sagittal3") -> dict[str, Any]:
    (found,) = [
        one
        for one in study["comparisons"]
        if one["question"] == question and one["first"] == first and one["second"] == GENERALIST
    ]
    return dict(found)


@given(three)
def test_restricted_scores_sum_to_one_and_keep_their_order(scores: np.ndarray) -> None:
    kept = restricted(scores, [0, 2])
    np.testing.assert_allclose(kept.sum(-1), 1)
    np.testing.assert_array_equal(kept[:, 0] > kept[:, 1], scores[:, 0] > scores[:, 2])


def test_nothing_restricted_is_no_answer() -> None:
    assert decided(restricted(np.array([[0.0, 1.0, 0.0]]), [0, 2])).tolist() == [NO_ANSWER]


@given(two, two)
def test_two_specialists_combined_are_probabilities(one: np.ndarray, other: np.ndarray) -> None:
    k, l_ = (scores / scores.sum(-1, keepdims=True) for scores in (one, other))
    four = combined(k, l_)
    np.testing.assert_allclose(four.sum(-1), 1)
    np.testing.assert_allclose(four[:, 1] + four[:, 3], k[:, 1])
    np.testing.assert_allclose(four[:, 2] + four[:, 3], l_[:, 1])


def test_folds_keep_persons_together_and_hold_every_film_once(tmp_path: Path) -> None:
    films = choose_films(manifest_of(tmp_path, 80), tmp_path, folds=5, seed=1)
    assert len(films.films) == 80
    home: dict[str, set[int]] = {}
    for film in films.films:
        home.setdefault(film.group, set()).add(fold_of(film))
    assert all(len(folds) == 1 for folds in home.values())
    for truth in (*SAGITTAL3.codes, "both"):
        found = {fold_of(film) for film in films.films if truth_of(film) == truth}
        assert found == set(range(5))


def test_frontal_and_test_films_take_no_part(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, 80)
    rows = list(manifest.films)
    rows[0:2] = [replace(film, view="frontal") for film in rows[0:2]]
    rows[2:4] = [replace(film, split="test") for film in rows[2:4]]
    films = choose_films(Manifest(tmp_path, tuple(rows)), tmp_path, folds=2, seed=1)
    assert len(films.films) == 76


def test_the_share_near_a_border_is_told(tmp_path: Path) -> None:
    films = choose_films(manifest_of(tmp_path, 80), tmp_path, folds=2, seed=1)
    near = describe(films, 5.0)["near_a_border"]
    assert (near["n"], near["share"], near["n_not_told"]) == (40, 0.5, 0)


def test_another_protocol_is_refused_and_the_same_one_is_not(tmp_path: Path) -> None:
    study = simulated(tmp_path)
    claim_protocol(tmp_path, study.protocol)
    before = (tmp_path / PROTOCOL).read_bytes()
    claim_protocol(tmp_path, study.protocol)
    other = simulated(tmp_path, settings=replace(SETTINGS, equivalence=0.1))
    with pytest.raises(DataError, match="another protocol \\(settings"):
        claim_protocol(tmp_path, other.protocol)
    assert (tmp_path / PROTOCOL).read_bytes() == before
    assert settings_of(json.loads(before)) == SETTINGS


def test_settings_that_make_no_sense() -> None:
    for wrong in ({"folds": 1}, {"only_folds": 9}, {"seeds": ()}, {"seeds": (1, 1)}, {"alpha": 0}):
        with pytest.raises(ValueError, match=r"must|need"):
            Settings(**wrong)  # type: ignore[arg-type]


def test_every_question_is_asked_on_its_own_films(tmp_path: Path) -> None:
    told = result(simulated(tmp_path))
    assert {name: q["n_films"] for name, q in told["questions"].items()} == {
        "sagittal3": 120,
        "kyphosis": 80,
        "lordosis": 80,
    }
    for question, specialist in (("kyphosis", "kyphosis"), ("sagittal3", SPECIALISTS)):
        assert set(told["questions"][question]["contestants"]) == {
            GENERALIST,
            specialist,
            MEASURED,
        }
    assert told["both"]["n_films"] == 40
    assert told["both"]["contestants"][SPECIALISTS]["answers"]["both"] > 0
    assert "both" not in told["both"]["contestants"][GENERALIST]["answers"]


def test_accuracies_are_those_of_the_mean_scores(tmp_path: Path) -> None:
    study = simulated(tmp_path)
    scores = gather(study.films.films, study.predictions, 2)
    place = scores.places(KYPHOSIS)
    mean = scores.networks["kyphosis"].mean(0)[place]
    right = (mean.argmax(1) == scores.truth(KYPHOSIS)).mean()
    contestant = result(study)["questions"]["kyphosis"]["contestants"]["kyphosis"]
    assert contestant["accuracy"]["value"] == pytest.approx(right, abs=1e-4)
    low, high = contestant["accuracy"]["interval_95"]
    assert low < right < high


def test_an_abstention_is_an_error_and_told_apart(tmp_path: Path) -> None:
    study = simulated(tmp_path, skill={MEASURED: 50})
    told = result(study)["questions"]["sagittal3"]["contestants"][MEASURED]
    assert told["outcomes"] == {"accepted": 119, "abstained": 1, "failed": 0, "another": 0}
    assert told["accuracy"]["value"] == pytest.approx(119 / 120, abs=1e-4)


@pytest.mark.slow
def test_swapping_the_models_flips_the_difference(tmp_path: Path) -> None:
    study = simulated(tmp_path, skill={GENERALIST: 2.5})
    pairs = [dict(one) for one in study.protocol["comparisons"]]
    swapped = [{**one, "first": one["second"], "second": one["first"]} for one in pairs]
    one = result(study)["comparisons"]
    two = result(replace(study, protocol={**study.protocol, "comparisons": swapped}))["comparisons"]
    for a, b in zip(one, two, strict=True):
        assert a["accuracy"]["value"] == -b["accuracy"]["value"]
        assert a["mcnemar"]["p"] == b["mcnemar"]["p"]
        assert a["mcnemar"]["only_first_right"] == b["mcnemar"]["only_second_right"]
        low, high = a["accuracy"]["interval_95"]
        assert b["accuracy"]["interval_95"] == pytest.approx([-high, -low], abs=1e-3)


@pytest.mark.slow
def test_p_is_corrected_for_all_comparisons(tmp_path: Path) -> None:
    told = result(simulated(tmp_path, skill={GENERALIST: 3}))
    assert len(told["comparisons"]) == 5
    assert len(result(simulated(tmp_path, measured=False))["comparisons"]) == 3
    for one in told["comparisons"]:
        assert one["mcnemar"]["p_holm"] >= one["mcnemar"]["p"]


def test_a_difference_that_is_shown(tmp_path: Path) -> None:
    answer = result(simulated(tmp_path, skill={GENERALIST: 5}))["answer"]
    assert answer["outcome"] == "different"
    assert "the generalist is more accurate than the two specialists combined" in answer["sentence"]
    assert "120 synthetic films of 60 groups" in answer["sentence"]


@pytest.mark.slow
def test_models_that_are_surely_alike(tmp_path: Path) -> None:
    sure = dict.fromkeys((GENERALIST, "kyphosis", "lordosis"), 7.0)
    answer = result(simulated(tmp_path, 640, skill=sure))["answer"]
    assert answer["outcome"] == "alike"
    assert "not shown to differ" in answer["sentence"]
    assert "less than 5 points apart" in answer["sentence"]


def test_data_that_cannot_answer(tmp_path: Path) -> None:
    answer = result(simulated(tmp_path, 80, source="clinic"))["answer"]
    assert answer["outcome"] == "no_answer"
    assert "the data cannot answer" in answer["sentence"]
    assert "needs about" in answer["sentence"] or "power" in answer["sentence"]
    assert "synthetic" not in answer["sentence"]


@pytest.mark.parametrize(
    ("interval", "p", "expected"),
    [
        ([0.01, 0.04], 0.01, "different"),
        ([0.01, 0.04], 0.2, "alike"),
        ([-0.01, 0.04], 0.01, "alike"),
        ([-0.01, 0.06], 0.2, "no_answer"),
        ([-0.05, 0.01], 0.2, "no_answer"),
        ([-0.2, -0.1], 0.001, "different"),
    ],
)
def test_the_outcome(interval: list[float], p: float, expected: str) -> None:
    comparison = {"accuracy": {"interval_95": interval}, "mcnemar": {"p_holm": p}}
    assert outcome_of(comparison, 0.05, 0.05) == expected


def test_missing_answers_are_refused(tmp_path: Path) -> None:
    study = simulated(tmp_path)
    study.predictions["kyphosis"].pop()
    with pytest.raises(DataError, match="kyphosis: 1 answers are missing"):
        result(study)


def test_two_answers_to_a_film_are_refused(tmp_path: Path) -> None:
    study = simulated(tmp_path)
    study.predictions["kyphosis"].append(study.predictions["kyphosis"][0])
    with pytest.raises(DataError, match="two answers"):
        result(study)


def test_one_who_never_gets_there_is_counted(tmp_path: Path) -> None:
    study = simulated(tmp_path)
    told = result(study)["learning"][GENERALIST]["to_named_accuracy"]
    assert (told["n_reached"], told["n_not_reached"], told["median_steps"]) == (0, 4, None)
    easy = simulated(tmp_path, settings=replace(SETTINGS, named_accuracy=0.63))
    told = result(easy)["learning"][GENERALIST]["to_named_accuracy"]
    assert (told["n_reached"], told["median_steps"], told["median_seconds"]) == (4, 15.0, 3.0)


@pytest.mark.slow
def test_only_some_folds_are_judged(tmp_path: Path) -> None:
    settings = replace(SETTINGS, only_folds=1)
    told = result(simulated(tmp_path, settings=settings))
    assert told["questions"]["sagittal3"]["n_films"] < 120
    assert "some_folds" in {note["code"] for note in told["notes"]}


@pytest.mark.slow
def test_the_page_says_synthetic_of_phantoms_alone(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from spinescan.study.pages.generalist import render_study

    page = render_study(result(simulated(tmp_path)))
    real = render_study(result(simulated(tmp_path, source="clinic", measured=False)))
    title = "<title>Generalist against specialists on synthetic lateral films"
    assert title in page
    assert "synthetic" not in real.lower()
    for text in (page, real):
        assert text.count(RESEARCH_USE) >= 2
        assert "<script" not in text
        assert "default-src 'none'" in text
        assert "Mistakes of the study before" in text
    assert "Nothing was measured" in real
