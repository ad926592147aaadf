"""Drawing spines of each ALS type from its anatomical description.

The description is `AlsForm`: which curves there are and how they stand over the pelvis. It follows
the type table of scolihelp.com and Rigo (Scoliosis 2010;5:1); numbers are chosen here and
provisional, as no labelled film is public. A drawn spine is kept only if its facts in space lie
within the type's `limits`; how far inside they lie is its margin.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from spinescan.core.report import AlsType
from spinescan.phantom.facts import FrontalFacts, frontal_facts
from spinescan.phantom.shape import Bend, Side, SpinePlan, build_spine

Range = tuple[float, float]

_TRIES = 1500


class NoSuchSpineError(ValueError):
    """No spine fits what was asked for."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A border that a fact keeps to; `unit` is the distance that counts as a margin of 1."""

    fact: str
    low: float = -np.inf
    high: float = np.inf
    unit: float = 1.0

    def margin(self, facts: FrontalFacts) -> float:
        """Distance from the nearer border in units, negative outside; infinite if undefined."""
        value = getattr(facts, self.fact)
        return np.inf if value is None else min(value - self.low, self.high - value) / self.unit


@dataclass(frozen=True, slots=True)
class AlsForm:
    """The anatomy of a type.

    `cobb_deg` is the main curve's; `other` the other curve's share of it, 0 to leave it out.
    `takeoff` is the tilt at the lowest curve's lower end as a share of that curve's Cobb angle,
    positive towards its convex side. `limits` tell the type from the others; T1 stands at most
    `most_shift` widths off, as people do.
    """

    main: Literal["thoracic", "lower"]
    cobb_deg: Range
    other: Range
    thoracic_upper: tuple[str, ...] = ("T4", "T5", "T6")
    meeting: tuple[str, ...] = ("T11", "T12")
    lower_end: tuple[str, ...] = ("L4", "L5")
    takeoff: Range = (0.2, 0.4)
    limits: tuple[Limit, ...] = ()
    most_shift: float = 1.3


_PELVIS_3C = (Limit("transition", low=-0.2, unit=0.3), Limit("counter_tilt_deg", high=2.5, unit=5))
_PELVIS_4C = (Limit("transition", high=-0.2, unit=0.3), Limit("counter_tilt_deg", low=2.5, unit=5))

# Regions by apex (Lenke/SRS): a quarter level lies between a vertebra's and its disc's half.
_THORACIC = Limit("thoracic_apex", 4.75, 10.75, unit=0.75)
_THORACOLUMBAR = Limit("lower_apex", 10.75, 12.25, unit=0.75)
_LUMBAR = Limit("lower_apex", 12.25, 15.25, unit=0.75)
_BELOW = Limit("lower_apex", 10.75, 15.25, unit=0.75)

FORMS: dict[AlsType, AlsForm] = {
    "3CH": AlsForm(
        "thoracic",
        (18, 65),
        (0.0, 0.6),
        lower_end=("L5",),
        takeoff=(-0.5, 0.15),
        limits=(
            *_PELVIS_3C,
            _THORACIC,
            _BELOW,
            Limit("crossing", high=0.25, unit=0.3),
            Limit("ratio", high=0.9, unit=0.3),
        ),
    ),
    "3CTL": AlsForm(
        "lower",
        (18, 55),
        (0.0, 0.0),
        meeting=("T5", "T6", "T7", "T8"),
        lower_end=("L5",),
        takeoff=(0.3, 0.6),
        limits=(_THORACOLUMBAR, Limit("counter_tilt_deg", high=2.5, unit=5)),
    ),
    "3CN": AlsForm(
        "thoracic",
        (22, 65),
        (0.35, 0.85),
        lower_end=("L5",),
        takeoff=(0.2, 0.7),
        limits=(
            *_PELVIS_3C,
            _THORACIC,
            _BELOW,
            Limit("crossing", 0.25, 0.5, unit=0.15),
            Limit("ratio", high=0.9, unit=0.3),
        ),
    ),
    "3CL": AlsForm(
        "thoracic",
        (35, 70),
        (0.6, 0.95),
        lower_end=("L5",),
        takeoff=(0.25, 0.75),
        limits=(
            *_PELVIS_3C,
            _THORACIC,
            _BELOW,
            Limit("crossing", low=0.5, unit=0.3),
            Limit("ratio", 0.6, 1.0, unit=0.2),
        ),
    ),
    "4C": AlsForm(
        "thoracic",
        (22, 70),
        (0.8, 1.4),
        lower_end=("L3", "L4"),
        takeoff=(0.4, 0.8),
        limits=(
            *_PELVIS_4C,
            _THORACIC,
            _BELOW,
            Limit("crossing", low=0.25, unit=0.3),
            Limit("ratio", 0.8, 1.4, unit=0.3),
        ),
    ),
    "4CL": AlsForm(
        "lower",
        (20, 60),
        (0.0, 0.6),
        meeting=("T11", "T12"),
        lower_end=("L4",),
        takeoff=(0.35, 0.7),
        limits=(
            *_PELVIS_4C,
            _THORACIC,
            _LUMBAR,
            Limit("ratio", low=1.6, unit=0.5),
        ),
    ),
    "4CTL": AlsForm(
        "lower",
        (20, 60),
        (0.0, 0.6),
        thoracic_upper=("T3", "T4"),
        meeting=("T8", "T9", "T10"),
        lower_end=("L3", "L4"),
        takeoff=(0.35, 0.7),
        limits=(
            *_PELVIS_4C,
            _THORACIC,
            _THORACOLUMBAR,
            Limit("ratio", low=1.6, unit=0.5),
        ),
    ),
}
"""The seven types. Borders at 0.25 and 0.5 widths are those where the CSL leaves the space between
the pedicles and where it misses the body (Lenke's lumbar modifiers A and C, recalled)."""


