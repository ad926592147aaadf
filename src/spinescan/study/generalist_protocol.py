"""What the generalist-against-specialists study decides before any model is taught.

`protocol.json` tells all of it. A folder keeps the protocol that was written there first: a study
by another one goes elsewhere, so that nothing can be decided by its result.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from spinescan.core.errors import DataError
from spinescan.core.report import RESEARCH_USE
from spinescan.core.task import KYPHOSIS, LORDOSIS, SAGITTAL3, Task

PROTOCOL = "protocol.json"
SCHEMA_VERSION = "1.0"

Mode = Literal["fast", "full"]

GENERALIST, SPECIALISTS, MEASURED = "generalist", "specialists", "measured"
NETWORKS: dict[str, Task] = {
    GENERALIST: SAGITTAL3,
    KYPHOSIS.name: KYPHOSIS,
    LORDOSIS.name: LORDOSIS,
}
"""The networks that are taught, by name, and what each is asked."""

QUESTIONS = {task.name: task for task in (SAGITTAL3, KYPHOSIS, LORDOSIS)}
PRIMARY = SAGITTAL3.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a study is run by; all of it stands in the protocol.

    Parameters
    ----------
    folds, only_folds
        How many folds the films are divided into, and how many of them are tested (None: all).
    seeds
        Of the networks' first weights and the order of films; all share the same films and folds.
    split_seed
        Of the folds, and of the films of the training folds that are held out for validation.
    named_accuracy
        The validation accuracy whose time is told.
    tolerance
        Networks whose validation accuracies differ by no more are told apart by their speed.
    margin_deg
        Films nearer to a border than this are told apart.
    equivalence
        Accuracies that surely differ by less than this are called alike.
    power
        That the sizes of a plan are for.
    draws
        Of the bootstrap.
    """

    mode: Mode = "fast"
    folds: int = 5
    only_folds: int | None = None
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    split_seed: int = 1
    validation_share: float = 0.2
    named_accuracy: float = 0.8
    tolerance: float = 0.01
    margin_deg: float = 5.0
    equivalence: float = 0.05
    alpha: float = 0.05
    power: float = 0.8
    draws: int = 2000

    def __post_init__(self) -> None:
        if self.folds < 2:
            raise ValueError(f"need two folds or more, got {self.folds}")
        if self.only_folds is not None and not 1 <= self.only_folds <= self.folds:
            raise ValueError(f"only_folds must lie in 1..{self.folds}, got {self.only_folds}")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds must be some, each once, got {self.seeds}")
        for name in ("validation_share", "named_accuracy", "equivalence", "alpha", "power"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} must lie between 0 and 1, got {getattr(self, name)}")

    @property
    def tested_folds(self) -> range:
        """The folds whose films are tested."""
        return range(self.folds if self.only_folds is None else self.only_folds)


def make_protocol(
    settings: Settings,
    films: Mapping[str, Any],
    teaching: Mapping[str, Any],
    measured: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The protocol as plain JSON types.

    Parameters
    ----------
    films
        Of `generalist_films.describe`.
    teaching
        How networks are taught: recipe, first weights, budget, selection.
    measured
        The landmark bundle of "measure, then threshold"; None where there is none.
    """
    synthetic = "synthetic " if films["origin"] == "synthetic" else ""
    told: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "research_use": RESEARCH_USE,
        "title": f"Generalist against specialists on {synthetic}lateral films",
        "question": "Is one network that tells healthy, kyphosis and lordosis apart more accurate "
        "than two that each tell one of these from healthy?",
        "settings": asdict(settings),
        "films": dict(films),
        "folds": "stratified by class, in whole groups; each film is tested once for each seed, by "
        "networks that have seen nobody of its group",
        "networks": {name: list(task.codes) for name, task in NETWORKS.items()},
        "teaching": dict(teaching),
        "measured": measured if measured is None else dict(measured),
        "answers": {
            "of_seeds": "scores are averaged over the seeds: one answer a film; each seed is told, "
            "too",
            "generalist_on_a_specialists_question": "its scores of the two labels, divided by "
            "their sum",
            "specialists_on_the_generalists_question": "with k and l the probabilities of kyphosis "
            "and lordosis by the two, taken as independent: healthy (1-k)(1-l), kyphosis k(1-l), "
            "lordosis (1-k)l, both kl; of the first three each is divided by their sum, as the "
            "films asked about have one class",
            "without_an_answer": "an abstention or a failure counts as an error",
            "films_that_are_both": "teach no network, as neither single label is true of them; all "
            "are asked about them, in a table of its own: the two specialists combined can answer "
            "both, the generalist cannot",
        },
        "comparisons": comparisons(with_measured=measured is not None),
        "primary": PRIMARY + "-" + SPECIALISTS,
        "tests": f"exact McNemar on films, two-sided, corrected by Holm over all comparisons; a "
        f"difference is called shown where the corrected p is at most {settings.alpha:g} and the "
        "bootstrap interval by group leaves out zero",
        "choice": "of the networks of one kind the one of the highest validation accuracy; of "
        f"those within {settings.tolerance:g} of it the one that was there after the fewest steps",
    }
    as_json: dict[str, Any] = json.loads(json.dumps(told))
    return as_json


def comparisons(*, with_measured: bool) -> list[dict[str, str]]:
    """All that are tested: `second` minus `first` on the films of a question."""
    pairs = [(PRIMARY, SPECIALISTS, GENERALIST)]
    pairs += [(task.name, task.name, GENERALIST) for task in (KYPHOSIS, LORDOSIS)]
    if with_measured:
        pairs += [(PRIMARY, MEASURED, GENERALIST), (PRIMARY, MEASURED, SPECIALISTS)]
    return [
        {"name": f"{question}-{first}" if second == GENERALIST else f"{question}-{second}-{first}",
         "question": question, "first": first, "second": second}
        for question, first, second in pairs
    ]  # fmt: skip


def claim_protocol(folder: Path, protocol: Mapping[str, Any]) -> None:
    """Write the protocol into a folder that has none, or make sure that it is the one there.

    Raises
    ------
    DataError
        If the folder holds another one.
    """
    path = folder / PROTOCOL
    if path.is_file():
        other = _differing(read_protocol(folder), protocol)
        if other:
            raise DataError(
                f"{folder} holds a study by another protocol ({', '.join(other)} differ): a "
                "protocol is not changed once it is written, so choose another folder"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(protocol, indent=1, ensure_ascii=False) + "\n"
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def read_protocol(folder: Path) -> dict[str, Any]:
    """The protocol of a study's folder.

    Raises
    ------
    DataError
        If there is none, or it is not understood.
    """
    path = folder / PROTOCOL
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        settings_of(values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not the protocol of a study ({error})") from error
    read: dict[str, Any] = values
    return read


def settings_of(protocol: Mapping[str, Any]) -> Settings:
    """The settings that a protocol tells."""
    told = dict(protocol["settings"])
    return Settings(**{**told, "seeds": tuple(told["seeds"])})


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> Sequence[str]:
    names = dict.fromkeys((*one, *other))
    return [name for name in names if one.get(name) != other.get(name)]
