"""What a scan answers, and its versioned JSON: the contract that other programs rely on."""

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from spinescan.core.anatomy import Landmarks

SCHEMA_VERSION = "1.2"
"""1.1 added `sagittal`, 1.2 `edited` and a curve's `ends_by`; what was there is unchanged."""
RESEARCH_USE = "Research use only. Not a medical device; not for diagnosis or treatment decisions."

Decision = Literal["accepted", "abstained"]
Side = Literal["left", "right"]
Region = Literal["proximal_thoracic", "main_thoracic", "thoracolumbar", "lumbar"]
AlsType = Literal["3CH", "3CTL", "3CN", "3CL", "4C", "4CL", "4CTL"]
SagittalLabel = Literal["healthy", "kyphosis", "lordosis", "both"]
AxisName = Literal["kyphosis", "lordosis"]
Position = Literal["hypo", "normal", "hyper"]
Meyerding = Literal["I", "II", "III", "IV", "V"]
EndsBy = Literal["machine", "reader"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning: a stable code and a sentence for the reader."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Curve:
    """One lateral curve of the spine.

    `upper` and `lower` are the end vertebrae, `apex` a vertebra ("T8") or a disc ("T11/T12").
    `convex_side` is the side of the *picture*; `patient_side` that of the patient where
    `side_source` tells it, else None. Angles are in degrees. `ends_by` tells who chose the end
    vertebrae; those of a reader need not be the most tilted ones.
    """

    region: Region
    convex_side: Side
    upper: str
    apex: str
    lower: str
    cobb_deg: float
    interval_deg: tuple[float, float] | None = None
    patient_side: Side | None = None
    side_source: str | None = None
    ends_by: EndsBy = "machine"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured value. `levels` are those it was measured at; `method` cites the definition."""

    name: str
    value: float
    unit: str
    method: str
    levels: tuple[str, ...] = ()
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A measured fact that a verdict rests on, and the threshold it was held against, if any."""

    code: str
    value: float | str | None
    unit: str
    threshold: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """An ALS type, or none, with what decided. `alternatives` holds at most two types."""

    type: AlsType | None
    family: Literal["3C", "4C"] | None
    alternatives: tuple[AlsType, ...]
    facts: tuple[Fact, ...]
    decision: Decision
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.alternatives) > 2:
            raise ValueError(f"at most two alternatives, got {self.alternatives}")


@dataclass(frozen=True, slots=True)
class SagittalAxis:
    """Kyphosis or lordosis, and where it lies against the norm that was made for its levels.

    `measurement` names the Measurement that was judged, `norm` the norm, `borders` what it calls
    normal, in degrees. All are None where no norm fits. `alternatives` are positions that the
    measurement's interval leaves possible beside `position`, or all of them if that is None.
    """

    name: AxisName
    position: Position | None
    alternatives: tuple[Position, ...]
    decision: Decision
    reasons: tuple[str, ...] = ()
    measurement: str | None = None
    value: float | None = None
    interval: tuple[float, float] | None = None
    norm: str | None = None
    borders: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Slip:
    """One vertebra slipped on the next, in percent of the endplate below; + is to the front.

    `grade` counts quarters of that endplate (Meyerding), None where it is not sure that there is a
    slip. `alternatives` are the grades, or "none", that the interval leaves possible beside it.
    """

    upper: str
    lower: str
    percent: float
    interval: tuple[float, float] | None
    direction: Literal["forward", "backward"]
    grade: Meyerding | None
    alternatives: tuple[Meyerding | Literal["none"], ...]
    decision: Decision


@dataclass(frozen=True, slots=True)
class SagittalVerdict:
    """The sagittal shape: two axes, the class that follows from them, slips, and what decided.

    `shares` tells how many draws of the points within their spreads give each class ("none": too
    flat on an axis and above the norm on neither); it is empty where the spreads are not known.
    """

    label: SagittalLabel | None
    alternatives: tuple[SagittalLabel, ...]
    shares: dict[str, float]
    axes: tuple[SagittalAxis, ...]
    slips: tuple[Slip, ...]
    facts: tuple[Fact, ...]
    decision: Decision
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """A classifier's answer; the raw scores and what was decided from them stay apart."""

    task: str
    label: str | None
    scores: dict[str, float]
    prediction_set: tuple[str, ...]
    decision: Decision
    reasons: tuple[str, ...]
    bundle: str


@dataclass(frozen=True, slots=True)
class BundleRef:
    """The name and version of a model bundle that took part."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """All that was read from one film.

    `edited`: a reader moved, named, added or removed points or chose end vertebrae, and what is
    measured follows from that. The classifiers' answers remain those of the machine.
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
