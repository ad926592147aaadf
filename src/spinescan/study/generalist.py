"""The generalist against the specialists: the analysis, from predictions alone.

A study's folder holds

    protocol.json      what was decided before anything was taught
    films.csv          the films, their truth, folds and distances to borders
    predictions/       what each contestant answered: generalist, kyphosis, lordosis, and measured
                       where there is a lateral landmark model
    rounds.jsonl       how the networks learnt
    study.json, .html  what came out of it
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import SAGITTAL3
from spinescan.data.manifest import Manifest, read_manifest
from spinescan.io.words import product
from spinescan.study.classes import confusion, confusion_figures
from spinescan.study.compare import mcnemar_exact
from spinescan.study.draws import Floats, GroupDraws, Sampled, rounded, sample
from spinescan.study.generalist_answers import (
    FOUR,
    Contestant,
    Ints,
    Scores,
    decided,
    gather,
)
from spinescan.study.generalist_films import BOTH, FILMS, fold_of, margin_of, truth_of
from spinescan.study.generalist_protocol import (
    GENERALIST,
    MEASURED,
    NETWORKS,
    QUESTIONS,
    SPECIALISTS,
    Settings,
    read_protocol,
    settings_of,
)
from spinescan.study.generalist_words import answer_of, notes_of
from spinescan.study.learning import ROUNDS, Round, learning_figures, read_rounds
from spinescan.study.metrics import share_with_interval
from spinescan.study.power import holm, planned
from spinescan.study.predictions import PredictionRecord, read_predictions

Flags = NDArray[np.bool_]

PREDICTIONS = "predictions"
SCHEMA_VERSION = "1.0"


def analyse_folder(folder: Path) -> dict[str, Any]:
    """`analyse` of what a study's folder holds.

    Raises
    ------
    DataError
        If something is missing, or does not belong to the protocol.
    """
    protocol = read_protocol(folder)
    names = [*NETWORKS, *([] if protocol["measured"] is None else [MEASURED])]
    files = {name: folder / PREDICTIONS / f"{name}.jsonl" for name in names}
    return analyse(
        protocol,
        read_manifest(folder / FILMS),
        {name: read_predictions(file) for name, file in files.items()},
        read_rounds(folder / ROUNDS),
    )


def analyse(
    protocol: Mapping[str, Any],
    films: Manifest,
    predictions: Mapping[str, Sequence[PredictionRecord]],
    rounds: Sequence[Round],
) -> dict[str, Any]:
    """The study's result as plain JSON types.

    Parameters
    ----------
    protocol
        Of `generalist_protocol.make_protocol`.
    films
        Those of `films.csv`; the ones of tested folds are judged.
    predictions
        By contestant; a network's `repeat` is the place of its seed.
    rounds
        How the networks learnt; may be empty.

    Raises
    ------
    DataError
        If answers are missing.
    """
    settings = settings_of(protocol)
    tested = tuple(film for film in films.films if fold_of(film) in settings.tested_folds)
    scores = gather(tested, predictions, len(settings.seeds))
    questions = {name: _Question(name, scores, settings) for name in QUESTIONS}
    compared = [
        questions[pair["question"]].compare(pair["first"], pair["second"], pair["name"])
        for pair in protocol["comparisons"]
    ]
    corrected = holm({one["name"]: one["mcnemar"]["p"] for one in compared})
    for one in compared:
        p = corrected[one["name"]]
        one["mcnemar"] |= {"p": _digits(one["mcnemar"]["p"]), "p_holm": _digits(p)}
    study: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "research_use": RESEARCH_USE,
        "product": product(),
        "title": protocol["title"],
        "protocol": dict(protocol),
        "questions": {name: question.told() for name, question in questions.items()},
        "comparisons": compared,
        "both": _both(scores),
        "learning": {
            name: learning_figures(own, settings.named_accuracy, settings.tolerance)
            for name in NETWORKS
            if (own := [one for one in rounds if one.network == name])
        },
        "intervals": f"95 %, percentile, {settings.draws} bootstrap draws of groups",
    }
    return {**study, "answer": answer_of(study), "notes": notes_of(study)}


@dataclass(frozen=True, slots=True, eq=False)
class _Answered:
    """Films with truth and answer, as places of `labels` labels."""

    truth: Ints
    answer: Ints
    labels: int


def _figures(films: _Answered, weights: Floats) -> dict[str, Floats]:
    counts = confusion(films.truth, films.answer, films.labels, weights)
    present = np.bincount(films.truth, minlength=films.labels) > 0
    found = confusion_figures(counts, present)
    return {name: found[name] for name in ("accuracy", "balanced_accuracy", "recall")}


class _Question:
    """A question, its films, and who answers it."""

    def __init__(self, name: str, scores: Scores, settings: Settings) -> None:
        self.name, self.task, self.settings = name, QUESTIONS[name], settings
        self.scores = scores
        self.places = scores.places(self.task)
        self.truth = scores.truth(self.task)
        self.groups = scores.groups(self.places)
        self.contestants = scores.contestants(self.task)
        margins = np.array([margin_of(scores.films[place]) for place in self.places])
        self.near = margins < settings.margin_deg
        self.far = margins >= settings.margin_deg

    def told(self) -> dict[str, Any]:
        count = np.bincount(self.truth, minlength=len(self.task.codes))
        return {
            "labels": list(self.task.codes),
            "n_films": len(self.truth),
            "n_groups": len(set(self.groups)),
            "n_by_class": dict(zip(self.task.codes, count.tolist(), strict=True)),
            "n_near": int(self.near.sum()),
            "n_far": int(self.far.sum()),
            "contestants": {name: self._contestant(name) for name in self.contestants},
        }

    def compare(self, first: str, second: str, name: str) -> dict[str, Any]:
        """`second` minus `first`; the p is not corrected yet."""
        one, two = self.contestants[first], self.contestants[second]
        every = np.ones(len(self.truth), dtype=bool)
        pooled = self._difference(one.pooled[None], two.pooled[None], every)
        right_one, right_two = one.pooled == self.truth, two.pooled == self.truth
        only_first = int((right_one & ~right_two).sum())
        only_second = int((~right_one & right_two).sum())
        seeds = max(len(one.by_seed), len(two.by_seed))
        return {
            "name": name,
            "question": self.name,
            "first": first,
            "second": second,
            "n_films": len(self.truth),
            "n_groups": len(set(self.groups)),
            **pooled,
            "mcnemar": {
                "only_first_right": only_first,
                "only_second_right": only_second,
                "both_right": int((right_one & right_two).sum()),
                "both_wrong": int((~right_one & ~right_two).sum()),
                "p": mcnemar_exact(only_first, only_second),
            },
            "plan": planned(
                only_first,
                only_second,
                len(self.truth),
                alpha=self.settings.alpha,
                power=self.settings.power,
            ),
            "single_network": self._difference(one.by_seed, two.by_seed, every),
            "by_seed": [
                self._seed(_row(one, place), _row(two, place)) for place in range(seeds)
            ],
            "near": self._part(one, two, self.near),
            "far": self._part(one, two, self.far),
        }  # fmt: skip

    def _contestant(self, name: str) -> dict[str, Any]:
        own = self.contestants[name]
        every = np.ones(len(self.truth), dtype=bool)
        draws = self._draws(every)
        found = self._sampled(own.pooled[None], every, draws)
        by_seed = (own.by_seed == self.truth).mean(1)
        told: dict[str, Any] = {
            "accuracy": found["accuracy"].told(len(draws.names), share=True),
            "balanced_accuracy": found["balanced_accuracy"].told(len(draws.names), share=True),
            "recall": {
                code: found["recall"].at(k).told(len(draws.names), share=True)
                for k, code in enumerate(self.task.codes)
            },
            "near": self._accuracy(own.pooled, self.near),
            "far": self._accuracy(own.pooled, self.far),
            "by_seed": [round(float(value), 4) for value in by_seed],
        }
        if len(by_seed) > 1:
            single = self._sampled(own.by_seed, every, draws)["accuracy"]
            told["single_network"] = single.told(len(draws.names))
            told["seeds"] = {
                "mean": round(float(by_seed.mean()), 4),
                "sd": round(float(by_seed.std(ddof=1)), 4),
                "lowest": round(float(by_seed.min()), 4),
                "highest": round(float(by_seed.max()), 4),
            }
        if name == MEASURED:
            told["outcomes"] = self._outcomes()
        return told

    def _outcomes(self) -> dict[str, int]:
        """What became of the films by measuring; "another" is an answer that is none of these."""
        outcomes = Counter(self.scores.measured_outcome[place] for place in self.places)
        labels = [self.scores.measured_label[place] for place in self.places]
        another = sum(label is not None and label not in self.task.codes for label in labels)
        return {name: outcomes[name] for name in ("accepted", "abstained", "failed")} | {
            "another": another
        }

    def _draws(self, part: Flags) -> GroupDraws:
        groups = [group for group, kept in zip(self.groups, part, strict=True) if kept]
        return GroupDraws.of(groups, samples=self.settings.draws)

    def _sampled(self, rows: Ints, part: Flags, draws: GroupDraws) -> dict[str, Sampled]:
        """Figures, averaged over `rows` of answers (seeds, n)."""
        groups = [group for group, kept in zip(self.groups, part, strict=True) if kept]
        labels = len(self.task.codes)
        films = [(_Answered(self.truth[part], row[part], labels), groups) for row in rows]
        return sample(_figures, films, draws)

    def _difference(self, one: Ints, two: Ints, part: Flags) -> dict[str, Any]:
        draws = self._draws(part)
        first, second = (self._sampled(rows, part, draws) for rows in (one, two))
        return {
            name: {
                "first": rounded(float(first[name].value)),
                "second": rounded(float(second[name].value)),
                **(second[name] - first[name]).told(len(draws.names)),
            }
            for name in ("accuracy", "balanced_accuracy")
        }

    def _part(self, one: Contestant, two: Contestant, part: Flags) -> dict[str, Any] | None:
        if not part.any():
            return None
        told = self._difference(one.pooled[None], two.pooled[None], part)
        return {"n_films": int(part.sum()), "accuracy": told["accuracy"]}

    def _accuracy(self, answer: Ints, part: Flags) -> dict[str, Any] | None:
        if not part.any():
            return None
        draws = self._draws(part)
        found = self._sampled(answer[None], part, draws)["accuracy"]
        return {"n_films": int(part.sum()), **found.told(len(draws.names), share=True)}

    def _seed(self, one: Ints, two: Ints) -> dict[str, Any]:
        first, second = one == self.truth, two == self.truth
        only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
        return {
            "difference": round(float(second.mean() - first.mean()), 4),
            "only_first_right": only_first,
            "only_second_right": only_second,
            "p": _digits(mcnemar_exact(only_first, only_second)),
        }


def _row(contestant: Contestant, place: int) -> Ints:
    row: Ints = contestant.by_seed[min(place, len(contestant.by_seed) - 1)]
    return row


def _both(scores: Scores) -> dict[str, Any]:
    """What is answered to films that are both, and how often both is said of others."""
    truths = np.array([truth_of(film) for film in scores.films])
    both = truths == BOTH
    generalist = decided(scores.networks[GENERALIST].mean(0))
    told: dict[str, Any] = {
        "n_films": int(both.sum()),
        "contestants": {
            GENERALIST: {"can_say_both": False} | _said(generalist, both, SAGITTAL3.codes),
            SPECIALISTS: {"can_say_both": True}
            | _said(decided(scores.combined().mean(0)), both, FOUR),
        },
        "each_specialist_says_yes": {
            name: share_with_interval(
                int((decided(scores.networks[name].mean(0))[both] == 1).sum()), int(both.sum())
            )
            for name in NETWORKS
            if name != GENERALIST
        },
    }
    if scores.measured is not None:
        labels = [-1 if label is None else FOUR.index(label) for label in scores.measured_label]
        told["contestants"][MEASURED] = {"can_say_both": True} | _said(
            np.array(labels, np.int64), both, FOUR
        )
    return told


def _said(answer: Ints, both: Flags, codes: Sequence[str]) -> dict[str, Any]:
    place = len(SAGITTAL3.codes)
    return {
        "answers": {code: int((answer[both] == k).sum()) for k, code in enumerate(codes)}
        | {"none": int((answer[both] < 0).sum())},
        "said_both": share_with_interval(int((answer[both] == place).sum()), int(both.sum())),
        "said_both_of_others": share_with_interval(
            int((answer[~both] == place).sum()), int((~both).sum())
        ),
    }


def _digits(p: float) -> float:
    return float(f"{p:.3g}")
