"""Every number that a sagittal verdict depends on, with its origin. The only place that holds them.

The synthetic films are drawn by this table, too.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinescan.core.report import AxisName, Position, SagittalLabel
from spinescan.core.told import AgeGroup, Posture

AGAINST_PI = "LL_against_PI"
"""The measurement that is lordosis less what the pelvis lets expect."""


@dataclass(frozen=True, slots=True)
class Norm:
    """What is normal for one measurement: `low` to `high` degrees, of whom and how they stood.

    `measurement` names the levels, so a norm can be held against no others. `origin` says where the
    borders come from; `provisional` that no source read by us gives them.
    """

    code: str
    measurement: str
    low: float
    high: float
    levels: tuple[str, ...]
    ages: tuple[AgeGroup, ...]
    postures: tuple[Posture, ...]
    origin: str
    provisional: bool = False

    @property
    def borders(self) -> tuple[float, float]:
        """The lowest and the highest normal value."""
        return self.low, self.high

    @property
    def people(self) -> str:
        """Of whom it was made, in words."""
        return f"{' and '.join(f'{age}s' for age in self.ages)}, {' or '.join(self.postures)}"

    def fits(self, age: AgeGroup | None, posture: Posture | None) -> bool:
        """Whether it was made for this age and posture, as far as they are known."""
        return (age is None or age in self.ages) and (posture is None or posture in self.postures)

    def position(self, value: float) -> Position:
        """Where a value lies; a border belongs to what is normal."""
        return "hypo" if value < self.low else "hyper" if value > self.high else "normal"


def _of_mean(mean: float, sd: float) -> tuple[float, float]:
    """The range that holds 95 of 100 healthy people."""
    return mean - 2 * sd, mean + 2 * sd


_VOLUNTEERS = "mean and 2 standard deviations of healthy volunteers (PMC6334400)"

NORMS: tuple[Norm, ...] = (
    Norm(
        "tk_t4_t12_taught",
        "TK_T4_T12",
        20.0,
        45.0,
        ("T4", "T12"),
        ("adolescent", "adult"),
        ("standing",),
        "the range most often taught (recalled; provisional)",
        provisional=True,
    ),
    Norm(
        "tk_t5_t12_lenke",
        "TK_T5_T12",
        10.0,
        40.0,
        ("T5", "T12"),
        ("adolescent",),
        ("standing",),
        "sagittal modifier of Lenke's classification of adolescent scoliosis (AO Surgery"
        " Reference)",
    ),
    Norm(
        "tk_t2_t12_volunteers",
        "TK_T2_T12",
        *_of_mean(41.0, 10.0),
        ("T2", "T12"),
        ("adult",),
        ("standing",),
        _VOLUNTEERS,
    ),
    Norm(
        "ll_against_pi",
        AGAINST_PI,
        -10.0,
        10.0,
        ("L1", "S1"),
        ("adult",),
        ("standing",),
        "expected lordosis by PI class: PMC4303780, table 3; 10 degrees either way chosen here;"
        " provisional",
        provisional=True,
    ),
    Norm(
        "ll_l1_s1_volunteers",
        "LL_L1_S1",
        *_of_mean(61.0, 12.0),
        ("L1", "S1"),
        ("adult",),
        ("standing",),
        _VOLUNTEERS,
    ),
    Norm(
        "ss_volunteers", "SS", *_of_mean(41.0, 8.0), ("S1",), ("adult",), ("standing",), _VOLUNTEERS
    ),
    Norm(
        "pt_volunteers", "PT", *_of_mean(13.0, 6.0), ("S1",), ("adult",), ("standing",), _VOLUNTEERS
    ),
    Norm(
        "pi_volunteers",
        "PI",
        *_of_mean(52.0, 10.0),
        ("S1",),
        ("adult",),
        ("standing",),
        _VOLUNTEERS,
    ),
)
"""For each axis the first that fits is taken."""

AXES: dict[AxisName, tuple[str, ...]] = {
    "kyphosis": ("TK_T4_T12", "TK_T5_T12", "TK_T2_T12"),
    "lordosis": (AGAINST_PI, "LL_L1_S1"),
}
"""The measurements that each axis is judged by, the preferred ones first."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A border between two answers, and where it comes from."""

    value: float
    unit: str
    meaning: str
    origin: str


@dataclass(frozen=True, slots=True)
class SagittalThresholds:
    """What else a sagittal verdict depends on."""

    steady_share: Threshold = Threshold(
        0.7,
        "share of draws",
        "an answer is given if at least so many draws of the points within their spreads agree",
        "chosen here; provisional",
    )
    blind_margin: Threshold = Threshold(
        4.0,
        "deg",
        "where the spreads are not known, the answer across a border so near is an alternative",
        "mean error of automatic tools: TK 3.9, LL 3.6 degrees (oaepublish ais.2024.36)",
    )
    slip: Threshold = Threshold(
        10.0,
        "%",
        "a vertebra counts as slipped from here on, to the front or to the back",
        "chosen on synthetic spines without a slip; provisional",
    )
    blind_slip_margin: Threshold = Threshold(
        5.0,
        "%",
        "the same for slips: where the spreads are not known",
        "chosen here; provisional",
    )
    least_share: Threshold = Threshold(
        0.05,
        "share of draws",
        "a class that fewer draws give is no alternative",
        "what lies beyond one end of a 90 % interval",
    )
    quarter: Threshold = Threshold(
        25.0,
        "%",
        "one Meyerding grade: I up to here, II up to twice this, and so on; V beyond 100",
        "Meyerding (Koslosky and Gendelberg 2020, doi 10.1097/CORR.0000000000001153)",
    )


SAGITTAL_THRESHOLDS = SagittalThresholds()


def norm_of(code: str) -> Norm:
    """The norm of a code; KeyError if there is none."""
    return {norm.code: norm for norm in NORMS}[code]


def norms_for(
    measurement: str, age: AgeGroup | None = None, posture: Posture | None = None
) -> tuple[Norm, ...]:
    """The norms that were made for this measurement's levels, and age and posture where known."""
    return tuple(n for n in NORMS if n.measurement == measurement and n.fits(age, posture))


def expected_lordosis_deg(incidence_deg: ArrayLike) -> NDArray[np.float64]:
    """Lordosis L1 to S1 that a pelvic incidence lets expect, in degrees, of the same shape.

    PI + 18, 13, 9, 6, 2 and -5 in the classes up to 38, 47, 57, 67, 77 and beyond (PMC4303780,
    table 3), joined by straight lines so that there are no steps.
    """
    incidence = np.asarray(incidence_deg, dtype=np.float64)
    more = np.interp(incidence, (30, 40, 50, 60, 70, 82), (18, 13, 9, 6, 2, -5))
    return np.asarray(incidence + more)


def class_of_axes(kyphosis: Position, lordosis: Position) -> SagittalLabel | None:
    """The class that follows from both axes.

    "kyphosis" and "lordosis" mean more than normal, and "both" both. Less than normal on one axis
    and more on neither fits none of them: None.
    """
    if kyphosis == lordosis == "normal":
        return "healthy"
    if kyphosis == lordosis == "hyper":
        return "both"
    if "hyper" in (kyphosis, lordosis):
        return "kyphosis" if kyphosis == "hyper" else "lordosis"
    return None
