"""SpineScan reads spine radiographs: curves, Cobb angles and the ALS type. Research use only."""

import os
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from spinescan.core.anatomy import Landmarks
    from spinescan.core.edit import Edit
    from spinescan.core.errors import SpineScanError
    from spinescan.core.radiograph import Radiograph
    from spinescan.core.report import Prediction, Report
    from spinescan.core.told import AgeGroup, Posture
    from spinescan.infer.classifier import Classifier
    from spinescan.infer.scanner import Scanner
    from spinescan.io.read import read_radiograph

__version__ = "0.1.0"

_HOMES = {
    "Edit": "spinescan.core.edit",
    "Landmarks": "spinescan.core.anatomy",
    "Prediction": "spinescan.core.report",
    "Radiograph": "spinescan.core.radiograph",
    "Report": "spinescan.core.report",
    "Scanner": "spinescan.infer.scanner",
    "SpineScanError": "spinescan.core.errors",
    "read_radiograph": "spinescan.io.read",
}

__all__ = [
    "Edit",
    "Landmarks",
    "Prediction",
    "Radiograph",
    "Report",
    "Scanner",
    "SpineScanError",
    "__version__",
    "predict_image",
    "read_radiograph",
    "remeasure",
    "scan",
]


def scan(
    source: "str | os.PathLike[str] | bytes",
    *,
    in_brace: bool = False,
    age: "AgeGroup | None" = None,
    posture: "Posture | None" = None,
) -> "Report":
    """One film in, one Report out, with the models that ship.

    Parameters
    ----------
    source
        A path, an http(s) address, or the bytes of the file.
    in_brace
        The film was taken in a brace: no ALS type is given.
    age, posture
        Of the patient, where known: norms of the sagittal shape that were made for others are not
        used.

    Raises
    ------
    SpineScanError
        The film cannot be read, or a model bundle is missing or damaged. A film that is read but is
        no frontal or lateral spine raises nothing: its Report abstains and says why.
    """
    from spinescan.core.told import Told
    from spinescan.io.read import read_radiograph

    told = Told(in_brace=in_brace, age=age, posture=posture)
    return _shipped_scanner().scan(read_radiograph(source), told)


def remeasure(report: "Report", edit: "Edit") -> "Report":
    """A Report with a reader's points and end vertebrae in place of the machine's.

    Parameters
    ----------
    report
        Of `scan`.
    edit
        All points of the film, moved or not.

    Raises
    ------
    SpineScanError
        The edit is not possible on this film, or a model bundle is missing or damaged.
    """
    return _shipped_scanner().remeasure(report, edit)


def predict_image(
    source: "str | os.PathLike[str] | bytes | Radiograph", model: "str | os.PathLike[str]"
) -> "Prediction":
    """One film in, one answer out.

    A classifier that is made for certain views is asked only if the shipped view gate says that the
    film is one of them.

    Parameters
    ----------
    source
        A path, an http(s) address, the bytes of the file, or a film that was read.
    model
        The name of a shipped classifier ("generalist", "kyphosis", "lordosis", "als7", ...), the
        folder of a bundle, or "scoliosis": whether a frontal film shows a curve of 10 degrees or
        more, which is measured.

    Raises
    ------
    SpineScanError
        The film cannot be read, or the bundle is missing, damaged or no classifier. A film without
        an answer raises nothing: the Prediction abstains and says why.
    """
    from spinescan.core.radiograph import Radiograph
    from spinescan.infer.bundle import BUNDLE_FILE, find_bundle
    from spinescan.io.read import read_radiograph

    def film() -> Radiograph:
        return source if isinstance(source, Radiograph) else read_radiograph(source)

    if model == "scoliosis":
        from spinescan.infer.scoliosis import scoliosis_answer

        gate = _gate()
        return scoliosis_answer(gate.scan(film()), gate.bundle)
    folder = find_bundle(model).resolve()
    described = folder / BUNDLE_FILE
    stamp = described.stat().st_mtime_ns if described.is_file() else 0
    classifier = _classifier(folder, stamp)
    asked = film()
    if not classifier.spec.views:
        return classifier.predict(asked)
    return classifier.predict_in(asked, _gate().scan(asked))


@lru_cache(maxsize=8)
def _classifier(folder: "Path", stamp: int) -> "Classifier":
    """Loaded once, and anew where the folder was written again (another `stamp`)."""
    from spinescan.infer.bundle import Bundle
    from spinescan.infer.classifier import Classifier

    return Classifier.load(Bundle.load(folder))


@cache
def _gate() -> "Scanner":
    from spinescan.infer.scanner import Scanner

    return Scanner.with_bundles((), classifiers=False)


@cache
def _shipped_scanner() -> "Scanner":
    from spinescan.infer.scanner import Scanner

    return Scanner.default()


def __getattr__(name: str) -> object:
    # The public names are imported on first use, so that `import spinescan` stays bare.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
