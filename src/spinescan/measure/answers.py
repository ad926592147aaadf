"""All that follows from the landmarks of one film, whoever placed them."""

from functools import partial
from typing import NamedTuple

from spinescan.core.anatomy import Landmarks
from spinescan.core.report import Curve, Measurement, SagittalVerdict, Verdict
from spinescan.core.told import Told
from spinescan.measure.als import als_verdict
from spinescan.measure.balance import frontal_measurements
from spinescan.measure.curves import MIN_COBB_DEG, curves_between, find_curves
from spinescan.measure.intervals import with_intervals
from spinescan.measure.sagittal import sagittal_measurements
from spinescan.measure.sagittal_verdict import sagittal_verdict


class Answers(NamedTuple):
    """What a film's landmarks tell; a frontal film has no sagittal verdict and the reverse."""

    curves: tuple[Curve, ...] = ()
    als: Verdict | None = None
    sagittal: SagittalVerdict | None = None
    measurements: tuple[Measurement, ...] = ()


def frontal_answers(
    landmarks: Landmarks,
    *,
    factor: float,
    in_brace: bool = False,
    ends: tuple[tuple[str, str], ...] | None = None,
) -> Answers:
    """Curves, ALS verdict and measurements of a frontal film.

    With `ends` the curves are those between these end vertebrae (upper, lower), also one of less
    than 10 degrees, which then takes no part in the verdict. `factor` is that of
    `intervals.with_intervals`.

    Raises
    ------
    EditError
        If a vertebra of `ends` is not visible.
    """
    find = find_curves if ends is None else partial(_scolioses_between, ends=ends)
    found = find_curves(landmarks) if ends is None else curves_between(landmarks, ends)
    curves = with_intervals(landmarks, found, factor=factor)
    large = tuple(c for c in curves if c.cobb_deg >= MIN_COBB_DEG)
    return Answers(
        curves=curves,
        als=als_verdict(landmarks, large, in_brace=in_brace, factor=factor, find=find),
        measurements=frontal_measurements(landmarks, curves, factor=factor),
    )


def lateral_answers(landmarks: Landmarks, *, factor: float, told: Told) -> Answers:
    """Sagittal verdict and measurements of a lateral film."""
    return Answers(
        sagittal=sagittal_verdict(landmarks, factor=factor, age=told.age, posture=told.posture),
        measurements=sagittal_measurements(landmarks, factor=factor),
    )


def _scolioses_between(
    landmarks: Landmarks, ends: tuple[tuple[str, str], ...]
) -> tuple[Curve, ...]:
    return tuple(c for c in curves_between(landmarks, ends) if c.cobb_deg >= MIN_COBB_DEG)
