"""The rival of all classifiers: measure a lateral film, then apply a threshold.

A landmark bundle is asked; the sagittal verdict of its scan is the answer.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spinescan.core.errors import BundleError, DataError, ReadError
from spinescan.core.report import SagittalVerdict
from spinescan.data.manifest import Manifest, ManifestFilm
from spinescan.infer.bundle import BUNDLE_FILE, Bundle, file_digest, shipped
from spinescan.infer.scanner import Scanner
from spinescan.infer.views import LATERAL
from spinescan.io.read import read_radiograph
from spinescan.study.generalist_answers import FOUR
from spinescan.study.generalist_films import truth_of
from spinescan.study.predictions import PredictionRecord, read_predictions

TASK = "sagittal4"
"""What its records answer: the classes of sagittal3, or both."""


def find_lateral(bundle: Path | None) -> Path | None:
    """The folder of the lateral landmark bundle: the given one, else the shipped one, or none.

    Raises
    ------
    BundleError, DataError
        If the given one cannot be used.
    """
    if bundle is None:
        try:
            return shipped(LATERAL.task)
        except BundleError:
            return None
    if Bundle.load(bundle).task != LATERAL.task:
        raise DataError(f"{bundle}: expected a bundle of {LATERAL.task}")
    return bundle


def describe_bundle(folder: Path) -> dict[str, Any]:
    """Name, version and digest, as plain JSON types."""
    ref = Bundle.load(folder).ref
    digest = file_digest(folder / BUNDLE_FILE)
    return {"name": ref.name, "version": ref.version, "sha256": digest}


def measure_films(
    manifest: Manifest,
    films: Sequence[ManifestFilm],
    bundle: Path,
    path: Path,
    *,
    on_film: Callable[[], None] = lambda: None,
) -> None:
    """Scan the films that the file `path` lacks, and add a record for each.

    Raises
    ------
    DataError
        If a film is not the one that was listed, or the file is not understood.
    """
    known = {record.image for record in _whole_lines(path)}
    scanner = Scanner.from_folder(bundle)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", newline="\n") as stream:
        for film in films:
            if film.image not in known:
                stream.write(_record(manifest, film, scanner).to_json() + "\n")
                stream.flush()  # what is told here is not scanned again
            on_film()


def _whole_lines(path: Path) -> tuple[PredictionRecord, ...]:
    """What is there already; a line that was cut off is dropped."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if not text:
        return ()
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    return read_predictions(path) if whole else ()


def _record(manifest: Manifest, film: ManifestFilm, scanner: Scanner) -> PredictionRecord:
    try:
        picture = read_radiograph(manifest.folder / film.image)
    except ReadError as error:
        return _told(film, scanner, None, None, (error.kind,))
    if picture.sha256 != film.sha256:
        raise DataError(f"{film.image}: another file than was listed (SHA-256)")
    report = scanner.scan(picture)
    verdict = report.sagittal
    reasons = report.reasons if verdict is None else verdict.reasons
    return _told(film, scanner, verdict, scores_of(verdict), reasons)


def scores_of(verdict: SagittalVerdict | None) -> dict[str, float]:
    """The verdict's shares of the four classes; 1 for its label where spreads are not known.

    All are zero where nothing was measured.
    """
    if verdict is None:
        return dict.fromkeys(FOUR, 0.0)
    if verdict.shares:
        return {code: float(verdict.shares.get(code, 0.0)) for code in FOUR}
    return {code: float(code == verdict.label) for code in FOUR}


def _told(
    film: ManifestFilm,
    scanner: Scanner,
    verdict: SagittalVerdict | None,
    scores: dict[str, float] | None,
    reasons: tuple[str, ...],
) -> PredictionRecord:
    label = verdict.label if verdict is not None and verdict.decision == "accepted" else None
    if label not in FOUR:
        label = None
    outcome = "failed" if scores is None else "abstained" if label is None else "accepted"
    return PredictionRecord(
        image=film.image,
        sha256=film.sha256,
        group=film.group,
        task=TASK,
        truth=truth_of(film),
        part="test",
        model=scanner.bundle.name,
        scores=scores,
        label=label,
        decision=outcome,  # type: ignore[arg-type]  # one of the three
        reasons=reasons,
    )
