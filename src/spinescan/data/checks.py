"""Whether films can teach and test a model of a task: found out before any training."""

from collections.abc import Sequence

from spinescan.core.errors import DataError, ReadError
from spinescan.core.task import TASKS, VIEW, Task
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.io.read import read_radiograph

_NAMED = 5


def task_of(manifest: Manifest, name: str) -> Task:
    """The task of this name: a known one, or the answers of the manifest's column, sorted.

    Raises
    ------
    DataError
        If it is not known and no column has two answers or more.
    """
    if name in TASKS:
        return TASKS[name]
    codes = sorted({film.labels[name] for film in manifest.films if name in film.labels})
    if not codes:
        raise DataError(
            f"no column {name!r} in the manifest; it has the labels "
            f"{', '.join(manifest.labels()) or 'none'}"
        )
    if len(codes) < 2:
        raise DataError(f"task {name!r} needs two classes or more, got only {codes[0]!r}")
    return Task.of_codes(name, tuple(codes))


def label_of(film: ManifestFilm, task: Task) -> str | None:
    """A film's label, None where it has none. The view is a column of its own.

    A task that is part of a wider one takes the wider one's label, if it has it too.
    """
    if task.name == VIEW.name:
        return film.view or None
    if task.name not in film.labels and task.within:
        wider = film.labels.get(task.within)
        return wider if wider in task.codes else None
    return film.labels.get(task.name)


def labelled(manifest: Manifest, task: Task) -> tuple[ManifestFilm, ...]:
    """The films that have a label for the task, in the manifest's order."""
    return tuple(film for film in manifest.films if label_of(film, task) is not None)


def check_task(manifest: Manifest, task: Task, *, read: bool = True) -> None:
    """Whether a model of the task can be trained and judged on these films.

    With `read` every labelled film is read, too.

    Raises
    ------
    DataError
        A label that the task has not, no film, one class only, a class without a film, one file in
        two groups or with two labels, a split without films of a class, or a film that cannot be
        read or has changed; it names the rows or films.
    """
    rows = [(n, f) for n, f in enumerate(manifest.films, start=2) if label_of(f, task) is not None]
    for number, film in rows:
        if label_of(film, task) not in task.codes:
            raise DataError(
                f"row {number}: {film.image}: {label_of(film, task)!r} is not a label of task "
                f"{task.name!r} ({', '.join(task.codes)})"
            )
    have = {label_of(film, task) for _, film in rows}
    if not have:
        raise DataError(f"no film has a label for task {task.name!r}")
    if len(have) == 1:
        raise DataError(f"task {task.name!r}: all films are {have.pop()!r}; two classes are needed")
    _check_twins(rows, task)
    missing = [code for code in task.codes if code not in have]
    if missing:
        raise DataError(f"task {task.name!r}: no film of class {', '.join(missing)}")
    for split in sorted({film.split for _, film in rows} - {""}):
        inside = {label_of(film, task) for _, film in rows if film.split == split}
        missing = [code for code in task.codes if code not in inside]
        if missing:
            raise DataError(f"split {split!r} has no film of class {', '.join(missing)}")
    if read:
        _check_readable(manifest, [film for _, film in rows])


def check_folds(parts: Sequence[Sequence[int]], labels: Sequence[str], task: Task) -> None:
    """Whether every part of a cross-validation has films of every class.

    Raises
    ------
    DataError
        If one has not.
    """
    for number, part in enumerate(parts):
        inside = {labels[index] for index in part}
        missing = [code for code in task.codes if code not in inside]
        if missing:
            raise DataError(
                f"fold {number} has no film of class {', '.join(missing)}; use fewer folds or more "
                "films"
            )


def _check_twins(rows: Sequence[tuple[int, ManifestFilm]], task: Task) -> None:
    first: dict[str, tuple[int, ManifestFilm]] = {}
    for number, film in rows:
        before, twin = first.setdefault(film.sha256, (number, film))
        if label_of(twin, task) != label_of(film, task):
            raise DataError(
                f"rows {before} and {number} are the same picture, once {label_of(twin, task)!r} "
                f"and once {label_of(film, task)!r}"
            )
        if twin.group != film.group:
            raise DataError(
                f"rows {before} and {number} are the same picture in the groups {twin.group!r} and "
                f"{film.group!r}; give them one"
            )


def _check_readable(manifest: Manifest, films: Sequence[ManifestFilm]) -> None:
    failed = []
    for film in films:
        try:
            if read_radiograph(manifest.folder / film.image).sha256 != film.sha256:
                failed.append(f"{film.image}: another file than was listed (SHA-256)")
        except ReadError as error:
            failed.append(str(error))
    if failed:
        raise DataError(f"{len(failed)} of {len(films)} films cannot be used: {first_few(failed)}")


def first_few(texts: Sequence[str]) -> str:
    """The first of many complaints, and how many more there are."""
    more = f" and {len(texts) - _NAMED} more" if len(texts) > _NAMED else ""
    return "; ".join(texts[:_NAMED]) + more
