"""The whole of what a reader study tells: `readers.json`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from spinescan.core.report import RESEARCH_USE
from spinescan.study.draws import FEWEST_GROUPS, GroupDraws
from spinescan.study.readers import angle_figures, category_figures
from spinescan.study.readers.answers import Answer, ReaderAnswers
from spinescan.study.readers.category_figures import Rated
from spinescan.study.readers.consensus import consensus, mean_angle
from spinescan.study.readers.key import Key
from spinescan.study.readers.questions import CANNOT_TELL, Question, question
from spinescan.study.readers.readings import ANGLES, Reading, of_answer, of_record
from spinescan.study.readers.words import conclusions, warnings

MACHINE: Final = "SpineScan"
CONSENSUS: Final = "consensus"

Readings = dict[str, list[Reading | None]]
Records = Mapping[str, Mapping[str, Any]]
"""SpineScan's records (Reports or failures, as JSON) by the film's digest."""


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """A key with what its readers answered, and with SpineScan's answers if there are any.

    `first` holds each reader's first reading of each film, `again` the second showings, both one
    a film of the key.
    """

    key: Key
    answers: tuple[ReaderAnswers, ...]
    records: Records | None = None

    @property
    def readers(self) -> tuple[str, ...]:
        """Those who answered, in the key's order."""
        return tuple(one.reader for one in self.answers)

    @property
    def groups(self) -> tuple[str, ...]:
        """The person of each film."""
        return tuple(film.group for film in self.key.films)

    def first(self) -> Readings:
        """What each reader said when a film was shown first."""
        return {one.reader: self._showing(one, 0) for one in self.answers}

    def again(self) -> Readings:
        """What each reader said when a film was shown the second time; None for most."""
        return {one.reader: self._showing(one, 1) for one in self.answers}

    def machine(self) -> list[Reading | None]:
        """SpineScan's answers; None where it was not asked, and of films that no reader reads."""
        assert self.records is not None
        return [
            of_record(self.records[film.sha256], self.key.tasks)
            if film.sha256 in self.records
            else None
            for film in self.key.films
        ]

    def _showing(self, one: ReaderAnswers, showing: int) -> list[Reading | None]:
        found: list[Reading | None] = []
        for place in range(len(self.key.films)):
            numbers = self.key.numbers(one.reader, place)
            answer = one.answers.get(numbers[showing]) if showing < len(numbers) else None
            found.append(of_answer(answer, self.key.tasks))
        return found


def study_figures(study: Study, *, samples: int = 2000, seed: int = 0) -> dict[str, Any]:
    """All figures as plain JSON types, with intervals, warnings, and conclusions in words."""
    draws = GroupDraws.of(study.groups, samples=samples, seed=seed)
    first, again = study.first(), study.again()
    machine = None if study.records is None else study.machine()
    questions = [
        level
        for task in study.key.tasks
        for level in _levels(question(task), first, again, machine, study.groups, draws)
    ]
    values: dict[str, Any] = {
        "format": "spinescan-readers-report",
        "version": 1,
        "research_use": RESEARCH_USE,
        "set": study.key.set_id,
        "tasks": list(study.key.tasks),
        "n_films": len(study.key.films),
        "n_groups": len(set(study.groups)),
        "n_readers": len(study.readers),
        "readers_without_answers": [r for r in study.key.readers if r not in study.readers],
        "readers": [_reader(one, study) for one in study.answers],
        "intervals": {
            "level": 0.95,
            "method": "percentile bootstrap over groups (persons), all films of one drawn together;"
            " a share of 0 or 1: Wilson",
            "draws": samples,
            "seed": seed,
            "fewest_groups": FEWEST_GROUPS,
        },
        "spinescan": None if machine is None else _machine(study, machine),
        "questions": questions,
        "angles": _angles(first, again, machine, study.groups, draws),
        "end_vertebrae": _ends(first, machine, study.groups),
    }
    return values | {"warnings": warnings(values), "conclusions": conclusions(values)}


def _reader(one: ReaderAnswers, study: Study) -> dict[str, Any]:
    shown = study.key.readers[one.reader]
    said = [one.answers[n] for n in sorted(one.answers) if one.answers[n].said]
    unreadable = [answer for answer in said if answer.readable is False]
    return {
        "reader": one.reader,
        "n_shown": len(shown),
        "n_answered": len(said),
        "n_missing": len(shown) - len(said),
        "n_shown_twice": len(shown) - len(set(shown)),
        "n_unreadable": len(unreadable),
        "unreadable_for": _tally(answer.reason or "no reason given" for answer in unreadable),
        "confidence": _tally(answer.confidence for answer in said if answer.confidence),
        "labels": {task: _labels(said, task) for task in study.key.tasks},
    }


def _labels(said: Sequence[Answer], task: str) -> dict[str, int]:
    return _tally(answer.labels[task] for answer in said if task in answer.labels)


