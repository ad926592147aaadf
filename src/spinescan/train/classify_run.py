"""The folder of a classifier's training, and the note in it that tells what is trained there."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spinescan.core.errors import DataError
from spinescan.core.task import VIEW, Label, Task
from spinescan.data.checks import label_of
from spinescan.data.manifest import ManifestFilm
from spinescan.train.checkpoint import RUN_FILE
from spinescan.train.classify_parts import FINAL, Part
from spinescan.train.classify_recipe import ClassifyRecipe
from spinescan.train.epochs import BEST, FITTED

PREDICTIONS = "predictions.jsonl"
VALIDATION = "validation.json"
PART = "part.json"
TEST_OPENED = "test_opened.json"
PIPELINE = "pipeline.py"

_MADE = ("*/*.pt", f"*/*/{PIPELINE}")
"""What tells that a training of networks, or of heads on frozen features, has begun."""


@dataclass(frozen=True, slots=True)
class RunNote:
    """What a folder of a training holds: `run.json`.

    `films_sha256` is over the films, their groups, splits and labels; `trained_on` names the sets
    they come from, `views` theirs if all are known.
    """

    recipe: ClassifyRecipe
    task: Task
    films: int
    films_sha256: str
    trained_on: tuple[str, ...]
    views: tuple[str, ...]
    initial_weights: str

    def to_dict(self) -> dict[str, Any]:
        """The note as plain JSON types."""
        return {
            "recipe": self.recipe.to_dict(),
            "task": task_dict(self.task),
            "films": self.films,
            "films_sha256": self.films_sha256,
            "trained_on": list(self.trained_on),
            "views": list(self.views),
            "initial_weights": self.initial_weights,
        }


def make_note(
    films: Sequence[ManifestFilm],
    task: Task,
    recipe: ClassifyRecipe,
    weights: str,
    trained_on: Sequence[str] = (),
) -> RunNote:
    """The note of a training on these films, from weights that were `trained_on` others before."""
    rows = [(film.sha256, film.group, film.split, label_of(film, task)) for film in films]
    # A model that tells views is asked about any film.
    views = {""} if task.name == VIEW.name else {film.view for film in films}
    return RunNote(
        recipe,
        task,
        len(films),
        _digest(rows),
        tuple(sorted({*trained_on, *(film.source for film in films)} - {""})),
        () if "" in views else tuple(sorted(views)),
        weights,
    )


def claim(folder: Path, note: RunNote) -> None:
    """Write the note into `folder`, so that nothing else is carried on there by mistake.

    Raises
    ------
    DataError
        If it holds another training.
    """
    path, text = folder / RUN_FILE, json.dumps(note.to_dict(), indent=1) + "\n"
    begun = path.is_file() and any(any(folder.glob(made)) for made in _MADE)
    if begun and path.read_text(encoding="utf-8") != text:
        raise DataError(
            f"{folder} holds another training (recipe, films or initial weights differ from "
            f"{RUN_FILE}): choose another folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def read_note(folder: Path) -> RunNote:
    """The note of a classifier's training.

    Raises
    ------
    DataError
        If there is none, or it is of another kind of model.
    """
    path = folder / RUN_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return RunNote(
            **{
                **values,
                "recipe": ClassifyRecipe.from_dict(values["recipe"]),
                "task": _task(values["task"]),
                "trained_on": tuple(values["trained_on"]),
                "views": tuple(values["views"]),
            }
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder}: not a classifier's training ({RUN_FILE}: {error})") from error


def network_folder(run: Path, part: str | None = None) -> Path:
    """The folder of a trained network in a run: the part asked for, the final one, or the only one.

    `run` may be such a folder itself.

    Raises
    ------
    DataError
        If there is none that is finished, or there are several to choose from.
    """
    if part is None and (run / BEST).is_file():
        return run
    done = sorted(path.parent.name for path in run.glob(f"*/{FITTED}"))
    if part is None and FINAL in done:
        part = FINAL
    if part is None and len(done) == 1:
        part = done[0]
    if part is not None and part in done:
        return run / part
    if not done:
        raise DataError(f"{run}: no finished training of a classifier in it")
    raise DataError(
        f"{run} holds {len(done)} networks and {'no ' + part if part else 'no final one'}: name "
        f"one of {', '.join(done)}, or train one on all films (--final)"
    )


def claim_part(folder: Path, part: Part, films: Sequence[ManifestFilm]) -> None:
    """Note in a network's folder which films teach, choose and test: other folds go elsewhere.

    Raises
    ------
    DataError
        If a network was trained there on others.
    """
    path = folder / PART
    splits = {"train": part.train, "validation": part.validation, "test": part.test}
    plan = {
        split: {
            "films": len(places),
            "groups": len({films[k].group for k in places}),
            "films_sha256": _digest([films[k].sha256 for k in places]),
        }
        for split, places in splits.items()
    }
    text = json.dumps(plan, indent=1) + "\n"
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        raise DataError(f"{folder} was trained on other splits: choose another folder for the run")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def note_test_opened(folder: Path, films: int) -> None:
    """Note in a network's folder that its test films are looked at, when, and how often so far.

    Once is what an honest figure needs. More than once means that a run was cut off there.
    """
    path = folder / TEST_OPENED
    now = datetime.now(UTC).isoformat(timespec="seconds")
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    path.write_text(json.dumps([*before, {"at": now, "films": films}]) + "\n", encoding="utf-8")


def task_dict(task: Task) -> dict[str, Any]:
    """A task as plain JSON types, as a bundle holds it."""
    return {**asdict(task), "labels": [asdict(label) for label in task.labels]}


def _digest(rows: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _task(values: Mapping[str, Any]) -> Task:
    labels = tuple(Label(**label) for label in values["labels"])
    return Task(**{**values, "labels": labels})
