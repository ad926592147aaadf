"""A film to a label: one network, and what may be said of its scores."""

from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from spinescan.core.errors import BundleError
from spinescan.core.radiograph import Radiograph
from spinescan.core.report import Notice, Prediction, Report
from spinescan.infer.bundle import CLASSIFIER, Bundle
from spinescan.infer.classifier_spec import ClassifierSpec
from spinescan.infer.preprocess import InputSpec, prepare
from spinescan.infer.session import Session

Floats = NDArray[np.float32]


class Answer(NamedTuple):
    """What the network answers for n inputs.

    logits
        float32 (n, labels).
    maps
        float32 (n, labels, h, w), or None: class activation, whose mean over (h, w) is the logit
        but for a constant, where the head is linear over global average pooling.
    """

    logits: Floats
    maps: Floats | None = None


Run = Callable[[Floats], Answer]
"""Inputs (n, 1, rows, columns) in [-1, 1] -> Answer."""


class Classifier:
    """Answers one question about films, with a network that was loaded once.

    Parameters
    ----------
    bundle
        One whose task is "classifier".
    run
        Its network.

    Raises
    ------
    BundleError
        If the bundle is for another task.
    """

    def __init__(self, bundle: Bundle, run: Run) -> None:
        self.bundle = bundle
        self.spec = _spec(bundle)
        self.run = run

    @classmethod
    def load(cls, bundle: Bundle, *, threads: int | None = None) -> Self:
        """The classifier of a bundle; BundleError if its network does not fit its description."""
        spec = _spec(bundle)
        network = bundle.networks[CLASSIFIER]
        session = Session(network.path, threads=threads)
        _check_shapes(session, network.input, len(spec.task.labels))
        names = tuple(session.outputs)

        def run(inputs: Floats) -> Answer:
            outputs = dict(zip(names, session.run(inputs), strict=True))
            return Answer(outputs["logits"], outputs.get("maps"))

        return cls(bundle, run)

    @property
    def input(self) -> InputSpec:
        """What its network expects."""
        return self.bundle.networks[CLASSIFIER].input

    def predict(self, film: Radiograph) -> Prediction:
        """The answer for a film, whatever the film shows; `predict_in` asks about its view too."""
        picture, _ = prepare(film, self.input)
        return self.decide(self.run(picture[None, None]).logits[0])

    def predict_in(self, film: Radiograph, report: Report) -> Prediction:
        """The answer for a film whose view is known, or why the classifier was not asked.

        A classifier of certain views is asked about those only, and about a frontal film only where
        the gate accepted it as one: on anything else its answer would mean nothing.
        """
        views = self.spec.views
        if views and report.view not in views:
            return self._abstain("view_not_asked")
        if views and report.view == "frontal" and report.decision == "abstained":
            return self._abstain("film_refused")
        return self.predict(film)

    def decide(self, logits: NDArray[np.floating]) -> Prediction:
        """Raw scores of logits (labels,), and what is decided from them.

        With a calibration the answer is the one label of the prediction set, if it is also the
        label of the highest score; without, the label of the highest score.
        """
        spec, calibration = self.spec, self.spec.calibration
        if not np.isfinite(logits).all():
            return self._abstain("scores_not_finite")
        scores = spec.scores(logits)
        top = max(scores, key=scores.__getitem__)
        if not calibration.gives_sets:
            return Prediction(
                spec.task.name, top, scores, (), "accepted", ("not_calibrated",), self.bundle.name
            )
        kept = calibration.labels_in_set(scores)
        reasons = _reasons(kept, top, len(scores))
        if calibration.origin == "synthetic":
            caveats: tuple[str, ...] = ("synthetic_calibration",)
        else:
            caveats = ()
        return Prediction(
            task=spec.task.name,
            label=None if reasons else top,
            scores=scores,
            prediction_set=kept,
            decision="abstained" if reasons else "accepted",
            reasons=(*reasons, *caveats),
            bundle=self.bundle.name,
        )

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What a reader of its prediction sets must know: what they promise, from which films."""
        calibration = self.spec.calibration
        if not calibration.gives_sets:
            return ()
        counts = ", ".join(f"{code} {calibration.n[code]}" for code in self.spec.task.codes)
        name = f"{self.spec.task.name} ({self.bundle.name})"
        if calibration.origin == "real":
            share = f"{100 * calibration.coverage:.3g} %"
            text = (
                f"{name}: of films like those of its calibration, {share} of each class have their"
                f" label in the set (real films, n: {counts})."
            )
        else:
            text = (
                f"{name}: synthetic calibration (n: {counts}); how often the set holds the label of"
                " a real film is not known."
            )
        return (Notice("calibration", text),)

    def _abstain(self, reason: str) -> Prediction:
        name = self.spec.task.name
        return Prediction(name, None, {}, (), "abstained", (reason,), self.bundle.name)


def _reasons(kept: tuple[str, ...], top: str, labels: int) -> tuple[str, ...]:
    """Why a prediction set gives no answer; empty where it does."""
    if not kept:
        return ("no_label_fits",)
    if len(kept) == labels:
        return ("any_label_fits",)
    if len(kept) > 1:
        return ("several_labels_fit",)
    # Each label has a limit of its own, so the one that is left need not be the likeliest.
    return () if kept == (top,) else ("set_against_score",)


def _spec(bundle: Bundle) -> ClassifierSpec:
    if bundle.classifier is None or CLASSIFIER not in bundle.networks:
        raise BundleError(f"{bundle.folder}: expected a classifier, got {bundle.task}")
    return bundle.classifier


def _check_shapes(session: Session, spec: InputSpec, labels: int) -> None:
    """Names and sizes that an ONNX file declares; free ones (the batch) are text or None."""

    def fits(shape: tuple[object, ...] | None, expected: tuple[int | None, ...]) -> bool:
        return (
            shape is not None
            and len(shape) == len(expected)
            and all(
                want is None or not isinstance(got, int) or got == want
                for got, want in zip(shape, expected, strict=True)
            )
        )

    where, batch = session.path, None
    if list(session.inputs) != ["input"] or not fits(
        session.inputs["input"], (batch, 1, spec.rows, spec.columns)
    ):
        raise BundleError(
            f"{where}: expected one input `input` (n, 1, {spec.rows}, {spec.columns}),"
            f" got {session.inputs}"
        )
    outputs = session.outputs
    maps_fit = "maps" not in outputs or fits(outputs["maps"], (batch, labels, None, None))
    if not fits(outputs.get("logits"), (batch, labels)) or not maps_fit:
        raise BundleError(
            f"{where}: expected `logits` (n, {labels}) and, if any, `maps` (n, {labels}, h, w),"
            f" got {outputs}"
        )
