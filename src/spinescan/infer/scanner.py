"""The second hop: a Radiograph becomes a Report."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spinescan.core.errors import BundleError
from spinescan.core.radiograph import Radiograph, View
from spinescan.core.report import Curve, Measurement, Notice, Report
from spinescan.infer.bundle import BUNDLE_FILE, CARD_FILE, Bundle, shipped, shipped_bundles
from spinescan.infer.classifier import Classifier
from spinescan.infer.decode import LETTERS, vertebra_poses
from spinescan.infer.explain import HeatMap, heat_map
from spinescan.infer.frontal import NETWORKS, SETTINGS, Reading, read_frontal, to_landmarks
from spinescan.infer.gate import NOT_FRONTAL, reasons_against
from spinescan.infer.session import Session
from spinescan.infer.side import SideFinding, patient_side, with_patient_side
from spinescan.measure.als import als_verdict
from spinescan.measure.balance import frontal_measurements
from spinescan.measure.curves import find_curves
from spinescan.measure.intervals import with_intervals

FRONTAL_BUNDLE = "frontal-landmarks"

_HARDWARE = Notice(
    "hardware",
    "Rods or screws seem to be on the film: vertebral edges behind them are placed less well.",
)
_BRACE = Notice(
    "brace",
    "The film seems to be taken in a brace: its angles are those in the brace, and no ALS type is"
    " given.",
)
_BRACE_TOLD = Notice(
    "brace",
    "The film was taken in a brace, as was told: its angles are those in the brace, and no ALS type"
    " is given.",
)
_LOW_RESOLUTION = Notice(
    "low_resolution",
    "The film is small: a level is less than 20 pixels high, so angles and levels are rough.",
)
_LEAST_LEVEL_PX = 20.0


class Scanner:
    """Reads films with one set of models, which are loaded once.

    Parameters
    ----------
    bundle
        The frontal landmark model.
    classifiers
        What else is asked about each film.
    threads
        Threads that one network of the landmark model may use; None leaves it to onnxruntime (all
        cores).

    Raises
    ------
    BundleError
        If the bundle is for another task, lacks a network or a setting, or cannot be loaded; or
        two bundles have the same name.
    """

    classifiers: tuple[Classifier, ...] = ()

    def __init__(
        self,
        bundle: Bundle,
        classifiers: Sequence[Classifier] = (),
        *,
        threads: int | None = None,
    ) -> None:
        _check(bundle)
        self.bundle = bundle
        self.classifiers = tuple(classifiers)
        names = [b.name for b in self.bundles]
        if len(set(names)) < len(names):
            raise BundleError(f"bundles must have different names, got {', '.join(names)}")
        self._sessions = {
            name: Session(network.path, threads=threads)
            for name, network in bundle.networks.items()
        }

    @classmethod
    def default(cls, *, threads: int | None = None) -> Self:
        """The scanner with the models that ship."""
        return cls.with_bundles((), threads=threads)

    @classmethod
    def with_bundles(cls, folders: Sequence[Path], *, threads: int | None = None) -> Self:
        """The scanner with the models that ship and others beside them.

        A landmark bundle replaces the shipped one, a classifier the shipped one of its name. What
        ships `on_request` answers only if its folder is among `folders`.

        Raises
        ------
        BundleError
            As the constructor, and if there are two landmark bundles among `folders`.
        """
        given = [Bundle.load(folder) for folder in folders]
        ships = [Bundle.load(folder) for folder in shipped_bundles()]
        landmarks = [bundle for bundle in given if bundle.classifier is None]
        if len(landmarks) > 1:
            raise BundleError(f"{landmarks[1].folder}: a second landmark bundle")
        landmarks = landmarks or [b for b in ships if b.folder.name == FRONTAL_BUNDLE]
        if not landmarks:
            shipped(FRONTAL_BUNDLE)  # tells that there is none
        names = {bundle.name for bundle in given}
        classifiers = [
            bundle
            for bundle in ships
            if bundle.classifier is not None
            and not bundle.classifier.on_request
            and bundle.name not in names
        ]
        classifiers += [bundle for bundle in given if bundle.classifier is not None]
        loaded = [Classifier.load(bundle, threads=threads) for bundle in classifiers]
        return cls(landmarks[0], loaded, threads=threads)

    @classmethod
    def from_folder(cls, folder: Path, *, threads: int | None = None) -> Self:
        """A scanner with one frontal landmark bundle and no classifier."""
        return cls(Bundle.load(folder), threads=threads)

    @property
    def bundles(self) -> tuple[Bundle, ...]:
        """All models, the landmark model first."""
        return (self.bundle, *(classifier.bundle for classifier in self.classifiers))

    @property
    def cards(self) -> dict[str, str]:
        """The model cards, by the names of their bundles; a bundle need not have one."""
        return {b.name: b.card for b in self.bundles if (b.folder / CARD_FILE).is_file()}

    def run(self, network: str, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """One network's raw outputs for inputs (n, 1, rows, columns)."""
        return self._sessions[network].run(inputs)

    def scan(self, film: Radiograph, *, in_brace: bool = False) -> Report:
        """View gate, landmarks, measurements, classifiers: all that is known of the film.

        `in_brace` tells that the film was taken in a brace, which is seldom seen on it.
        """
        began = time.perf_counter()
        reading = read_frontal(film, self.bundle, self.run)
        reasons = reasons_against(film, reading, self.bundle)
        report = self._report(film, reading, reasons, in_brace=in_brace)
        answers = [classifier.predict_in(film, report) for classifier in self.classifiers]
        notices = [
            notice
            for classifier, answer in zip(self.classifiers, answers, strict=True)
            if answer.scores
            for notice in classifier.notices
        ]
        return replace(
            report,
            predictions=tuple(answers),
            warnings=(*report.warnings, *notices),
            timing_ms=(time.perf_counter() - began) * 1000,
        )

    def heat_maps(self, film: Radiograph, report: Report) -> dict[str, HeatMap]:
        """Where each classifier that answered looked, by the name of its bundle.

        That of its label, or of the highest score where it abstained.
        """
        asked = {answer.bundle for answer in report.predictions if answer.scores}
        maps = {
            classifier.bundle.name: heat_map(film, classifier)
            for classifier in self.classifiers
            if classifier.bundle.name in asked
        }
        return {name: heat for name, heat in maps.items() if heat is not None}

    def _report(
        self,
        film: Radiograph,
        reading: Reading | None,
        reasons: tuple[str, ...],
        *,
        in_brace: bool,
    ) -> Report:
        landmarks = verdict = None
        curves: tuple[Curve, ...] = ()
        measurements: tuple[Measurement, ...] = ()
        warnings = film.notices
        if reading is not None:
            landmarks = to_landmarks(reading, film, self.bundle.settings)
        if reading is not None and landmarks is not None and not reasons:
            metal = _metal(reading, self.bundle.settings)
            if in_brace:
                metal = (*(notice for notice in metal if notice != _BRACE), _BRACE_TOLD)
            braced = in_brace or _BRACE in metal
            side = _side(reading, film)
            factor = self.bundle.settings["interval_factor"]
            curves = with_intervals(landmarks, find_curves(landmarks), factor=factor)
            verdict = als_verdict(landmarks, curves, in_brace=braced, factor=factor)
            measurements = frontal_measurements(landmarks, curves, factor=factor)
            curves = with_patient_side(curves, side)
            warnings = (*warnings, *reading.naming.notices, *metal, *side.notices)
            if _level_px(reading) < _LEAST_LEVEL_PX:
                warnings = (*warnings, _LOW_RESOLUTION)
        view = View.FRONTAL
        if reading is None or NOT_FRONTAL.intersection(reasons):
            view = View.LATERAL if film.declared_view is View.LATERAL else View.OTHER
        return Report(
            sha256=film.sha256,
            size=film.size,
            pixel_aspect=film.pixel_aspect,
            spacing_mm=film.spacing_mm,
            spacing_origin=film.spacing_origin.value,
            view=view.value,
            decision="abstained" if reasons else "accepted",
            reasons=reasons,
            landmarks=landmarks,
            curves=curves,
            als=verdict,
            measurements=measurements,
            bundles=tuple(bundle.ref for bundle in self.bundles),
            warnings=warnings,
        )


