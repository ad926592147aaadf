"""What a scan answers, and its versioned JSON: the contract that other programs rely on."""

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from spinescan.core.findings import (
    AlsType,
    AxisName,
    BundleRef,
    Curve,
    Decision,
    EndsBy,
    Fact,
    Measurement,
    Meyerding,
    Notice,
    Position,
    Prediction,
    Region,
    SagittalAxis,
    SagittalLabel,
    SagittalVerdict,
    Side,
    Slip,
    Verdict,
)

if TYPE_CHECKING:
    from spinescan.core.anatomy import Landmarks

__all__ = [
    "RESEARCH_USE",
    "SCHEMA_VERSION",
    "AlsType",
    "AxisName",
    "BundleRef",
    "Curve",
    "Decision",
    "EndsBy",
    "Fact",
    "Measurement",
    "Meyerding",
    "Notice",
    "Position",
    "Prediction",
    "Region",
    "Report",
    "SagittalAxis",
    "SagittalLabel",
    "SagittalVerdict",
    "Side",
    "Slip",
    "Verdict",
    "failure_dict",
]

SCHEMA_VERSION = "1.2"
"""1.1 added `sagittal`, 1.2 `edited` and a curve's `ends_by`; what was there is unchanged."""
RESEARCH_USE = "Research use only. Not a medical device; not for diagnosis or treatment decisions."


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """All that was read from one film.

    Parameters
    ----------
    sha256
        Hexadecimal digest of the file's bytes. Left out of anonymous JSON.
    size
        (rows, columns) of the film as read, in pixels.
    pixel_aspect
        Height of a pixel divided by its width.
    spacing_mm
        (row, column) distance of pixel centres. None where the file does not tell it; never
        guessed.
    spacing_origin
        Where that was measured: "calibrated" (in the patient), "detector", "estimated" (at the
        detector, magnification divided out) or "unknown".
    view
        From where the film was taken, as the models see it; "other" is no spine.
    decision
        Whether the landmarks are accepted. Without that nothing is measured.
    reasons
        Codes that tell why the landmarks are not accepted.
    landmarks
        The points. None where no row of vertebrae is seen.
    curves
        Curves of a frontal film from 10 degrees on, the largest first.
    als
        ALS verdict of a frontal film. None on other films, and where nothing is measured.
    sagittal
        Verdict on a lateral film's shape. None on other films, and where nothing is measured.
    measurements
        What else was measured.
    predictions
        The classifiers' answers; they remain those of the machine where a reader edits.
    bundles
        The models that were at work, the landmark models first.
    warnings
        What the reader should know.
    timing_ms
        How long the scan took, without reading the file.
    edited
        A reader moved, named, added or removed points or chose end vertebrae, and what is measured
        follows from that.

    Attributes
    ----------
    schema_version
        "MAJOR.MINOR"; a minor version adds fields and changes none.
    """

    sha256: str
    size: tuple[int, int]
    pixel_aspect: float
    spacing_mm: tuple[float, float] | None
    spacing_origin: str
    view: Literal["frontal", "lateral", "other"]
    decision: Decision
    reasons: tuple[str, ...]
    landmarks: "Landmarks | None"
    curves: tuple[Curve, ...] = ()
    als: Verdict | None = None
    sagittal: SagittalVerdict | None = None
    measurements: tuple[Measurement, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    bundles: tuple[BundleRef, ...] = ()
    warnings: tuple[Notice, ...] = ()
    timing_ms: float = 0.0
    edited: bool = False
    schema_version: str = field(default=SCHEMA_VERSION, init=False)

    def to_dict(self, file: str | None = None) -> dict[str, Any]:
        """The report as plain JSON types, in the order of the contract.

        Without `file` the result is anonymous: neither the file's name nor its digest is in it.
        """
        named = {} if file is None else {"file": file, "sha256": self.sha256}
        points = self.landmarks
        return {
            "schema_version": self.schema_version,
            **named,
            "research_use": RESEARCH_USE,
            "size": list(self.size),
            "pixel_aspect": self.pixel_aspect,
            "spacing_mm": self.spacing_mm and list(self.spacing_mm),
            "spacing_origin": self.spacing_origin,
            "bundles": [_plain(b) for b in self.bundles],
            "warnings": [_plain(w) for w in self.warnings],
            "timing_ms": round(self.timing_ms, 1),
            "view": self.view,
            "decision": self.decision,
            "reasons": list(self.reasons),
            "edited": self.edited,
            "landmarks": None
            if points is None
            else {
                "names": list(points.names),
                "points_xy": [[round(float(v), 2) for v in p] for p in points.points_xy],
                "score": [round(float(s), 4) for s in points.score],
                "spread_px": [
                    None if math.isnan(s) else round(float(s), 3) for s in points.spread_px
                ],
                "origin": list(points.origin),
                "levels_certain": points.levels_certain,
            },
            "curves": [_plain(c) for c in self.curves],
            "als": None if self.als is None else _plain(self.als),
            "sagittal": None if self.sagittal is None else _plain(self.sagittal),
            "measurements": [_plain(m) for m in self.measurements],
            "predictions": [_plain(p) for p in self.predictions],
        }

    def to_json(self, file: str | None = None) -> str:
        """`to_dict` as one line of strict JSON (no NaN)."""
        return json.dumps(self.to_dict(file), allow_nan=False, ensure_ascii=False)


def failure_dict(kind: str, message: str, file: str | None) -> dict[str, Any]:
    """The line that stands for a film that failed."""
    named = {} if file is None else {"file": file}
    return {
        "schema_version": SCHEMA_VERSION,
        **named,
        "error": {"kind": kind, "message": message},
    }


def _plain(value: Any) -> Any:
    """Dataclasses, tuples and numbers as JSON types; angles and values to four decimals."""
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return round(float(value), 4)
    return value
