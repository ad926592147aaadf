"""Asking a bundle about the films of a manifest, so that it is judged as a file of predictions is.

A classifier is asked about every film, whatever its view. A landmark bundle can be asked for what
follows from its measurements ("measure, then threshold", a rival to any classifier): the frontal
one for the ALS type, the lateral one for the sagittal classes. A type has no probabilities: its
scores are 1 for the one that is named, and the same for all where none is. Those of a sagittal
class are shares of draws of the points within their spreads.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from spinescan.core.errors import DataError, ReadError
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import SagittalVerdict
from spinescan.core.task import ALS7, KYPHOSIS, LORDOSIS, SAGITTAL3, Task
from spinescan.data.checks import label_of, labelled
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.infer.bundle import Bundle
from spinescan.infer.classifier import Classifier
from spinescan.infer.scanner import Scanner
from spinescan.infer.views import FRONTAL, LATERAL
from spinescan.io.read import read_radiograph
from spinescan.study.predictions import Outcome, PredictionRecord

Answer = tuple[dict[str, float] | None, str | None, Outcome, tuple[str, ...]]
"""Scores, label, decision and reasons, as a `PredictionRecord` holds them."""

MEASURED = {FRONTAL.task: (ALS7,), LATERAL.task: (SAGITTAL3, KYPHOSIS, LORDOSIS)}
"""What a landmark model answers by measuring, by its own task."""


def films_to_ask(manifest: Manifest, task: Task) -> tuple[ManifestFilm, ...]:
    """The manifest's test films that have a label; all that have one where none is for the test."""
    films = labelled(manifest, task)
    return tuple(film for film in films if film.split == "test") or tuple(films)


def ask(folder: Path, manifest: Manifest, task: Task) -> Iterator[PredictionRecord]:
    """What a bundle answers for each of `films_to_ask`.

    Raises
    ------
    BundleError
        The bundle is damaged.
    DataError
        The bundle does not answer this task, or a film is not the one that was listed.
    """
    answer, name = _asked(folder, task)
    for film in films_to_ask(manifest, task):
        yield _record(manifest.folder / film.image, film, task, name, answer)


def _record(
    path: Path,
    film: ManifestFilm,
    task: Task,
    model: str,
    answer: Callable[[Radiograph], Answer],
) -> PredictionRecord:
    try:
        picture = read_radiograph(path)
    except ReadError as error:
        given: Answer = None, None, "failed", (error.kind,)
    else:
        if picture.sha256 != film.sha256:
            raise DataError(f"{film.image}: another file than was listed (SHA-256)")
        given = answer(picture)
    scores, label, decision, reasons = given
    return PredictionRecord(
        image=film.image,
        sha256=film.sha256,
        group=film.group,
        task=task.name,
        truth=label_of(film, task),
        part="test",
        model=model,
        scores=scores,
        label=label,
        decision=decision,
        reasons=reasons,
    )


def _asked(folder: Path, task: Task) -> tuple[Callable[[Radiograph], Answer], str]:
    """What asks a bundle about one film, and the bundle's name."""
    bundle = Bundle.load(folder)
    if bundle.classifier is None:
        if task not in MEASURED[bundle.task]:
            names = ", ".join(repr(one.name) for one in MEASURED[bundle.task])
            raise DataError(
                f"{folder}: this landmark model answers only {names}, got the task {task.name!r}"
            )
        scanner = Scanner(bundle)
        if task == ALS7:
            return lambda film: _verdict(scanner, film), bundle.name
        return lambda film: _sagittal(scanner, film, task), bundle.name
    if bundle.classifier.task.codes != task.codes:
        raise DataError(
            f"{folder}: answers with {', '.join(bundle.classifier.task.codes)}; the task "
            f"{task.name!r} has {', '.join(task.codes)}"
        )
    classifier = Classifier.load(bundle)

    def predict(film: Radiograph) -> Answer:
        given = classifier.predict(film)
        scores = dict(given.scores) or _evenly(task)
        return scores, given.label, given.decision, given.reasons

    return predict, bundle.name


def _verdict(scanner: Scanner, film: Radiograph) -> Answer:
    """The ALS type by the measured curves."""
    report = scanner.scan(film)
    verdict = report.als
    if verdict is None or verdict.type is None:
        reasons = report.reasons or (() if verdict is None else verdict.reasons)
        return _evenly(ALS7), None, "abstained", reasons
    scores = {code: float(code == verdict.type) for code in ALS7.codes}
    label = verdict.type if verdict.decision == "accepted" else None
    return scores, label, verdict.decision, verdict.reasons


def _sagittal(scanner: Scanner, film: Radiograph, task: Task) -> Answer:
    """A sagittal class by the measured angles."""
    report = scanner.scan(film)
    if report.sagittal is None:
        return _evenly(task), None, "abstained", report.reasons
    return sagittal_answer(report.sagittal, task)


def sagittal_answer(verdict: SagittalVerdict, task: Task) -> Answer:
    """A verdict as an answer to one of the sagittal tasks.

    The generalist's question has no answer where a film is both. A specialist's follows from its
    own axis: a film with both is ill for either.
    """
    label: str | None
    if task == SAGITTAL3:
        label = verdict.label if verdict.label in task.codes else None
        reasons = ("both", *verdict.reasons) if verdict.label == "both" else verdict.reasons
        parts = {code: verdict.shares.get(code, 0.0) for code in task.codes}
    else:
        healthy, ill = task.codes
        axis = next(axis for axis in verdict.axes if axis.name == ill)
        label = None if axis.position is None else ill if axis.position == "hyper" else healthy
        reasons = axis.reasons
        of = verdict.shares.get(ill, 0.0) + verdict.shares.get("both", 0.0)
        parts = {healthy: 1 - of, ill: of} if verdict.shares else {}
    known = sum(parts.values())
    if known > 0:
        scores = {code: part / known for code, part in parts.items()}
    elif label is not None:
        scores = {code: float(code == label) for code in task.codes}
    else:
        scores = _evenly(task)
    return scores, label, "abstained" if label is None else "accepted", reasons


def _evenly(task: Task) -> dict[str, float]:
    return dict.fromkeys(task.codes, 1 / len(task.codes))