def _check(bundle: Bundle) -> None:
    if bundle.task != FRONTAL_BUNDLE:
        raise BundleError(f"{bundle.folder}: expected {FRONTAL_BUNDLE}, got {bundle.task}")
    missing = [name for name in NETWORKS if name not in bundle.networks]
    missing += [name for name in SETTINGS if name not in bundle.settings]
    if missing:
        raise BundleError(f"{bundle.folder}: {BUNDLE_FILE} lacks {', '.join(missing)}")


def _level_px(reading: Reading) -> float:
    """Median height of a level, in pixels of the film's width."""
    return float(np.median([pose.pitch for pose in vertebra_poses(reading.corners)]))


def _side(reading: Reading, film: Radiograph) -> SideFinding:
    """Which side of the picture is the patient's left."""
    marks = reading.marks
    letters = [
        (letter, x, y / film.pixel_aspect, score)
        for letter, (x, y), score in zip(
            LETTERS, marks.points[-2:].tolist(), marks.score[-2:].tolist(), strict=True
        )
    ]
    middle = float(np.median(reading.corners[..., 0]))
    return patient_side(film, middle, letters, marks.facts["heart_left"])


def _metal(reading: Reading, settings: Mapping[str, float]) -> tuple[Notice, ...]:
    """What the patient carries or wears, where it was seen clearly enough."""
    facts = reading.marks.facts
    return tuple(
        notice
        for notice in (_HARDWARE, _BRACE)
        if facts[notice.code] >= settings[f"least_{notice.code}"]
    )
