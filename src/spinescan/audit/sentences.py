"""What was found, as sentences for a person who wants to train a model."""

from collections.abc import Iterable, Sequence

from spinescan.audit.confound import COVERED, TOGETHER, Telling
from spinescan.audit.found import Audit, Finding
from spinescan.audit.sights import Sight
from spinescan.data.checks import label_of

FEW_PERSONS = 30
"""A class of fewer persons is called small."""

_SEVERITIES = ("stop", "look", "note")


def findings_of(audit: Audit) -> tuple[Finding, ...]:
    """All findings, those that make figures wrong first."""
    found = [*_of_files(audit), *_of_twins(audit), *_of_labels(audit)]
    found += [*_of_marks(audit), *_of_tellings(audit)]
    return tuple(sorted(found, key=lambda finding: _SEVERITIES.index(finding.severity)))


def _of_files(audit: Audit) -> Iterable[Finding]:
    if audit.unread:
        names = ", ".join(one.image for one in audit.unread[:3])
        yield Finding("stop", "unreadable", f"{_films(len(audit.unread))} cannot be used: {names}.")


def _of_twins(audit: Audit) -> Iterable[Finding]:
    for kind, words in (
        ("exact", "the same file"),
        ("near", "the same film in another crop, size or tone"),
        ("mirrored", "mirror images of each other"),
    ):
        pairs = [pair for pair in audit.pairs if pair.kind == kind]
        apart = [p for p in pairs if _group(p.a) != _group(p.b)]
        if pairs:
            yield Finding(
                "stop" if apart else "note",
                f"{kind}_duplicates",
                f"{_pairs(len(pairs))}: {words}; {len(apart)} of them listed as two persons"
                + (": join these before any split (spinescan manifest --join)." if apart else "."),
            )
    across = sum(pair.a.data_set != pair.b.data_set for pair in audit.pairs)
    if across:
        yield Finding(
            "stop",
            "shared_films",
            f"{_pairs(across)} in two of the data sets: neither tests a model taught on the other.",
        )
    if audit.leaks:
        yield Finding(
            "stop",
            "groups_in_two_splits",
            f"{_persons(len(audit.leaks))} with films in two splits: test figures would be too "
            "good.",
        )


def _of_labels(audit: Audit) -> Iterable[Finding]:
    if audit.task is None:
        return
    if audit.unknown_labels:
        yield Finding(
            "stop",
            "unknown_labels",
            f"{_films(len(audit.unknown_labels))} with a label that task {audit.task.name} does "
            "not have.",
        )
    if audit.label_pairs:
        yield Finding(
            "stop",
            "contradictory_labels",
            f"{_pairs(len(audit.label_pairs))} with contradictory labels.",
        )
    if audit.label_groups:
        yield Finding(
            "look",
            "several_labels",
            f"{_persons(len(audit.label_groups))} with films of several classes: right if they "
            "changed between two films, wrong otherwise.",
        )
    empty = [one.code for one in audit.classes if not one.films]
    if empty:
        yield Finding("stop", "empty_classes", f"No film of {', '.join(empty)}.")
    for one in audit.classes:
        if 0 < one.persons < FEW_PERSONS:
            low, high = one.recall_interval
            yield Finding(
                "look",
                "small_class",
                f"{one.code} has {_persons(one.persons)}: a recall of 0.8 measured on all of them "
                f"could be anything from {low:.2f} to {high:.2f}.",
            )


def _of_marks(audit: Audit) -> Iterable[Finding]:
    n = len(audit.sights)
    for code, words, marked in (
        ("burned_in_text", "burned-in text", [s for s in audit.sights if s.marks.text]),
        ("drawn_lines", "drawn lines", [s for s in audit.sights if s.marks.lines]),
    ):
        if marked:
            shares = _by_class(audit, marked)
            yield Finding(
                "look",
                code,
                f"{words.capitalize()} on {len(marked)} of {n} films{shares}: a model may read it, "
                "and a name may stand in it. Check with your own eyes: marks are missed, and "
                "anatomy is taken for marks.",
            )


def _by_class(audit: Audit, marked: Sequence[Sight]) -> str:
    if audit.task is None:
        return ""
    counts = [
        f"{one.code} {sum(label_of(s.film, audit.task) == one.code for s in marked)} of {one.films}"
        for one in audit.classes
    ]
    return f" ({', '.join(counts)})"


def _of_tellings(audit: Audit) -> Iterable[Finding]:
    telling = [one for one in audit.tellings if one.tells]
    for classes in dict.fromkeys(one.classes for one in telling):
        best = max(
            (one for one in telling if one.classes == classes and one.what != COVERED),
            key=lambda one: one.balanced,
            default=None,
        )
        covered = [one for one in telling if one.classes == classes and one.what == COVERED]
        parts = (
            []
            if best is None
            else [
                _told(
                    best,
                    "all properties together"
                    if best.what == TOGETHER
                    else best.what.replace("_", " "),
                )
            ]
        )
        parts += [_told(one, "the film with its spine covered") for one in covered]
        yield Finding(
            "look",
            "confounded",
            f"{_named(classes)} can be told apart without seeing the spine: {'; '.join(parts)} "
            f"(balanced accuracy, 95 % interval; chance {1 / len(classes):.2f}). A model's figure "
            "means something only above these.",
        )


def _told(one: Telling, by: str) -> str:
    low, high = one.balanced_interval
    return f"by {by} {one.balanced:.2f} ({low:.2f} to {high:.2f}, n = {one.n})"


def _named(classes: Sequence[str]) -> str:
    return f"{', '.join(classes[:-1])} and {classes[-1]}"


def _group(sight: Sight) -> tuple[str, str]:
    return sight.data_set, sight.film.group


def _films(n: int) -> str:
    return "1 film" if n == 1 else f"{n} films"


def _pairs(n: int) -> str:
    return "1 pair of films" if n == 1 else f"{n} pairs of films"


def _persons(n: int) -> str:
    return "1 person" if n == 1 else f"{n} persons"
