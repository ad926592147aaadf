"""Asking a bundle about the films of a manifest, so that it is judged as a file of predictions is.

A classifier is asked about every film, whatever its view. A landmark bundle can be asked for the
ALS type: its answer is the verdict of the measured curves ("measure, then threshold"), a rival to
any classifier. A measurement has no probabilities: its scores are 1 for the type that it names, and
the same for all where it names none.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from spinescan.core.errors import DataError, ReadError
from spinescan.core.radiograph import Radiograph
from spinescan.core.task import ALS7, Task
from spinescan.data.checks import label_of, labelled
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.infer.bundle import Bundle
from spinescan.infer.classifier import Classifier
from spinescan.infer.scanner import Scanner
from spinescan.io.read import read_radiograph
from spinescan.study.predictions import Outcome, PredictionRecord

Answer = tuple[dict[str, float] | None, str | None, Outcome, tuple[str, ...]]
"""Scores, label, decision and reasons, as a `PredictionRecord` holds them."""


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
        if task != ALS7:
            raise DataError(
                f"{folder}: a landmark model answers the task {ALS7.name!r} alone, got "
                f"{task.name!r}"
            )
        scanner = Scanner(bundle)
        return lambda film: _verdict(scanner, film), bundle.name
    if bundle.classifier.task.codes != task.codes:
        raise DataError(
            f"{folder}: answers with {', '.join(bundle.classifier.task.codes)}; the task "
            f"{task.name!r} has {', '.join(task.codes)}"
        )
    classifier = Classifier.load(bundle)

    def predict(film: Radiograph) -> Answer:
        given = classifier.predict(film)
        scores = dict(given.scores) or dict.fromkeys(task.codes, 1 / len(task.codes))
        return scores, given.label, given.decision, given.reasons

    return predict, bundle.name


def _verdict(scanner: Scanner, film: Radiograph) -> Answer:
    """The ALS type by the measured curves."""
    report = scanner.scan(film)
    verdict = report.als
    if verdict is None or verdict.type is None:
        reasons = report.reasons or (() if verdict is None else verdict.reasons)
        return dict.fromkeys(ALS7.codes, 1 / len(ALS7.codes)), None, "abstained", reasons
    scores = {code: float(code == verdict.type) for code in ALS7.codes}
    label = verdict.type if verdict.decision == "accepted" else None
    return scores, label, verdict.decision, verdict.reasons
