from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinescan.core.errors import DataError
from spinescan.core.task import FRAIWAN3, VIEW
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.study.judged import NO_LINE, judge, repeats_of, with_truth
from spinescan.study.predictions import PredictionRecord
from tests.study.simulated import predictions

RECORDS = predictions(FRAIWAN3, 6)


def manifest(
    records: tuple[PredictionRecord, ...] = RECORDS, split: str = "", **labels: str
) -> Manifest:
    films = tuple(
        ManifestFilm(
            r.image, r.sha256, r.group, split,  # type: ignore[arg-type]
            labels={r.task: r.truth or "", **labels},
        )
        for r in records
    )  # fmt: skip
    return Manifest(Path("films"), films)


def test_arrays_are_what_the_records_say() -> None:
    records = predictions(FRAIWAN3, 30, least=0.6, failed=0.2)
    films = judge(records, FRAIWAN3)
    assert [record.sha256 for record in films.records] == sorted(r.sha256 for r in records)
    for i, record in enumerate(films.records):
        assert FRAIWAN3.codes[films.truth[i]] == record.truth
        if record.scores is None:
            assert not films.scored[i]
            assert (films.answer[i], films.best[i]) == (-1, -1)
            assert films.confidence[i] == -np.inf
        else:
            assert films.probabilities[i].tolist() == [record.scores[c] for c in FRAIWAN3.codes]
            assert films.confidence[i] == max(record.scores.values())
            assert record.scores[FRAIWAN3.codes[films.best[i]]] == films.confidence[i]
            assert (films.answer[i] == -1) == (record.decision == "abstained")
    assert {"failed", "abstained", "accepted"} == {record.decision for record in records}


def test_scores_are_found_by_name() -> None:
    turned = tuple(replace(r, scores=dict(reversed((r.scores or {}).items()))) for r in RECORDS)
    assert (judge(turned, FRAIWAN3).probabilities == judge(RECORDS, FRAIWAN3).probabilities).all()


def test_repeats_and_parts_stay_apart() -> None:
    records = (
        *RECORDS,
        *predictions(FRAIWAN3, 6, repeat=1),
        *predictions(FRAIWAN3, 4, part="validation", first=100),
        replace(predictions(FRAIWAN3, 1, first=50)[0], truth=None),
    )
    assert [len(films) for films in repeats_of(records, FRAIWAN3, "test")] == [6, 6]
    assert [len(films) for films in repeats_of(records, FRAIWAN3, "validation")] == [4]


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ((*RECORDS, RECORDS[0]), "answered twice in repeat 0"),
        ((replace(RECORDS[0], task="als7"),), "predicted for task 'als7', not 'fraiwan3'"),
        ((replace(RECORDS[0], truth="4C"),), "normal, scoliosis, spondylolisthesis, got '4C'"),
        (
            (replace(RECORDS[0], scores={"normal": 1.0}, label="normal"),),
            "no score for 'scoliosis'",
        ),
    ],
)
def test_wrong_records_are_named(records: tuple[PredictionRecord, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        repeats_of(records, FRAIWAN3, "test")


def test_truth_is_that_of_the_manifest() -> None:
    blind = tuple(replace(r, truth=None) for r in RECORDS)
    assert with_truth(blind, manifest(), FRAIWAN3) == RECORDS
    elsewhere = tuple(replace(r, image=f"other/{r.image}") for r in RECORDS)
    assert with_truth(elsewhere, manifest(), FRAIWAN3) == RECORDS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"truth": "other"}, "the predictions were made when its fraiwan3 was 'other'"),
        ({"group": "other"}, "is of group 'other', in the manifest of 'person 0'"),
        ({"sha256": "0" * 64}, "is not in the manifest"),
    ],
)
def test_what_contradicts_the_manifest_is_refused(change: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        with_truth((replace(RECORDS[0], **change), *RECORDS[1:]), manifest(), FRAIWAN3)


def test_a_film_of_the_part_without_a_line_failed() -> None:
    told = with_truth(RECORDS[:4], manifest(split="test"), FRAIWAN3)
    assert len(told) == 6
    assert [r.decision for r in told[4:]] == ["failed"] * 2
    assert told[5].reasons == (NO_LINE,)
    assert told[5].truth == RECORDS[5].truth
    # A set that is not split may be predicted in part, but then in every repeat the same.
    assert with_truth(RECORDS[:4], manifest(), FRAIWAN3) == RECORDS[:4]
    repeated = (*RECORDS[:4], *(replace(r, repeat=1) for r in RECORDS[:3]))
    told = with_truth(repeated, manifest(), FRAIWAN3)
    assert [(r.image, r.repeat, r.decision) for r in told[7:]] == [(RECORDS[3].image, 1, "failed")]


def test_films_of_the_other_parts_are_not_missed() -> None:
    assert with_truth(RECORDS[:4], manifest(split="train"), FRAIWAN3) == RECORDS[:4]


def test_a_cross_validation_may_leave_out_the_test_part() -> None:
    teaching, held_out = manifest(split="train"), manifest(split="test")
    both = Manifest(Path(), (*teaching.films[:4], *held_out.films[4:]))
    assert with_truth(RECORDS[:4], both, FRAIWAN3) == RECORDS[:4]


def test_a_film_may_validate_several_folds_but_be_tested_once() -> None:
    twice = (*RECORDS, *(replace(r, fold=1) for r in RECORDS))
    validation = tuple(replace(r, part="validation") for r in twice)
    assert len(repeats_of(validation, FRAIWAN3, "validation")[0]) == 12
    with pytest.raises(DataError, match="answered twice"):
        repeats_of(twice, FRAIWAN3, "test")


def test_a_view_is_told_by_its_own_column() -> None:
    (record,) = predictions(VIEW, 1)
    film = ManifestFilm(record.image, record.sha256, record.group, view="lateral")
    (told,) = with_truth((replace(record, truth=None),), Manifest(Path(), (film,)), VIEW)
    assert told.truth == "lateral"