@dataclass(frozen=True, slots=True)
class AlsDraw:
    """A plan that shows a type, its main curves and how clearly it shows it (margin 0: border)."""

    plan: SpinePlan
    thoracic: Bend | None
    lower: Bend | None
    facts: FrontalFacts
    margin: float


def draw_als(
    als: AlsType,
    base: SpinePlan,
    rng: np.random.Generator,
    *,
    cobb_deg: float | None = None,
    least_margin: float = 0.0,
) -> AlsDraw:
    """Draw curves of a type for a person whose other traits are `base`.

    `cobb_deg` is the larger main curve's, in space; on film it is a degree or so off.

    Raises
    ------
    NoSuchSpineError
        If no such spine is found: an angle that the type hardly allows.
    """
    form = FORMS[als]
    for _ in range(_TRIES):
        proximal, thoracic, lower = _curves(form, base.lumbar, rng, cobb_deg)
        bends = tuple(b for b in (proximal, thoracic, lower) if b is not None)
        takeoff = rng.uniform(*form.takeoff) * bends[-1].cobb_deg
        if lower is None:  # nothing below the thoracic curve: it runs out into the lumbar spine
            takeoff = 0.0
        plan = replace(base, bends=bends, takeoff_deg=float(takeoff))
        try:
            spine = build_spine(plan)
        except ValueError:  # steeper than a spine can be
            continue
        facts = frontal_facts(spine, thoracic, lower)
        margin = min(limit.margin(facts) for limit in form.limits)
        if margin >= least_margin and abs(facts.shift) <= form.most_shift:
            return AlsDraw(plan, thoracic, lower, facts, float(margin))
    wish = "" if cobb_deg is None else f" with a curve of {cobb_deg:g} degrees"
    raise NoSuchSpineError(f"no spine of type {als}{wish} found")


def _curves(
    form: AlsForm, lumbar: int, rng: np.random.Generator, cobb_deg: float | None
) -> tuple[Bend | None, Bend | None, Bend | None]:
    """Proximal thoracic, main thoracic and lower curve; below 6 degrees a curve is left out."""
    main = rng.uniform(*form.cobb_deg)
    share = rng.uniform(*form.other)
    if cobb_deg is not None:
        main = cobb_deg / max(1.0, share)
    other = main * share
    meeting = str(rng.choice(form.meeting))
    upper = str(rng.choice(form.thoracic_upper))
    # Lower ends are named for five lumbar vertebrae: what counts is how far the sacrum is.
    end = f"L{int(str(rng.choice(form.lower_end))[1]) + lumbar - 5}"
    thoracic_deg, lower_deg = (main, other) if form.main == "thoracic" else (other, main)
    # Right thoracic curves are the rule.
    right: Side = "right" if rng.random() < 0.85 else "left"
    left: Side = "left" if right == "right" else "right"

    def bend(upper: str, lower: str, cobb: float, side: Side) -> Bend | None:
        return Bend(upper, lower, float(cobb), side) if cobb >= 6 else None

    thoracic = bend(upper, meeting, thoracic_deg, right)
    # The neck comes back over the pelvis by a counter-curve, which is seldom as large.
    counter = thoracic_deg * rng.uniform(0.15, 0.65) if thoracic else 0.0
    return bend("T1", upper, counter, left), thoracic, bend(meeting, end, lower_deg, left)
