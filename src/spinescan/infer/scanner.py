"""The second hop: a Radiograph becomes a Report."""

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spinescan.core.edit import Edit
from spinescan.core.errors import BundleError
from spinescan.core.radiograph import Radiograph, View
from spinescan.core.report import Report
from spinescan.core.told import NOTHING, Told
from spinescan.infer.bundle import BUNDLE_FILE, CARD_FILE, Bundle, shipped, shipped_bundles
from spinescan.infer.classifier import Classifier
from spinescan.infer.edited import remeasured
from spinescan.infer.explain import HeatMap, heat_map
from spinescan.infer.gate import reasons_against
from spinescan.infer.measured import Measured, measured
from spinescan.infer.reading import read_film, to_landmarks
from spinescan.infer.session import Session
from spinescan.infer.views import FRONTAL, LATERAL, NETWORKS, VIEWS, view_of

FRONTAL_BUNDLE = FRONTAL.task
_SURELY_FRONTAL = 0.98
"""Real frontal films that are accepted reach it but for few; synthetic lateral ones never."""


class Scanner:
    """Reads films with one set of models, which are loaded once.

    Parameters
    ----------
    bundle
        The landmark model: frontal, or lateral.
    classifiers
        What else is asked about each film.
    lateral
        A lateral landmark model that is asked about films which the frontal one declines.
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
    lateral: "Scanner | None" = None

    def __init__(
        self,
        bundle: Bundle,
        classifiers: Sequence[Classifier] = (),
        *,
        lateral: Bundle | None = None,
        threads: int | None = None,
    ) -> None:
        _check(bundle)
        self.bundle = bundle
        self.classifiers = tuple(classifiers)
        if lateral is not None:
            if (bundle.task, lateral.task) != (FRONTAL.task, LATERAL.task):
                raise BundleError(f"{lateral.folder}: expected {LATERAL.task}, got {lateral.task}")
            self.lateral = Scanner(lateral, threads=threads)
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
    def with_bundles(
        cls, folders: Sequence[Path], *, classifiers: bool = True, threads: int | None = None
    ) -> Self:
        """The scanner with the models that ship, with or without their classifiers, and others.

        A landmark bundle replaces the shipped one of its view, a classifier the shipped one of its
        name. What ships `on_request` answers only if its folder is among `folders`.

        Raises
        ------
        BundleError
            As the constructor, and if there are two landmark bundles of one view among `folders`.
        """
        given = [Bundle.load(folder) for folder in folders]
        ships = [Bundle.load(folder) for folder in shipped_bundles()]
        landmarks = {b.task: b for b in ships if b.folder.name == b.task and b.task in VIEWS}
        own: dict[str, Bundle] = {}
        for bundle in given:
            if bundle.classifier is None:
                if bundle.task in own:
                    raise BundleError(f"{bundle.folder}: a second landmark bundle")
                own[bundle.task] = bundle
        landmarks |= own
        if FRONTAL_BUNDLE not in landmarks:
            shipped(FRONTAL_BUNDLE)  # tells that there is none
        names = {bundle.name for bundle in given}
        asked = [
            bundle
            for bundle in ships
            if classifiers
            and bundle.classifier is not None
            and not bundle.classifier.on_request
            and bundle.name not in names
        ]
        asked += [bundle for bundle in given if bundle.classifier is not None]
        loaded = [Classifier.load(bundle, threads=threads) for bundle in asked]
        lateral = landmarks.get(LATERAL.task)
        return cls(landmarks[FRONTAL_BUNDLE], loaded, lateral=lateral, threads=threads)

    @classmethod
    def from_folder(cls, folder: str | Path, *, threads: int | None = None) -> Self:
        """A scanner with one landmark bundle, of either view, and no classifier."""
        return cls(Bundle.load(Path(folder)), threads=threads)

    @property
    def bundles(self) -> tuple[Bundle, ...]:
        """All models, the landmark models first."""
        other = () if self.lateral is None else self.lateral.bundles
        return (self.bundle, *other, *(classifier.bundle for classifier in self.classifiers))

    @property
    def cards(self) -> dict[str, str]:
        """The model cards, by the names of their bundles; a bundle need not have one."""
        return {b.name: b.card for b in self.bundles if (b.folder / CARD_FILE).is_file()}

    def run(self, network: str, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """One network's raw outputs for inputs (n, 1, rows, columns)."""
        return self._sessions[network].run(inputs)

    def scan(self, film: Radiograph, told: Told = NOTHING) -> Report:
        """View gate, landmarks, measurements, classifiers: all that is known of the film.

        `told` is what is known of the patient beside the film.
        """
        began = time.perf_counter()
        report = self._read(film, told)
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

    def remeasure(self, report: Report, edit: Edit, told: Told = NOTHING) -> Report:
        """The Report with a reader's points in place of the machine's (`infer.edited`).

        Raises
        ------
        EditError
            If the edit is not possible on this film.
        BundleError
            If this scanner has no landmark model of the edit's view.
        """
        for scanner in (self, self.lateral):
            if scanner is not None and view_of(scanner.bundle.task).view.value == edit.view:
                return remeasured(report, edit, scanner.bundle, told)
        raise BundleError(f"no landmark model for {edit.view} films")

    def heat_maps(
        self, film: Radiograph, report: Report, names: Collection[str] | None = None
    ) -> dict[str, HeatMap]:
        """Where each classifier that answered looked, by the name of its bundle.

        That of its label, or of the highest score where it abstained. `names` are the bundles that
        matter, None for all.
        """
        asked = {answer.bundle for answer in report.predictions if answer.scores}
        if names is not None:
            asked.intersection_update(names)
        maps = {
            classifier.bundle.name: heat_map(film, classifier)
            for classifier in self.classifiers
            if classifier.bundle.name in asked
        }
        return {name: heat for name, heat in maps.items() if heat is not None}

    def _read(self, film: Radiograph, told: Told) -> Report:
        """By the frontal model, or by the lateral one where it takes the film for its own.

        A film that the frontal model accepts, but not as surely frontal, is lateral if the lateral
        model accepts it and is surer of the view. One that is declined for another reason than its
        view is lateral only if the lateral model accepts it.
        """
        report, frontal = self._report(film, told)
        sure = report.decision == "accepted" and frontal >= _SURELY_FRONTAL
        if self.lateral is None or sure:
            return report
        other, lateral = self.lateral._report(film, told)
        if report.decision == "accepted":
            taken = other.decision == "accepted" and lateral > frontal
        else:
            declined = other.view == "lateral" and report.view != "frontal"
            taken = other.decision == "accepted" or declined
        return replace(other, bundles=report.bundles) if taken else report

    def _report(self, film: Radiograph, told: Told) -> tuple[Report, float]:
        """What this scanner's own landmark model makes of the film, and how sure its view is."""
        reading = read_film(film, self.bundle, self.run)
        reasons = reasons_against(film, reading, self.bundle)
        landmarks = None if reading is None else to_landmarks(reading, film, self.bundle)
        found = Measured()
        if reading is not None and landmarks is not None and not reasons:
            found = measured(film, reading, landmarks, self.bundle, told)
        kind = view_of(self.bundle.task)
        view = kind.view
        if reading is None or kind.not_this.intersection(reasons):
            view = View.LATERAL if film.declared_view is View.LATERAL else View.OTHER
        report = Report(
            sha256=film.sha256,
            size=film.size,
            pixel_aspect=film.pixel_aspect,
            spacing_mm=film.spacing_mm,
            spacing_origin=film.spacing_origin.value,
            view=view.value,
            decision="abstained" if reasons else "accepted",
            reasons=reasons,
            landmarks=landmarks,
            **found.answers._asdict(),
            bundles=tuple(bundle.ref for bundle in self.bundles),
            warnings=(*film.notices, *found.warnings),
        )
        return report, 0.0 if reading is None else reading.marks.facts[kind.view.value]


def _check(bundle: Bundle) -> None:
    try:
        kind = view_of(bundle.task)
    except BundleError as error:
        raise BundleError(f"{bundle.folder}: {error}") from error
    missing = [name for name in NETWORKS if name not in bundle.networks]
    missing += [name for name in kind.settings if name not in bundle.settings]
    if missing:
        raise BundleError(f"{bundle.folder}: {BUNDLE_FILE} lacks {', '.join(missing)}")
