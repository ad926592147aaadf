"""The parts of a Report: what was found on one film."""

from dataclasses import dataclass
from typing import Literal

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
    """A warning, or what else to know.

    Parameters
    ----------
    code
        Stable; the codes are in `spinescan.core.codes`.
    text
        A sentence for the reader.
    """

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Curve:
    """One lateral curve of the spine.

    Parameters
    ----------
    region
        Where its apex lies.
    convex_side
        Side of the *picture* to which it bulges.
    upper
        The upper end vertebra, such as "T5".
    apex
        A vertebra ("T8") or a disc ("T11/T12").
    lower
        The lower end vertebra.
    cobb_deg
        Cobb angle between the upper endplate of `upper` and the lower endplate of `lower`.
    interval_deg
        Low and high end of the angle's 90 % interval. None where the spreads of the points are not
        known.
    patient_side
        `convex_side` as a side of the patient. None where no witness tells it, or witnesses
        contradict each other.
    side_source
        The witness that told `patient_side`: "patient_orientation", "markers" or "heart". None
        without one.
    ends_by
        Who chose the end vertebrae; those of a reader need not be the most tilted ones.
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
    """One measured value.

    Parameters
    ----------
    name
        What was measured, such as "TK_T4_T12"; the names are in `spinescan.core.codes`.
    value
        In `unit`.
    unit
        "deg", "%" or "vertebral widths" (of the mean lumbar vertebra).
    method
        How it is defined, and by whom.
    levels
        The levels, or other marks, that it was measured at.
    interval
        Low and high end of the 90 % interval, in `unit`. None where it is not known.
    """

    name: str
    value: float
    unit: str
    method: str
    levels: tuple[str, ...] = ()
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A measured fact that a verdict rests on.

    Parameters
    ----------
    code
        Stable; the codes are in `spinescan.core.codes`.
    value
        In `unit`, or words. None where the fact is that something is not known.
    unit
        Of `value` and `threshold`; empty where there is none.
    threshold
        What the value was held against, in `unit`. None where there is none.
    text
        A sentence for the reader.
    """

    code: str
    value: float | str | None
    unit: str
    threshold: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """An ALS type, or none, with what decided.

    Parameters
    ----------
    type
        The type. None where none can be told, or no curve reaches 10 degrees.
    family
        3-curve or 4-curve. None where it is not clear, or there is no curve.
    alternatives
        Types that are possible beside `type`, the likelier first; at most two.
    facts
        What decided, in the order of the decision, and then what limits it.
    decision
        "accepted" with a type, or where no curve reaches 10 degrees; else "abstained".
    reasons
        Codes that tell why there is no type, or what limits it.
    """

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

    Parameters
    ----------
    name
        The axis.
    position
        Below, within or above the norm. None where that is not sure, or no norm fits.
    alternatives
        Positions that the interval leaves possible beside `position`, or all that are possible if
        that is None.
    decision
        "accepted" with a position.
    reasons
        Codes that tell why there is no position.
    measurement
        Name of the Measurement that was judged. None where no norm fits.
    value
        Of that measurement, in degrees. None where no norm fits.
    interval
        Low and high end of its 90 % interval, in degrees. None where it is not known, or no norm
        fits.
    norm
        Code of the norm. None where none fits.
    borders
        The lowest and the highest value, in degrees, that the norm calls normal. None where no norm
        fits.
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
    """One vertebra slipped on the next.

    Parameters
    ----------
    upper
        The vertebra that slipped.
    lower
        The one below it.
    percent
        How far, in percent of the endplate below; + is to the front.
    interval
        Low and high end of its 90 % interval, in percent. None where it is not known.
    direction
        To the patient's front or back.
    grade
        Quarters of the endplate below (Meyerding). None where it is not sure that there is a slip.
    alternatives
        The grades, or "none", that the interval leaves possible beside `grade`.
    decision
        "accepted" with a grade.
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

    Parameters
    ----------
    label
        The class. None where it is not sure, or the spine is flatter than normal, which is none.
    alternatives
        Classes that are possible beside `label`, the likelier first.
    shares
        The share (0 to 1) of draws of the points within their spreads that give each class ("none":
        too flat on an axis and above the norm on neither). Empty where the spreads are not known.
    axes
        Kyphosis and lordosis.
    slips
        Vertebrae that slipped, or may have.
    facts
        What decided, and then what limits it.
    decision
        "accepted" with a label, or where the spine is surely flatter than normal.
    reasons
        Codes that tell why there is no label, or what limits it.
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
    """A classifier's answer; the raw scores and what was decided from them stay apart.

    Parameters
    ----------
    task
        Name of the question.
    label
        The answer. None where the classifier abstains.
    scores
        The network's score (0 to 1) for each label, before any calibration; no probability of being
        right. Empty where the classifier was not asked.
    prediction_set
        The labels that fit the film by the calibration; empty without one.
    decision
        "accepted" with a label.
    reasons
        Codes that tell why there is no label, or what limits it.
    bundle
        Name of the model.
    """

    task: str
    label: str | None
    scores: dict[str, float]
    prediction_set: tuple[str, ...]
    decision: Decision
    reasons: tuple[str, ...]
    bundle: str


@dataclass(frozen=True, slots=True)
class BundleRef:
    """A model bundle that took part.

    Parameters
    ----------
    name
        Of the bundle.
    version
        Of the bundle; not that of SpineScan.
    """

    name: str
    version: str
