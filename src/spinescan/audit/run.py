"""The audit of one or several data sets."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from spinescan.audit.confound import Telling, find_tellings, need_sklearn
from spinescan.audit.found import Audit, ClassCount, DataSet, Finding, Spread
from spinescan.audit.sentences import findings_of
from spinescan.audit.sights import Scan, Sight, Unread, look
from spinescan.audit.twins import Pair, find_twins
from spinescan.core.errors import DataError
from spinescan.core.intervals import wilson_interval
from spinescan.core.task import Task
from spinescan.data.checks import label_of, task_of
from spinescan.data.manifest import Manifest, ManifestFilm, read_films


def read_sets(paths: Sequence[Path]) -> tuple[DataSet, ...]:
    """The manifests, also those that contradict themselves; each under a name of its own.

    Raises
    ------
    DataError
        If one cannot be read or lists no film.
    """
    names = [path.stem if path.stem != "manifest" else path.absolute().parent.name
             for path in paths]  # fmt: skip
    sets = []
    for k, path in enumerate(paths):
        films = read_films(path)
        if not films:
            raise DataError(f"{path}: no film in it")
        name = names[k] if names.count(names[k]) == 1 else f"{names[k]} {k + 1}"
        sets.append(DataSet(name, path, films))
    return tuple(sets)


def audit_sets(
    sets: Sequence[DataSet],
    task: str | None,
    *,
    columns: Sequence[str] = (),
    scan: Scan | None = None,
    seed: int = 0,
    on_film: Callable[[], None] = lambda: None,
) -> Audit:
    """Look at all films, and find what is wrong.

    Parameters
    ----------
    task
        Its labels are judged, too; None for none.
    columns
        Columns of the manifests that count as properties which may tell the class.
    scan
        What finds spines; without it the film without its spine is not tried.
    on_film
        Called after each film.

    Raises
    ------
    DataError
        If the task is not known, or a column is not there.
    MissingExtraError
        Without scikit-learn.
    """
    need_sklearn()
    films = [film for one in sets for film in one.films]
    question = None if task is None else task_of(_loose(films), task)
    for column in columns:
        if not any(column in film.labels for film in films):
            raise DataError(f"no column {column!r} in the manifests")
    sights: list[Sight] = []
    unread: list[Unread] = []
    for seen in look(_listed(sets), scan):
        if isinstance(seen, Sight):
            sights.append(seen)
        else:
            unread.append(seen)
        on_film()
    pairs = find_twins(sights)
    labelled = [] if question is None else [s for s in sights if label_of(s.film, question)]
    known = [s for s in labelled if question and label_of(s.film, question) in question.codes]
    tellings: tuple[Telling, ...] = ()
    notes: tuple[Finding, ...] = ()
    if question is not None:
        labels = [str(label_of(s.film, question)) for s in known]
        try:
            tellings = find_tellings(
                as_one_person(known, pairs), labels, columns, covered=scan is not None, seed=seed
            )
        except DataError as error:
            text = f"What tells the class was not tried: {error}."
            notes = (Finding("look", "not_compared", text),)
    draft = Audit(
        sets=tuple(sets),
        task=question,
        sights=tuple(sights),
        unread=tuple(unread),
        classes=() if question is None else _classes(labelled, question),
        unknown_labels=tuple(s for s in labelled if s not in known),
        pairs=pairs,
        leaks=_spreads(sights, pairs, lambda film: film.split),
        label_pairs=() if question is None else _contradictions(pairs, question),
        label_groups=() if question is None else _label_groups(labelled, question),
        tellings=tellings,
        findings=notes,
    )
    return replace(draft, findings=(*findings_of(draft), *notes))


def as_one_person(sights: Sequence[Sight], pairs: Sequence[Pair]) -> list[Sight]:
    """The films, those of one person in one group as far as `pairs` tell.

    Nobody may be on both sides of a fold.
    """
    home = _homes([*sights, *(s for p in pairs for s in (p.a, p.b))], pairs)
    return [
        replace(s, film=replace(s.film, group=f"person {home[s.data_set, s.film.group]}"))
        for s in sights
    ]


def _loose(films: Iterable[ManifestFilm]) -> Manifest:
    """The films' labels as a manifest, whatever else is wrong with their rows."""
    return Manifest(Path(), tuple(_alone(film, k) for k, film in enumerate(films)))


def _alone(film: ManifestFilm, k: int) -> ManifestFilm:
    return ManifestFilm(f"{k}", film.sha256, f"{k}", view=film.view, labels=film.labels)


def _listed(sets: Sequence[DataSet]) -> Iterable[tuple[str, int, ManifestFilm, Path]]:
    for one in sets:
        for row, film in enumerate(one.films, start=2):
            yield one.name, row, film, one.path.parent / film.image


def _homes(sights: Sequence[Sight], pairs: Sequence[Pair]) -> dict[tuple[str, str], int]:
    """A number for each person: groups (set, group) that share a film are one."""
    groups = dict.fromkeys((s.data_set, s.film.group) for s in sights)
    home = {group: k for k, group in enumerate(groups)}
    for pair in pairs:
        a, b = (home[s.data_set, s.film.group] for s in (pair.a, pair.b))
        home = {group: a if k == b else k for group, k in home.items()}
    return home


def _spreads(
    sights: Sequence[Sight], pairs: Sequence[Pair], value: Callable[[ManifestFilm], str]
) -> tuple[Spread, ...]:
    """Persons whose films have several values, as far as the films are the same or one group."""
    home = _homes(sights, pairs)
    members: dict[int, list[Sight]] = {}
    for sight in sights:
        members.setdefault(home[sight.data_set, sight.film.group], []).append(sight)
    found = []
    for films in members.values():
        values = sorted({value(s.film) for s in films} - {""})
        if len(values) > 1:
            names = tuple(dict.fromkeys(s.film.group for s in films))
            found.append(
                Spread(
                    ", ".join(dict.fromkeys(s.data_set for s in films)),
                    ", ".join(names),
                    tuple(values),
                    tuple(s.name for s in films),
                )
            )
    return tuple(found)


def _contradictions(pairs: Sequence[Pair], task: Task) -> tuple[Pair, ...]:
    """Pairs whose labels cannot both be right.

    A mirror image has the same label where the task's labels know no side; where they may, nothing
    is said of it.
    """
    found = []
    for pair in pairs:
        labels = {label_of(pair.a.film, task), label_of(pair.b.film, task)}
        known = pair.kind != "mirrored" or task.mirror == "keeps"
        if known and None not in labels and len(labels) > 1:
            found.append(pair)
    return tuple(found)


def _label_groups(sights: Sequence[Sight], task: Task) -> tuple[Spread, ...]:
    return _spreads(sights, (), lambda film: label_of(film, task) or "")


def _classes(sights: Sequence[Sight], task: Task) -> tuple[ClassCount, ...]:
    counts = []
    for code in task.codes:
        films = [s for s in sights if label_of(s.film, task) == code]
        persons = len({(s.data_set, s.film.group) for s in films})
        low, high = wilson_interval(round(0.8 * persons), persons)
        counts.append(ClassCount(code, len(films), persons, (round(low, 2), round(high, 2))))
    return tuple(counts)
