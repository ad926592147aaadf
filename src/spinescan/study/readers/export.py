"""From the readers' answers to labels: which films have a consensus, and their rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spinescan.data.labelled import FoundFilm, write_labelled
from spinescan.data.manifest import KnownView, Manifest
from spinescan.study.readers.consensus import consensus
from spinescan.study.readers.figures import Study
from spinescan.study.readers.questions import question

SOURCE = "readers"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A film without a label for a task, and why."""

    file: str
    task: str
    why: str


def export_labels(
    study: Study, out: Path, *, least: float = 0.5, all_readers: bool = False
) -> tuple[Manifest | None, tuple[LeftOut, ...]]:
    """Write the readers' consensus as a manifest; films without any are left out and told.

    Columns: each task, `<task>_agreeing` (the share of the readers who answered that gave this
    label) and `<task>_readers` (how many answered); with `all_readers` also `<task>_of_<reader>`.
    Answers that are no label of the task, such as "cannot tell", count when it is decided what most
    say, but are not exported. Without a single label there is no manifest.

    Raises
    ------
    DataError
        A film cannot be read any more, or is not the one that was shown.
    OSError
        The manifest cannot be written.
    """
    first = study.first()
    films, left = [], []
    for place, film in enumerate(study.key.films):
        readings = {reader: said[place] for reader, said in first.items()}
        labels: dict[str, str] = {}
        for task in study.key.tasks:
            said = {r: one.labels.get(task) for r, one in readings.items() if one is not None}
            told, why = _labels(task, said, least)
            labels |= told
            if why:
                left.append(LeftOut(film.file, task, why))
            elif all_readers:
                labels |= {f"{task}_of_{r}": label for r, label in said.items() if label}
        if labels:
            view: KnownView = film.view or _view([t for t in study.key.tasks if t in labels])  # type: ignore[assignment]
            found = FoundFilm(
                Path(film.file), labels, film.group, view=view, source=SOURCE, sha256=film.sha256
            )
            films.append(found)
    return (write_labelled(films, out) if films else None), tuple(left)


def _labels(task: str, said: Mapping[str, str | None], least: float) -> tuple[dict[str, str], str]:
    """The columns of a film's task, or none and the reason."""
    together = consensus(list(said.values()), least)
    if together.label is None:
        return {}, together.why
    if together.label not in question(task).task.codes:
        return {}, f"most readers say {together.label}, which is no label of {task}"
    return {
        task: together.label,
        f"{task}_agreeing": f"{together.share:.2f}",
        f"{task}_readers": str(together.readers),
    }, ""


def _view(tasks: Sequence[str]) -> str:
    """The view that answered questions are about; empty if that does not tell one."""
    views = {question(task).view for task in tasks}
    return views.pop() if len(views) == 1 else ""
