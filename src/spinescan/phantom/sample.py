"""Drawing people: spine plan, sagittal class, build and age, by documented priors.

The ranges are chosen to cover what clinics see rather than to match a population: severe curves and
rare variants are far commoner than in life. A set's recipe (`SetRecipe`) chooses among the classes;
how people of a class differ is told here alone.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from spinescan.core.report import AlsType, Position, SagittalLabel
from spinescan.measure.sagittal_norms import class_of_axes, expected_lordosis_deg, norm_of
from spinescan.phantom.als_types import FORMS, NoSuchSpineError, draw_als
from spinescan.phantom.person import Person
from spinescan.phantom.shape import ADULT_LENGTH_MM, Bend, Profile, SpinePlan, build_spine

SagittalClass = Literal[
    "healthy", "hyperkyphosis", "hypokyphosis", "hyperlordosis", "hypolordosis", "both"
]
SAGITTAL_CLASSES: tuple[SagittalClass, ...] = (
    "healthy",
    "hyperkyphosis",
    "hypokyphosis",
    "hyperlordosis",
    "hypolordosis",
    "both",
)
"""`both` is hyperkyphosis with hyperlordosis."""

KYPHOSIS_NORM = norm_of("tk_t4_t12_taught")
LORDOSIS_NORM = norm_of("ll_against_pi")
"""The norms that the classes are drawn by are those that a film is measured against."""

SEVERITY: dict[str, tuple[float, float]] = {
    "mild": (12.0, 24.0),
    "moderate": (25.0, 39.0),
    "severe": (40.0, 75.0),
}
"""Largest Cobb angle; the common bands (recalled), with a low end that is seen as a curve."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A person and their spine, with the classes they were drawn for.

    Margins are distances to the nearest border between classes, for ALS in units of
    `als_types.Limit`, for the sagittal class in degrees.
    """

    person: Person
    plan: SpinePlan
    als: AlsType | None
    als_margin: float | None
    main_bends: tuple[Bend, ...]
    sagittal: SagittalClass
    sagittal_margin_deg: float


def draw_person(rng: np.random.Generator) -> Person:
    """Mostly adolescents, as scoliosis clinics see them, one in four an adult."""
    adult = rng.random() < 0.25
    age = rng.uniform(18, 80) if adult else rng.uniform(9, 18)
    return Person(
        age_years=float(age),
        sex="female" if rng.random() < 0.7 else "male",
        fatness=float(np.clip(rng.beta(2, 4) + (0.15 if adult else 0), 0, 1)),
        bone=float(
            np.clip((0.9 if age < 18 else 1.05 - 0.006 * (age - 18)) * rng.normal(1, 0.2), 0.4, 1.4)
        ),
        breath=float(rng.uniform(0.3, 1.0)),
        arms=str(rng.choice(["side", "raised", "crossed"])),  # type: ignore[arg-type]
    )


def draw_profile(
    sagittal: SagittalClass, rng: np.random.Generator, *, margin_deg: float = 0.0
) -> tuple[Profile, float]:
    """A sagittal profile of a class, and its distance in degrees from the class's nearest border.

    Pelvis by the norms of standing adults: PI 52 (10), PT 13 (6) degrees (PMC6334400); expected
    lordosis falls from PI + 18 to PI - 5 as PI grows (PMC4303780).
    """
    for _ in range(1000):
        incidence = float(np.clip(rng.normal(52, 10), 30, 85))
        tilt = float(np.clip(rng.normal(13, 6), -5, 35))
        kyphosis = _inside(KYPHOSIS_NORM.borders, _axis(sagittal, "kyphosis"), rng, 32.0)
        off = _inside(LORDOSIS_NORM.borders, _axis(sagittal, "lordosis"), rng, 24.0)
        profile = Profile(
            kyphosis, float(expected_lordosis_deg(incidence)) + off, incidence - tilt, tilt
        )
        margin = sagittal_margin(profile)
        if margin >= margin_deg and _stands(profile):
            return profile, margin
    raise NoSuchSpineError(
        f"no profile of class {sagittal} with a margin of {margin_deg:g} degrees"
    )


def _stands(profile: Profile) -> bool:
    """Whether a person can stand so: C7 not far before or behind S1 (in an adult's mm)."""
    try:
        spine = build_spine(SpinePlan(profile=profile))
    except ValueError:
        return False
    return bool(profile.lordosis_deg > 8 and -85 < spine["C7"].centre[1] < 45)


def sagittal_label(sagittal: SagittalClass) -> SagittalLabel | None:
    """The class that a measured film of such a person should get; None for too flat a spine."""
    positions: tuple[Position, ...] = ("normal", "hyper", "hypo")
    kyphosis, lordosis = (positions[_axis(sagittal, axis)] for axis in ("kyphosis", "lordosis"))
    return class_of_axes(kyphosis, lordosis)


def sagittal_margin(profile: Profile) -> float:
    """Distance in degrees to the nearest border of either axis."""
    off = profile.lordosis_deg - float(expected_lordosis_deg(profile.incidence_deg))
    borders = [abs(profile.kyphosis_deg - k) for k in KYPHOSIS_NORM.borders]
    return float(min(*borders, *(abs(off - b) for b in LORDOSIS_NORM.borders)))


def draw_subject(
    rng: np.random.Generator,
    *,
    als: AlsType | Literal["healthy"] | None = None,
    cobb_deg: float | None = None,
    sagittal: SagittalClass | None = None,
    least_margin: float = 0.0,
) -> Subject:
    """Draw a person; what is None is left to chance.

    One in eight films shows a spine without scoliosis (curves below 8 degrees), the rest all seven
    types alike. `least_margin` keeps away from the types' borders (`als_types.AlsDraw`).

    Raises
    ------
    NoSuchSpineError
        If an angle does not go with a type.
    """
    person = draw_person(rng)
    if sagittal is None:
        sagittal = SAGITTAL_CLASSES[int(rng.choice(6, p=[0.5, 0.1, 0.15, 0.1, 0.1, 0.05]))]
    profile, sagittal_margin_deg = draw_profile(sagittal, rng)
    base = SpinePlan(
        profile=profile,
        obliquity_deg=float(rng.normal(0, 1.5)),
        length_mm=_length_mm(person, rng),
        width_factor=float(np.exp(rng.normal(0, 0.06))) * (1.03 if person.sex == "male" else 0.97),
        twist=float(rng.uniform(0.2, 0.5)),
        lumbar=int(rng.choice([5, 4, 6], p=[0.94, 0.03, 0.03])),
        rib_pairs=int(rng.choice([12, 11, 13], p=[0.94, 0.03, 0.03])),
    )
    if als == "healthy" or (als is None and cobb_deg is None and rng.random() < 0.125):
        side: Literal["left", "right"] = "right" if rng.random() < 0.7 else "left"
        bend = Bend("T5", "T12", float(rng.uniform(0.5, 8.0)), side)
        plan = replace(base, bends=(bend,))
        return Subject(person, plan, None, None, (), sagittal, sagittal_margin_deg)
    kind: AlsType = als if als is not None else tuple(FORMS)[int(rng.integers(len(FORMS)))]
    drawn = draw_als(kind, base, rng, cobb_deg=cobb_deg, least_margin=least_margin)
    main = tuple(b for b in (drawn.thoracic, drawn.lower) if b is not None)
    return Subject(person, drawn.plan, kind, drawn.margin, main, sagittal, sagittal_margin_deg)


def _length_mm(person: Person, rng: np.random.Generator) -> float:
    """T1 to L5: from about 340 mm at nine years to an adult's 437 (29) mm."""
    grown = min(1.0, 0.78 + 0.22 * (person.age_years - 9) / 7)
    return float(
        ADULT_LENGTH_MM
        * grown
        * (1.02 if person.sex == "male" else 0.97)
        * np.exp(rng.normal(0, 0.05))
    )


def _axis(sagittal: SagittalClass, axis: str) -> int:
    """-1 hypo, 0 normal, +1 hyper of one axis."""
    if sagittal == "both" or sagittal == f"hyper{axis}":
        return 1
    return -1 if sagittal == f"hypo{axis}" else 0


def _inside(normal: tuple[float, float], way: int, rng: np.random.Generator, span: float) -> float:
    """A value inside the normal range, or up to `span` beyond one end of it."""
    low, high = normal
    if way > 0:
        return float(rng.uniform(high, high + span))
    return float(rng.uniform(low - span, low) if way < 0 else rng.uniform(low, high))
