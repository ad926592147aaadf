"""The figures of simulated readers, whose agreement is known."""

import json
from typing import Any

import pytest

from spinescan.study.pages.readers import render_readers
from spinescan.study.readers.answers import Answer, CurveAnswer, ReaderAnswers
from spinescan.study.readers.consensus import consensus
from spinescan.study.readers.figures import Study, study_figures
from spinescan.study.readers.readings import of_answer, of_record
from tests.study.readers.simulated import BIASES, NOISE, SPREAD, key_of, readers_of

DRAWS = 400
KNOWS = 0.9


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    key = key_of(150, ("A", "B", "C"), repeats=40)
    return study_figures(Study(key, readers_of(key, knows=KNOWS)), samples=DRAWS)


def within(told: dict[str, Any], truth: float) -> bool:
    low, high = told["interval_95"]
    return bool(low <= truth <= high)


@pytest.mark.slow
def test_kappa_is_recovered(values: dict[str, Any]) -> None:
    family, label = values["questions"]
    assert (family["level"], label["level"]) == ("family", "label")  # the family first
    between = label["between"]
    assert within(between["fleiss_kappa"], KNOWS**2)
    assert within(between["krippendorff_alpha"], KNOWS**2)
    assert between["fleiss_kappa"]["value"] < 0.95  # the interval is not all there is
    assert sum(within(pair["cohen_kappa"], KNOWS**2) for pair in label["pairs"]) >= 2
    assert sum(within(one["cohen_kappa"], KNOWS**2) for one in label["within"]) >= 2
    assert [one["n_films"] for one in label["within"]] == [40, 40, 40]


@pytest.mark.slow
def test_icc_and_error_are_recovered(values: dict[str, Any]) -> None:
    cobb = next(angle for angle in values["angles"] if angle["name"] == "cobb_deg")
    bias = sum(b * b for b in BIASES) / 2
    icc = SPREAD**2 / (SPREAD**2 + bias + NOISE**2)
    assert within(cobb["between"]["icc_2_1"], icc)
    assert within(cobb["between"]["standard_error_of_measurement"], (bias + NOISE**2) ** 0.5)
    assert within(cobb["pairs"][0]["bias"], BIASES[1] - BIASES[0])
    assert sum(within(one["bias"], 0) for one in cobb["within"]) >= 2  # of three at 95 %


@pytest.mark.slow
def test_it_is_strict_json_and_a_page(values: dict[str, Any]) -> None:
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    page = render_readers(values)
    assert "Research use only." in page
    assert "<script" not in page
    for sentence in values["conclusions"]:
        assert sentence.replace("'", "&#39;") in page


@pytest.mark.parametrize("case", ["nobody", "one reader", "one film", "one answer", "no angle"])
def test_what_cannot_be_told_is_null_with_a_reason(case: str) -> None:
    key = key_of(1 if case == "one film" else 12, ("A", "B"))
    readers = readers_of(key, knows=1.0)
    if case == "nobody":
        readers = tuple(ReaderAnswers(one.reader, {}) for one in readers)
    if case == "one reader":
        readers = readers[:1]
    if case in ("one answer", "no angle"):
        labels = {"als7": "3CH"} if case == "one answer" else {"als7": "cannot_tell"}
        readers = tuple(
            ReaderAnswers(
                r.reader, {n: Answer(n, "frontal", True, labels=labels) for n in r.answers}
            )
            for r in readers
        )
    values = study_figures(Study(key, readers, {}), samples=200)
    json.dumps(values, allow_nan=False)
    kappa = values["questions"][0]["between"]["fleiss_kappa"]
    assert kappa["value"] is None
    assert kappa["reason"]
    assert values["warnings"]
    render_readers(values)


def test_missing_answers_are_counted() -> None:
    key = key_of(10, ("A", "B"))
    one, other = readers_of(key, knows=1.0)
    fewer = ReaderAnswers("B", {n: a for n, a in other.answers.items() if n > 3})
    values = study_figures(Study(key, (one, fewer)), samples=200)
    assert [r["n_missing"] for r in values["readers"]] == [0, 3]
    assert values["questions"][0]["between"]["n_missing"] == 3
    assert values["questions"][0]["between"]["n_films"] == 7
    assert any("Reader B left 3 of 10" in warning for warning in values["warnings"])