def _tally(values: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return found


def _machine(study: Study, machine: Sequence[Reading | None]) -> dict[str, Any]:
    records = study.records or {}
    asked = [records.get(film.sha256) for film in study.key.films]
    return {
        "n_films": sum(record is not None for record in asked),
        "n_not_asked": sum(record is None for record in asked),
        "n_failed": sum(record is not None and "error" in record for record in asked),
        "n_abstained": {
            task: sum(
                r is not None and r.labels[task] == CANNOT_TELL
                for r, *said in zip(machine, *study.first().values(), strict=True)
                if any(one is not None and task in one.labels for one in said)
            )
            for task in study.key.tasks
        },
        "bundles": sorted(
            {
                f"{bundle['name']} {bundle['version']}"
                for record in asked
                if record is not None
                for bundle in record.get("bundles", ())
            }
        ),
    }


def _levels(
    asked: Question,
    first: Readings,
    again: Readings,
    machine: Sequence[Reading | None] | None,
    groups: Sequence[str],
    draws: GroupDraws,
) -> list[dict[str, Any]]:
    """A question's figures: of its families first, where it has any, then of its labels."""
    name = asked.task.name
    found = []
    for level in ("family", "label") if asked.task.families else ("label",):

        def coarse(code: str | None, level: str = level) -> str | None:
            return asked.family(code) if code is not None and level == "family" else code

        def said(readings: Sequence[Reading | None], coarse: Any = coarse) -> list[str | None]:
            return [coarse(r.labels.get(name)) if r is not None else None for r in readings]

        labels = tuple(dict.fromkeys(str(coarse(code)) for code in asked.codes))
        answers = {reader: said(readings) for reader, readings in first.items()}
        rated = Rated.of(labels, answers, groups, draws)
        found.append(
            {
                "task": name,
                "level": level,
                "title": f"{asked.title}, family" if level == "family" else asked.title,
                "labels": list(labels),
                "between": category_figures.between_all(rated),
                "pairs": category_figures.pairs(rated),
                "within": _within(labels, answers, again, said, groups, draws),
                "spinescan": None if machine is None else _against(rated, answers, said(machine)),
            }
        )
    return found


def _within(
    labels: tuple[str, ...],
    answers: Mapping[str, Sequence[str | None]],
    again: Readings,
    said: Any,
    groups: Sequence[str],
    draws: GroupDraws,
) -> list[dict[str, Any]]:
    """Each reader against the same reader, on films shown twice."""
    found = []
    for reader, second in again.items():
        if not any(second):
            continue
        shown = {"first": answers[reader], "second": said(second)}
        rated = Rated.of(labels, shown, groups, draws)
        found.append({"reader": reader, **category_figures.pair(rated, "first", "second")})
    return found


def _against(
    rated: Rated, answers: Mapping[str, Sequence[str | None]], machine: Sequence[str | None]
) -> dict[str, Any]:
    """SpineScan against each reader and the consensus, and in the place of a reader."""
    films = range(len(rated.groups))
    together = [consensus([said[i] for said in answers.values()]) for i in films]
    everybody: dict[str, Sequence[str | None]] = {
        **answers,
        CONSENSUS: [one.label for one in together],
        MACHINE: machine,
    }
    all_rated = Rated.of(rated.labels, everybody, rated.groups, rated.draws)
    kappas = category_figures.mean_kappas(
        all_rated.among((*answers, MACHINE)),
        {
            "between_readers": list(combinations(answers, 2)),
            "spinescan_with_readers": [(reader, MACHINE) for reader in answers],
        },
    )
    place = None
    if kappas is not None:
        kappas["difference"] = kappas["spinescan_with_readers"] - kappas["between_readers"]
        place = {name: drawn.told(len(set(rated.groups))) for name, drawn in kappas.items()}
    return {
        "readers": [category_figures.pair(all_rated, reader, MACHINE) for reader in answers],
        "consensus": category_figures.pair(all_rated, CONSENSUS, MACHINE),
        "confusion": category_figures.confusion(all_rated, CONSENSUS, MACHINE),
        "n_films_without_consensus": sum(one.label is None for one in together),
        "mean_kappa": place,
    }


def _angles(
    first: Readings,
    again: Readings,
    machine: Sequence[Reading | None] | None,
    groups: Sequence[str],
    draws: GroupDraws,
) -> list[dict[str, Any]]:
    found = []
    for name, text in ANGLES.items():
        if not any(r is not None and name in r.angles for rs in first.values() for r in rs):
            continue
        twice = {
            reader: {"first": first[reader], "second": second}
            for reader, second in again.items()
            if any(second)
        }
        figures: dict[str, Any] = {
            "name": name,
            "title": text,
            "unit": "deg",
            "between": angle_figures.between_all(first, name, groups, draws),
            "pairs": angle_figures.pairs(first, name, groups, draws),
            "within": [
                {
                    "reader": reader,
                    **angle_figures.pair(two, "first", "second", name, groups, draws),
                }
                for reader, two in twice.items()
            ],
            "spinescan": None,
        }
        if machine is not None:
            figures["spinescan"] = _angle_against(first, machine, name, groups, draws)
        found.append(figures)
    return found


def _angle_against(
    first: Readings,
    machine: Sequence[Reading | None],
    name: str,
    groups: Sequence[str],
    draws: GroupDraws,
) -> dict[str, Any]:
    means = [mean_angle([rs[i] for rs in first.values()], name) for i in range(len(groups))]
    together = [None if mean is None else Reading(angles={name: mean}) for mean in means]
    everybody = {**first, CONSENSUS: together, MACHINE: machine}
    said = [r is not None and name in r.angles for r in machine]
    return {
        "readers": [
            angle_figures.pair(everybody, reader, MACHINE, name, groups, draws) for reader in first
        ],
        "consensus": angle_figures.pair(everybody, CONSENSUS, MACHINE, name, groups, draws),
        "n_consensus_only": sum(m is not None and not s for m, s in zip(means, said, strict=True)),
    }


def _ends(
    first: Readings, machine: Sequence[Reading | None] | None, groups: Sequence[str]
) -> list[dict[str, Any]]:
    everybody = first if machine is None else {**first, MACHINE: list(machine)}
    found = [
        angle_figures.end_vertebrae(everybody, one, two, groups)
        for one, two in combinations(everybody, 2)
    ]
    return [pair for pair in found if pair["n_films"]]