def record(**others: Any) -> dict[str, Any]:
    als = {"type": "4C", "decision": "accepted", "reasons": []}
    return {"decision": "accepted", "view": "frontal", "curves": [], "als": als,
            "measurements": [], "predictions": [], "bundles": []} | others  # fmt: skip


def test_spinescans_abstentions_are_an_answer_of_their_own() -> None:
    key = key_of(20, ("A", "B", "C"))
    readers = readers_of(key, knows=1.0)
    said = {
        place: readers[0].answers[number].labels["als7"]
        for number, place in enumerate(key.readers["A"], start=1)
    }
    records: dict[str, Any] = {}
    for place, film in enumerate(key.films):
        als = {"type": said[place], "decision": "accepted", "reasons": []}
        records[film.sha256] = record(als=als)
    for film in key.films[:4]:
        records[film.sha256] = record(decision="abstained")
    records[key.films[4].sha256] = {"error": {"kind": "empty", "message": ""}}
    values = study_figures(Study(key, readers, records), samples=300)
    assert values["spinescan"]["n_failed"] == 1
    assert values["spinescan"]["n_abstained"] == {"als7": 5}
    against = values["questions"][1]["spinescan"]["consensus"]
    assert against["percent_agreement"]["value"] == 0.75
    assert against["where_both_told"]["n_films"] == 15
    assert against["where_both_told"]["cohen_kappa"]["value"] == 1
    place = values["questions"][1]["spinescan"]["mean_kappa"]
    assert place["between_readers"]["value"] == 1
    assert place["difference"]["interval_95"][1] < 0
    assert any("less than they agree with each other" in text for text in values["conclusions"])


def test_kyphosis_is_compared_between_the_levels_that_readers_are_asked_for() -> None:
    told = [
        {"name": "TK_T5_T12", "value": 31.0, "unit": "deg"},
        {"name": "LL_L1_S1", "value": 55.0, "unit": "deg"},
    ]
    reading = of_record(record(view="lateral", measurements=told), ("als7",))
    assert reading.angles == {"ll_deg": 55.0}  # another upper level is another angle


def test_no_curve_is_an_answer_of_spinescan() -> None:
    none = {"type": None, "decision": "accepted", "reasons": ["no_curve"]}
    assert of_record(record(als=none), ("als7",)).labels == {"als7": "no_type"}


def test_a_classifier_answers_where_the_landmarks_were_declined() -> None:
    declined = record(
        decision="abstained", view="lateral",
        predictions=[{"task": task, "label": "kyphosis"} for task in ("kyphosis", "sagittal3")],
    )  # fmt: skip
    reading = of_record(declined, ("kyphosis", "lordosis", "sagittal3"))
    assert reading.labels == {
        "kyphosis": "kyphosis", "lordosis": "cannot_tell", "sagittal3": "cannot_tell",
    }  # fmt: skip
    declined = record(decision="abstained")
    assert of_record(declined, ("als7", "scoliosis")).labels == dict.fromkeys(
        ("als7", "scoliosis"), "cannot_tell"
    )


def test_what_was_measured_in_another_view_is_not_told() -> None:
    curve = CurveAnswer("T5", "T8", "T11", "right", 40.0)
    names = {}
    for view in ("", "frontal", "lateral", "other"):
        reading = of_answer(Answer(1, view, True, curves=(curve,), tk_deg=30.0), ("als7",))
        assert reading is not None
        names[view] = set(reading.angles)
        assert (reading.curve is not None) == (view in ("", "frontal"))
    cobb = {"cobb_deg", "cobb_thoracic_deg"}
    assert names == {"": cobb | {"tk_deg"}, "frontal": cobb, "lateral": {"tk_deg"}, "other": set()}


@pytest.mark.parametrize(
    ("answers", "least", "label"),
    [
        (["3CH", "3CH", "4C"], 0.5, "3CH"),
        (["3CH", "3CH", "4C"], 0.7, None),
        (["3CH", "4C"], 0.5, None),
        (["3CH", None, None], 0.5, None),
        (["3CH", "3CH", None], 0.5, "3CH"),
        (["3CH", "4C", "4CL"], 0.5, None),
    ],
)
def test_consensus(answers: list[str | None], least: float, label: str | None) -> None:
    found = consensus(answers, least)
    assert found.label == label
    assert bool(found.why) == (label is None)
